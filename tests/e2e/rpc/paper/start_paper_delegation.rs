//! `PaperService.StartPaperDelegation`.

use fuldmagt_proto::v1::{
    Channel, DelegationEventKind, DelegationStatus, DenialReason, LevelOfAssurance, PartyKind,
    StartPaperDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, DRAFT, SEE, SIGN, UNKNOWN, days, instant, instants, timestamp, uris};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::idempotency::replays;
use crate::rpc::refusals::Refusals;

async fn letters(world: &World) -> Vec<(String, String, String)> {
    sqlx::query_as(
        "select kind, receiver_id::text, delegation_id::text from letter_request order by letter_id",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_caseworker_has_a_form_posted_that_gives_nothing_yet() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let request = world.starting(&caseworker, &from, &to, &[SEE, CHANGE]);
    let answer = world.caseworker_system.paper().start_paper_delegation(request).await.unwrap();
    let case = answer.into_inner().paper_case.unwrap();
    assert_eq!((case.scan_digest.len(), case.sign_date.as_str(), case.register_time), (0, "", None));
    assert_eq!(case.registered_by_id, "");
    let told = case.delegation.unwrap();
    assert_eq!(told.status(), DelegationStatus::PaperStarted);
    assert_eq!((told.delegator_id.as_str(), told.representative_id.as_str()), (&*from.id, &*to.id));
    assert_eq!((told.privileges.clone(), told.etag.as_str()), (uris(&[SEE, CHANGE]), "1"));
    assert_eq!((told.valid_from, told.valid_to), (None, timestamp("2026-07-15T22:00:00Z")));
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::NoDelegation);

    let letter = ("paper_form".to_owned(), from.id.clone(), told.delegation_id.clone());
    assert_eq!(letters(&world).await, [letter]);
    // Its parties see it.
    let seen = world.see(&from, &told).await.unwrap();
    assert_eq!((seen.status(), seen.representative_name), (DelegationStatus::PaperStarted, to.name.clone()));
    let history = world.events_of(&to, &told.delegation_id).await;
    let [event] = history.as_slice() else { panic!("one event") };
    assert_eq!((event.kind(), event.channel()), (DelegationEventKind::PaperStarted, Channel::Paper));
    assert_eq!((event.actor_id.as_str(), event.acting_for_id.as_str()), (&*caseworker.id, ""));
}

#[tokio::test]
async fn the_representative_starts_it_at_a_front_end_and_so_does_its_employee() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let start = async |request| world.front_end.paper().start_paper_delegation(request).await;
    let answer = start(world.starting(&to, &from, &to, &[SEE])).await.unwrap().into_inner();
    let id = answer.paper_case.unwrap().delegation.unwrap().delegation_id;
    let event = world.events_of(&to, &id).await.remove(0);
    assert_eq!((&event.actor_id, &event.acting_for_id), (&to.id, &to.id));
    assert_eq!(event.channel(), Channel::Paper);

    let organisation = world.organisation().await;
    let employee = world.employee_of(&organisation).await;
    let answer = start(world.starting(&employee, &from, &organisation, &[SEE])).await.unwrap().into_inner();
    let id = answer.paper_case.unwrap().delegation.unwrap().delegation_id;
    let event = world.events_of(&from, &id).await.remove(0);
    assert_eq!((&event.actor_id, &event.acting_for_id), (&employee.id, &organisation.id));
}

#[tokio::test]
async fn at_a_front_end_nobody_starts_it_for_a_stranger_and_what_is_unknown_looks_alike() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let start = async |request| world.front_end.paper().start_paper_delegation(request).await;
    let good = world.starting(&to, &from, &to, &[SEE]);
    let unknown = StartPaperDelegationRequest { representative_id: SOME_UUID.to_owned(), ..good.clone() };
    let missing = start(unknown).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "PARTY_NOT_FOUND"));
    for actor in [&from, &caseworker] {
        assert_alike(&missing, &start(world.starting(actor, &from, &to, &[SEE])).await.unwrap_err());
    }
    let unknown = StartPaperDelegationRequest { delegator_id: SOME_UUID.to_owned(), ..good };
    assert_alike(&missing, &start(unknown).await.unwrap_err());
    assert_eq!(world.count("delegation").await, 0);
}

#[tokio::test]
async fn at_a_caseworker_system_only_an_employee_starts_it_though_it_be_the_representative() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.starting(&to, &from, &to, &[SEE]);
    let status = world.caseworker_system.paper().start_paper_delegation(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER"));
    // An employee of the representative is a caseworker there, and acts for nobody.
    let organisation = world.organisation().await;
    let employee = world.employee_of(&organisation).await;
    let request = world.starting(&employee, &from, &organisation, &[SEE]);
    let answer = world.caseworker_system.paper().start_paper_delegation(request).await.unwrap();
    let id = answer.into_inner().paper_case.unwrap().delegation.unwrap().delegation_id;
    let event = world.events_of(&from, &id).await.remove(0);
    assert_eq!((&event.actor_id, event.acting_for_id.as_str()), (&employee.id, ""));
}

#[tokio::test]
async fn at_most_five_cases_of_a_pair_wait_at_a_time() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let mut cases = Vec::new();
    for _ in 0..5 {
        cases.push(world.start_paper(&from, &to, &[SEE]).await);
    }
    let caseworker = world.caseworker().await;
    let start = async || {
        let request = world.starting(&caseworker, &from, &to, &[SEE]);
        world.caseworker_system.paper().start_paper_delegation(request).await.map(Response::into_inner)
    };
    let before = world.snapshot().await;
    let exhausted = Refused::because(Code::ResourceExhausted, "PAPER_CASES_EXHAUSTED");
    assert_eq!(Refused::of(&start().await.unwrap_err()), exhausted);
    assert_eq!(world.snapshot().await, before);
    // Others are not counted, and one that is decided leaves room.
    world.start_paper(&from, &world.person().await, &[SEE]).await;
    world.start_paper(&world.person().await, &to, &[SEE]).await;
    world.reject(world.rejecting(&caseworker, &cases[0])).await.unwrap();
    start().await.unwrap();
    assert_eq!(Refused::of(&start().await.unwrap_err()), exhausted);
}

#[tokio::test]
async fn a_start_that_is_said_is_told() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let request = StartPaperDelegationRequest {
        period: days("2026-07-01", "2026-07-31"),
        ..world.starting(&caseworker, &from, &to, &[SEE])
    };
    let answer = world.caseworker_system.paper().start_paper_delegation(request).await.unwrap();
    let told = answer.into_inner().paper_case.unwrap().delegation.unwrap();
    assert_eq!(told.valid_from, timestamp("2026-06-30T22:00:00Z"));
}

#[tokio::test]
async fn a_case_is_started_once_and_the_answer_is_the_first_though_its_start_has_passed() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let start = instant("2026-06-15T11:00:00Z");
    let request = StartPaperDelegationRequest {
        period: instants(start, instant("2026-07-15T11:00:00Z")),
        ..world.starting(&caseworker, &from, &to, &[SEE])
    };
    let other = StartPaperDelegationRequest {
        period: instants(start + chrono::TimeDelta::days(9), instant("2026-07-15T11:00:00Z")),
        ..request.clone()
    };
    let send = async |request| world.caseworker_system.paper().start_paper_delegation(request).await;
    let meanwhile = async || world.spoil(false, &[PartyKind::Person]).await;
    replays(&world, (request, other), send, meanwhile).await;
    assert_eq!((world.count("delegation").await, world.count("letter_request").await), (1, 1));
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let good = world.starting(&caseworker, &from, &to, &[SEE]);
    let (organisation, person) = (world.organisation().await, world.person().await);
    Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegator_id", |request, text| request.delegator_id = text)
        .uuid("representative_id", |request, text| request.representative_id = text)
        .privileges(true, |request, uris| request.privileges = uris)
        .period(|request, period| request.period = period)
        .field("representative_id", "DELEGATOR_IS_REPRESENTATIVE", |request| {
            request.representative_id = request.delegator_id.clone();
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| request.delegator_id = SOME_UUID.to_owned())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.representative_id = SOME_UUID.to_owned();
        })
        .because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER", move |request| {
            request.actor = person.actor();
        })
        .because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW", move |request| {
            request.actor = caseworker.actor_at(LevelOfAssurance::Low);
        })
        .because(Code::FailedPrecondition, "PARTY_IS_NOT_PERSON", move |request| {
            request.delegator_id = organisation.id.clone();
        })
        .because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED", |request| {
            request.privileges = uris(&[DRAFT]);
        })
        .because(Code::FailedPrecondition, "PAPER_NOT_ALLOWED", |request| {
            request.privileges = uris(&[SEE, SIGN]);
        })
        .refused(Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privileges"), |request| {
            request.privileges = uris(&[UNKNOWN]);
        })
        .sent_by(&world, async |request| {
            world.caseworker_system.paper().start_paper_delegation(request).await
        })
        .await;
}

#[tokio::test]
async fn who_is_too_young_of_unknown_age_or_not_in_good_standing_gives_nothing_on_paper() {
    let world = World::with_paper().await;
    let (to, caseworker) = (world.person().await, world.caseworker().await);
    let young = world.person_born("2015-02-28".parse().unwrap()).await;
    let (ageless, ended) = (world.person().await, world.person().await);
    let sql = format!(
        "delete from identifier where party_id = '{}' and kind = 'cpr';
         update party set standing = 'ended' where party_id = '{}'",
        ageless.id, ended.id
    );
    world.sql(&sql).await;
    for (from, reason) in [
        (young, "DELEGATOR_UNDER_AGE"),
        (ageless, "DELEGATOR_AGE_UNKNOWN"),
        (ended, "PARTY_NOT_IN_GOOD_STANDING"),
    ] {
        let request = world.starting(&caseworker, &from, &to, &[SEE]);
        let status = world.caseworker_system.paper().start_paper_delegation(request).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, reason));
    }
}

/// Whoever knows somebody's number can have a form posted to them, and learns nothing about them by it.
#[tokio::test]
async fn a_representative_is_not_told_of_the_delegators_age_and_standing() {
    let world = World::with_paper().await;
    let to = world.person().await;
    let young = world.person_born("2015-02-28".parse().unwrap()).await;
    let (ageless, ended, suspended) = (world.person().await, world.person().await, world.person().await);
    let sql = format!(
        "delete from identifier where party_id = '{}' and kind = 'cpr';
         update party set standing = 'ended' where party_id = '{}'",
        ageless.id, ended.id
    );
    world.sql(&sql).await;
    world.suspend(&suspended).await;
    for from in [young, ageless, ended, suspended] {
        let request = world.starting(&to, &from, &to, &[SEE]);
        let started = world.front_end.paper().start_paper_delegation(request).await;
        let case = started.unwrap().into_inner().paper_case.unwrap().delegation.unwrap();
        assert_eq!(case.status(), DelegationStatus::PaperStarted);
    }
    // Their own standing they may know.
    world.suspend(&to).await;
    let request = world.starting(&to, &world.person().await, &to, &[SEE]);
    let status = world.front_end.paper().start_paper_delegation(request).await.unwrap_err();
    let refused = Refused::because(Code::FailedPrecondition, "PARTY_NOT_IN_GOOD_STANDING");
    assert_eq!(Refused::of(&status), refused);
}
