//! One measurement.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::cpu::Usage;

/// Latencies up to a minute, to three digits.
const MAX_LATENCY_US: u64 = 60_000_000;
const DIGITS: u8 = 3;

/// Counts and latencies of one kind of call within one stretch of time.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// In microseconds. Empty where only the rate is known.
    pub(crate) latencies: Histogram<u64>,
    pub(crate) count: u64,
    pub(crate) elapsed: Duration,
    /// Answers that were refusals or not the expected ones, and the first of them.
    pub(crate) wrong: u64,
    pub(crate) first_wrong: Option<String>,
    /// Seconds of processor time: of the server, of Postgres, of the client.
    pub(crate) cpu: Usage,
    /// What the database did meanwhile.
    pub(crate) waits: Waited,
}

/// What the busy sessions of the database waited for, seen by looking now and then.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waited {
    /// How often it was looked.
    pub(crate) looks: u64,
    /// How many sessions were seen waiting for what, over all looks.
    pub(crate) for_what: BTreeMap<String, u64>,
}

impl Waited {
    /// Sessions that were busy, of all looks together.
    pub(crate) fn busy(&self) -> u64 {
        self.for_what.values().sum()
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            latencies: Histogram::new_with_bounds(1, MAX_LATENCY_US, DIGITS).expect("the bounds are good"),
            count: 0,
            elapsed: Duration::ZERO,
            wrong: 0,
            first_wrong: None,
            cpu: Usage::default(),
            waits: Waited::default(),
        }
    }
}

impl Sample {
    /// A sample whose rate another program has measured.
    pub(crate) fn of_rate(per_second: f64, elapsed: Duration) -> Self {
        Self { count: (per_second * elapsed.as_secs_f64()) as u64, elapsed, ..Self::default() }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.count += 1;
        let micros = u64::try_from(latency.as_micros()).unwrap_or(MAX_LATENCY_US);
        self.latencies.saturating_record(micros.max(1));
    }

    pub(crate) fn record_wrong(&mut self, what: String) {
        self.wrong += 1;
        self.first_wrong.get_or_insert(what);
    }

    /// Takes in what another worker counted in the same stretch of time.
    pub(crate) fn merge(&mut self, other: Self) {
        self.latencies.add(&other.latencies).expect("the same bounds");
        self.count += other.count;
        self.wrong += other.wrong;
        self.first_wrong = self.first_wrong.take().or(other.first_wrong);
    }

    pub(crate) fn per_second(&self) -> f64 {
        if self.elapsed.is_zero() { 0.0 } else { self.count as f64 / self.elapsed.as_secs_f64() }
    }

    /// In microseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        self.latencies.value_at_quantile(share) as f64
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "count": self.count,
            "seconds": self.elapsed.as_secs_f64(),
            "per_second": self.per_second(),
            "wrong": self.wrong,
            "p50_us": self.quantile(0.5),
            "p90_us": self.quantile(0.9),
            "p99_us": self.quantile(0.99),
            "p999_us": self.quantile(0.999),
            "max_us": self.latencies.max(),
            "cpu_seconds": self.cpu.to_json(),
            "database_looks": self.waits.looks,
            "database_waits": self.waits.for_what,
        })
    }
}
