//! The real server, as a process of its own.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Migrating nothing and connecting takes a moment.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The grace for running calls, and some.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Our death is a request to stop, however it comes.
const DEATH_SIGNAL: &str = "--pdeathsig=TERM";

/// Stopped when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it serves gRPC.
    pub(crate) address: String,
}

/// What a server is started with, beside free ports on loopback.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a Path,
    pub(crate) database_url: &'a str,
    pub(crate) keyring: &'a Path,
    /// Its own folder: for its log, and whatever it keeps.
    pub(crate) folder: PathBuf,
    /// Further arguments of `serve`.
    pub(crate) arguments: Vec<String>,
}

impl Server {
    /// Starts it and waits until it answers.
    pub(crate) fn start(start: Start<'_>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&start.folder)?;
        let log = start.folder.join("log");
        let mut command = Command::new("setpriv");
        command.arg(DEATH_SIGNAL).arg("--").arg(start.program).args(["serve", "--log-format=json"]);
        command.args(["--listen=127.0.0.1:0", "--internal-listen=127.0.0.1:0"]).args(start.arguments);
        command.arg("--data-dir").arg(&start.folder);
        // Only what is said here: settings in our own environment are somebody else's.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FULDMAGT_") {
                command.env_remove(name);
            }
        }
        command.env("FULDMAGT_DATABASE__URL", start.database_url);
        command.env("FULDMAGT_KEYRING_FILE", start.keyring);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let child = command.spawn().with_context(|| start.program.display().to_string())?;
        let mut server = Self { child, address: String::new() };
        server.address = server.wait_until_ready(&log)?;
        Ok(server)
    }

    /// `setpriv` becomes the program, so this is the server.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The address, from the line that says that it is ready.
    fn wait_until_ready(&mut self, log: &Path) -> anyhow::Result<String> {
        let started = Instant::now();
        loop {
            let mut text = String::new();
            File::open(log)?.read_to_string(&mut text)?;
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let mut ready = lines.filter(|line| line["message"] == "ready");
            if let Some(address) = ready.find_map(|line| line["grpc"].as_str().map(str::to_owned)) {
                return Ok(address);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}):\n{text}");
            }
            if started.elapsed() > START_LIMIT {
                bail!("the server is not ready after {START_LIMIT:?}:\n{text}");
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By the usual program, because the standard library knows no signal but SIGKILL.
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let started = Instant::now();
        while asked.is_ok() && started.elapsed() < STOP_LIMIT {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
