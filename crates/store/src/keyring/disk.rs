//! Reading and writing the keyring's file: for its owner only, all of it or nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Error, MAX_FILE_BYTES};
use crate::crypt;

/// The whole file, after a look at who else may use it.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let file = File::open(path).map_err(|source| failed(path, "cannot be opened", source))?;
    // Of the file that is open, not of whatever has the name by now.
    let metadata = file.metadata().map_err(|source| failed(path, "cannot be examined", source))?;
    if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES as u64 {
        return Err(Error::NotAKeyring { path: path.to_owned() });
    }
    refuse_exposed(path, &metadata)?;
    // Room for all of it and one more, so that growing leaves no copy behind and a file that grew is noticed.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES + 1));
    file.take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| failed(path, "cannot be read", source))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Error::NotAKeyring { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Writes a file that was not there. It appears under its name with all its contents or not at all: it is
/// written and flushed under another name and then linked, which fails if the name is taken.
pub(super) fn write_new(path: &Path, contents: &[u8]) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let name = format!(".keyring-{:016x}.tmp", u64::from_be_bytes(crypt::random()?));
    let draft = Draft(folder.join(name));
    write_draft(&draft.0, contents).map_err(|source| failed(&draft.0, "cannot be written", source))?;
    fs::hard_link(&draft.0, path).map_err(|source| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            Error::Exists { path: path.to_owned() }
        } else {
            failed(path, "cannot be linked", source)
        }
    })?;
    drop(draft);
    flush_folder(folder).map_err(|source| failed(folder, "cannot be flushed", source))
}

/// A file that is gone when this is, however the writing ends.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing to be done about it: the name is of no use to anyone, and the file is its owner's only.
        let _ = fs::remove_file(&self.0);
    }
}

fn write_draft(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

/// Makes the new name survive a power cut.
#[cfg(unix)]
fn flush_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn flush_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Error::Exposed { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

fn failed(path: &Path, doing: &'static str, source: io::Error) -> Error {
    Error::Io { path: path.to_owned(), doing, source }
}
