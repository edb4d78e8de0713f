//! `DelegationService.RevokeDelegation`.

use fuldmagt_proto::v1::{
    CreateDelegationRequest, DelegationStatus, DenialReason, EndReason, LevelOfAssurance,
    RevokeDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, SEE, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_revoked_delegation_is_over_at_the_next_check() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    assert!(world.check(&from, &to, SEE).await.granted);
    world.a_second_passes().await;
    let revoked = world.revoke(&from, &given).await.unwrap().delegation.unwrap();
    assert_eq!(revoked.status(), DelegationStatus::Revoked);
    assert_eq!(revoked.end_time, timestamp("2026-06-15T10:00:01Z"));
    assert_eq!((given.etag.as_str(), revoked.etag.as_str()), ("1", "2"));
    assert_eq!((revoked.delegator_name.as_str(), revoked.message.as_str()), ("", ""));
    for privilege in [SEE, CHANGE] {
        let decision = world.check(&from, &to, privilege).await;
        assert!(!decision.granted);
        assert_eq!(decision.denial_reason(), DenialReason::Revoked);
        assert_eq!(decision.delegation_id, given.delegation_id);
    }
}

#[tokio::test]
async fn revoking_again_succeeds_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let first = world.revoke(&from, &given).await.unwrap();
    let mut before = world.snapshot().await;
    world.a_second_passes().await;
    let again = world.revoke(&from, &given).await.unwrap();
    assert_eq!((again.delegation, again.revision), (first.delegation, first.revision));
    let mut after = world.snapshot().await;
    // That the request was answered is all that is new.
    assert_ne!(before.remove("idempotency"), after.remove("idempotency"));
    assert_eq!(before, after);
}

#[tokio::test]
async fn what_was_renounced_stays_renounced() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    world.renounce(&to, &given).await.unwrap();
    let answer = world.revoke(&from, &given).await.unwrap().delegation.unwrap();
    assert_eq!((answer.status(), answer.etag.as_str()), (DelegationStatus::Renounced, "2"));
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Renounced);
}

#[tokio::test]
async fn an_employee_of_the_delegator_revokes_whoever_gave_it() {
    let world = World::with_catalogue().await;
    let (organisation, to) = (world.organisation().await, world.person().await);
    let (giver, revoker) = (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let request =
        CreateDelegationRequest { actor: giver.actor(), ..world.giving(&organisation, &to, &[SEE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    world.revoke(&revoker, &given).await.unwrap();
    assert_eq!(world.check_denied(&organisation, &to, SEE).await, DenialReason::Revoked);
}

#[tokio::test]
async fn any_login_is_good_enough_to_revoke() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let request = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: from.actor_at(LevelOfAssurance::Low),
        delegation_id: given.delegation_id,
        reason: EndReason::Misuse.into(),
        ..RevokeDelegationRequest::default()
    };
    world.front_end.delegations().revoke_delegation(request).await.unwrap();
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Revoked);
}

#[tokio::test]
async fn nobody_elses_delegation_can_be_revoked_and_none_at_all_looks_alike() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let unknown = fuldmagt_proto::v1::Delegation { delegation_id: SOME_UUID.to_owned(), ..given.clone() };
    let before = world.snapshot().await;
    let missing = world.revoke(&from, &unknown).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    for user in [&to, &stranger] {
        assert_alike(&missing, &world.revoke(user, &given).await.unwrap_err());
    }
    assert_eq!(world.snapshot().await, before);
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let good = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: from.actor(),
        delegation_id: given.delegation_id,
        reason: EndReason::NoLongerNeeded.into(),
        ..RevokeDelegationRequest::default()
    };
    Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .number("reason", 4, false, |request, number| request.reason = number)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = stranger.actor())
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = to.actor())
        .sent_by(&world, async |request| world.front_end.delegations().revoke_delegation(request).await)
        .await;
}
