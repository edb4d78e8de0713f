//! Open loop: calls leave at a fixed rate whether or not earlier ones are answered, as those of many independent callers
//! do. Each latency counts from when the call was meant to leave, so that a stall is seen by all whom it delays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::callers::{Call, Callers, Outcome};
use crate::sample::Sample;

/// More than these at the same time mean that the rate is not sustained; a call that would be one more is wrong.
const MAX_IN_FLIGHT: usize = 4_096;

/// Calls so many times a second, for so long.
pub(crate) async fn run(callers: &Arc<Callers>, call: Call, per_second: f64, length: Duration) -> Sample {
    let (answered, mut answers) = mpsc::unbounded_channel();
    let (handle, callers) = (Handle::current(), Arc::clone(callers));
    // A thread of its own: the runtime's timers are exact to a millisecond only.
    let pace = move || send(&handle, &callers, call, (per_second, length), &answered);
    let begun = Instant::now();
    let pacer = tokio::task::spawn_blocking(pace);
    let mut sample = Sample::default();
    while let Some((latency, outcome)) = answers.recv().await {
        match outcome {
            Outcome::Right => sample.record(latency),
            Outcome::Wrong(what) => sample.record_wrong(what),
            Outcome::Exhausted => {}
        }
    }
    pacer.await.expect("the pacer does not panic");
    sample.elapsed = begun.elapsed();
    sample
}

fn send(
    handle: &Handle,
    callers: &Arc<Callers>,
    call: Call,
    (per_second, length): (f64, Duration),
    answered: &mpsc::UnboundedSender<(Duration, Outcome)>,
) {
    let begun = Instant::now();
    let in_flight = Arc::new(AtomicUsize::new(0));
    for number in 0..(per_second * length.as_secs_f64()) as usize {
        let intended = begun + Duration::from_secs_f64(number as f64 / per_second);
        std::thread::sleep(intended.saturating_duration_since(Instant::now()));
        if in_flight.fetch_add(1, Ordering::Relaxed) >= MAX_IN_FLIGHT {
            in_flight.fetch_sub(1, Ordering::Relaxed);
            let _ = answered.send((Duration::ZERO, Outcome::Wrong("too many calls in flight".to_owned())));
            continue;
        }
        let (callers, answered, in_flight) = (Arc::clone(callers), answered.clone(), Arc::clone(&in_flight));
        handle.spawn(async move {
            let outcome = callers.call(call, number).await;
            in_flight.fetch_sub(1, Ordering::Relaxed);
            // The receiver waits for all of us.
            let _ = answered.send((intended.elapsed(), outcome));
        });
    }
}
