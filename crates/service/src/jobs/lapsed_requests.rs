//! Writes down which requests have lapsed.

use std::time::Duration;

use super::{Outcome, Stop};
use crate::app::App;

/// How often it is looked for requests that have lapsed: whoever asked hears of it within the time that notices are
/// gathered in anyway.
const LAPSE_INTERVAL: Duration = Duration::from_secs(60);
/// Most batches of one look: more requests than a country makes in a day. What is left is for the next look.
const MAX_BATCHES: usize = 1_000;

/// Writes down which requests have lapsed, so that the history and the notices tell it. Being late, or not running at
/// all, changes no answer.
pub(crate) struct LapsedRequests {
    pub(crate) app: App,
}

impl LapsedRequests {
    pub(crate) async fn run(self, mut stop: Stop) -> Outcome {
        loop {
            let mut after = None;
            for _ in 0..MAX_BATCHES {
                let app = self.app.clone();
                let Ok(batch) = tokio::spawn(async move { app.lapse_requests(after).await }).await? else {
                    tracing::warn!("lapsed requests could not be looked up; it is tried again");
                    break;
                };
                if batch.failed > 0 {
                    let failed = batch.failed;
                    tracing::warn!(failed, "lapsed requests could not be written down; it is tried again");
                }
                after = batch.next;
                if after.is_none() {
                    break;
                }
                if !stop.sleep(Duration::ZERO).await {
                    return Ok(());
                }
            }
            if !stop.sleep(LAPSE_INTERVAL).await {
                return Ok(());
            }
        }
    }
}
