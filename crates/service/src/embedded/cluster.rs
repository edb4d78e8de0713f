//! The cluster on disk: made once, and freed from whatever an earlier run left behind.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::owner::{Life, Owner};
use super::{DATABASE, Error, FAST_STOP_LIMIT, IMMEDIATE_STOP_LIMIT, USER};

/// Often enough that nobody waits for us, seldom enough to cost nothing.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Of a failed program's output, the end says why.
const MAX_OUTPUT_BYTES: usize = 4_000;

#[derive(Debug, Clone)]
pub(super) struct Cluster {
    pub(super) home: PathBuf,
    pub(super) binaries: Binaries,
    pub(super) owner: Owner,
}

/// The major version that made the cluster; `None` when there is no cluster yet.
pub(super) fn version(home: &Path) -> Result<Option<u32>, Error> {
    let path = home.join("PG_VERSION");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("cannot read", &path)(error)),
    }
}

impl Cluster {
    pub(super) fn exists(&self) -> bool {
        self.home.exists()
    }

    /// Makes the cluster and its database beside the final place, and gives it its name when it is complete: one
    /// that was interrupted half-way never has the name, and is made anew.
    pub(super) fn create(&self, data_dir: &Path, durable: bool) -> Result<(), Error> {
        let new = data_dir.join("postgres.new");
        if new.exists() {
            std::fs::remove_dir_all(&new).map_err(Error::file("cannot remove", &new))?;
        }
        std::fs::create_dir(&new).map_err(Error::file("cannot make", &new))?;
        self.owner.give(&new).map_err(Error::file("cannot give away", &new))?;
        tracing::info!(folder = %data_dir.display(), version = self.binaries.version, "making a private Postgres cluster");

        let mut initdb = self.command("initdb");
        initdb.arg("--pgdata").arg(&new).args([
            "--encoding=UTF8",
            "--locale=C",
            "--auth=trust",
            "--no-instructions",
        ]);
        initdb.arg(format!("--username={USER}")).arg(if durable { "--data-checksums" } else { "--no-sync" });
        run(initdb, None)?;

        // Single-user mode needs no client program, which is another package on some systems.
        let mut single = self.command("postgres");
        single.arg("--single").arg("-D").arg(&new).args(["-c", "exit_on_error=on"]);
        if !durable {
            single.args(["-c", "fsync=off"]);
        }
        single.arg("postgres");
        run(single, Some(&format!("CREATE DATABASE {DATABASE}\n")))?;

        std::fs::rename(&new, &self.home).map_err(Error::file("cannot rename", &new))?;
        let synced = File::open(data_dir).and_then(|folder| folder.sync_all());
        synced.map_err(Error::file("cannot write", data_dir))
    }

    fn command(&self, program: &str) -> Command {
        self.owner.command(&self.binaries.program(program), Life::WithUs)
    }

    /// Asks the running server to stop, by `pg_ctl`, which knows how to signal another user's process.
    pub(super) fn ask_to_stop(&self, mode: &str) -> bool {
        let mut command = self.owner.command(&self.binaries.program("pg_ctl"), Life::OfItsOwn);
        command.arg("--pgdata").arg(&self.home).args(["stop", "--no-wait", "--mode", mode]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// What the server's own pid file says.
    pub(super) fn pid_file(&self) -> Option<PidFile> {
        PidFile::parse(&std::fs::read_to_string(self.home.join("postmaster.pid")).ok()?)
    }

    /// Ends a server that outlived the service that started it, and takes away a pid file that would stop ours.
    /// The caller holds the folder's lock, so no living service uses that server.
    pub(super) fn stop_left_over(&self) -> Result<(), Error> {
        let Some(pid_file) = self.pid_file() else { return Ok(()) };
        if self.uses(pid_file.pid) {
            tracing::warn!(process = pid_file.pid, "stopping a Postgres that an earlier run left behind");
            for (mode, limit) in [("fast", FAST_STOP_LIMIT), ("immediate", IMMEDIATE_STOP_LIMIT)] {
                self.ask_to_stop(mode);
                if self.wait_until_unused(limit) {
                    return Ok(());
                }
            }
            return Err(Error::LeftOver { process: pid_file.pid, home: self.home.clone() });
        }
        // The server is gone. Its children notice within moments; until then the files are theirs.
        if !self.wait_until_unused(IMMEDIATE_STOP_LIMIT) {
            return Err(Error::LeftOver { process: pid_file.pid, home: self.home.clone() });
        }
        // The number may be another program's by now, which would make a new server refuse to start.
        let path = self.home.join("postmaster.pid");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::file("cannot remove", &path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn wait_until_unused(&self, limit: Duration) -> bool {
        let started = Instant::now();
        loop {
            if !processes().any(|pid| self.uses(pid)) {
                return true;
            }
            if started.elapsed() > limit {
                return false;
            }
            sleep(POLL_INTERVAL);
        }
    }

    /// Whether a process is a server on this cluster: every one of them has the cluster as its current folder.
    fn uses(&self, pid: u32) -> bool {
        let (Ok(home), Ok(current)) =
            (self.home.canonicalize(), std::fs::read_link(format!("/proc/{pid}/cwd")))
        else {
            return false;
        };
        home == current
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// `postmaster.pid`, of which we need two lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    pub(super) ready: bool,
}

impl PidFile {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A negative number is a server in single-user mode.
        let pid = lines.next()?.trim().trim_start_matches('-').parse().ok()?;
        // Pid, data folder, start time, port, socket folder, address, shared memory, state.
        let ready = lines.nth(6).is_some_and(|state| state.trim() == "ready");
        Some(Self { pid, ready })
    }
}

/// Runs a program to its end. What it prints is shown only when it fails.
fn run(mut command: Command, input: Option<&str>) -> Result<(), Error> {
    let program = command.get_args().chain([command.get_program()]).find_map(|word| {
        let name = Path::new(word).file_name()?.to_str()?;
        ["initdb", "postgres"].contains(&name).then(|| name.to_owned())
    });
    let program = program.unwrap_or_else(|| "a program".to_owned());
    let output = output(&mut command, input);
    let output = output.map_err(|source| Error::Program {
        program: program.clone(),
        status: "it could not be run".to_owned(),
        output: source.to_string(),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let end = printed.len().saturating_sub(MAX_OUTPUT_BYTES);
    let tail = String::from_utf8_lossy(printed.get(end..).unwrap_or_default()).into_owned();
    Err(Error::Program { program, status: output.status.to_string(), output: tail })
}

fn output(command: &mut Command, input: Option<&str>) -> std::io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    // Taken, so that it is closed after the text: the end of input ends single-user mode.
    if let (Some(mut stdin), Some(text)) = (child.stdin.take(), input) {
        stdin.write_all(text.as_bytes())?;
    }
    child.wait_with_output()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_pid_file_tells_its_process_and_whether_it_is_ready() {
        let text = "4711\n/var/lib/x\n1700000000\n5432\n/run/x\n\n  123  456\nready   \n";
        assert_eq!(PidFile::parse(text), Some(PidFile { pid: 4711, ready: true }));
        let starting = text.replace("ready   ", "starting");
        assert_eq!(PidFile::parse(&starting), Some(PidFile { pid: 4711, ready: false }));
        assert_eq!(PidFile::parse("4711\n"), Some(PidFile { pid: 4711, ready: false }));
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("x\n"), None);
    }
}
