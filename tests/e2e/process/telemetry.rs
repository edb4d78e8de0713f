//! What a service tells of itself: spans and metrics to a collector, log lines as JSON.

use fuldmagt_tests::fixtures::{Keyring, People};
use fuldmagt_tests::{TestDatabase, database};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::metadata::MetadataValue;

use super::api::Api;
use super::collector::Collector;
use super::program::Program;
use super::serving::{Serving, serve};

const PRIVILEGE: &str = "urn:dk:process-test:telemetry";
const AUTHORITY: &str = "34051178";
/// The example of the W3C's recommendation.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn on(database: &TestDatabase, keyring: &Keyring, args: &[&str]) -> Program {
    let program = serve(&[&["--dev-plaintext", "--data-dir", "/nowhere"], args].concat());
    program.env("FULDMAGT_DATABASE__URL", &database.url).env("FULDMAGT_KEYRING_FILE", keyring.path())
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|each| each.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// A call that says which trace it belongs to.
async fn list_systems_in_trace(api: &Api) {
    use fuldmagt_proto::v1::{ListSystemsRequest, catalogue_service_client::CatalogueServiceClient};
    let mut request = tonic::Request::new(ListSystemsRequest { page_size: 1, page_token: String::new() });
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    request.metadata_mut().insert("traceparent", MetadataValue::try_from(parent).unwrap());
    let answer = CatalogueServiceClient::new(api.0.clone()).list_systems(request).await.unwrap();
    let parent = answer.metadata().get("traceparent").unwrap().to_str().unwrap();
    assert!(parent.starts_with(&format!("00-{TRACE}-")), "{parent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_metrics_reach_a_collector_before_the_service_has_ended() {
    let (database, keyring, people) = (database().await, Keyring::generate(), People::starting_at(860_000));
    let (collector, endpoint) = Collector::start();
    let serving =
        Serving::start(on(&database, &keyring, &["--set", &format!("telemetry.otlp_endpoint={endpoint}")]));
    let api = Api::connect(&serving).await;
    api.publish(AUTHORITY, &[PRIVILEGE]).await;
    let given = api.give_between([people.person(), people.person()], PRIVILEGE).await;
    assert!(api.check(&given, PRIVILEGE).await.granted);
    list_systems_in_trace(&api).await;
    assert_eq!(serving.stop().code, Some(0));

    let received = collector.received();
    assert!(received.services.iter().any(|name| name.contains("fuldmagt")), "{:?}", received.services);
    for method in [
        "CatalogueService/PutSystem",
        "CatalogueService/PutPrivilege",
        "CatalogueService/PublishPrivilege",
        "PartyService/ResolveParty",
        "DelegationService/CreateDelegation",
        "QueryService/CheckDelegation",
    ] {
        let name = format!("fuldmagt.v1.{method}");
        let span = received.spans.iter().find(|span| span.name.ends_with(&name));
        let span = span.unwrap_or_else(|| panic!("there is no span {name}"));
        assert_eq!(attribute(span, "fuldmagt.client").as_deref(), Some("development"), "{name}");
        assert_eq!(attribute(span, "rpc.grpc.status_code").as_deref(), Some("0"), "{name}");
    }
    let in_trace: Vec<&Span> = received.spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    assert!(
        in_trace.iter().any(|span| span.name.ends_with("ListSystems")),
        "the caller's trace was not joined"
    );
    for name in ["rpc_server_duration_seconds", "fuldmagt_database_pool_size", "fuldmagt_feed_revision"] {
        assert!(received.metrics.iter().any(|metric| metric == name), "no {name} in {:?}", received.metrics);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_disturbs_nothing() {
    let (database, keyring) = (database().await, Keyring::generate());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("telemetry.otlp_endpoint=http://{nobody}");
    let serving = Serving::start(on(&database, &keyring, &["--set", &endpoint]));
    Api::connect(&serving).await.list_systems().await.unwrap();
    assert_eq!(serving.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_json_when_that_is_asked_for() {
    let (database, keyring) = (database().await, Keyring::generate());
    let program = on(&database, &keyring, &["--log-format", "json"]).start();
    let ready = program.wait_for("\"message\":\"ready\"");
    program.signal("TERM");
    let ended = program.wait();
    assert_eq!(ended.code, Some(0));
    for line in ended.err.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert!(ready["grpc"].as_str().unwrap().starts_with("127.0.0.1:"));
}
