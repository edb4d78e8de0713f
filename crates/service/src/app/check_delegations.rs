//! `CheckDelegation` and `BatchCheckDelegations`: may the representative act for the delegator, now.

use fuldmagt_store::{
    query::{Answer, Question},
    revision::Revision,
};

use super::{App, Call, Error, Result};

/// The answers of one call, all for one instant and from one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// One per question, in order.
    pub answers: Vec<Answer>,
    /// The state that they are from.
    pub revision: Revision,
}

impl App {
    /// Answers an authority's questions; `field` names the field of a question's privilege. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::PrivilegeNotFound`] with the first question whose privilege is not the authority's.
    pub async fn check_delegations(
        &self,
        call: &Call,
        questions: &[Question],
        field: fn(usize) -> String,
    ) -> Result<Decided> {
        let checked = self.store.check(questions, &call.caller.client.cvr, call.usage()).await?;
        let mut answers = Vec::with_capacity(checked.answers.len());
        for (item, answer) in checked.answers.into_iter().enumerate() {
            answers.push(answer.ok_or_else(|| Error::privilege_not_found(field(item)))?);
        }
        Ok(Decided { answers, revision: checked.revision })
    }
}
