//! The running server.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::cluster::{Cluster, POLL_INTERVAL};
use super::owner::Life;
use super::{Error, PORT, Settings, log};

/// Sessions for administration and autovacuum, above the service's own.
const SPARE_CONNECTIONS: u32 = 10;
/// Memory for pages. Postgres' own default, and enough for a million delegations; a server with more to hold has an
/// administrator and a database URL.
const SHARED_BUFFERS: &str = "128MB";

#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    log: PathBuf,
    ended: watch::Receiver<Option<String>>,
}

/// Resolves when the server ends.
#[derive(Debug, Clone)]
pub struct Death(watch::Receiver<Option<String>>);

impl Death {
    /// Waits for the end, and tells how it came.
    pub async fn wait(mut self) -> String {
        let ended = self.0.wait_for(Option::is_some).await;
        ended.ok().and_then(|status| status.clone()).unwrap_or_else(|| "nobody knows how".to_owned())
    }
}

impl Process {
    pub(super) fn start(
        cluster: &Cluster,
        settings: &Settings,
        socket_dir: &Path,
        log: &Path,
    ) -> Result<Self, Error> {
        let mut command = cluster.owner.command(&cluster.binaries.program("postgres"), Life::WithUs);
        command.arg("-D").arg(&cluster.home);
        for (name, value) in parameters(settings, socket_dir) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C in a terminal goes to the whole group, and the server must outlive the RPCs
        // that the service still finishes.
        command.process_group(0);

        let (ended, watch) = watch::channel(None);
        let pid = spawn(command, log, ended).map_err(|source| Error::Program {
            program: "postgres".to_owned(),
            status: "it could not be run".to_owned(),
            output: source.to_string(),
        })?;
        Ok(Self { pid, log: log.to_owned(), ended: watch })
    }

    /// Waits until the server takes sessions.
    pub(super) fn wait_until_ready(&self, cluster: &Cluster, limit: Duration) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.ended.borrow().clone() {
                return Err(Error::Ended { status, log: self.log.clone(), tail: log::tail(&self.log) });
            }
            if cluster.pid_file().is_some_and(|file| file.pid == self.pid && file.ready) {
                return Ok(());
            }
            if started.elapsed() > limit {
                cluster.ask_to_stop("immediate");
                return Err(Error::NotReady { limit, log: self.log.clone(), tail: log::tail(&self.log) });
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    pub(super) fn death(&self) -> Death {
        Death(self.ended.clone())
    }

    /// Blocks until the server has ended; false when it has not within the limit.
    pub(super) fn wait_for_end(&self, limit: Duration) -> bool {
        let started = Instant::now();
        loop {
            if self.ended.borrow().is_some() {
                return true;
            }
            if started.elapsed() >= limit {
                return false;
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Starts the server from a thread of its own that waits for it: the signal at our death is bound to the thread that
/// started it, and a thread of the runtime may end earlier than the process.
fn spawn(mut command: Command, log: &Path, ended: watch::Sender<Option<String>>) -> std::io::Result<u32> {
    let (started, start) = mpsc::sync_channel(1);
    let log = log.to_owned();
    let keeper = move || match command.spawn() {
        Err(error) => drop(started.send(Err(error))),
        Ok(child) => {
            drop(started.send(Ok(child.id())));
            ended.send_replace(Some(keep(child, log)));
        }
    };
    thread::Builder::new().name("postgres".to_owned()).spawn(keeper)?;
    start.recv().unwrap_or_else(|_| Err(std::io::Error::other("the thread that starts it is gone")))
}

fn keep(mut child: Child, path: PathBuf) -> String {
    let stderr = child.stderr.take();
    let copier = stderr.map(|stderr| {
        thread::Builder::new().name("postgres-log".to_owned()).spawn(move || log::copy(stderr, &path))
    });
    let status = match child.wait() {
        Ok(status) => status.to_string(),
        Err(error) => format!("waiting for it failed: {error}"),
    };
    // All that it said is in the file before anybody is told that it ended.
    if let Some(Ok(copier)) = copier
        && copier.join().is_err()
    {
        tracing::warn!("copying the log of the private Postgres failed");
    }
    status
}

/// The server's settings, given at each start so that a newer service brings its own.
fn parameters(settings: &Settings, socket_dir: &Path) -> Vec<(&'static str, String)> {
    let text = |value: &str| value.to_owned();
    // Quoted: the setting is a list, and a folder's name may hold a comma.
    let socket_dir = format!("\"{}\"", socket_dir.display().to_string().replace('"', "\"\""));
    let mut all = vec![
        ("listen_addresses", String::new()),
        ("port", PORT.to_string()),
        ("unix_socket_directories", socket_dir),
        ("unix_socket_permissions", text("0700")),
        ("max_connections", settings.max_connections.saturating_add(SPARE_CONNECTIONS).to_string()),
        ("shared_buffers", text(SHARED_BUFFERS)),
        // Look-ups by index gain nothing from either, and small machines (and containers, whose shared memory is
        // tiny) lose.
        ("jit", text("off")),
        ("max_parallel_workers_per_gather", text("0")),
        ("timezone", text("UTC")),
        ("log_timezone", text("UTC")),
        // We read its standard error and bound the file ourselves.
        ("logging_collector", text("off")),
        ("log_destination", text("stderr")),
        ("log_line_prefix", text("%m [%p] ")),
        // No statement, no value and no detail: they would hold what clients sent.
        ("log_statement", text("none")),
        ("log_min_error_statement", text("panic")),
        ("log_error_verbosity", text("terse")),
        ("log_parameter_max_length", text("0")),
        ("log_parameter_max_length_on_error", text("0")),
    ];
    if !settings.durable {
        all.extend([
            ("fsync", text("off")),
            ("synchronous_commit", text("off")),
            ("full_page_writes", text("off")),
        ]);
    }
    all
}
