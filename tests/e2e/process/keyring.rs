//! Keys that are wrong stop the start: a service with other keys would register everybody a second time.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use fuldmagt_tests::fixtures::{Keyring, note_keys};
use fuldmagt_tests::{TestDatabase, database};

use super::folder::Folder;
use super::program::{Finished, fuldmagt};
use super::serving::serve;

fn serve_with(database: &TestDatabase, keyring: &Keyring) -> Finished {
    let program = serve(&["--dev-plaintext", "--data-dir", "/nowhere"]);
    let program = program.env("FULDMAGT_DATABASE__URL", &database.url);
    program.env("FULDMAGT_KEYRING_FILE", keyring.path()).run()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_is_not_the_databases_stops_the_start() {
    let (database, own, other) = (database().await, Keyring::generate(), Keyring::generate());
    let migrate = fuldmagt(["migrate", "--dev-plaintext", "--data-dir", "/nowhere"]);
    let migrate = migrate.env("FULDMAGT_DATABASE__URL", &database.url);
    assert_eq!(migrate.env("FULDMAGT_KEYRING_FILE", own.path()).run().code, Some(0));

    let refused = serve_with(&database, &other);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let why = "the keyring's index key is not the one this database was filled with";
    assert_eq!(refused.err.matches(why).count(), 1, "{}", refused.err);
    assert!(!refused.err.contains("ready grpc="), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_others_may_read_stops_the_start() {
    let (database, keyring) = (database().await, Keyring::generate());
    std::fs::set_permissions(keyring.path(), Permissions::from_mode(0o644)).unwrap();
    let refused = serve_with(&database, &keyring);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let why =
        format!("keyring file {} has mode 0644: others than its owner may use it", keyring.path().display());
    assert!(refused.err.contains(&why), "{}", refused.err);
}

/// New keys in a place that may be thrown away would lose what they encrypt: so they are made only beside the data.
#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_is_missing_is_not_made_where_the_data_is_elsewhere() {
    let (database, folder) = (database().await, Folder::new());
    let certs = folder.arg("certs");
    assert_eq!(fuldmagt(["dev-certs", "--out", &certs]).run().code, Some(0));
    let missing = folder.arg("keyring.json");
    let program = serve(&["--config", &folder.arg("certs/fuldmagt.toml"), "--data-dir", &folder.arg("data")]);
    let program = program.env("FULDMAGT_DATABASE__URL", &database.url).env("FULDMAGT_KEYRING_FILE", &missing);
    let refused = program.run();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains(&format!("keyring file {missing}: cannot be opened")), "{}", refused.err);
    assert!(!folder.at("keyring.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_development_a_missing_keyring_is_made_for_its_owner_only_with_its_folder() {
    let (database, folder) = (database().await, Folder::new());
    let migrate = fuldmagt(["migrate", "--dev-plaintext", "--data-dir", &folder.arg("some/data")]);
    let made = migrate.env("FULDMAGT_DATABASE__URL", &database.url).run();
    assert_eq!(made.code, Some(0), "{made:?}");
    note_keys(&folder.at("some/data/keyring.json"));
    for (path, wanted) in [("some/data", 0o700), ("some/data/keyring.json", 0o600)] {
        let mode = std::fs::metadata(folder.at(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, wanted, "{path}");
    }
}
