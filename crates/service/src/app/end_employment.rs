//! `EndEmployment`: an employee is one no longer.

use fuldmagt_domain::{
    party::{PartyId, Standing},
    standing::{Refusal, Turn, turn},
};
use fuldmagt_store::{
    party::{BEFORE_ALL, RegisterStatus},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
    standing::{Turned, Turning},
};

impl App {
    /// Ends an employment: what the employee holds ends, and nobody's delegation can be used by them any more. An
    /// employment that has ended stays so, and the call succeeds. Three round trips.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::PartyIsNotEmployee`], and those of every command.
    pub async fn end_employment(
        &self,
        order: Order,
        employee: PartyId,
        encode: fn(&Turned) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About { delegator: Some(employee), ..About::default() };
        let app = self.clone();
        self.run(order, about, move |order| {
            let app = app.clone();
            async move { app.end_once(&order, employee, encode).await }
        })
        .await
    }

    async fn end_once(
        &self,
        order: &Order,
        employee: PartyId,
        encode: fn(&Turned) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self.store.standing_facts(employee, None, BEFORE_ALL, order.call.at).await?;
        let before = facts.party.clone().ok_or(Error::PartyNotFound)?.party;
        let after = match turn(&before, Turn::EmploymentEnded) {
            Ok(after) => after,
            Err(Refusal::Nothing) if before.standing == Standing::Ended => {
                return self.nothing_turned(order, employee, "already_ended", encode).await;
            }
            Err(Refusal::Nothing | Refusal::NotSuspended | Refusal::Kind) => {
                return Err(Error::PartyIsNotEmployee);
            }
        };
        let turning = Turning::of(facts, Turn::EmploymentEnded, employee, order);
        let response = encode(&turning.told(Turn::EmploymentEnded));
        let what = (Turn::EmploymentEnded, RegisterStatus::Keep);
        self.turn(order, what, (&before, &after), turning, (Vec::new(), &response)).await
    }
}
