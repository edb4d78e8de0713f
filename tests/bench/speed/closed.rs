//! Closed loop: so many workers, each calling again as soon as it has its answer. What comes out is throughput.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::callers::{Call, Callers, Outcome};
use crate::sample::Sample;

/// Runs the workers for so long, or until there is nothing left to call about.
pub(crate) async fn run(callers: &Arc<Callers>, call: Call, workers: usize, length: Duration) -> Sample {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..workers)
        .map(|worker| tokio::spawn(work(Arc::clone(callers), call, worker, begun + length)))
        .collect();
    let mut whole = Sample::default();
    for task in tasks {
        whole.merge(task.await.expect("a worker does not panic"));
    }
    whole.elapsed = begun.elapsed();
    whole
}

async fn work(callers: Arc<Callers>, call: Call, worker: usize, end: Instant) -> Sample {
    let mut sample = Sample::default();
    loop {
        let sent = Instant::now();
        if sent >= end {
            return sample;
        }
        match callers.call(call, worker).await {
            Outcome::Right => sample.record(sent.elapsed()),
            Outcome::Wrong(what) => sample.record_wrong(what),
            Outcome::Exhausted => return sample,
        }
    }
}
