//! Who calls: the registered client of the connection's certificate. What that client may do is decided by each RPC.

use std::sync::{Arc, OnceLock};

use http::{Request, Response};
use tonic::body::Body;
use tonic::transport::server::TlsConnectInfo;

use super::incoming::ConnectionInfo;
use super::step::{Next, Step};
use crate::clients::{Client, Refusal, Registry};
use crate::telemetry::CallerSlot;

/// Where clients are known from.
#[derive(Clone)]
pub enum Identity {
    /// Everybody is this one: plaintext on loopback.
    Fixed(Arc<Client>),
    /// The registry tells, by certificate.
    Registered(Arc<Registry>),
}

/// Who a connection belongs to; found by its first RPC, because a certificate does not change.
pub(crate) type Known = Arc<OnceLock<Result<Arc<Client>, Refusal>>>;

impl Identity {
    fn of(&self, request: &Request<Body>) -> Result<Arc<Client>, Refusal> {
        let registry = match self {
            Self::Fixed(client) => return Ok(Arc::clone(client)),
            Self::Registered(registry) => registry,
        };
        let connection = request.extensions().get::<TlsConnectInfo<ConnectionInfo>>();
        let connection = connection.ok_or(Refusal::CertificateMissing)?;
        let known = connection.get_ref().client.get_or_init(|| {
            let certificates = connection.peer_certs().ok_or(Refusal::CertificateMissing)?;
            let own = certificates.first().ok_or(Refusal::CertificateMissing)?;
            registry.find(own).map(Arc::clone)
        });
        known.clone()
    }
}

impl Step for Identity {
    async fn handle(&self, mut request: Request<Body>, next: Next) -> Response<Body> {
        match self.of(&request) {
            Ok(client) => {
                if let Some(slot) = request.extensions().get::<CallerSlot>() {
                    slot.set(&client);
                }
                request.extensions_mut().insert(client);
            }
            Err(refusal) => {
                request.extensions_mut().insert(refusal);
            }
        }
        next.run(request).await
    }
}
