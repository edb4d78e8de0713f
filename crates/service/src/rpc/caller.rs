//! Who calls, and whether they may.

use std::sync::Arc;

use opentelemetry::trace::TraceContextExt as _;
use tonic::Request;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::access;
use crate::{
    app::{Caller, Error},
    clients::{Client, Refusal},
};

/// The caller of a request, as the server's identity layer found it, if it may call the RPC.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::Forbidden`].
pub fn caller<T>(request: &Request<T>, rpc: &'static str) -> Result<Caller, Error> {
    let client = match (request.extensions().get::<Arc<Client>>(), request.extensions().get::<Refusal>()) {
        (Some(client), None) => Arc::clone(client),
        (_, Some(refusal)) => return Err(Error::Unauthenticated(*refusal)),
        // A server without the layer lets nobody in.
        (None, None) => return Err(Error::Unauthenticated(Refusal::CertificateMissing)),
    };
    access::authorize(rpc, &client)?;
    Ok(Caller { client, rpc, trace_id: trace_id() })
}

fn trace_id() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span_context = span.span_context();
    span_context.is_valid().then(|| span_context.trace_id().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::{Role, development_client};

    const CHECK_DELEGATION: &str = "fuldmagt.v1.QueryService/CheckDelegation";

    fn client(roles: &[Role]) -> Arc<Client> {
        let client = development_client().unwrap();
        Arc::new(Client { roles: roles.iter().copied().collect(), ..client })
    }

    fn request(client: Option<Arc<Client>>, refusal: Option<Refusal>) -> Request<()> {
        let mut request = Request::new(());
        if let Some(client) = client {
            request.extensions_mut().insert(client);
        }
        if let Some(refusal) = refusal {
            request.extensions_mut().insert(refusal);
        }
        request
    }

    #[test]
    fn a_registered_client_with_the_role_is_let_in() {
        let request = request(Some(client(&[Role::Authority])), None);
        let caller = caller(&request, CHECK_DELEGATION).unwrap();
        assert_eq!((caller.client.id.as_str(), caller.rpc), ("development", CHECK_DELEGATION));
        assert_eq!(caller.trace_id, None);
    }

    #[test]
    fn a_registered_client_without_the_role_is_forbidden() {
        let request = request(Some(client(&[Role::FrontEnd])), None);
        assert!(matches!(caller(&request, CHECK_DELEGATION), Err(Error::Forbidden)));
    }

    #[test]
    fn who_is_not_a_client_is_told_why() {
        for refusal in [Refusal::CertificateMissing, Refusal::CertificateUnreadable, Refusal::NotRegistered] {
            let found = caller(&request(None, Some(refusal)), CHECK_DELEGATION);
            assert!(matches!(found, Err(Error::Unauthenticated(told)) if told == refusal));
        }
    }

    #[test]
    fn without_an_identity_layer_nobody_is_let_in() {
        let found = caller(&request(None, None), CHECK_DELEGATION);
        assert!(matches!(found, Err(Error::Unauthenticated(Refusal::CertificateMissing))));
        let both = request(Some(client(&Role::ALL)), Some(Refusal::NotRegistered));
        assert!(matches!(caller(&both, CHECK_DELEGATION), Err(Error::Unauthenticated(_))));
    }
}
