//! The process's one subscriber: log lines to standard error, spans to the collector.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt as _, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

use super::{EXPORT_TIMEOUT, Error, resource};
use crate::config::{self, LogFormat};

/// What others' code may log at most, whatever the filter says: below these levels they log what they carry.
const CAPS: [(&str, LevelFilter); 5] = [
    ("sqlx", LevelFilter::WARN),
    ("h2", LevelFilter::INFO),
    ("hyper", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("tonic", LevelFilter::INFO),
];
/// Spans of ours go to the collector, nobody else's.
const OWN_TARGETS: &str = "fuldmagt";
/// The end of the process waits no longer for a collector that is gone.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// What a test harness adds.
#[derive(Default)]
pub struct Extra {
    /// A layer that gets every event and span, unfiltered (it may bring a filter of its own).
    pub layer: Option<Box<dyn Layer<Registry> + Send + Sync>>,
    /// Where spans go, instead of the configured collector.
    pub spans: Option<SdkTracerProvider>,
    /// Whether nothing is written to standard error.
    pub quiet: bool,
}

/// Keeps the export of spans going. When it is dropped, what is left is sent.
#[derive(Debug)]
pub struct Tracing {
    provider: SdkTracerProvider,
}

impl Tracing {
    /// Sends what is waiting. Blocks.
    pub fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            tracing::debug!(%error, "spans were not exported");
        }
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH_LIMIT) {
            tracing::debug!(%error, "the last spans were not exported");
        }
    }
}

/// Sets up the process's subscriber. To be called once, inside a tokio runtime when an OTLP endpoint is configured.
///
/// # Errors
/// When the filter or the endpoint cannot be used, or the process has a subscriber already.
pub fn init(settings: &config::Telemetry, extra: Extra) -> Result<Tracing, Error> {
    let provider = match extra.spans {
        Some(provider) => provider,
        None => provider(settings)?,
    };
    let own_spans = filter_fn(|found| found.is_span() && found.target().starts_with(OWN_TARGETS))
        .with_max_level_hint(LevelFilter::INFO);
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("fuldmagt"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(own_spans);
    let lines = match extra.quiet {
        true => None,
        false => Some(lines(settings)?),
    };
    tracing_subscriber::registry().with(extra.layer).with(lines).with(spans).try_init()?;
    Ok(Tracing { provider })
}

fn lines<S>(settings: &config::Telemetry) -> Result<impl Layer<S> + use<S>, Error>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let caps = Targets::new().with_default(LevelFilter::TRACE).with_targets(CAPS);
    let filter = settings.log_filter.parse::<Targets>()?.and(caps);
    let writer = std::io::stderr;
    let layer = match settings.log_format {
        LogFormat::Human => fmt::layer().with_writer(writer).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(writer).boxed(),
    };
    Ok(layer.with_filter(filter))
}

fn provider(settings: &config::Telemetry) -> Result<SdkTracerProvider, Error> {
    let builder = SdkTracerProvider::builder().with_resource(resource());
    let Some(endpoint) = &settings.otlp_endpoint else {
        // Nobody collects: spans get their identifiers, which logs and callers see, and nothing is kept.
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    };
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    // The caller decides whether its trace is kept; who says nothing is kept.
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    Ok(builder.with_batch_exporter(exporter).with_sampler(sampler).build())
}
