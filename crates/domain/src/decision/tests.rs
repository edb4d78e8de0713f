use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{period::Period, privilege::ExistingGrants};

fn instant(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn as_of(second: i64) -> Asked {
    Asked::AsOf(instant(second))
}

fn grant(id: u128, from: i64, to: i64, ended: Option<Ended>) -> Grant {
    let period = Period::new(instant(from), instant(to)).unwrap();
    Grant { ended, ..Grant::own(DelegationId(Uuid::from_u128(id)), period) }
}

fn good() -> Circumstances {
    Circumstances {
        delegator: Standing::Good,
        representative: Standing::Good,
        employer: None,
        publication: Publication::Published { from: instant(-1000) },
    }
}

fn hidden(to: i64) -> Publication {
    Publication::Hidden {
        from: instant(0),
        to: instant(to),
        is_planned: false,
        existing: ExistingGrants::Stop,
        again: None,
    }
}

fn reason(decision: Decision) -> Option<Denial> {
    match decision {
        Decision::Granted { .. } => None,
        Decision::Denied { reason, .. } => Some(reason),
    }
}

#[test]
fn a_grant_is_in_force_from_its_first_instant_to_before_its_last() {
    let grants = [grant(1, 10, 20, None)];
    for (at, denial) in [(9, Some(Denial::NotYetValid)), (10, None), (19, None), (20, Some(Denial::Expired))]
    {
        assert_eq!(reason(decide(&grants, good(), as_of(at))), denial, "at {at}");
    }
}

#[test]
fn a_revocation_counts_from_its_instant_on() {
    let grants = [grant(1, 10, 20, Some(Ended { at: instant(15), how: How::Revoked }))];
    assert_eq!(reason(decide(&grants, good(), as_of(14))), None);
    assert_eq!(reason(decide(&grants, good(), as_of(15))), Some(Denial::Revoked));
    assert_eq!(reason(decide(&grants, good(), as_of(99))), Some(Denial::Revoked));
}

#[test]
fn what_was_renounced_before_it_began_never_was_in_force() {
    let grants = [grant(1, 10, 20, Some(Ended { at: instant(5), how: How::Renounced }))];
    for at in [5, 9, 12, 25] {
        assert_eq!(reason(decide(&grants, good(), as_of(at))), Some(Denial::Renounced), "at {at}");
    }
    assert_eq!(reason(decide(&grants, good(), as_of(4))), Some(Denial::NotYetValid));
}

#[test]
fn a_revocation_is_never_outrun_by_a_slow_clock() {
    let grants = [grant(1, 10, 20, Some(Ended { at: instant(15), how: How::Revoked }))];
    assert_eq!(reason(decide(&grants, good(), Asked::Now(instant(14)))), Some(Denial::Revoked));
    let grants = [grant(1, 10, 20, None)];
    let circumstances = Circumstances { publication: hidden(15), ..good() };
    assert_eq!(reason(decide(&grants, circumstances, Asked::Now(instant(14)))), Some(Denial::NotPublished));
}

#[test]
fn the_grant_in_force_decides_over_older_and_later_ones() {
    let grants = [
        grant(1, 0, 50, Some(Ended { at: instant(10), how: How::Revoked })),
        grant(2, 10, 30, None),
        grant(3, 30, 60, None),
    ];
    let Decision::Granted { delegation, valid_to, .. } = decide(&grants, good(), as_of(20)) else {
        panic!("granted")
    };
    assert_eq!((delegation.0.as_u128(), valid_to), (2, instant(30)));
}

#[test]
fn a_yes_stands_as_long_as_the_grant_and_no_longer_than_the_privilege_is_to_be_there() {
    let stands_until = |hidden_at: Option<i64>| {
        let grants = [grant(1, 10, 20, None)];
        let hidden = |to| Publication::Hidden {
            from: instant(0),
            to: instant(to),
            is_planned: true,
            existing: ExistingGrants::Stop,
            again: None,
        };
        let circumstances =
            hidden_at.map_or(good(), |to| Circumstances { publication: hidden(to), ..good() });
        let Decision::Granted { valid_to, stands_until, .. } = decide(&grants, circumstances, as_of(15))
        else {
            panic!("granted")
        };
        assert_eq!(valid_to, instant(20));
        stands_until
    };
    assert_eq!([None, Some(18), Some(25)].map(stands_until), [instant(20), instant(18), instant(20)]);
}

#[test]
fn standing_and_publication_deny_only_who_holds_something() {
    let grants = [grant(1, 10, 20, None)];
    let bad = Circumstances { delegator: Standing::Ended, ..good() };
    assert_eq!(reason(decide(&grants, bad, as_of(15))), Some(Denial::NotInGoodStanding));
    assert_eq!(decide(&[], bad, as_of(15)), Decision::NOTHING);
    let unpublished = Circumstances { publication: hidden(12), ..good() };
    assert_eq!(reason(decide(&grants, unpublished, as_of(15))), Some(Denial::NotPublished));
    assert_eq!(reason(decide(&grants, unpublished, as_of(11))), None);
}

fn by_employer(id: u128, designation: Option<Designation>) -> Grant {
    Grant { holder: Holder::Employer(designation), ..grant(id, 10, 20, None) }
}

fn designation(from: i64, removed: Option<i64>, place: Place) -> Option<Designation> {
    Some(Designation { from: instant(from), removed: removed.map(instant), place })
}

#[test]
fn what_an_organisation_holds_is_used_by_designated_employees_only() {
    let asked = Asked::Now(instant(15));
    let employee = Circumstances { employer: Some(Standing::Good), ..good() };
    let organisation = Grant { holder: Holder::Organisation, ..grant(1, 10, 20, None) };
    assert_eq!(reason(decide(&[organisation], good(), asked)), Some(Denial::EmployeeRequired));
    for (given, denial) in [
        (None, Some(Denial::EmployeeNotDesignated)),
        (designation(12, None, Place::Anywhere), None),
        (designation(12, None, Place::Here), None),
        (designation(12, None, Place::Elsewhere), Some(Denial::PNumberMismatch)),
        (designation(15, None, Place::Anywhere), None),
        (designation(16, None, Place::Anywhere), Some(Denial::EmployeeNotDesignated)),
        (designation(12, Some(14), Place::Anywhere), Some(Denial::EmployeeNotDesignated)),
        // A removal that was answered is never outrun by a slow clock.
        (designation(12, Some(18), Place::Anywhere), Some(Denial::EmployeeNotDesignated)),
    ] {
        assert_eq!(reason(decide(&[by_employer(1, given)], employee, asked)), denial, "{given:?}");
    }
    let removed = by_employer(1, designation(12, Some(18), Place::Anywhere));
    assert_eq!(reason(decide(&[removed], employee, as_of(17))), None);
    assert_eq!(reason(decide(&[removed], employee, as_of(18))), Some(Denial::EmployeeNotDesignated));
}

#[test]
fn an_employer_that_is_not_in_good_standing_denies_whatever_the_employee_holds() {
    let employee = Circumstances { employer: Some(Standing::Ended), ..good() };
    let designated = by_employer(1, designation(12, None, Place::Anywhere));
    for grant in [grant(1, 10, 20, None), designated] {
        assert_eq!(reason(decide(&[grant], employee, as_of(15))), Some(Denial::NotInGoodStanding));
    }
    // Who is not designated learns nothing about anybody.
    let stranger = by_employer(1, None);
    assert_eq!(reason(decide(&[stranger], employee, as_of(15))), Some(Denial::EmployeeNotDesignated));
}

#[test]
fn a_sub_delegation_is_in_force_while_everybody_above_is_in_good_standing() {
    let deep = |above| Grant { above, ..grant(1, 10, 20, None) };
    assert_eq!(reason(decide(&[deep(Standing::Good)], good(), as_of(15))), None);
    for above in [Standing::Suspended, Standing::Ended] {
        assert_eq!(reason(decide(&[deep(above)], good(), as_of(15))), Some(Denial::NotInGoodStanding));
        assert_eq!(reason(decide(&[deep(above)], good(), as_of(20))), Some(Denial::Expired));
    }
}

#[test]
fn of_several_in_force_the_one_nearest_to_a_yes_decides_and_of_those_the_one_that_lasts_longest() {
    let broken = Grant { above: Standing::Suspended, ..grant(1, 10, 90, None) };
    let elsewhere = by_employer(2, designation(12, None, Place::Elsewhere));
    let all = [by_employer(3, None), elsewhere, broken, grant(4, 10, 18, None), grant(5, 0, 19, None)];
    let asked = as_of(15);
    let decided = |n: usize| match decide(&all[..n], good(), asked) {
        Decision::Granted { delegation, .. } => (delegation.0.as_u128(), None),
        Decision::Denied { reason, delegation } => (delegation.unwrap().0.as_u128(), Some(reason)),
    };
    assert_eq!(decided(1), (3, Some(Denial::EmployeeNotDesignated)));
    assert_eq!(decided(2), (2, Some(Denial::PNumberMismatch)));
    assert_eq!(decided(3), (1, Some(Denial::NotInGoodStanding)));
    assert_eq!(decided(4), (4, None));
    assert_eq!(decided(5), (5, None));
}

/// The same question answered by the definition: some grant, not ended yet, whose period covers the instant, that the
/// representative may use.
fn naive(grants: &[Grant], at: DateTime<Utc>) -> bool {
    grants.iter().any(|g| {
        let may_use = match g.holder {
            Holder::Own => true,
            Holder::Organisation => false,
            Holder::Employer(designated) => designated.is_some_and(|it| {
                it.from <= at && it.removed.is_none_or(|removed| at < removed) && it.place != Place::Elsewhere
            }),
        };
        g.period.contains(at)
            && g.ended.is_none_or(|ended| at < ended.at)
            && may_use
            && g.above == Standing::Good
    })
}

fn any_holder() -> impl Strategy<Value = Holder> {
    let place = prop_oneof![Just(Place::Anywhere), Just(Place::Here), Just(Place::Elsewhere)];
    let designated = (0i64..50, prop::option::of(0i64..30), place).prop_map(|(from, length, place)| {
        Designation { from: instant(from), removed: length.map(|length| instant(from + length)), place }
    });
    prop_oneof![
        3 => Just(Holder::Own),
        1 => Just(Holder::Organisation),
        3 => prop::option::weighted(0.8, designated).prop_map(Holder::Employer),
    ]
}

fn any_grant() -> impl Strategy<Value = Grant> {
    let how =
        prop_oneof![Just(How::Revoked), Just(How::Renounced), Just(How::Superseded), Just(How::Terminated)];
    let ended = prop::option::of((0i64..70, how).prop_map(|(at, how)| Ended { at: instant(at), how }));
    let above =
        prop_oneof![4 => Just(Standing::Good), 1 => Just(Standing::Suspended), 1 => Just(Standing::Ended)];
    (0i64..50, 1i64..20, ended, any_holder(), above).prop_map(|(from, length, ended, holder, above)| Grant {
        holder,
        above,
        ..grant(0, from, from + length, ended)
    })
}

proptest! {
    #[test]
    fn a_decision_is_yes_exactly_when_some_grant_covers_the_instant_for_the_representative(
        mut grants in prop::collection::vec(any_grant(), 0..6), at in 0i64..80
    ) {
        for (grant, id) in grants.iter_mut().zip(1..) {
            grant.delegation = DelegationId(Uuid::from_u128(id));
        }
        let decision = decide(&grants, good(), as_of(at));
        prop_assert_eq!(reason(decision).is_none(), naive(&grants, instant(at)));
        if let Decision::Granted { valid_to, .. } = decision {
            prop_assert!(valid_to > instant(at));
        }
        // The order in which they are read does not matter.
        grants.reverse();
        prop_assert_eq!(decide(&grants, good(), as_of(at)), decision);
        // Asked about now, an end counts as soon as it is known.
        let now = decide(&grants, good(), Asked::Now(instant(at)));
        grants.retain(|g| g.ended.is_none());
        for grant in &mut grants {
            if matches!(grant.holder, Holder::Employer(Some(Designation { removed: Some(_), .. }))) {
                grant.holder = Holder::Employer(None);
            }
        }
        prop_assert_eq!(reason(now).is_none(), naive(&grants, instant(at)));
    }
}
