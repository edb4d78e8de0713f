//! Deadlines: every RPC has one, and it is reported as what it is.
//!
//! The RPC library has a layer of its own outside of ours, which says CANCELLED when the caller's `grpc-timeout` is
//! over. So ours answers a moment earlier: it counts from before the library does, and whenever the request gets a turn it
//! looks at the clock first, because two timers that are due may be told in either order.
//!
//! An import of a register is work for minutes, of which nothing is lost when it is cut off. It has a deadline of its
//! own.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use tokio::time::Instant;
use tonic::body::Body;

use super::refusal;
use super::step::{Arrived, Next, Step};

/// How much earlier than the library's timer ours ends. Timers tick in milliseconds.
const HEAD_START: Duration = Duration::from_millis(5);
/// Of a short time, at most this part is given up.
const HEAD_START_DIVISOR: u32 = 4;
/// The specification allows at most eight digits.
const MAX_TIMEOUT_DIGITS: usize = 8;

/// The RPC that has a deadline of its own.
const IMPORT: &str = "/fuldmagt.v1.PartyService/ImportCprSnapshot";

/// When the answer must be there. In the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Instant);

#[derive(Clone)]
pub(crate) struct Deadlines {
    pub(crate) default: Duration,
    pub(crate) max: Duration,
    pub(crate) import: Duration,
}

impl Deadlines {
    /// How long the answer may take. A `grpc-timeout` that cannot be read counts as none.
    fn limit(&self, path: &str, headers: &HeaderMap) -> Duration {
        let (default, max) =
            if path == IMPORT { (self.import, self.import) } else { (self.default, self.max) };
        match asked(headers) {
            None => default,
            Some(asked) => max.min(asked.saturating_sub(HEAD_START.min(asked / HEAD_START_DIVISOR))),
        }
    }
}

impl Step for Deadlines {
    async fn handle(&self, mut request: Request<Body>, next: Next) -> Response<Body> {
        let arrived = request.extensions().get::<Arrived>().map_or_else(Instant::now, |arrived| arrived.0);
        let deadline = arrived + self.limit(request.uri().path(), request.headers());
        request.extensions_mut().insert(Deadline(deadline));
        match before(deadline, next.run(request)).await {
            Some(response) => response,
            None => refusal::response(refusal::deadline_exceeded()),
        }
    }
}

/// What the future resolves to, unless the deadline comes first.
async fn before<T>(deadline: Instant, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut timer) = (pin!(future), pin!(tokio::time::sleep_until(deadline)));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if timer.as_mut().poll(context).is_ready() || deadline <= Instant::now() => {
            Poll::Ready(None)
        }
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// `grpc-timeout` as the gRPC specification writes it: at most eight digits and a unit.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty()
        || digits.len() > MAX_TIMEOUT_DIGITS
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::*;

    const DEADLINES: Deadlines = Deadlines {
        default: Duration::from_secs(10),
        max: Duration::from_secs(60),
        import: Duration::from_secs(3_600),
    };
    const CHECK: &str = "/fuldmagt.v1.QueryService/CheckDelegation";

    fn headers(timeout: &str) -> HeaderMap {
        HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), timeout.parse().unwrap())])
    }

    #[test]
    fn every_unit_is_read_and_nonsense_counts_as_none() {
        for (text, wanted) in [
            ("2H", Some(Duration::from_secs(7_200))),
            ("3M", Some(Duration::from_secs(180))),
            ("4S", Some(Duration::from_secs(4))),
            ("5m", Some(Duration::from_millis(5))),
            ("6u", Some(Duration::from_micros(6))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("0m", Some(Duration::ZERO)),
            ("100000000n", None),
            ("m", None),
            ("", None),
            ("-1m", None),
            ("1d", None),
            ("1", None),
        ] {
            assert_eq!(asked(&headers(text)), wanted, "{text}");
        }
    }

    #[test]
    fn the_time_is_what_the_caller_asks_less_a_moment_and_never_more_than_the_longest() {
        assert_eq!(DEADLINES.limit(CHECK, &HeaderMap::new()), Duration::from_secs(10));
        assert_eq!(DEADLINES.limit(CHECK, &headers("1S")), Duration::from_millis(995));
        assert_eq!(DEADLINES.limit(CHECK, &headers("4m")), Duration::from_millis(3));
        assert_eq!(DEADLINES.limit(CHECK, &headers("1H")), Duration::from_secs(60));
    }

    #[test]
    fn an_import_has_a_longer_deadline_and_its_caller_may_ask_for_a_shorter_one() {
        assert_eq!(DEADLINES.limit(IMPORT, &HeaderMap::new()), Duration::from_secs(3_600));
        assert_eq!(DEADLINES.limit(IMPORT, &headers("2H")), Duration::from_secs(3_600));
        assert_eq!(DEADLINES.limit(IMPORT, &headers("1S")), Duration::from_millis(995));
    }

    #[test]
    fn the_import_is_an_rpc_of_the_api() {
        let methods = crate::server::methods::Methods::read(&[fuldmagt_proto::FILE_DESCRIPTOR_SET]).unwrap();
        assert_eq!(methods.find(IMPORT).path(), IMPORT.trim_start_matches('/'));
    }

    #[tokio::test]
    async fn a_slow_answer_is_deadline_exceeded_before_the_callers_time_is_up() {
        let started = Instant::now();
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = headers("200m");
        let never = Next::new(|_| std::future::pending());
        let response = DEADLINES.handle(request, never).await;
        assert_eq!(Status::from_header_map(response.headers()).unwrap().code(), Code::DeadlineExceeded);
        assert!(started.elapsed() >= Duration::from_millis(190));
    }
}
