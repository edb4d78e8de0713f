//! Sub-delegation: a representative gives a part of what they hold on to somebody else.
//!
//! The new delegation is in the first delegator's name, so that it is found where every other is; it remembers the
//! representatives above it, lies within its parent, and ends with it.

use chrono::{DateTime, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{
        Content, Delegation, DelegationId, EventKind, Links, NoticeKind, Packages, Rules, State, Status, Step,
    },
    ending::Tree,
    giving,
    party::{Party, Standing},
    period::Period,
    privilege::{Privilege, PrivilegeUri},
};

/// What a representative wants to give on, with everything that the rules need to know about it.
#[derive(Debug)]
pub struct Part<'a> {
    /// The logged-in user.
    pub actor: &'a Party,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
    /// The delegation that it is a part of.
    pub parent: Delegation,
    /// In whose name: the parent's delegator.
    pub delegator: &'a Party,
    /// Who gives it on: the parent's representative.
    pub giver: &'a Party,
    /// Who is to act.
    pub representative: &'a Party,
    /// Which of the parent's privileges, as found in the catalogue, sorted by URI.
    pub privileges: Vec<Privilege>,
    /// From when until when.
    pub period: Period,
    /// What lives between the delegator and the new representative already.
    pub existing: Vec<Tree>,
}

/// Why a part may not be given on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The parent is not in force.
    #[error("the delegation is not in force")]
    ParentNotInForce,
    /// The new representative is the delegator, or somebody above.
    #[error("the representative is above already")]
    RepresentativeIsAbove,
    /// The parent does not have the privilege one by one. What it has by a package that it follows is not given on: who
    /// has it by that may lose it with the next version. Nor is what is left of such a package, which was signed so.
    #[error("the delegation does not have the privilege")]
    NotDelegated(PrivilegeUri),
    /// The privilege may not be given on, or not as deep.
    #[error("the privilege may not be given on as deep")]
    TooDeep(PrivilegeUri),
    /// The period reaches beyond the parent's.
    #[error("the period reaches beyond that of the delegation it is a part of")]
    PeriodBeyondParent,
    /// A rule of giving is against it.
    #[error("it may not be given: {0}")]
    Giving(#[from] giving::Refusal),
}

/// Gives a part on: the parent's step, which remembers it, and the new delegation's.
///
/// # Errors
/// [`Refusal`].
pub fn give_on(
    part: Part<'_>,
    rules: Rules,
    id: DelegationId,
    now: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    check_parties(&part, now)?;
    part.period.check_length(rules.max_period_days).map_err(giving::Refusal::Period)?;
    let parent = &part.parent;
    if !(parent.period.from() <= part.period.from() && part.period.to() <= parent.period.to()) {
        return Err(Refusal::PeriodBeyondParent);
    }
    let depth = parent.links.chain.len() + 1;
    for privilege in &part.privileges {
        if !parent.privileges.contains(&privilege.uri) || parent.packages.kept.contains(&privilege.uri) {
            return Err(Refusal::NotDelegated(privilege.uri.clone()));
        }
        if depth > usize::from(privilege.max_sub_delegation_depth) {
            return Err(Refusal::TooDeep(privilege.uri.clone()));
        }
        if part.assurance < privilege.assurance {
            return Err(giving::Refusal::AssuranceTooLow.into());
        }
        giving::check_offer(privilege, part.delegator.kind, part.representative.kind, part.period, now)?;
    }
    let privileges: Vec<_> = part.privileges.iter().map(|privilege| privilege.uri.clone()).collect();
    let content = Content::privileges(privileges.clone());
    giving::replaced(part.existing, &content, part.period, false, now)?;
    Ok(steps(part.parent, part.representative, privileges, part.period, id, now))
}

fn check_parties(part: &Part<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if part.assurance < LevelOfAssurance::Substantial {
        return Err(giving::Refusal::AssuranceTooLow.into());
    }
    if part.parent.status(now) != Status::Active {
        return Err(Refusal::ParentNotInForce);
    }
    let parent = &part.parent;
    let above = [parent.delegator, parent.representative];
    if above.contains(&part.representative.id) || parent.links.chain.contains(&part.representative.id) {
        return Err(Refusal::RepresentativeIsAbove);
    }
    if [part.actor, part.delegator, part.giver, part.representative]
        .iter()
        .any(|party| party.standing != Standing::Good)
    {
        return Err(giving::Refusal::NotInGoodStanding.into());
    }
    Ok(())
}

fn steps(
    parent: Delegation,
    representative: &Party,
    privileges: Vec<PrivilegeUri>,
    period: Period,
    id: DelegationId,
    now: DateTime<Utc>,
) -> Vec<Step> {
    let (delegator, giver) = (parent.delegator, parent.representative);
    let mut chain = parent.links.chain.clone();
    chain.push(giver);
    let links = Links { parent: Some(parent.id), chain, ..Links::default() };
    let delegation = Delegation {
        id,
        delegator,
        representative: representative.id,
        privileges: privileges.clone(),
        taken_out: Vec::new(),
        packages: Packages::default(),
        period,
        starts_on_acceptance: false,
        lapses_at: None,
        state: State::Active,
        suspended: false,
        links,
        created_at: now,
        version: 1,
    };
    let state = parent.state;
    let remembered = Step {
        acting_for: Some(giver),
        related: Some(id.0),
        tells: vec![(delegator, NoticeKind::SubDelegated)],
        ..Step::next(parent, state, EventKind::SubDelegated, now)
    };
    let given = Step {
        acting_for: Some(giver),
        grants: privileges,
        tells: vec![(representative.id, NoticeKind::Given)],
        ..Step::new(delegation, EventKind::Created, now)
    };
    vec![given, remembered]
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{
        period,
        testing::{child_of, id, named, now, person, privilege, uri},
    };

    fn days(from: i64, to: i64) -> Period {
        Period::new(now() + TimeDelta::days(from), now() + TimeDelta::days(to)).unwrap()
    }

    /// From party 1 to party 2, of `urn:dk:a` and `urn:dk:b`, since ten days and for ten days more.
    fn parent() -> Delegation {
        named(1, 2, days(-10, 10))
    }

    struct World {
        parent: Delegation,
        delegator: Party,
        giver: Party,
        representative: Party,
        assurance: LevelOfAssurance,
        privileges: Vec<Privilege>,
        period: Period,
        existing: Vec<Tree>,
    }

    /// Party 2 gives `urn:dk:a`, which may be given on twice, to party 3.
    fn world() -> World {
        World {
            parent: parent(),
            delegator: person(1),
            giver: person(2),
            representative: person(3),
            assurance: LevelOfAssurance::Substantial,
            privileges: vec![privilege("urn:dk:a", 2)],
            period: days(0, 10),
            existing: Vec::new(),
        }
    }

    fn give_on_in(world: World) -> Result<Vec<Step>, Refusal> {
        let part = Part {
            actor: &world.giver,
            assurance: world.assurance,
            parent: world.parent,
            delegator: &world.delegator,
            giver: &world.giver,
            representative: &world.representative,
            privileges: world.privileges,
            period: world.period,
            existing: world.existing,
        };
        give_on(part, Rules::default(), id(77), now())
    }

    #[test]
    fn a_part_is_given_on_in_the_first_delegators_name() {
        let steps = give_on_in(world()).unwrap();
        let [given, remembered] = steps.as_slice() else { panic!("two steps") };
        let new = &given.delegation;
        assert_eq!((new.delegator, new.representative), (person(1).id, person(3).id));
        assert_eq!((new.privileges.as_slice(), new.period), (&[uri("urn:dk:a")][..], days(0, 10)));
        assert_eq!((new.links.parent, new.links.chain.as_slice()), (Some(parent().id), &[person(2).id][..]));
        assert_eq!((given.kind, given.acting_for), (EventKind::Created, Some(person(2).id)));
        assert_eq!(given.tells, [(person(3).id, NoticeKind::Given)]);
        assert_eq!((remembered.kind, remembered.related), (EventKind::SubDelegated, Some(id(77).0)));
        assert_eq!((remembered.delegation.version, remembered.delegation.state), (2, State::Active));
        assert_eq!(remembered.tells, [(person(1).id, NoticeKind::SubDelegated)]);
    }

    #[test]
    fn it_is_given_on_as_deep_as_each_privilege_allows() {
        let deeper = |depth| World {
            parent: child_of(&parent(), 2, &["urn:dk:a"], days(-5, 10)),
            delegator: person(8),
            giver: person(2),
            privileges: vec![privilege("urn:dk:a", depth)],
            ..world()
        };
        let steps = give_on_in(deeper(2)).unwrap();
        assert_eq!(steps[0].delegation.links.chain.len(), 2);
        let too_deep = Refusal::TooDeep(uri("urn:dk:a"));
        assert_eq!(give_on_in(deeper(1)), Err(too_deep.clone()));
        let never = World { privileges: vec![privilege("urn:dk:a", 0)], ..world() };
        assert_eq!(give_on_in(never), Err(too_deep));
    }

    #[test]
    fn nobody_above_gets_it_back() {
        let chain = child_of(&parent(), 4, &["urn:dk:a"], days(-5, 10));
        for above in [1, 2, 4] {
            let world =
                World { parent: chain.clone(), giver: person(4), representative: person(above), ..world() };
            assert_eq!(give_on_in(world), Err(Refusal::RepresentativeIsAbove));
        }
    }

    #[test]
    fn each_rule_refuses_by_its_name() {
        let overlapping = |w: &mut World| {
            let top = Delegation { id: id(9), ..named(1, 3, days(-1, 1)) };
            w.existing = vec![Tree { top, below: Vec::new() }];
        };
        type Change = fn(&mut World);
        let cases: Vec<(Change, Refusal)> = vec![
            (|w| w.assurance = LevelOfAssurance::Low, giving::Refusal::AssuranceTooLow.into()),
            (|w| w.parent.state = State::Revoked { at: now() }, Refusal::ParentNotInForce),
            (|w| w.parent.period = days(1, 10), Refusal::ParentNotInForce),
            (|w| w.parent.period = days(-10, 0), Refusal::ParentNotInForce),
            (|w| w.parent.suspended = true, Refusal::ParentNotInForce),
            (|w| w.giver.standing = Standing::Ended, giving::Refusal::NotInGoodStanding.into()),
            (|w| w.representative.standing = Standing::Suspended, giving::Refusal::NotInGoodStanding.into()),
            (|w| w.delegator.standing = Standing::Suspended, giving::Refusal::NotInGoodStanding.into()),
            (|w| w.period = days(0, 11), Refusal::PeriodBeyondParent),
            (|w| w.period = days(-11, 10), Refusal::PeriodBeyondParent),
            (|w| w.privileges = vec![privilege("urn:dk:c", 5)], Refusal::NotDelegated(uri("urn:dk:c"))),
            (|w| w.parent.packages.kept = vec![uri("urn:dk:a")], Refusal::NotDelegated(uri("urn:dk:a"))),
            (
                |w| w.privileges[0].max_period_days = std::num::NonZeroU32::new(3),
                giving::Refusal::Period(period::Error::TooLong).into(),
            ),
        ];
        for (change, refusal) in cases {
            let mut world = world();
            change(&mut world);
            assert_eq!(give_on_in(world), Err(refusal));
        }
        let mut world = world();
        overlapping(&mut world);
        assert_eq!(give_on_in(world), Err(giving::Refusal::Overlaps(id(9)).into()));
    }
}
