//! Certificates for the run over mTLS: a server, and one client that may do what the development client may.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fuldmagt_service::certificates::{Authority, Subject};
use fuldmagt_service::clients::{RoleSet, fingerprint_hex};
use fuldmagt_service::clock::{Clock as _, IdSource as _, RandomIds, SystemClock};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::questions::{ASKING, PURPOSE};

/// The name on the server's certificate.
const HOST: &str = "localhost";

/// Both sides of mTLS.
pub(crate) struct Mtls {
    /// Arguments of `fuldmagt serve`.
    pub(crate) server: Vec<String>,
    pub(crate) client: ClientTlsConfig,
}

impl Mtls {
    /// Makes them, in that folder.
    pub(crate) fn make(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let authority = Authority::new(SystemClock.now())?;
        let server = authority.server(&[HOST])?;
        let cvr = ASKING.authority();
        let client = authority.client(&Subject {
            common_name: "Speed",
            organisation: "Speed",
            cvr: Some(cvr.expose()),
            system: RandomIds.random_id(),
        })?;
        let mut roles = String::new();
        for role in RoleSet::all().iter() {
            write!(roles, "\"{role}\",")?;
        }
        let clients = format!(
            "[[clients]]\nid = \"speed\"\nname = \"Speed\"\ncvr = \"{}\"\nfingerprints = [\"{}\"]\nroles = [{roles}]\n\
             purposes = [\"{PURPOSE}\"]\n",
            cvr.expose(),
            fingerprint_hex(&client.certificate_der),
        );
        let mut arguments = Vec::new();
        for (setting, name, text) in [
            ("clients_file", "clients.toml", &clients),
            ("tls.certificate", "server.pem", &server.certificate_pem),
            ("tls.key", "server-key.pem", &server.key_pem),
            ("tls.client_ca", "ca.pem", &authority.issued().certificate_pem),
        ] {
            let path = folder.join(name);
            fs::write(&path, text)?;
            arguments.push(format!("--set={setting}={}", path.display()));
        }
        let client = ClientTlsConfig::new()
            .domain_name(HOST)
            .ca_certificate(Certificate::from_pem(&authority.issued().certificate_pem))
            .identity(Identity::from_pem(client.certificate_pem, client.key_pem));
        Ok(Self { server: arguments, client })
    }
}
