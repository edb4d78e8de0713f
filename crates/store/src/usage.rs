//! The usage log: who looked at or changed what about whom, and why.
//!
//! An entry is written by the statement that reads or writes the data, so it is durable before the answer leaves.
//! Persons are named by party id, never by number.

use chrono::{DateTime, Utc};
use fuldmagt_domain::party::PartyId;
use uuid::Uuid;

use crate::{Result, SHARD, Store};

/// One call, as its entries in the usage log tell it.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// The call's id; its entries share it.
    pub entry_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// The registered client that called.
    pub client: &'a str,
    /// The full name of the RPC, `fuldmagt.v1.Service/Method`.
    pub rpc: &'static str,
    /// The declared purpose, where one is asked for.
    pub purpose: Option<&'a str>,
    /// The logged-in user that the client acts for.
    pub actor: Option<PartyId>,
    /// The trace that the call belongs to (W3C trace context, 32 hexadecimal digits).
    pub trace_id: Option<&'a str>,
}

/// Whom a call was about, as far as it got, that ended in a refusal or in its first answer again.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// The delegator or, where a call is about one party, that party.
    pub delegator: Option<PartyId>,
    /// The representative.
    pub representative: Option<PartyId>,
    /// The delegation.
    pub delegation: Option<Uuid>,
}

impl Store {
    /// Logs a call that was refused after personal data was read for it, or that gets its first answer again. One
    /// round trip.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`]: then the caller must not learn the outcome either.
    pub async fn log_outcome(&self, usage: Usage<'_>, about: About, outcome: &str) -> Result<()> {
        sqlx::query!(
            "insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, purpose, actor_id, trace_id,
                                    delegator_id, representative_id, delegation_id, outcome)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            SHARD,
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.purpose,
            usage.actor.map(|party| party.0),
            usage.trace_id,
            about.delegator.map(|party| party.0),
            about.representative.map(|party| party.0),
            about.delegation,
            outcome,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Makes the usage log's partitions for the month of the instant and the next. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn ensure_usage_log_partitions(&self, at: DateTime<Utc>) -> Result<()> {
        sqlx::query!("select ensure_usage_log_partitions($1)", at).execute(&self.pool).await?;
        Ok(())
    }
}
