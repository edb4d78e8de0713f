//! Why the private Postgres cannot run, in words for the person who starts the service.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the private Postgres cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server is installed.
    #[error(
        "no Postgres server of version {least} or newer was found in /usr/lib/postgresql/*/bin or PATH: install one \
         (on Debian: apt-get install postgresql), or configure database.url"
    )]
    NotInstalled {
        /// The oldest version that will do.
        least: u32,
    },
    /// The cluster was made by another major version.
    #[error(
        "the cluster in the data folder was made by Postgres {wanted}, and its server is not installed: install it, \
         or move the data to a newer one with pg_upgrade"
    )]
    VersionMissing {
        /// The major version that is needed.
        wanted: u32,
    },
    /// Another service uses the folder.
    #[error(
        "another fuldmagt{} is already running on {}: stop it, or give this one its own data_dir",
        holder(.process), .folder.display()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The other one's process id, when it could be read.
        process: Option<u32>,
    },
    /// A file or folder could not be used.
    #[error("{what} {}: {source}", .path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The unprivileged user cannot get to the data folder.
    #[error(
        "Postgres refuses to run as root, and the user `{user}`, as whom it would run, cannot enter {}: choose another \
         data_dir, such as /var/lib/fuldmagt", .folder.display()
    )]
    Unreachable {
        /// The folder in the way.
        folder: PathBuf,
        /// As whom the server would run.
        user: String,
    },
    /// There is no unprivileged user.
    #[error("Postgres refuses to run as root, and there is no user `postgres` or `nobody` to run it as")]
    NoUser,
    /// `setpriv` is missing.
    #[error(
        "Postgres refuses to run as root, and `setpriv` (Debian package util-linux) is not there to change user"
    )]
    NoSetpriv,
    /// A program of the server failed.
    #[error("{program} failed ({status}):\n{output}")]
    Program {
        /// Which.
        program: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("Postgres ended before it was ready ({status}); the end of {}:\n{tail}", .log.display())]
    Ended {
        /// How it ended.
        status: String,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server was not ready in time.
    #[error("Postgres was not ready within {limit:?}; the end of {}:\n{tail}", .log.display())]
    NotReady {
        /// How long it had.
        limit: Duration,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A server from an earlier run does not end.
    #[error("a Postgres from an earlier run (process {process}) still uses {} and does not end", .home.display())]
    LeftOver {
        /// Its process id.
        process: u32,
        /// The cluster.
        home: PathBuf,
    },
}

fn holder(process: &Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (process {process})"))
}

impl Error {
    /// For `map_err`: what was tried, on what.
    pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { what, path, source }
    }
}
