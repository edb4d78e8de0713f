//! `PartyService.EndEmployment`.

use fuldmagt_proto::v1::{
    Channel, DelegationEventKind, DelegationStatus, DenialReason, EndEmploymentRequest,
    ListDelegationEventsRequest, ListDelegationsRequest, PartySide, TerminationReason,
};
use fuldmagt_tests::world::{CHANGE, SEE};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn what_the_employee_holds_ends_at_once_and_the_delegator_hears_of_it() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let (employee, colleague) =
        (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let held = world.give(&from, &employee, &[SEE, CHANGE]).await;
    let others = world.give(&from, &colleague, &[SEE]).await;
    let did = world.end_employment(&employee).await.unwrap();
    assert_eq!(did.terminated_delegation_ids, std::slice::from_ref(&held.delegation_id));
    assert_eq!((did.removed_designation_count, did.has_more), (0, false));
    assert_eq!(world.check_denied(&from, &employee, SEE).await, DenialReason::Terminated);
    assert!(world.check(&from, &colleague, SEE).await.granted);

    let ended = world.see(&from, &held).await.unwrap();
    assert_eq!(ended.status(), DelegationStatus::Terminated);
    assert_eq!(ended.termination_reason(), TerminationReason::EmploymentEnded);
    let history = world.event_kinds(&from, &held).await;
    assert_eq!(history, [DelegationEventKind::Created, DelegationEventKind::Terminated]);
    let heard = world.waiting_notices(&from).await;
    assert_eq!(heard, [("terminated".to_owned(), held.delegation_id.clone())]);
    assert_eq!(world.see(&from, &others).await.unwrap().status(), DelegationStatus::Active);
    // Nothing can be given any more.
    let status = world.try_give(world.giving(&from, &employee, &[SEE])).await.unwrap_err();
    let refused = Refused::because(Code::FailedPrecondition, "PARTY_NOT_IN_GOOD_STANDING");
    assert_eq!(Refused::of(&status), refused);
}

#[tokio::test]
async fn the_employees_designations_are_removed_by_events_of_their_delegations() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let (employee, colleague) =
        (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let given = world.give(&from, &organisation, &[SEE]).await;
    for designated in [&employee, &colleague] {
        world.designate(&colleague, &given, designated).await;
    }
    assert!(world.check(&from, &employee, SEE).await.granted);
    let did = world.end_employment(&employee).await.unwrap();
    assert_eq!((did.terminated_delegation_ids.len(), did.removed_designation_count), (0, 1));
    let request = ListDelegationEventsRequest {
        actor: from.actor(),
        delegation_id: given.delegation_id.clone(),
        page_size: 500,
        page_token: String::new(),
    };
    let events =
        world.front_end.delegations().list_delegation_events(request).await.unwrap().into_inner().events;
    let removed = events.last().unwrap();
    assert_eq!(
        (removed.kind(), removed.channel()),
        (DelegationEventKind::DesignationRemoved, Channel::Register)
    );
    assert_eq!((removed.related_id.as_str(), removed.etag.as_str()), (employee.id.as_str(), "4"));
    assert!(!world.check(&from, &employee, SEE).await.granted);
    assert!(world.check(&from, &colleague, SEE).await.granted);
    let left = format!("designation where removed_at is null and employee_id = '{}'", colleague.id);
    assert_eq!(world.count(&left).await, 1);
    assert_eq!(world.count("designation where removed_at is null").await, 1);
}

#[tokio::test]
async fn an_employment_that_has_ended_stays_so() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let employee = world.employee_of(&organisation).await;
    world.give(&from, &employee, &[SEE]).await;
    let request = EndEmploymentRequest { request_id: world.request_id(), employee_id: employee.id.clone() };
    let end = async |request| world.front_end.parties().end_employment(request).await.unwrap().into_inner();
    let first = end(request.clone()).await;
    let changes = world.feed_revision().await;
    assert_eq!(end(request).await, first);
    let again = world.end_employment(&employee).await.unwrap();
    assert_eq!((again.terminated_delegation_ids.len(), again.removed_designation_count), (0, 0));
    assert_eq!(world.feed_revision().await, changes);
}

#[tokio::test]
async fn very_many_delegations_end_in_batches_and_the_check_says_no_at_once() {
    let world = World::with_catalogue().await;
    let organisation = world.organisation().await;
    let employee = world.employee_of(&organisation).await;
    let from = [world.person().await, world.person().await, world.person().await];
    for from in &from {
        world.give(from, &employee, &[SEE]).await;
    }
    // Of each a hundred and fifty more, each over when the next begins.
    world
        .sql(
            "with given as (
                insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, created_at)
                select 0, gen_random_uuid(), d.delegator_id, d.representative_id, d.valid_to + n * interval '1 day',
                       d.valid_to + (n + 1) * interval '1 day', d.created_at
                from delegation d, generate_series(1, 150) n
                returning *)
             insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id,
                                               valid_from, valid_to)
             select 0, g.delegation_id, p.privilege_id, g.delegator_id, g.representative_id, g.valid_from, g.valid_to
             from given g, (select distinct privilege_id from delegation_privilege) p",
        )
        .await;
    let did = world.end_employment(&employee).await.unwrap();
    assert_eq!((did.has_more, did.terminated_delegation_ids.len()), (true, 200));
    // Whichever of them are not written yet.
    for from in &from {
        world.check_denied(from, &employee, SEE).await;
    }
    world.until_sql("select count(*) from delegation where status = 'active'", 0).await;
    world.until_sql("select count(*) from standing_effect", 0).await;
    for written in ["event", "notice_item"] {
        assert_eq!(world.count(&format!("{written} where kind = 'terminated'")).await, 453);
    }
    assert_eq!(world.count("delegation_privilege where ended_as = 'terminated'").await, 453);
    for from in &from {
        assert_eq!(world.check_denied(from, &employee, SEE).await, DenialReason::Terminated);
    }
}

#[tokio::test]
async fn every_field_is_checked() {
    let world = World::with_catalogue().await;
    let (person, organisation) = (world.person().await, world.organisation().await);
    let employee = world.employee_of(&organisation).await;
    let good = EndEmploymentRequest { request_id: world.request_id(), employee_id: employee.id.clone() };
    let mut refusals = Refusals::of(good)
        .request_id(|r, text| r.request_id = text)
        .uuid("employee_id", |r, text| r.employee_id = text)
        .because(Code::NotFound, "PARTY_NOT_FOUND", |r| r.employee_id = SOME_UUID.to_owned());
    for id in [person.id, organisation.id] {
        refusals = refusals.because(Code::FailedPrecondition, "PARTY_IS_NOT_EMPLOYEE", move |r| {
            r.employee_id.clone_from(&id);
        });
    }
    refusals.sent_by(&world, async |request| world.front_end.parties().end_employment(request).await).await;
}

#[tokio::test]
async fn who_is_employed_no_longer_sees_and_ends_nothing_of_the_organisation() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let (employee, colleague) =
        (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let given = world.give(&from, &organisation, &[SEE]).await;
    let own = world.give(&from, &employee, &[CHANGE]).await;
    assert!(world.see(&employee, &given).await.is_ok());
    world.end_employment(&employee).await.unwrap();

    let not_found = Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND");
    assert_eq!(Refused::of(&world.see(&employee, &given).await.unwrap_err()), not_found);
    assert_eq!(Refused::of(&world.renounce(&employee, &given).await.unwrap_err()), not_found);
    let receipt = world.receipt(employee.actor(), &given.delegation_id).await.unwrap_err();
    assert_eq!(Refused::of(&receipt), not_found);
    let (delegations, id) = (world.front_end.delegations(), given.delegation_id.clone());
    let events = ListDelegationEventsRequest {
        actor: employee.actor(),
        delegation_id: id.clone(),
        page_size: 9,
        page_token: String::new(),
    };
    let refused = delegations.clone().list_delegation_events(events).await.unwrap_err();
    assert_eq!(Refused::of(&refused), not_found);
    let designations = world.listing_designations(&employee, &given);
    let refused = delegations.clone().list_designations(designations).await.unwrap_err();
    assert_eq!(Refused::of(&refused), not_found);
    let held = ListDelegationsRequest {
        actor: employee.actor(),
        party_id: organisation.id.clone(),
        side: PartySide::Held.into(),
        page_size: 9,
        page_token: String::new(),
    };
    let refused = delegations.clone().list_delegations(held.clone()).await.unwrap_err();
    assert_eq!(Refused::of(&refused).reason, "PARTY_NOT_FOUND");
    // What was the employee's own is read; and colleagues see what they saw.
    assert!(world.see(&employee, &own).await.is_ok());
    let held = ListDelegationsRequest { actor: colleague.actor(), ..held };
    let seen = delegations.clone().list_delegations(held).await.unwrap().into_inner().delegations;
    assert_eq!(seen.len(), 1);
    assert!(world.see(&colleague, &given).await.is_ok());
}
