//! `RequestDelegation`: a representative asks a delegator for a delegation.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, Step},
    party::PartyId,
    period::Period,
    privilege::PrivilegeUri,
    request::{self, Wish},
    text::Message,
};
use fuldmagt_store::{
    delegation::{self as store, Ask, Changes, Facts},
    usage::About,
};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{actor_and, held, known, privileges, subject},
    packages::{Choice, all_privileges, given, held_packages, ids},
};

/// What a representative asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The logged-in user.
    pub actor: Actor,
    /// Who asks.
    pub representative: PartyId,
    /// Who is asked.
    pub delegator: PartyId,
    /// What is asked for, sorted.
    pub privileges: Vec<PrivilegeUri>,
    /// Packages that are asked for, sorted by id.
    pub packages: Vec<Choice>,
    /// From when until when.
    pub period: Period,
    /// Whether it is to begin when it is accepted.
    pub starts_on_acceptance: bool,
    /// The representative's message.
    pub message: Option<Message>,
}

impl App {
    /// Asks for a delegation. Three round trips to the database, which counts the requests.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::PrivilegeNotFound`], [`Error::PackageNotOffered`], [`Error::Request`], [`Error::Refused`],
    /// [`Error::TooManyRequests`], [`Error::TooManyRequestsToDelegator`], [`Error::DeclinedTooOften`], and those of every
    /// command.
    pub async fn request_delegation(
        &self,
        order: Order,
        wanted: Wanted,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About {
            delegator: Some(wanted.delegator),
            representative: Some(wanted.representative),
            delegation: None,
        };
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, wanted) = (app.clone(), wanted.clone());
            async move { app.request(&order, &wanted, encode).await }
        })
        .await
    }

    async fn request(
        &self,
        order: &Order,
        wanted: &Wanted,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let parties = [wanted.representative, wanted.delegator];
        let packages = ids(&wanted.packages);
        let ask = Ask {
            actor: Some(wanted.actor.party),
            parties: &parties,
            privileges: &wanted.privileges,
            packages: (!packages.is_empty()).then_some(store::Wanted { ids: &packages, at: order.call.at }),
            sealed: wanted.message.is_some(),
            ..Ask::default()
        };
        let facts = self.store.facts(ask).await?;
        let id = DelegationId(self.ids.row_id(order.call.at));
        let steps = vec![self.decide_request(wanted, &facts, id, order)?];
        let response = encode(subject(&steps)?);
        let writer = facts.party_facts(wanted.representative).ok_or(Error::PartyNotFound)?;
        let message = wanted.message.as_ref().map(|message| self.store.seal_message(id, writer, message));
        let changes = Changes {
            // One requester's requests are written one at a time, so that each is counted.
            held: held(&facts, wanted.representative),
            packages: held_packages(&facts, &packages),
            message: message.transpose()?,
            ..Changes::new(steps, &response)
        };
        self.apply(order, changes).await
    }

    fn decide_request(
        &self,
        wanted: &Wanted,
        facts: &Facts,
        id: DelegationId,
        order: &Order,
    ) -> Result<Step> {
        // Who may not act for the representative learns nothing about the delegator.
        let (actor, representative) = actor_and(facts, wanted.actor.party, wanted.representative)?;
        let delegator = known(facts, wanted.delegator)?;
        let packages = given(facts, &wanted.packages)?;
        let wish = Wish {
            actor,
            assurance: wanted.actor.assurance,
            representative,
            delegator: delegator.id,
            delegator_kind: delegator.kind,
            privileges: all_privileges(privileges(facts, &wanted.privileges)?, &packages)?,
            packages,
            period: wanted.period,
            starts_on_acceptance: wanted.starts_on_acceptance,
        };
        Ok(request::ask(wish, self.rules, id, order.call.at)?)
    }
}
