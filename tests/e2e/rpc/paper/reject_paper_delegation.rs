//! `PaperService.RejectPaperDelegation`.

use fuldmagt_proto::v1::{
    Channel, DelegationEventKind, DelegationStatus, EndReason, LevelOfAssurance, PaperRejectReason,
    RejectPaperDelegationRequest, TerminationReason,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, SEE, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::idempotency::replays;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_case_that_waits_is_rejected_with_a_reason_that_its_parties_see() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let started = world.start_paper(&from, &to, &[SEE]).await;
    let registered = world.register_paper(&from, &to, &[SEE]).await;
    for (case, reason, version) in
        [(started, PaperRejectReason::NotReturned, "2"), (registered, PaperRejectReason::Delegator, "3")]
    {
        let request =
            RejectPaperDelegationRequest { reason: reason.into(), ..world.rejecting(&caseworker, &case) };
        let told = world.reject(request).await.unwrap().delegation.unwrap();
        assert_eq!((told.status(), told.etag.as_str()), (DelegationStatus::PaperRejected, version));
        assert_eq!(told.end_time, timestamp("2026-06-15T10:00:00Z"));
        let event = world.events_of(&from, &case.id()).await.pop().unwrap();
        assert_eq!((event.kind(), event.channel()), (DelegationEventKind::PaperRejected, Channel::Paper));
        assert_eq!((event.paper_reject_reason(), event.reason()), (reason, EndReason::Unspecified));
        assert_eq!(event.termination_reason(), TerminationReason::Unspecified);
        assert_eq!((&event.actor_id, event.acting_for_id.as_str()), (&caseworker.id, ""));
        assert_eq!(world.see(&to, &told).await.unwrap().status(), DelegationStatus::PaperRejected);
    }
    assert!(!world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn who_started_or_registered_a_case_may_reject_it() {
    let world = World::with_paper().await;
    let case = world.register_paper(&world.person().await, &world.person().await, &[SEE]).await;
    world.reject(world.rejecting(&case.started_by, &case)).await.unwrap();
}

#[tokio::test]
async fn what_is_decided_is_not_rejected() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let decided = Refused::because(Code::FailedPrecondition, "PAPER_CASE_DECIDED");
    let approved = world.register_paper(&from, &to, &[SEE]).await;
    world.approve(world.approving(&caseworker, &approved)).await.unwrap();
    let rejected = world.start_paper(&from, &to, &[SEE]).await;
    world.reject(world.rejecting(&caseworker, &rejected)).await.unwrap();
    for case in [approved, rejected] {
        let status = world.reject(world.rejecting(&caseworker, &case)).await.unwrap_err();
        assert_eq!(Refused::of(&status), decided);
    }
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn what_is_not_a_paper_case_looks_like_what_is_not_there() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let given = world.give(&from, &to, &[CHANGE]).await;
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let reject = async |actor, delegation_id: &str| {
        let delegation_id = delegation_id.to_owned();
        let request = RejectPaperDelegationRequest { delegation_id, ..world.rejecting(actor, &case) };
        world.reject(request).await.unwrap_err()
    };
    let missing = reject(&caseworker, SOME_UUID).await;
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    assert_alike(&missing, &reject(&caseworker, &given.delegation_id).await);
    let denied = reject(&from, SOME_UUID).await;
    assert_alike(&denied, &reject(&from, &case.id()).await);
}

#[tokio::test]
async fn a_case_is_rejected_once_by_one_request() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let request = world.rejecting(&caseworker, &case);
    let other =
        RejectPaperDelegationRequest { reason: PaperRejectReason::Incomplete.into(), ..request.clone() };
    let send = async |request| world.caseworker_system.paper().reject_paper_delegation(request).await;
    let meanwhile = async || drop(world.start_paper(&from, &to, &[SEE]).await);
    replays(&world, (request, other), send, meanwhile).await;
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let good = world.rejecting(&caseworker, &case);
    Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .number("reason", 5, true, |request, number| request.reason = number)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER", move |request| request.actor = to.actor())
        .because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW", move |request| {
            request.actor = caseworker.actor_at(LevelOfAssurance::Low);
        })
        .sent_by(&world, async |request| world.reject(request).await)
        .await;
}
