//! The commands that prepare: help, migrations, certificates, keys.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fuldmagt_tests::database;
use fuldmagt_tests::fixtures::{Keyring, note_keys};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::folder::Folder;
use super::program::fuldmagt;
use super::serving::note_private_keys;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn every_command_tells_its_purpose() {
    for (command, purpose) in [
        (vec![], "who may act for whom towards public authorities"),
        (vec!["serve"], "Run the service"),
        (vec!["migrate"], "schema"),
        (vec!["dev-certs"], "certificates"),
        (vec!["new-keyring"], "keys"),
        (vec!["demo"], "end to end"),
        (vec!["check"], "Ends with 0 for yes, with 3 for no"),
        (vec!["give"], "Give a delegation"),
        (vec!["revoke"], "Revoke or renounce a delegation"),
        (vec!["list"], "List delegations"),
    ] {
        let ended = fuldmagt(command.iter().chain(&["--help"])).run();
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{command:?}");
        assert!(ended.out.contains(purpose), "{command:?}:\n{}", ended.out);
        assert!(ended.out.contains("Usage: fuldmagt"), "{command:?}:\n{}", ended.out);
    }
    let version = fuldmagt(["--version"]).run();
    assert_eq!((version.code, version.out), (Some(0), format!("fuldmagt {}\n", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_makes_the_schema_of_an_empty_database_and_finds_it_the_second_time() {
    let (database, keyring, folder) = (database().await, Keyring::generate(), Folder::new());
    let name = format!("{}_empty", database.name);
    let create = format!("create database {name} template template0");
    database.pool.execute(AssertSqlSafe(create)).await.unwrap();
    let url = database.url.replacen(&database.name, &name, 1);
    for _ in 0..2 {
        let program = fuldmagt(["migrate", "--dev-plaintext", "--data-dir", &folder.arg("data")]);
        let program =
            program.env("FULDMAGT_DATABASE__URL", &url).env("FULDMAGT_KEYRING_FILE", keyring.path());
        let ended = program.run();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), "The database is up to date.\n"), "{ended:?}");
        let mut session = PgConnection::connect(&url).await.unwrap();
        let head = sqlx::query_scalar::<_, i64>("select revision from feed_head");
        assert_eq!(head.fetch_one(&mut session).await.unwrap(), 0);
        session.close().await.unwrap();
    }
    database.pool.execute(AssertSqlSafe(format!("drop database {name} with (force)"))).await.unwrap();
}

#[test]
fn migrate_without_a_database_makes_a_private_one_and_leaves_nothing_running() {
    let folder = Folder::new();
    let ended = fuldmagt(["migrate", "--dev-plaintext", "--data-dir", &folder.arg("data")]).run();
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "The database is up to date.\n"), "{ended:?}");
    note_keys(&folder.at("data/keyring.json"));
    assert!(folder.at("data/postgres/PG_VERSION").exists());
    assert_eq!(folder.processes(), [0; 0]);
}

#[test]
fn dev_certs_makes_certificates_for_all_to_read_and_keys_for_their_owner_and_overwrites_nothing() {
    let folder = Folder::new();
    let make = |force: &[&str]| {
        let ended = fuldmagt([&["dev-certs", "--out", &folder.arg("certs")], force].concat()).run();
        note_private_keys(&folder.at("certs"));
        ended
    };
    let made = make(&[]);
    assert_eq!(made.code, Some(0), "{made:?}");
    for name in ["ca", "server", "skat", "borger-dk", "operator", "auditor", "caseworker"] {
        assert_eq!(mode(&folder.at("certs").join(format!("{name}.pem"))), 0o644, "{name}");
        assert_eq!(mode(&folder.at("certs").join(format!("{name}-key.pem"))), 0o600, "{name}");
        assert!(made.out.contains(&format!("{name}-key.pem")), "{}", made.out);
    }
    for name in ["clients.toml", "fuldmagt.toml"] {
        assert_eq!(mode(&folder.at("certs").join(name)), 0o644, "{name}");
    }

    let authority = || std::fs::read_to_string(folder.at("certs/ca.pem")).unwrap();
    let before = authority();
    let refused = make(&[]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
    assert!(
        refused.err.contains(&format!("{}/ca.pem exists already", folder.arg("certs"))),
        "{}",
        refused.err
    );
    assert_eq!(authority(), before);
    assert_eq!(make(&["--force"]).code, Some(0));
    assert_ne!(authority(), before);
}

#[test]
fn new_keyring_makes_one_for_its_owner_only_and_overwrites_nothing() {
    let folder = Folder::new();
    let path = folder.arg("keyring.json");
    let made = fuldmagt(["new-keyring", &path]).run();
    note_keys(Path::new(&path));
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(mode(Path::new(&path)), 0o600);
    let before = std::fs::read_to_string(&path).unwrap();
    let refused = fuldmagt(["new-keyring", &path]).run();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains(&format!("keyring file {path} exists already")), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.at("")).unwrap().count(), 1, "something else was left in the folder");
}
