//! `DelegationService.RenewDelegation`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    CreateDelegationRequest, Delegation, DelegationEventKind, DelegationStatus, LevelOfAssurance, Period,
    RenewDelegationRequest, TerminationReason,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, SIGN, days, instants, until_day};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

/// The last day of a renewal: later than what `World::give` gives lasts.
fn longer() -> Option<Period> {
    until_day("2026-08-10")
}

async fn renewed(world: &World, user: &Registered, old: &Delegation) -> Delegation {
    world.try_renew(world.renewing(user, old, longer())).await.unwrap()
}

#[tokio::test]
async fn a_renewal_takes_the_place_of_the_old_one_at_once_with_links_both_ways() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.a_second_passes().await;
    let new = renewed(&world, &from, &old).await;
    assert_ne!(new.delegation_id, old.delegation_id);
    assert_eq!((new.status(), new.etag.as_str()), (DelegationStatus::Active, "1"));
    assert_eq!((&new.delegator_id, &new.representative_id), (&from.id, &to.id));
    assert_eq!((&new.privileges, &new.supersedes), (&old.privileges, &vec![old.delegation_id.clone()]));
    assert!(new.valid_to.unwrap().seconds > old.valid_to.unwrap().seconds);
    for user in [&from, &to] {
        let seen = world.see(user, &old).await.unwrap();
        assert_eq!((seen.status(), &seen.superseded_by), (DelegationStatus::Superseded, &new.delegation_id));
        assert_eq!(world.see(user, &new).await.unwrap().supersedes, new.supersedes);
    }
    let last = world.history(&to, &old).await.pop().unwrap();
    assert_eq!((last.kind(), &last.related_id), (DelegationEventKind::Superseded, &new.delegation_id));
    assert_eq!((&last.actor_id, &last.acting_for_id), (&from.id, &from.id));
    for privilege in [SEE, CHANGE] {
        let decision = world.check(&from, &to, privilege).await;
        assert_eq!((decision.granted, &decision.delegation_id), (true, &new.delegation_id));
        assert_eq!(world.assert_never_twice_and_no_gap(&from, &to, privilege).await, 2);
    }
}

#[tokio::test]
async fn a_renewal_is_of_what_is_left() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.revoke_part(&from, &old, &[SEE]).await.unwrap();
    let new = renewed(&world, &from, &old).await;
    assert_eq!(new.privileges, [CHANGE]);
    assert!(!world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn from_the_old_end_on_the_old_one_is_left_to_run_out() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    // To and including 15 July.
    let old = world.give(&from, &to, &[SEE]).await;
    world.a_second_passes().await;
    let next = world.try_renew(world.renewing(&from, &old, days("2026-07-16", "2026-08-01"))).await.unwrap();
    assert_eq!((next.status(), next.supersedes.len()), (DelegationStatus::Scheduled, 0));
    let seen = world.see(&from, &old).await.unwrap();
    assert_eq!((seen.status(), seen.etag.as_str()), (DelegationStatus::Active, "1"));
    assert_eq!(world.check(&from, &to, SEE).await.delegation_id, old.delegation_id);
    let end = old.valid_to.unwrap().seconds;
    for (seconds, delegation) in [(end - 1, &old), (end, &next)] {
        world.move_to(chrono::DateTime::from_timestamp(seconds, 0).unwrap()).await;
        let decision = world.check(&from, &to, SEE).await;
        assert_eq!((decision.granted, &decision.delegation_id), (true, &delegation.delegation_id));
    }
}

#[tokio::test]
async fn what_is_scheduled_is_brought_forward_and_what_it_overlaps_is_replaced() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE]).await;
    let request = CreateDelegationRequest {
        period: days("2026-07-16", "2026-08-01"),
        ..world.giving(&from, &to, &[SEE, CHANGE])
    };
    let scheduled = world.try_give(request).await.unwrap().delegation.unwrap();
    world.a_second_passes().await;
    let new = renewed(&world, &from, &scheduled).await;
    assert_eq!(new.supersedes, [old.delegation_id.clone(), scheduled.delegation_id.clone()]);
    for replaced in [&old, &scheduled] {
        assert_eq!(world.see(&to, replaced).await.unwrap().status(), DelegationStatus::Superseded);
    }
}

#[tokio::test]
async fn what_was_given_on_from_the_old_one_ends_with_it() {
    let world = World::with_catalogue().await;
    let (from, to, colleague) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    let part = world.give_on(&to, &old, &colleague, &[SEE]).await;
    world.a_second_passes().await;
    let new = renewed(&world, &from, &old).await;
    let seen = world.see(&colleague, &part).await.unwrap();
    assert_eq!(
        (seen.status(), seen.termination_reason()),
        (DelegationStatus::Terminated, TerminationReason::ParentEnded)
    );
    assert!(!world.check(&from, &colleague, SEE).await.granted);
    world.give_on(&to, &new, &colleague, &[SEE]).await;
    assert!(world.check(&from, &colleague, SEE).await.granted);
}

#[tokio::test]
async fn an_employee_of_the_delegator_renews_and_nobody_else_does() {
    let world = World::with_catalogue().await;
    let (organisation, to) = (world.organisation().await, world.person().await);
    let (giver, clerk) = (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let stranger = world.person().await;
    let request =
        CreateDelegationRequest { actor: giver.actor(), ..world.giving(&organisation, &to, &[SEE]) };
    let old = world.try_give(request).await.unwrap().delegation.unwrap();
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..old.clone() };
    let refused = async |user, old| world.try_renew(world.renewing(user, old, longer())).await.unwrap_err();
    let not_found = refused(&clerk, &unknown).await;
    assert_eq!(Refused::of(&not_found), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    for user in [&to, &stranger] {
        assert_alike(&not_found, &refused(user, &old).await);
    }
    let new = renewed(&world, &clerk, &old).await;
    assert_eq!(world.history(&clerk, &new).await[0].actor_id, clerk.id);
}

#[tokio::test]
async fn what_has_ended_or_was_given_on_is_not_renewed() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let refused = async |user, old| {
        let status = world.try_renew(world.renewing(user, old, longer())).await.unwrap_err();
        Refused::of(&status)
    };
    let old = world.give(&from, &to, &[SEE]).await;
    let part = world.give_on(&to, &old, &other, &[SEE]).await;
    let not_renewable = Refused::because(Code::FailedPrecondition, "SUB_DELEGATION_NOT_RENEWABLE");
    assert_eq!(refused(&from, &part).await, not_renewable);
    // Who gave it on did not give it in their own name.
    assert_eq!(refused(&to, &part).await, Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    let ended = Refused::because(Code::FailedPrecondition, "DELEGATION_ENDED");
    world.a_second_passes().await;
    world.revoke(&from, &old).await.unwrap();
    let renounced = world.give(&from, &to, &[SEE]).await;
    world.renounce(&to, &renounced).await.unwrap();
    let expired = world.give(&from, &to, &[CHANGE]).await;
    world.advance(TimeDelta::days(31)).await;
    for old in [&old, &renounced, &expired] {
        assert_eq!(refused(&from, old).await, ended);
    }
    assert_eq!(world.count("delegation").await, 4);
}

#[tokio::test]
async fn every_rule_of_giving_holds_again() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE, SIGN]).await;
    let new = async |period| world.try_renew(world.renewing(&from, &old, period)).await;
    // SIGN is for sixty days at most.
    let status = new(until_day("2026-08-15")).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("period", "PERIOD_TOO_LONG"));
    world.hide(SEE).await;
    let status = new(longer()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED"));
    world.publish(SEE).await;
    for party in [&from, &to] {
        let stand = async |standing: &str| {
            let sql = format!("update party set standing = '{standing}' where party_id = '{}'", party.id);
            world.sql(&sql).await;
        };
        stand("suspended").await;
        let status = new(longer()).await.unwrap_err();
        assert_eq!(
            Refused::of(&status),
            Refused::because(Code::FailedPrecondition, "PARTY_NOT_IN_GOOD_STANDING")
        );
        stand("good").await;
    }
    new(longer()).await.unwrap();
}

#[tokio::test]
async fn a_renewal_that_cannot_be_because_of_the_age_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE]).await;
    world.sql(&format!("delete from identifier where kind = 'cpr' and party_id = '{}'", from.id)).await;
    let status = world.try_renew(world.renewing(&from, &old, longer())).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "DELEGATOR_AGE_UNKNOWN"));
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE]).await;
    let soon = instants(world.now() + TimeDelta::seconds(1), world.now() + TimeDelta::days(60));
    Refusals::of(world.signed(world.renewing(&from, &old, longer())).await)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .period(|request, period| request.period = period)
        .signature(|request| &mut request.signature)
        .field("period", "REPLACEMENT_STARTS_LATER", |request| {
            request.period = days("2026-07-15", "2026-08-01")
        })
        .field("period", "REPLACEMENT_STARTS_LATER", move |request| request.period = soon.clone())
        .because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW", |request: &mut RenewDelegationRequest| {
            request.actor.as_mut().unwrap().level_of_assurance = LevelOfAssurance::Low.into();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned()
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = stranger.actor())
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = to.actor())
        .sent_by(&world, async |request| world.front_end.delegations().renew_delegation(request).await)
        .await;
}
