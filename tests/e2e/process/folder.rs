//! A folder of one test, and the processes that live on it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::wait::until;
use fuldmagt_tests::output::note_output;

/// Where the logs of all private servers go, for the search at the end.
const LOGS: &str = "logs.postgres.txt";

/// Removed when it is dropped, once no process lives on it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A new one, that the server's user may pass.
    pub(crate) fn new() -> Self {
        let open = Permissions::from_mode(0o755);
        let made = tempfile::Builder::new().prefix("fuldmagt-process-").permissions(open).tempdir();
        Self(made.expect("a folder can be made"))
    }

    /// A place in it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A place in it, for a command line.
    pub(crate) fn arg(&self, name: &str) -> String {
        self.at(name).to_str().expect("the folder's name is text").to_owned()
    }

    /// A small file in it, and where it is.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        std::fs::write(self.at(name), content).expect("a file can be written");
        self.arg(name)
    }

    /// The processes that were told of the folder or are in it: the service, and each of its server's.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let folder = self.0.path().canonicalize().expect("the folder exists");
        let lives_on = |pid: &u32| {
            let is_in =
                std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&folder));
            is_in
                || command_line(*pid).iter().any(|word| word.contains(self.0.path().to_str().expect("text")))
        };
        all_processes().filter(lives_on).collect()
    }

    /// The servers on the cluster in that data folder: one, or something is very wrong.
    pub(crate) fn postmasters(&self, data: &str) -> Vec<u32> {
        let home = self.at(data).join("postgres").display().to_string();
        let is_one = |pid: &u32| {
            let words = command_line(*pid);
            words.first().is_some_and(|program| program.ends_with("/postgres")) && words.contains(&home)
        };
        let alike: Vec<u32> = all_processes().filter(is_one).collect();
        // A server's child looks like its parent for a moment.
        alike
            .iter()
            .copied()
            .filter(|pid| parent(*pid).is_none_or(|parent| !alike.contains(&parent)))
            .collect()
    }

    /// The one server on the cluster in that data folder.
    pub(crate) fn postmaster(&self, data: &str) -> u32 {
        let found = self.postmasters(data);
        let [one] = found[..] else { panic!("there is not one server but {found:?}") };
        one
    }

    /// The database in that data folder, for the test's own SQL.
    pub(crate) fn database_url(&self, data: &str) -> String {
        let socket = self.at(data).join("run");
        format!("postgres://fuldmagt@localhost:5432/fuldmagt?host={}&sslmode=disable", socket.display())
    }

    /// Waits until no process lives on it.
    pub(crate) fn wait_until_left(&self) {
        until("no process lives on the folder", || self.processes().is_empty());
    }

    fn note_logs(folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("postgres.log") {
                let text = std::fs::read(entry.path()).expect("a log can be read");
                note_output(LOGS, &String::from_utf8_lossy(&text));
            } else if entry.path().is_dir() && !name.starts_with("postgres") {
                Self::note_logs(&entry.path());
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.wait_until_left();
        }
        Self::note_logs(self.0.path());
    }
}

fn all_processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").expect("there is a /proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// `None` for a process that has ended.
fn parent(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// Empty for a process that has ended, or is none of ours.
fn command_line(pid: u32) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}
