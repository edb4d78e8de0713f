//! Everything that is measured: a private Postgres with some delegations, a server on it, and a copy of the register.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use fuldmagt_service::clock::{Clock as _, SystemClock};
use fuldmagt_service::embedded::{Embedded, Settings};
use fuldmagt_store::Store;
use fuldmagt_store::keyring::{KeyProvider, KeyringFile};
use fuldmagt_tests::cluster::home::Home;
use fuldmagt_tests::population::{Population, load};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tonic::transport::{Channel, Endpoint};

use crate::Args;
use crate::checks::Checks;
use crate::cpu::Watched;
use crate::feed::Copy;
use crate::server::{Server, Start};

const MAX_CONNECTIONS: u32 = 40;
/// For loading and looking.
const OWN_CONNECTIONS: u32 = 8;
/// Loading statements run long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(3_600);
/// What is checked meanwhile.
const DELEGATIONS: usize = 20_000;

/// In the order in which it is taken down.
pub(crate) struct Stage {
    pub(crate) feed: Channel,
    pub(crate) checks: Arc<Checks>,
    pub(crate) pool: PgPool,
    pub(crate) copy: Copy,
    /// For files that are as large as the register.
    pub(crate) folder: PathBuf,
    server: Server,
    postmaster: u32,
    embedded: Embedded,
    _home: Home,
}

impl Stage {
    pub(crate) async fn set_up(args: &Args, program: &Path) -> anyhow::Result<Self> {
        let home = Home::make();
        let data_dir = home.data_dir();
        let folder = data_dir.with_file_name("bench");
        std::fs::create_dir_all(&folder)?;
        let settings = Settings { max_connections: MAX_CONNECTIONS, ..Settings::new(&data_dir) };
        let embedded = tokio::task::spawn_blocking(move || Embedded::start(&settings)).await??;
        let pid_file = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid"))?;
        let postmaster = pid_file.lines().next().context("a pid file")?.parse()?;
        let url = embedded.url().to_owned();
        let keyring = data_dir.join("keyring.json");
        let keys: Arc<dyn KeyProvider> = Arc::new(KeyringFile::load_or_generate(&keyring)?);
        let population = Arc::new(Population::new(args.seed, DELEGATIONS, SystemClock.now()));
        let pool = fill(&url, &keys, &population).await?;
        eprintln!("Writing a copy of {} records ...", args.rows);
        let (path, rows, seed) = (folder.join("copy"), args.rows, args.seed);
        let copy = tokio::task::spawn_blocking(move || Copy::write(&path, rows, seed)).await??;
        let server = Server::start(Start {
            program,
            database_url: &url,
            keyring: &keyring,
            folder: folder.join("server"),
            arguments: vec!["--dev-plaintext".to_owned()],
        })?;
        let endpoint = Endpoint::from_shared(format!("http://{}", server.address))?.tcp_nodelay(true);
        let checks = Arc::new(Checks::new(&population, &endpoint).await?);
        Ok(Self {
            feed: endpoint.connect().await?,
            checks,
            pool,
            copy,
            folder,
            server,
            postmaster,
            embedded,
            _home: home,
        })
    }

    /// The server, Postgres and ourselves.
    pub(crate) fn watched(&self) -> Watched {
        Watched { server: self.server.pid(), postmaster: self.postmaster }
    }

    pub(crate) async fn tear_down(self) {
        drop((self.feed, self.checks));
        let server = self.server;
        // Stopping a process blocks.
        let _ = tokio::task::spawn_blocking(move || drop(server)).await;
        self.pool.close().await;
        self.embedded.stop().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn fill(
    url: &str,
    keys: &Arc<dyn KeyProvider>,
    population: &Arc<Population>,
) -> anyhow::Result<PgPool> {
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
    load(population, &pool, keys).await?;
    Ok(pool)
}
