//! Answers that no RPC of ours gave: the RPC library's own, and none at all after a panic. They get the form of all
//! others, so that a caller may rely on `ErrorInfo`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};

use super::step::{Next, Step};
use super::{methods, refusal};

#[derive(Clone)]
pub(crate) struct Fallback;

impl Step for Fallback {
    async fn handle(&self, request: Request<Body>, next: Next) -> Response<Body> {
        // Health and reflection answer as their specifications say.
        let ours = methods::is_ours(request.uri().path());
        let mut answer = pin!(next.run(request));
        // Unwinding further would take the other RPCs of the connection along.
        let answer = std::future::poll_fn(|context| {
            catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)))
                .map_or(Poll::Ready(None), |poll| poll.map(Some))
        });
        match answer.await {
            None => {
                tracing::error!("an RPC panicked");
                refusal::response(refusal::internal())
            }
            Some(response) if ours => formed(response),
            Some(response) => response,
        }
    }
}

/// Gives a status without details those that it should have. Ours always have some; the library's never.
fn formed(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    if headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return response;
    }
    let code = headers.get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()));
    // What cannot be decoded is the caller's mistake, whatever the library says.
    if code == Some(Code::Internal) {
        refusal::response(refusal::request_malformed())
    } else if code == Some(Code::Unimplemented) {
        refusal::response(refusal::not_supported())
    } else {
        response
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt as _;

    use super::*;

    async fn answered(path: &str, status: Status) -> (Code, Option<String>) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let next = Next::new(async move |_| status.into_http());
        let response = Fallback.handle(request, next).await;
        let status = Status::from_header_map(response.headers()).unwrap();
        (status.code(), status.get_error_details().error_info().map(|info| info.reason.clone()))
    }

    const OURS: &str = "/fuldmagt.v1.QueryService/CheckDelegation";

    #[tokio::test]
    async fn what_the_library_refuses_gets_a_reason_and_what_an_rpc_refuses_keeps_its_own() {
        for (status, code, reason) in [
            (Status::internal("Missing request message."), Code::InvalidArgument, refusal::REQUEST_MALFORMED),
            (Status::unimplemented(""), Code::Unimplemented, refusal::NOT_SUPPORTED),
            (refusal::internal(), Code::Internal, refusal::INTERNAL),
            (refusal::overloaded(), Code::Unavailable, refusal::OVERLOADED),
        ] {
            assert_eq!(answered(OURS, status).await, (code, Some(reason.to_owned())));
        }
        assert_eq!(answered(OURS, Status::ok("")).await, (Code::Ok, None));
        let unknown_service = Status::not_found("unknown service");
        assert_eq!(answered("/grpc.health.v1.Health/Check", unknown_service).await, (Code::NotFound, None));
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_without_its_message() {
        let next = Next::new(async |_| panic!("about somebody"));
        let response = Fallback.handle(Request::new(Body::empty()), next).await;
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("somebody"));
    }
}
