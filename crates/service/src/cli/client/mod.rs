//! A thin client of the service, for the command line: the same API that everybody else uses.

mod identifier;
mod print;
mod sign;

use std::path::PathBuf;

use anyhow::Context as _;
use fuldmagt_proto::v1::{
    self, catalogue_service_client::CatalogueServiceClient,
    delegation_service_client::DelegationServiceClient, party_service_client::PartyServiceClient,
    query_service_client::QueryServiceClient,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

pub(super) use identifier::identifier;
pub(super) use print::{Output, failure, time};

use crate::clock::{IdSource as _, RandomIds};

/// How the command line reaches a service.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Connection {
    /// The service's address; https needs --certs
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8443", global = true)]
    pub(super) server: String,
    /// The folder that `fuldmagt dev-certs` made
    #[arg(long, value_name = "DIR", requires = "client", global = true)]
    pub(super) certs: Option<PathBuf>,
    /// The client whose certificate is shown, such as skat or borger-dk
    #[arg(long = "as", value_name = "CLIENT", id = "client", requires = "certs", global = true)]
    pub(super) client: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// The services of one connection.
#[derive(Clone, Debug)]
pub(super) struct Client {
    channel: Channel,
}

impl Connection {
    /// Connects.
    pub(super) async fn connect(&self) -> anyhow::Result<Client> {
        let mut endpoint = Endpoint::from_shared(self.server.clone()).context("--server is not a URL")?;
        if let (Some(certs), Some(client)) = (&self.certs, &self.client) {
            let read = |name: String| {
                let path = certs.join(name);
                std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
            };
            let identity =
                Identity::from_pem(read(format!("{client}.pem"))?, read(format!("{client}-key.pem"))?);
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read("ca.pem".into())?));
            endpoint =
                endpoint.tls_config(tls.identity(identity)).context("the certificates cannot be used")?;
        }
        let channel =
            endpoint.connect().await.with_context(|| format!("no service answers at {}", self.server))?;
        Ok(Client { channel })
    }
}

impl Client {
    pub(super) fn query(&self) -> QueryServiceClient<Channel> {
        QueryServiceClient::new(self.channel.clone())
    }

    pub(super) fn delegations(&self) -> DelegationServiceClient<Channel> {
        DelegationServiceClient::new(self.channel.clone())
    }

    pub(super) fn parties(&self) -> PartyServiceClient<Channel> {
        PartyServiceClient::new(self.channel.clone())
    }

    pub(super) fn catalogue(&self) -> CatalogueServiceClient<Channel> {
        CatalogueServiceClient::new(self.channel.clone())
    }

    /// The party that the identifiers name; registered when `register` says so.
    pub(super) async fn party(
        &self,
        identifiers: Vec<v1::Identifier>,
        name: &str,
        register: bool,
    ) -> Result<v1::ResolvePartyResponse, tonic::Status> {
        let request = v1::ResolvePartyRequest {
            request_id: request_id(),
            identifiers,
            create_if_missing: register,
            name: name.to_owned(),
        };
        Ok(self.parties().resolve_party(request).await?.into_inner())
    }
}

/// A new idempotency key.
pub(super) fn request_id() -> String {
    RandomIds.random_id().to_string()
}

/// A logged-in user, as a front end asserts it.
pub(super) fn actor(party_id: &str) -> Option<v1::Actor> {
    Some(v1::Actor {
        party_id: party_id.to_owned(),
        level_of_assurance: v1::LevelOfAssurance::Substantial.into(),
    })
}
