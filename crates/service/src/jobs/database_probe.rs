//! Looks whether the database answers, and tells the rest.

use std::time::Duration;

use fuldmagt_store::Store;

use super::{Outcome, Stop};
use crate::server::Health;
use crate::telemetry::Telemetry;

/// How often it is looked whether the database answers.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
/// How long that look may take.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// So many looks in a row must fail before the service calls itself not ready: one may be a busy moment, and
/// a service that is taken away when all are busy makes the others busier.
const PROBE_FAILURES: u32 = 3;
/// Looks whether the database answers, and tells the rest.
pub(crate) struct DatabaseProbe {
    pub(crate) store: Store,
    pub(crate) health: Health,
    pub(crate) telemetry: Telemetry,
}

impl DatabaseProbe {
    pub(crate) async fn run(self, mut stop: Stop) -> Outcome {
        let mut failures = 0;
        loop {
            // In a task of its own: cutting a statement off in the middle would cost its connection.
            let store = self.store.clone();
            let head = tokio::spawn(async move { store.head().await });
            match tokio::time::timeout(PROBE_LIMIT, head).await {
                Ok(Ok(Ok(revision))) => {
                    failures = 0;
                    self.telemetry.set_feed_revision(revision.number.unsigned_abs());
                    self.health.set_ready(true).await;
                }
                Ok(Ok(Err(_)) | Err(_)) | Err(_) => {
                    failures += 1;
                    if failures == PROBE_FAILURES {
                        tracing::warn!("the database does not answer");
                        self.health.set_ready(false).await;
                    }
                }
            }
            if !stop.sleep(PROBE_INTERVAL).await {
                return Ok(());
            }
        }
    }
}
