//! `PaperService.ApprovePaperDelegation`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    ApprovePaperDelegationRequest, Channel, DelegationEventKind, DelegationStatus, DenialReason,
    LevelOfAssurance, PartyKind, StartPaperDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, Case, SEE, days, timestamp, until_day};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::idempotency::replays;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn what_was_ticked_is_given_from_the_approval_on() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let case = world.start_paper(&from, &to, &[SEE, CHANGE]).await;
    let (second, third) = (world.caseworker().await, world.caseworker().await);
    let request = world.registering(&second, &case, &[SEE]);
    let answer = world.caseworker_system.paper().register_signed_form(request).await.unwrap();
    let case = Case { told: answer.into_inner().paper_case.unwrap(), ..case };
    world.advance(TimeDelta::days(2)).await;
    let told = world.approve(world.approving(&third, &case)).await.unwrap();
    assert_eq!((&told.registered_by_id, told.sign_date.as_str()), (&second.id, "2026-06-15"));
    let given = told.delegation.unwrap();
    assert_eq!((given.status(), given.etag.as_str()), (DelegationStatus::Active, "3"));
    assert_eq!(given.privileges, [SEE]);
    let (from_time, to_time) = (timestamp("2026-06-17T10:00:00Z"), timestamp("2026-07-15T22:00:00Z"));
    assert_eq!((given.valid_from, given.valid_to), (from_time, to_time));
    assert!(world.check(&from, &to, SEE).await.granted);
    assert_eq!(world.check_denied(&from, &to, CHANGE).await, DenialReason::NoDelegation);

    let event = world.events_of(&to, &given.delegation_id).await.remove(2);
    assert_eq!((event.kind(), event.channel()), (DelegationEventKind::PaperApproved, Channel::Paper));
    assert_eq!((&event.actor_id, event.acting_for_id.as_str()), (&third.id, ""));
    let letters: Vec<(String, String)> =
        sqlx::query_as("select kind, receiver_id::text from letter_request order by letter_id")
            .fetch_all(&world.database.pool)
            .await
            .unwrap();
    let letter = |kind: &str| (kind.to_owned(), from.id.clone());
    assert_eq!(letters, [letter("paper_form"), letter("paper_confirmation")]);
    // It is a delegation like any other: both can end it.
    world.revoke(&from, &given).await.unwrap();
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Revoked);
}

#[tokio::test]
async fn nobody_approves_what_they_started_or_registered() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let started = world.start_paper(&from, &to, &[SEE]).await;
    let second = world.caseworker().await;
    let request = world.registering(&second, &started, &[SEE]);
    let answer = world.caseworker_system.paper().register_signed_form(request).await.unwrap();
    let case = Case { told: answer.into_inner().paper_case.unwrap(), ..started };
    let before = world.snapshot().await;
    for caseworker in [&case.started_by, &second] {
        let status = world.approve(world.approving(caseworker, &case)).await.unwrap_err();
        assert_eq!(
            Refused::of(&status),
            Refused::because(Code::FailedPrecondition, "APPROVER_IS_NOT_SECOND")
        );
    }
    assert_eq!(world.snapshot().await, before);
    assert!(!world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn nobody_approves_what_is_given_to_them_or_to_their_organisation() {
    let world = World::with_paper().await;
    let from = world.person().await;
    let organisation = world.organisation().await;
    let (holder, colleague) =
        (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let refused = Refused::because(Code::FailedPrecondition, "APPROVER_IS_NOT_SECOND");
    let to_organisation = world.register_paper(&from, &organisation, &[SEE]).await;
    let status = world.approve(world.approving(&colleague, &to_organisation)).await.unwrap_err();
    assert_eq!(Refused::of(&status), refused);
    let to_employee = world.register_paper(&from, &holder, &[SEE]).await;
    let status = world.approve(world.approving(&holder, &to_employee)).await.unwrap_err();
    assert_eq!(Refused::of(&status), refused);
    // What an employee holds is not the organisation's.
    world.approve(world.approving(&colleague, &to_employee)).await.unwrap();
}

#[tokio::test]
async fn the_representative_that_started_it_is_no_second_pair_of_eyes() {
    let world = World::with_paper().await;
    let from = world.person().await;
    let organisation = world.organisation().await;
    let starter = world.employee_of(&organisation).await;
    let request = world.starting(&starter, &from, &organisation, &[SEE]);
    let answer = world.front_end.paper().start_paper_delegation(request).await.unwrap();
    let started = Case { told: answer.into_inner().paper_case.unwrap(), started_by: starter.clone() };
    let caseworker = world.caseworker().await;
    let request = world.registering(&caseworker, &started, &[SEE]);
    let answer = world.caseworker_system.paper().register_signed_form(request).await.unwrap();
    let case = Case { told: answer.into_inner().paper_case.unwrap(), ..started };
    let status = world.approve(world.approving(&starter, &case)).await.unwrap_err();
    assert_eq!(Refused::of(&status).reason, "APPROVER_IS_NOT_SECOND");
    world.approve(world.approving(&world.caseworker().await, &case)).await.unwrap();
}

#[tokio::test]
async fn a_case_is_approved_once_after_its_form_is_registered() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let started = world.start_paper(&from, &to, &[SEE]).await;
    let refused = |reason| Refused::because(Code::FailedPrecondition, reason);
    let status = world.approve(world.approving(&caseworker, &started)).await.unwrap_err();
    assert_eq!(Refused::of(&status), refused("PAPER_NOT_REGISTERED"));

    let case = world.register_paper(&from, &to, &[SEE]).await;
    let told = world.approve(world.approving(&caseworker, &case)).await.unwrap();
    let stale = world.approve(world.approving(&caseworker, &case)).await.unwrap_err();
    assert_eq!(Refused::of(&stale), Refused::because(Code::Aborted, "ETAG_MISMATCH"));
    let approved = Case { told, ..case };
    let status = world.approve(world.approving(&caseworker, &approved)).await.unwrap_err();
    assert_eq!(Refused::of(&status), refused("PAPER_CASE_DECIDED"));
    // Nor when it has ended.
    world.revoke(&from, &approved.delegation()).await.unwrap();
    let request =
        ApprovePaperDelegationRequest { etag: "4".to_owned(), ..world.approving(&caseworker, &approved) };
    assert_eq!(Refused::of(&world.approve(request).await.unwrap_err()), refused("PAPER_CASE_DECIDED"));
}

#[tokio::test]
async fn the_rules_of_giving_are_asked_again() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.register_paper(&from, &to, &[SEE]).await;
    let approve = async || {
        let status = world.approve(world.approving(&caseworker, &case)).await.unwrap_err();
        Refused::of(&status)
    };
    let refused = |reason| Refused::because(Code::FailedPrecondition, reason);
    world.spoil(false, &[PartyKind::Person]).await;
    assert_eq!(approve().await, refused("PAPER_NOT_ALLOWED"));
    world.spoil(true, &[PartyKind::Organisation]).await;
    assert_eq!(approve().await, refused("DELEGATOR_KIND_NOT_ALLOWED"));
    world.allow_paper().await;
    let standing = async |text: &str| {
        world.sql(&format!("update party set standing = '{text}' where party_id = '{}'", to.id)).await
    };
    standing("suspended").await;
    assert_eq!(approve().await, refused("PARTY_NOT_IN_GOOD_STANDING"));
    standing("good").await;
    world.hide(SEE).await;
    assert_eq!(approve().await, refused("PRIVILEGE_NOT_PUBLISHED"));
    world.publish(SEE).await;
    world.advance(TimeDelta::days(31)).await;
    assert_eq!(approve().await, refused("PERIOD_IN_PAST"));
}

#[tokio::test]
async fn a_start_on_the_form_holds_as_long_as_it_is_to_come() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    for (approved, begins) in
        [("2026-06-20T10:00:00Z", "2026-06-30T22:00:00Z"), ("2026-07-05T10:00:00Z", "2026-07-05T10:00:00Z")]
    {
        world.move_to(timestamp_of("2026-06-15T10:00:00Z")).await;
        let request = StartPaperDelegationRequest {
            period: days("2026-07-01", "2026-07-31"),
            ..world.starting(&caseworker, &from, &to, &[SEE])
        };
        let answer = world.caseworker_system.paper().start_paper_delegation(request).await.unwrap();
        let case = Case { told: answer.into_inner().paper_case.unwrap(), started_by: caseworker.clone() };
        let request = world.registering(&caseworker, &case, &[SEE]);
        let answer = world.caseworker_system.paper().register_signed_form(request).await.unwrap();
        let case = Case { told: answer.into_inner().paper_case.unwrap(), ..case };
        world.move_to(timestamp_of(approved)).await;
        let given = world
            .approve(world.approving(&world.caseworker().await, &case))
            .await
            .unwrap()
            .delegation
            .unwrap();
        assert_eq!(
            (given.valid_from, given.valid_to),
            (timestamp(begins), timestamp("2026-07-31T22:00:00Z"))
        );
        world.revoke(&from, &given).await.unwrap();
    }
}

fn timestamp_of(text: &str) -> chrono::DateTime<chrono::Utc> {
    fuldmagt_tests::world::instant(text)
}

#[tokio::test]
async fn what_is_given_already_is_replaced_only_when_that_is_said() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    let case = world.register_paper(&from, &to, &[SEE]).await;
    let request = world.approving(&caseworker, &case);
    let status = world.approve(request.clone()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::AlreadyExists, "DELEGATION_OVERLAPS"));
    let request = ApprovePaperDelegationRequest { replace_existing: true, ..request };
    let given = world.approve(request).await.unwrap().delegation.unwrap();
    assert_eq!(given.supersedes, [old.delegation_id.clone()]);
    let old = world.see(&from, &old).await.unwrap();
    assert_eq!(
        (old.status(), old.privileges, old.revoked_privileges),
        (DelegationStatus::Active, vec![CHANGE.to_owned()], vec![SEE.to_owned()])
    );
    assert!(world.check(&from, &to, SEE).await.granted);
    assert!(world.check(&from, &to, CHANGE).await.granted);
}

#[tokio::test]
async fn a_replacement_that_begins_later_than_what_it_replaces_is_refused() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    world.give(&from, &to, &[SEE]).await;
    let request = StartPaperDelegationRequest {
        period: days("2026-07-01", "2026-07-31"),
        ..world.starting(&caseworker, &from, &to, &[SEE])
    };
    let answer = world.caseworker_system.paper().start_paper_delegation(request).await.unwrap();
    let case = Case { told: answer.into_inner().paper_case.unwrap(), started_by: caseworker.clone() };
    let request = world.registering(&caseworker, &case, &[SEE]);
    let answer = world.caseworker_system.paper().register_signed_form(request).await.unwrap();
    let case = Case { told: answer.into_inner().paper_case.unwrap(), ..case };
    let request = ApprovePaperDelegationRequest {
        replace_existing: true,
        ..world.approving(&world.caseworker().await, &case)
    };
    let status = world.approve(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "REPLACEMENT_STARTS_LATER"));
}

#[tokio::test]
async fn what_is_not_a_paper_case_looks_like_what_is_not_there() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let given = world.give(&from, &to, &[CHANGE]).await;
    let case = world.register_paper(&from, &to, &[SEE]).await;
    let approve = async |actor, delegation_id: &str| {
        let delegation_id = delegation_id.to_owned();
        let request = ApprovePaperDelegationRequest { delegation_id, ..world.approving(actor, &case) };
        world.approve(request).await.unwrap_err()
    };
    let missing = approve(&caseworker, SOME_UUID).await;
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    assert_alike(&missing, &approve(&caseworker, &given.delegation_id).await);
    let denied = approve(&to, SOME_UUID).await;
    assert_eq!(Refused::of(&denied), Refused::because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER"));
    assert_alike(&denied, &approve(&to, &case.id()).await);
}

#[tokio::test]
async fn a_case_is_approved_once_by_one_request_sent_again_or_four_times_at_once() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.register_paper(&from, &to, &[SEE]).await;
    let request = world.approving(&caseworker, &case);
    let other = ApprovePaperDelegationRequest { replace_existing: true, ..request.clone() };
    let send = async |request| world.caseworker_system.paper().approve_paper_delegation(request).await;
    let meanwhile = async || {
        let given = send(request.clone()).await.unwrap().into_inner().paper_case.unwrap().delegation.unwrap();
        world.revoke(&from, &given).await.unwrap();
    };
    replays(&world, (request.clone(), other), send, meanwhile).await;

    let case = world.register_paper(&from, &to, &[CHANGE]).await;
    let request = world.approving(&caseworker, &case);
    let approve = async || world.approve(request.clone()).await;
    let (a, b, c, d) = tokio::join!(approve(), approve(), approve(), approve());
    let answers = [a, b, c, d].map(Result::unwrap);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.register_paper(&from, &to, &[SEE]).await;
    let good = world.approving(&caseworker, &case);
    Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .etag(|request, text| request.etag = text)
        .field("etag", "REQUIRED", |request| request.etag.clear())
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "1".to_owned())
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "3".to_owned())
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
        .because(Code::FailedPrecondition, "APPROVER_IS_NOT_SECOND", {
            let starter = case.started_by.clone();
            move |request| request.actor = starter.actor()
        })
        .sent_by(&world, async |request| world.approve(request).await)
        .await;
}

#[tokio::test]
async fn a_delegation_on_paper_may_last_as_long_as_any() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let request = StartPaperDelegationRequest {
        period: until_day("2028-06-14"),
        ..world.starting(&caseworker, &from, &to, &[SEE])
    };
    world.caseworker_system.paper().start_paper_delegation(request).await.unwrap();
}
