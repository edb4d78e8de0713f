//! What the program says, for the search for personal data at the end; and what must not be found there.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use fuldmagt_tests::fixtures::note_secret;

/// Appends to a file in the folder `FULDMAGT_TEST_OUTPUT`, if that is set.
pub(crate) fn note_output(file: &str, text: &str) {
    let Some(folder) = std::env::var_os("FULDMAGT_TEST_OUTPUT") else { return };
    let path = Path::new(&folder).join(file);
    let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("the output can be written");
    // In one call: several tests append at once.
    file.write_all(format!("{text}\n").as_bytes()).expect("the output can be written");
}

/// Every key of a keyring that the program made is a secret.
pub(crate) fn note_keyring(path: &Path) {
    let text = std::fs::read_to_string(path).expect("the keyring can be read");
    let document: serde_json::Value = serde_json::from_str(&text).expect("the keyring is JSON");
    let wrapping = document["wrapping_keys"].as_array().into_iter().flatten().map(|entry| &entry["key"]);
    for key in wrapping.chain([&document["index_key"], &document["token_key"]]) {
        note_secret(key.as_str().expect("a key is a text"));
    }
}

/// Every private key in the folder of certificates is a secret.
pub(crate) fn note_private_keys(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder can be listed").flatten() {
        if entry.file_name().to_string_lossy().ends_with("-key.pem") {
            let text = std::fs::read_to_string(entry.path()).expect("the key can be read");
            text.lines().filter(|line| !line.starts_with("-----")).for_each(note_secret);
        }
    }
}
