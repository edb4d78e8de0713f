//! How much, how many at once, and for how long.

use std::time::Duration;

use fuldmagt_proto::v1::{BatchCheckDelegationsRequest, BatchCheckItem, CheckDelegationRequest};
use fuldmagt_tests::world::{PURPOSE, SEE, asking, until};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;

/// What a client asks for that cannot wait.
const SHORT: Duration = Duration::from_millis(150);
/// How often a client of ours may be the first to see that the time is up.
const ATTEMPTS: usize = 20;

/// The service's answer to a call with a short deadline. The client library has a timer of its own, which may win on a
/// busy machine by a few milliseconds; it says so without details, and then the call is made again.
async fn in_short_time<A>(call: impl AsyncFn() -> Result<A, Status>) -> Status {
    for _ in 0..ATTEMPTS {
        let Err(status) = call().await else { panic!("it is answered in time") };
        if !status.details().is_empty() {
            return status;
        }
        assert_eq!(status.message(), "Timeout expired", "an answer of the client library");
    }
    panic!("the service never answers in time");
}

fn short<R>(message: R) -> Request<R> {
    let mut request = Request::new(message);
    request.set_timeout(SHORT);
    request
}

#[tokio::test]
async fn a_write_whose_time_is_up_is_deadline_exceeded_and_done_wholly_or_not_at_all() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.giving(&from, &to, &[SEE]);
    let held = world.hold_writes().await;
    let send = async || world.front_end.delegations().create_delegation(short(request.clone())).await;
    let status = in_short_time(send).await;
    assert_eq!(Refused::of(&status), Refused::because(Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    held.rollback().await.unwrap();
    // The same again tells what has become of it.
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    world.until_idle().await;
    assert_eq!(world.count("delegation").await, 1);
    assert_eq!(world.count("event where entity_kind = 'delegation'").await, 1);
    assert_eq!(world.check(&from, &to, SEE).await.delegation_id, given.delegation_id);
}

#[tokio::test]
async fn a_question_whose_time_is_up_is_deadline_exceeded_and_the_next_is_answered() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let held = world.hold_everything().await;
    let ask = async || world.authority.query().check_delegation(short(asking(&from, &to, SEE))).await;
    let status = in_short_time(ask).await;
    assert_eq!(Refused::of(&status), Refused::because(Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    held.rollback().await.unwrap();
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn who_sets_no_deadline_gets_the_services() {
    let world = World::with(&[("limits.default_deadline_ms", "150")]).await;
    let (from, to) = (world.person().await, world.person().await);
    let held = world.hold_everything().await;
    let status = world.authority.query().check_delegation(asking(&from, &to, SEE)).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn one_request_more_than_the_service_works_on_is_refused_at_once_and_health_is_answered() {
    let world = World::with(&[("limits.max_concurrent_requests", "1")]).await;
    world.catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.giving(&from, &to, &[SEE]);
    let held = world.hold_writes().await;
    let (running, ()) = tokio::join!(world.try_give(request), async {
        world.until_waiting(1).await;
        let asked = world.authority.query().check_delegation(asking(&from, &to, SEE)).await;
        let status = asked.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::Unavailable, "OVERLOADED"));
        let health = world.authority.health().check(HealthCheckRequest::default()).await.unwrap();
        assert_eq!(health.into_inner().status, 1);
        held.rollback().await.unwrap();
    });
    running.unwrap();
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_and_the_connection_lives_on() {
    let world = World::with(&[("limits.max_request_bytes", "2048")]).await;
    let person = world.people.person();
    let cpr = fuldmagt_service::rpc::to_proto::identifier(&person.identifiers()[0]);
    let item = BatchCheckItem {
        delegator: Some(cpr.clone()),
        representative: Some(cpr.clone()),
        privilege: SEE.to_owned(),
    };
    let before = world.snapshot().await;
    let batch = BatchCheckDelegationsRequest { items: vec![item; 900], purpose: PURPOSE.to_owned() };
    let status = world.authority.query().batch_check_delegations(batch).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::ResourceExhausted, "REQUEST_TOO_LARGE"));
    assert_eq!(world.snapshot().await, before);
    let short = CheckDelegationRequest { delegator: Some(cpr), ..CheckDelegationRequest::default() };
    let status = world.authority.query().check_delegation(short).await.unwrap_err();
    assert_eq!(Refused::of(&status).code, Code::InvalidArgument);
}

#[tokio::test]
async fn the_longest_good_batch_is_far_below_the_bound_on_a_message() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let item = BatchCheckItem {
        delegator: from.identifiers.last().cloned(),
        representative: to.identifiers.last().cloned(),
        privilege: format!("urn:dk:{}", "x".repeat(493)),
    };
    let batch = BatchCheckDelegationsRequest { items: vec![item; 1_000], purpose: PURPOSE.to_owned() };
    let status = world.authority.query().batch_check_delegations(batch).await.unwrap_err();
    assert_eq!(Refused::of(&status).reason, "PRIVILEGE_NOT_FOUND");
}

#[tokio::test]
async fn one_connection_more_than_the_service_keeps_is_closed_and_its_place_is_free_again() {
    let world = World::with(&[("limits.max_connections", "1")]).await;
    let health = async |client: &fuldmagt_tests::world::Client| {
        client.health().check(HealthCheckRequest::default()).await
    };
    let first = world.authority.reconnected();
    health(&first).await.unwrap();
    let status = health(&world.front_end).await.unwrap_err();
    assert!(matches!(status.code(), Code::Unavailable | Code::Unknown), "{status:?}");
    drop((first, health));
    let again =
        async || world.front_end.reconnected().health().check(HealthCheckRequest::default()).await.is_ok();
    until("the place of the connection that ended", again).await;
}
