//! A client that shares no line of code with us: Python's grpcio, generated from `proto/`, over mutual TLS.

use std::path::{Path, PathBuf};

use fuldmagt_tests::database;
use fuldmagt_tests::fixtures::{People, Person};
use serde_json::{Value, json};

use crate::process::api::in_a_month;
use crate::process::folder::Folder;
use crate::process::program::Program;
use crate::process::serving::serve_mtls;

/// The client `skat` of `dev-certs` belongs to this one.
const SKAT: &str = "19552101";

/// The interpreter with grpcio.
fn python() -> PathBuf {
    let venv = std::env::var_os("FULDMAGT_TEST_VENV").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("there is a HOME")).join(".cache/fuldmagt/venv"),
        PathBuf::from,
    );
    let python = venv.join("bin/python");
    assert!(
        python.is_file(),
        "{} is missing: `.ci/setup test` makes it (`make test` does)",
        python.display()
    );
    python
}

fn told(person: &Person) -> Value {
    json!({ "cpr": person.cpr.expose(), "uuid": person.uuid.expose(), "name": person.name.expose() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_registers_gives_checks_lists_revokes_and_reads_a_refusal() {
    let (database, folder, people) = (database().await, Folder::new(), People::starting_at(870_000));
    let serving = serve_mtls(&folder, &database.url);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir(folder.at("generated")).unwrap();
    let input = json!({
        "target": format!("localhost:{}", serving.grpc.port()),
        "certs": folder.arg("certs"),
        "proto": here.join("../proto"),
        "generated": folder.arg("generated"),
        "people": [told(&people.person()), told(&people.person())],
        "authority_cvr": SKAT,
        "last_day": in_a_month(),
    });
    let client = Program::new(&python(), ["-B", here.join("python/client.py").to_str().unwrap()]);
    let ended = client.input(&input.to_string()).run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.ends_with("every answer was as it must be\n"), "{}", ended.out);
    assert_eq!(serving.stop().code, Some(0));
}
