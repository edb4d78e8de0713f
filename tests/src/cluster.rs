//! One throw-away Postgres for the whole test process, and a fresh database in it for each test.
//!
//! The cluster lives in a folder of its own below the system's folder for temporary files. However the test process
//! ends (normally, by panic, by SIGKILL), a watcher notices by the closing of a pipe, sees the server off and removes
//! the folder; should the watcher be killed too, the next run removes what it finds.
//!
//! To copy a database takes far longer than to empty one, so tests that leave the schema alone may take a database that
//! another test is done with: [`used_database`].

pub mod home;
mod log;
mod reaper;
mod recycling;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fuldmagt_service::embedded::{Embedded, Settings};
use fuldmagt_store::Store;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use tokio::sync::OnceCell;

use crate::fixtures::Keyring;
use home::Home;
use log::Log;
use reaper::Reaper;
use recycling::Recycling;

/// As many tests at once as a large machine has cores, with a dozen sessions each.
const MAX_CONNECTIONS: u32 = 300;
/// More than any one test needs at once.
const MAX_POOL_CONNECTIONS: u32 = 24;
/// Long enough for a machine that builds something else at the same time.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
/// The database that the private cluster is made with. Nobody connects to it once it has the schema.
const TEMPLATE: &str = "fuldmagt";

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NEXT_DATABASE: AtomicU32 = AtomicU32::new(1);

/// The running cluster. In a static, so it is never dropped: see [`Home`] for what ends it.
struct Cluster {
    template_url: String,
    log: Log,
    reaper: Reaper,
    _embedded: Embedded,
    _home: Home,
}

/// A database of one test, with all migrations applied and nothing else in it. Dropped from the cluster, in the
/// background, when the test is done with it.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where it is, for the service and the store.
    pub url: String,
    /// Its name in the cluster.
    pub name: String,
    /// Connections for the test's own SQL.
    pub pool: PgPool,
    /// Whether another test may have it afterwards.
    reusable: bool,
}

/// A fresh database. The first call of a test process starts the cluster, which takes some seconds.
pub async fn database() -> TestDatabase {
    let cluster = CLUSTER.get_or_init(Cluster::start).await;
    let name = next_name();
    let mut admin =
        PgConnection::connect(&cluster.url_of("postgres")).await.expect("the cluster takes sessions");
    admin
        .execute(AssertSqlSafe(format!("create database {name} template {TEMPLATE}")))
        .await
        .expect("a database can be copied from the template");
    admin.close().await.expect("the session ends");
    cluster.open(name, false)
}

/// A database that may have been another test's, emptied since; a fresh one when there is none. For tests that leave
/// the schema as it is.
pub async fn used_database() -> TestDatabase {
    let cluster = CLUSTER.get_or_init(Cluster::start).await;
    match cluster.reaper.spare() {
        Some(name) => cluster.open(name, true),
        None => {
            let mut fresh = database().await;
            fresh.reusable = true;
            fresh
        }
    }
}

/// No database ever had it.
fn next_name() -> String {
    format!("test_{}", NEXT_DATABASE.fetch_add(1, Ordering::Relaxed))
}

impl TestDatabase {
    /// The store on this database, with the keys of the keyring.
    pub async fn store(&self, keyring: &Keyring) -> Store {
        open_store(&self.url, keyring, MAX_POOL_CONNECTIONS).await
    }
}

/// A store on the database of that URL, as the service would open it.
pub async fn open_store(url: &str, keyring: &Keyring, max_connections: u32) -> Store {
    let settings = fuldmagt_store::Settings {
        url: url.to_owned(),
        max_connections,
        acquire_timeout_ms: ACQUIRE_TIMEOUT.as_millis() as u64,
        statement_timeout_ms: ACQUIRE_TIMEOUT.as_millis() as u64,
    };
    Store::open(&settings, keyring.keys()).await.expect("the store opens")
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(cluster) = CLUSTER.get() {
            cluster.log.note();
            cluster.reaper.take(&self.name, self.reusable.then(next_name));
        }
    }
}

impl Cluster {
    async fn start() -> Self {
        let (embedded, home) = tokio::task::spawn_blocking(|| {
            let home = Home::make();
            let settings = Settings {
                durable: false,
                max_connections: MAX_CONNECTIONS,
                ..Settings::new(home.data_dir())
            };
            (
                Embedded::start(&settings)
                    .unwrap_or_else(|error| panic!("no Postgres for the tests: {error}")),
                home,
            )
        })
        .await
        .expect("the cluster starts");
        let template_url = embedded.url().to_owned();
        fill_template(&template_url).await;
        let recycling = Recycling::of(&template_url).await.expect("the template can be read");
        let reaper = Reaper::start(&template_url, recycling);
        let log = Log::at(home.data_dir().join("postgres.log"));
        Self { template_url, log, reaper, _embedded: embedded, _home: home }
    }

    fn open(&self, name: String, reusable: bool) -> TestDatabase {
        let url = self.url_of(&name);
        let pool = PgPoolOptions::new()
            .max_connections(MAX_POOL_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy(&url)
            .expect("the URL is one");
        TestDatabase { url, name, pool, reusable }
    }

    fn url_of(&self, database: &str) -> String {
        url_of(&self.template_url, database)
    }
}

async fn fill_template(url: &str) {
    let keyring = Keyring::generate();
    let store = open_store(url, &keyring, 1).await;
    store.migrate().await.expect("the migrations apply");
    store.close().await;
}

fn url_of(template_url: &str, database: &str) -> String {
    template_url.replacen(&format!("/{TEMPLATE}?"), &format!("/{database}?"), 1)
}
