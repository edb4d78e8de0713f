//! The answers that the server gives by itself, before any RPC is asked. Each has `ErrorInfo` with a stable reason.

use std::collections::HashMap;
use std::time::Duration;

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The domain of every `ErrorInfo` of this service.
pub const ERROR_DOMAIN: &str = "fuldmagt.dk";

/// More RPCs than the service works on at the same time.
pub const OVERLOADED: &str = "OVERLOADED";
/// The service is ending.
pub const SHUTTING_DOWN: &str = "SHUTTING_DOWN";
/// The deadline passed before there was an answer.
pub const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
/// The message is longer than the service reads.
pub const REQUEST_TOO_LARGE: &str = "REQUEST_TOO_LARGE";
/// The message is not the encoded request that the RPC takes.
pub const REQUEST_MALFORMED: &str = "REQUEST_MALFORMED";
/// There is no such RPC, or it does not take such a request.
pub const NOT_SUPPORTED: &str = "NOT_SUPPORTED";
/// Something is wrong inside.
pub const INTERNAL: &str = "INTERNAL";

/// When to try again after an overload: about as long as the queue of a full house takes.
const OVERLOAD_RETRY_DELAY: Duration = Duration::from_millis(200);
/// When to try again after a shutdown began: another process answers at once, the same one after its restart.
const SHUTDOWN_RETRY_DELAY: Duration = Duration::from_millis(500);

/// A status with `ErrorInfo`, and with `RetryInfo` when a delay is given.
pub fn status(code: Code, reason: &str, message: impl Into<String>, retry_delay: Option<Duration>) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, HashMap::new());
    if retry_delay.is_some() {
        details.set_retry_info(retry_delay);
    }
    Status::with_error_details(code, message, details)
}

/// Refuses because too much is going on. Nothing was begun, so it is safe to try again.
pub fn overloaded() -> Status {
    let message = "the service works on as many requests as it can; try again";
    status(Code::Unavailable, OVERLOADED, message, Some(OVERLOAD_RETRY_DELAY))
}

/// Refuses because the service is ending. Nothing was begun, so it is safe to try again.
pub fn shutting_down() -> Status {
    let message = "the service is shutting down; try again";
    status(Code::Unavailable, SHUTTING_DOWN, message, Some(SHUTDOWN_RETRY_DELAY))
}

/// Tells that the time is up. What was begun may have been done.
pub fn deadline_exceeded() -> Status {
    status(Code::DeadlineExceeded, DEADLINE_EXCEEDED, "the deadline passed before there was an answer", None)
}

/// Refuses a message that is too long.
pub fn request_too_large(max_bytes: usize) -> Status {
    let message = format!("a request message may be at most {max_bytes} bytes long");
    status(Code::ResourceExhausted, REQUEST_TOO_LARGE, message, None)
}

/// Refuses what cannot be decoded.
pub fn request_malformed() -> Status {
    let message = "the request is not one encoded message of the kind that this RPC takes";
    status(Code::InvalidArgument, REQUEST_MALFORMED, message, None)
}

/// Refuses what there is not.
pub fn not_supported() -> Status {
    status(
        Code::Unimplemented,
        NOT_SUPPORTED,
        "there is no such RPC, or it does not take such a request",
        None,
    )
}

/// Tells that something is wrong inside, and no more.
pub fn internal() -> Status {
    status(Code::Internal, INTERNAL, "an internal error", None)
}

pub(crate) fn response(status: Status) -> Response<Body> {
    status.into_http()
}
