//! The committed generated code is what `proto/` says.
//!
//! With `FULDMAGT_REGENERATE=1` (`make proto`) the code is written instead of compared.

use std::{collections::BTreeMap, fs, path::Path};

use prost::Message as _;

const SOURCES: &[&str] = &[
    "fuldmagt/v1/catalogue_service.proto",
    "fuldmagt/v1/delegation_service.proto",
    "fuldmagt/v1/notice_service.proto",
    "fuldmagt/v1/paper_service.proto",
    "fuldmagt/v1/party_service.proto",
    "fuldmagt/v1/query_service.proto",
];

fn generate(into: &Path) {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let descriptors = protox::compile(SOURCES, [&proto]).expect("the proto files compile");
    // Source positions are for the generator's comments only; the server's reflection does without.
    let mut bare = descriptors.clone();
    for file in &mut bare.file {
        file.source_code_info = None;
    }
    fs::write(into.join("descriptors.binpb"), bare.encode_to_vec()).expect("descriptors are written");
    tonic_prost_build::configure()
        .out_dir(into)
        .emit_rerun_if_changed(false)
        .compile_fds(descriptors)
        .expect("code is generated");
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                fs::read(&path).expect("a file"),
            )
        })
        .collect()
}

#[test]
fn the_committed_code_is_what_the_proto_files_generate() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    if std::env::var_os("FULDMAGT_REGENERATE").is_some() {
        generate(&committed);
        return;
    }
    let fresh = tempfile::tempdir().expect("a temporary folder");
    generate(fresh.path());
    let (fresh, committed) = (contents(fresh.path()), contents(&committed));
    assert_eq!(fresh.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>(), "run `make proto`");
    for (name, bytes) in &fresh {
        assert!(committed.get(name) == Some(bytes), "{name} differs from the proto files: run `make proto`");
    }
}

#[test]
fn every_proto_file_of_a_service_is_generated_from() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/fuldmagt/v1");
    let services: Vec<String> = contents(&folder)
        .into_keys()
        .filter(|name| name.ends_with("_service.proto"))
        .map(|name| format!("fuldmagt/v1/{name}"))
        .collect();
    assert_eq!(services, SOURCES);
}
