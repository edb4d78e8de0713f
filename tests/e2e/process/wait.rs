//! Waiting for something to become so, with a bound.

use std::time::{Duration, Instant};

/// Long enough for a machine that builds something else at the same time.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// Often enough that nobody waits for us.
const INTERVAL: Duration = Duration::from_millis(10);

/// Blocks until the question has an answer.
pub(crate) fn until_some<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < LIMIT, "within {LIMIT:?} it was not so: {what}");
        std::thread::sleep(INTERVAL);
    }
}

/// Blocks until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    until_some(what, || is_so().then_some(()));
}

/// Waits until it is so.
pub(crate) async fn until_async(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < LIMIT, "within {LIMIT:?} it was not so: {what}");
        tokio::time::sleep(INTERVAL).await;
    }
}
