//! How much, how many at once, and for how long.

use std::time::Duration;

use fuldmagt_proto::v1::{
    BatchCheckDelegationsRequest, BatchCheckItem, CheckDelegationRequest, ResolvePartyRequest,
};
use fuldmagt_service::rpc::to_proto::identifier;
use fuldmagt_tests::world::{PURPOSE, SEE, asking, until};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;

/// The shortest deadline that the service can be configured to, and a little more.
const SHORT: Duration = Duration::from_millis(150);
/// A deadline that no test reaches.
const LONG: Duration = Duration::from_secs(60);
/// The longest deadline that a caller gets is a short one.
const IMPATIENT: [(&str, &str); 2] =
    [("limits.default_deadline_ms", "150"), ("limits.max_deadline_ms", "150")];

fn by<R>(deadline: Duration, message: R) -> Request<R> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    request
}

fn too_late() -> Refused {
    Refused::because(Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
}

/// A question about people whom nobody knows.
fn question(world: &World) -> CheckDelegationRequest {
    let [delegator, representative] = [(); 2].map(|()| world.people.person().identifiers().remove(0));
    CheckDelegationRequest {
        delegator: Some(identifier(&delegator)),
        representative: Some(identifier(&representative)),
        privilege: SEE.to_owned(),
        purpose: PURPOSE.to_owned(),
        p_number: String::new(),
    }
}

#[tokio::test]
async fn a_write_whose_time_is_up_is_deadline_exceeded_and_done_wholly() {
    let world = World::with(&IMPATIENT).await;
    let person = world.people.person();
    let request = ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: person.identifiers().iter().map(identifier).collect(),
        create_if_missing: true,
        name: person.name.expose().to_owned(),
    };
    let held = world.hold_writes().await;
    let status = world.front_end.parties().resolve_party(by(LONG, request.clone())).await.unwrap_err();
    assert_eq!(Refused::of(&status), too_late());
    held.rollback().await.unwrap();
    world.until_sql("select count(*) from party", 1).await;
    world.until_idle().await;
    for table in ["event", "change", "party_key", "idempotency"] {
        assert_eq!(world.count(table).await, 1, "{table}");
    }
    // The same again tells what has become of it.
    let again = async || world.front_end.parties().resolve_party(request.clone()).await.is_ok();
    until("the same again is answered", again).await;
    assert_eq!(world.count("party").await, 1);
}

#[tokio::test]
async fn a_question_whose_time_is_up_is_deadline_exceeded_and_the_next_is_answered() {
    let world = World::with(&IMPATIENT).await;
    let held = world.hold_everything().await;
    for _ in 0..8 {
        // More often than the service has database connections: none of them is lost.
        let asked = world.authority.query().check_delegation(by(LONG, question(&world))).await;
        assert_eq!(Refused::of(&asked.unwrap_err()), too_late());
    }
    held.rollback().await.unwrap();
    let is_answered = async || {
        let asked = world.authority.query().check_delegation(question(&world)).await;
        Refused::of(&asked.unwrap_err()).reason == "PRIVILEGE_NOT_FOUND"
    };
    until("the next is answered", is_answered).await;
}

#[tokio::test]
async fn who_sets_no_deadline_gets_the_services() {
    let world = World::with(&[("limits.default_deadline_ms", "150")]).await;
    let held = world.hold_everything().await;
    let status = world.authority.query().check_delegation(question(&world)).await.unwrap_err();
    assert_eq!(Refused::of(&status), too_late());
    held.rollback().await.unwrap();
}

/// The client library has a timer of its own, which on a busy machine is sometimes the first, and says CANCELLED. That
/// the service's own answer is another is tested beside it, with a client that has none.
#[tokio::test]
async fn a_caller_in_a_hurry_gets_no_answer_and_the_delegation_is_whole() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.signed(world.giving(&from, &to, &[SEE])).await;
    let held = world.hold_writes().await;
    let mut delegations = world.front_end.delegations();
    let status = delegations.create_delegation(by(SHORT, request.clone())).await.unwrap_err();
    let is_the_librarys = status.details().is_empty() && status.message() == "Timeout expired";
    assert!(is_the_librarys || Refused::of(&status) == too_late(), "{status:?}");
    held.rollback().await.unwrap();
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    world.until_idle().await;
    assert_eq!(world.count("delegation").await, 1);
    assert_eq!(world.count("event where entity_kind = 'delegation'").await, 1);
    assert_eq!(world.check(&from, &to, SEE).await.delegation_id, given.delegation_id);
}

#[tokio::test]
async fn one_request_more_than_the_service_works_on_is_refused_at_once_and_health_is_answered() {
    let world = World::with(&[("limits.max_concurrent_requests", "1")]).await;
    world.catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.signed(world.giving(&from, &to, &[SEE])).await;
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
    let cpr = identifier(&person.identifiers()[0]);
    let item = BatchCheckItem {
        delegator: Some(cpr.clone()),
        representative: Some(cpr.clone()),
        privilege: SEE.to_owned(),
        p_number: String::new(),
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
        p_number: String::new(),
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
