//! Requests and their answers, sent again: the first answer, once done, whatever has happened since.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    AcceptDelegationRequest, DeclineDelegationRequest, RequestDelegationRequest, WithdrawRequestRequest,
};
use fuldmagt_tests::world::{CHANGE, SEE, days, instants, uris};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::idempotency::{at_once, replays};

#[tokio::test]
async fn request_delegation_asks_once() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.requesting(&helper, &citizen, &[SEE]);
    let other = RequestDelegationRequest { privileges: uris(&[CHANGE]), ..request.clone() };
    let send = async |request| world.front_end.delegations().request_delegation(request).await;
    let meanwhile = async || {
        let asked = send(request.clone()).await.unwrap().into_inner().delegation.unwrap();
        world.decline(&citizen, &asked).await.unwrap();
        world.hide(SEE).await;
    };
    replays(&world, (request.clone(), other), send, meanwhile).await;
    assert_eq!(world.count("delegation").await, 1);
}

#[tokio::test]
async fn request_delegation_is_answered_again_when_its_start_and_its_end_have_passed() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let period = days("2026-06-16", "2026-06-20");
    let request = RequestDelegationRequest { period, ..world.requesting(&helper, &citizen, &[SEE]) };
    let first = world.try_request(request.clone()).await.unwrap();
    for days in [2, 30] {
        world.advance(TimeDelta::days(days)).await;
        assert_eq!(world.try_request(request.clone()).await.unwrap(), first);
    }
    let late = RequestDelegationRequest { request_id: world.request_id(), ..request };
    let status = world.try_request(late).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("period.to_date", "PERIOD_IN_PAST"));
}

#[tokio::test]
async fn accept_delegation_gives_once_also_when_its_etag_is_stale_and_its_start_has_passed() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let asked = world.request(&helper, &citizen, &[SEE]).await;
    let period = instants(world.now(), world.now() + TimeDelta::days(3));
    let request = AcceptDelegationRequest { period, ..world.accepting(&citizen, &asked) };
    let request = world.signed(request).await;
    let other = AcceptDelegationRequest { replace_existing: true, ..request.clone() };
    let send = async |request| world.front_end.delegations().accept_delegation(request).await;
    let meanwhile = async || drop(world.revoke(&citizen, &asked).await.unwrap());
    // By then the start is too old, so that the other request is told so, as if it were the first.
    let first = send(request.clone()).await.unwrap().into_inner();
    assert_eq!(send(request.clone()).await.unwrap().into_inner(), first);
    meanwhile().await;
    let mismatch = Refused::because(Code::AlreadyExists, "IDEMPOTENCY_MISMATCH");
    assert_eq!(Refused::of(&send(other).await.unwrap_err()), mismatch);
    for days in [1, 30] {
        world.advance(TimeDelta::days(days)).await;
        let before = world.snapshot().await;
        assert_eq!(send(request.clone()).await.unwrap().into_inner(), first);
        assert_eq!(world.snapshot().await, before);
    }
    assert_eq!(world.count("event where kind = 'accepted'").await, 1);
}

#[tokio::test]
async fn decline_delegation_and_withdraw_request_settle_once() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let asked = world.request(&helper, &citizen, &[SEE]).await;
    let request = DeclineDelegationRequest { reason: 3, ..world.declining(&citizen, &asked) };
    let other = DeclineDelegationRequest { reason: 4, ..request.clone() };
    let send = async |request| world.front_end.delegations().decline_delegation(request).await;
    let meanwhile = async || drop(world.request(&helper, &citizen, &[SEE]).await);
    replays(&world, (request, other), send, meanwhile).await;

    let asked = world.request(&helper, &citizen, &[CHANGE]).await;
    let request = world.withdrawing(&helper, &asked);
    let other = WithdrawRequestRequest {
        actor: helper.actor_at(fuldmagt_proto::v1::LevelOfAssurance::High),
        ..request.clone()
    };
    let send = async |request| world.front_end.delegations().withdraw_request(request).await;
    let meanwhile = async || drop(world.request(&helper, &citizen, &[CHANGE]).await);
    replays(&world, (request, other), send, meanwhile).await;
}

#[tokio::test]
async fn an_answer_that_is_sent_four_times_at_once_is_given_once() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let asked = world.request(&helper, &citizen, &[SEE]).await;
    let request = world.signed(world.accepting(&citizen, &asked)).await;
    at_once(async || world.try_accept(request.clone()).await).await;
    let asked = world.request(&helper, &citizen, &[CHANGE]).await;
    let request = world.declining(&citizen, &asked);
    let decline = async || {
        let answer = world.front_end.delegations().decline_delegation(request.clone()).await;
        answer.map(tonic::Response::into_inner)
    };
    at_once(decline).await;
    let asked = world.request(&helper, &citizen, &[CHANGE]).await;
    let request = world.withdrawing(&helper, &asked);
    let withdraw = async || {
        let answer = world.front_end.delegations().withdraw_request(request.clone()).await;
        answer.map(tonic::Response::into_inner)
    };
    at_once(withdraw).await;
    world.assert_agreement(&[&helper, &citizen]).await;
}
