//! Has the parties of delegations that are about to end told of it.

use std::sync::Arc;
use std::time::Duration;

use fuldmagt_store::Store;
use fuldmagt_store::notice::{EXPIRY_BATCH, Expiry};

use super::{Outcome, Stop};
use crate::clock::{Clock, IdSource};

/// The first look comes this long after the start at most: the callers who waited for the service come first.
const FIRST_LOOK: Duration = Duration::from_secs(60);
/// Between two batches, so that a great backlog leaves room for everybody else.
const BETWEEN_BATCHES: Duration = Duration::from_millis(100);

/// Writes the notices of delegations that are about to end, once for each party. What it did not come to, because it
/// was stopped or the database was away, it does at its next look.
pub(crate) struct ExpiryNotices {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    /// How many days before the end.
    pub(crate) days: u32,
    /// How often it looks.
    pub(crate) interval: Duration,
}

impl ExpiryNotices {
    pub(crate) async fn run(self, mut stop: Stop) -> Outcome {
        let mut pause = self.interval.min(FIRST_LOOK);
        while stop.sleep(pause).await {
            pause = match self.look().await? {
                Some(expiry) if expiry.has_more => BETWEEN_BATCHES,
                Some(_) | None => self.interval,
            };
        }
        Ok(())
    }

    /// One batch; `None` when the database did not do it.
    async fn look(&self) -> Result<Option<Expiry>, tokio::task::JoinError> {
        let (store, now, days) = (self.store.clone(), self.clock.now(), self.days);
        let ids: Vec<_> = (0..2 * EXPIRY_BATCH).map(|_| self.ids.row_id(now)).collect();
        // In a task of its own: cutting a statement off in the middle would cost its connection.
        let told = tokio::spawn(async move { store.tell_of_expiry(now, days, &ids).await }).await?;
        if told.is_err() {
            tracing::warn!("the notices of delegations that are about to end could not be written");
        }
        Ok(told.ok())
    }
}
