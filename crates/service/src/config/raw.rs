//! The configuration as it is written, before it is validated. A key that is not here is refused.

use std::path::PathBuf;

use serde::Deserialize;

use super::Secret;
use super::bound::{self, Bound};

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) listen: String,
    pub(super) internal_listen: String,
    pub(super) dev_plaintext: bool,
    pub(super) reflection: Option<bool>,
    pub(super) clients_file: Option<PathBuf>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) keyring_file: Option<PathBuf>,
    pub(super) tls: Tls,
    pub(super) database: Database,
    pub(super) rules: Rules,
    pub(super) limits: Limits,
    pub(super) telemetry: Telemetry,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            // Loopback: who listens to the network has decided so.
            listen: "127.0.0.1:8443".to_owned(),
            internal_listen: "127.0.0.1:9464".to_owned(),
            dev_plaintext: false,
            reflection: None,
            clients_file: None,
            data_dir: None,
            keyring_file: None,
            tls: Tls::default(),
            database: Database::default(),
            rules: Rules::default(),
            limits: Limits::default(),
            telemetry: Telemetry::default(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) client_ca: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Telemetry {
    pub(super) log_format: super::LogFormat,
    pub(super) log_filter: String,
    pub(super) otlp_endpoint: Option<String>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log_format: super::LogFormat::Human, log_filter: "info".to_owned(), otlp_endpoint: None }
    }
}

/// A group of numbers, each with the default of its bound.
macro_rules! numbers {
    ($name:ident { $($field:ident: $bound:expr,)* } $(also { $($other:ident: $kind:ty,)* })?) => {
        #[derive(Debug, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $name {
            $(pub(super) $field: u64,)*
            $($(pub(super) $other: $kind,)*)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $bound.default,)* $($($other: <$kind>::default(),)*)? }
            }
        }

        impl $name {
            /// Each number with its bound.
            pub(super) fn numbers(&self) -> impl Iterator<Item = (Bound, u64)> {
                [$(($bound, self.$field)),*].into_iter()
            }
        }
    };
}

numbers! {
    Database {
        max_connections: bound::DATABASE_MAX_CONNECTIONS,
        acquire_timeout_ms: bound::ACQUIRE_TIMEOUT_MS,
        statement_timeout_ms: bound::STATEMENT_TIMEOUT_MS,
    } also {
        url: Option<Secret>,
    }
}

numbers! {
    Rules {
        max_period_days: bound::MAX_PERIOD_DAYS,
        min_delegator_age_years: bound::MIN_DELEGATOR_AGE_YEARS,
        request_lapse_days: bound::REQUEST_LAPSE_DAYS,
        expiry_notice_days: bound::EXPIRY_NOTICE_DAYS,
        answer_max_age_s: bound::ANSWER_MAX_AGE_S,
    }
}

numbers! {
    Limits {
        max_connections: bound::MAX_CONNECTIONS,
        max_concurrent_requests: bound::MAX_CONCURRENT_REQUESTS,
        max_concurrent_streams_per_connection: bound::MAX_CONCURRENT_STREAMS,
        max_request_bytes: bound::MAX_REQUEST_BYTES,
        default_deadline_ms: bound::DEFAULT_DEADLINE_MS,
        max_deadline_ms: bound::MAX_DEADLINE_MS,
        shutdown_grace_ms: bound::SHUTDOWN_GRACE_MS,
    }
}
