//! What is told of each RPC: a span, a log line, a histogram entry. Never what is in it.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Status as SpanStatus, TraceContextExt as _};
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{Counted, Telemetry, propagation};
use crate::clients::Client;
use crate::server::methods::{Method, Methods};
use crate::server::step::{Next, Step};

/// Filled by the identity layer further in, read here when the RPC is over.
#[derive(Clone, Default)]
pub(crate) struct CallerSlot(Arc<OnceLock<Arc<Client>>>);

impl CallerSlot {
    pub(crate) fn set(&self, client: &Arc<Client>) {
        // Set once per RPC; a second time would be the same client.
        let _ = self.0.set(Arc::clone(client));
    }
}

/// The outermost layer: watches each RPC from its first byte to its last.
#[derive(Clone)]
pub(crate) struct Observe {
    pub(crate) telemetry: Telemetry,
    pub(crate) methods: Arc<Methods>,
}

impl Step for Observe {
    async fn handle(&self, mut request: Request<Body>, next: Next) -> Response<Body> {
        let method = self.methods.find(request.uri().path());
        let span = tracing::info_span!(
            target: "fuldmagt::rpc",
            "rpc",
            otel.name = %method.path(),
            otel.kind = "server",
            trace_id = tracing::field::Empty,
        );
        // Fails only when nobody listens to spans.
        let _ = span.set_parent(propagation::extract(request.headers()));
        let context = span.context();
        let trace_id = context.span().span_context().trace_id().to_string();
        span.record("trace_id", &trace_id);
        let caller = CallerSlot::default();
        request.extensions_mut().insert(caller.clone());

        let mut record = Record {
            telemetry: self.telemetry.clone(),
            method,
            caller,
            trace_id,
            started: Instant::now(),
            // What it is when nobody comes to say otherwise: the caller hung up.
            code: Code::Cancelled,
            span: span.clone(),
            _in_flight: self.telemetry.in_flight(),
        };
        let mut response = next.run(request).instrument(span).await;
        propagation::inject(&context, response.headers_mut());
        if let Some(code) = code(response.headers()) {
            record.code = code;
            return response;
        }
        response.map(|inner| Body::new(Observed { inner, record }))
    }
}

/// The body of an answer, watched until its trailers tell how the RPC ended.
struct Observed {
    inner: Body,
    record: Record,
}

impl http_body::Body for Observed {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    this.record.code = code;
                }
            }
            Some(Err(status)) => this.record.code = status.code(),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// What is known of a running RPC. Told when it is dropped: at the end of the answer, or when the caller hangs up.
struct Record {
    telemetry: Telemetry,
    method: Method,
    caller: CallerSlot,
    trace_id: String,
    started: Instant,
    code: Code,
    span: Span,
    _in_flight: Counted,
}

impl Drop for Record {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        let code = code_name(self.code);
        let labels = [
            KeyValue::new("rpc_service", self.method.service.clone()),
            KeyValue::new("rpc_method", self.method.name.clone()),
            KeyValue::new("grpc_code", code),
        ];
        self.telemetry.0.durations.record(duration.as_secs_f64(), &labels);

        self.span.set_attribute("rpc.system", "grpc");
        self.span.set_attribute("rpc.service", self.method.service.clone());
        self.span.set_attribute("rpc.method", self.method.name.clone());
        self.span.set_attribute("rpc.grpc.status_code", self.code as i64);
        let client = self.caller.0.get().map_or("-", |client| client.id.as_str());
        self.span.set_attribute("fuldmagt.client", client.to_owned());
        if is_ours(self.code) {
            self.span.set_status(SpanStatus::error(code));
        }
        self.log(code, duration.as_secs_f64() * 1_000.0, client);
    }
}

impl Record {
    fn log(&self, code: &'static str, duration_ms: f64, client: &str) {
        let method = self.method.path();
        let trace_id = &self.trace_id;
        // Probes come every few seconds and would bury the rest.
        if self.method.is_health() {
            tracing::debug!(target: "fuldmagt::rpc", parent: None, %method, code, duration_ms, client, %trace_id, "rpc");
        } else {
            tracing::info!(target: "fuldmagt::rpc", parent: None, %method, code, duration_ms, client, %trace_id, "rpc");
        }
    }
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get(Status::GRPC_STATUS).map(|value| Code::from_bytes(value.as_bytes()))
}

/// Whether the code tells of a fault of the service rather than of the request.
fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The name of a code, as the gRPC specification writes it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
