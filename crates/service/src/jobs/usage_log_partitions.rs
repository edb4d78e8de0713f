//! Makes the usage log's partitions ahead of time.

use std::sync::Arc;
use std::time::Duration;

use fuldmagt_store::Store;

use super::{Outcome, Stop};
use crate::clock::Clock;

/// How often the usage log's partitions are looked after; they are made a month ahead.
const PARTITIONS_INTERVAL: Duration = Duration::from_secs(3_600);
/// Makes the usage log's partitions ahead of time: without one for the month, no call could be logged, and none answered.
pub(crate) struct UsageLogPartitions {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
}

impl UsageLogPartitions {
    pub(crate) async fn run(self, mut stop: Stop) -> Outcome {
        while stop.sleep(PARTITIONS_INTERVAL).await {
            let (store, now) = (self.store.clone(), self.clock.now());
            match tokio::spawn(async move { store.ensure_usage_log_partitions(now).await }).await? {
                Ok(()) => {}
                // The next month's is there already; there are weeks to try again.
                Err(_) => tracing::warn!("the usage log's partitions could not be made ahead of time"),
            }
        }
        Ok(())
    }
}
