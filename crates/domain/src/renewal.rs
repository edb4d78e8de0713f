//! Renewing a delegation: the same is given again, for another period.

use chrono::{DateTime, Utc};

use crate::{
    delegation::{Delegation, DelegationId, Rules, Step},
    ending,
    giving::{self, Gift},
};

/// Why a delegation is not renewed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has ended, or was never given: there is nothing to renew.
    #[error("there is nothing to renew: {0}")]
    NotThere(#[from] ending::Refusal),
    /// It was given on by a representative, who may give it on again.
    #[error("a sub-delegation is given on again, not renewed")]
    GivenOn,
    /// A rule of giving is against it.
    #[error("it may not be given: {0}")]
    Giving(#[from] giving::Refusal),
}

/// Gives the same again: `gift` is of the privileges that the old delegation has, between its two parties, with another
/// period. Every rule of giving holds again. Where the two periods overlap, the new delegation takes the place of the old
/// one, and of whatever else overlaps; what was given on from there ends. Otherwise the old one runs out by itself.
///
/// The first step is the new delegation's.
///
/// # Errors
/// [`Refusal`].
pub fn renew(
    old: &Delegation,
    gift: Gift<'_>,
    rules: Rules,
    id: DelegationId,
    now: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    ending::require_living(old, now)?;
    if old.links.parent.is_some() {
        return Err(Refusal::GivenOn);
    }
    Ok(giving::give(Gift { replace: true, ..gift }, rules, id, now)?)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{
        delegation::{EventKind, Links, State},
        ending::Tree,
        party::Standing,
        period::{self, Period},
        testing::{child_of, id, named, now, person, privilege, uri},
    };

    fn days(from: i64, to: i64) -> Period {
        Period::new(now() + TimeDelta::days(from), now() + TimeDelta::days(to)).unwrap()
    }

    /// From party 1 to party 2, of `urn:dk:a` and `urn:dk:b`, since ten days and for ten days more.
    fn old() -> Delegation {
        named(1, 2, days(-10, 10))
    }

    fn renewed(tree: Tree, others: Vec<Tree>, period: Period) -> Result<Vec<Step>, Refusal> {
        let (delegator, representative) = (person(1), person(2));
        let old = tree.top.clone();
        let gift = Gift {
            actor: &delegator,
            assurance: crate::assurance::LevelOfAssurance::Substantial,
            delegator: &delegator,
            delegator_cpr: Some(&crate::identifier::CprNumber::parse("0501792275").unwrap()),
            representative: &representative,
            privileges: vec![privilege("urn:dk:a", 0), privilege("urn:dk:b", 0)],
            packages: Vec::new(),
            period,
            existing: std::iter::once(tree).chain(others).collect(),
            replace: false,
        };
        renew(&old, gift, Rules::default(), id(77), now())
    }

    fn alone(top: Delegation) -> Tree {
        Tree { top, below: Vec::new() }
    }

    #[test]
    fn the_new_one_takes_the_place_of_the_old_at_once_with_links_both_ways() {
        let steps = renewed(alone(old()), Vec::new(), days(0, 30)).unwrap();
        let [new, replaced] = steps.as_slice() else { panic!("two steps") };
        assert_eq!((new.kind, new.delegation.version), (EventKind::Created, 1));
        assert_eq!(new.delegation.privileges, old().privileges);
        assert_eq!(new.delegation.links.supersedes, [old().id]);
        assert_eq!(replaced.delegation.state, State::Superseded { at: now() });
        assert_eq!(replaced.delegation.links.superseded_by, Some(id(77)));
        assert_eq!((replaced.kind, replaced.related), (EventKind::Superseded, Some(id(77).0)));
        assert_eq!(replaced.takes, old().privileges);
    }

    #[test]
    fn what_was_given_on_from_the_old_one_ends_with_it() {
        let child = child_of(&old(), 3, &["urn:dk:a"], days(0, 5));
        let steps =
            renewed(Tree { top: old(), below: vec![child.clone()] }, Vec::new(), days(0, 30)).unwrap();
        assert_eq!((steps[2].id(), steps[2].kind), (child.id, EventKind::Terminated));
    }

    #[test]
    fn a_start_that_is_later_must_not_be_before_the_old_end() {
        let later = giving::Refusal::ReplacementStartsLater(old().id);
        assert_eq!(renewed(alone(old()), Vec::new(), days(9, 30)), Err(later.into()));
        let steps = renewed(alone(old()), Vec::new(), days(10, 30)).unwrap();
        assert_eq!(steps.len(), 1, "the old one runs out");
        assert_eq!(steps[0].delegation.links, Links::default());
    }

    #[test]
    fn what_begins_later_can_be_brought_forward_and_other_overlaps_are_replaced_too() {
        let scheduled = named(1, 2, days(5, 20));
        let steps = renewed(alone(scheduled), Vec::new(), days(0, 20)).unwrap();
        assert_eq!(steps[0].delegation.links.supersedes, [old().id]);
        let next = Delegation { id: id(9), privileges: vec![uri("urn:dk:b")], ..named(1, 2, days(10, 20)) };
        let steps = renewed(alone(old()), vec![alone(next)], days(0, 30)).unwrap();
        assert_eq!(steps[0].delegation.links.supersedes, [old().id, id(9)]);
    }

    #[test]
    fn what_has_ended_was_never_given_or_was_given_on_is_not_renewed() {
        let refused = |change: fn(&mut Delegation)| {
            let mut top = old();
            change(&mut top);
            renewed(alone(top), Vec::new(), days(0, 30)).unwrap_err()
        };
        for ended in [
            |d: &mut Delegation| d.state = State::Revoked { at: now() },
            |d: &mut Delegation| d.state = State::Superseded { at: now() },
            |d: &mut Delegation| d.period = days(-10, 0),
        ] {
            assert!(matches!(refused(ended), Refusal::NotThere(ending::Refusal::AlreadyEnded(_))));
        }
        let asked = |d: &mut Delegation| d.state = State::Requested { lapses_at: d.period.to() };
        assert_eq!(refused(asked), Refusal::NotThere(ending::Refusal::NotGiven));
        let given_on = |d: &mut Delegation| {
            d.links = Links { parent: Some(id(5)), chain: vec![person(9).id], ..Links::default() };
        };
        assert_eq!(refused(given_on), Refusal::GivenOn);
    }

    #[test]
    fn every_rule_of_giving_holds_again() {
        let too_long = renewed(alone(old()), Vec::new(), days(0, 1000));
        assert_eq!(too_long, Err(giving::Refusal::Period(period::Error::TooLong).into()));
        let (delegator, suspended) =
            (person(1), crate::party::Party { standing: Standing::Suspended, ..person(2) });
        let gift = Gift {
            actor: &delegator,
            assurance: crate::assurance::LevelOfAssurance::Substantial,
            delegator: &delegator,
            delegator_cpr: None,
            representative: &suspended,
            privileges: Vec::new(),
            packages: Vec::new(),
            period: days(0, 30),
            existing: Vec::new(),
            replace: false,
        };
        let refused = renew(&old(), gift, Rules::default(), id(77), now());
        assert_eq!(refused, Err(giving::Refusal::NotInGoodStanding.into()));
    }
}
