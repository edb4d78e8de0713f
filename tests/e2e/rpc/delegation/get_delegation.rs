//! `DelegationService.GetDelegation`.

use fuldmagt_proto::v1::{
    CreateDelegationRequest, Delegation, DelegationStatus, GetDelegationRequest, LevelOfAssurance,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, SEE, days, instant};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn both_parties_see_names_and_message() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let message = world.people.message().expose().to_owned();
    let request =
        CreateDelegationRequest { message: message.clone(), ..world.giving(&from, &to, &[SEE, CHANGE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    let wanted = Delegation {
        delegator_name: from.name.clone(),
        representative_name: to.name.clone(),
        message,
        ..given.clone()
    };
    for user in [&from, &to] {
        assert_eq!(world.see(user, &given).await.unwrap(), wanted);
    }
}

#[tokio::test]
async fn the_employees_of_both_parties_see_it() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.organisation().await, world.organisation().await);
    let (giver, holder) = (world.employee_of(&from).await, world.employee_of(&to).await);
    let request = CreateDelegationRequest { actor: giver.actor(), ..world.giving(&from, &to, &[SEE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    let seen = world.see(&giver, &given).await.unwrap();
    assert_eq!(seen, world.see(&holder, &given).await.unwrap());
    assert_eq!((seen.delegator_name, seen.representative_name), (from.name, to.name));
    assert_eq!(seen.message, "");
}

#[tokio::test]
async fn its_status_is_that_of_the_instant_that_it_is_asked_for() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = CreateDelegationRequest {
        period: days("2027-03-28", "2027-03-28"),
        ..world.giving(&from, &to, &[SEE])
    };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    for (at, wanted) in [
        ("2027-03-27T22:59:59.999999Z", DelegationStatus::Scheduled),
        ("2027-03-27T23:00:00Z", DelegationStatus::Active),
        ("2027-03-28T21:59:59.999999Z", DelegationStatus::Active),
        ("2027-03-28T22:00:00Z", DelegationStatus::Expired),
    ] {
        world.move_to(instant(at)).await;
        assert_eq!(world.see(&to, &given).await.unwrap().status(), wanted, "{at}");
    }
    world.move_to(instant("2027-03-28T12:00:00Z")).await;
    world.revoke(&from, &given).await.unwrap();
    world.move_to(instant("2027-06-01T12:00:00Z")).await;
    let seen = world.see(&from, &given).await.unwrap();
    assert_eq!((seen.status(), seen.etag.as_str()), (DelegationStatus::Revoked, "2"));
}

#[tokio::test]
async fn nobody_else_sees_it_and_none_at_all_looks_alike() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let clerk = world.employee_of(&organisation).await;
    let (stranger, colleague) = (world.person().await, world.employee_of(&organisation).await);
    let given = world.give(&from, &clerk, &[SEE]).await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..given.clone() };
    let missing = world.see(&from, &unknown).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    // What one employee holds is neither the colleague's nor the organisation's.
    for user in [&stranger, &colleague, &organisation] {
        assert_alike(&missing, &world.see(user, &given).await.unwrap_err());
    }
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let good = GetDelegationRequest {
        actor: to.actor_at(LevelOfAssurance::Low),
        delegation_id: given.delegation_id,
    };
    Refusals::of(good)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = stranger.actor())
        .sent_by(&world, async |request| world.front_end.delegations().get_delegation(request).await)
        .await;
}
