//! `DelegationService.RenounceDelegation`.

use fuldmagt_proto::v1::{
    Delegation, DelegationStatus, DenialReason, EndReason, LevelOfAssurance, RenounceDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{SEE, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_renounced_delegation_is_over_at_the_next_check() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    world.a_second_passes().await;
    let renounced = world.renounce(&to, &given).await.unwrap().delegation.unwrap();
    assert_eq!(renounced.status(), DelegationStatus::Renounced);
    assert_eq!((renounced.end_time, renounced.etag.as_str()), (timestamp("2026-06-15T10:00:01Z"), "2"));
    let decision = world.check(&from, &to, SEE).await;
    assert_eq!((decision.granted, decision.denial_reason()), (false, DenialReason::Renounced));
    assert_eq!(decision.delegation_id, given.delegation_id);
}

#[tokio::test]
async fn renouncing_again_or_after_a_revocation_succeeds_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let first = world.give(&from, &to, &[SEE]).await;
    let renounced = world.renounce(&to, &first).await.unwrap();
    world.a_second_passes().await;
    assert_eq!(world.renounce(&to, &first).await.unwrap(), renounced);
    let second = world.give(&from, &to, &[SEE]).await;
    world.revoke(&from, &second).await.unwrap();
    let answer = world.renounce(&to, &second).await.unwrap().delegation.unwrap();
    assert_eq!((answer.status(), answer.etag.as_str()), (DelegationStatus::Revoked, "2"));
}

#[tokio::test]
async fn an_employee_renounces_what_the_employee_or_the_organisation_holds() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let (clerk, colleague) = (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let own = world.give(&from, &clerk, &[SEE]).await;
    let missing = world.renounce(&colleague, &own).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    world.renounce(&clerk, &own).await.unwrap();
    let organisations = world.give(&from, &organisation, &[SEE]).await;
    world.renounce(&colleague, &organisations).await.unwrap();
    assert_eq!(world.check_denied(&from, &organisation, SEE).await, DenialReason::Renounced);
}

#[tokio::test]
async fn nobody_elses_delegation_can_be_renounced_and_none_at_all_looks_alike() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..given.clone() };
    let before = world.snapshot().await;
    let missing = world.renounce(&to, &unknown).await.unwrap_err();
    for user in [&from, &stranger] {
        assert_alike(&missing, &world.renounce(user, &given).await.unwrap_err());
    }
    assert_eq!(world.snapshot().await, before);
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let good = RenounceDelegationRequest {
        request_id: world.request_id(),
        actor: to.actor_at(LevelOfAssurance::Low),
        delegation_id: given.delegation_id,
        reason: EndReason::LostConfidence.into(),
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
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = from.actor())
        .sent_by(&world, async |request| world.front_end.delegations().renounce_delegation(request).await)
        .await;
}
