//! Renewing, revoking and giving on, sent again: the same request gets the first answer, another with the same id is refused.

use chrono::{Days, TimeDelta};
use fuldmagt_proto::v1::{
    RenewDelegationRequest, RevokeAllDelegationsRequest, RevokeDelegationRequest, SubDelegateRequest,
};
use fuldmagt_tests::world::{CHANGE, SEE, instants, until_day, uris};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response};

use crate::rpc::idempotency::{at_once, replays};

#[tokio::test]
async fn a_part_is_revoked_once() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    let request = world.revoking_part(&from, &given, &[SEE]);
    let others = [
        RevokeDelegationRequest { privileges: uris(&[CHANGE]), ..request.clone() },
        RevokeDelegationRequest { privileges: Vec::new(), ..request.clone() },
    ];
    let send = async |request| world.front_end.delegations().revoke_delegation(request).await;
    let meanwhile = async || drop(world.give(&from, &to, &[SEE]).await);
    for other in others {
        replays(&world, (request.clone(), other), send, async || ()).await;
    }
    replays(&world, (request.clone(), RevokeDelegationRequest { reason: 1, ..request }), send, meanwhile)
        .await;
    assert!(world.check(&from, &to, SEE).await.granted, "what was given since is not touched");
    assert!(world.check(&from, &to, CHANGE).await.granted);
}

#[tokio::test]
async fn all_is_revoked_once_and_so_is_nothing() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let send = async |request| world.front_end.delegations().revoke_all_delegations(request).await;
    for representative in [&to, &other] {
        let request = world.revoking_all(&from, representative);
        let third = RevokeAllDelegationsRequest { reason: 2, ..request.clone() };
        let meanwhile = async || drop(world.give(&from, representative, &[SEE]).await);
        replays(&world, (request, third), send, meanwhile).await;
        assert!(world.check(&from, representative, SEE).await.granted, "what was given since is not touched");
    }
}

#[tokio::test]
async fn a_delegation_is_renewed_once() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE]).await;
    let request = world.signed(world.renewing(&from, &old, until_day("2026-08-10"))).await;
    let other = RenewDelegationRequest { period: until_day("2026-08-11"), ..request.clone() };
    let send = async |request| world.front_end.delegations().renew_delegation(request).await;
    let meanwhile = async || drop(world.revoke_all(&from, &to).await.unwrap());
    replays(&world, (request, other), send, meanwhile).await;
    assert_eq!(world.count("delegation").await, 2);
}

#[tokio::test]
async fn a_part_is_given_on_once() {
    let world = World::with_catalogue().await;
    let (from, to, colleague) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let whole = world.give(&from, &to, &[SEE]).await;
    let request = world.signed(world.giving_on(&to, &whole, &colleague, &[SEE])).await;
    let message = world.people.message().expose().to_owned();
    let other = SubDelegateRequest { message, ..request.clone() };
    let send = async |request| world.front_end.delegations().sub_delegate(request).await;
    let meanwhile = async || drop(world.revoke(&from, &whole).await.unwrap());
    replays(&world, (request, other), send, meanwhile).await;
    assert_eq!(world.count("delegation").await, 2);
}

#[tokio::test]
async fn they_are_answered_again_when_their_start_and_their_end_have_passed() {
    let world = World::with_catalogue().await;
    let (from, to, colleague) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let whole = world.give(&from, &to, &[SEE, CHANGE]).await;
    let start = world.now() + TimeDelta::hours(1);
    let period = instants(start, start + Days::new(2));
    let part = SubDelegateRequest { period, ..world.giving_on(&to, &whole, &colleague, &[SEE]) };
    let part = world.signed(part).await;
    let scheduled = world.replace(&from, &colleague, &[CHANGE]).await;
    let end = chrono::DateTime::from_timestamp(scheduled.valid_to.unwrap().seconds, 0).unwrap();
    let renewal = world.renewing(&from, &scheduled, instants(end, end + Days::new(1)));
    let renewal = world.signed(renewal).await;
    let given_on = world.try_give_on(part.clone()).await.unwrap();
    let renewed = world.try_renew(renewal.clone()).await.unwrap();
    for days in [1, 60] {
        world.advance(TimeDelta::days(days)).await;
        assert_eq!(world.try_give_on(part.clone()).await.unwrap(), given_on);
        assert_eq!(world.try_renew(renewal.clone()).await.unwrap(), renewed);
    }
    // Under another id they are told what is wrong with them by now.
    let request_id = || world.request_id();
    let late = SubDelegateRequest { request_id: request_id(), signature: None, ..part };
    let late = world.try_give_on(late).await.unwrap_err();
    assert_eq!(Refused::of(&late), Refused::field("period.valid_to", "PERIOD_IN_PAST"));
    let late = RenewDelegationRequest { request_id: request_id(), signature: None, ..renewal };
    let late = world.try_renew(late).await.unwrap_err();
    assert_eq!(Refused::of(&late), Refused::field("period.valid_to", "PERIOD_IN_PAST"));
}

#[tokio::test]
async fn each_sent_many_times_at_once_is_done_once_and_answered_alike() {
    let world = World::with_catalogue().await;
    let (from, to, colleague) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let whole = world.give(&from, &to, &[SEE, CHANGE]).await;
    let request = world.signed(world.giving_on(&to, &whole, &colleague, &[SEE])).await;
    at_once(async || world.try_give_on(request.clone()).await).await;
    let request = world.revoking_part(&from, &whole, &[CHANGE]);
    let send = async || {
        let sent = world.front_end.delegations().revoke_delegation(request.clone()).await;
        sent.map(Response::into_inner)
    };
    at_once(send).await;
    let request = world.signed(world.renewing(&from, &whole, until_day("2026-08-10"))).await;
    at_once(async || world.try_renew(request.clone()).await).await;
    let request = world.revoking_all(&from, &to);
    let send = async || {
        let sent = world.front_end.delegations().revoke_all_delegations(request.clone()).await;
        sent.map(Response::into_inner)
    };
    at_once(send).await;
    let kinds: Vec<(String, i64)> = sqlx::query_as(
        "select kind, count(*) from event where entity_kind = 'delegation' group by kind order by kind",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    let wanted = [
        ("created", 3),
        ("privileges_revoked", 1),
        ("revoked", 1),
        ("sub_delegated", 1),
        ("superseded", 1),
        ("terminated", 1),
    ];
    assert_eq!(kinds, wanted.map(|(kind, count)| (kind.to_owned(), count)));
}

#[tokio::test]
async fn a_refused_request_leaves_its_id_free() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE]).await;
    let request = world.renewing(&from, &old, until_day("2026-07-01"));
    world.hide(SEE).await;
    let status = world.try_renew(request.clone()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED"));
    world.publish(SEE).await;
    world.try_renew(request).await.unwrap();
}
