//! Requests that have lapsed, and of which that is not written down yet.

use chrono::{DateTime, Utc};
use fuldmagt_domain::delegation::DelegationId;
use uuid::Uuid;

use crate::{Result, SHARD, Store};

/// A request that lapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapsed {
    /// Which.
    pub delegation: DelegationId,
    /// When.
    pub lapsed_at: DateTime<Utc>,
}

impl Store {
    /// The first of the requests that have lapsed at an instant and are stored as unanswered, after the last of a batch
    /// before, the earliest first. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lapsed_requests(
        &self,
        at: DateTime<Utc>,
        after: Option<Lapsed>,
        batch_size: u16,
    ) -> Result<Vec<Lapsed>> {
        let (last_lapsed_at, last) = after
            .map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |lapsed| (lapsed.lapsed_at, lapsed.delegation.0));
        let rows = sqlx::query_file!(
            "src/delegation/lapsed.sql",
            SHARD,
            at,
            last_lapsed_at,
            last,
            i64::from(batch_size),
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows
            .into_iter()
            .map(|row| Lapsed { delegation: DelegationId(row.delegation_id), lapsed_at: row.lapses_at });
        Ok(read.collect())
    }
}
