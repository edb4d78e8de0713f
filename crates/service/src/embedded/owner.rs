//! As whom the server runs: ourselves, or an unprivileged user when we are root, because it refuses root.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// What the server gets when the thread that started it dies: SIGINT, its fast shutdown.
const DEATH_SIGNAL: &str = "--pdeathsig=INT";
/// Who runs servers on this kind of machine; `nobody` exists everywhere.
const USERS: [&str; 2] = ["postgres", "nobody"];

#[derive(Debug, Clone)]
pub(super) enum Owner {
    /// We are no root: the server is ours. Without `setpriv` it outlives a kill, until the next start stops it.
    Ourselves { setpriv: Option<PathBuf> },
    /// We are root.
    Other { user: User, setpriv: PathBuf },
}

#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Whether what we start ends when we do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    WithUs,
    OfItsOwn,
}

/// The process's own entry belongs to its effective user.
pub(super) fn is_root() -> bool {
    our_uid() == Some(0)
}

fn our_uid() -> Option<u32> {
    std::fs::metadata("/proc/self").ok().map(|entry| entry.uid())
}

impl Owner {
    pub(super) fn detect() -> Result<Self, Error> {
        let setpriv = in_path("setpriv");
        if !is_root() {
            return Ok(Self::Ourselves { setpriv });
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let user = USERS.iter().find_map(|name| user(&users, name)).ok_or(Error::NoUser)?;
        Ok(Self::Other { user, setpriv: setpriv.ok_or(Error::NoSetpriv)? })
    }

    /// A command that runs as the owner, with nothing of our environment.
    pub(super) fn command(&self, program: &Path, life: Life) -> Command {
        let mut command = match self {
            Self::Ourselves { setpriv: Some(setpriv) } if life == Life::WithUs => {
                let mut command = Command::new(setpriv);
                command.arg(DEATH_SIGNAL).arg("--").arg(program);
                command
            }
            Self::Ourselves { .. } => Command::new(program),
            Self::Other { user, setpriv } => {
                let mut command = Command::new(setpriv);
                command.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid));
                command.arg("--clear-groups");
                if life == Life::WithUs {
                    command.arg(DEATH_SIGNAL);
                }
                command.arg("--").arg(program);
                command
            }
        };
        // The current folder may be closed to the owner, and PG* variables would change what is run.
        command.current_dir("/").env_clear();
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        command
    }

    /// Makes a folder the owner's, closed to all others.
    pub(super) fn give(&self, folder: &Path) -> io::Result<()> {
        if let Self::Other { user, .. } = self {
            chown(folder, Some(user.uid), Some(user.gid))?;
        }
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
    }

    /// Who it is, when it is not ourselves.
    pub(super) fn other(&self) -> Option<&User> {
        match self {
            Self::Ourselves { .. } => None,
            Self::Other { user, .. } => Some(user),
        }
    }

    pub(super) fn uid(&self) -> Option<u32> {
        self.other().map(|user| user.uid).or_else(our_uid)
    }
}

/// Looks a user up in the text of `/etc/passwd`.
fn user(passwd: &str, name: &str) -> Option<User> {
    let fields = passwd
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    let [_password, uid, gid] = fields.take(3).collect::<Vec<_>>().try_into().ok()?;
    Some(User { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()? })
}

/// Finds a program in PATH, or where administrators' programs are.
pub(super) fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/bin"), PathBuf::from("/bin")])
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|candidate| is_program(candidate))
}

pub(super) fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgresx:x:1:2::/:\npostgres:x:101:104::/:\n";
        let found = user(passwd, "postgres").unwrap();
        assert_eq!((found.uid, found.gid), (101, 104));
        assert!(user(passwd, "nobody").is_none());
        assert!(user("postgres:x:no:1::/:", "postgres").is_none());
    }
}
