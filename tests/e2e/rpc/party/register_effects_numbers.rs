//! Numbers that the CPR register has replaced by others.

use fuldmagt_proto::v1::{CprEffects, DelegationStatus, DenialReason, identifier::Value};
use fuldmagt_tests::world::{CHANGE, Registered, SEE, identifier};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::register_effects::{DAYS, effects, import, number, said};
use super::resolve_suspension::reinstate;

/// Somebody who will have that number later; the service does not know them.
fn somebody(world: &World) -> String {
    world.people.person().cpr.expose().to_owned()
}

/// The same party, by another number.
fn by_number(party: &Registered, number: &str) -> Registered {
    let identifiers = vec![identifier(Value::CprNumber(number.to_owned())).unwrap()];
    Registered { identifiers, ..party.clone() }
}
#[tokio::test]
async fn a_changed_number_is_learned_and_the_person_found_by_both() {
    let world = World::with_catalogue().await;
    let (party, other) = (world.person().await, world.person().await);
    let (given, held) = (world.give(&party, &other, &[SEE]).await, world.give(&other, &party, &[SEE]).await);
    let new = somebody(&world);
    let words = [said(&number(&party), "60", &new), said(&new, "01", "")];
    let copy = import(&world, DAYS[0], &words).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { renumbered_count: 1, ..CprEffects::default() });
    let renumbered = by_number(&party, &new);
    for known in [&party, &renumbered] {
        assert!(world.check(known, &other, SEE).await.granted);
        assert!(world.check(&other, known, SEE).await.granted);
        let found = world.known_by_number(&number(known)).await;
        assert_eq!(found.unwrap().party_id, party.id);
    }
    for delegation in [&given, &held] {
        assert_eq!(world.see(&other, delegation).await.unwrap().status(), DelegationStatus::Active);
    }
    // Whoever signs by the new number gives as before.
    world.signs_as(&party.id, &renumbered.identifiers);
    world.give(&renumbered, &other, &[CHANGE]).await;
    // And what happens to the new number happens to the person.
    let again = [said(&number(&party), "60", &new), said(&new, "90", "")];
    let copy = import(&world, DAYS[1], &again).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { ended_count: 1, ..CprEffects::default() });
    world.check_denied(&party, &other, SEE).await;
    assert_eq!(world.count("event where kind = 'renumbered' and channel = 'register'").await, 1);
}

#[tokio::test]
async fn a_number_that_changes_twice_and_back_is_followed() {
    let world = World::with_catalogue().await;
    let (party, other) = (world.person().await, world.person().await);
    world.give(&party, &other, &[SEE]).await;
    let old = number(&party);
    let [second, third] = [somebody(&world), somebody(&world)];
    let words = [said(&old, "60", &second), said(&second, "60", &third), said(&third, "01", "")];
    let copy = import(&world, DAYS[0], &words).await;
    assert_eq!(effects(&world, &copy).await.renumbered_count, 2);
    for number in [&old, &second, &third] {
        assert!(world.check(&by_number(&party, number), &other, SEE).await.granted);
    }
    let words = [said(&old, "01", ""), said(&second, "60", &third), said(&third, "60", &old)];
    let copy = import(&world, DAYS[1], &words).await;
    assert_eq!(effects(&world, &copy).await.renumbered_count, 1);
    let current = "identifier where kind = 'cpr' and replaced_at is null";
    assert_eq!(world.count(&format!("{current} and party_id = '{}'", party.id)).await, 1);
    assert!(world.check(&party, &other, SEE).await.granted);
}

#[tokio::test]
async fn who_is_known_by_both_numbers_is_merged_into_the_party_of_the_new_one() {
    let world = World::with_catalogue().await;
    let (old, new, other) = (world.person().await, world.person().await, world.person().await);
    let (given, held) = (world.give(&old, &other, &[SEE]).await, world.give(&other, &old, &[CHANGE]).await);
    world.give(&new, &other, &[CHANGE]).await;
    let words = [said(&number(&old), "60", &number(&new)), said(&number(&new), "01", "")];
    let copy = import(&world, DAYS[0], &words).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { merged_count: 1, ..CprEffects::default() });
    for known in [&old, &new] {
        assert!(world.check(known, &other, SEE).await.granted);
        assert!(world.check(known, &other, CHANGE).await.granted);
        assert!(world.check(&other, known, CHANGE).await.granted);
        assert_eq!(world.known_by_number(&number(known)).await.unwrap().party_id, new.id);
    }
    for delegation in [&given, &held] {
        let parties = world.see(&other, delegation).await.unwrap();
        let parties = [parties.delegator_id, parties.representative_id];
        assert!(parties.contains(&new.id) && !parties.contains(&old.id), "{parties:?}");
    }
    assert_eq!(world.count("event where kind in ('merged', 'absorbed') and channel = 'register'").await, 2);
    assert_eq!(world.count("register_effect").await, 0);
}

#[tokio::test]
async fn who_has_a_number_that_was_changed_again_is_merged_into_the_party_that_had_it() {
    let world = World::with_catalogue().await;
    // Who has the number in between is followed first.
    let (second, first, other) = (world.person().await, world.person().await, world.person().await);
    world.give(&first, &other, &[SEE]).await;
    let third = somebody(&world);
    let [one, two] = [number(&first), number(&second)];
    let words = |status| [said(&one, "60", &two), said(&two, "60", &third), said(&third, status, "")];
    let copy = import(&world, DAYS[0], &words("01")).await;
    let wanted = CprEffects { renumbered_count: 1, merged_count: 1, ..CprEffects::default() };
    assert_eq!(effects(&world, &copy).await, wanted);
    for number in [&one, &two, &third] {
        assert_eq!(world.known_by_number(number).await.unwrap().party_id, second.id);
        assert!(world.check(&by_number(&first, number), &other, SEE).await.granted);
    }
    let copy = import(&world, DAYS[1], &words("90")).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { ended_count: 1, ..CprEffects::default() });
    for number in [&one, &two, &third] {
        world.check_denied(&by_number(&first, number), &other, SEE).await;
    }
}

#[tokio::test]
async fn who_waits_for_a_caseworker_still_does_as_the_party_of_the_new_number() {
    let world = World::with_catalogue().await;
    let (old, new, other) = (world.person().await, world.person().await, world.person().await);
    world.give(&old, &other, &[SEE]).await;
    world.give(&new, &other, &[CHANGE]).await;
    let copy = import(&world, DAYS[0], &[said(&number(&old), "30", "")]).await;
    assert_eq!(effects(&world, &copy).await.suspended_count, 1);
    let words = [said(&number(&old), "60", &number(&new)), said(&number(&new), "01", "")];
    for (day, merged_count) in [(DAYS[1], 1), (DAYS[2], 0)] {
        let copy = import(&world, day, &words).await;
        assert_eq!(effects(&world, &copy).await, CprEffects { merged_count, ..CprEffects::default() });
        for known in [&old, &new] {
            for privilege in [SEE, CHANGE] {
                let denied = world.check_denied(known, &other, privilege).await;
                assert_eq!(denied, DenialReason::PartyNotInGoodStanding);
            }
        }
    }
    reinstate(&world, &new).await.unwrap();
    for known in [&old, &new] {
        assert!(world.check(known, &other, SEE).await.granted);
    }
}

#[tokio::test]
async fn a_new_number_of_a_party_that_has_ended_is_left_for_people_to_resolve() {
    let world = World::with_catalogue().await;
    let (old, new, other) = (world.person().await, world.person().await, world.person().await);
    world.give(&old, &other, &[SEE]).await;
    world.sql(&format!("update party set standing = 'ended' where party_id = '{}'", new.id)).await;
    let words = [said(&number(&old), "60", &number(&new)), said(&number(&new), "01", "")];
    let copy = import(&world, DAYS[0], &words).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { unresolved_count: 1, ..CprEffects::default() });
    assert!(world.check(&old, &other, SEE).await.granted);
}

#[tokio::test]
async fn two_numbers_of_one_person_are_merged_when_the_register_says_so_and_not_otherwise() {
    let world = World::with_catalogue().await;
    let (second, first, stranger) = (world.person().await, world.person().await, world.person().await);
    let differ = Refused::because(Code::FailedPrecondition, "CPR_NUMBERS_DIFFER");
    assert_eq!(Refused::of(&world.try_merge(&first, &second).await.unwrap_err()), differ);
    let copy = import(&world, DAYS[0], &[said(&number(&second), "50", &number(&first))]).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { suspended_count: 1, ..CprEffects::default() });
    for (survivor, absorbed) in [(&second, &first), (&stranger, &second), (&first, &stranger)] {
        assert_eq!(Refused::of(&world.try_merge(survivor, absorbed).await.unwrap_err()), differ);
    }
    world.try_merge(&first, &second).await.unwrap();
    assert_eq!(world.known_by_number(&number(&second)).await.unwrap().party_id, first.id);
}
