use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    delegation::{
        Links, Packages,
        testing::{delegation, instant, party, uri},
    },
    testing::package_id,
};

/// Party 1 remains, party 2 is absorbed.
const SURVIVOR: u128 = 1;
const ABSORBED: u128 = 2;

fn id(id: u128) -> DelegationId {
    DelegationId(Uuid::from_u128(id))
}

/// Of `urn:dk:a`, given at its number as a second.
fn given(number: u128, from: u128, to: u128, period: (i64, i64)) -> Delegation {
    Delegation {
        id: id(number),
        delegator: party(from),
        representative: party(to),
        privileges: vec![uri("urn:dk:a")],
        created_at: instant(number.try_into().unwrap()),
        ..delegation(period.0, period.1)
    }
}

/// The same, given on from that one.
fn part(number: u128, of: &Delegation, to: u128) -> Delegation {
    let mut chain = of.links.chain.clone();
    chain.push(of.representative);
    Delegation {
        id: id(number),
        representative: party(to),
        created_at: instant(number.try_into().unwrap()),
        links: Links { parent: Some(of.id), chain, ..Links::default() },
        ..of.clone()
    }
}

fn joined(touched: Vec<Delegation>) -> Merged {
    merge(party(SURVIVOR), party(ABSORBED), touched, instant(20))
}

fn states(merged: &Merged) -> Vec<(u128, Option<Termination>)> {
    merged.steps.iter().map(|step| (step.id().0.as_u128(), step.delegation.state.termination())).collect()
}

#[test]
fn only_persons_who_have_not_ended_and_have_one_number_at_most_are_joined() {
    let person = |id, standing| Party {
        id: party(id),
        kind: PartyKind::Person,
        organisation: None,
        standing,
        created_at: instant(0),
        version: 1,
    };
    let (one, other) = (person(1, Standing::Good), person(2, Standing::Suspended));
    for numbers in [Numbers::Compatible, Numbers::Replaced] {
        assert_eq!(check(&one, &other, numbers), Ok(()));
    }
    assert_eq!(check(&one, &other, Numbers::Differ), Err(Refusal::NumbersDiffer));
    let ended = person(3, Standing::Ended);
    assert_eq!(check(&one, &ended, Numbers::Compatible), Err(Refusal::Ended));
    assert_eq!(check(&ended, &one, Numbers::Compatible), Err(Refusal::Ended));
    for kind in [PartyKind::Organisation, PartyKind::Employee] {
        let thing = Party { kind, ..one.clone() };
        assert_eq!(check(&thing, &other, Numbers::Compatible), Err(Refusal::NotPerson));
        assert_eq!(check(&other, &thing, Numbers::Compatible), Err(Refusal::NotPerson));
    }
}

#[test]
fn the_survivor_has_the_worse_standing_of_the_two() {
    use CprStatus::{Annulled, Disappeared};
    let good = |noted| Known { standing: Standing::Good, noted };
    let suspended = |noted| Known { standing: Standing::Suspended, noted };
    let cases = [
        (good(None), good(Some(Annulled)), good(None)),
        (good(Some(Annulled)), good(None), good(Some(Annulled))),
        (good(None), suspended(Some(Annulled)), suspended(Some(Annulled))),
        (good(Some(Annulled)), suspended(Some(Disappeared)), suspended(Some(Disappeared))),
        (suspended(Some(Disappeared)), good(None), suspended(Some(Disappeared))),
        // What only a caseworker lifts is not lifted by the register because of the other.
        (suspended(Some(Disappeared)), suspended(Some(Annulled)), suspended(Some(Annulled))),
        (suspended(Some(Disappeared)), suspended(None), suspended(None)),
        (suspended(Some(Annulled)), suspended(Some(Disappeared)), suspended(Some(Annulled))),
        (suspended(None), suspended(Some(Disappeared)), suspended(None)),
    ];
    for (survivor, absorbed, wanted) in cases {
        assert_eq!(known(survivor, absorbed), wanted);
    }
}

#[test]
fn a_package_that_both_follow_is_followed_once_and_the_rest_lives_on() {
    let follows = |mut delegation: Delegation| {
        delegation.packages = Packages::following(vec![package_id("all")]);
        delegation
    };
    let shorter = follows(given(12, ABSORBED, 9, (0, 90)));
    let mut longer = follows(given(11, SURVIVOR, 9, (0, 100)));
    longer.privileges = vec![uri("urn:dk:b")];
    let merged = joined(vec![shorter.clone(), longer.clone()]);
    let [step] = merged.steps.as_slice() else { panic!("the longer stays as it is") };
    assert_eq!((step.id(), step.delegation.state), (id(12), State::Active));
    assert_eq!((step.leaves.as_slice(), step.takes.len()), (&[package_id("all")][..], 0));
    assert_eq!(merged.duplicates, [id(12)]);

    let only = Delegation { privileges: Vec::new(), ..shorter };
    let merged = joined(vec![only, longer]);
    assert_eq!(states(&merged), [(12, Some(Termination::DuplicateAfterMerge))]);
    assert_eq!(merged.steps[0].leaves, [package_id("all")]);
}

#[test]
fn what_was_given_and_held_moves_ended_or_not_and_the_other_party_hears_of_what_lives() {
    let ended = Delegation { state: State::Revoked { at: instant(5) }, ..given(12, ABSORBED, 9, (0, 100)) };
    let asked = Delegation {
        state: State::Requested { lapses_at: instant(50) },
        lapses_at: Some(instant(50)),
        ..given(13, 9, ABSORBED, (0, 100))
    };
    let merged = joined(vec![
        given(10, ABSORBED, 8, (0, 100)),
        given(11, 8, ABSORBED, (0, 100)),
        ended,
        asked,
        given(14, ABSORBED, 6, (0, 19)),
    ]);
    assert_eq!(merged.moved, [10, 11, 12, 13, 14].map(id));
    for step in &merged.steps {
        assert_eq!((step.kind, step.delegation.version, step.takes.len()), (EventKind::PartyMerged, 2, 0));
        let parties = [step.delegation.delegator, step.delegation.representative];
        assert!(parties.contains(&party(SURVIVOR)) && !parties.contains(&party(ABSORBED)));
    }
    let told: Vec<_> = merged.steps.iter().map(|step| step.tells.clone()).collect();
    let merged_to = |to| vec![(party(to), NoticeKind::Merged)];
    assert_eq!(told, [merged_to(8), merged_to(8), vec![], merged_to(9), vec![]]);
}

#[test]
fn what_the_two_delegated_to_each_other_ends_with_what_was_given_on_from_it() {
    let to_each_other = given(10, SURVIVOR, ABSORBED, (0, 100));
    let given_on = part(11, &to_each_other, 7);
    let expired = given(12, ABSORBED, SURVIVOR, (0, 10));
    let asked = Delegation {
        state: State::Requested { lapses_at: instant(50) },
        lapses_at: Some(instant(50)),
        ..given(13, ABSORBED, SURVIVOR, (0, 100))
    };
    let lapsed = Delegation {
        state: State::Requested { lapses_at: instant(15) },
        lapses_at: Some(instant(15)),
        ..given(14, ABSORBED, SURVIVOR, (0, 100))
    };
    let merged = joined(vec![to_each_other, given_on, expired, asked, lapsed]);
    let selves = Some(Termination::PartiesMerged);
    assert_eq!(
        states(&merged),
        [(10, selves), (11, Some(Termination::ParentEnded)), (12, selves), (13, selves), (14, None)]
    );
    assert_eq!(merged.selves, [10, 12, 13, 14].map(id));
    assert_eq!(merged.moved, []);
    assert_eq!(merged.steps[0].tells, [(party(SURVIVOR), NoticeKind::Merged)]);
    assert_eq!(merged.steps[2].tells, []);
    assert_eq!(merged.steps[3].takes, []);
    assert_eq!(merged.steps[4].delegation.state, State::Lapsed { at: instant(15) });
}

#[test]
fn the_grant_that_lasts_longer_lives_on_and_of_two_that_end_alike_the_older() {
    let longer = given(11, ABSORBED, 9, (10, 101));
    let merged = joined(vec![given(10, SURVIVOR, 9, (0, 100)), longer]);
    assert_eq!(states(&merged), [(10, Some(Termination::DuplicateAfterMerge)), (11, None)]);
    assert_eq!((merged.duplicates.clone(), merged.moved), (vec![id(10)], vec![id(11)]));

    let alike = given(11, 9, ABSORBED, (10, 100));
    let merged = joined(vec![given(10, 9, SURVIVOR, (0, 100)), alike]);
    // The older was the survivor's already: nothing happens to it.
    assert_eq!(states(&merged), [(11, Some(Termination::DuplicateAfterMerge))]);
    assert_eq!(merged.moved, []);
}

#[test]
fn what_only_touches_or_is_of_something_else_stays() {
    let before = given(10, SURVIVOR, 9, (0, 50));
    let after = given(11, ABSORBED, 9, (50, 100));
    let other = Delegation { privileges: vec![uri("urn:dk:b")], ..given(12, ABSORBED, 9, (0, 100)) };
    let merged = joined(vec![before, after, other]);
    assert_eq!(states(&merged), [(11, None), (12, None)]);
    assert_eq!(merged.duplicates, []);
}

#[test]
fn one_privilege_of_several_gives_way_and_with_it_what_was_given_on() {
    let both = vec![uri("urn:dk:a"), uri("urn:dk:b")];
    let wide = Delegation { privileges: both.clone(), ..given(10, ABSORBED, 9, (0, 100)) };
    let on = part(11, &wide, 7);
    let only = Delegation { privileges: vec![uri("urn:dk:a")], ..part(12, &wide, 6) };
    let merged = joined(vec![wide, on, only, given(13, SURVIVOR, 9, (0, 200))]);
    assert_eq!(states(&merged), [(10, None), (11, None), (12, Some(Termination::ParentEnded))]);
    for step in &merged.steps[..2] {
        assert_eq!((step.kind, step.takes.as_slice()), (EventKind::PartyMerged, &[uri("urn:dk:a")][..]));
        assert_eq!(step.delegation.privileges, [uri("urn:dk:b")]);
        assert_eq!(step.delegation.taken_out, [uri("urn:dk:a")]);
    }
    assert_eq!((merged.moved, merged.duplicates), (vec![id(10), id(11)], vec![id(10), id(11)]));
}

#[test]
fn who_would_stand_above_themselves_gives_way() {
    // Party 5 gave to the survivor, who gave on to 6, who gave on to the absorbed one, who gave on to 7.
    let top = given(10, 5, SURVIVOR, (0, 100));
    let second = part(11, &top, 6);
    let third = part(12, &second, ABSORBED);
    let fourth = part(13, &third, 7);
    let merged = joined(vec![third, fourth]);
    assert_eq!(
        states(&merged),
        [(12, Some(Termination::PartiesMerged)), (13, Some(Termination::ParentEnded))]
    );
    // Below the absorbed one, not to the survivor: it stays, under the survivor.
    let other = given(20, 5, ABSORBED, (0, 100));
    let below = part(21, &other, 7);
    let merged = joined(vec![other, below]);
    assert_eq!(merged.steps[1].delegation.links.chain, [party(SURVIVOR)]);
    assert_eq!((states(&merged), merged.moved), (vec![(20, None), (21, None)], vec![id(20)]));
}

#[test]
fn what_has_expired_gives_way_only_where_two_would_stand_for_the_same() {
    let merged = joined(vec![given(10, SURVIVOR, 9, (0, 19)), given(11, ABSORBED, 9, (5, 100))]);
    assert_eq!(states(&merged), [(10, Some(Termination::DuplicateAfterMerge)), (11, None)]);
    assert_eq!(merged.steps[0].tells, []);
    let merged = joined(vec![given(10, SURVIVOR, 9, (0, 5)), given(11, ABSORBED, 9, (5, 10))]);
    assert_eq!(states(&merged), [(11, None)]);
}

/// A few parties, delegations among them with parts, at random.
fn some_delegations() -> impl Strategy<Value = Vec<Delegation>> {
    let one = (0..4u128, 0..4u128, 0..30i64, 1..30i64, 0..4usize, any::<u8>());
    prop::collection::vec(one, 0..14).prop_map(|rows| {
        let mut all: Vec<Delegation> = Vec::new();
        for (number, (from, to, start, length, privileges, on)) in rows.into_iter().enumerate() {
            let number = 10 + number as u128;
            let mut new = given(number, from, to, (start, start + length));
            new.privileges =
                [vec!["urn:dk:a"], vec!["urn:dk:b"], vec!["urn:dk:a", "urn:dk:b"], vec!["urn:dk:c"]]
                    [privileges]
                    .iter()
                    .map(|text| uri(text))
                    .collect();
            // Every other one is a part of one before it, where that is allowed.
            if on % 2 == 1 && !all.is_empty() {
                let parent = all[usize::from(on) % all.len()].clone();
                let above = [&parent.links.chain[..], &[parent.delegator, parent.representative]].concat();
                if above.contains(&party(to)) || parent.links.chain.len() == 4 {
                    continue;
                }
                new = part(number, &parent, to);
            }
            let stands = |other: &Delegation| {
                other.delegator == new.delegator
                    && other.representative == new.representative
                    && other.period.overlaps(&new.period)
                    && other.privileges.iter().any(|uri| new.privileges.contains(uri))
            };
            if new.delegator != new.representative && !all.iter().any(stands) {
                all.push(new);
            }
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_was_given_the_rules_hold_afterwards(given in some_delegations()) {
        let before: BTreeMap<_, _> = given.iter().map(|d| (d.id, d.clone())).collect();
        let merged = joined(given.clone());
        let mut after = before.clone();
        for step in &merged.steps {
            prop_assert_eq!(step.delegation.version, 2);
            after.insert(step.id(), step.delegation.clone());
        }
        prop_assert_eq!(after.len(), before.len());
        let lives = |d: &&Delegation| d.state == State::Active;
        for one in after.values() {
            let above = [&one.links.chain[..], &[one.delegator, one.representative]].concat();
            prop_assert!(!above.contains(&party(ABSORBED)));
        }
        for one in after.values().filter(lives) {
            prop_assert!(one.delegator != one.representative);
            prop_assert!(!one.links.chain.contains(&one.representative));
            for other in after.values().filter(lives).filter(|other| other.id != one.id) {
                let same = (other.delegator, other.representative) == (one.delegator, one.representative)
                    && other.privileges.iter().any(|uri| one.privileges.contains(uri));
                prop_assert!(!(same && other.period.overlaps(&one.period)), "{one:?} {other:?}");
            }
            if let Some(parent) = one.links.parent.and_then(|parent| after.get(&parent))
                && instant(20) < one.period.to()
            {
                prop_assert_eq!(parent.state, State::Active);
                prop_assert!(one.privileges.iter().all(|uri| parent.privileges.contains(uri)));
            }
        }
        // Nothing gives way but to a grant of the same that lasts as long.
        for was in before.values().filter(|was| was.period.contains(instant(20))) {
            let now = &after[&was.id];
            let is_self = merged.selves.contains(&was.id);
            let by_parent = was.links.parent.is_some();
            for uri in was.privileges.iter().filter(|_| !is_self && !by_parent) {
                let held = after.values().filter(lives).any(|other| {
                    (other.delegator, other.representative) == (now.delegator, now.representative)
                        && other.privileges.contains(uri)
                        && other.period.to() >= was.period.to()
                });
                prop_assert!(held, "{was:?}");
            }
        }
    }
}
