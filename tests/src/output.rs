//! What is kept for the search for personal data at the end of the whole suite.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Appends a line to a file in the folder `FULDMAGT_TEST_OUTPUT`, if that is set.
pub fn note_output(file: &str, text: &str) {
    let Some(folder) = std::env::var_os("FULDMAGT_TEST_OUTPUT") else { return };
    let path = Path::new(&folder).join(file);
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    let mut file = opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // In one call: several tests, and processes, append at once.
    file.write_all(format!("{text}\n").as_bytes()).expect("the file can be written");
}
