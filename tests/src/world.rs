//! A running service of one test: the real one, in this process, over mutual TLS and a database of its own.

mod agreement;
mod catalogue;
mod certificates;
mod changes;
mod client;
mod designations;
mod identity;
mod packages;
mod paper;
mod processes;
mod race;
mod requests;
mod scene;
mod signing;
mod sql;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_proto::v1;
use fuldmagt_service::clock::{Clock as _, IdSource as _};
use fuldmagt_service::compose::{Parts, Running, Service};
use fuldmagt_service::config::{Config, Sources};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub use catalogue::package;
pub use certificates::{AUTHORITY_CVR, OTHER_AUTHORITY_CVR};
pub use client::{Client, Recorded};
pub use identity::all;
pub use packages::{followed, pinned};
pub use paper::{Case, SCAN};
pub use race::{HeadStart, rounds};
pub use scene::*;
pub use signing::Signable;
pub use sql::{Snapshot, UsageEntry, until};

use crate::cluster::used_database;
use crate::fixtures::{Keyring, People, SequentialIds, SettableClock};
use crate::{TestDatabase, telemetry};
use certificates::{CERTIFICATES, NAMELESS, UNREGISTERED};

/// A service with its database, its clients and its clock. How to fill it is in `scene` and `catalogue`, how to look
/// behind it in `sql`.
pub struct World {
    /// The service's database.
    pub database: TestDatabase,
    /// The service's clock.
    pub clock: SettableClock,
    /// Whom a test may register.
    pub people: People,
    /// Owns the system [`SYSTEM`].
    pub authority: Client,
    /// Owns the system [`OTHER_SYSTEM`].
    pub other_authority: Client,
    /// Acts for logged-in users.
    pub front_end: Client,
    /// Another one, of the same organisation.
    pub other_front_end: Client,
    /// A municipality's.
    pub caseworker_system: Client,
    /// Feeds in registers.
    pub register_feed: Client,
    /// May call nothing yet.
    pub print_vendor: Client,
    /// Runs the service.
    pub operator: Client,
    /// May call nothing yet.
    pub auditor: Client,
    /// Its certificate is signed by the right authority, and in no list.
    pub unregistered: Client,
    /// Its certificate is signed by the right authority, and names no organisation.
    pub nameless: Client,
    /// Shows no certificate.
    pub anonymous: Client,
    running: Running,
    request_ids: SequentialIds,
    keyring: Keyring,
    folder: tempfile::TempDir,
    /// By party id, what a signing service names each registered party by.
    signers: Mutex<HashMap<String, Vec<v1::Identifier>>>,
}

impl World {
    /// A service with the default settings, an empty catalogue, and nobody registered.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same with other settings: configuration keys and their values.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        telemetry::start();
        let database = used_database().await;
        let (keyring, clock) = (Keyring::generate(), SettableClock::default());
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(&database, &keyring, &folder, settings);
        let parts = Parts { clock: Arc::new(clock.clone()), ids: Arc::new(SequentialIds::default()) };
        let running = Service::start(config, parts).await.expect("the service starts");
        let client = |certificate| Client::of(running.grpc_addr.port(), certificate);
        Self {
            database,
            clock,
            people: People::default(),
            authority: client(Some("authority")),
            other_authority: client(Some("other-authority")),
            front_end: client(Some("front-end")),
            other_front_end: client(Some("other-front-end")),
            caseworker_system: client(Some("caseworker-system")),
            register_feed: client(Some("register-feed")),
            print_vendor: client(Some("print-vendor")),
            operator: client(Some("operator")),
            auditor: client(Some("auditor")),
            unregistered: client(Some(UNREGISTERED)),
            nameless: client(Some(NAMELESS)),
            anonymous: client(None),
            running,
            request_ids: SequentialIds::default(),
            keyring,
            folder,
            signers: Mutex::default(),
        }
    }

    /// Where gRPC is served.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.running.grpc_addr
    }

    /// The instant that the service's clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Another idempotency key.
    pub fn request_id(&self) -> String {
        self.request_ids.random_id().to_string()
    }

    /// Sets the service's clock, and has the usage log made ready for that month, as the service's hourly task does.
    pub async fn move_to(&self, instant: DateTime<Utc>) {
        self.clock.set(instant);
        sqlx::query("select ensure_usage_log_partitions($1)")
            .bind(instant)
            .execute(&self.database.pool)
            .await
            .expect("partitions can be made");
    }

    /// Moves the service's clock on.
    pub async fn advance(&self, by: TimeDelta) {
        self.move_to(self.now() + by).await;
    }

    /// What the internal listener answers to a GET.
    pub async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.running.internal_addr).await.expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: internal\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        answer
    }
}

impl Drop for World {
    fn drop(&mut self) {
        telemetry::note_metrics(&self.database.name, &self.running.telemetry().text());
    }
}

fn config(
    database: &TestDatabase,
    keyring: &Keyring,
    folder: &tempfile::TempDir,
    settings: &[(&str, &str)],
) -> Config {
    let files = CERTIFICATES.write(folder.path());
    let text = |path: &std::path::Path| path.to_str().expect("a path in UTF-8").to_owned();
    let ours = [
        ("listen", "127.0.0.1:0".to_owned()),
        ("internal_listen", "127.0.0.1:0".to_owned()),
        ("database.url", database.url.clone()),
        // Several worlds share a cluster.
        ("database.max_connections", "4".to_owned()),
        ("data_dir", text(folder.path())),
        ("keyring_file", text(keyring.path())),
        ("tls.certificate", text(&files.certificate)),
        ("tls.key", text(&files.key)),
        ("tls.client_ca", text(&files.client_ca)),
        ("clients_file", text(&files.clients)),
    ];
    let all: Vec<_> =
        ours.iter().map(|(key, value)| (*key, value.as_str())).chain(settings.iter().copied()).collect();
    Config::load(&Sources::of(&all)).expect("a valid configuration")
}
