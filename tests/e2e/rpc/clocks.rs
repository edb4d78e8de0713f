//! Two machines, whose clocks differ: what the one has ended has ended later than it is on the other.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    AcceptDelegationRequest, ApprovePaperDelegationRequest, Delegation, DelegationStatus, TerminationReason,
};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, Registered, SEE};

/// How far the clock of the one is ahead.
const AHEAD: TimeDelta = TimeDelta::minutes(3);

/// The machine whose clock is ahead takes a privilege out of a delegation that it was given with.
async fn narrowed(world: &World, from: &Registered, to: &Registered) -> Delegation {
    let given = world.give(from, to, &[SEE, CHANGE]).await;
    world.advance(AHEAD).await;
    let left = world.revoke_part(from, &given, &[CHANGE]).await.unwrap();
    world.advance(-AHEAD).await;
    assert_eq!(left.privileges, [SEE]);
    left
}

#[tokio::test]
async fn an_employment_ends_with_what_another_machine_has_narrowed() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let employee = world.employee_of(&organisation).await;
    let held = narrowed(&world, &from, &employee).await;
    let did = world.end_employment(&employee).await.unwrap();
    assert_eq!(did.terminated_delegation_ids, std::slice::from_ref(&held.delegation_id));
    let ended = world.see(&from, &held).await.unwrap();
    assert_eq!(ended.termination_reason(), TerminationReason::EmploymentEnded);
    world.check_denied(&from, &employee, SEE).await;
}

#[tokio::test]
async fn parties_are_merged_with_what_another_machine_has_narrowed() {
    let world = World::with_catalogue().await;
    let (survivor, absorbed) = world.one_person_twice().await;
    let between = narrowed(&world, &absorbed, &survivor).await;
    let (_, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(did.self_delegation_ids, std::slice::from_ref(&between.delegation_id));
    let ended = world.see(&survivor, &between).await.unwrap();
    assert_eq!(ended.termination_reason(), TerminationReason::PartiesMerged);
}

#[tokio::test]
async fn an_accepted_request_replaces_what_another_machine_has_narrowed() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.request(&to, &from, &[SEE]).await;
    let before = narrowed(&world, &from, &to).await;
    let accepting = AcceptDelegationRequest { replace_existing: true, ..world.accepting(&from, &request) };
    let accepted = world.try_accept(accepting).await.unwrap();
    assert_eq!(world.see(&from, &before).await.unwrap().status(), DelegationStatus::Superseded);
    // From then on, and not before.
    assert_eq!(accepted.status(), DelegationStatus::Scheduled);
    world.advance(AHEAD).await;
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn an_approved_form_replaces_what_another_machine_has_narrowed() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let before = narrowed(&world, &from, &to).await;
    let case = world.register_paper(&from, &to, &[SEE]).await;
    let approving = ApprovePaperDelegationRequest {
        replace_existing: true,
        ..world.approving(&world.caseworker().await, &case)
    };
    world.approve(approving).await.unwrap();
    assert_eq!(world.see(&from, &before).await.unwrap().status(), DelegationStatus::Superseded);
}
