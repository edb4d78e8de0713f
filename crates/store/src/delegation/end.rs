//! Ending a delegation: revoked by its delegator or renounced by its representative.

use fuldmagt_domain::{
    delegation::{Delegation, EndReason},
    party::PartyId,
};

use crate::{Conflict, Error, Result, SHARD, Store, command::Command, revision::Revision};

/// An ended delegation, to be written.
#[derive(Debug)]
pub struct Ending<'a> {
    /// The delegation after its end: the version before is the one that must be stored now.
    pub delegation: &'a Delegation,
    /// On whose word: the delegator or the representative.
    pub acting_for: PartyId,
    /// Why, as the one who ended it says.
    pub reason: Option<EndReason>,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
}

impl Store {
    /// Writes the end of a delegation with its event, change, usage entry and idempotency key. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::Version`] when the delegation was changed since it was read, or
    /// [`Conflict::RequestId`]; [`Error::Contention`], [`Error::Unavailable`].
    pub async fn end_delegation(&self, ending: Ending<'_>, command: &Command<'_>) -> Result<Revision> {
        let delegation = ending.delegation;
        let ended_at = delegation.state.ended_at().ok_or(Error::Unreadable("an end without an instant"))?;
        let row = sqlx::query_file!(
            "src/delegation/end.sql",
            SHARD,
            delegation.id.0,
            delegation.version,
            delegation.state.as_str(),
            ended_at,
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            ending.acting_for.0,
            command.channel,
            ending.reason.map(EndReason::as_str),
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            ending.response,
            command.usage.entry_id,
            command.usage.trace_id,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::Conflict(Conflict::Version))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}
