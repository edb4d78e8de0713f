//! A service that runs as a child process.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use fuldmagt_tests::fixtures::{note_keys, note_secret};
use fuldmagt_tests::output::note_output;

use super::folder::Folder;
use super::program::{Finished, Program, Running, fuldmagt};

/// Where the metrics of all services go, for the search at the end.
const METRICS: &str = "metrics.program.txt";

/// A service that answers. It is killed when this is dropped.
pub(crate) struct Serving {
    pub(crate) program: Running,
    /// Where gRPC is served.
    pub(crate) grpc: SocketAddr,
    /// Where metrics are served.
    pub(crate) internal: SocketAddr,
}

/// `fuldmagt serve` on free ports.
pub(crate) fn serve(args: &[&str]) -> Program {
    let free = ["serve", "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"];
    fuldmagt(free.iter().chain(args))
}

/// A service with a Postgres of its own in `data`, for everybody on this machine.
pub(crate) fn serve_embedded(folder: &Folder, args: &[&str]) -> Serving {
    let data = folder.arg("data");
    let own = ["--dev-plaintext", "--data-dir", &data];
    let serving = Serving::start(serve(&[&own, args].concat()));
    note_keys(&folder.at("data/keyring.json"));
    serving
}

/// A service on a database, for clients with certificates in `certs`, as the set-up commands make all of it.
pub(crate) fn serve_mtls(folder: &Folder, database_url: &str) -> Serving {
    let keyring = folder.arg("keyring.json");
    for set_up in [vec!["dev-certs", "--out", &folder.arg("certs")], vec!["new-keyring", &keyring]] {
        let made = fuldmagt(&set_up).run();
        assert_eq!(made.code, Some(0), "{made:?}");
    }
    note_private_keys(&folder.at("certs"));
    note_keys(&folder.at("keyring.json"));
    let program = serve(&["--config", &folder.arg("certs/fuldmagt.toml"), "--data-dir", &folder.arg("data")]);
    Serving::start(program.env("FULDMAGT_DATABASE__URL", database_url).env("FULDMAGT_KEYRING_FILE", keyring))
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

impl Serving {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(program: Program) -> Self {
        let program = program.start();
        let ready = program.wait_for(": ready grpc=");
        let address = |name: &str| {
            let value = ready.split_whitespace().find_map(|word| word.strip_prefix(name));
            value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {ready}"))
        };
        let (grpc, internal) = (address("grpc="), address("internal="));
        Self { program, grpc, internal }
    }

    /// Asks it to end, as a supervisor does, and waits for that.
    pub(crate) fn stop(self) -> Finished {
        note_output(METRICS, &self.metrics());
        self.program.signal("TERM");
        self.program.wait()
    }

    /// Gives it no chance to do anything.
    pub(crate) fn kill(self) -> Finished {
        self.program.signal("KILL");
        self.program.wait()
    }

    /// Its metrics as text.
    pub(crate) fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.internal).expect("the internal listener answers");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    }
}
