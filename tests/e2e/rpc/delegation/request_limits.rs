//! `DelegationService.RequestDelegation`: how many requests are allowed. The database counts them, also when they come all
//! at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use fuldmagt_proto::v1::{Delegation, RequestDelegationRequest};
use fuldmagt_tests::world::{CHANGE, Registered, SEE, until_day};
use fuldmagt_tests::{Refused, World};
use tokio::sync::Barrier;
use tonic::{Code, Status};

/// Unanswered requests of one requester to all delegators.
const OF_ONE: usize = 20;
/// Unanswered requests of one requester to one delegator.
const OF_A_PAIR: usize = 5;
/// Requests that are sent at once, each on a connection of its own.
const AT_ONCE: usize = 40;

fn exhausted(reason: &str) -> Refused {
    Refused::because(Code::ResourceExhausted, reason)
}

/// Asks for the same until it is refused; how often it was not, and why it was.
async fn until_refused(world: &World, from: &Registered, to: &Registered) -> (Vec<Delegation>, Refused) {
    let mut asked = Vec::new();
    loop {
        match world.try_request(world.requesting(from, to, &[SEE])).await {
            Ok(request) => asked.push(request),
            Err(status) => return (asked, Refused::of(&status)),
        }
        assert!(asked.len() <= OF_ONE, "never refused");
    }
}

#[tokio::test]
async fn a_sixth_unanswered_request_to_one_delegator_and_a_twenty_first_to_all_are_refused() {
    let world = World::with_catalogue().await;
    let helper = world.person().await;
    let mut asked = Vec::new();
    for _ in 0..OF_ONE / OF_A_PAIR {
        let citizen = world.person().await;
        let (requests, refused) = until_refused(&world, &helper, &citizen).await;
        assert_eq!((requests.len(), asked.len() % OF_A_PAIR), (OF_A_PAIR, 0));
        asked.extend(requests.into_iter().map(|request| (citizen.clone(), request)));
        let reason =
            if asked.len() < OF_ONE { "REQUESTS_TO_DELEGATOR_EXHAUSTED" } else { "REQUESTS_EXHAUSTED" };
        assert_eq!(refused, exhausted(reason));
    }
    let other = world.person().await;
    let before = world.snapshot().await;
    let (none, refused) = until_refused(&world, &helper, &other).await;
    assert_eq!((none.len(), refused), (0, exhausted("REQUESTS_EXHAUSTED")));
    assert_eq!(world.snapshot().await, before);
    // Others are not in the way of each other.
    world.request(&other, &asked[0].0, &[SEE]).await;
    world.request(&asked[0].0, &helper, &[SEE]).await;
    // What is settled does not count: withdrawn, declined or accepted.
    world.withdraw(&helper, &asked[0].1).await.unwrap();
    world.decline(&asked[1].0, &asked[1].1).await.unwrap();
    world.accept(&asked[2].0, &asked[2].1).await;
    for _ in 0..3 {
        world.request(&helper, &other, &[CHANGE]).await;
    }
    let (none, refused) = until_refused(&world, &helper, &other).await;
    assert_eq!((none.len(), refused), (0, exhausted("REQUESTS_EXHAUSTED")));
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_counted_once_and_answered_when_there_is_no_room_for_another() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let first = world.requesting(&helper, &citizen, &[SEE]);
    let answer = world.try_request(first.clone()).await.unwrap();
    for _ in 0..OF_A_PAIR {
        assert_eq!(world.try_request(first.clone()).await.unwrap(), answer);
    }
    let (others, _) = until_refused(&world, &helper, &citizen).await;
    assert_eq!(others.len(), OF_A_PAIR - 1);
    assert_eq!(world.try_request(first).await.unwrap(), answer);
}

#[tokio::test]
async fn what_has_lapsed_does_not_count_though_that_was_never_written() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let (requests, _) = until_refused(&world, &helper, &citizen).await;
    let lapses_at = world.now() + TimeDelta::days(30);
    world.move_to(lapses_at - TimeDelta::microseconds(1)).await;
    let (none, _) = until_refused(&world, &helper, &citizen).await;
    assert_eq!(none.len(), 0);
    world.move_to(lapses_at).await;
    let (requests_anew, refused) = until_refused(&world, &helper, &citizen).await;
    assert_eq!((requests_anew.len(), refused), (OF_A_PAIR, exhausted("REQUESTS_TO_DELEGATOR_EXHAUSTED")));
    assert_eq!(world.count("delegation where status = 'requested'").await, 2 * requests.len() as i64);
}

#[tokio::test]
async fn after_three_declines_there_is_no_request_for_ninety_days() {
    let world = World::with_catalogue().await;
    let (helper, citizen, other) = (world.person().await, world.person().await, world.person().await);
    let again = || RequestDelegationRequest {
        period: until_day("2027-12-24"),
        ..world.requesting(&helper, &citizen, &[SEE])
    };
    for _ in 0..3 {
        let request = world.try_request(again()).await.unwrap();
        world.advance(TimeDelta::days(20)).await;
        world.decline(&citizen, &request).await.unwrap();
    }
    let declined_at = world.now();
    let refused = exhausted("REQUESTS_DECLINED_TOO_OFTEN");
    assert_eq!(Refused::of(&world.try_request(again()).await.unwrap_err()), refused);
    // Each of the others is free to ask, and to be asked.
    world.request(&helper, &other, &[SEE]).await;
    world.request(&other, &citizen, &[SEE]).await;
    world.request(&citizen, &helper, &[SEE]).await;
    world.move_to(declined_at + TimeDelta::days(90) - TimeDelta::microseconds(1)).await;
    assert_eq!(Refused::of(&world.try_request(again()).await.unwrap_err()), refused);
    world.move_to(declined_at + TimeDelta::days(90)).await;
    let request = world.try_request(again()).await.unwrap();
    // The fourth begins another ninety days.
    world.decline(&citizen, &request).await.unwrap();
    assert_eq!(Refused::of(&world.try_request(again()).await.unwrap_err()), refused);
}

/// Sends all at once, each on a connection of its own.
async fn at_once(
    world: &Arc<World>,
    requests: Vec<RequestDelegationRequest>,
) -> Vec<Result<Delegation, Status>> {
    let start = Arc::new(Barrier::new(requests.len()));
    let mut senders = Vec::new();
    for request in requests {
        let (client, start) = (world.front_end.reconnected(), Arc::clone(&start));
        senders.push(tokio::spawn(async move {
            start.wait().await;
            let answer = client.delegations().request_delegation(request).await?.into_inner();
            Ok(answer.delegation.expect("a request"))
        }));
    }
    let mut answers = Vec::new();
    for sender in senders {
        answers.push(sender.await.expect("the sender does not panic"));
    }
    answers
}

/// How many requests of the requester wait in the database, by delegator.
async fn waiting(world: &World, helper: &Registered) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select delegator_id::text, count(*) from delegation
         where representative_id = $1::uuid and status = 'requested' group by 1",
    )
    .bind(&helper.id)
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    rows.into_iter().collect()
}

async fn of_forty_requests_at_once(delegators: usize, per_delegator: i64, reasons: &[&str]) {
    let world = World::with(&[("database.max_connections", "16")]).await;
    world.catalogue().await;
    let helper = world.person().await;
    let mut citizens = Vec::new();
    for _ in 0..delegators {
        citizens.push(world.person().await);
    }
    let world = Arc::new(world);
    let requests =
        (0..AT_ONCE).map(|n| world.requesting(&helper, &citizens[n % citizens.len()], &[SEE])).collect();
    let answers = at_once(&world, requests).await;
    let good = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(good, OF_ONE);
    for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        let refused = Refused::of(status);
        assert!(reasons.iter().any(|reason| refused == exhausted(reason)), "{refused:?}");
    }
    let waiting = waiting(&world, &helper).await;
    assert_eq!(waiting.values().sum::<i64>(), OF_ONE as i64);
    assert!(waiting.values().all(|count| *count <= per_delegator), "{waiting:?}");
    world.assert_agreement(&[&helper]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_forty_requests_at_once_to_eight_delegators_twenty_wait() {
    of_forty_requests_at_once(8, 5, &["REQUESTS_EXHAUSTED"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_forty_requests_at_once_to_four_delegators_five_wait_for_each() {
    let reasons = ["REQUESTS_TO_DELEGATOR_EXHAUSTED", "REQUESTS_EXHAUSTED"];
    of_forty_requests_at_once(4, 5, &reasons).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_request_sent_eight_times_at_once_is_counted_once() {
    let world = Arc::new(World::with_catalogue().await);
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.requesting(&helper, &citizen, &[SEE]);
    let answers = at_once(&world, vec![request; 8]).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    let (others, _) = until_refused(&world, &helper, &citizen).await;
    assert_eq!(others.len(), OF_A_PAIR - 1);
}
