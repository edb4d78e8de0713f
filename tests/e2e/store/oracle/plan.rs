//! A random world as the generator plans it.

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::{
    party::Standing,
    privilege::{ExistingGrants, Publication},
};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use crate::store::rows;

/// Two persons, an organisation, two employees of it.
pub(super) const PARTIES: usize = 5;
/// The organisation.
pub(super) const ORGANISATION: usize = 2;
/// Those who can give: everybody but the employees.
pub(super) const DELEGATORS: usize = 3;
/// The last is another authority's.
pub(super) const PRIVILEGES: usize = 3;
pub(super) const PACKAGES: usize = 2;
/// Production units of the organisation.
pub(super) const UNITS: usize = 2;
/// Enough that three of one privilege between the same two follow each other now and then.
const MAX_DELEGATIONS: usize = 12;
const MAX_MEMBERSHIPS: usize = 5;
const MAX_DESIGNATIONS: usize = 8;
/// Few, so that things begin and end at the same instant now and then.
const HOURS: i64 = 9;

/// A world as the generator plans it. Hours are counted from the first.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) standings: [Standing; PARTIES],
    pub(super) publications: [Publication; PRIVILEGES],
    pub(super) memberships: Vec<PlannedMembership>,
    pub(super) delegations: Vec<PlannedDelegation>,
    pub(super) designations: Vec<PlannedDesignation>,
}

/// A privilege in a package for some hours, or for good.
#[derive(Clone, Debug)]
pub(super) struct PlannedMembership {
    pub(super) package: usize,
    pub(super) privilege: usize,
    pub(super) from: i64,
    pub(super) hours: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct PlannedDelegation {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Of which of the earlier ones it is a part, if of any.
    pub(super) parent: Option<Index>,
    pub(super) privileges: Vec<usize>,
    pub(super) packages: Vec<usize>,
    pub(super) start: i64,
    pub(super) hours: i64,
    pub(super) end: PlannedEnd,
}

#[derive(Clone, Debug)]
pub(super) enum PlannedEnd {
    None,
    /// Of all of it, with that status, at that hour.
    Whole(&'static str, i64),
    /// Of its first privilege alone.
    FirstPrivilege(i64),
    /// Of its first package alone.
    FirstPackage(i64),
}

/// An employee's right to use one of the delegations that the organisation holds.
#[derive(Clone, Debug)]
pub(super) struct PlannedDesignation {
    pub(super) delegation: Index,
    pub(super) employee: usize,
    pub(super) at: i64,
    pub(super) removed_after: Option<i64>,
    pub(super) unit: Option<usize>,
}

pub(super) fn instant(hour: i64) -> DateTime<Utc> {
    rows::day(0) + TimeDelta::hours(hour)
}

/// The employer of an employee.
pub(super) fn employer(party: usize) -> Option<usize> {
    (party > ORGANISATION).then_some(ORGANISATION)
}

impl Plan {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let standing = prop_oneof![
            10 => Just(Standing::Good), 1 => Just(Standing::Suspended), 1 => Just(Standing::Ended)
        ];
        (
            prop::array::uniform5(standing),
            prop::array::uniform3(publication()),
            prop::collection::vec(membership(), 0..=MAX_MEMBERSHIPS),
            prop::collection::vec(delegation(), 0..=MAX_DELEGATIONS),
            prop::collection::vec(designation(), 0..=MAX_DESIGNATIONS),
        )
            .prop_map(|(standings, publications, memberships, delegations, designations)| Self {
                standings,
                publications,
                memberships,
                delegations,
                designations,
            })
    }
}

fn publication() -> impl Strategy<Value = Publication> {
    let hour = 0..HOURS;
    prop_oneof![
        6 => Just(Publication::Published { from: instant(0) }),
        1 => Just(Publication::Draft),
        2 => hour.clone().prop_map(|from| Publication::Published { from: instant(from) }),
        4 => (hour.clone(), hour.clone(), any::<bool>(), any::<bool>(), prop::option::of(hour)).prop_map(hidden),
    ]
}

/// When it is published, how many hours later it is hidden, whether that was planned and whether grants are kept, and
/// how many hours later still it comes back.
fn hidden((from, hours, is_planned, keeps, again): (i64, i64, bool, bool, Option<i64>)) -> Publication {
    Publication::Hidden {
        from: instant(from),
        to: instant(from + hours),
        is_planned,
        existing: if keeps { ExistingGrants::Keep } else { ExistingGrants::Stop },
        again: again.map(|later| instant(from + hours + later)),
    }
}

fn membership() -> impl Strategy<Value = PlannedMembership> {
    let hours = prop::option::of(1..HOURS);
    (0..PACKAGES, 0..PRIVILEGES, 0..HOURS, hours)
        .prop_map(|(package, privilege, from, hours)| PlannedMembership { package, privilege, from, hours })
}

fn delegation() -> impl Strategy<Value = PlannedDelegation> {
    let hour = 0..HOURS + 3;
    let status = prop::sample::select(vec!["revoked", "renounced", "superseded", "terminated"]);
    let end = prop_oneof![
        6 => Just(PlannedEnd::None),
        4 => (status, hour.clone()).prop_map(|(status, at)| PlannedEnd::Whole(status, at)),
        1 => hour.clone().prop_map(PlannedEnd::FirstPrivilege),
        1 => hour.prop_map(PlannedEnd::FirstPackage),
    ];
    // Most between the same two, so that histories arise.
    let from = prop_oneof![3 => Just(0), 1 => 0..DELEGATORS];
    let to = prop_oneof![2 => Just(1), 3 => Just(ORGANISATION), 2 => 0..PARTIES];
    let parent = prop::option::weighted(0.3, any::<Index>());
    let privileges = subsequence((0..PRIVILEGES).collect::<Vec<_>>(), 0..=PRIVILEGES);
    let packages =
        prop_oneof![2 => Just(vec![]), 1 => subsequence((0..PACKAGES).collect::<Vec<_>>(), 0..=PACKAGES)];
    (from, to, parent, privileges, packages, 0..HOURS, 1..=5i64, end).prop_map(
        |(from, to, parent, privileges, packages, start, hours, end)| PlannedDelegation {
            from,
            to,
            parent,
            privileges,
            packages,
            start,
            hours,
            end,
        },
    )
}

fn designation() -> impl Strategy<Value = PlannedDesignation> {
    let employee = ORGANISATION + 1..PARTIES;
    let removed_after = prop::option::weighted(0.3, 0..HOURS);
    let unit = prop::option::weighted(0.3, 0..UNITS);
    (any::<Index>(), employee, 0..HOURS, removed_after, unit).prop_map(
        |(delegation, employee, at, removed_after, unit)| PlannedDesignation {
            delegation,
            employee,
            at,
            removed_after,
            unit,
        },
    )
}
