//! The internal listener: metrics and the two questions of a supervisor, in plain HTTP.
//!
//! It knows three paths, reads no body, and is closed after one answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Error, Health, bind};
use crate::telemetry::Telemetry;

/// A scraper and a few probes; more is a mistake.
const MAX_CONNECTIONS: usize = 32;
/// The least that hyper takes, and more than a probe sends.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// A probe sends a handful.
const MAX_HEADERS: usize = 32;
/// For the whole exchange: answers are ready at once.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(5);
/// Out of file descriptors, say: there is no use in trying again at once.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(50);

/// The listener, with its address, before it answers.
pub(crate) struct Internal {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Internal {
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let (listener, address) = bind(address).await?;
        Ok(Self { listener, address })
    }

    /// Answers until it is dropped.
    pub(crate) async fn serve(self, health: Health, telemetry: Telemetry) -> Infallible {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "an internal connection could not be accepted");
                    tokio::time::sleep(ACCEPT_ERROR_PAUSE).await;
                    continue;
                }
            };
            // Over the bound, it is closed.
            if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                tokio::spawn(connection(stream, health.clone(), telemetry.clone(), place));
            }
        }
    }
}

async fn connection(stream: TcpStream, health: Health, telemetry: Telemetry, _place: OwnedSemaphorePermit) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = answer(request.method(), request.uri().path(), &health, &telemetry);
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let exchange = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(EXCHANGE_LIMIT)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever is on the other end made the mistake, and learns of it by the closed connection.
    let _ = tokio::time::timeout(EXCHANGE_LIMIT, exchange).await;
}

fn answer(method: &Method, path: &str, health: &Health, telemetry: &Telemetry) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (path, method) {
        ("/metrics" | "/livez" | "/readyz", method) if method != Method::GET && method != Method::HEAD => {
            (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned())
        }
        ("/metrics", _) => (StatusCode::OK, "text/plain; version=0.0.4", telemetry.text()),
        // That it answers is the answer.
        ("/livez", _) => (StatusCode::OK, "text/plain", "ok\n".to_owned()),
        ("/readyz", _) if health.is_ready() => (StatusCode::OK, "text/plain", "ok\n".to_owned()),
        ("/readyz", _) => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "not ready\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "there are /metrics, /livez and /readyz\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, http::HeaderValue::from_static("GET, HEAD"));
    }
    response
}
