//! Writes changes of standing into the history of the delegations that the command left.

use std::time::Duration;

use super::{Outcome, Stop};
use crate::app::App;

/// How often it is looked for what is left. Nobody waits for it: the standing decides.
const EFFECTS_INTERVAL: Duration = Duration::from_secs(5);
/// Most batches of one look. What is left is for the next.
const MAX_BATCHES: usize = 1_000;

/// Ends, or has rest or resume, whatever a party has whose standing changed. Being late, or not running at all, changes no
/// answer of a check.
pub(crate) struct StandingEffects {
    pub(crate) app: App,
}

impl StandingEffects {
    pub(crate) async fn run(self, mut stop: Stop) -> Outcome {
        loop {
            for _ in 0..MAX_BATCHES {
                let app = self.app.clone();
                let Ok(batch) = tokio::spawn(async move { app.continue_turns().await }).await? else {
                    tracing::warn!("changes of standing could not be looked up; it is tried again");
                    break;
                };
                if batch.failed > 0 {
                    let failed = batch.failed;
                    tracing::warn!(failed, "changes of standing could not be written; it is tried again");
                    break;
                }
                if !batch.has_more {
                    break;
                }
                if !stop.sleep(Duration::ZERO).await {
                    return Ok(());
                }
            }
            if !stop.sleep(EFFECTS_INTERVAL).await {
                return Ok(());
            }
        }
    }
}
