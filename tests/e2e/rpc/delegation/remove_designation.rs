//! `DelegationService.RemoveDesignation`.

use fuldmagt_proto::v1::{
    Delegation, DelegationEventKind, DelegationStatus, DenialReason, LevelOfAssurance,
    RemoveDesignationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::SEE;
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::designate_employee::{Company, company};
use crate::rpc::fields::SOME_UUID;
use crate::rpc::idempotency::replays;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn who_is_no_longer_designated_may_not_act_at_the_next_check() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    for designated in [&manager, &employee] {
        world.designate(&manager, &held, designated).await;
    }
    let revision = world.feed_revision().await;
    let after = world.try_remove(world.removing(&manager, &held, &employee)).await.unwrap();
    assert_eq!((after.status(), after.etag.as_str()), (DelegationStatus::Active, "4"));
    let denied = DenialReason::EmployeeNotDesignated;
    assert_eq!(world.check_denied(&from, &employee, SEE).await, denied);
    assert!(world.check(&from, &manager, SEE).await.granted);
    assert_eq!(world.feed_revision().await, revision + 1);
    let events = world.history(&from, &held).await;
    let event = events.last().unwrap();
    assert_eq!((events.len(), event.kind()), (4, DelegationEventKind::DesignationRemoved));
    assert_eq!((&event.actor_id, &event.acting_for_id), (&manager.id, &organisation.id));
    assert_eq!(event.related_id, employee.id);
    world.assert_nothing_hangs_loose().await;
    // And may be again, from the next moment.
    world.a_second_passes().await;
    world.designate(&manager, &held, &employee).await;
    assert!(world.check(&from, &employee, SEE).await.granted);
    assert_eq!(world.count("designation").await, 3);
}

#[tokio::test]
async fn removing_again_succeeds_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let Company { from, manager, employee, held, .. } = company(&world).await;
    for designated in [&manager, &employee] {
        world.designate(&manager, &held, designated).await;
    }
    let first = world.try_remove(world.removing(&manager, &held, &employee)).await.unwrap();
    let mut before = world.snapshot().await;
    let again = world.try_remove(world.removing(&manager, &held, &employee)).await.unwrap();
    assert_eq!(again, first);
    let mut after = world.snapshot().await;
    assert_ne!(before.remove("idempotency"), after.remove("idempotency"));
    assert_eq!(before, after);
    // What has ended with the delegation is as good as removed.
    world.revoke(&from, &held).await.unwrap();
    let ended = world.try_remove(world.removing(&manager, &held, &manager)).await.unwrap();
    assert_eq!(ended.status(), DelegationStatus::Revoked);
    assert_eq!(world.event_kinds(&from, &held).await.last(), Some(&DelegationEventKind::Revoked));
}

#[tokio::test]
async fn taking_back_asks_for_no_level_and_no_standing() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    world.designate(&manager, &held, &employee).await;
    world.suspend(&organisation).await;
    let request = RemoveDesignationRequest {
        actor: manager.actor_at(LevelOfAssurance::Low),
        ..world.removing(&manager, &held, &employee)
    };
    world.try_remove(request).await.unwrap();
    assert_eq!(world.count("designation where removed_at is null").await, 0);
    assert_eq!(world.check_denied(&from, &employee, SEE).await, DenialReason::EmployeeNotDesignated);
}

#[tokio::test]
async fn a_designation_is_removed_once() {
    let world = World::with_catalogue().await;
    let Company { manager, employee, held, .. } = company(&world).await;
    world.designate(&manager, &held, &employee).await;
    let request = world.removing(&manager, &held, &employee);
    let other = RemoveDesignationRequest { employee_id: manager.id.clone(), ..request.clone() };
    let send = async |request| world.front_end.delegations().remove_designation(request).await;
    let meanwhile = async || {
        world.a_second_passes().await;
        world.designate(&manager, &held, &employee).await;
    };
    replays(&world, (request, other), send, meanwhile).await;
    assert_eq!(world.count("designation where removed_at is null").await, 1, "what was made since stands");
}

#[tokio::test]
async fn one_of_two_at_once_removes_it_and_whoever_designates_meanwhile_is_seen() {
    let world = World::with_catalogue().await;
    let Company { manager, employee, held, .. } = company(&world).await;
    for round in 0..20 {
        world.a_second_passes().await;
        world.designate(&manager, &held, &employee).await;
        let remove = async || world.try_remove(world.removing(&manager, &held, &employee)).await;
        let designate = async || world.try_designate(world.designating(&manager, &held, &employee)).await;
        let (a, b, c) = tokio::join!(remove(), designate(), remove());
        assert!([&a, &b, &c].iter().all(|answer| answer.is_ok()), "{round}: {a:?} {b:?} {c:?}");
        world.assert_nothing_hangs_loose().await;
        let stand = world.designations(world.listing_designations(&manager, &held)).await.unwrap();
        assert!(stand.designations.len() <= 1, "{round}: {stand:?}");
        world.a_second_passes().await;
        drop(remove().await.unwrap());
    }
}

#[tokio::test]
async fn every_field_is_checked() {
    let world = World::with_catalogue().await;
    let Company { from, manager, employee, held, .. } = company(&world).await;
    let other = company(&world).await;
    world.designate(&manager, &held, &employee).await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..held.clone() };
    let missing = world.try_remove(world.removing(&manager, &unknown, &employee)).await.unwrap_err();
    for user in [&from, &other.manager] {
        let status = world.try_remove(world.removing(user, &held, &employee)).await.unwrap_err();
        assert_alike(&missing, &status);
    }
    let never = Refused { code: Code::NotFound, ..Refused::field("employee_id", "DESIGNATION_NOT_FOUND") };
    let spoil = |id: String| move |r: &mut RemoveDesignationRequest| r.employee_id.clone_from(&id);
    Refusals::of(world.removing(&manager, &held, &employee))
        .request_id(|r, text| r.request_id = text)
        .actor(|r| &mut r.actor)
        .uuid("delegation_id", |r, text| r.delegation_id = text)
        .uuid("employee_id", |r, text| r.employee_id = text)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |r| r.delegation_id = SOME_UUID.to_owned())
        .refused(never.clone(), spoil(SOME_UUID.to_owned()))
        .refused(never.clone(), spoil(manager.id.clone()))
        .refused(never, spoil(other.employee.id.clone()))
        .sent_by(&world, async |request| world.try_remove(request).await)
        .await;
}
