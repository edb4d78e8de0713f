//! `RejectPaperDelegation`: a caseworker rejects a case.

use fuldmagt_domain::{
    delegation::{DelegationId, PaperRejectReason},
    paper,
};
use fuldmagt_store::delegation::{Ask, Changes, Held};

use super::{
    App, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, held_alone},
    paper::{Encode, after, case, caseworker, written},
};

/// The case to be rejected.
#[derive(Clone, Debug)]
pub struct RejectPaper {
    /// The logged-in caseworker.
    pub actor: Actor,
    /// The delegation.
    pub delegation: DelegationId,
    /// Why.
    pub reason: PaperRejectReason,
}

impl App {
    /// Rejects a paper case. Three round trips to the database.
    ///
    /// # Errors
    /// [`super::Error::PartyNotFound`], [`super::Error::DelegationNotFound`], [`super::Error::Paper`], and those of
    /// every command.
    pub async fn reject_paper_delegation(
        &self,
        order: Order,
        reject: RejectPaper,
        encode: Encode,
    ) -> Result<Answer> {
        let about = about(reject.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, reject) = (app.clone(), reject.clone());
            async move { app.reject_paper(&order, &reject, encode).await }
        })
        .await
    }

    async fn reject_paper(&self, order: &Order, reject: &RejectPaper, encode: Encode) -> Result<Answer> {
        let delegations = [reject.delegation];
        let ask = Ask { actor: Some(reject.actor.party), delegations: &delegations, ..Ask::default() };
        let facts = self.store.facts(ask).await?;
        let clerk = caseworker(&facts, reject.actor)?;
        let case = case(&facts, reject.delegation)?;
        let (step, record) = paper::reject(case, clerk, reject.reason, order.call.at)?;
        let case = after(&step, record);
        let response = encode(&case, order);
        let mut held = held_alone(&facts, case.delegation.delegator);
        held.push(Held::shared(clerk.party));
        let changes =
            Changes { held, paper: Some(written(&case, false)), ..Changes::new(vec![step], &response) };
        self.apply(order, changes).await
    }
}
