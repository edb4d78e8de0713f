//! `DelegationService.RevokeAllDelegations`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    CreateDelegationRequest, DelegationEventKind, DelegationStatus, DenialReason, EndReason,
    LevelOfAssurance, RevokeAllDelegationsRequest, TerminationReason,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, SEE, SIGN, days};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn everything_that_lives_between_the_two_ends_at_one_revision() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let active = world.give(&from, &to, &[SEE, CHANGE]).await;
    let part = world.give_on(&to, &active, &other, &[SEE]).await;
    let request = CreateDelegationRequest {
        period: days("2026-09-01", "2026-09-30"),
        ..world.giving(&from, &to, &[SIGN])
    };
    let scheduled = world.try_give(request).await.unwrap().delegation.unwrap();
    let kept = world.give(&from, &other, &[CHANGE]).await;
    let back = world.give(&to, &from, &[SEE]).await;
    world.a_second_passes().await;
    let head = world.count("change").await;
    let answer = world.revoke_all(&from, &to).await.unwrap();
    let ended: Vec<_> = answer.delegations.iter().map(|d| d.delegation_id.as_str()).collect();
    assert_eq!(ended, [&active.delegation_id, &scheduled.delegation_id]);
    for delegation in &answer.delegations {
        assert_eq!((delegation.status(), delegation.etag.is_empty()), (DelegationStatus::Revoked, false));
        assert_eq!(*delegation, world.see(&to, delegation).await.map(without_names).unwrap());
        let last = world.history(&to, delegation).await.pop().unwrap();
        assert_eq!((last.kind(), &last.actor_id), (DelegationEventKind::Revoked, &from.id));
    }
    assert_eq!(world.count("change").await, head + 3);
    assert_eq!(world.count("change where revision = (select revision from feed_head)").await, 3);
    for privilege in [SEE, CHANGE, SIGN] {
        assert_eq!(world.check_denied(&from, &to, privilege).await, DenialReason::Revoked);
    }
    let seen = world.see(&other, &part).await.unwrap();
    assert_eq!(
        (seen.status(), seen.termination_reason()),
        (DelegationStatus::Terminated, TerminationReason::ParentEnded)
    );
    assert_eq!(world.check_denied(&from, &other, SEE).await, DenialReason::Terminated);
    for (delegation, user) in [(&kept, &from), (&back, &from)] {
        assert_eq!(world.see(user, delegation).await.unwrap().status(), DelegationStatus::Active);
    }
}

fn without_names(delegation: fuldmagt_proto::v1::Delegation) -> fuldmagt_proto::v1::Delegation {
    let (delegator_name, representative_name) = Default::default();
    fuldmagt_proto::v1::Delegation { delegator_name, representative_name, ..delegation }
}

#[tokio::test]
async fn what_others_gave_on_to_the_representative_ends_as_well() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let whole = world.give(&from, &to, &[SEE]).await;
    let part = world.give_on(&to, &whole, &other, &[SEE]).await;
    let answer = world.revoke_all(&from, &other).await.unwrap();
    assert_eq!(answer.delegations[0].delegation_id, part.delegation_id);
    assert_eq!(answer.delegations[0].status(), DelegationStatus::Revoked);
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn nothing_to_end_is_a_success_and_what_has_ended_stays_as_it_is() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let renounced = world.give(&from, &to, &[SEE]).await;
    world.renounce(&to, &renounced).await.unwrap();
    let expired = world.give(&from, &to, &[CHANGE]).await;
    world.advance(TimeDelta::days(31)).await;
    let mut before = world.snapshot().await;
    let answer = world.revoke_all(&from, &to).await.unwrap();
    assert_eq!(answer.delegations, []);
    let mut after = world.snapshot().await;
    // That the request was answered is all that is new.
    assert_ne!(before.remove("idempotency"), after.remove("idempotency"));
    assert_eq!(before, after);
    assert_eq!(world.see(&from, &expired).await.unwrap().status(), DelegationStatus::Expired);
    assert_eq!(world.usage().await.last().unwrap().rpc, "fuldmagt.v1.DelegationService/GetDelegation");
}

#[tokio::test]
async fn any_login_of_any_employee_is_good_enough() {
    let world = World::with_catalogue().await;
    let (organisation, to) = (world.organisation().await, world.person().await);
    let (giver, clerk) = (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let request =
        CreateDelegationRequest { actor: giver.actor(), ..world.giving(&organisation, &to, &[SEE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    let request = RevokeAllDelegationsRequest {
        actor: clerk.actor_at(LevelOfAssurance::Low),
        reason: EndReason::LostConfidence.into(),
        ..world.revoking_all(&organisation, &to)
    };
    world.front_end.delegations().revoke_all_delegations(request).await.unwrap();
    let last = world.history(&clerk, &given).await.pop().unwrap();
    assert_eq!((last.reason(), &last.actor_id), (EndReason::LostConfidence, &clerk.id));
    assert_eq!(last.acting_for_id, organisation.id);
}

#[tokio::test]
async fn somebody_elses_delegator_and_an_unknown_one_look_alike() {
    let world = World::with_catalogue().await;
    let (from, to, thief) = (world.person().await, world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let refused = async |delegator: &str, representative: &str| {
        let request = RevokeAllDelegationsRequest {
            actor: thief.actor(),
            delegator_id: delegator.to_owned(),
            representative_id: representative.to_owned(),
            ..world.revoking_all(&from, &to)
        };
        world.front_end.delegations().revoke_all_delegations(request).await.unwrap_err()
    };
    let somebodys = refused(&from.id, &to.id).await;
    assert_eq!(Refused::of(&somebodys), Refused::because(Code::NotFound, "PARTY_NOT_FOUND"));
    assert_alike(&somebodys, &refused(SOME_UUID, &to.id).await);
    assert_alike(&somebodys, &refused(&from.id, SOME_UUID).await);
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let (delegator, representative) = (from.id.clone(), to.clone());
    Refusals::of(world.revoking_all(&from, &to))
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegator_id", |request, text| request.delegator_id = text)
        .uuid("representative_id", |request, text| request.representative_id = text)
        .number("reason", 4, false, |request, number| request.reason = number)
        .field("representative_id", "DELEGATOR_IS_REPRESENTATIVE", move |request| {
            request.representative_id = delegator.clone();
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| request.delegator_id = SOME_UUID.to_owned())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.representative_id = SOME_UUID.to_owned()
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", move |request| request.actor = representative.actor())
        .sent_by(&world, async |request| world.front_end.delegations().revoke_all_delegations(request).await)
        .await;
}
