//! A client of the service, whose errors are written down.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use fuldmagt_proto::v1::{
    catalogue_service_client::CatalogueServiceClient, delegation_service_client::DelegationServiceClient,
    notice_service_client::NoticeServiceClient, paper_service_client::PaperServiceClient,
    party_service_client::PartyServiceClient, query_service_client::QueryServiceClient,
};
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Error, Identity};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use super::certificates::CERTIFICATES;
use crate::telemetry;

/// One client's connection, made when it is first used.
#[derive(Debug, Clone)]
pub struct Client {
    endpoint: Endpoint,
    channel: Recorded,
}

impl Client {
    /// With the certificate of that name, or without any.
    pub(super) fn of(port: u16, certificate: Option<&str>) -> Self {
        let ca = Certificate::from_pem(&CERTIFICATES.ca_pem);
        let mut tls = ClientTlsConfig::new().ca_certificate(ca);
        if let Some(name) = certificate {
            let issued = CERTIFICATES.client(name);
            tls = tls.identity(Identity::from_pem(&issued.certificate_pem, &issued.key_pem));
        }
        let endpoint = Endpoint::from_shared(format!("https://127.0.0.1:{port}"))
            .and_then(|endpoint| endpoint.tls_config(tls))
            .expect("an endpoint");
        Self { channel: Recorded(endpoint.connect_lazy()), endpoint }
    }

    /// The same client on another connection.
    #[must_use]
    pub fn reconnected(&self) -> Self {
        Self { channel: Recorded(self.endpoint.connect_lazy()), endpoint: self.endpoint.clone() }
    }

    /// `QueryService`.
    pub fn query(&self) -> QueryServiceClient<Recorded> {
        QueryServiceClient::new(self.channel.clone())
    }

    /// `DelegationService`.
    pub fn delegations(&self) -> DelegationServiceClient<Recorded> {
        DelegationServiceClient::new(self.channel.clone())
    }

    /// `PaperService`.
    pub fn paper(&self) -> PaperServiceClient<Recorded> {
        PaperServiceClient::new(self.channel.clone())
    }

    /// `NoticeService`.
    pub fn notices(&self) -> NoticeServiceClient<Recorded> {
        NoticeServiceClient::new(self.channel.clone())
    }

    /// `PartyService`.
    pub fn parties(&self) -> PartyServiceClient<Recorded> {
        PartyServiceClient::new(self.channel.clone())
    }

    /// `CatalogueService`.
    pub fn catalogue(&self) -> CatalogueServiceClient<Recorded> {
        CatalogueServiceClient::new(self.channel.clone())
    }

    /// `grpc.health.v1.Health`.
    pub fn health(&self) -> HealthClient<Recorded> {
        HealthClient::new(self.channel.clone())
    }

    /// `grpc.reflection.v1.ServerReflection`.
    pub fn reflection(&self) -> ServerReflectionClient<Recorded> {
        ServerReflectionClient::new(self.channel.clone())
    }

    /// Calls the RPC of that path, `/package.Service/Method`, with an empty message.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn call_empty(&self, path: &str) -> Result<Response<()>, Status> {
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
        let path = path.parse().expect("a path");
        grpc.unary(Request::new(()), path, ProstCodec::<(), ()>::default()).await
    }
}

/// A channel that writes down each error that comes back on it.
#[derive(Debug, Clone)]
pub struct Recorded(Channel);

impl Service<http::Request<Body>> for Recorded {
    type Response = http::Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // A number at the end is the test's, to see whether the service repeats it; we must not.
        let rpc = request.uri().path().trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await;
            match &answer {
                // An error comes in the headers: there is no message before it.
                Ok(response) => {
                    let status = Status::from_header_map(response.headers());
                    if let Some(status) = status.filter(|status| status.code() != Code::Ok) {
                        telemetry::note_status(&rpc, &status);
                    }
                }
                Err(error) => telemetry::note_status(&rpc, &Status::unknown(format!("{error:?}"))),
            }
            answer
        })
    }
}
