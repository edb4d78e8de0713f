use std::num::NonZeroU32;

use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::{
    identifier::CvrNumber,
    package::Mode,
    party::PartyId,
    privilege::{AccessKind, AgeRange, Publication, SystemId},
    testing::{package_id, uri},
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn party(id: u128, kind: PartyKind) -> Party {
    let organisation = (kind == PartyKind::Employee).then(|| PartyId(Uuid::from_u128(9)));
    Party {
        id: PartyId(Uuid::from_u128(id)),
        kind,
        organisation,
        standing: Standing::Good,
        created_at: now(),
        version: 1,
    }
}

fn privilege() -> Privilege {
    Privilege {
        uri: PrivilegeUri::parse("urn:dk:a").unwrap(),
        system: SystemId::parse("a").unwrap(),
        authority: CvrNumber::parse("34051178").unwrap(),
        max_period_days: None,
        delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
        representative_kinds: vec![PartyKind::Person, PartyKind::Organisation, PartyKind::Employee],
        access: AccessKind::Act,
        assurance: LevelOfAssurance::Substantial,
        delegator_ages: AgeRange::ANY,
        max_sub_delegation_depth: 0,
        paper_allowed: false,
        request_allowed: true,
        publication: Publication::Published { from: now() },
    }
}

struct World {
    actor: Party,
    assurance: LevelOfAssurance,
    delegator: Party,
    cpr: Option<CprNumber>,
    representative: Party,
    privilege: Privilege,
    packages: Vec<Given>,
    days: i64,
    existing: Vec<Tree>,
    replace: bool,
}

fn world() -> World {
    World {
        actor: party(1, PartyKind::Person),
        assurance: LevelOfAssurance::Substantial,
        delegator: party(1, PartyKind::Person),
        cpr: Some(CprNumber::parse("0501792275").unwrap()),
        representative: party(2, PartyKind::Person),
        privilege: privilege(),
        packages: Vec::new(),
        days: 30,
        existing: Vec::new(),
        replace: false,
    }
}

fn give_in(world: &World) -> Result<Vec<Step>, Refusal> {
    let gift = Gift {
        actor: &world.actor,
        assurance: world.assurance,
        delegator: &world.delegator,
        delegator_cpr: world.cpr.as_ref(),
        representative: &world.representative,
        privileges: vec![world.privilege.clone()],
        packages: world.packages.clone(),
        period: Period::new(now(), now() + TimeDelta::days(world.days)).unwrap(),
        existing: world.existing.clone(),
        replace: world.replace,
    };
    give(gift, Rules::default(), DelegationId(Uuid::from_u128(7)), now())
}

/// The same privilege between the same two, in days from now.
fn existing(from: i64, to: i64) -> Tree {
    let day = |days| now() + TimeDelta::days(days);
    let top = Delegation {
        id: DelegationId(Uuid::from_u128(6)),
        privileges: vec![PrivilegeUri::parse("urn:dk:a").unwrap()],
        period: Period::new(day(from), day(to)).unwrap(),
        created_at: day(from),
        ..crate::delegation::testing::delegation(0, 1)
    };
    Tree { top, below: Vec::new() }
}

#[test]
fn the_same_is_given_twice_only_in_place_of_the_first() {
    let old = DelegationId(Uuid::from_u128(6));
    let mut world = World { existing: vec![existing(-10, 10)], ..world() };
    assert_eq!(give_in(&world), Err(Refusal::Overlaps(old)));
    world.replace = true;
    let steps = give_in(&world).unwrap();
    assert_eq!(steps[0].delegation.links.supersedes, [old]);
    assert_eq!(steps[1].delegation.state, State::Superseded { at: now() });
    assert_eq!(steps[1].delegation.links.superseded_by, Some(steps[0].id()));
}

#[test]
fn what_does_not_overlap_stays_as_it_is() {
    for tree in [existing(-10, -1), existing(-10, 0), existing(30, 40)] {
        let world = World { existing: vec![tree], replace: true, ..world() };
        assert_eq!(give_in(&world).unwrap().len(), 1);
    }
    let mut other = existing(-10, 10);
    other.top.privileges = vec![PrivilegeUri::parse("urn:dk:b").unwrap()];
    let world = World { existing: vec![other], ..world() };
    assert_eq!(give_in(&world).unwrap().len(), 1);
}

#[test]
fn a_replacement_leaves_no_gap() {
    let old = existing(0, 10).top;
    let privileges = old.content();
    let period = |from, to| Period::new(now() + TimeDelta::days(from), now() + TimeDelta::days(to)).unwrap();
    let tree = || vec![Tree { top: old.clone(), below: Vec::new() }];
    assert_eq!(
        replaced(tree(), &privileges, period(5, 30), true, now()),
        Err(Refusal::ReplacementStartsLater(old.id))
    );
    assert_eq!(replaced(tree(), &privileges, period(0, 30), true, now()).unwrap().len(), 1);
    assert_eq!(replaced(tree(), &privileges, period(10, 30), true, now()).unwrap().len(), 0);
    // A start before now, of what ran out in between, overlaps what nobody can end any more.
    let expired = vec![existing(-10, 0)];
    assert_eq!(replaced(expired, &privileges, period(-1, 30), true, now()), Err(Refusal::Overlaps(old.id)));
    let scheduled = vec![existing(8, 20)];
    assert_eq!(replaced(scheduled, &privileges, period(5, 30), true, now()).unwrap().len(), 1);
}

#[test]
fn persons_and_organisations_give_to_persons_organisations_and_employees() {
    for delegator in [PartyKind::Person, PartyKind::Organisation] {
        for representative in [PartyKind::Person, PartyKind::Organisation, PartyKind::Employee] {
            let mut world = world();
            world.delegator = party(1, delegator);
            world.actor = world.delegator.clone();
            world.representative = party(2, representative);
            assert!(give_in(&world).is_ok(), "{delegator:?} to {representative:?}");
        }
    }
}

#[test]
fn an_employee_gives_for_the_organisation_and_nobody_gives_for_a_stranger() {
    let mut world = world();
    world.delegator = party(9, PartyKind::Organisation);
    world.actor = party(5, PartyKind::Employee);
    assert!(give_in(&world).is_ok());
    world.actor = party(5, PartyKind::Person);
    assert_eq!(give_in(&world), Err(Refusal::NotForDelegator));
}

#[test]
fn each_rule_refuses_by_its_name() {
    let uri = || PrivilegeUri::parse("urn:dk:a").unwrap();
    type Change = fn(&mut World);
    let cases: Vec<(Change, Refusal)> = vec![
        (|w| w.assurance = LevelOfAssurance::Low, Refusal::AssuranceTooLow),
        (|w| w.privilege.assurance = LevelOfAssurance::High, Refusal::AssuranceTooLow),
        (|w| w.representative = w.delegator.clone(), Refusal::ToOneself),
        (
            |w| {
                w.delegator = party(1, PartyKind::Employee);
                w.actor = w.delegator.clone()
            },
            Refusal::DelegatorIsEmployee,
        ),
        (|w| w.representative.standing = Standing::Ended, Refusal::NotInGoodStanding),
        (|w| w.delegator.standing = Standing::Suspended, Refusal::NotInGoodStanding),
        (|w| w.cpr = None, Refusal::AgeUnknown),
        (|w| w.cpr = Some(CprNumber::parse("0101154000").unwrap()), Refusal::UnderAge),
        (|w| w.privilege.publication = Publication::Draft, Refusal::NotPublished(uri())),
        (
            |w| w.privilege.delegator_ages = AgeRange::new(None, Some(20)).unwrap(),
            Refusal::DelegatorAge(uri()),
        ),
        (|w| w.privilege.delegator_kinds = vec![PartyKind::Organisation], Refusal::DelegatorKind(uri())),
        (
            |w| w.privilege.representative_kinds = vec![PartyKind::Employee],
            Refusal::RepresentativeKind(uri()),
        ),
        (|w| w.privilege.max_period_days = NonZeroU32::new(10), Refusal::Period(period::Error::TooLong)),
        (|w| w.days = 1000, Refusal::Period(period::Error::TooLong)),
    ];
    for (change, refusal) in cases {
        let mut world = world();
        change(&mut world);
        assert_eq!(give_in(&world), Err(refusal));
    }
}

fn followed(id: &str, members: &[&str]) -> Given {
    Given { offer: crate::testing::package(id, members), mode: Mode::Followed }
}

#[test]
fn a_package_is_followed_beside_a_privilege_that_it_holds() {
    let world = World { packages: vec![followed("all", &["urn:dk:a", "urn:dk:b"])], ..world() };
    let steps = give_in(&world).unwrap();
    let [given] = steps.as_slice() else { panic!("one step") };
    assert_eq!(given.delegation.packages.followed, [package_id("all")]);
    assert_eq!((given.grants.len(), given.follows.len()), (1, 1));
    assert_eq!(given.follows[0].ages, AgeRange::new(Some(15), None).unwrap());
    let other = Tree { top: given.delegation.clone(), below: Vec::new() };
    let other_privilege = Privilege { uri: uri("urn:dk:z"), ..privilege() };
    let beside = World { existing: vec![other], privilege: other_privilege, packages: Vec::new(), ..world };
    assert_eq!(give_in(&beside).unwrap().len(), 1, "one by one and by a package are two things");
}

#[test]
fn a_pinned_package_is_not_followed() {
    let given = Given { mode: Mode::Pinned, ..followed("all", &["urn:dk:b"]) };
    let steps = give_in(&World { packages: vec![given], ..world() }).unwrap();
    assert!(steps[0].follows.is_empty() && steps[0].delegation.packages.followed.is_empty());
}

#[test]
fn a_package_is_followed_once_at_a_time() {
    let old = DelegationId(Uuid::from_u128(6));
    let mut tree = existing(-10, 10);
    tree.top.privileges = vec![uri("urn:dk:z")];
    tree.top.packages = Packages::following(vec![package_id("all")]);
    let mut world = World { existing: vec![tree], packages: vec![followed("all", &["urn:dk:b"])], ..world() };
    assert_eq!(give_in(&world), Err(Refusal::Overlaps(old)));
    world.replace = true;
    let steps = give_in(&world).unwrap();
    assert_eq!(steps[1].leaves, [package_id("all")]);
    assert_eq!(steps[1].delegation.state, State::Active, "the privilege lives on");
    assert_eq!(steps[1].delegation.packages.taken_out, [package_id("all")]);
}

#[test]
fn every_privilege_of_a_followed_package_must_be_one_that_may_be_given() {
    type Change = fn(&mut Privilege);
    let cases: Vec<(Change, Refusal)> = vec![
        (|p| p.publication = Publication::Draft, Refusal::NotPublished(uri("urn:dk:b"))),
        (|p| p.delegator_kinds = vec![PartyKind::Organisation], Refusal::DelegatorKind(uri("urn:dk:b"))),
        (
            |p| p.representative_kinds = vec![PartyKind::Employee],
            Refusal::RepresentativeKind(uri("urn:dk:b")),
        ),
        (
            |p| p.delegator_ages = AgeRange::new(None, Some(20)).unwrap(),
            Refusal::DelegatorAge(uri("urn:dk:b")),
        ),
        (|p| p.assurance = LevelOfAssurance::High, Refusal::AssuranceTooLow),
        (|p| p.max_period_days = NonZeroU32::new(10), Refusal::Period(period::Error::TooLong)),
    ];
    for (change, refusal) in cases {
        let mut now_there = followed("all", &["urn:dk:b"]);
        change(&mut now_there.offer.members[0]);
        let mut later = followed("all", &[]);
        later.offer.announced = vec![(now_there.offer.members[0].clone(), now() + TimeDelta::days(20))];
        for given in [now_there, later.clone()] {
            let world = World { packages: vec![given], ..world() };
            assert_eq!(give_in(&world), Err(refusal.clone()));
        }
        // What comes after the period is no part of it.
        let world = World { packages: vec![later], days: 20, ..world() };
        assert!(give_in(&world).is_ok(), "{refusal:?}");
    }
}

#[test]
fn a_privilege_that_is_announced_must_be_published_when_it_comes() {
    let from = now() + TimeDelta::days(20);
    let mut given = followed("all", &[]);
    let mut later = crate::testing::privilege("urn:dk:b", 0);
    later.publication = Publication::Published { from };
    given.offer.announced = vec![(later.clone(), from)];
    assert!(give_in(&World { packages: vec![given.clone()], ..world() }).is_ok());
    given.offer.announced = vec![(later, from - TimeDelta::seconds(1))];
    let refused = give_in(&World { packages: vec![given], ..world() });
    assert_eq!(refused, Err(Refusal::NotPublished(uri("urn:dk:b"))));
}

#[test]
fn a_package_is_for_delegators_of_its_ages() {
    for mode in [Mode::Pinned, Mode::Followed] {
        let mut given = Given { mode, ..followed("all", &["urn:dk:b"]) };
        given.offer.delegator_ages = AgeRange::new(None, Some(20)).unwrap();
        let refused = give_in(&World { packages: vec![given.clone()], ..world() });
        assert_eq!(refused, Err(Refusal::PackageAge(package_id("all"))));
        let organisation = party(1, PartyKind::Organisation);
        let of_organisation =
            World { actor: organisation.clone(), delegator: organisation, packages: vec![given], ..world() };
        assert!(give_in(&of_organisation).is_ok(), "an organisation has no age");
    }
}

#[test]
fn a_delegator_may_give_from_the_fifteenth_birthday_in_danish_time() {
    let rules = Rules::default();
    let cpr = CprNumber::parse("2211114000").unwrap();
    let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    assert_eq!(check_age(&cpr, rules, day(2026, 11, 21)), Err(Refusal::UnderAge));
    assert_eq!(check_age(&cpr, rules, day(2026, 11, 22)), Ok(()));
}
