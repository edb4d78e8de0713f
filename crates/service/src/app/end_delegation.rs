//! `RevokeDelegation` and `RenounceDelegation`: a party ends the delegation, at once.

use fuldmagt_domain::delegation::{AlreadyEnded, Delegation, DelegationId, EndReason, EndedBy};
use fuldmagt_store::{delegation::Ending, usage::About};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
};

/// What is to be ended.
#[derive(Clone, Debug)]
pub struct End {
    /// The logged-in user. Any level of assurance will do: ending a power must never be harder than giving it.
    pub actor: Actor,
    /// The delegation.
    pub delegation: DelegationId,
    /// Who ends it.
    pub by: EndedBy,
    /// Why.
    pub reason: Option<EndReason>,
}

impl App {
    /// Ends a delegation. Ending what has ended already succeeds and changes nothing. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not the actor's to end, and those of every command.
    pub async fn end_delegation(
        &self,
        order: Order,
        end: End,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About { delegation: Some(end.delegation.0), ..About::default() };
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, end) = (app.clone(), end.clone());
            async move { app.end(&order, &end, encode).await }
        })
        .await
    }

    async fn end(
        &self,
        order: &Order,
        end: &End,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self
            .store
            .ending_facts(end.delegation, end.actor.party)
            .await?
            .ok_or(Error::DelegationNotFound)?;
        let acting_for = facts.delegation.party_that_ends(end.by);
        if !facts.actor.may_act_for(acting_for) {
            return Err(Error::DelegationNotFound);
        }
        match facts.delegation.end(end.by, order.call.at) {
            Ok(delegation) => {
                let response = encode(&delegation, order);
                let ending =
                    Ending { delegation: &delegation, acting_for, reason: end.reason, response: &response };
                let revision = self.store.end_delegation(ending, &order.command()).await?;
                Ok(Answer { response, revision })
            }
            Err(AlreadyEnded(delegation)) => {
                let about = About {
                    delegator: Some(delegation.delegator),
                    representative: Some(delegation.representative),
                    delegation: Some(delegation.id.0),
                };
                let response = encode(&delegation, order);
                let revision =
                    self.store.remember(&order.command(), about, "already_ended", &response).await?;
                Ok(Answer { response, revision })
            }
        }
    }
}
