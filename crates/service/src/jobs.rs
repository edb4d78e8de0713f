//! Background tasks with names. One that ends, by itself or by a panic, takes the whole process down: a service that
//! has silently lost its janitor is worse than one that is restarted.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

pub(crate) mod database_probe;
pub(crate) mod expiry_notices;
pub(crate) mod lapsed_requests;
pub(crate) mod register_effects;
pub(crate) mod standing_effects;
pub(crate) mod usage_log_partitions;

/// After being asked to, a job ends within this time or is cut off: each is between two short steps.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What a job's body returns.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// A job that ended although nobody asked it to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the background task `{name}` ended: {cause}")]
pub struct Failure {
    /// Which.
    pub name: &'static str,
    /// Why.
    pub cause: String,
}

/// Tells a job that it should end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when the job should end.
    pub async fn requested(&mut self) {
        // The sender's end is a request too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Waits, and tells whether the job should go on.
    pub async fn sleep(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.requested()).await.is_err()
    }
}

/// Starts jobs and watches over them.
#[derive(Debug)]
pub struct Jobs {
    tasks: JoinSet<Outcome>,
    names: HashMap<Id, &'static str>,
    stop: watch::Sender<bool>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { tasks: JoinSet::new(), names: HashMap::new(), stop: watch::Sender::new(false) }
    }
}

impl Jobs {
    /// Starts a job.
    pub fn start<F>(&mut self, name: &'static str, job: impl FnOnce(Stop) -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let task = self.tasks.spawn(job(Stop(self.stop.subscribe())));
        self.names.insert(task.id(), name);
    }

    /// Resolves when a job ends although nobody asked it to. Without jobs, never.
    pub async fn failed(&mut self) -> Failure {
        match self.tasks.join_next_with_id().await {
            None => std::future::pending().await,
            Some(ended) => self.failure(ended),
        }
    }

    fn failure(&self, ended: Result<(Id, Outcome), tokio::task::JoinError>) -> Failure {
        let (id, cause) = match ended {
            Ok((id, Ok(()))) => (id, "it returned".to_owned()),
            Ok((id, Err(error))) => (id, error.to_string()),
            // The message of a panic may hold what it was about; that it happened is enough here.
            Err(error) if error.is_panic() => (error.id(), "it panicked".to_owned()),
            Err(error) => (error.id(), "it was cancelled".to_owned()),
        };
        Failure { name: self.names.get(&id).copied().unwrap_or("unnamed"), cause }
    }

    /// Asks all to end, and waits for a bounded time.
    pub async fn stop(self) {
        self.stop_within(STOP_LIMIT).await;
    }

    async fn stop_within(mut self, limit: Duration) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "background tasks are cut off");
            self.tasks.abort_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting(jobs: &mut Jobs) {
        jobs.start("lasting", async move |mut stop| {
            stop.requested().await;
            Ok(())
        });
    }

    #[tokio::test]
    async fn a_job_that_returns_fails_or_panics_is_named() {
        let mut jobs = Jobs::default();
        lasting(&mut jobs);
        jobs.start("returning", async |_| Ok(()));
        assert_eq!(jobs.failed().await, Failure { name: "returning", cause: "it returned".to_owned() });
        jobs.start("failing", async |_| Err("no database".into()));
        assert_eq!(jobs.failed().await, Failure { name: "failing", cause: "no database".to_owned() });
        jobs.start("panicking", async |_| panic!("with something personal"));
        let failure = jobs.failed().await;
        assert_eq!(failure, Failure { name: "panicking", cause: "it panicked".to_owned() });
        assert_eq!(failure.to_string(), "the background task `panicking` ended: it panicked");
        jobs.stop().await;
    }

    #[tokio::test]
    async fn a_job_that_does_not_end_is_cut_off() {
        let mut jobs = Jobs::default();
        lasting(&mut jobs);
        jobs.start("stubborn", |_| std::future::pending());
        jobs.stop_within(Duration::from_millis(20)).await;
    }

    #[tokio::test]
    async fn a_sleep_is_cut_short_by_the_request_to_end() {
        let sender = watch::Sender::new(false);
        let mut stop = Stop(sender.subscribe());
        assert!(stop.sleep(Duration::from_millis(5)).await);
        sender.send_replace(true);
        assert!(!stop.sleep(Duration::from_secs(600)).await);
    }
}
