//! `WithdrawRequest`: the representative takes a request back.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId},
    request,
};
use fuldmagt_store::delegation::Ask;

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, acting_for, known},
};

/// What is to be taken back.
#[derive(Clone, Debug)]
pub struct Withdraw {
    /// The logged-in user. Any level of assurance will do: it takes nothing from anybody.
    pub actor: Actor,
    /// The request.
    pub delegation: DelegationId,
}

impl App {
    /// Takes a request back. Withdrawing what is withdrawn already succeeds and changes nothing. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not the actor's, [`Error::Request`], and those of every
    /// command.
    pub async fn withdraw_request(
        &self,
        order: Order,
        withdraw: Withdraw,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = about(withdraw.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, withdraw) = (app.clone(), withdraw.clone());
            async move { app.withdraw(&order, &withdraw, encode).await }
        })
        .await
    }

    async fn withdraw(
        &self,
        order: &Order,
        withdraw: &Withdraw,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let delegations = [withdraw.delegation];
        let ask = Ask { actor: Some(withdraw.actor.party), delegations: &delegations, ..Ask::default() };
        let facts = self.store.facts(ask).await?;
        let actor = known(&facts, withdraw.actor.party).map_err(|_| Error::DelegationNotFound)?;
        let request = &facts.tree(withdraw.delegation).ok_or(Error::DelegationNotFound)?.top;
        acting_for(actor, [request.representative])?;
        match request::withdraw(request.clone(), order.call.at)? {
            Some(step) => self.settle(order, &facts, step, encode).await,
            None => self.settled(order, request, "already_withdrawn", encode).await,
        }
    }
}
