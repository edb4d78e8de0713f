//! `PaperService.RegisterSignedForm`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    Channel, DelegationEventKind, DelegationStatus, DenialReason, LevelOfAssurance, RegisterSignedFormRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, SCAN, SEE, UNKNOWN, timestamp, uris};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::idempotency::replays;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_registered_form_says_what_was_ticked_and_gives_nothing_yet() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let case = world.start_paper(&from, &to, &[SEE, CHANGE]).await;
    let caseworker = world.caseworker().await;
    world.advance(TimeDelta::days(3)).await;
    let request = RegisterSignedFormRequest {
        sign_date: "2026-06-16".to_owned(),
        ..world.registering(&caseworker, &case, &[CHANGE])
    };
    let answer = world.caseworker_system.paper().register_signed_form(request).await.unwrap();
    let told = answer.into_inner().paper_case.unwrap();
    assert_eq!((told.scan_digest.as_slice(), told.sign_date.as_str()), (&SCAN[..], "2026-06-16"));
    assert_eq!(told.registered_by_id, caseworker.id);
    assert_eq!(told.register_time, timestamp("2026-06-18T10:00:00Z"));
    let delegation = told.delegation.unwrap();
    assert_eq!(delegation.status(), DelegationStatus::PaperRegistered);
    assert_eq!((delegation.privileges.clone(), delegation.etag.as_str()), (uris(&[CHANGE]), "2"));
    // What was not ticked is asked for no more, and what was is not given yet.
    assert_eq!(world.see(&from, &delegation).await.unwrap().privileges, [CHANGE]);
    assert_eq!(world.check_denied(&from, &to, CHANGE).await, DenialReason::NoDelegation);
    let event = world.events_of(&from, &delegation.delegation_id).await.remove(1);
    assert_eq!((event.kind(), event.channel()), (DelegationEventKind::PaperRegistered, Channel::Paper));
    assert_eq!((&event.actor_id, event.acting_for_id.as_str()), (&caseworker.id, ""));
}

#[tokio::test]
async fn who_started_the_case_may_register_its_form() {
    let world = World::with_paper().await;
    let case = world.start_paper(&world.person().await, &world.person().await, &[SEE]).await;
    let request = world.registering(&case.started_by, &case, &[SEE]);
    world.caseworker_system.paper().register_signed_form(request).await.unwrap();
}

#[tokio::test]
async fn a_form_is_registered_once_and_not_after_the_case_is_decided() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.register_paper(&from, &to, &[SEE]).await;
    let again = async || {
        let request = world.registering(&caseworker, &case, &[SEE]);
        let status = world.caseworker_system.paper().register_signed_form(request).await.unwrap_err();
        Refused::of(&status)
    };
    assert_eq!(again().await, Refused::because(Code::FailedPrecondition, "PAPER_REGISTERED"));
    world.reject(world.rejecting(&caseworker, &case)).await.unwrap();
    assert_eq!(again().await, Refused::because(Code::FailedPrecondition, "PAPER_CASE_DECIDED"));
}

#[tokio::test]
async fn a_form_is_signed_after_the_case_was_started_not_in_the_future_and_not_long_ago() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    // Half past midnight on 16 June in Denmark, still 15 June in UTC.
    world.move_to("2026-06-15T22:30:00Z".parse().unwrap()).await;
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let signed = async |day: &str| {
        let sign_date = day.to_owned();
        let request =
            RegisterSignedFormRequest { sign_date, ..world.registering(&caseworker, &case, &[SEE]) };
        world
            .caseworker_system
            .paper()
            .register_signed_form(request)
            .await
            .map(drop)
            .map_err(|s| Refused::of(&s))
    };
    let refused = |reason| Err(Refused::field("sign_date", reason));
    assert_eq!(signed("2026-06-15").await, refused("SIGN_DATE_BEFORE_START"));
    assert_eq!(signed("2026-06-17").await, refused("SIGN_DATE_IN_FUTURE"));
    world.move_to("2026-12-14T10:00:00Z".parse().unwrap()).await;
    assert_eq!(signed("2026-06-16").await, refused("SIGN_DATE_TOO_OLD"));
    assert_eq!(signed("2026-06-17").await, Ok(()));
}

#[tokio::test]
async fn what_is_not_a_paper_case_looks_like_what_is_not_there() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let given = world.give(&from, &to, &[CHANGE]).await;
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let register = async |caseworker, delegation_id: &str| {
        let delegation_id = delegation_id.to_owned();
        let request =
            RegisterSignedFormRequest { delegation_id, ..world.registering(caseworker, &case, &[SEE]) };
        world.caseworker_system.paper().register_signed_form(request).await.unwrap_err()
    };
    let missing = register(&caseworker, SOME_UUID).await;
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    assert_alike(&missing, &register(&caseworker, &given.delegation_id).await);
    // Who is no caseworker is not even told whether there is a case.
    let denied = register(&to, SOME_UUID).await;
    assert_eq!(Refused::of(&denied), Refused::because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER"));
    assert_alike(&denied, &register(&to, &case.id()).await);
}

#[tokio::test]
async fn a_form_is_registered_once_by_one_request() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let request = world.registering(&caseworker, &case, &[SEE]);
    let other = RegisterSignedFormRequest { scan_digest: vec![1; 32], ..request.clone() };
    let send = async |request| world.caseworker_system.paper().register_signed_form(request).await;
    let meanwhile = async || drop(world.reject(world.rejecting(&caseworker, &case)).await.unwrap());
    replays(&world, (request, other), send, meanwhile).await;
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let good = world.registering(&caseworker, &case, &[SEE]);
    let mut refusals = Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .privileges_at("ticked_privileges", true, |request, uris| request.ticked_privileges = uris)
        .field("scan_digest", "REQUIRED", |request| request.scan_digest.clear())
        .field("sign_date", "REQUIRED", |request| request.sign_date.clear());
    for length in [1, 31, 33, 100_000] {
        refusals = refusals
            .field("scan_digest", "DIGEST_MALFORMED", move |request| request.scan_digest = vec![7; length]);
    }
    for text in ["2026-6-15", "15-06-2026", "2026-02-30", "2026-06-15T00:00:00Z", "0501792275"] {
        refusals =
            refusals.field("sign_date", "DATE_MALFORMED", move |request| request.sign_date = text.to_owned());
    }
    refusals
        .field("sign_date", "SIGN_DATE_BEFORE_START", |request| request.sign_date = "2026-06-14".to_owned())
        .field("sign_date", "SIGN_DATE_IN_FUTURE", |request| request.sign_date = "2026-06-16".to_owned())
        .field("ticked_privileges", "TICKED_NOT_ON_FORM", |request| {
            request.ticked_privileges = uris(&[SEE, CHANGE]);
        })
        .field("ticked_privileges", "TICKED_NOT_ON_FORM", |request| {
            request.ticked_privileges = uris(&[UNKNOWN]);
        })
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
        .sent_by(&world, async |request| world.caseworker_system.paper().register_signed_form(request).await)
        .await;
}
