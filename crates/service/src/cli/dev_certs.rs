//! `fuldmagt dev-certs`: everything that mTLS needs, for development.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::out;
use crate::certificates::{Authority, Issued, Subject};
use crate::clients::{Role, fingerprint_hex};
use crate::clock::{Clock as _, IdSource as _, RandomIds, SystemClock};

/// Names by which a server on this machine is called.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Everybody may read a certificate, its owner alone a key.
const CERTIFICATE_MODE: u32 = 0o644;
const KEY_MODE: u32 = 0o600;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write into this folder; it is made when it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A further name or address of the server (may be repeated); localhost is always one
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
}

/// A client for development.
struct DevClient {
    id: &'static str,
    name: &'static str,
    organisation: &'static str,
    cvr: &'static str,
    role: Role,
    purposes: &'static [&'static str],
}

/// Written last, so that it tells that all is there.
const SETTINGS_FILE: &str = "fuldmagt.toml";

/// One of each kind that is of use in development.
const CLIENTS: [DevClient; 6] = [
    DevClient {
        id: "skat",
        name: "Skatteforvaltningen, TastSelv",
        organisation: "Skatteforvaltningen",
        cvr: "19552101",
        role: Role::Authority,
        purposes: &["login", "case"],
    },
    DevClient {
        id: "borger-dk",
        name: "borger.dk, Digital Fuldmagt",
        organisation: "Digitaliseringsstyrelsen",
        cvr: "34051178",
        role: Role::FrontEnd,
        purposes: &["self_service"],
    },
    DevClient {
        id: "operator",
        name: "Drift",
        organisation: "Digitaliseringsstyrelsen",
        cvr: "34051178",
        role: Role::Operator,
        purposes: &["operation"],
    },
    DevClient {
        id: "auditor",
        name: "Eksempel Revision",
        organisation: "Eksempel Revision",
        cvr: "20000007",
        role: Role::Auditor,
        purposes: &["audit"],
    },
    DevClient {
        id: "caseworker",
        name: "Eksempel Kommune, borgerservice",
        organisation: "Eksempel Kommune",
        cvr: "10000009",
        role: Role::CaseworkerSystem,
        purposes: &["case"],
    },
    DevClient {
        id: "cpr-feed",
        name: "CPR, daglig kopi",
        organisation: "Digitaliseringsstyrelsen",
        cvr: "34051178",
        role: Role::RegisterFeed,
        purposes: &["operation"],
    },
];

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    generate(args)?;
    out::line(format_args!("Certificates for development are in {}:", args.out.display()));
    out::line("  ca.pem, ca-key.pem                  who signs them; clients check the server by ca.pem");
    out::line("  server.pem, server-key.pem          the service's own");
    for DevClient { id, name, role, .. } in &CLIENTS {
        out::line(format_args!("  {:<35} {name}: {role}", format!("{id}.pem, {id}-key.pem")));
    }
    out::line("  clients.toml                        the list of these clients");
    out::line("  fuldmagt.toml                       settings that use all of it");
    out::line(format_args!(
        "Run the service: fuldmagt serve --config {}",
        args.out.join(SETTINGS_FILE).display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Makes all of it, unless an earlier run has: its last file is there.
pub(super) fn make_missing(folder: &Path) -> anyhow::Result<()> {
    if folder.join(SETTINGS_FILE).exists() {
        return Ok(());
    }
    generate(&Args { out: folder.to_owned(), host: Vec::new(), force: true })
}

fn generate(args: &Args) -> anyhow::Result<()> {
    let hosts: Vec<&str> = HOSTS.into_iter().chain(args.host.iter().map(String::as_str)).collect();
    let files = make(&args.out, &hosts)?;
    let existing = files.iter().map(|file| args.out.join(&file.name)).find(|path| path.exists());
    if let (Some(path), false) = (existing, args.force) {
        bail!(
            "{} exists already; --force overwrites it, and clients then need their new certificates",
            path.display()
        );
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&args.out)
        .with_context(|| args.out.display().to_string())?;
    files.iter().try_for_each(|file| write(&args.out.join(&file.name), file))
}

struct File {
    name: String,
    content: String,
    mode: u32,
}

impl File {
    fn pair(name: &str, issued: &Issued) -> [Self; 2] {
        let certificate = issued.certificate_pem.clone();
        [
            Self { name: format!("{name}.pem"), content: certificate, mode: CERTIFICATE_MODE },
            Self { name: format!("{name}-key.pem"), content: issued.key_pem.clone(), mode: KEY_MODE },
        ]
    }
}

/// Makes everything, in memory: either all is written or the first file says why not.
fn make(folder: &Path, hosts: &[&str]) -> anyhow::Result<Vec<File>> {
    let authority = Authority::new(SystemClock.now())?;
    let mut files = Vec::from(File::pair("ca", authority.issued()));
    files.extend(File::pair("server", &authority.server(hosts).context("the server's certificate")?));
    let mut registry = "# Clients for development, made by `fuldmagt dev-certs`.\n".to_owned();
    for client in &CLIENTS {
        let issued = authority.client(&Subject {
            common_name: client.name,
            organisation: client.organisation,
            cvr: Some(client.cvr),
            system: RandomIds.random_id(),
        })?;
        entry(&mut registry, client, &fingerprint_hex(&issued.certificate_der))?;
        files.extend(File::pair(client.id, &issued));
    }
    files.push(File { name: "clients.toml".to_owned(), content: registry, mode: CERTIFICATE_MODE });
    let settings = settings(&std::path::absolute(folder)?)?;
    files.push(File { name: SETTINGS_FILE.to_owned(), content: settings, mode: CERTIFICATE_MODE });
    Ok(files)
}

fn entry(registry: &mut String, client: &DevClient, fingerprint: &str) -> std::fmt::Result {
    let DevClient { id, name, cvr, role, purposes, .. } = client;
    write!(
        registry,
        "\n[[clients]]\nid = \"{id}\"\nname = \"{name}\"\ncvr = \"{cvr}\"\nfingerprints = [\"{fingerprint}\"]\n\
         roles = [\"{role}\"]\npurposes = {purposes:?}\n"
    )
}

fn settings(folder: &Path) -> anyhow::Result<String> {
    let path = |name: &str| -> anyhow::Result<String> {
        // A JSON string is a TOML string too.
        let path = folder.join(name);
        Ok(serde_json::to_string(path.to_str().context("the folder's name is not UTF-8")?)?)
    };
    Ok(format!(
        "# Settings for development, made by `fuldmagt dev-certs`.\nclients_file = {}\nreflection = true\n\n\
         [tls]\ncertificate = {}\nkey = {}\nclient_ca = {}\n",
        path("clients.toml")?,
        path("server.pem")?,
        path("server-key.pem")?,
        path("ca.pem")?,
    ))
}

fn write(path: &Path, file: &File) -> anyhow::Result<()> {
    let write = || {
        // Anew, so that the mode is the one meant for it.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut new = OpenOptions::new().write(true).create_new(true).mode(file.mode).open(path)?;
        new.write_all(file.content.as_bytes())
    };
    write().with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::clients::Registry;
    use crate::config::{Access, Config, Sources};

    fn args(out: &Path, force: bool) -> Args {
        Args { out: out.to_owned(), host: vec!["fuldmagt.example".to_owned()], force }
    }

    #[test]
    fn what_is_made_is_a_configuration_that_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        generate(&args(folder.path(), false)).unwrap();
        let mut sources = Sources::of(&[("data_dir", "/nowhere")]);
        sources.file = Some(folder.path().join("fuldmagt.toml"));
        let config = Config::load(&sources).unwrap();
        let Access::Mtls { clients_file, .. } = config.access else { panic!() };
        let registry = Registry::read(&clients_file).unwrap();
        assert_eq!(registry.len(), CLIENTS.len());
        for client in &CLIENTS {
            let pem = std::fs::read(folder.path().join(format!("{}.pem", client.id))).unwrap();
            let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
            let found = registry.find(&pem.contents).unwrap();
            assert_eq!((found.id.as_str(), found.roles.contains(client.role)), (client.id, true));
            let key = std::fs::metadata(folder.path().join(format!("{}-key.pem", client.id))).unwrap();
            assert_eq!(key.permissions().mode() & 0o777, KEY_MODE);
        }
    }

    #[test]
    fn what_is_missing_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let ca = || std::fs::read_to_string(folder.path().join("ca.pem")).unwrap();
        // As if an earlier run had been cut off.
        std::fs::write(folder.path().join("ca.pem"), "half").unwrap();
        make_missing(folder.path()).unwrap();
        let made = ca();
        assert!(made.contains("CERTIFICATE"));
        make_missing(folder.path()).unwrap();
        assert_eq!(ca(), made);
    }

    #[test]
    fn nothing_is_overwritten_unless_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        generate(&args(folder.path(), false)).unwrap();
        let ca = || std::fs::read_to_string(folder.path().join("ca.pem")).unwrap();
        let before = ca();
        let message = generate(&args(folder.path(), false)).unwrap_err().to_string();
        assert!(message.contains("exists already"), "{message}");
        assert_eq!(ca(), before);
        generate(&args(folder.path(), true)).unwrap();
        assert_ne!(ca(), before);
    }
}
