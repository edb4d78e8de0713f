//! The certificates of all worlds of a process, and the list of clients.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fuldmagt_service::certificates::{Authority, Issued, Subject};
use fuldmagt_service::clients::{Role, fingerprint_hex};
use fuldmagt_service::clock::{Clock as _, IdSource as _, RandomIds, SystemClock};

use crate::fixtures::note_secret;

/// A registered client. Its id is also the name by which a world knows it.
struct Registration {
    id: &'static str,
    cvr: &'static str,
    role: Role,
    purposes: &'static [&'static str],
}

const fn registration(
    id: &'static str,
    cvr: &'static str,
    role: Role,
    purposes: &'static [&'static str],
) -> Registration {
    Registration { id, cvr, role, purposes }
}

/// The CVR number of the authority whose catalogue most tests use.
pub const AUTHORITY_CVR: &str = "19552101";
/// The CVR number of the other authority.
pub const OTHER_AUTHORITY_CVR: &str = "10000009";
/// Of everybody else.
const AGENCY_CVR: &str = "34051178";

const REGISTERED: [Registration; 9] = [
    registration("authority", AUTHORITY_CVR, Role::Authority, &["case", "login"]),
    registration("other-authority", OTHER_AUTHORITY_CVR, Role::Authority, &["case"]),
    registration("front-end", AGENCY_CVR, Role::FrontEnd, &["self_service"]),
    registration("other-front-end", AGENCY_CVR, Role::FrontEnd, &["self_service"]),
    registration("caseworker-system", "20000007", Role::CaseworkerSystem, &["case"]),
    registration("register-feed", AGENCY_CVR, Role::RegisterFeed, &["feed"]),
    registration("print-vendor", AGENCY_CVR, Role::PrintVendor, &["print"]),
    registration("operator", AGENCY_CVR, Role::Operator, &["operation"]),
    registration("auditor", "20000007", Role::Auditor, &["audit"]),
];

/// Signed by the same authority, and in no list.
pub(super) const UNREGISTERED: &str = "unregistered";
/// Signed by the same authority, and naming no organisation.
pub(super) const NAMELESS: &str = "nameless";

/// One authority for the process, and what it has signed.
pub(super) struct Certificates {
    pub(super) ca_pem: String,
    server: Issued,
    clients: BTreeMap<&'static str, Issued>,
}

pub(super) static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(Certificates::make);

/// The files of one world.
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) client_ca: PathBuf,
    pub(super) clients: PathBuf,
}

impl Certificates {
    fn make() -> Self {
        // Certificates are judged by the machine's clock, whatever the clock of a world shows.
        let authority = Authority::new(SystemClock.now()).expect("an authority");
        let server = authority.server(&["localhost", "127.0.0.1"]).expect("a server's certificate");
        let registered = REGISTERED.iter().map(|client| (client.id, Some(client.cvr)));
        let clients = registered
            .chain([(UNREGISTERED, Some(AGENCY_CVR)), (NAMELESS, None)])
            .map(|(id, cvr)| {
                let subject = Subject {
                    common_name: id,
                    organisation: "Eksempelorganisation",
                    cvr,
                    system: RandomIds.random_id(),
                };
                (id, authority.client(&subject).expect("a client's certificate"))
            })
            .collect::<BTreeMap<_, _>>();
        for issued in clients.values().chain([&server, authority.issued()]) {
            issued.key_pem.lines().filter(|line| !line.starts_with("-----")).for_each(note_secret);
        }
        Self { ca_pem: authority.issued().certificate_pem.clone(), server, clients }
    }

    pub(super) fn client(&self, id: &str) -> &Issued {
        &self.clients[id]
    }

    /// Writes what a service reads at its start.
    pub(super) fn write(&self, folder: &Path) -> Files {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("a file can be written");
            path
        };
        Files {
            certificate: write("server.pem", &self.server.certificate_pem),
            key: write("server-key.pem", &self.server.key_pem),
            client_ca: write("ca.pem", &self.ca_pem),
            clients: write("clients.toml", &self.registry()),
        }
    }

    fn registry(&self) -> String {
        let mut text = String::new();
        for Registration { id, cvr, role, purposes } in &REGISTERED {
            let fingerprint = fingerprint_hex(&self.clients[id].certificate_der);
            write!(
                text,
                "[[clients]]\nid = \"{id}\"\nname = \"{id}\"\ncvr = \"{cvr}\"\nroles = [\"{role}\"]\n\
                 fingerprints = [\"{fingerprint}\"]\npurposes = {purposes:?}\n"
            )
            .expect("a string takes text");
        }
        text
    }
}
