//! A request that was sent before: what is wrong with it by now is no reason to forget its answer, such as a start that has
//! passed since.

use fuldmagt_domain::party::PartyId;
use fuldmagt_store::usage::About;
use uuid::Uuid;

use crate::app::{
    App, Call, Error, Result,
    command::{Answer, Channel},
};

/// Whose request it is and whom it is about, if it can have been right before: then its ids are.
pub(super) struct Resent {
    pub(super) request_id: Uuid,
    pub(super) actor: PartyId,
    pub(super) about: About,
}

/// The first answer to the request, if its fields are wrong only by now, else the error.
pub(super) async fn first_answer_or(
    app: &App,
    call: Call,
    payload: &[u8],
    resent: Option<Resent>,
    error: Error,
) -> Result<Answer> {
    let (Error::Invalid(_), Some(resent)) = (&error, resent) else { return Err(error) };
    let order = app.order(call.acted_by(resent.actor), resent.request_id, payload, Channel::SelfService);
    app.replay_or(&order, resent.about, error).await
}
