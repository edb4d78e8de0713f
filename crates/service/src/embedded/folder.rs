//! The folders: made, and open to the server's user where they must be.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::owner::{Owner, User};
use super::{Error, PORT};

/// The kernel takes 107 bytes for a socket's path; some client libraries a few less.
const MAX_SOCKET_PATH_BYTES: usize = 100;

/// Makes the data folder, and lets the server's user through to what is its own in there. Only as much is opened
/// as that needs: passage for one group, no listing.
pub(super) fn prepare(data_dir: &Path, owner: &Owner) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(if owner.other().is_some() { 0o755 } else { 0o700 });
    if !data_dir.is_dir() {
        builder.create(data_dir).map_err(Error::file("cannot make", data_dir))?;
        let closed = std::fs::set_permissions(data_dir, Permissions::from_mode(0o700));
        closed.map_err(Error::file("cannot close", data_dir))?;
    }
    let Some(user) = owner.other() else { return Ok(()) };
    let own = metadata(data_dir)?;
    if !passable(&own, user) {
        let opened = chown(data_dir, None, Some(user.gid)).and_then(|()| {
            std::fs::set_permissions(data_dir, Permissions::from_mode(own.mode() & 0o7700 | 0o010))
        });
        opened.map_err(Error::file("cannot change the mode of", data_dir))?;
    }
    let real = data_dir.canonicalize().map_err(Error::file("cannot find", data_dir))?;
    for folder in real.ancestors() {
        if !passable(&metadata(folder)?, user) {
            return Err(Error::Unreachable { folder: folder.to_owned(), user: user.name.clone() });
        }
    }
    Ok(())
}

fn metadata(folder: &Path) -> Result<Metadata, Error> {
    std::fs::metadata(folder).map_err(Error::file("cannot look at", folder))
}

fn passable(folder: &Metadata, user: &User) -> bool {
    let bit = if folder.uid() == user.uid {
        0o100
    } else if folder.gid() == user.gid {
        0o010
    } else {
        0o001
    };
    folder.mode() & bit != 0
}

/// The folder of the socket: in the data folder, or a short one elsewhere when the path would be too long.
pub(super) fn socket_dir(data_dir: &Path, owner: &Owner) -> Result<PathBuf, Error> {
    let usual = data_dir.join("run");
    let folder = if fits(&usual) { usual } else { short_dir(data_dir, owner) };
    let made = DirBuilder::new().mode(0o700).create(&folder);
    if let Err(error) = made
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(Error::file("cannot make", &folder)(error));
    }
    // Elsewhere is a place where others may write too: what is there under our name must be a real folder, ours.
    let found = std::fs::symlink_metadata(&folder).map_err(Error::file("cannot look at", &folder))?;
    let ours = [owner.uid(), std::fs::metadata("/proc/self").ok().map(|entry| entry.uid())];
    if !found.is_dir() || !ours.contains(&Some(found.uid())) {
        let other = std::io::Error::other("it is somebody else's");
        return Err(Error::file("cannot use", &folder)(other));
    }
    owner.give(&folder).map_err(Error::file("cannot give away", &folder))?;
    Ok(folder)
}

/// Takes away what a killed server left in the folder of its socket, whose name would stop the next one: the number in
/// the lock file may be another program's by now, or that of the dead server itself, whom nobody has waited for yet.
/// The caller knows that no server uses the cluster.
pub(super) fn remove_left_over_socket(folder: &Path) -> Result<(), Error> {
    for name in [format!("{}.lock", socket_name()), socket_name()] {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::file("cannot remove", &path)(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

fn fits(folder: &Path) -> bool {
    folder.join(socket_name()).as_os_str().len() < MAX_SOCKET_PATH_BYTES
}

fn short_dir(data_dir: &Path, owner: &Owner) -> PathBuf {
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let parent = if owner.other().is_some() { "/run" } else { "/tmp" };
    Path::new(parent).join(format!("fuldmagt-{hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_long_path_gets_a_short_one_of_its_own() {
        let owner = Owner::Ourselves { setpriv: None };
        let long = PathBuf::from(format!("/{}", "x".repeat(120)));
        let other = PathBuf::from(format!("/{}", "y".repeat(120)));
        assert!(!fits(&long.join("run")));
        assert!(fits(&short_dir(&long, &owner)));
        assert_eq!(short_dir(&long, &owner), short_dir(&long, &owner));
        assert_ne!(short_dir(&long, &owner), short_dir(&other, &owner));
    }

    #[test]
    fn a_user_passes_by_the_bit_that_is_meant_for_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let own = std::fs::metadata(folder.path()).unwrap();
        let user = |uid, gid| User { name: "somebody".to_owned(), uid, gid };
        assert!(passable(&own, &user(own.uid(), 0)));
        assert!(!passable(&own, &user(own.uid() + 1, own.gid() + 1)));
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o710)).unwrap();
        let own = std::fs::metadata(folder.path()).unwrap();
        assert!(passable(&own, &user(own.uid() + 1, own.gid())));
        assert!(!passable(&own, &user(own.uid() + 1, own.gid() + 1)));
    }
}
