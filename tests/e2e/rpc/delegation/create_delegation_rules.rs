//! `DelegationService.CreateDelegation`: who may give what to whom.

use chrono::NaiveDate;
use fuldmagt_proto::v1::{
    self, CreateDelegationRequest, LevelOfAssurance, LinkIdentifierRequest, PartyKind, ResolvePartyRequest,
    identifier::Value,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    DRAFT, FOREIGN, HIDDEN, Registered, SEE, SIGN, SYSTEM, UNKNOWN, identifier, kinds, privilege, until_day,
    uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

/// Sends; the answer does not matter.
async fn sent(world: &World, request: CreateDelegationRequest) -> Result<(), tonic::Status> {
    world.try_give(request).await.map(drop)
}

#[tokio::test]
async fn only_published_privileges_can_be_given_and_the_wrong_one_is_named() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    for uri in [DRAFT, HIDDEN] {
        let request = world.giving(&from, &to, &[SEE, uri]);
        let before = world.snapshot().await;
        let status = world.try_give(request).await.unwrap_err();
        assert_eq!(
            Refused::of(&status),
            Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED")
        );
        assert_eq!(status.get_details_error_info().unwrap().metadata["privilege"], uri);
        assert_eq!(world.snapshot().await, before);
    }
    let unknown = Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privileges");
    Refusals::of(world.giving(&from, &to, &[SEE, FOREIGN]))
        .refused(unknown, |request| request.privileges = uris(&[SEE, UNKNOWN]))
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn a_privilege_is_given_and_held_only_by_the_kinds_of_party_that_it_is_for() {
    let world = World::with_catalogue().await;
    let (person, organisation) = (world.person().await, world.organisation().await);
    let clerk = world.employee_of(&organisation).await;
    for representative in [&organisation, &clerk] {
        let status = world.try_give(world.giving(&person, representative, &[SIGN])).await.unwrap_err();
        let wanted = Refused::because(Code::FailedPrecondition, "REPRESENTATIVE_KIND_NOT_ALLOWED");
        assert_eq!(Refused::of(&status), wanted);
    }
    let request =
        CreateDelegationRequest { actor: clerk.actor(), ..world.giving(&organisation, &person, &[SIGN]) };
    let status = world.try_give(request).await.unwrap_err();
    assert_eq!(
        Refused::of(&status),
        Refused::because(Code::FailedPrecondition, "DELEGATOR_KIND_NOT_ALLOWED")
    );
    assert_eq!(world.count("delegation").await, 0);
}

#[tokio::test]
async fn a_privilege_for_employees_alone_is_not_given_to_their_organisation() {
    let world = World::with_catalogue().await;
    let uri = "urn:dk:example:kun-medarbejdere";
    let representative_kinds = kinds(&[PartyKind::Employee]);
    world.put_privilege(v1::Privilege { representative_kinds, ..privilege(uri, SYSTEM) }).await.unwrap();
    world.publish(uri).await;
    let (person, organisation) = (world.person().await, world.organisation().await);
    let clerk = world.employee_of(&organisation).await;
    world.try_give(world.giving(&person, &organisation, &[uri])).await.unwrap_err();
    world.give(&person, &clerk, &[uri]).await;
}

#[tokio::test]
async fn a_privilege_may_cap_the_period_below_that_of_the_service() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    // Sixty days after the first day, to and including.
    Refusals::of(CreateDelegationRequest {
        period: until_day("2026-08-14"),
        ..world.giving(&from, &to, &[SEE, SIGN])
    })
    .field("period", "PERIOD_TOO_LONG", |request| request.period = until_day("2026-08-15"))
    .sent_by(&world, async |request| sent(&world, request).await)
    .await;
    let two_years = until_day("2028-06-14");
    let other = world.person().await;
    Refusals::of(CreateDelegationRequest { period: two_years, ..world.giving(&from, &other, &[SEE]) })
        .field("period", "PERIOD_TOO_LONG", |request| request.period = until_day("2028-06-15"))
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn a_delegator_gives_from_the_fifteenth_birthday_on() {
    let world = World::with_catalogue().await;
    let to = world.person().await;
    let born = |day: u32| NaiveDate::from_ymd_opt(2011, 6, day).unwrap();
    let (today, tomorrow) = (world.person_born(born(15)).await, world.person_born(born(16)).await);
    let child = world.person_born(NaiveDate::from_ymd_opt(2020, 2, 29).unwrap()).await;
    for delegator in [&tomorrow, &child] {
        let before = world.snapshot().await;
        let status = world.try_give(world.giving(delegator, &to, &[SEE])).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "DELEGATOR_UNDER_AGE"));
        assert_eq!(world.snapshot().await, before);
    }
    world.give(&today, &to, &[SEE]).await;
    // A child may hold one.
    world.give(&today, &child, &[SEE]).await;
    world.advance(chrono::TimeDelta::days(1)).await;
    world.give(&tomorrow, &to, &[SEE]).await;
}

#[tokio::test]
async fn a_delegator_whose_age_is_not_known_gives_once_it_is() {
    let world = World::with_catalogue().await;
    let (person, to) = (world.people.person(), world.person().await);
    let request = ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: identifier(Value::Uuid(person.uuid.expose().to_owned())).into_iter().collect(),
        create_if_missing: true,
        name: person.name.expose().to_owned(),
    };
    let mut parties = world.front_end.parties();
    let party = parties.resolve_party(request.clone()).await.unwrap().into_inner().party.unwrap();
    world.signs_as(&party.party_id, &request.identifiers);
    let giving = || CreateDelegationRequest {
        request_id: world.request_id(),
        actor: Some(v1::Actor {
            party_id: party.party_id.clone(),
            level_of_assurance: LevelOfAssurance::High.into(),
        }),
        delegator_id: party.party_id.clone(),
        ..world.giving(&to, &to, &[SEE])
    };
    let before = world.snapshot().await;
    let status = world.try_give(giving()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "DELEGATOR_AGE_UNKNOWN"));
    assert_eq!(world.snapshot().await, before);
    let link = LinkIdentifierRequest {
        request_id: world.request_id(),
        party_id: party.party_id.clone(),
        identifier: identifier(Value::CprNumber(person.cpr.expose().to_owned())),
        etag: party.etag.clone(),
    };
    world.register_feed.parties().link_identifier(link).await.unwrap();
    world.try_give(giving()).await.unwrap();
}

#[tokio::test]
async fn an_employee_gives_for_the_organisation_and_nobody_else_does() {
    let world = World::with_catalogue().await;
    let (organisation, other, person) =
        (world.organisation().await, world.organisation().await, world.person().await);
    let (clerk, stranger) = (world.employee_of(&organisation).await, world.employee_of(&other).await);
    let not_found = || Refused::because(Code::NotFound, "PARTY_NOT_FOUND");
    let actors = [stranger.actor(), person.actor(), other.actor(), unknown_actor()];
    let mut refusals = Refusals::of(CreateDelegationRequest {
        actor: clerk.actor(),
        ..world.giving(&organisation, &person, &[SEE])
    });
    for actor in actors {
        refusals = refusals.refused(not_found(), move |request| request.actor = actor.clone());
    }
    let employee = clerk.clone();
    refusals
        .refused(not_found(), |request| request.delegator_id = SOME_UUID.to_owned())
        .refused(not_found(), |request| request.representative_id = SOME_UUID.to_owned())
        .because(Code::FailedPrecondition, "DELEGATOR_IS_EMPLOYEE", move |request| {
            request.delegator_id = employee.id.clone();
        })
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

fn unknown_actor() -> Option<v1::Actor> {
    Some(v1::Actor {
        party_id: SOME_UUID.to_owned(),
        level_of_assurance: LevelOfAssurance::Substantial.into(),
    })
}

#[tokio::test]
async fn somebody_elses_delegator_and_an_unknown_one_look_alike() {
    let world = World::with_catalogue().await;
    let (from, to, thief) = (world.person().await, world.person().await, world.person().await);
    let refused = async |actor: Option<v1::Actor>, delegator: &str, to: &Registered| {
        let request = CreateDelegationRequest {
            actor,
            delegator_id: delegator.to_owned(),
            ..world.giving(&from, to, &[SEE, UNKNOWN])
        };
        world.try_give(request).await.unwrap_err()
    };
    let somebodys = refused(thief.actor(), &from.id, &to).await;
    assert_alike(&somebodys, &refused(thief.actor(), SOME_UUID, &to).await);
    assert_alike(&somebodys, &refused(unknown_actor(), &from.id, &to).await);
    // Nor does the thief learn whether the representative is known.
    let nobody = Registered { id: SOME_UUID.to_owned(), ..to.clone() };
    assert_alike(&somebodys, &refused(thief.actor(), &from.id, &nobody).await);
    assert_eq!(world.count("delegation").await, 0);
}

#[tokio::test]
async fn a_party_that_is_not_in_good_standing_neither_gives_nor_receives() {
    let world = World::with_catalogue().await;
    let (good, bad) = (world.person().await, world.person().await);
    world.sql(&format!("update party set standing = 'suspended' where party_id = '{}'", bad.id)).await;
    let before = world.snapshot().await;
    for (from, to) in [(&good, &bad), (&bad, &good)] {
        let status = world.try_give(world.giving(from, to, &[SEE])).await.unwrap_err();
        let wanted = Refused::because(Code::FailedPrecondition, "PARTY_NOT_IN_GOOD_STANDING");
        assert_eq!(Refused::of(&status), wanted);
        assert_eq!(world.snapshot().await, before);
    }
}
