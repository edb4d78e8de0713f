//! Who a caller is, by its certificate.

use tonic::transport::{Certificate, ClientTlsConfig};
use uuid::Uuid;

use super::*;
use crate::certificates::{Authority, Issued, Subject};
use crate::clients::fingerprint_hex;
use crate::clock::{Clock as _, SystemClock};

/// A folder with the files of mTLS, and the certificates to connect with.
struct Mtls {
    folder: tempfile::TempDir,
    authority: Authority,
    registered: Issued,
    unregistered: Issued,
}

impl Mtls {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(SystemClock.now()).unwrap();
        let server = authority.server(&["localhost"]).unwrap();
        let client = |cvr| {
            let subject = Subject {
                common_name: "A system",
                organisation: "An organisation",
                cvr,
                system: Uuid::from_u128(7),
            };
            authority.client(&subject).unwrap()
        };
        let (registered, unregistered) = (client(Some("34051178")), client(Some("34051178")));
        let clients = format!(
            "[[clients]]\nid = 'one'\nname = 'One'\ncvr = '34051178'\nfingerprints = ['{}']\nroles = ['authority']\n",
            fingerprint_hex(&registered.certificate_der)
        );
        for (name, text) in [
            ("ca.pem", &authority.issued().certificate_pem),
            ("server.pem", &server.certificate_pem),
            ("server-key.pem", &server.key_pem),
            ("clients.toml", &clients),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self { folder, authority, registered, unregistered }
    }

    async fn start(&self) -> Started {
        let path = |name| self.folder.path().join(name).to_str().unwrap().to_owned();
        start(&[
            ("tls.certificate", &path("server.pem")),
            ("tls.key", &path("server-key.pem")),
            ("tls.client_ca", &path("ca.pem")),
            ("clients_file", &path("clients.toml")),
        ])
        .await
    }

    async fn who(
        &self,
        started: &Started,
        identity: Option<&Issued>,
    ) -> Result<String, tonic::transport::Error> {
        let mut tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&self.authority.issued().certificate_pem))
            .domain_name("localhost");
        if let Some(issued) = identity {
            let identity = tonic::transport::Identity::from_pem(&issued.certificate_pem, &issued.key_pem);
            tls = tls.identity(identity);
        }
        let endpoint =
            Endpoint::from_shared(format!("https://{}", started.server.address()))?.tls_config(tls)?;
        let channel = endpoint.connect().await?;
        let response = channel.clone().ready().await?.call(request("Who", &[], 0)).await?;
        Ok(Status::from_header_map(response.headers()).unwrap().message().to_owned())
    }
}

#[tokio::test]
async fn a_caller_is_known_by_its_certificate_and_others_reach_the_rpc_with_the_reason_why_not() {
    let mtls = Mtls::new();
    let started = mtls.start().await;
    assert_eq!(mtls.who(&started, Some(&mtls.registered)).await.unwrap(), "one");
    assert_eq!(mtls.who(&started, None).await.unwrap(), "CertificateMissing");
    assert_eq!(mtls.who(&started, Some(&mtls.unregistered)).await.unwrap(), "NotRegistered");
}

#[tokio::test]
async fn a_certificate_of_another_authority_gets_no_connection() {
    let mtls = Mtls::new();
    let started = mtls.start().await;
    assert!(mtls.who(&started, Some(&Mtls::new().registered)).await.is_err());
}

#[tokio::test]
async fn a_certificate_file_of_the_wrong_kind_is_refused_by_name() {
    let mtls = Mtls::new();
    let path = |name| mtls.folder.path().join(name).to_str().unwrap().to_owned();
    let sources = Sources::of(&[
        ("listen", "127.0.0.1:0"),
        ("data_dir", "/nowhere"),
        ("tls.certificate", &path("server.pem")),
        ("tls.key", &path("server.pem")),
        ("tls.client_ca", &path("ca.pem")),
        ("clients_file", &path("clients.toml")),
    ]);
    let error = Bound::new(&Config::load(&sources).unwrap()).await.err().unwrap();
    assert!(error.to_string().contains("server.pem: has no PEM block of kind PRIVATE KEY"), "{error}");
}
