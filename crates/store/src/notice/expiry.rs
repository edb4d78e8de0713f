//! Delegations that are about to end.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Result, SHARD, Store};

/// Most delegations of one statement: some tens of milliseconds, so that nobody who ends one of them waits for long.
pub const EXPIRY_BATCH: usize = 500;

/// What came of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// How many notices are to be told because of it.
    pub told: i64,
    /// Whether there may be more to tell of now.
    pub has_more: bool,
}

impl Store {
    /// Has both parties told of delegations that end within so many days, each once, the next to end first, at most
    /// [`EXPIRY_BATCH`]. One whose whole period is no longer than that is not told of: that its end is near was known
    /// when it was given. One round trip. Two that do this at once tell of nothing twice.
    ///
    /// `ids`: two for each delegation of a batch; fewer make a smaller batch.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`]: then the next call does what this one did not.
    pub async fn tell_of_expiry(&self, now: DateTime<Utc>, days: u32, ids: &[Uuid]) -> Result<Expiry> {
        let most = i64::try_from(EXPIRY_BATCH.min(ids.len() / 2)).unwrap_or(i64::MAX);
        let row = sqlx::query_file!(
            "src/notice/expiry.sql",
            SHARD,
            now,
            i32::try_from(days).unwrap_or(i32::MAX),
            ids,
            most,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Expiry { told: row.told, has_more: row.looked_at >= most })
    }
}
