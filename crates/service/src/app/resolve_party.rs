//! `ResolveParty`: the party that identifiers name, registered when it is asked for.

use fuldmagt_domain::{
    identifier::{Identifier, IdentifierKind, PartyKind},
    party::{IdentifierSet, Party, PartyId, Standing},
    text::Name,
};
use fuldmagt_store::{
    party::{NewParty, Registration, Resolved},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
};

/// Whose party is asked for.
#[derive(Clone, Debug)]
pub struct Resolve {
    /// Identifiers of one party.
    pub identifiers: IdentifierSet,
    /// Register the party when it is not known.
    pub create_if_missing: bool,
    /// The name to register it with.
    pub name: Option<Name>,
}

/// The party that was found or registered.
#[derive(Clone, Debug)]
pub struct ResolvedParty {
    /// The party.
    pub party: Party,
    /// The kinds of identifier that are linked.
    pub identifier_kinds: Vec<IdentifierKind>,
    /// True when this command registered it.
    pub created: bool,
}

impl App {
    /// Finds a party, or registers it. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`] when it is not known and not to be registered, [`Error::IdentifiersOfTwoParties`],
    /// and those of every command.
    pub async fn resolve_party(
        &self,
        order: Order,
        resolve: Resolve,
        encode: fn(&ResolvedParty) -> Vec<u8>,
    ) -> Result<Answer> {
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, resolve) = (app.clone(), resolve.clone());
            async move { app.resolve(&order, &resolve, encode).await }
        })
        .await
    }

    async fn resolve(
        &self,
        order: &Order,
        resolve: &Resolve,
        encode: fn(&ResolvedParty) -> Vec<u8>,
    ) -> Result<Answer> {
        let Resolved { mut found, organisation, .. } =
            self.store.find_parties(resolve.identifiers.identifiers()).await?;
        if found.len() > 1 {
            return Err(Error::IdentifiersOfTwoParties);
        }
        if let Some(found) = found.pop() {
            let about = About { delegator: Some(found.party.id), ..About::default() };
            let resolved = ResolvedParty {
                party: found.party,
                identifier_kinds: found.identifier_kinds,
                created: false,
            };
            let response = encode(&resolved);
            let revision = self.store.remember(&order.command(), about, "resolved", &response).await?;
            return Ok(Answer { response, revision });
        }
        if !resolve.create_if_missing {
            return Err(Error::PartyNotFound);
        }
        resolve.identifiers.registrable().map_err(|_| Error::IdentifierNotRegistrable)?;
        self.register(order, resolve, organisation.as_ref(), encode).await
    }

    async fn register(
        &self,
        order: &Order,
        resolve: &Resolve,
        organisation: Option<&Party>,
        encode: fn(&ResolvedParty) -> Vec<u8>,
    ) -> Result<Answer> {
        let mut parties = Vec::with_capacity(2);
        let employer = match (organisation, resolve.identifiers.organisation()) {
            (_, None) => None,
            (Some(known), Some(_)) => Some(known.id),
            (None, Some(cvr)) => {
                let party = self.new_party(order, PartyKind::Organisation, None);
                let id = party.id;
                parties.push(NewParty { party, identifiers: vec![Identifier::Cvr(cvr)], name: None });
                Some(id)
            }
        };
        let party = self.new_party(order, resolve.identifiers.kind(), employer);
        let identifiers = resolve.identifiers.identifiers().to_vec();
        let mut identifier_kinds: Vec<_> = identifiers.iter().map(Identifier::kind).collect();
        identifier_kinds.sort_unstable();
        identifier_kinds.dedup();
        parties.push(NewParty { party: party.clone(), identifiers, name: resolve.name.clone() });
        let response = encode(&ResolvedParty { party, identifier_kinds, created: true });
        let registration = Registration { parties, response: &response };
        let revision = self.store.register_parties(registration, &order.command()).await?;
        Ok(Answer { response, revision })
    }

    fn new_party(&self, order: &Order, kind: PartyKind, organisation: Option<PartyId>) -> Party {
        let at = order.call.at;
        Party {
            id: PartyId(self.ids.row_id(at)),
            kind,
            organisation,
            standing: Standing::Good,
            created_at: at,
            version: 1,
        }
    }
}
