//! `AcceptDelegation`: the delegator accepts a request, wholly or in part.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, Status, Step},
    giving::Gift,
    privilege::PrivilegeUri,
    request::{self, Term},
};
use fuldmagt_store::delegation::{Ask, Between, Changes, Facts};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, acting_for, held, known, privileges, subject},
};

/// What of a request the delegator accepts.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The logged-in user.
    pub actor: Actor,
    /// The request.
    pub delegation: DelegationId,
    /// The version as the caller read it; `None` when it does not matter, for a preview.
    pub expected_version: Option<i64>,
    /// Only these privileges, sorted; empty for all.
    pub privileges: Vec<PrivilegeUri>,
    /// From when until when.
    pub term: Term,
    /// Whether what overlaps is replaced.
    pub replace: bool,
}

impl App {
    /// Accepts a request. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not for the actor to answer, [`Error::Request`],
    /// [`Error::EtagMismatch`], [`Error::Refused`], [`Error::DelegationOverlaps`], and those of every command.
    pub async fn accept_delegation(
        &self,
        order: Order,
        accept: Accept,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = about(accept.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, accept) = (app.clone(), accept.clone());
            async move { app.accept(&order, &accept, encode).await }
        })
        .await
    }

    async fn accept(
        &self,
        order: &Order,
        accept: &Accept,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self.store.facts(accept.ask()).await?;
        let steps = self.decide_acceptance(accept, &facts, order.call.at)?;
        let accepted = subject(&steps)?;
        let response = encode(accepted, order);
        let held = held(&facts, accepted.delegator);
        self.apply(order, Changes { held, ..Changes::new(steps, &response) }).await
    }

    /// What an acceptance would do. The delegator's age, and the standing of all, are looked at only now.
    pub(super) fn decide_acceptance(
        &self,
        accept: &Accept,
        facts: &Facts,
        at: DateTime<Utc>,
    ) -> Result<Vec<Step>> {
        let actor = known(facts, accept.actor.party).map_err(|_| Error::DelegationNotFound)?;
        let request = &facts.tree(accept.delegation).ok_or(Error::DelegationNotFound)?.top;
        acting_for(actor, [request.delegator])?;
        // What was answered meanwhile is told as such, and not as a stale etag.
        let is_stale = accept.expected_version.is_some_and(|version| version != request.version);
        if is_stale && request.status(at) == Status::Requested {
            return Err(Error::EtagMismatch);
        }
        let (accepted, period) = request::narrowed(request, &accept.privileges, accept.term, at)?;
        let delegator = known(facts, request.delegator)?;
        let cpr = facts.party_facts(delegator.id).map(|facts| facts.cpr()).transpose()?.flatten();
        let gift = Gift {
            actor,
            assurance: accept.actor.assurance,
            delegator,
            delegator_cpr: cpr.as_ref(),
            representative: known(facts, request.representative)?,
            privileges: privileges(facts, &accepted)?,
            period,
            existing: facts.between(request.delegator, request.representative),
            replace: accept.replace,
        };
        Ok(request::accept(request.clone(), gift, self.rules, at)?)
    }
}

impl Accept {
    /// What the rules need to know to decide on it.
    pub(super) fn ask(&self) -> Ask<'_> {
        Ask {
            actor: Some(self.actor.party),
            delegations: std::slice::from_ref(&self.delegation),
            between: Between::TheirParties,
            their_privileges: true,
            sealed: true,
            ..Ask::default()
        }
    }
}
