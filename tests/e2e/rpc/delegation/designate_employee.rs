//! `DelegationService.DesignateEmployee`.

use fuldmagt_proto::v1::{
    Channel, CreateDelegationRequest, Delegation, DelegationEventKind, DelegationStatus, DenialReason,
    DesignateEmployeeRequest, LevelOfAssurance, RequestDelegationRequest, identifier::Value,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, asking, days, identifier};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::idempotency::{at_once, replays};
use crate::rpc::refusals::Refusals;

/// An organisation that holds a delegation, and two of its employees.
pub(crate) struct Company {
    pub(crate) from: Registered,
    pub(crate) organisation: Registered,
    pub(crate) manager: Registered,
    pub(crate) employee: Registered,
    pub(crate) held: Delegation,
}

pub(crate) async fn company(world: &World) -> Company {
    let (from, organisation) = (world.person().await, world.organisation().await);
    let manager = world.employee_of(&organisation).await;
    let employee = world.employee_of(&organisation).await;
    let held = world.give(&from, &organisation, &[SEE, CHANGE]).await;
    Company { from, organisation, manager, employee, held }
}

fn precondition(reason: &str) -> Refused {
    Refused::because(Code::FailedPrecondition, reason)
}

#[tokio::test]
async fn only_a_designated_employee_may_use_what_the_organisation_holds() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    let not_yet = DenialReason::EmployeeNotDesignated;
    assert_eq!(world.check_denied(&from, &employee, SEE).await, not_yet);
    assert_eq!(world.check_denied(&from, &organisation, SEE).await, DenialReason::EmployeeRequired);
    let after = world.try_designate(world.designating(&manager, &held, &employee)).await.unwrap();
    assert_eq!((after.status(), after.etag.as_str()), (DelegationStatus::Active, "2"));
    for privilege in [SEE, CHANGE] {
        let decision = world.check(&from, &employee, privilege).await;
        assert!(decision.granted, "{decision:?}");
        assert_eq!((&decision.delegation_id, decision.chain.len()), (&held.delegation_id, 0));
    }
    // By the other of the names as well.
    let mut by_uuid = asking(&from, &employee, SEE);
    by_uuid.representative = employee.identifiers.get(1).cloned();
    let answer = world.authority.query().check_delegation(by_uuid).await.unwrap().into_inner();
    assert!(answer.decision.unwrap().granted);
    // And nobody else.
    assert_eq!(world.check_denied(&from, &manager, SEE).await, not_yet);
    assert_eq!(world.check_denied(&from, &organisation, SEE).await, DenialReason::EmployeeRequired);
}

#[tokio::test]
async fn a_designation_is_an_event_and_a_change() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    let revision = world.feed_revision().await;
    world.designate(&manager, &held, &employee).await;
    assert_eq!(world.feed_revision().await, revision + 1);
    let change = format!(
        "change where revision = {} and entity_kind = 'delegation' and entity_id = '{}' and version = 2",
        revision + 1,
        held.delegation_id
    );
    assert_eq!(world.count(&change).await, 1);
    for user in [&from, &manager] {
        let events = world.history(user, &held).await;
        let event = events.last().unwrap();
        assert_eq!((events.len(), event.kind()), (2, DelegationEventKind::EmployeeDesignated));
        assert_eq!((&event.actor_id, &event.acting_for_id), (&manager.id, &organisation.id));
        assert_eq!((&event.related_id, event.channel()), (&employee.id, Channel::SelfService));
    }
    world.assert_nothing_hangs_loose().await;
}

#[tokio::test]
async fn a_production_unit_is_where_the_employee_may_act() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    let (unit, other) = (world.unit_of(&organisation).await, world.unit_of(&organisation).await);
    let request = world.designating_at(&manager, &held, (&employee, &unit));
    world.try_designate(request).await.unwrap();
    assert!(world.check_at(&from, (&employee, &unit), SEE).await.granted);
    for decision in
        [world.check_at(&from, (&employee, &other), SEE).await, world.check(&from, &employee, SEE).await]
    {
        assert!(!decision.granted);
        assert_eq!(decision.denial_reason(), DenialReason::PNumberMismatch);
    }
    // Who is not limited acts anywhere, and says where or not.
    world.designate(&manager, &held, &manager).await;
    assert!(world.check(&from, &manager, SEE).await.granted);
    assert!(world.check_at(&from, (&manager, &other), SEE).await.granted);
}

#[tokio::test]
async fn who_is_designated_stays_so_and_for_another_place_is_designated_anew() {
    let world = World::with_catalogue().await;
    let Company { organisation, manager, employee, held, .. } = company(&world).await;
    let unit = world.unit_of(&organisation).await;
    let first = world.try_designate(world.designating(&manager, &held, &employee)).await.unwrap();
    let mut before = world.snapshot().await;
    let again = world.try_designate(world.designating(&employee, &held, &employee)).await.unwrap();
    assert_eq!(again, first);
    let elsewhere = world.designating_at(&manager, &held, (&employee, &unit));
    let status = world.try_designate(elsewhere).await.unwrap_err();
    assert_eq!(Refused::of(&status), precondition("EMPLOYEE_DESIGNATED_OTHERWISE"));
    let mut after = world.snapshot().await;
    assert_ne!(before.remove("idempotency"), after.remove("idempotency"));
    assert_eq!(before, after);
}

#[tokio::test]
async fn what_is_to_come_is_made_ready_and_what_is_over_is_not() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    let to_come = CreateDelegationRequest {
        period: days("2026-09-01", "2026-09-30"),
        ..world.giving(&from, &organisation, &[SEE])
    };
    let to_come = world.try_give(to_come).await.unwrap().delegation.unwrap();
    assert_eq!(to_come.status(), DelegationStatus::Scheduled);
    world.designate(&manager, &to_come, &employee).await;
    world.revoke(&from, &held).await.unwrap();
    assert_eq!(world.check_denied(&from, &employee, SEE).await, DenialReason::NotYetValid);
    let status = world.try_designate(world.designating(&manager, &held, &employee)).await.unwrap_err();
    assert_eq!(Refused::of(&status), precondition("DELEGATION_ENDED"));
    world.advance(chrono::TimeDelta::days(80)).await;
    assert!(world.check(&from, &employee, SEE).await.granted);
    world.advance(chrono::TimeDelta::days(40)).await;
    let status = world.try_designate(world.designating(&manager, &to_come, &manager)).await.unwrap_err();
    assert_eq!(Refused::of(&status), precondition("DELEGATION_ENDED"));
}

#[tokio::test]
async fn what_demands_a_high_level_is_handed_out_at_that_level() {
    let world = World::with_catalogue().await;
    let Company { from, manager, employee, held, .. } = company(&world).await;
    world.sql(&format!("update privilege set assurance = 'high' where uri = '{CHANGE}'")).await;
    let request = world.designating(&manager, &held, &employee);
    let status = world.try_designate(request.clone()).await.unwrap_err();
    assert_eq!(Refused::of(&status), precondition("ASSURANCE_TOO_LOW"));
    let request = DesignateEmployeeRequest { actor: manager.actor_at(LevelOfAssurance::High), ..request };
    world.try_designate(request).await.unwrap();
    assert!(world.check(&from, &employee, CHANGE).await.granted);
}

#[tokio::test]
async fn a_delegation_of_somebody_else_looks_like_none() {
    let world = World::with_catalogue().await;
    let Company { from, employee, held, .. } = company(&world).await;
    let other = company(&world).await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..held.clone() };
    let missing =
        world.try_designate(world.designating(&other.manager, &unknown, &employee)).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    for user in [&from, &other.manager, &other.organisation] {
        let status = world.try_designate(world.designating(user, &held, &employee)).await.unwrap_err();
        assert_alike(&missing, &status);
    }
}

#[tokio::test]
async fn an_employee_of_another_organisation_looks_like_nobody() {
    let world = World::with_catalogue().await;
    let Company { manager, employee, held, organisation, .. } = company(&world).await;
    let other = company(&world).await;
    let nobody = DesignateEmployeeRequest {
        employee: identifier(Value::Rid("CVR:13748136-RID:1".to_owned())),
        ..world.designating(&manager, &held, &employee)
    };
    let missing = world.try_designate(nobody).await.unwrap_err();
    let reason = "EMPLOYEE_NOT_FOUND";
    assert_eq!(Refused::of(&missing).reason, reason);
    let status = world.try_designate(world.designating(&manager, &held, &other.employee)).await.unwrap_err();
    assert_alike(&missing, &status);
    let theirs = world.unit_of(&other.organisation).await;
    let nobodys = world.people.p_number();
    let [missing, status] = [&nobodys, &theirs].map(async |unit| {
        world.try_designate(world.designating_at(&manager, &held, (&employee, unit))).await.unwrap_err()
    });
    let (missing, status) = (missing.await, status.await);
    assert_eq!(Refused::of(&missing).reason, "PRODUCTION_UNIT_NOT_FOUND");
    assert_alike(&missing, &status);
    // Who has left is known, and may not.
    world.end_employment(&employee).await.unwrap();
    let status = world.try_designate(world.designating(&manager, &held, &employee)).await.unwrap_err();
    assert_eq!(Refused::of(&status), precondition("PARTY_NOT_IN_GOOD_STANDING"));
    world.suspend(&organisation).await;
    let status = world.try_designate(world.designating(&manager, &held, &manager)).await.unwrap_err();
    assert_eq!(Refused::of(&status), precondition("PARTY_NOT_IN_GOOD_STANDING"));
}

#[tokio::test]
async fn an_employee_is_designated_once() {
    let world = World::with_catalogue().await;
    let Company { manager, employee, held, .. } = company(&world).await;
    let request = world.designating(&manager, &held, &employee);
    let other = DesignateEmployeeRequest { employee: manager.identifier(), ..request.clone() };
    let send = async |request| world.front_end.delegations().designate_employee(request).await;
    let meanwhile =
        async || drop(world.try_remove(world.removing(&manager, &held, &employee)).await.unwrap());
    replays(&world, (request, other), send, meanwhile).await;
    assert_eq!(world.count("designation").await, 1);
}

#[tokio::test]
async fn at_once_an_employee_is_designated_once() {
    let world = World::with_catalogue().await;
    let Company { manager, employee, held, .. } = company(&world).await;
    let request = world.designating(&manager, &held, &employee);
    at_once(async || {
        let answer = world.front_end.delegations().designate_employee(request.clone()).await;
        answer.map(Response::into_inner)
    })
    .await;
    // Each with an id of its own: one does it, the others find it done.
    let colleague = &manager;
    let designate = async || world.try_designate(world.designating(&employee, &held, colleague)).await;
    let (a, b, c) = tokio::join!(designate(), designate(), designate());
    assert!([a, b, c].iter().all(|answer| answer.as_ref().is_ok_and(|after| after.etag == "3")));
    assert_eq!(world.count("designation").await, 2);
    world.assert_nothing_hangs_loose().await;
}

#[tokio::test]
async fn every_field_is_checked() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    let unit = world.unit_of(&organisation).await;
    let person = world.person().await;
    let to_person = world.give(&from, &person, &[SEE]).await;
    let asking =
        RequestDelegationRequest { actor: manager.actor(), ..world.requesting(&organisation, &from, &[SEE]) };
    let asked = world.try_request(asking).await.unwrap();
    let good = world.designating_at(&manager, &held, (&employee, &unit));
    let kind = "IDENTIFIER_KIND_MISMATCH";
    Refusals::of(good)
        .request_id(|r, text| r.request_id = text)
        .actor(|r| &mut r.actor)
        .uuid("delegation_id", |r, text| r.delegation_id = text)
        .identifier("employee", |r, employee| r.employee = employee)
        .field("employee", kind, move |r| r.employee = person.identifier())
        .field("employee", kind, move |r| r.employee = organisation.identifier())
        .field("p_number", "P_NUMBER_MALFORMED", |r| r.p_number = "100336684".to_owned())
        .field("p_number", "P_NUMBER_MALFORMED", |r| r.p_number = "0".repeat(100_000))
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |r| r.delegation_id = SOME_UUID.to_owned())
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |r| {
            r.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |r| {
            r.delegation_id.clone_from(&to_person.delegation_id);
        })
        .because(Code::FailedPrecondition, "DELEGATION_NOT_GIVEN", move |r| {
            r.delegation_id.clone_from(&asked.delegation_id);
        })
        .because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW", |r| {
            r.actor.as_mut().unwrap().level_of_assurance = LevelOfAssurance::Low.into();
        })
        .sent_by(&world, async |request| world.try_designate(request).await)
        .await;
}

#[tokio::test]
async fn what_a_person_or_an_employee_holds_is_nobody_elses_to_use() {
    let world = World::with_catalogue().await;
    let Company { from, manager, employee, .. } = company(&world).await;
    let held = world.give(&from, &employee, &[SEE]).await;
    let status = world.try_designate(world.designating(&employee, &held, &manager)).await.unwrap_err();
    assert_eq!(Refused::of(&status), precondition("DELEGATION_NOT_HELD_BY_ORGANISATION"));
    assert!(world.check(&from, &employee, SEE).await.granted, "who holds it needs no designation");
}
