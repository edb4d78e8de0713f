//! `DelegationService.RequestDelegation`: what is asked for, by whom, and each wrong field. How many requests are allowed
//! is in [`super::request_limits`].

use chrono::{NaiveDate, TimeDelta};
use fuldmagt_proto::v1::{
    self, Channel, Delegation, DelegationEvent, DelegationEventKind, DelegationStatus, DenialReason,
    LevelOfAssurance, PartySide, RequestDelegationRequest, ResolvePartyRequest, identifier::Value,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    CHANGE, DRAFT, FOREIGN, HIDDEN, Registered, SEE, SIGN, SYSTEM, UNKNOWN, days, identifier, privilege,
    timestamp, until_day, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::{Lines, SOME_UUID};
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_representative_asks_and_nothing_is_granted() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = RequestDelegationRequest {
        period: days("2026-07-01", "2026-07-31"),
        ..world.requesting(&helper, &citizen, &[CHANGE, SEE])
    };
    let request = world.try_request(request).await.unwrap();
    let wanted = Delegation {
        delegation_id: request.delegation_id.clone(),
        delegator_id: citizen.id.clone(),
        representative_id: helper.id.clone(),
        privileges: uris(&[SEE, CHANGE]),
        valid_from: timestamp("2026-06-30T22:00:00Z"),
        valid_to: timestamp("2026-07-31T22:00:00Z"),
        status: DelegationStatus::Requested.into(),
        create_time: timestamp("2026-06-15T10:00:00Z"),
        lapse_time: timestamp("2026-07-15T10:00:00Z"),
        etag: "1".to_owned(),
        ..Delegation::default()
    };
    assert_eq!(request, wanted);
    world.move_to("2026-07-02T10:00:00Z".parse().unwrap()).await;
    assert_eq!(world.check_denied(&citizen, &helper, SEE).await, DenialReason::NoDelegation);
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test]
async fn a_request_without_a_start_is_for_the_time_from_its_acceptance_on() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    assert_eq!((request.valid_from, request.valid_to), (None, timestamp("2026-07-15T22:00:00Z")));
    world.a_second_passes().await;
    let accepted = world.accept(&citizen, &request).await;
    assert_eq!(accepted.valid_from, timestamp("2026-06-15T10:00:01Z"));
    assert_eq!(world.see(&citizen, &accepted).await.unwrap().valid_from, accepted.valid_from);
}

#[tokio::test]
async fn both_parties_see_the_request_and_the_delegator_sees_who_asks_and_why() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let message = world.people.message().expose().to_owned();
    let request =
        RequestDelegationRequest { message: message.clone(), ..world.requesting(&helper, &citizen, &[SEE]) };
    let request = world.try_request(request).await.unwrap();
    let for_helper = Delegation { representative_name: helper.name.clone(), ..request.clone() };
    let for_citizen = Delegation { delegator_name: citizen.name.clone(), ..for_helper.clone() };
    assert_eq!(world.listed(&citizen, PartySide::RequestsReceived).await, std::slice::from_ref(&for_citizen));
    assert_eq!(world.listed(&helper, PartySide::RequestsMade).await, std::slice::from_ref(&for_helper));
    for (user, side) in [
        (&citizen, PartySide::RequestsMade),
        (&citizen, PartySide::Given),
        (&helper, PartySide::RequestsReceived),
        (&helper, PartySide::Held),
    ] {
        assert_eq!(world.listed(user, side).await, []);
    }
    let seen = world.see(&helper, &request).await.unwrap();
    assert_eq!(seen, Delegation { message: message.clone(), ..for_helper });
    let seen = world.see(&citizen, &request).await.unwrap();
    assert_eq!(seen, Delegation { message, ..for_citizen });
    let asked = DelegationEvent {
        kind: DelegationEventKind::Requested.into(),
        event_time: request.create_time,
        actor_id: helper.id.clone(),
        acting_for_id: helper.id.clone(),
        channel: Channel::SelfService.into(),
        etag: "1".to_owned(),
        ..DelegationEvent::default()
    };
    assert_eq!(world.history(&citizen, &request).await, std::slice::from_ref(&asked));
    assert_eq!(world.history(&helper, &request).await, [asked]);
}

#[tokio::test]
async fn who_asks_learns_the_delegators_name_when_something_is_given_and_not_before() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let (accepted, declined) =
        (world.request(&helper, &citizen, &[SEE]).await, world.request(&helper, &citizen, &[SIGN]).await);
    world.accept(&citizen, &accepted).await;
    world.decline(&citizen, &declined).await.unwrap();
    for (request, name) in [(&accepted, citizen.name.as_str()), (&declined, "")] {
        assert_eq!(world.see(&helper, request).await.unwrap().delegator_name, name);
        assert_eq!(world.see(&citizen, request).await.unwrap().delegator_name, citizen.name);
    }
    let named = |listed: Vec<Delegation>| -> Vec<_> {
        listed.into_iter().map(|one| (one.delegation_id, one.delegator_name)).collect()
    };
    let wanted = [(declined.delegation_id, String::new()), (accepted.delegation_id, citizen.name.clone())];
    assert_eq!(named(world.listed(&helper, PartySide::RequestsMade).await), wanted);
    assert_eq!(named(world.listed(&helper, PartySide::Held).await), wanted[1..]);
}

#[tokio::test]
async fn nothing_is_told_of_the_delegator_until_they_accept() {
    let world = World::with_catalogue().await;
    let helper = world.person().await;
    let day = NaiveDate::from_ymd_opt(2020, 2, 29).unwrap();
    let (adult, child) = (world.person().await, world.person_born(day).await);
    let (dead, suspended) = (world.person().await, world.person().await);
    for (party, standing) in [(&dead, "ended"), (&suspended, "suspended")] {
        world.sql(&format!("update party set standing = '{standing}' where party_id = '{}'", party.id)).await;
    }
    let ageless = without_cpr(&world).await;
    let alike = |answer: Delegation| Delegation {
        delegation_id: String::new(),
        delegator_id: String::new(),
        ..answer
    };
    let wanted = alike(world.request(&helper, &adult, &[SEE]).await);
    let for_the_young = "urn:dk:example:kun-for-unge";
    let young = v1::Privilege { max_delegator_age_years: 20, ..privilege(for_the_young, SYSTEM) };
    world.put_privilege(young).await.unwrap();
    world.publish(for_the_young).await;
    let request = world.request(&helper, &adult, &[for_the_young]).await;
    let status = world.try_accept(world.accepting(&adult, &request)).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "DELEGATOR_AGE_NOT_ALLOWED"));
    for (citizen, reason) in [
        (&child, "DELEGATOR_UNDER_AGE"),
        (&ageless, "DELEGATOR_AGE_UNKNOWN"),
        (&dead, "PARTY_NOT_IN_GOOD_STANDING"),
        (&suspended, "PARTY_NOT_IN_GOOD_STANDING"),
    ] {
        let request = world.request(&helper, citizen, &[SEE]).await;
        assert_eq!(alike(request.clone()), wanted);
        assert_eq!(world.see(&helper, &request).await.unwrap().delegator_name, "");
        let before = world.snapshot().await;
        let status = world.try_accept(world.accepting(citizen, &request)).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, reason));
        assert_eq!(world.snapshot().await, before);
        assert_eq!(world.decline(citizen, &request).await.unwrap().status(), DelegationStatus::Declined);
    }
}

/// Registers a person by PID alone.
async fn without_cpr(world: &World) -> Registered {
    let person = world.people.person();
    let pid = identifier(Value::Pid(person.pid.expose().to_owned()));
    let request = ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: pid.iter().cloned().collect(),
        create_if_missing: true,
        name: person.name.expose().to_owned(),
    };
    let answer = world.front_end.parties().resolve_party(request).await.unwrap().into_inner();
    let id = answer.party.unwrap().party_id;
    let name = person.name.expose().to_owned();
    Registered { id, name, identifiers: pid.into_iter().collect(), organisation: None }
}

#[tokio::test]
async fn an_employee_asks_for_the_organisation_and_nobody_asks_for_a_stranger() {
    let world = World::with_catalogue().await;
    let (organisation, citizen) = (world.organisation().await, world.person().await);
    let (clerk, stranger) = (world.employee_of(&organisation).await, world.person().await);
    let request = RequestDelegationRequest {
        actor: clerk.actor(),
        ..world.requesting(&organisation, &citizen, &[SEE])
    };
    let asked = world.try_request(request.clone()).await.unwrap();
    let event = world.history(&clerk, &asked).await.remove(0);
    assert_eq!((event.actor_id, event.acting_for_id), (clerk.id.clone(), organisation.id.clone()));
    // Also for the employee alone.
    world.request(&clerk, &citizen, &[SEE]).await;
    let before = world.snapshot().await;
    let nobody = Registered { id: SOME_UUID.to_owned(), ..stranger.clone() };
    let asking = |user: &Registered, representative: &Registered| RequestDelegationRequest {
        actor: user.actor(),
        ..world.requesting(representative, &citizen, &[SEE])
    };
    let missing = world.try_request(asking(&stranger, &nobody)).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "PARTY_NOT_FOUND"));
    for (user, representative) in
        [(&stranger, &organisation), (&stranger, &clerk), (&organisation, &clerk), (&nobody, &stranger)]
    {
        assert_alike(&missing, &world.try_request(asking(user, representative)).await.unwrap_err());
    }
    let unknown = world.try_request(world.requesting(&stranger, &nobody, &[SEE])).await.unwrap_err();
    assert_alike(&missing, &unknown);
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn what_could_never_be_given_cannot_be_asked_for() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let organisation = world.organisation().await;
    let (clerk, other_clerk) =
        (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let (suspended, to) = (world.person().await, citizen.id.clone());
    world.sql(&format!("update party set standing = 'suspended' where party_id = '{}'", suspended.id)).await;
    let unasked = "urn:dk:example:kun-af-sig-selv";
    let forbidden = v1::Privilege { requests_forbidden: true, ..privilege(unasked, SYSTEM) };
    world.put_privilege(forbidden).await.unwrap();
    world.publish(unasked).await;
    let unknown = Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privileges");
    let refused = |reason| Refused::because(Code::FailedPrecondition, reason);
    let of_organisation = world.requesting(&helper, &organisation, &[SIGN]);
    let of_clerk = world.requesting(&helper, &other_clerk, &[SEE]);
    let by_clerk = world.requesting(&clerk, &citizen, &[SIGN]);
    let by_suspended = world.requesting(&suspended, &citizen, &[SEE]);
    Refusals::of(world.requesting(&helper, &citizen, &[SEE, FOREIGN]))
        .refused(refused("PRIVILEGE_NOT_PUBLISHED"), |request| request.privileges = uris(&[DRAFT, SEE]))
        .refused(refused("PRIVILEGE_NOT_PUBLISHED"), |request| request.privileges = uris(&[HIDDEN]))
        .refused(refused("REQUEST_NOT_ALLOWED"), |request| request.privileges = uris(&[SEE, unasked]))
        .refused(unknown, |request| request.privileges = uris(&[SEE, UNKNOWN]))
        .refused(refused("DELEGATOR_KIND_NOT_ALLOWED"), move |request| *request = of_organisation.clone())
        .refused(refused("DELEGATOR_IS_EMPLOYEE"), move |request| *request = of_clerk.clone())
        .refused(refused("REPRESENTATIVE_KIND_NOT_ALLOWED"), move |request| *request = by_clerk.clone())
        .refused(refused("PARTY_NOT_IN_GOOD_STANDING"), move |request| *request = by_suspended.clone())
        .field("period", "PERIOD_TOO_LONG", move |request| {
            (request.privileges, request.period) = (uris(&[SIGN]), until_day("2026-08-15"));
            request.delegator_id = to.clone();
        })
        .sent_by(&world, async |request| world.try_request(request).await)
        .await;
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    Refusals::of(world.requesting(&helper, &citizen, &[SEE]))
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("representative_id", |request, text| request.representative_id = text)
        .uuid("delegator_id", |request, text| request.delegator_id = text)
        .privileges(true, |request, privileges| request.privileges = privileges)
        .period(|request, period| request.period = period)
        .optional_text("message", 1_000, Lines::Several, |request, text| request.message = text)
        .field("delegator_id", "DELEGATOR_IS_REPRESENTATIVE", |request| {
            request.delegator_id = request.representative_id.to_uppercase();
        })
        .because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW", |request| {
            request.actor.as_mut().unwrap().level_of_assurance = LevelOfAssurance::Low.into();
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| request.delegator_id = SOME_UUID.to_owned())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.representative_id = SOME_UUID.to_owned();
        })
        .sent_by(&world, async |request| world.try_request(request).await)
        .await;
}

#[tokio::test]
async fn a_request_waits_as_long_as_is_configured() {
    let world = World::with(&[("rules.request_lapse_days", "3")]).await;
    world.catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    assert_eq!(request.lapse_time, timestamp("2026-06-18T10:00:00Z"));
    world.advance(TimeDelta::days(3)).await;
    let status = world.decline(&citizen, &request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "REQUEST_LAPSED"));
}

#[tokio::test]
async fn the_delegator_is_to_be_told_by_the_statement_that_asks() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    let item = format!(
        "notice_item where kind = 'requested' and receiver_id = '{}' and delegation_id = '{}'
         and notice_id is null and cancelled_at is null
         and xmin = (select d.xmin from delegation d where d.delegation_id = '{1}')",
        citizen.id, request.delegation_id
    );
    assert_eq!(world.count(&item).await, 1);
    assert_eq!(world.count("notice_item").await, 1);
}
