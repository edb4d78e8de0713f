//! The server's log, kept for the search for personal data.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Mutex;

use crate::output::note_output;

/// What has been written to the log is noted once.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    noted_bytes: Mutex<u64>,
}

impl Log {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, noted_bytes: Mutex::new(0) }
    }

    /// Notes what is new. Never fails: it is called where a test is cleaned up after.
    pub(super) fn note(&self) {
        let Ok(mut noted_bytes) = self.noted_bytes.lock() else { return };
        let Ok(mut file) = File::open(&self.path) else { return };
        // The log was begun anew when it had become too long.
        if file.metadata().is_ok_and(|found| found.len() < *noted_bytes) {
            *noted_bytes = 0;
        }
        let mut new = Vec::new();
        if file.seek(SeekFrom::Start(*noted_bytes)).is_ok() && file.read_to_end(&mut new).is_ok() {
            *noted_bytes += new.len() as u64;
            note_output("logs.postgres.txt", &String::from_utf8_lossy(&new));
        }
    }
}
