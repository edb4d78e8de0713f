//! Commands that race: who comes first changes all the time, on a fast machine and on a busy one.

use std::future::Future;
use std::time::Duration;

/// How many rounds of a race: as many as ordinarily, or what `FULDMAGT_RACE_ROUNDS` says.
pub fn rounds(ordinary: usize) -> usize {
    std::env::var("FULDMAGT_RACE_ROUNDS").map_or(ordinary, |text| text.parse().expect("a number of rounds"))
}

/// How long one of two racers waits for the other, from round to round: whoever wins waits a little longer the next time,
/// and much longer after many wins in a row. So they stay close to the point where either may come first.
#[derive(Debug)]
pub struct HeadStart {
    /// What the first waits, in microseconds; the second, when below zero.
    first_waits_us: i64,
    step_us: i64,
    last_winner: Option<bool>,
}

impl Default for HeadStart {
    fn default() -> Self {
        Self { first_waits_us: 0, step_us: Self::LEAST_STEP_US, last_winner: None }
    }
}

impl HeadStart {
    const LEAST_STEP_US: i64 = 200;
    /// Longer than any command takes, so that no racer can win for ever.
    const LONGEST_WAIT_US: i64 = 500_000;

    /// Runs the two beside each other.
    pub async fn race<A, B>(
        &self,
        first: impl Future<Output = A>,
        second: impl Future<Output = B>,
    ) -> (A, B) {
        tokio::join!(late(self.first_waits_us, first), late(-self.first_waits_us, second))
    }

    /// Makes it harder for whoever has won.
    pub fn won(&mut self, by_first: bool) {
        self.step_us = match self.last_winner {
            Some(last) if last == by_first => self.step_us * 2,
            _ => Self::LEAST_STEP_US.max(self.step_us / 4),
        };
        self.last_winner = Some(by_first);
        let step = if by_first { self.step_us } else { -self.step_us };
        self.first_waits_us =
            (self.first_waits_us + step).clamp(-Self::LONGEST_WAIT_US, Self::LONGEST_WAIT_US);
    }
}

async fn late<T>(by_us: i64, racer: impl Future<Output = T>) -> T {
    if let Ok(us @ 1..) = u64::try_from(by_us) {
        tokio::time::sleep(Duration::from_micros(us)).await;
    }
    racer.await
}
