//! Has happen to parties what the CPR register says of them, as far as the switch to a new copy has left it.

use std::time::Duration;

use super::{Outcome, Stop};
use crate::app::App;

/// How often it is looked who has learned a number, or has a new one: soon enough for somebody who registers today and is
/// suspended in the register.
const REGISTER_INTERVAL: Duration = Duration::from_secs(2);
/// Most batches of new numbers in one look. What is left is for the next.
const MAX_BATCHES: usize = 1_000;

/// Goes on with what the copy in use has happen to parties.
pub(crate) struct RegisterEffects {
    pub(crate) app: App,
}

impl RegisterEffects {
    pub(crate) async fn run(self, mut stop: Stop) -> Outcome {
        while stop.sleep(REGISTER_INTERVAL).await {
            let app = self.app.clone();
            // In a task of its own: cutting a statement off in the middle would cost its connection.
            if tokio::spawn(async move { app.turn_by_register().await }).await?.is_err() {
                tracing::warn!(
                    "what the CPR register says of parties could not be written; it is tried again"
                );
                continue;
            }
            let mut after = None;
            for _ in 0..MAX_BATCHES {
                let app = self.app.clone();
                let Ok((batch, last)) =
                    tokio::spawn(async move { app.follow_new_numbers(after).await }).await?
                else {
                    tracing::warn!("new CPR numbers could not be looked up; it is tried again");
                    break;
                };
                if batch.failed > 0 {
                    let failed = batch.failed;
                    tracing::warn!(failed, "new CPR numbers could not be followed; it is tried again");
                }
                after = last;
                if after.is_none() {
                    break;
                }
                if !stop.sleep(Duration::ZERO).await {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
