//! `DelegationService.AcceptDelegation`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    AcceptDelegationRequest, Delegation, DelegationEventKind, DelegationStatus, DenialReason,
    LevelOfAssurance, PartySide, RequestDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, SEE, SIGN, days, instant, instants, timestamp, until_day, uris};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

fn refused(reason: &str) -> Refused {
    Refused::because(Code::FailedPrecondition, reason)
}

#[tokio::test]
async fn all_that_was_asked_for_is_accepted_and_can_be_used_at_once() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE, CHANGE]).await;
    world.advance(TimeDelta::hours(1)).await;
    let accepted = world.accept(&citizen, &request).await;
    let wanted = Delegation {
        status: DelegationStatus::Active.into(),
        valid_from: timestamp("2026-06-15T11:00:00Z"),
        lapse_time: None,
        etag: "2".to_owned(),
        ..request
    };
    assert_eq!(accepted, wanted);
    for privilege in [SEE, CHANGE] {
        assert!(world.check(&citizen, &helper, privilege).await.granted);
    }
    for (user, side) in [
        (&citizen, PartySide::Given),
        (&citizen, PartySide::RequestsReceived),
        (&helper, PartySide::Held),
        (&helper, PartySide::RequestsMade),
    ] {
        let listed = world.listed(user, side).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(
            (listed[0].status(), &listed[0].privileges),
            (DelegationStatus::Active, &accepted.privileges)
        );
    }
    let kinds: Vec<_> = world.history(&helper, &accepted).await.iter().map(|event| event.kind()).collect();
    assert_eq!(kinds, [DelegationEventKind::Requested, DelegationEventKind::Accepted]);
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test]
async fn fewer_privileges_and_a_shorter_period_are_accepted_and_nothing_wider() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = RequestDelegationRequest {
        period: days("2026-07-01", "2026-07-31"),
        ..world.requesting(&helper, &citizen, &[SEE, CHANGE])
    };
    let request = world.try_request(request).await.unwrap();
    let good = AcceptDelegationRequest {
        privileges: uris(&[CHANGE]),
        period: days("2026-07-10", "2026-07-31"),
        ..world.accepting(&citizen, &request)
    };
    Refusals::of(good.clone())
        .field("privileges", "ACCEPTANCE_WIDER", |accept| accept.privileges = uris(&[CHANGE, SIGN]))
        .field("privileges", "ACCEPTANCE_WIDER", |accept| {
            accept.privileges = uris(&["urn:dk:nowhere:at-all"])
        })
        .field("period", "ACCEPTANCE_WIDER", |accept| accept.period = days("2026-06-30", "2026-07-31"))
        .field("period", "ACCEPTANCE_WIDER", |accept| accept.period = days("2026-07-01", "2026-08-01"))
        .field("period", "ACCEPTANCE_WIDER", |accept| accept.period = until_day("2026-08-01"))
        .field("period", "PERIOD_REVERSED", |accept| accept.period = until_day("2026-06-30"))
        .sent_by(&world, async |accept| world.try_accept(accept).await)
        .await;
    let accepted = world.see(&helper, &request).await.unwrap();
    assert_eq!(accepted.privileges, [CHANGE]);
    assert_eq!(accepted.valid_from, timestamp("2026-07-09T22:00:00Z"));
    assert_eq!(accepted.valid_to, timestamp("2026-07-31T22:00:00Z"));
    world.move_to(instant("2026-07-15T10:00:00Z")).await;
    assert!(world.check(&citizen, &helper, CHANGE).await.granted);
    assert_eq!(world.check_denied(&citizen, &helper, SEE).await, DenialReason::NoDelegation);
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test]
async fn a_shorter_period_without_a_start_begins_as_was_asked_for() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let fixed = RequestDelegationRequest {
        period: days("2026-07-01", "2026-07-31"),
        ..world.requesting(&helper, &citizen, &[SEE])
    };
    let (fixed, open) =
        (world.try_request(fixed).await.unwrap(), world.request(&helper, &citizen, &[CHANGE]).await);
    world.a_second_passes().await;
    for (request, last_day, valid_from, valid_to) in [
        (&fixed, "2026-07-10", "2026-06-30T22:00:00Z", "2026-07-10T22:00:00Z"),
        (&open, "2026-06-20", "2026-06-15T10:00:01Z", "2026-06-20T22:00:00Z"),
    ] {
        let accept =
            AcceptDelegationRequest { period: until_day(last_day), ..world.accepting(&citizen, request) };
        let accepted = world.try_accept(accept).await.unwrap();
        assert_eq!((accepted.valid_from, accepted.valid_to), (timestamp(valid_from), timestamp(valid_to)));
    }
}

#[tokio::test]
async fn a_start_that_has_passed_is_now_and_what_is_over_cannot_be_accepted() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let asking = |privilege, last| RequestDelegationRequest {
        period: days("2026-06-16", last),
        ..world.requesting(&helper, &citizen, &[privilege])
    };
    let long = world.try_request(asking(SEE, "2026-07-31")).await.unwrap();
    let brief = world.try_request(asking(CHANGE, "2026-06-20")).await.unwrap();
    world.move_to(instant("2026-06-21T08:00:00Z")).await;
    let status = world.try_accept(world.accepting(&citizen, &brief)).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("period", "PERIOD_IN_PAST"));
    let accepted = world.accept(&citizen, &long).await;
    assert_eq!(accepted.valid_from, timestamp("2026-06-21T08:00:00Z"));
    assert_eq!(world.decline(&citizen, &brief).await.unwrap().status(), DelegationStatus::Declined);
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test]
async fn a_request_is_accepted_once_and_only_as_it_was_read() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    let before = world.snapshot().await;
    let stale = AcceptDelegationRequest { etag: "2".to_owned(), ..world.accepting(&citizen, &request) };
    let status = world.try_accept(stale).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::Aborted, "ETAG_MISMATCH"));
    assert_eq!(world.snapshot().await, before);
    let accept = world.signed(world.accepting(&citizen, &request)).await;
    let accepted = world.try_accept(accept.clone()).await.unwrap();
    // With the etag of before, and with that of now.
    for etag in [&request.etag, &accepted.etag] {
        let again = AcceptDelegationRequest { etag: etag.clone(), ..world.accepting(&citizen, &request) };
        let status = world.try_accept(again).await.unwrap_err();
        assert_eq!(Refused::of(&status), refused("REQUEST_ANSWERED"));
    }
    assert_eq!(world.try_accept(accept).await.unwrap(), accepted);
}

#[tokio::test]
async fn what_was_declined_withdrawn_or_never_asked_for_cannot_be_accepted() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let declined = world.request(&helper, &citizen, &[SEE]).await;
    world.decline(&citizen, &declined).await.unwrap();
    let withdrawn = world.request(&helper, &citizen, &[SEE]).await;
    world.withdraw(&helper, &withdrawn).await.unwrap();
    let given = world.give(&citizen, &helper, &[SEE]).await;
    let revoked = world.give(&citizen, &helper, &[CHANGE]).await;
    world.revoke(&citizen, &revoked).await.unwrap();
    let before = world.snapshot().await;
    for (request, reason) in [
        (&declined, "REQUEST_DECLINED"),
        (&withdrawn, "REQUEST_WITHDRAWN"),
        (&given, "REQUEST_ANSWERED"),
        (&revoked, "REQUEST_ANSWERED"),
    ] {
        let status = world.try_accept(world.accepting(&citizen, request)).await.unwrap_err();
        assert_eq!(Refused::of(&status), refused(reason));
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn a_request_lapses_to_the_microsecond_though_nothing_was_written() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let asking = |privilege| RequestDelegationRequest {
        period: until_day("2026-12-24"),
        ..world.requesting(&helper, &citizen, &[privilege])
    };
    let in_time = world.try_request(asking(SEE)).await.unwrap();
    let too_late = world.try_request(asking(CHANGE)).await.unwrap();
    let lapses_at = world.now() + TimeDelta::days(30);
    world.move_to(lapses_at - TimeDelta::microseconds(1)).await;
    world.accept(&citizen, &in_time).await;
    world.move_to(lapses_at).await;
    let before = world.snapshot().await;
    for user in [&helper, &citizen] {
        let seen = world.see(user, &too_late).await.unwrap();
        assert_eq!((seen.status(), seen.lapse_time), (DelegationStatus::Lapsed, too_late.lapse_time));
    }
    let accepted = world.try_accept(world.accepting(&citizen, &too_late)).await;
    let answers =
        [accepted, world.decline(&citizen, &too_late).await, world.withdraw(&helper, &too_late).await];
    for answer in answers {
        assert_eq!(Refused::of(&answer.unwrap_err()), refused("REQUEST_LAPSED"));
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn the_rules_of_giving_hold_for_what_is_accepted() {
    let world = World::with_catalogue().await;
    let (helper, citizen, suspended) = (world.person().await, world.person().await, world.person().await);
    let hidden = world.request(&helper, &citizen, &[SEE]).await;
    let of_suspended = world.request(&suspended, &citizen, &[CHANGE]).await;
    let good = world.request(&helper, &citizen, &[CHANGE]).await;
    world.hide(SEE).await;
    world.sql(&format!("update party set standing = 'suspended' where party_id = '{}'", suspended.id)).await;
    let (hidden, of_suspended) =
        (world.accepting(&citizen, &hidden), world.accepting(&citizen, &of_suspended));
    Refusals::of(world.accepting(&citizen, &good))
        .refused(refused("PRIVILEGE_NOT_PUBLISHED"), move |accept| *accept = hidden.clone())
        .refused(refused("PARTY_NOT_IN_GOOD_STANDING"), move |accept| *accept = of_suspended.clone())
        .refused(refused("ASSURANCE_TOO_LOW"), |accept| {
            accept.actor.as_mut().unwrap().level_of_assurance = LevelOfAssurance::Low.into();
        })
        .sent_by(&world, async |accept| world.try_accept(accept).await)
        .await;
}

#[tokio::test]
async fn what_is_accepted_takes_the_place_of_what_overlaps_or_is_refused() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let old = world.give(&citizen, &helper, &[SEE, SIGN]).await;
    let request = world.request(&helper, &citizen, &[SEE, CHANGE]).await;
    world.a_second_passes().await;
    let good = AcceptDelegationRequest { replace_existing: true, ..world.accepting(&citizen, &request) };
    Refusals::of(good)
        .because(Code::AlreadyExists, "DELEGATION_OVERLAPS", |accept| accept.replace_existing = false)
        .sent_by(&world, async |accept| world.try_accept(accept).await)
        .await;
    let accepted = world.see(&citizen, &request).await.unwrap();
    assert_eq!(accepted.supersedes, std::slice::from_ref(&old.delegation_id));
    let left = world.see(&citizen, &old).await.unwrap();
    assert_eq!((left.privileges, left.revoked_privileges), (uris(&[SIGN]), uris(&[SEE])));
    for privilege in [SEE, CHANGE, SIGN] {
        assert!(world.check(&citizen, &helper, privilege).await.granted);
    }
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test]
async fn an_employee_answers_for_the_organisation_and_nobody_else_does() {
    let world = World::with_catalogue().await;
    let (helper, organisation, stranger) =
        (world.person().await, world.organisation().await, world.person().await);
    let clerk = world.employee_of(&organisation).await;
    let request = world.request(&helper, &organisation, &[SEE]).await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..request.clone() };
    let before = world.snapshot().await;
    let missing = world.try_accept(world.accepting(&clerk, &unknown)).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    for user in [&helper, &stranger] {
        assert_alike(&missing, &world.try_accept(world.accepting(user, &request)).await.unwrap_err());
        assert_alike(&missing, &world.decline(user, &request).await.unwrap_err());
    }
    for user in [&clerk, &organisation, &stranger] {
        assert_alike(&missing, &world.withdraw(user, &request).await.unwrap_err());
    }
    assert_eq!(world.snapshot().await, before);
    let accepted = world.accept(&clerk, &request).await;
    let event = world.history(&helper, &accepted).await.remove(1);
    assert_eq!((event.actor_id, event.acting_for_id), (clerk.id, organisation.id));
    assert!(event.related_id.is_empty());
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (helper, citizen, stranger) = (world.person().await, world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    let last = instant("2026-06-20T10:00:00Z");
    let good = AcceptDelegationRequest {
        period: instants(world.now(), last),
        privileges: uris(&[SEE]),
        ..world.accepting(&citizen, &request)
    };
    let past = world.now() - TimeDelta::minutes(6);
    Refusals::of(world.signed(good).await)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .etag(|request, text| request.etag = text)
        .field("etag", "REQUIRED", |request| request.etag.clear())
        .privileges(false, |request, privileges| request.privileges = privileges)
        .narrower_period(|request, period| request.period = period)
        .signature(|request| &mut request.signature)
        .field("period.valid_from", "PERIOD_START_IN_PAST", move |request| {
            request.period = instants(past, last);
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = stranger.actor())
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = helper.actor())
        .sent_by(&world, async |request| world.front_end.delegations().accept_delegation(request).await)
        .await;
}

#[tokio::test]
async fn who_asked_is_to_be_told_and_who_was_asked_no_more_by_the_same_statement() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    world.accept(&citizen, &request).await;
    let written = "xmin = (select d.xmin from delegation d where d.delegation_id = n.delegation_id)";
    let cancelled =
        format!("notice_item n where kind = 'requested' and cancelled_at is not null and {written}");
    let told =
        format!("notice_item n where kind = 'accepted' and receiver_id = '{}' and {written}", helper.id);
    assert_eq!((world.count(&cancelled).await, world.count(&told).await), (1, 1));
    assert_eq!(world.count("notice_item").await, 2);
}
