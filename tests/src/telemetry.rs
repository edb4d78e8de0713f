//! Everything that the services of this process say, written down for the search for personal data.
//!
//! With `FULDMAGT_TEST_OUTPUT` set, four files of JSON lines in that folder get the logs, the finished spans, the
//! metrics and the errors that clients see. Without it nothing is written, and all of it is made nevertheless.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::future::{Future, ready};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use fuldmagt_service::config::{LogFormat, Telemetry as Settings};
use fuldmagt_service::telemetry::{Extra, Tracing, init};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::{Layer, Registry, fmt::layer};

/// The loudest that the service can be configured to: the caps of others' code are the service's own.
const FILTER: &str = "trace,sqlx=warn,h2=info,hyper=info,rustls=info,tonic=info";

static FOLDER: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| std::env::var_os("FULDMAGT_TEST_OUTPUT").map(PathBuf::from));
static METRICS: LazyLock<Option<Arc<File>>> = LazyLock::new(|| open("metrics.jsonl"));
static STATUSES: LazyLock<Option<Arc<File>>> = LazyLock::new(|| open("statuses.jsonl"));
static TRACING: LazyLock<Tracing> = LazyLock::new(begin);

/// Sets up the subscriber of this process, the first time that it is called.
pub fn start() {
    LazyLock::force(&TRACING);
}

/// Writes down the metrics of a service at its end.
pub fn note_metrics(service: &str, text: &str) {
    append(&METRICS, &json!({ "service": service, "metrics": text }));
}

/// Writes down an error that a client got: all that is in it.
pub fn note_status(rpc: &str, status: &Status) {
    append(
        &STATUSES,
        &json!({
            "rpc": rpc,
            "code": format!("{:?}", status.code()),
            "message": status.message(),
            "details": format!("{:?}", status.get_error_details()),
            "bytes": String::from_utf8_lossy(status.details()),
            "metadata": format!("{:?}", status.metadata()),
        }),
    );
}

fn begin() -> Tracing {
    let settings =
        Settings { log_format: LogFormat::Json, log_filter: "off".to_owned(), otlp_endpoint: None };
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .with_simple_exporter(Exporter(open("spans.jsonl")))
        .build();
    init(&settings, Extra { layer: logs(), spans: Some(provider), quiet: true })
        .expect("the first subscriber of the process")
}

fn logs() -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
    let file = open("logs.jsonl")?;
    let filter: Targets = FILTER.parse().expect("a filter");
    Some(layer().json().with_writer(file).with_filter(filter).boxed())
}

fn open(name: &str) -> Option<Arc<File>> {
    let path = FOLDER.as_ref()?.join(name);
    let file = OpenOptions::new().create(true).append(true).open(&path);
    Some(Arc::new(file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))))
}

/// One line in one call: several processes append at once.
fn append(file: &Option<Arc<File>>, line: &Value) {
    if let Some(file) = file {
        file.as_ref().write_all(format!("{line}\n").as_bytes()).expect("the line can be written");
    }
}

struct Exporter(Option<Arc<File>>);

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}

impl SpanExporter for Exporter {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        if self.0.is_some() {
            for span in &batch {
                append(&self.0, &json!({ "span": format!("{span:?}") }));
            }
        }
        ready(Ok(()))
    }
}
