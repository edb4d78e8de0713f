//! A whole service over a Postgres of its own.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::*;
use crate::config::Sources;

fn config(folder: &tempfile::TempDir) -> Config {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    Config::load(&Sources::of(&[
        ("dev_plaintext", "true"),
        ("listen", "127.0.0.1:0"),
        ("internal_listen", "127.0.0.1:0"),
        ("data_dir", data.to_str().unwrap()),
        ("database.max_connections", "3"),
    ]))
    .unwrap()
}

async fn get(address: SocketAddr, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The metrics have the name, now or when the first look at the database is over.
async fn assert_shows(address: SocketAddr, name: &str) {
    let begun = std::time::Instant::now();
    loop {
        let metrics = get(address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await;
        if metrics.contains(name) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{name} is not in\n{metrics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn is_ready(running: &Running) -> bool {
    let answer = get(running.internal_addr, "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    answer.starts_with("HTTP/1.1 200")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_starts_from_nothing_answers_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let running = Service::start(config(&folder), Parts::default()).await.unwrap();
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", running.grpc_addr)).unwrap();
    let mut health = HealthClient::new(endpoint.connect().await.unwrap());
    for service in ["", "fuldmagt.v1.QueryService", "fuldmagt.v1.DelegationService"] {
        let asked = HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(asked).await.unwrap().into_inner().status, 1, "{service}");
    }
    assert!(is_ready(&running).await);
    let address = running.internal_addr;
    assert!(get(address, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.starts_with("HTTP/1.1 404"));
    assert!(get(address, "POST /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.starts_with("HTTP/1.1 405"));
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(20_000));
    assert!(!get(address, &long).await.starts_with("HTTP/1.1 200"));
    for name in
        ["fuldmagt_database_pool_size", "fuldmagt_feed_revision", "rpc_server_duration_seconds_bucket"]
    {
        assert_shows(address, name).await;
    }

    let message = Service::start(config(&folder), Parts::default()).await.err().unwrap().to_string();
    assert!(message.contains("already running on"), "{message}");
    running.stop().await.unwrap();
    // Everything is let go: the next one starts on the same folder.
    Service::start(config(&folder), Parts::default()).await.unwrap().stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_goes_down_with_an_error_when_its_postgres_dies() {
    let folder = tempfile::tempdir().unwrap();
    let running = Service::start(config(&folder), Parts::default()).await.unwrap();
    let pid_file = std::fs::read_to_string(folder.path().join("data/postgres/postmaster.pid")).unwrap();
    let pid = pid_file.lines().next().unwrap();
    assert!(std::process::Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
    let error = running.wait().await.unwrap_err();
    assert!(matches!(&error, Error::DatabaseDied(how) if how.contains("signal: 9")), "{error}");
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(&folder);
    config.listen = taken.local_addr().unwrap();
    let message = Service::start(config, Parts::default()).await.err().unwrap().to_string();
    assert!(message.contains(&taken.local_addr().unwrap().to_string()), "{message}");
    assert!(!folder.path().join("data").exists());
}
