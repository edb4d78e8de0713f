//! What those who run the service see: health, reflection, traces, metrics.

use fuldmagt_proto::v1::ListSystemsRequest;
use fuldmagt_tests::World;
use fuldmagt_tests::world::{Client, SEE, asking, until};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// `SERVING`.
const SERVING: i32 = 1;

#[tokio::test]
async fn health_is_told_by_service_to_whoever_asks() {
    let world = World::start().await;
    for client in [&world.anonymous, &world.operator] {
        for service in [
            "",
            "fuldmagt.v1.QueryService",
            "fuldmagt.v1.DelegationService",
            "fuldmagt.v1.PartyService",
            "fuldmagt.v1.CatalogueService",
        ] {
            let asked = HealthCheckRequest { service: service.to_owned() };
            assert_eq!(client.health().check(asked).await.unwrap().into_inner().status, SERVING, "{service}");
        }
        let unknown = HealthCheckRequest { service: "fuldmagt.v1.LetterService".to_owned() };
        assert_eq!(client.health().check(unknown).await.unwrap_err().code(), Code::NotFound);
    }
    assert!(world.get("/readyz").await.starts_with("HTTP/1.1 200"));
    assert!(world.get("/livez").await.starts_with("HTTP/1.1 200"));
}

async fn services(client: &Client) -> Result<Vec<String>, Status> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = client.reflection();
    let mut answers = reflection.server_reflection_info(tokio_stream::iter([request])).await?.into_inner();
    let answer = answers.message().await?.unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
    Ok(list.service.into_iter().map(|service| service.name).collect())
}

#[tokio::test]
async fn reflection_is_off_unless_it_is_configured() {
    let world = World::start().await;
    assert_eq!(services(&world.operator).await.unwrap_err().code(), Code::Unimplemented);
    let world = World::with(&[("reflection", "true")]).await;
    let names = services(&world.operator).await.unwrap();
    for service in ["QueryService", "DelegationService", "PartyService", "CatalogueService"] {
        assert!(names.contains(&format!("fuldmagt.v1.{service}")), "{names:?}");
    }
}

#[tokio::test]
async fn the_callers_trace_goes_on_in_the_answer_and_who_has_none_gets_one() {
    let world = World::start().await;
    let listing = ListSystemsRequest { page_size: 1, page_token: String::new() };
    let mut request = Request::new(listing.clone());
    let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.metadata_mut().insert("traceparent", sent.parse().unwrap());
    let answer = world.operator.catalogue().list_systems(request).await.unwrap();
    let told = answer.metadata().get("traceparent").unwrap().to_str().unwrap().to_owned();
    assert_eq!((&told[..36], &told[52..]), (&sent[..36], "-01"));
    assert_ne!(told, sent, "the server's span is another one");

    let answer = world.operator.catalogue().list_systems(listing.clone()).await.unwrap();
    let other = answer.metadata().get("traceparent").unwrap().to_str().unwrap().to_owned();
    assert_ne!(other[..36], sent[..36]);
    // Errors carry it too, and nonsense counts as none.
    let mut request = Request::new(ListSystemsRequest { page_size: 0, ..listing });
    request.metadata_mut().insert("traceparent", "00-nonsense".parse().unwrap());
    let status = world.operator.catalogue().list_systems(request).await.unwrap_err();
    assert!(status.metadata().get("traceparent").is_some());
}

#[tokio::test]
async fn the_metrics_have_each_rpc_the_pool_and_the_feed() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    for purpose in ["case", "curiosity"] {
        let mut request = asking(&from, &to, SEE);
        request.purpose = purpose.to_owned();
        assert_eq!(world.authority.query().check_delegation(request).await.is_ok(), purpose == "case");
    }
    let feed = sqlx_head(&world).await;
    let revision = format!("fuldmagt_feed_revision {feed}");
    // The feed is looked at every two seconds.
    until(&revision, async || world.get("/metrics").await.lines().any(|line| line == revision)).await;
    let text = world.get("/metrics").await;
    for (code, count) in [("OK", 1), ("PERMISSION_DENIED", 1)] {
        let line = text.lines().find(|line| {
            line.starts_with("rpc_server_duration_seconds_count{")
                && line.contains("rpc_method=\"CheckDelegation\"")
                && line.contains("rpc_service=\"fuldmagt.v1.QueryService\"")
                && line.contains(&format!("grpc_code=\"{code}\""))
        });
        assert!(line.is_some_and(|line| line.ends_with(&format!(" {count}"))), "{line:?} in\n{text}");
    }
    for name in [
        "rpc_server_duration_seconds_bucket{",
        "fuldmagt_database_pool_size ",
        "fuldmagt_database_pool_idle ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name} is not in\n{text}");
    }
}

async fn sqlx_head(world: &World) -> i64 {
    sqlx::query_scalar("select revision from feed_head").fetch_one(&world.database.pool).await.unwrap()
}

#[tokio::test]
async fn an_rpc_that_is_made_up_is_not_in_the_metrics() {
    let world = World::start().await;
    world.anonymous.call_empty("/fuldmagt.v1.QueryService/Number0501792275").await.unwrap_err();
    let text = world.get("/metrics").await;
    assert!(text.contains("rpc_method=\"unknown\"") && !text.contains("0501792275"), "{text}");
}
