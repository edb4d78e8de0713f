//! The server's log: copied to a file that cannot grow without bound.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Two files of this size are kept: weeks of a healthy server, hours of one in trouble.
const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;
/// What is shown of the log when the server does not start.
const TAIL_BYTES: u64 = 4_000;
/// A pipe holds 64 KiB; smaller reads only cost more calls.
const CHUNK_BYTES: usize = 16 * 1024;

/// Copies everything from `source` to the file until it ends. Reads on even when the file cannot be written, because
/// a full pipe would stop the server.
pub(super) fn copy(mut source: impl Read, path: &Path) {
    let mut file = Rotating::open(path);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return,
            Ok(length) => {
                if let Ok(open) = &mut file
                    && let Some(bytes) = chunk.get(..length)
                    && let Err(error) = open.write(bytes)
                {
                    tracing::warn!(%error, "the log of the private Postgres cannot be written any more");
                    file = Err(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// The last lines of the log.
pub(super) fn tail(path: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("(the log cannot be read: {error})"))
}

struct Rotating {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Rotating {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, length })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.length >= MAX_FILE_BYTES {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            std::fs::rename(&self.path, old)?;
            *self = Self::open(&self.path)?;
        }
        self.file.write_all(bytes)?;
        self.length = self.length.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_and_the_one_before_it_are_bounded_and_nothing_older_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postgres.log");
        let much = io::repeat(b'x').take(3 * MAX_FILE_BYTES);
        copy(much.chain(&b"the end"[..]), &path);
        let files: Vec<u64> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).collect();
        assert_eq!(files.len(), 2);
        assert!(files.iter().all(|length| *length <= MAX_FILE_BYTES + CHUNK_BYTES as u64));
        assert!(tail(&path).ends_with("the end"));
    }
}
