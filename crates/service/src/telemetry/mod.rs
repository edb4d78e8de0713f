//! Logs, traces and metrics.
//!
//! The subscriber (logs and spans) is one per process and set up by [`init`]; a [`Telemetry`] (metrics) belongs to one
//! service, so that several can run in one process. Personal data reaches neither: an RPC is known by its method, code,
//! duration, client and trace, never by what is in it.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::{Gauge, Histogram, Meter, MeterProvider as _, UpDownCounter};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder as _, TextEncoder};

mod propagation;
mod rpc;
mod subscriber;

pub use subscriber::{Extra, Tracing, init};

pub(crate) use rpc::{CallerSlot, Observe};

use crate::config;

/// Upper bounds of the latency histogram, in seconds: an answer from memory takes some hundred microseconds, one from
/// the database some milliseconds, and the default deadline is ten seconds.
const DURATION_BUCKETS_S: [f64; 16] =
    [0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0];
/// How long one export may take, so that a collector that is gone holds up nothing.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log filter cannot be read.
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The process has a subscriber already.
    #[error("the process has a log subscriber already")]
    AlreadySet(#[from] tracing_subscriber::util::TryInitError),
    /// The exporter to the collector cannot be made.
    #[error("the exporter to the collector cannot be made: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The metrics exporter cannot be made.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] opentelemetry_sdk::error::OTelSdkError),
}

/// The metrics of one service.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    provider: SdkMeterProvider,
    registry: prometheus::Registry,
    meter: Meter,
    durations: Histogram<f64>,
    in_flight: UpDownCounter<i64>,
    connections: UpDownCounter<i64>,
    feed_revision: Gauge<u64>,
}

/// The database pool at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct PoolSample {
    /// Open connections.
    pub size: u64,
    /// Those that nobody uses.
    pub idle: u64,
}

impl Telemetry {
    /// Sets up the metrics: for the Prometheus text endpoint, and by OTLP when an endpoint is configured. Needs a
    /// tokio runtime for the latter.
    ///
    /// # Errors
    /// When an exporter cannot be made.
    pub fn new(settings: &config::Telemetry) -> Result<Self, Error> {
        let registry = prometheus::Registry::new();
        let text = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()?;
        let mut provider = SdkMeterProvider::builder().with_reader(text).with_resource(resource());
        if let Some(endpoint) = &settings.otlp_endpoint {
            let exporter = opentelemetry_otlp::MetricExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .with_timeout(EXPORT_TIMEOUT)
                .build()?;
            provider = provider.with_periodic_exporter(exporter);
        }
        let provider = provider.build();
        let meter = provider.meter("fuldmagt");
        let inner = Inner {
            durations: meter
                .f64_histogram("rpc_server_duration_seconds")
                .with_description("From the request to the end of the answer.")
                .with_boundaries(DURATION_BUCKETS_S.to_vec())
                .build(),
            in_flight: meter
                .i64_up_down_counter("rpc_server_in_flight")
                .with_description("RPCs that are being worked on.")
                .build(),
            connections: meter
                .i64_up_down_counter("fuldmagt_connections")
                .with_description("Open connections from clients.")
                .build(),
            feed_revision: meter
                .u64_gauge("fuldmagt_feed_revision")
                .with_description("The newest revision of the change feed that this process has seen.")
                .build(),
            provider,
            registry,
            meter,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The metrics in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.0.registry.gather(), &mut text) {
            tracing::warn!(%error, "the metrics cannot be written as text");
        }
        String::from_utf8(text).unwrap_or_default()
    }

    /// From now on, the pool's state is asked whenever the metrics are read.
    pub fn observe_pool(&self, sample: impl Fn() -> PoolSample + Send + Sync + 'static) {
        let sample = Arc::new(sample);
        let size = Arc::clone(&sample);
        // The provider keeps the callbacks; the handles are of no use.
        let _ = self
            .0
            .meter
            .u64_observable_gauge("fuldmagt_database_pool_size")
            .with_description("Open database connections.")
            .with_callback(move |observer| observer.observe(size().size, &[]))
            .build();
        let _ = self
            .0
            .meter
            .u64_observable_gauge("fuldmagt_database_pool_idle")
            .with_description("Open database connections that nobody uses.")
            .with_callback(move |observer| observer.observe(sample().idle, &[]))
            .build();
    }

    /// Tells how far the change feed has come.
    pub fn set_feed_revision(&self, revision: u64) {
        self.0.feed_revision.record(revision, &[]);
    }

    /// Counts a connection for as long as the guard lives.
    pub(crate) fn connection(&self) -> Counted {
        Counted::new(&self.0.connections)
    }

    fn in_flight(&self) -> Counted {
        Counted::new(&self.0.in_flight)
    }

    /// Sends what is left to the collector. Blocks for at most the time of one export.
    pub fn shut_down(&self) {
        if let Err(error) = self.0.provider.shutdown() {
            tracing::debug!(%error, "the last metrics were not exported");
        }
    }
}

/// Counts one up while it lives.
pub(crate) struct Counted(UpDownCounter<i64>);

impl Counted {
    fn new(counter: &UpDownCounter<i64>) -> Self {
        counter.add(1, &[]);
        Self(counter.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add(-1, &[]);
    }
}

fn resource() -> Resource {
    Resource::builder()
        .with_service_name("fuldmagt")
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telemetry() -> Telemetry {
        let settings = config::Telemetry {
            log_format: config::LogFormat::Human,
            log_filter: "info".to_owned(),
            otlp_endpoint: None,
        };
        Telemetry::new(&settings).unwrap()
    }

    #[test]
    fn gauges_show_what_is_and_two_services_in_one_process_do_not_mix() {
        let (one, other) = (telemetry(), telemetry());
        one.observe_pool(|| PoolSample { size: 7, idle: 3 });
        one.set_feed_revision(42);
        let open = one.connection();
        drop(one.connection());
        let text = one.text();
        for line in [
            "fuldmagt_database_pool_size 7",
            "fuldmagt_database_pool_idle 3",
            "fuldmagt_feed_revision 42",
            "fuldmagt_connections 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(!other.text().contains("fuldmagt_feed_revision 42"));
        drop(open);
        assert!(one.text().contains("fuldmagt_connections 0"));
    }
}
