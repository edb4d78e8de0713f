//! Typed configuration: defaults < file < environment < flags, validated wholly before anything binds.
//!
//! A [`Config`] that exists is valid: [`Config::load`] is the only way to one, and it reports every problem it
//! finds at once, each with the key and where the value came from.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

pub mod bound;
mod error;
mod raw;
mod secret;
mod sources;
mod validate;

#[cfg(test)]
mod tests;

pub use error::{Error, Problem};
pub use secret::Secret;
pub use sources::{Flag, Sources};
pub(crate) use sources::{read_bounded, without_excerpt};

/// The whole configuration of one service process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where gRPC is served. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where metrics, liveness and readiness are served in plain HTTP, for machines inside.
    pub internal_listen: SocketAddr,
    /// Who may connect, and how.
    pub access: Access,
    /// Where the state is kept.
    pub database: Database,
    /// The folder of everything this process keeps by itself.
    pub data_dir: PathBuf,
    /// The file with the keys that encrypt identifiers and text.
    pub keyring_file: PathBuf,
    /// What the law and the owner of the installation leave open.
    pub rules: Rules,
    /// How much is done at most.
    pub limits: Limits,
    /// Logs, traces and metrics.
    pub telemetry: Telemetry,
    /// Whether a client may ask which services and messages there are.
    pub reflection: bool,
}

/// Who may connect, and how.
#[derive(Debug, Clone)]
pub enum Access {
    /// No TLS, and every caller is the fixed development client. Loopback addresses only.
    DevPlaintext,
    /// TLS, with client certificates found in the registry.
    Mtls {
        /// The server's certificate, its key and who signs client certificates.
        tls: Tls,
        /// The file that lists the registered clients.
        clients_file: PathBuf,
    },
}

/// The files TLS is made from, all PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The server's certificate, with the chain up to (without) the root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities whose client certificates are believed.
    pub client_ca: PathBuf,
}

/// Where the state is kept.
#[derive(Debug, Clone)]
pub struct Database {
    /// A Postgres URL; without one the service runs a private Postgres in its data folder.
    pub url: Option<Secret>,
    /// Connections of this process at most.
    pub max_connections: u32,
    /// How long to wait for a free one.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
}

/// What the law and the owner of the installation leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The longest period of a delegation, in days.
    pub max_period_days: u32,
    /// The age, in years, from which one may give a delegation.
    pub min_delegator_age_years: u32,
    /// How long a request waits for an answer, in days.
    pub request_lapse_days: u32,
    /// How many days before its end the parties are told that a delegation ends.
    pub expiry_notice_days: u32,
    /// For how long an answer may be kept by the asker, in seconds.
    pub answer_max_age_s: u32,
}

/// How much is done at most. The defaults and their reasons are in [`bound`].
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections.
    pub max_connections: usize,
    /// RPCs worked on at the same time.
    pub max_concurrent_requests: usize,
    /// RPCs at the same time on one connection.
    pub max_concurrent_streams_per_connection: u32,
    /// Bytes of one request message.
    pub max_request_bytes: usize,
    /// The deadline of an RPC whose caller sets none.
    pub default_deadline: Duration,
    /// The longest deadline a caller gets.
    pub max_deadline: Duration,
    /// How long running RPCs may take to end at shutdown.
    pub shutdown_grace: Duration,
}

/// Logs, traces and metrics.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// How a log line looks.
    pub log_format: LogFormat,
    /// What is logged: levels by target, such as `info,fuldmagt_service=debug`.
    pub log_filter: String,
    /// Where traces and metrics are sent by OTLP over gRPC, such as `http://127.0.0.1:4317`.
    pub otlp_endpoint: Option<String>,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For a person at a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads and validates.
    ///
    /// # Errors
    /// Every problem there is, each naming its key and where the value came from.
    pub fn load(sources: &Sources) -> Result<Self, Error> {
        let (raw, origins) = sources.read()?;
        validate::config(raw, &origins)
    }
}
