//! `DelegationService.CreateDelegation`: what is given, and each wrong field. The rules of giving are in
//! [`super::create_delegation_rules`].

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    CreateDelegationRequest, Delegation, DelegationStatus, DenialReason, LevelOfAssurance, Period,
    period::Start,
};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, SIGN, days, instants, timestamp, until_day};
use tonic::Code;

use crate::rpc::fields::Lines;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_person_gives_a_person_two_privileges_and_keeps_the_third() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let message = world.people.message().expose().to_owned();
    let request = CreateDelegationRequest { message, ..world.giving(&from, &to, &[CHANGE, SEE]) };
    let answer = world.try_give(request).await.unwrap();
    let delegation = answer.delegation.unwrap();
    let privileges = [SEE, CHANGE].map(str::to_owned).to_vec();
    assert!(privileges.is_sorted());
    assert_eq!(
        delegation,
        Delegation {
            delegation_id: delegation.delegation_id.clone(),
            delegator_id: from.id.clone(),
            representative_id: to.id.clone(),
            privileges,
            valid_from: timestamp("2026-06-15T10:00:00Z"),
            valid_to: timestamp("2026-07-15T22:00:00Z"),
            status: DelegationStatus::Active.into(),
            create_time: timestamp("2026-06-15T10:00:00Z"),
            end_time: None,
            etag: "1".to_owned(),
            // Names and message are for reading, not for the answer to a write.
            ..Delegation::default()
        }
    );
    for (privilege, granted) in [(SEE, true), (CHANGE, true), (SIGN, false)] {
        assert_eq!(world.check(&from, &to, privilege).await.granted, granted);
    }
}

#[tokio::test]
async fn every_kind_of_delegator_can_give_to_every_kind_of_representative() {
    let world = World::with_catalogue().await;
    let (person, organisation) = (world.person().await, world.organisation().await);
    let (clerk, employer) = (world.employee_of(&organisation).await, world.organisation().await);
    let representatives =
        [world.person().await, world.organisation().await, world.employee_of(&employer).await];
    for (actor, delegator) in [(&person, &person), (&clerk, &organisation)] {
        for representative in
            representatives.iter().chain([&clerk].into_iter().filter(|_| actor.id == person.id))
        {
            let request = CreateDelegationRequest {
                actor: actor.actor(),
                ..world.giving(delegator, representative, &[SEE, CHANGE])
            };
            world.try_give(request).await.unwrap();
            assert!(world.check(delegator, representative, CHANGE).await.granted);
        }
    }
    assert_eq!(world.count("delegation").await, 7);
}

#[tokio::test]
async fn a_date_is_a_danish_day_through_both_changes_of_the_clock() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    for (first, last, valid_from, valid_to) in [
        // Summer time ends: a day of 25 hours.
        ("2026-10-25", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("2026-10-24", "2026-10-26", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"),
        // Summer time begins: a day of 23 hours.
        ("2027-03-28", "2027-03-28", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"),
        ("2027-03-27", "2027-03-29", "2027-03-26T23:00:00Z", "2027-03-29T22:00:00Z"),
        // Today means now.
        ("2026-06-15", "2026-06-15", "2026-06-15T10:00:00Z", "2026-06-15T22:00:00Z"),
    ] {
        let request =
            CreateDelegationRequest { period: days(first, last), ..world.giving(&from, &to, &[SEE]) };
        let given = world.try_give(request).await.unwrap().delegation.unwrap();
        assert_eq!(
            (given.valid_from, given.valid_to),
            (timestamp(valid_from), timestamp(valid_to)),
            "{first}"
        );
        let status =
            if first == "2026-06-15" { DelegationStatus::Active } else { DelegationStatus::Scheduled };
        assert_eq!(given.status(), status);
        world.revoke(&from, &given).await.unwrap();
    }
}

#[tokio::test]
async fn instants_are_kept_as_they_are_and_a_start_may_be_a_few_minutes_old() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let start = world.now() - TimeDelta::minutes(5);
    let end = world.now() + TimeDelta::microseconds(1_234_567);
    let request =
        CreateDelegationRequest { period: instants(start, end), ..world.giving(&from, &to, &[SEE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    assert_eq!(given.valid_from, timestamp("2026-06-15T09:55:00Z"));
    assert_eq!(given.valid_to, timestamp("2026-06-15T10:00:01.234567Z"));
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn the_same_again_is_refused_while_the_periods_overlap() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let other = world.person().await;
    let period = given_until_next_month(&world, &from, &to);
    Refusals::of(CreateDelegationRequest { period: days("2026-07-16", "2026-07-20"), ..period })
        .because(Code::AlreadyExists, "DELEGATION_OVERLAPS", |request| {
            request.period = days("2026-07-15", "2026-07-20");
        })
        .because(Code::AlreadyExists, "DELEGATION_OVERLAPS", |request| {
            request.period = until_day("2026-06-15")
        })
        .because(Code::AlreadyExists, "DELEGATION_OVERLAPS", |request| {
            request.period = until_day("2028-01-01")
        })
        .sent_by(&world, async |request| world.try_give(request).await)
        .await;
    // Another privilege, another representative, or after the first has ended.
    world.give(&from, &to, &[SIGN]).await;
    world.give(&from, &other, &[SEE]).await;
    world.revoke(&from, &given).await.unwrap();
    world.give(&from, &to, &[SEE]).await;
    assert!(world.check(&from, &to, SEE).await.granted);
}

fn given_until_next_month(world: &World, from: &Registered, to: &Registered) -> CreateDelegationRequest {
    world.giving(from, to, &[CHANGE, SEE])
}

#[tokio::test]
async fn what_was_given_and_revoked_before_its_start_is_denied_as_revoked() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = CreateDelegationRequest {
        period: days("2026-07-01", "2026-07-02"),
        ..world.giving(&from, &to, &[SEE])
    };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::NotYetValid);
    world.revoke(&from, &given).await.unwrap();
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Revoked);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    Refusals::of(world.signed(world.giving(&from, &to, &[SEE])).await)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegator_id", |request, text| request.delegator_id = text)
        .uuid("representative_id", |request, text| request.representative_id = text)
        .privileges(true, |request, privileges| request.privileges = privileges)
        .period(|request, period| request.period = period)
        .optional_text("message", 1_000, Lines::Several, |request, text| request.message = text)
        .signature(|request| &mut request.signature)
        .field("representative_id", "DELEGATOR_IS_REPRESENTATIVE", |request| {
            request.representative_id = request.delegator_id.to_uppercase();
        })
        .because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW", |request| {
            request.actor.as_mut().unwrap().level_of_assurance = LevelOfAssurance::Low.into();
        })
        .sent_by(&world, async |request| world.front_end.delegations().create_delegation(request).await)
        .await;
}

#[tokio::test]
async fn a_message_of_the_greatest_length_is_kept_as_it_is() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let line = world.people.message().expose().to_owned();
    let message: String = line.chars().chain(std::iter::repeat('ø')).take(1_000).collect();
    let request = CreateDelegationRequest { message: message.clone(), ..world.giving(&from, &to, &[SEE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    assert_eq!(world.see(&to, &given).await.unwrap().message, message);
}

#[tokio::test]
async fn both_ends_of_a_period_are_told_when_both_are_wrong() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let period = Some(Period { start: Some(Start::FromDate("x".to_owned())), end: None });
    let request = CreateDelegationRequest { period, ..world.giving(&from, &to, &[SEE]) };
    let status = world.try_give(request).await.unwrap_err();
    let fields = fuldmagt_tests::Refused::of(&status).fields;
    let wanted = [("period.from_date", "DATE_MALFORMED"), ("period.valid_to", "REQUIRED")];
    assert_eq!(fields, wanted.map(|(path, reason)| (path.to_owned(), reason.to_owned())));
}
