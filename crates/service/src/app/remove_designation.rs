//! `RemoveDesignation`: an employee may no longer use what the organisation holds.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId},
    designation::{self, Refusal},
    party::PartyId,
};
use fuldmagt_store::delegation::{Changes, Employee, Held};

use super::{
    App, Result,
    command::{Answer, Order},
    delegating::about,
    designate_employee::for_representative,
};

impl App {
    /// Removes a designation, at once. One that was removed before stays so, and the call succeeds. Three round trips.
    ///
    /// # Errors
    /// [`super::Error::DelegationNotFound`] when there is none or the actor may not act for its representative,
    /// [`super::Error::Designation`], and those of every command.
    pub async fn remove_designation(
        &self,
        order: Order,
        (actor, delegation, employee): (PartyId, DelegationId, PartyId),
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let app = self.clone();
        self.run(order, about(delegation), move |order| {
            let app = app.clone();
            async move { app.undesignate(&order, (actor, delegation, employee), encode).await }
        })
        .await
    }

    async fn undesignate(
        &self,
        order: &Order,
        (actor, delegation, employee): (PartyId, DelegationId, PartyId),
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self.store.designation_facts(actor, delegation, &Employee::Id(employee), None).await?;
        let (_, delegation) = for_representative(&facts, actor)?;
        let at = facts.instant(order.call.at);
        let step = match designation::remove(delegation.clone(), employee, facts.latest, at) {
            Ok(step) => step,
            Err(Refusal::Removed) => {
                return self.settled(order, delegation, "already_removed", encode).await;
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let response = encode(&step.delegation, order);
        let held = facts.party(delegation.delegator).map(Held::exclusive).into_iter().collect();
        let undesignated = vec![(delegation.id, employee)];
        self.apply(order, Changes { held, undesignated, ..Changes::new(vec![step], &response) }).await
    }
}
