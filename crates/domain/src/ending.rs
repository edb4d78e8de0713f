//! Ending a delegation: whole or in part, by somebody or by law. What was given on from it ends with it.

use chrono::{DateTime, Utc};

use crate::{
    delegation::{
        Delegation, DelegationId, EndReason, EndedBy, EventKind, NoticeKind, Reason, State, Status, Step,
        Termination,
    },
    party::PartyId,
    privilege::PrivilegeUri,
};

/// A delegation, and all that lives of what was given on from it, at any depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The delegation.
    pub top: Delegation,
    /// What was given on, from it and from each other.
    pub below: Vec<Delegation>,
}

/// Why a delegation does not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing to end: somebody ended it already, or its period is over. The delegation comes back unchanged:
    /// ending twice is not a failure to the caller.
    #[error("the delegation has ended already")]
    AlreadyEnded(Box<Delegation>),
    /// It is a request or a paper case, and was never given.
    #[error("the delegation was never given")]
    NotGiven,
    /// The delegation does not have the privilege, and never had.
    #[error("the delegation does not have the privilege")]
    NotDelegated(PrivilegeUri),
}

/// Ends a delegation on the word of a party of it. Nothing that was in force before the instant changes.
///
/// # Errors
/// [`Refusal::AlreadyEnded`], [`Refusal::NotGiven`].
pub fn end(
    tree: Tree,
    by: EndedBy,
    acting_for: PartyId,
    reason: Option<EndReason>,
    at: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    require_living(&tree.top, at)?;
    let (kind, notice, told) = match by {
        EndedBy::Delegator => (EventKind::Revoked, NoticeKind::Revoked, tree.top.representative),
        EndedBy::Representative => (EventKind::Renounced, NoticeKind::Renounced, tree.top.delegator),
    };
    let at = at.max(tree.top.created_at);
    let state = match by {
        EndedBy::Delegator => State::Revoked { at },
        EndedBy::Representative => State::Renounced { at },
    };
    let mut steps = ended(tree, state, kind, at);
    if let Some(first) = steps.first_mut() {
        first.acting_for = Some(acting_for);
        first.reason = reason.map(Reason::End);
        first.tells.push((told, notice));
        // Who gave it on hears of it as well.
        let giver = first.delegation.links.chain.last().filter(|_| by == EndedBy::Representative);
        first.tells.extend(giver.map(|giver| (*giver, notice)));
    }
    Ok(steps)
}

/// Ends all of them on the delegator's word, each with its steps; what has ended already is passed over.
#[must_use]
pub fn end_all(
    trees: Vec<Tree>,
    delegator: PartyId,
    reason: Option<EndReason>,
    at: DateTime<Utc>,
) -> Vec<Vec<Step>> {
    let end = |tree| end(tree, EndedBy::Delegator, delegator, reason, at).ok();
    trees.into_iter().filter_map(end).collect()
}

/// Ends a delegation by law or by what it depended on; `None` when there is nothing to end. What has expired is ended
/// only because of a merge, after which two that have expired could stand for the same. Both parties are told, but for
/// the one it happened to.
#[must_use]
pub fn terminate(
    tree: Tree,
    why: Termination,
    at: DateTime<Utc>,
    happened_to: Option<PartyId>,
) -> Option<Vec<Step>> {
    let merged = matches!(why, Termination::PartiesMerged | Termination::DuplicateAfterMerge);
    if !tree.top.lives() || (tree.top.status(at) == Status::Expired && !merged) {
        return None;
    }
    let notice = notice_of(why);
    let at = at.max(tree.top.created_at);
    let told =
        [tree.top.delegator, tree.top.representative].into_iter().filter(|party| Some(*party) != happened_to);
    let tells: Vec<_> = told.map(|party| (party, notice)).collect();
    let mut steps = ended(tree, State::Terminated { at, why }, EventKind::Terminated, at);
    if let Some(first) = steps.first_mut() {
        first.reason = Some(Reason::Termination(why));
        first.tells = tells;
    }
    Some(steps)
}

/// As what the parties are told of it.
pub(crate) const fn notice_of(why: Termination) -> NoticeKind {
    match why {
        Termination::Death => NoticeKind::EndedByDeath,
        Termination::PartiesMerged | Termination::DuplicateAfterMerge => NoticeKind::Merged,
        Termination::ParentEnded | Termination::EmploymentEnded | Termination::PartyEnded => {
            NoticeKind::Terminated
        }
    }
}

/// Takes some privileges out of a delegation, on the delegator's word; what was taken out already is passed over.
///
/// # Errors
/// [`Refusal::NotDelegated`] with the first privilege that it does not have; otherwise as [`end`], which it is when no
/// privilege is left.
pub fn take_out(
    tree: Tree,
    privileges: &[PrivilegeUri],
    acting_for: PartyId,
    reason: Option<EndReason>,
    at: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    let has = |uri: &PrivilegeUri| tree.top.privileges.contains(uri) || tree.top.taken_out.contains(uri);
    if let Some(foreign) = privileges.iter().find(|uri| !has(uri)) {
        return Err(Refusal::NotDelegated(foreign.clone()));
    }
    require_living(&tree.top, at)?;
    let (taken, left): (Vec<_>, Vec<_>) =
        tree.top.privileges.iter().cloned().partition(|uri| privileges.contains(uri));
    if taken.is_empty() {
        return Err(Refusal::AlreadyEnded(Box::new(tree.top)));
    }
    if left.is_empty() {
        return end(tree, EndedBy::Delegator, acting_for, reason, at);
    }
    let told = tree.top.representative;
    let mut steps = narrowed(tree, &taken, EventKind::PrivilegesRevoked, at);
    if let Some(first) = steps.first_mut() {
        first.acting_for = Some(acting_for);
        first.reason = reason.map(Reason::End);
        first.tells.push((told, NoticeKind::Revoked));
    }
    Ok(steps)
}

/// Has another delegation take the place of this one, as far as their privileges are the same.
#[must_use]
pub fn supersede(tree: Tree, privileges: &[PrivilegeUri], by: DelegationId, at: DateTime<Utc>) -> Vec<Step> {
    let (taken, left): (Vec<_>, Vec<_>) =
        tree.top.privileges.iter().cloned().partition(|uri| privileges.contains(uri));
    let at = at.max(tree.top.created_at);
    let mut steps = if left.is_empty() {
        ended(tree, State::Superseded { at }, EventKind::Superseded, at)
    } else {
        narrowed(tree, &taken, EventKind::Superseded, at)
    };
    if let Some(first) = steps.first_mut() {
        first.related = Some(by.0);
        if matches!(first.delegation.state, State::Superseded { .. }) {
            first.delegation.links.superseded_by = Some(by);
        }
    }
    steps
}

/// Has another delegation take the place of all of these, on somebody's word.
#[must_use]
pub fn supersede_all(
    trees: Vec<Tree>,
    privileges: &[PrivilegeUri],
    by: DelegationId,
    acting_for: Option<PartyId>,
    at: DateTime<Utc>,
) -> Vec<Step> {
    let mut all = Vec::new();
    for tree in trees {
        let mut steps = supersede(tree, privileges, by, at);
        if let Some(first) = steps.first_mut() {
            first.acting_for = acting_for;
        }
        all.extend(steps);
    }
    all
}

/// Whether there is something to end.
pub(crate) fn require_living(delegation: &Delegation, at: DateTime<Utc>) -> Result<(), Refusal> {
    match delegation.status(at) {
        Status::Scheduled | Status::Active | Status::Suspended => Ok(()),
        Status::Expired | Status::Revoked | Status::Renounced | Status::Superseded | Status::Terminated => {
            Err(Refusal::AlreadyEnded(Box::new(delegation.clone())))
        }
        Status::Requested
        | Status::Declined
        | Status::Withdrawn
        | Status::Lapsed
        | Status::PaperStarted
        | Status::PaperRegistered
        | Status::PaperRejected => Err(Refusal::NotGiven),
    }
}

/// Notices that have no point once a delegation has ended.
pub(crate) const POINTLESS: [NoticeKind; 3] = [NoticeKind::Given, NoticeKind::Accepted, NoticeKind::Expiring];

/// Everything ends: the top as it is said, what is below because of it.
fn ended(tree: Tree, state: State, kind: EventKind, at: DateTime<Utc>) -> Vec<Step> {
    let mut steps = Vec::with_capacity(1 + tree.below.len());
    let takes = tree.top.privileges.clone();
    steps.push(Step { takes, untells: POINTLESS.to_vec(), ..Step::next(tree.top, state, kind, at) });
    for below in tree.below {
        steps.extend(parent_ended(below, at));
    }
    steps
}

fn parent_ended(below: Delegation, at: DateTime<Utc>) -> Option<Step> {
    if !below.lives_at(at) {
        return None;
    }
    let at = at.max(below.created_at);
    let why = Termination::ParentEnded;
    let (takes, told) = (below.privileges.clone(), below.representative);
    Some(Step {
        takes,
        reason: Some(Reason::Termination(why)),
        tells: vec![(told, NoticeKind::Terminated)],
        untells: POINTLESS.to_vec(),
        ..Step::next(below, State::Terminated { at, why }, EventKind::Terminated, at)
    })
}

/// Some privileges end, at the top and below; what keeps none ends.
fn narrowed(tree: Tree, taken: &[PrivilegeUri], kind: EventKind, at: DateTime<Utc>) -> Vec<Step> {
    let mut steps = vec![without(tree.top, taken, kind, at)];
    for below in tree.below {
        if below.privileges.iter().all(|uri| taken.contains(uri)) {
            steps.extend(parent_ended(below, at));
        } else if below.lives_at(at) && below.privileges.iter().any(|uri| taken.contains(uri)) {
            let told = below.representative;
            let mut step = without(below, taken, EventKind::PrivilegesRevoked, at);
            step.tells.push((told, NoticeKind::Revoked));
            steps.push(step);
        }
    }
    steps
}

fn without(delegation: Delegation, taken: &[PrivilegeUri], kind: EventKind, at: DateTime<Utc>) -> Step {
    let state = delegation.state;
    let mut step = Step::next(delegation, state, kind, at);
    let (takes, left) =
        std::mem::take(&mut step.delegation.privileges).into_iter().partition(|uri| taken.contains(uri));
    step.delegation.privileges = left;
    step.delegation.taken_out.extend_from_slice(&takes);
    step.delegation.taken_out.sort();
    step.takes = takes;
    step
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        delegation::{
            Links,
            testing::{delegation, instant, party, uri},
        },
        period::Period,
    };

    fn alone() -> Tree {
        Tree { top: delegation(0, 100), below: Vec::new() }
    }

    /// The same with one sub-delegation of `urn:dk:a` to party 4, and one from there of it to party 5.
    fn deep() -> Tree {
        let child = |id: u128, to: u128, parent: u128, chain: Vec<PartyId>| Delegation {
            id: DelegationId(Uuid::from_u128(id)),
            representative: party(to),
            privileges: vec![uri("urn:dk:a")],
            links: Links { parent: Some(DelegationId(Uuid::from_u128(parent))), chain, ..Links::default() },
            ..delegation(0, 100)
        };
        let below = vec![child(10, 4, 1, vec![party(3)]), child(11, 5, 10, vec![party(3), party(4)])];
        Tree { top: delegation(0, 100), below }
    }

    #[test]
    fn ending_twice_changes_nothing() {
        let steps = end(alone(), EndedBy::Delegator, party(2), None, instant(10)).unwrap();
        let [step] = steps.as_slice() else { panic!("one step") };
        assert_eq!(step.delegation.state, State::Revoked { at: instant(10) });
        assert_eq!((step.delegation.version, step.takes.len()), (2, 2));
        assert_eq!(step.tells, [(party(3), NoticeKind::Revoked)]);
        let again = Tree { top: step.delegation.clone(), below: Vec::new() };
        assert_eq!(
            end(again, EndedBy::Representative, party(3), None, instant(20)),
            Err(Refusal::AlreadyEnded(Box::new(step.delegation.clone())))
        );
    }

    #[test]
    fn what_has_not_begun_can_be_ended_and_what_has_expired_cannot() {
        let scheduled = Tree { top: delegation(50, 100), below: Vec::new() };
        let steps = end(scheduled, EndedBy::Representative, party(3), None, instant(10)).unwrap();
        assert_eq!(steps[0].delegation.status(instant(60)), Status::Renounced);
        assert_eq!(steps[0].tells, [(party(2), NoticeKind::Renounced)]);
        assert!(end(alone(), EndedBy::Delegator, party(2), None, instant(100)).is_err());
    }

    #[test]
    fn a_request_is_not_ended() {
        let request = Delegation { state: State::Requested { lapses_at: instant(50) }, ..delegation(0, 100) };
        let tree = Tree { top: request, below: Vec::new() };
        assert_eq!(end(tree, EndedBy::Delegator, party(2), None, instant(10)), Err(Refusal::NotGiven));
    }

    #[test]
    fn what_was_given_on_ends_with_it_at_any_depth() {
        let steps = end(deep(), EndedBy::Delegator, party(2), None, instant(10)).unwrap();
        assert_eq!(steps.len(), 3);
        for step in &steps[1..] {
            let why = Termination::ParentEnded;
            assert_eq!(step.delegation.state, State::Terminated { at: instant(10), why });
            assert_eq!(step.takes, [uri("urn:dk:a")]);
        }
    }

    #[test]
    fn what_was_given_on_and_has_expired_stays_as_it_is() {
        let mut tree = deep();
        let parent = tree.top.period;
        tree.below[1].period = Period::new(parent.from(), instant(10)).unwrap();
        let ids = |steps: Vec<Step>| steps.iter().map(|step| step.id().0.as_u128()).collect::<Vec<_>>();
        let whole = end(tree.clone(), EndedBy::Delegator, party(2), None, instant(10)).unwrap();
        assert_eq!(ids(whole), [1, 10]);
        let part = take_out(tree, &[uri("urn:dk:a")], party(2), None, instant(10)).unwrap();
        assert_eq!(ids(part), [1, 10]);
    }

    #[test]
    fn who_gave_it_on_hears_that_it_was_renounced() {
        let below = deep().below.remove(1);
        let tree = Tree { top: below, below: Vec::new() };
        let steps = end(tree, EndedBy::Representative, party(5), None, instant(10)).unwrap();
        let told = [(party(2), NoticeKind::Renounced), (party(4), NoticeKind::Renounced)];
        assert_eq!((steps.len(), steps[0].tells.as_slice()), (1, &told[..]));
    }

    #[test]
    fn all_that_lives_ends_together() {
        let other = |id: u128, change: fn(&mut Delegation)| {
            let mut top = Delegation { id: DelegationId(Uuid::from_u128(id)), ..delegation(0, 100) };
            change(&mut top);
            Tree { top, below: Vec::new() }
        };
        let trees = vec![
            deep(),
            other(2, |d| d.state = State::Renounced { at: instant(5) }),
            other(3, |d| d.period = Period::new(instant(0), instant(9)).unwrap()),
            other(4, |d| d.period = Period::new(instant(50), instant(60)).unwrap()),
            other(5, |d| d.state = State::PaperStarted),
        ];
        let ended = end_all(trees, party(2), Some(EndReason::Misuse), instant(10));
        let ids: Vec<_> = ended.iter().flatten().map(|step| step.id().0.as_u128()).collect();
        assert_eq!(ids, [1, 10, 11, 4]);
        for steps in &ended {
            assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
            assert_eq!(steps[0].reason, Some(Reason::End(EndReason::Misuse)));
        }
        assert_eq!(end_all(Vec::new(), party(2), None, instant(10)), Vec::<Vec<Step>>::new());
    }

    #[test]
    fn one_privilege_of_several_can_be_taken_out() {
        let steps = take_out(deep(), &[uri("urn:dk:b")], party(2), None, instant(10)).unwrap();
        let [step] = steps.as_slice() else { panic!("what is below does not have it") };
        assert_eq!(step.delegation.privileges, [uri("urn:dk:a")]);
        assert_eq!(step.delegation.taken_out, [uri("urn:dk:b")]);
        assert_eq!((step.delegation.state, step.kind), (State::Active, EventKind::PrivilegesRevoked));

        let steps = take_out(deep(), &[uri("urn:dk:a")], party(2), None, instant(10)).unwrap();
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0].delegation.state, State::Active);
        assert!(steps[1..].iter().all(|step| step.kind == EventKind::Terminated));
    }

    #[test]
    fn to_take_out_all_is_to_end_and_what_it_never_had_is_refused() {
        let both = [uri("urn:dk:a"), uri("urn:dk:b")];
        let steps = take_out(alone(), &both, party(2), None, instant(10)).unwrap();
        assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
        let foreign = uri("urn:dk:c");
        assert_eq!(
            take_out(alone(), std::slice::from_ref(&foreign), party(2), None, instant(10)),
            Err(Refusal::NotDelegated(foreign))
        );
        let mut top = delegation(0, 100);
        top.taken_out = vec![uri("urn:dk:c")];
        let again =
            take_out(Tree { top, below: Vec::new() }, &[uri("urn:dk:c")], party(2), None, instant(10));
        assert!(matches!(again, Err(Refusal::AlreadyEnded(_))));
    }

    #[test]
    fn a_replacement_takes_what_is_the_same_and_leaves_the_rest() {
        let by = DelegationId(Uuid::from_u128(77));
        let part = supersede(alone(), &[uri("urn:dk:a"), uri("urn:dk:z")], by, instant(10));
        assert_eq!(
            (part[0].delegation.state, part[0].takes.as_slice()),
            (State::Active, &[uri("urn:dk:a")][..])
        );
        assert_eq!((part[0].kind, part[0].related), (EventKind::Superseded, Some(by.0)));
        let whole = supersede(alone(), &[uri("urn:dk:a"), uri("urn:dk:b")], by, instant(10));
        assert_eq!(whole[0].delegation.state, State::Superseded { at: instant(10) });
        assert_eq!(whole[0].delegation.links.superseded_by, Some(by));
    }

    #[test]
    fn a_death_ends_whatever_lives_and_tells_the_one_who_is_left() {
        let steps = terminate(deep(), Termination::Death, instant(10), Some(party(2))).unwrap();
        assert_eq!(steps[0].tells, [(party(3), NoticeKind::EndedByDeath)]);
        assert_eq!(steps.len(), 3);
        let ended = Tree { top: steps[0].delegation.clone(), below: Vec::new() };
        assert_eq!(terminate(ended, Termination::Death, instant(20), None), None);
    }
}
