//! `LinkIdentifier`: a party learns a further identifier.

use fuldmagt_domain::{
    identifier::Identifier,
    party::{self, Party, PartyId},
};
use fuldmagt_store::{
    party::{Linking, LinkingFacts},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
    resolve_party::ResolvedParty,
};

/// What is to be linked.
#[derive(Clone, Debug)]
pub struct Link {
    /// The party.
    pub party: PartyId,
    /// Its further identifier.
    pub identifier: Identifier,
    /// The party's version as the caller read it.
    pub expected_version: Option<i64>,
}

impl App {
    /// Links an identifier. Linking what is linked already succeeds and changes nothing. Three round trips.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::PartyMerged`], [`Error::IdentifierKindMismatch`], [`Error::OrganisationMismatch`],
    /// [`Error::IdentifierOfAnotherParty`], [`Error::IdentifierKindTaken`], [`Error::EtagMismatch`], and those of
    /// every command.
    pub async fn link_identifier(
        &self,
        order: Order,
        link: Link,
        encode: fn(&ResolvedParty) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About { delegator: Some(link.party), ..About::default() };
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, link) = (app.clone(), link.clone());
            async move { app.link(&order, &link, encode).await }
        })
        .await
    }

    async fn link(
        &self,
        order: &Order,
        link: &Link,
        encode: fn(&ResolvedParty) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self.store.linking_facts(link.party, &link.identifier).await?;
        let party = facts.party.clone().ok_or(Error::PartyNotFound)?;
        if let Some(into) = facts.merged_into {
            return Err(Error::PartyMerged(into));
        }
        check(&party, link, &facts)?;
        let mut identifier_kinds = facts.identifier_kinds.clone();
        if facts.identifier_names == Some(party.id) {
            let about = About { delegator: Some(party.id), ..About::default() };
            let response = encode(&ResolvedParty { party, identifier_kinds, created: false });
            let revision = self.store.remember(&order.command(), about, "already_linked", &response).await?;
            return Ok(Answer { response, revision });
        }
        identifier_kinds.push(link.identifier.kind());
        identifier_kinds.sort_unstable();
        identifier_kinds.dedup();
        let after = Party { version: party.version + 1, ..party };
        let response = encode(&ResolvedParty { party: after.clone(), identifier_kinds, created: false });
        let linking =
            Linking { party: &after, identifier: &link.identifier, facts: &facts, response: &response };
        let revision = self.store.link_identifier(linking, &order.command()).await?;
        Ok(Answer { response, revision })
    }
}

fn check(party: &Party, link: &Link, facts: &LinkingFacts) -> Result<()> {
    let kind = link.identifier.kind();
    if kind.party_kind() != party.kind {
        return Err(Error::IdentifierKindMismatch);
    }
    if link.identifier.organisation() != facts.organisation_cvr {
        return Err(Error::OrganisationMismatch);
    }
    if link.expected_version.is_some_and(|version| version != party.version) {
        return Err(Error::EtagMismatch);
    }
    match facts.identifier_names {
        Some(named) if named != party.id => return Err(Error::IdentifierOfAnotherParty),
        Some(_) => return Ok(()),
        None => {}
    }
    if party::is_single(kind) && facts.identifier_kinds.contains(&kind) {
        return Err(Error::IdentifierKindTaken);
    }
    Ok(())
}
