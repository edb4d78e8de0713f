//! From what is written to what is valid.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bound::{self, Bound};
use super::raw::{self, Raw};
use super::sources::Origins;
use super::{Access, Config, Database, Error, Limits, Problem, Rules, Secret, Telemetry, Tls};

pub(super) fn config(raw: Raw, origins: &Origins) -> Result<Config, Error> {
    let mut check = Check { origins, problems: Vec::new() };
    let listen = check.address("listen", &raw.listen);
    let internal_listen = check.address("internal_listen", &raw.internal_listen);
    let access = check.access(&raw, listen);
    check.numbers(&raw);
    check.telemetry(&raw.telemetry);
    let database = check.database(&raw.database);
    let data_dir = check.data_dir(raw.data_dir);

    let (Some(listen), Some(internal_listen), Some(access), Some(data_dir), true) =
        (listen, internal_listen, access, data_dir, check.problems.is_empty())
    else {
        return Err(Error::new(check.problems));
    };
    Ok(Config {
        listen,
        internal_listen,
        // Who may look around in development may not in production, unless it is said.
        reflection: raw.reflection.unwrap_or(matches!(access, Access::DevPlaintext)),
        access,
        database,
        keyring_file: raw.keyring_file.unwrap_or_else(|| data_dir.join("keyring.json")),
        data_dir,
        rules: Rules {
            max_period_days: narrow(raw.rules.max_period_days),
            min_delegator_age_years: narrow(raw.rules.min_delegator_age_years),
            request_lapse_days: narrow(raw.rules.request_lapse_days),
            expiry_notice_days: narrow(raw.rules.expiry_notice_days),
            answer_max_age_s: narrow(raw.rules.answer_max_age_s),
        },
        limits: limits(&raw.limits),
        telemetry: Telemetry {
            log_format: raw.telemetry.log_format,
            log_filter: raw.telemetry.log_filter,
            otlp_endpoint: raw.telemetry.otlp_endpoint,
        },
    })
}

fn limits(raw: &raw::Limits) -> Limits {
    Limits {
        max_connections: narrow(raw.max_connections),
        max_concurrent_requests: narrow(raw.max_concurrent_requests),
        max_concurrent_streams_per_connection: narrow(raw.max_concurrent_streams_per_connection),
        max_request_bytes: narrow(raw.max_request_bytes),
        default_deadline: Duration::from_millis(raw.default_deadline_ms),
        max_deadline: Duration::from_millis(raw.max_deadline_ms),
        shutdown_grace: Duration::from_millis(raw.shutdown_grace_ms),
    }
}

/// Every bound's greatest value fits; when a value does not, it was refused already.
fn narrow<T: TryFrom<u64> + Default>(value: u64) -> T {
    T::try_from(value).unwrap_or_default()
}

struct Check<'a> {
    origins: &'a Origins,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let source = self.origins.of(key);
        self.problems.push(Problem { key: key.to_owned(), source, message: message.into() });
    }

    fn address(&mut self, key: &str, text: &str) -> Option<SocketAddr> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.refuse(
                key,
                format!("`{text}` is no address with a port, such as 127.0.0.1:8443 or [::1]:8443"),
            );
        }
        parsed
    }

    fn numbers(&mut self, raw: &Raw) {
        let all = raw.database.numbers().chain(raw.rules.numbers()).chain(raw.limits.numbers());
        for (bound, value) in all {
            self.number(bound, value);
        }
        if raw.limits.default_deadline_ms > raw.limits.max_deadline_ms {
            self.refuse(bound::DEFAULT_DEADLINE_MS.key, "must not be greater than limits.max_deadline_ms");
        }
    }

    fn number(&mut self, Bound { key, min, max, .. }: Bound, value: u64) {
        if value < min || value > max {
            self.refuse(key, format!("must be from {min} to {max}, not {value}"));
        }
    }

    fn access(&mut self, raw: &Raw, listen: Option<SocketAddr>) -> Option<Access> {
        if raw.dev_plaintext {
            return self.dev_plaintext(raw, listen);
        }
        let hint = "is required; `fuldmagt dev-certs` makes one for development, \
                    and `--dev-plaintext` does without on loopback";
        let certificate = self.required("tls.certificate", raw.tls.certificate.as_deref(), hint);
        let key = self.required("tls.key", raw.tls.key.as_deref(), hint);
        let client_ca = self.required("tls.client_ca", raw.tls.client_ca.as_deref(), hint);
        let clients_file = self.required("clients_file", raw.clients_file.as_deref(), hint);
        Some(Access::Mtls {
            tls: Tls { certificate: certificate?, key: key?, client_ca: client_ca? },
            clients_file: clients_file?,
        })
    }

    fn dev_plaintext(&mut self, raw: &Raw, listen: Option<SocketAddr>) -> Option<Access> {
        if let Some(address) = listen
            && !address.ip().is_loopback()
        {
            self.refuse(
                "listen",
                format!("dev_plaintext serves loopback addresses only, and {address} is none"),
            );
        }
        // Somebody who configured certificates believes that they are used.
        let unused = [
            ("tls.certificate", raw.tls.certificate.is_some()),
            ("tls.key", raw.tls.key.is_some()),
            ("tls.client_ca", raw.tls.client_ca.is_some()),
            ("clients_file", raw.clients_file.is_some()),
        ];
        for (key, given) in unused {
            if given {
                self.refuse(key, "is not used with dev_plaintext: leave one of the two out");
            }
        }
        Some(Access::DevPlaintext)
    }

    fn required(&mut self, key: &str, path: Option<&Path>, hint: &str) -> Option<PathBuf> {
        match path {
            None => self.refuse(key, hint),
            Some(path) => match std::fs::File::open(path) {
                Ok(_) => return Some(path.to_owned()),
                Err(error) => self.refuse(key, format!("{} cannot be read: {error}", path.display())),
            },
        }
        None
    }

    fn database(&mut self, raw: &raw::Database) -> Database {
        let known = |url: &Secret| {
            ["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme))
        };
        if let Some(url) = &raw.url
            && !known(url)
        {
            self.refuse(
                "database.url",
                "must begin with postgres:// (the value is not shown, it may hold a password)",
            );
        }
        Database {
            url: raw.url.clone(),
            max_connections: narrow(raw.max_connections),
            acquire_timeout: Duration::from_millis(raw.acquire_timeout_ms),
            statement_timeout: Duration::from_millis(raw.statement_timeout_ms),
        }
    }

    fn data_dir(&mut self, configured: Option<PathBuf>) -> Option<PathBuf> {
        let found = configured.or_else(crate::embedded::default_data_dir);
        match found.map(std::path::absolute) {
            Some(Ok(absolute)) => return Some(absolute),
            Some(Err(error)) => self.refuse("data_dir", format!("cannot be made absolute: {error}")),
            None => self.refuse("data_dir", "is required: neither XDG_DATA_HOME nor HOME is set"),
        }
        None
    }

    fn telemetry(&mut self, raw: &raw::Telemetry) {
        if let Err(error) = raw.log_filter.parse::<tracing_subscriber::filter::Targets>() {
            self.refuse("telemetry.log_filter", format!("`{}` is no filter: {error}", raw.log_filter));
        }
        // Plain HTTP to a collector beside us, which is the usual layout; TLS to it is not built in.
        if let Some(endpoint) = &raw.otlp_endpoint
            && !(endpoint.starts_with("http://") && endpoint.parse::<http::Uri>().is_ok())
        {
            self.refuse(
                "telemetry.otlp_endpoint",
                format!("`{endpoint}` is no URL such as http://127.0.0.1:4317"),
            );
        }
    }
}
