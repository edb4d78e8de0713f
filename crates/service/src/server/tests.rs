//! The server as a client sees it, with RPCs that tell what reached them.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use tower::{Service, ServiceExt as _};

mod mtls;

use super::*;
use crate::clients::{Client, Refusal};
use crate::config::Sources;

/// Released by the test, so that a slow RPC ends when the test wants it to.
static RELEASE: Notify = Notify::const_new();

/// `test.Probe`: `/Who` tells the caller, `/Slow` waits to be released, `/Never` does not answer, `/Read` reads the
/// request.
#[derive(Clone)]
struct Probe;

impl NamedService for Probe {
    const NAME: &'static str = "test.Probe";
}

impl Service<Request<Body>> for Probe {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move {
            let status = match request.uri().path() {
                "/test.Probe/Who" => Status::ok(who(&request)),
                "/test.Probe/Slow" => {
                    RELEASE.notified().await;
                    Status::ok("released")
                }
                "/test.Probe/Never" => std::future::pending().await,
                "/test.Probe/Read" => match request.into_body().collect().await {
                    Ok(body) => Status::ok(body.to_bytes().len().to_string()),
                    Err(status) => status,
                },
                _ => Status::unimplemented(""),
            };
            Ok(status.into_http())
        })
    }
}

fn who(request: &Request<Body>) -> String {
    let extensions = request.extensions();
    assert!(extensions.get::<Deadline>().is_some());
    match (extensions.get::<Arc<Client>>(), extensions.get::<Refusal>()) {
        (Some(client), None) => client.id.clone(),
        (None, Some(refusal)) => format!("{refusal:?}"),
        _ => "both or neither".to_owned(),
    }
}

struct Started {
    server: Running,
    health: Health,
    telemetry: Telemetry,
}

async fn start(values: &[(&str, &str)]) -> Started {
    let mut all = vec![("listen", "127.0.0.1:0"), ("data_dir", "/nowhere"), ("reflection", "true")];
    all.extend_from_slice(values);
    let config = Config::load(&Sources::of(&all)).unwrap();
    let telemetry = Telemetry::new(&config.telemetry).unwrap();
    let health = Health::new().await.unwrap();
    let services =
        Services { routes: Routes::new(Probe), health: health.clone(), telemetry: telemetry.clone() };
    let server = Bound::new(&config).await.unwrap().serve(&config, services).unwrap();
    Started { server, health, telemetry }
}

impl Started {
    async fn plain(values: &[(&str, &str)]) -> (Self, Channel) {
        let mut all = vec![("dev_plaintext", "true")];
        all.extend_from_slice(values);
        let started = start(&all).await;
        let channel = started.channel().await;
        (started, channel)
    }

    /// Waits until an RPC runs.
    async fn until_busy(&self) {
        let begun = Instant::now();
        while self.server.drain.wait(Duration::ZERO).await == 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "the RPC does not arrive");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.server.address())).unwrap();
        endpoint.connect().await.unwrap()
    }
}

fn request(method: &str, headers: &[(&str, &str)], message_bytes: usize) -> Request<Body> {
    let mut message = vec![0];
    message.extend_from_slice(&(message_bytes as u32).to_be_bytes());
    message.resize(5 + message_bytes, 0);
    let mut request = Request::post(format!("/test.Probe/{method}"));
    for (name, value) in [("content-type", "application/grpc"), ("te", "trailers")].iter().chain(headers) {
        request = request.header(*name, *value);
    }
    request.body(Body::new(Full::new(Bytes::from(message)))).unwrap()
}

async fn answer(channel: &Channel, request: Request<Body>) -> Response<Body> {
    channel.clone().ready().await.unwrap().call(request).await.unwrap()
}

async fn call(channel: &Channel, request: Request<Body>) -> Status {
    Status::from_header_map(answer(channel, request).await.headers()).unwrap()
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.domain, refusal::ERROR_DOMAIN);
    info.reason.clone()
}

#[tokio::test]
async fn in_development_everybody_is_the_development_client() {
    let (_started, channel) = Started::plain(&[]).await;
    assert_eq!(call(&channel, request("Who", &[], 0)).await.message(), "development");
}

/// Calls without the RPC library, whose client has a timer of its own and would hang up first.
async fn bare_call(address: SocketAddr, headers: &[(&str, &str)]) -> Status {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (mut parts, _) = request("Never", headers, 0).into_parts();
    parts.uri = "http://localhost/test.Probe/Never".parse().unwrap();
    let (response, _) = client.send_request(Request::from_parts(parts, ()), true).unwrap();
    Status::from_header_map(response.await.unwrap().headers()).unwrap()
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_deadline_exceeded_and_not_cancelled() {
    let (started, _) = Started::plain(&[("limits.default_deadline_ms", "100")]).await;
    let address = started.server.address();
    // Many times, because the library's own timer runs only a moment later. Not with less than what a busy machine may
    // take from a thread in the middle of a turn.
    for timeout in ["4m", "7m", "20m"].repeat(20) {
        let status = bare_call(address, &[("grpc-timeout", timeout)]).await;
        assert_eq!(status.code(), Code::DeadlineExceeded, "{timeout}");
        assert_eq!(reason(&status), refusal::DEADLINE_EXCEEDED);
    }
    // Without a deadline of the caller's, ours.
    let begun = Instant::now();
    let status = bare_call(address, &[]).await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(begun.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_with_our_reason() {
    let (_started, channel) = Started::plain(&[("limits.max_request_bytes", "2000")]).await;
    assert_eq!(call(&channel, request("Read", &[], 2_000)).await.message(), "2005");
    let status = call(&channel, request("Read", &[], 2_001)).await;
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, refusal::REQUEST_TOO_LARGE)
    );
}

#[tokio::test]
async fn a_connection_over_the_bound_is_closed_and_its_place_is_free_again_when_one_ends() {
    let (started, first) = Started::plain(&[("limits.max_connections", "1")]).await;
    assert_eq!(call(&first, request("Who", &[], 0)).await.code(), Code::Ok);
    assert!(started.telemetry.text().contains("fuldmagt_connections 1"));
    let endpoint = Endpoint::from_shared(format!("http://{}", started.server.address())).unwrap();
    let second = endpoint.connect_lazy();
    assert!(HealthClient::new(second.clone()).check(HealthCheckRequest::default()).await.is_err());
    drop(first);
    let begun = Instant::now();
    while HealthClient::new(second.clone()).check(HealthCheckRequest::default()).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the place is not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn at_shutdown_what_runs_is_finished_what_is_new_is_refused_and_health_says_so() {
    let (started, channel) = Started::plain(&[]).await;
    started.health.set_ready(true).await;
    let mut health = HealthClient::new(channel.clone());
    let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);

    let running = channel.clone();
    let running = tokio::spawn(async move { call(&running, request("Slow", &[], 0)).await });
    let address = started.server.address();
    started.until_busy().await;
    started.health.end().await;
    let ending = tokio::spawn(started.server.shut_down(Duration::from_secs(60)));
    assert_eq!(watched.message().await.unwrap().unwrap().status, 2);
    let refused = call(&channel, request("Who", &[], 0)).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, refusal::SHUTTING_DOWN));
    assert!(refused.get_error_details().retry_info().is_some());
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the address is still open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    RELEASE.notify_one();
    assert_eq!(running.await.unwrap().message(), "released");
    ending.await.unwrap();
}

#[tokio::test]
async fn what_does_not_finish_within_the_grace_is_cut_off() {
    let (started, channel) = Started::plain(&[]).await;
    let running = tokio::spawn(async move { call(&channel, request("Never", &[], 0)).await });
    started.until_busy().await;
    let begun = Instant::now();
    started.server.shut_down(Duration::from_millis(50)).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    running.abort();
}

#[tokio::test]
async fn reflection_shows_the_services_of_the_api() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let (_started, channel) = Started::plain(&[]).await;
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let requests = tokio_stream::iter([request]);
    let mut client = ServerReflectionClient::new(channel);
    let mut answers = client.server_reflection_info(requests).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
    let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["fuldmagt.v1.QueryService", "fuldmagt.v1.DelegationService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

/// What the one subscriber of the test process wrote about RPCs.
static LINES: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

struct Collect;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Collect {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }
        if event.metadata().target() == "fuldmagt::rpc" {
            let mut text = Text(format!("{} ", event.metadata().level()));
            event.record(&mut text);
            LINES.lock().unwrap().push(text.0);
        }
    }
}

fn subscribe() {
    static TRACING: OnceLock<crate::telemetry::Tracing> = OnceLock::new();
    TRACING.get_or_init(|| {
        let settings = Config::load(&Sources::of(&[("dev_plaintext", "true"), ("data_dir", "/nowhere")]));
        let extra =
            crate::telemetry::Extra { layer: Some(Box::new(Collect)), quiet: true, ..Default::default() };
        crate::telemetry::init(&settings.unwrap().telemetry, extra).unwrap()
    });
}

#[tokio::test]
async fn each_rpc_is_one_line_one_histogram_entry_and_part_of_the_callers_trace() {
    subscribe();
    let (started, channel) = Started::plain(&[]).await;
    let trace = "5bf92f3577b34da6a3ce929d0e0e4736";
    let traceparent = format!("00-{trace}-00f067aa0ba902b7-01");
    let response = answer(&channel, request("0101011234", &[("traceparent", &traceparent)], 0)).await;
    let returned = response.headers().get("traceparent").unwrap().to_str().unwrap().to_owned();
    assert!(
        returned.starts_with(&format!("00-{trace}-")) && !returned.contains("00f067aa0ba902b7"),
        "{returned}"
    );

    HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap();
    let text = started.telemetry.text();
    // A name that a caller made up is nowhere.
    assert!(!text.contains("0101011234"));
    for series in [
        r#"rpc_server_duration_seconds_count{grpc_code="UNIMPLEMENTED",rpc_method="unknown",rpc_service="unknown"} 1"#,
        r#"rpc_server_duration_seconds_count{grpc_code="OK",rpc_method="Check",rpc_service="grpc.health.v1.Health"} 1"#,
        "rpc_server_in_flight 0",
    ] {
        assert!(text.contains(series), "{series} is not in\n{text}");
    }
    let lines = LINES.lock().unwrap();
    let ours: Vec<&String> = lines.iter().filter(|line| line.contains(trace)).collect();
    let [line] = ours.as_slice() else { panic!("{ours:?}") };
    for part in [
        "INFO ",
        "method=unknown/unknown",
        r#"code="UNIMPLEMENTED""#,
        r#"client="development""#,
        "duration_ms=",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(!line.contains("0101011234"));
}
