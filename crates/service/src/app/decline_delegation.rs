//! `DeclineDelegation`: the delegator says no to a request.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, EndReason},
    request,
};
use fuldmagt_store::delegation::Ask;

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, acting_for, known},
};

/// What is to be declined.
#[derive(Clone, Debug)]
pub struct Decline {
    /// The logged-in user. Any level of assurance will do: saying no must never be harder than saying yes.
    pub actor: Actor,
    /// The request.
    pub delegation: DelegationId,
    /// Why.
    pub reason: Option<EndReason>,
}

impl App {
    /// Declines a request. Declining what is declined already succeeds and changes nothing. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not for the actor to answer, [`Error::Request`], and
    /// those of every command.
    pub async fn decline_delegation(
        &self,
        order: Order,
        decline: Decline,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = about(decline.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, decline) = (app.clone(), decline.clone());
            async move { app.decline(&order, &decline, encode).await }
        })
        .await
    }

    async fn decline(
        &self,
        order: &Order,
        decline: &Decline,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let delegations = [decline.delegation];
        let ask = Ask { actor: Some(decline.actor.party), delegations: &delegations, ..Ask::default() };
        let facts = self.store.facts(ask).await?;
        let actor = known(&facts, decline.actor.party).map_err(|_| Error::DelegationNotFound)?;
        let request = &facts.tree(decline.delegation).ok_or(Error::DelegationNotFound)?.top;
        acting_for(actor, [request.delegator])?;
        match request::decline(request.clone(), decline.reason, order.call.at)? {
            Some(step) => self.settle(order, &facts, step, encode).await,
            None => self.settled(order, request, "already_declined", encode).await,
        }
    }
}
