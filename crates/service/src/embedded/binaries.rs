//! The installed server.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;
use super::owner::{in_path, is_program};

/// The oldest version whose SQL we use (`NULLS NOT DISTINCT`, `MERGE`).
const LEAST_VERSION: u32 = 15;
/// Where Debian and its relatives keep one folder per major version.
const VERSIONED: &str = "/usr/lib/postgresql";
/// More versions than this side by side is a mistake of ours, not a machine.
const MAX_CANDIDATES: usize = 32;

#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    /// The major version.
    pub(super) version: u32,
}

impl Binaries {
    /// Finds the newest server, or the one that made the cluster.
    pub(super) fn find(wanted: Option<u32>) -> Result<Self, Error> {
        let found = candidates().into_iter().filter_map(|folder| Self::at(&folder));
        match wanted {
            None => found
                .filter(|binaries| binaries.version >= LEAST_VERSION)
                .max_by_key(|binaries| binaries.version)
                .ok_or(Error::NotInstalled { least: LEAST_VERSION }),
            Some(wanted) => {
                let mut found = found.filter(|binaries| binaries.version == wanted);
                found.next().ok_or(Error::VersionMissing { wanted })
            }
        }
    }

    fn at(folder: &Path) -> Option<Self> {
        let complete =
            ["initdb", "pg_ctl", "postgres"].iter().all(|program| is_program(&folder.join(program)));
        if !complete {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder: folder.to_owned(), version })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn candidates() -> Vec<PathBuf> {
    let versioned = std::fs::read_dir(VERSIONED).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        versioned.map(|entry| entry.path().join("bin")).take(MAX_CANDIDATES).collect();
    // A link in PATH leads to the folder where the server's other programs are.
    if let Some(server) = in_path("postgres").and_then(|found| found.canonicalize().ok())
        && let Some(folder) = server.parent()
    {
        folders.push(folder.to_owned());
    }
    folders
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is 15.
fn version(printed: &str) -> Option<u32> {
    let number = printed.split_once("(PostgreSQL) ")?.1;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_prints() {
        assert_eq!(version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(version("something else 15"), None);
    }
}
