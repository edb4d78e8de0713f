//! A configuration that cannot be used: exit code 64, and a message that names the key and where its value came from,
//! before anything is done.

use std::net::TcpListener;

use super::folder::Folder;
use super::program::{Finished, Program, fuldmagt};

/// An address that is taken: whoever tries to listen there fails in another way than by its configuration.
struct Taken(TcpListener);

impl Taken {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    fn address(&self) -> String {
        self.0.local_addr().expect("it has one").to_string()
    }
}

/// `serve` in that folder and on taken addresses, with further arguments.
fn serve(folder: &Folder, taken: &Taken, args: &[&str]) -> Program {
    let (data, address) = (folder.arg("data"), taken.address());
    let own = ["serve", "--data-dir", &data, "--internal-listen", &address];
    let listens = args.contains(&"--listen");
    let listen: &[&str] = if listens { &[] } else { &["--listen", &address] };
    fuldmagt([&own, listen, args].concat())
}

/// Nothing was done, and each of these is in the message.
fn assert_refused(folder: &Folder, ended: &Finished, wanted: &[&str]) {
    assert_eq!(ended.code, Some(64), "{ended:?}");
    assert!(ended.err.starts_with("fuldmagt: the configuration cannot be used:\n"), "{}", ended.err);
    for text in wanted {
        assert!(ended.err.contains(text), "`{text}` is not in\n{}", ended.err);
    }
    assert!(!folder.at("data").exists(), "a data folder was made");
    assert_eq!(folder.processes(), [0; 0]);
}

#[test]
fn a_key_that_does_not_exist_is_named_with_its_file() {
    let (folder, taken) = (Folder::new(), Taken::new());
    let file = folder.file("settings.toml", "dev_plaintext = true\n[limits]\nmax_conections = 5\n");
    let ended = serve(&folder, &taken, &["--config", &file]).run();
    let source = format!("limits.max_conections (file {file}): there is no such key");
    assert_refused(&folder, &ended, &[&source, "max_connections"]);
}

#[test]
fn a_variable_that_does_not_exist_is_named() {
    let (folder, taken) = (Folder::new(), Taken::new());
    let program = serve(&folder, &taken, &["--dev-plaintext"]).env("FULDMAGT_LIMITS__MAX_CONECTIONS", "5");
    let source =
        "limits.max_conections (environment variable FULDMAGT_LIMITS__MAX_CONECTIONS): there is no such key";
    assert_refused(&folder, &program.run(), &[source]);
}

#[test]
fn every_wrong_value_of_a_flag_is_named_with_what_would_be_right() {
    let (folder, taken) = (Folder::new(), Taken::new());
    let wrong = ["--set", "limits.max_connections=0", "--set", "telemetry.log_filter=a=b=c"];
    let ended = serve(&folder, &taken, &[&["--dev-plaintext"], &wrong[..]].concat()).run();
    let number =
        "limits.max_connections (flag --set limits.max_connections): must be from 1 to 100000, not 0";
    let filter = "telemetry.log_filter (flag --set telemetry.log_filter)";
    assert_refused(&folder, &ended, &[number, filter]);
}

#[test]
fn no_tls_on_an_address_that_others_can_reach_is_refused() {
    let (folder, taken) = (Folder::new(), Taken::new());
    let port = taken.address().replace("127.0.0.1", "0.0.0.0");
    let ended = serve(&folder, &taken, &["--dev-plaintext", "--listen", &port]).run();
    let listen =
        format!("listen (flag --listen): dev_plaintext serves loopback addresses only, and {port} is none");
    assert_refused(&folder, &ended, &[&listen]);
}

#[test]
fn certificate_files_that_are_not_there_are_named() {
    let (folder, taken) = (Folder::new(), Taken::new());
    let ended = serve(&folder, &taken, &[]).run();
    assert_refused(&folder, &ended, &["tls.certificate", "tls.key", "tls.client_ca", "fuldmagt dev-certs"]);

    let missing = folder.arg("missing.pem");
    let tls = format!("[tls]\ncertificate = {missing:?}\nkey = {missing:?}\nclient_ca = {missing:?}\n");
    let file = folder.file("settings.toml", &format!("clients_file = {missing:?}\n{tls}"));
    let ended = serve(&folder, &taken, &["--config", &file]).run();
    for key in ["tls.certificate", "tls.key", "tls.client_ca", "clients_file"] {
        assert_refused(&folder, &ended, &[&format!("{key} (file {file}): {missing} cannot be read")]);
    }
}

#[test]
fn a_password_in_a_wrong_url_is_not_repeated() {
    let (folder, taken) = (Folder::new(), Taken::new());
    let url = "mysql://fuldmagt:Vinterkartoffel@localhost/fuldmagt";
    fuldmagt_tests::fixtures::note_secret("Vinterkartoffel");
    let ended = serve(&folder, &taken, &["--dev-plaintext"]).env("FULDMAGT_DATABASE__URL", url).run();
    let source = "database.url (environment variable FULDMAGT_DATABASE__URL): must begin with postgres://";
    assert_refused(&folder, &ended, &[source]);
    assert!(!ended.err.contains("Vinterkartoffel"));
}

#[test]
fn a_flag_that_does_not_exist_is_wrong_usage() {
    let ended = fuldmagt(["serve", "--dev-plain"]).run();
    assert_eq!(ended.code, Some(64), "{ended:?}");
    assert!(ended.err.contains("--dev-plaintext"), "{}", ended.err);
}
