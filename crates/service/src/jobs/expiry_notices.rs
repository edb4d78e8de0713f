//! Has the parties of delegations that are about to end told of it.

use std::time::Duration;

use super::{Outcome, Stop};
use crate::app::App;

/// How often it is looked which delegations are about to end. A notice is told some weeks before; an hour is soon enough.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(3_600);
/// Most batches of one look: half a million delegations, a hundred times what ends on one day. What is left is for the
/// next look.
const MAX_BATCHES: usize = 1_000;
/// Between two batches, so that a great backlog leaves room for everybody else.
const BETWEEN_BATCHES: Duration = Duration::from_millis(100);

/// Writes the notices of delegations that are about to end, once for each party. What it did not come to, because it
/// was stopped or the database was away, it does at its next look.
pub(crate) struct ExpiryNotices {
    pub(crate) app: App,
    /// How many days before the end.
    pub(crate) days: u32,
}

impl ExpiryNotices {
    pub(crate) async fn run(self, mut stop: Stop) -> Outcome {
        loop {
            for _ in 0..MAX_BATCHES {
                let (app, days) = (self.app.clone(), self.days);
                // In a task of its own: cutting a statement off in the middle would cost its connection.
                let Ok(expiry) = tokio::spawn(async move { app.tell_of_expiry(days).await }).await? else {
                    tracing::warn!("notices of ends could not be written; it is tried again");
                    break;
                };
                if !expiry.has_more {
                    break;
                }
                if !stop.sleep(BETWEEN_BATCHES).await {
                    return Ok(());
                }
            }
            if !stop.sleep(EXPIRY_INTERVAL).await {
                return Ok(());
            }
        }
    }
}
