//! A private Postgres: what the service runs when no database URL is configured.
//!
//! It uses installed server binaries, keeps a cluster in the data folder, listens on a Unix socket only, and ends
//! with the service. When the service is killed, the kernel tells the server to shut down
//! (`PR_SET_PDEATHSIG`, by way of `setpriv`); whatever is still there at the next start is stopped first.
//! The layout of the data folder:
//!
//! | name | what |
//! | --- | --- |
//! | `lock` | held while a service runs on the folder; holds its process id |
//! | `postgres/` | the cluster; it gets this name when it is complete |
//! | `postgres.new/` | a cluster being made; one that is found at start was interrupted, and is made anew |
//! | `postgres.log`, `postgres.log.1` | the server's log, bounded |
//! | `run/` | the socket, unless the path is too long for one |

use std::path::{Path, PathBuf};
use std::time::Duration;

mod binaries;
mod cluster;
mod error;
mod folder;
mod lock;
mod log;
mod owner;
mod process;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use process::Death;

use binaries::Binaries;
use cluster::Cluster;
use lock::Lock;
use owner::Owner;
use process::Process;

/// Superuser and database of the private cluster. Whoever may enter the socket's folder (mode 0700) is trusted.
const USER: &str = "fuldmagt";
const DATABASE: &str = "fuldmagt";
/// The name of the socket file; no other server shares the folder.
const PORT: u16 = 5432;
/// Until the server answers. Replaying the log after a crash takes some seconds per 100 MB on a slow disk, and
/// there is at most about 1 GB of it.
const START_LIMIT: Duration = Duration::from_secs(300);
/// A fast shutdown ends sessions and writes a checkpoint: at most the shared buffers to disk.
const FAST_STOP_LIMIT: Duration = Duration::from_secs(60);
/// An immediate shutdown writes nothing.
const IMMEDIATE_STOP_LIMIT: Duration = Duration::from_secs(10);

/// What to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of all state. Made when it is missing.
    pub data_dir: PathBuf,
    /// Sessions the server takes.
    pub max_connections: u32,
    /// Whether a commit survives a kill and a power cut. `false` is for clusters that tests throw away.
    pub durable: bool,
}

impl Settings {
    /// Durable, for a service with the usual pool.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), max_connections: 50, durable: true }
    }
}

/// A running private Postgres. Dropping it without [`Embedded::stop`] shuts it down too, less patiently.
#[derive(Debug)]
pub struct Embedded {
    cluster: Cluster,
    process: Process,
    url: String,
    // Last, so that the folder is free only when the server is gone.
    _lock: Lock,
}

impl Embedded {
    /// Makes the cluster when there is none, starts the server and waits until it answers.
    ///
    /// Blocks for up to some seconds (minutes after a crash with much to replay); in async code, call it by
    /// `spawn_blocking`.
    ///
    /// # Errors
    /// When no server is installed, another service uses the folder, or the server does not start.
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let owner = Owner::detect()?;
        folder::prepare(&settings.data_dir, &owner)?;
        let lock = Lock::take(&settings.data_dir)?;
        let home = settings.data_dir.join("postgres");
        let binaries = Binaries::find(cluster::version(&home)?)?;
        let cluster = Cluster { home, binaries, owner };
        cluster.stop_left_over()?;
        if !cluster.exists() {
            cluster.create(&settings.data_dir, settings.durable)?;
        }
        let socket_dir = folder::socket_dir(&settings.data_dir, &cluster.owner)?;
        folder::remove_left_over_socket(&socket_dir)?;
        let log_path = settings.data_dir.join("postgres.log");
        let process = Process::start(&cluster, settings, &socket_dir, &log_path)?;
        process.wait_until_ready(&cluster, START_LIMIT)?;
        tracing::info!(folder = %settings.data_dir.display(), version = cluster.binaries.version, "private Postgres is up");
        Ok(Self { url: url(&socket_dir, DATABASE), cluster, process, _lock: lock })
    }

    /// Removes a data folder, cluster and all. A server that an earlier run left behind is stopped first.
    ///
    /// # Errors
    /// When another service uses the folder, or it cannot be removed.
    pub fn remove(data_dir: &Path) -> Result<(), Error> {
        let _lock = Lock::take(data_dir)?;
        let home = data_dir.join("postgres");
        if home.exists() {
            let binaries = Binaries::find(cluster::version(&home)?)?;
            Cluster { home, binaries, owner: Owner::detect()? }.stop_left_over()?;
        }
        std::fs::remove_dir_all(data_dir).map_err(Error::file("cannot remove", data_dir))
    }

    /// The database's URL for sqlx. It holds no password: entering the socket's folder is what counts.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Resolves when the server ends, whether asked to or not.
    pub fn death(&self) -> Death {
        self.process.death()
    }

    /// Shuts the server down: fast first, and hard when it takes too long. Nothing committed is lost either way.
    pub async fn stop(self) {
        // Blocking commands, and Drop must not repeat them on a worker thread.
        let stopped = tokio::task::spawn_blocking(move || drop(self)).await;
        if let Err(error) = stopped {
            tracing::error!(%error, "stopping the private Postgres failed");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let ended = self.cluster.ask_to_stop("fast") && self.process.wait_for_end(FAST_STOP_LIMIT);
        if !ended && !self.process.wait_for_end(Duration::ZERO) {
            tracing::warn!("the private Postgres did not shut down in time; it recovers at the next start");
            self.cluster.ask_to_stop("immediate");
            self.process.wait_for_end(IMMEDIATE_STOP_LIMIT);
        }
    }
}

/// The URL of a database on a socket. The port and the absence of TLS are said, because the client library would
/// otherwise take them from the caller's `PG*` environment.
fn url(socket_dir: &Path, database: &str) -> String {
    let encoded: String = socket_dir
        .to_string_lossy()
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                (byte as char).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("postgres://{USER}@localhost:{PORT}/{database}?host={encoded}&sslmode=disable")
}

/// The folder for all state when none is configured: the system's as root, the user's otherwise.
pub fn default_data_dir() -> Option<PathBuf> {
    if owner::is_root() {
        return Some(PathBuf::from("/var/lib/fuldmagt"));
    }
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|share| share.join("fuldmagt"))
}
