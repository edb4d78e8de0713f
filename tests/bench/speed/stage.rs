//! Everything that is measured: a private Postgres with a population, two servers on it, and callers.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fuldmagt_service::clock::{Clock as _, SystemClock};
use fuldmagt_service::config::bound::DATABASE_MAX_CONNECTIONS;
use fuldmagt_service::embedded::{Embedded, Settings};
use fuldmagt_store::Store;
use fuldmagt_store::keyring::{KeyProvider, KeyringFile};
use fuldmagt_tests::cluster::home::Home;
use fuldmagt_tests::population::{Loaded, Population, describe, load};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor as _, PgPool};
use tonic::transport::{ClientTlsConfig, Endpoint};

use crate::Args;
use crate::callers::Callers;
use crate::cpu::Watched;
use crate::mtls::Mtls;
use crate::pgbench::{self, Pgbench};
use crate::questions::Questions;
use crate::server::{Server, Start};

/// As a caller's few sites would have.
const CHANNELS: usize = 8;
/// Two servers' pools, pgbench, and ourselves.
const MAX_CONNECTIONS: u32 = 80;
/// For loading and looking.
const OWN_CONNECTIONS: u32 = 12;
/// A database of its own for empty commits, so that the service's schema stays what it is.
const COMMIT_DATABASE: &str = "commits";
/// Loading statements run long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(3_600);

/// What is told of the stage.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) loaded: Loaded,
    pub(crate) parties: u32,
    pub(crate) listed_holds: usize,
    pub(crate) database_bytes: i64,
    pub(crate) postgres: String,
    /// How Postgres executes a check, once it has a plan for any parameters.
    pub(crate) plan: String,
}

/// In the order in which it is taken down.
pub(crate) struct Stage {
    pub(crate) plain: Arc<Callers>,
    pub(crate) secure: Arc<Callers>,
    pub(crate) pgbench: Pgbench,
    pub(crate) pool: PgPool,
    plain_server: Server,
    secure_server: Server,
    facts: Facts,
    postmaster: u32,
    embedded: Embedded,
    _home: Home,
}

impl Stage {
    pub(crate) async fn set_up(args: &Args, program: &Path, out: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(pgbench::is_there().await, "pgbench is not in PATH");
        let home = Home::make();
        let folder = home.data_dir().with_file_name("bench");
        let data_dir = home.data_dir();
        let settings = Settings { max_connections: MAX_CONNECTIONS, ..Settings::new(&data_dir) };
        let embedded = tokio::task::spawn_blocking(move || Embedded::start(&settings)).await??;
        let pid_file = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid"))?;
        let postmaster = pid_file.lines().next().context("a pid file")?.parse()?;
        let url = embedded.url().to_owned();
        let keyring = data_dir.join("keyring.json");
        let keys: Arc<dyn KeyProvider> = Arc::new(KeyringFile::load_or_generate(&keyring)?);
        let population = Arc::new(Population::new(args.seed, args.delegations as usize, SystemClock.now()));
        let (pool, loaded) = fill(&url, &keys, &population).await?;
        let questions = Arc::new(Questions::new(&population, args.seed)?);

        let start = |name: &str, arguments| {
            let folder = folder.join(name);
            Server::start(Start { program, database_url: &url, keyring: &keyring, folder, arguments })
        };
        let mtls = Mtls::make(&folder.join("certificates"))?;
        let plain_server = start("plain", vec!["--dev-plaintext".to_owned()])?;
        let secure_server = start("secure", mtls.server)?;
        let plain = callers(&plain_server.address, None, &questions).await?;
        let secure = callers(&secure_server.address, Some(mtls.client), &questions).await?;
        let commit_url = commit_database(&url, &pool).await?;
        let asked = (questions.granted.as_slice(), questions.denied.as_slice());
        let pgbench = Pgbench::new(folder.join("pgbench"), (&url, &commit_url), keys.as_ref(), asked)?;
        let facts = Facts {
            loaded,
            parties: population.parties(),
            listed_holds: questions.listed_holds,
            database_bytes: sqlx::query_scalar("select pg_database_size(current_database())")
                .fetch_one(&pool)
                .await?,
            postgres: sqlx::query_scalar("select version()").fetch_one(&pool).await?,
            plan: plan(&pgbench, &pool).await?,
        };
        std::fs::write(out.join("check-plan.txt"), &facts.plan)?;
        let (plain, secure) = (Arc::new(plain), Arc::new(secure));
        Ok(Self {
            plain,
            secure,
            pgbench,
            pool,
            plain_server,
            secure_server,
            facts,
            postmaster,
            embedded,
            _home: home,
        })
    }

    pub(crate) fn facts(&self) -> Facts {
        self.facts.clone()
    }

    /// One of the servers, Postgres and ourselves.
    pub(crate) fn watched(&self, secure: bool) -> Watched {
        let server = if secure { &self.secure_server } else { &self.plain_server };
        Watched { server: server.pid(), postmaster: self.postmaster }
    }

    /// As many connections as the service has.
    pub(crate) fn service_connections(&self) -> usize {
        DATABASE_MAX_CONNECTIONS.default as usize
    }

    pub(crate) async fn tear_down(self) {
        drop((self.plain, self.secure));
        let servers = (self.plain_server, self.secure_server);
        // Stopping a process blocks.
        let _ = tokio::task::spawn_blocking(move || drop(servers)).await;
        self.pool.close().await;
        self.embedded.stop().await;
    }
}

/// Migrates and loads, and makes sure that the schema is still that of the migrations.
async fn fill(
    url: &str,
    keys: &Arc<dyn KeyProvider>,
    population: &Arc<Population>,
) -> anyhow::Result<(PgPool, Loaded)> {
    let settings = fuldmagt_store::Settings {
        url: url.to_owned(),
        max_connections: 1,
        acquire_timeout_ms: 60_000,
        statement_timeout_ms: STATEMENT_TIMEOUT.as_millis() as u64,
    };
    let store = Store::open(&settings, Arc::clone(keys)).await?;
    store.migrate().await?;
    store.close().await;
    let pool = PgPoolOptions::new().max_connections(OWN_CONNECTIONS).connect(url).await?;
    let before = describe(&pool).await;
    eprintln!("Loading {} delegations ...", population.delegations.len());
    let started = Instant::now();
    let loaded = load(population, &pool, keys).await?;
    anyhow::ensure!(before == describe(&pool).await, "loading has changed the schema");
    eprintln!("Loaded {} rows in {:.0?}: {loaded:.0?}", loaded.rows, started.elapsed());
    Ok((pool, loaded))
}

async fn callers(
    address: &str,
    tls: Option<ClientTlsConfig>,
    questions: &Arc<Questions>,
) -> anyhow::Result<Callers> {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))?.tcp_nodelay(true);
    if let Some(tls) = tls {
        endpoint = endpoint.tls_config(tls)?;
    }
    let mut channels = Vec::with_capacity(CHANNELS);
    for _ in 0..CHANNELS {
        channels.push(endpoint.connect().await?);
    }
    Ok(Callers::new(channels, Arc::clone(questions)))
}

async fn commit_database(url: &str, pool: &PgPool) -> anyhow::Result<String> {
    pool.execute(sqlx::AssertSqlSafe(format!("create database {COMMIT_DATABASE}"))).await?;
    let commit_url = url.replacen("/fuldmagt?", &format!("/{COMMIT_DATABASE}?"), 1);
    let commits = PgPoolOptions::new().max_connections(1).connect(&commit_url).await?;
    commits.execute("create table nothing ()").await?;
    commits.close().await;
    Ok(commit_url)
}

/// How a check is executed on this population, by a plan that is made without a look at the parameters.
async fn plan(pgbench: &Pgbench, pool: &PgPool) -> anyhow::Result<String> {
    let script = pgbench.granted_script()?;
    let mut connection = pool.acquire().await?;
    let types = "bigint, integer";
    connection.execute("set plan_cache_mode = force_generic_plan").await?;
    connection.execute("begin").await?;
    connection.execute(sqlx::AssertSqlSafe(format!("prepare question ({types}) as {script}"))).await?;
    let mut text = String::new();
    // The second time, when the pages are in memory.
    for entry in 1..=2 {
        let explain = format!("explain (analyze, buffers, costs off) execute question ({entry}, 1)");
        let lines: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *connection).await?;
        text = lines.join("\n");
    }
    connection.execute("rollback").await?;
    connection.execute("deallocate question").await?;
    connection.execute("reset plan_cache_mode").await?;
    Ok(text)
}
