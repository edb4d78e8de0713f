//! Ending a delegation: whole or in part, by somebody or by law. What was given on from it ends with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    delegation::{
        Content, Delegation, DelegationId, EndReason, EndedBy, EventKind, NoticeKind, Reason, State, Status,
        Step, Termination,
    },
    package::PackageId,
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
    /// The delegation does not follow the package, and never did.
    #[error("the delegation does not follow the package")]
    NotFollowed(PackageId),
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

/// What is to be taken out of a delegation, with what the rules need to know about it.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Privileges, whether they are granted one by one or held by a package that is followed.
    pub privileges: &'a [PrivilegeUri],
    /// Packages that are followed.
    pub packages: &'a [PackageId],
    /// What each package holds now that the delegation follows, or did.
    pub holdings: &'a BTreeMap<PackageId, Vec<PrivilegeUri>>,
    /// What else lives between the two parties.
    pub others: &'a [Tree],
}

/// Takes privileges and packages out of a delegation, on the delegator's word; what was taken out already is passed
/// over. A package that holds one of the privileges is followed no longer: its other privileges are kept as they are
/// now, but for those that were taken out before, and those that the representative has by another delegation.
///
/// # Errors
/// [`Refusal::NotDelegated`] and [`Refusal::NotFollowed`] with the first that it does not have; otherwise as [`end`],
/// which it is when nothing is left.
pub fn take_out(
    tree: Tree,
    parts: Parts<'_>,
    acting_for: PartyId,
    reason: Option<EndReason>,
    at: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    let top = &tree.top;
    require_parts(top, parts)?;
    require_living(top, at)?;
    let takes: Vec<_> = top.privileges.iter().filter(|uri| parts.privileges.contains(uri)).cloned().collect();
    let holds_one =
        |package: &PackageId| parts.held_by(package).iter().any(|uri| parts.privileges.contains(uri));
    let is_left = |package: &&PackageId| parts.packages.contains(package) || holds_one(package);
    let leaves: Vec<_> = top.packages.followed.iter().filter(is_left).cloned().collect();
    if takes.is_empty() && leaves.is_empty() {
        return Err(Refusal::AlreadyEnded(Box::new(tree.top)));
    }
    let kept = parts.kept(top, &leaves, at);
    let taken = Content { privileges: takes, packages: leaves };
    if taken.len() == top.content().len() && kept.is_empty() {
        return end(tree, EndedBy::Delegator, acting_for, reason, at);
    }
    let told = tree.top.representative;
    let mut steps = narrowed(tree, &taken, EventKind::PrivilegesRevoked, at);
    if let Some(first) = steps.first_mut() {
        first.acting_for = Some(acting_for);
        first.reason = reason.map(Reason::End);
        first.tells.push((told, NoticeKind::Revoked));
        first.delegation.privileges.extend_from_slice(&kept);
        first.delegation.privileges.sort();
        first.grants = kept;
    }
    Ok(steps)
}

fn require_parts(delegation: &Delegation, parts: Parts<'_>) -> Result<(), Refusal> {
    let known = parts.holdings.iter().filter(|(package, _)| delegation.packages.knows(package));
    let held: BTreeSet<_> = known.flat_map(|(_, uris)| uris).collect();
    let has = |uri: &PrivilegeUri| {
        delegation.privileges.contains(uri) || delegation.taken_out.contains(uri) || held.contains(uri)
    };
    if let Some(foreign) = parts.privileges.iter().find(|uri| !has(uri)) {
        return Err(Refusal::NotDelegated(foreign.clone()));
    }
    match parts.packages.iter().find(|package| !delegation.packages.knows(package)) {
        Some(foreign) => Err(Refusal::NotFollowed(foreign.clone())),
        None => Ok(()),
    }
}

impl Parts<'_> {
    fn held_by(&self, package: &PackageId) -> &[PrivilegeUri] {
        self.holdings.get(package).map_or(&[], Vec::as_slice)
    }

    /// What is kept, sorted, of packages that are followed no longer because of a privilege.
    fn kept(&self, top: &Delegation, leaves: &[PackageId], at: DateTime<Utc>) -> Vec<PrivilegeUri> {
        let is_over = |other: &Delegation| {
            other.period.to() <= at
                || other.period.to() <= top.period.from()
                || top.period.to() <= other.period.from()
        };
        let others = self.others.iter().map(|tree| &tree.top);
        let others = others.filter(|other| other.id != top.id && other.lives() && !is_over(other));
        let elsewhere: BTreeSet<_> = others.flat_map(|other| &other.privileges).collect();
        let goes = |uri: &&PrivilegeUri| {
            self.privileges.contains(uri)
                || top.privileges.contains(uri)
                || top.taken_out.contains(uri)
                || elsewhere.contains(uri)
        };
        let split = leaves.iter().filter(|package| !self.packages.contains(package));
        let kept: BTreeSet<_> =
            split.flat_map(|package| self.held_by(package)).filter(|uri| !goes(uri)).cloned().collect();
        kept.into_iter().collect()
    }
}

/// Has another delegation take the place of this one, as far as their contents are the same.
#[must_use]
pub fn supersede(tree: Tree, content: &Content, by: DelegationId, at: DateTime<Utc>) -> Vec<Step> {
    let own = tree.top.content();
    let taken = own.shared(content);
    let at = at.max(tree.top.created_at);
    let mut steps = if taken == own {
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
    content: &Content,
    by: DelegationId,
    acting_for: Option<PartyId>,
    at: DateTime<Utc>,
) -> Vec<Step> {
    let mut all = Vec::new();
    for tree in trees {
        let mut steps = supersede(tree, content, by, at);
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
    let Content { privileges: takes, packages: leaves } = tree.top.content();
    steps.push(Step { takes, leaves, untells: POINTLESS.to_vec(), ..Step::next(tree.top, state, kind, at) });
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
    let (Content { privileges: takes, packages: leaves }, told) = (below.content(), below.representative);
    Some(Step {
        takes,
        leaves,
        reason: Some(Reason::Termination(why)),
        tells: vec![(told, NoticeKind::Terminated)],
        untells: POINTLESS.to_vec(),
        ..Step::next(below, State::Terminated { at, why }, EventKind::Terminated, at)
    })
}

/// A part ends: at the top, and its privileges below as well; what keeps none ends. What is given on is given on one by
/// one: nothing below follows a package.
fn narrowed(tree: Tree, taken: &Content, kind: EventKind, at: DateTime<Utc>) -> Vec<Step> {
    let mut steps = vec![without(tree.top, taken, kind, at)];
    for below in tree.below {
        let shared = below.content().shared(taken);
        if shared == below.content() {
            steps.extend(parent_ended(below, at));
        } else if below.lives_at(at) && !shared.is_empty() {
            let told = below.representative;
            let mut step = without(below, taken, EventKind::PrivilegesRevoked, at);
            step.tells.push((told, NoticeKind::Revoked));
            steps.push(step);
        }
    }
    steps
}

fn without(delegation: Delegation, taken: &Content, kind: EventKind, at: DateTime<Utc>) -> Step {
    let (state, gone) = (delegation.state, delegation.content().shared(taken));
    let mut step = Step::next(delegation, state, kind, at);
    step.delegation.privileges.retain(|uri| !gone.privileges.contains(uri));
    step.delegation.taken_out.extend_from_slice(&gone.privileges);
    step.delegation.taken_out.sort();
    step.delegation.packages.leave(&gone.packages);
    Step { takes: gone.privileges, leaves: gone.packages, ..step }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        delegation::{
            Links, Packages,
            testing::{delegation, instant, party, uri},
        },
        period::Period,
        testing::package_id,
    };

    /// Revokes, at second 10; `all` holds `urn:dk:c`, `urn:dk:d` and `urn:dk:e`, `more` holds `urn:dk:e`.
    fn revoke(tree: Tree, privileges: &[PrivilegeUri], packages: &[PackageId]) -> Result<Vec<Step>, Refusal> {
        revoke_beside(tree, privileges, packages, &[])
    }

    fn revoke_beside(
        tree: Tree,
        privileges: &[PrivilegeUri],
        packages: &[PackageId],
        others: &[Tree],
    ) -> Result<Vec<Step>, Refusal> {
        let holdings = BTreeMap::from([
            (package_id("all"), vec![uri("urn:dk:c"), uri("urn:dk:d"), uri("urn:dk:e")]),
            (package_id("more"), vec![uri("urn:dk:e")]),
        ]);
        let parts = Parts { privileges, packages, holdings: &holdings, others };
        take_out(tree, parts, party(2), None, instant(10))
    }

    /// Follows `all` and `more` beside its privileges.
    fn following() -> Tree {
        let packages = Packages::following(vec![package_id("all"), package_id("more")]);
        Tree { top: Delegation { packages, ..delegation(0, 100) }, below: Vec::new() }
    }

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
        let part = revoke(tree, &[uri("urn:dk:a")], &[]).unwrap();
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
        let steps = revoke(deep(), &[uri("urn:dk:b")], &[]).unwrap();
        let [step] = steps.as_slice() else { panic!("what is below does not have it") };
        assert_eq!(step.delegation.privileges, [uri("urn:dk:a")]);
        assert_eq!(step.delegation.taken_out, [uri("urn:dk:b")]);
        assert_eq!((step.delegation.state, step.kind), (State::Active, EventKind::PrivilegesRevoked));

        let steps = revoke(deep(), &[uri("urn:dk:a")], &[]).unwrap();
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0].delegation.state, State::Active);
        assert!(steps[1..].iter().all(|step| step.kind == EventKind::Terminated));
    }

    #[test]
    fn to_take_out_all_is_to_end_and_what_it_never_had_is_refused() {
        let both = [uri("urn:dk:a"), uri("urn:dk:b")];
        let steps = revoke(alone(), &both, &[]).unwrap();
        assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
        let foreign = uri("urn:dk:c");
        assert_eq!(revoke(alone(), std::slice::from_ref(&foreign), &[]), Err(Refusal::NotDelegated(foreign)));
        let mut top = delegation(0, 100);
        top.taken_out = vec![uri("urn:dk:c")];
        let again = revoke(Tree { top, below: Vec::new() }, &[uri("urn:dk:c")], &[]);
        assert!(matches!(again, Err(Refusal::AlreadyEnded(_))));
    }

    #[test]
    fn all_that_is_followed_ends_with_the_delegation() {
        let steps = end(following(), EndedBy::Representative, party(3), None, instant(10)).unwrap();
        assert_eq!(steps[0].leaves, [package_id("all"), package_id("more")]);
        assert_eq!(steps[0].delegation.packages, following().top.packages, "as it was when it ended");
    }

    #[test]
    fn a_package_is_taken_out_with_all_that_it_holds() {
        let steps = revoke(following(), &[], &[package_id("all")]).unwrap();
        let [step] = steps.as_slice() else { panic!("one step") };
        assert_eq!((step.kind, step.delegation.state), (EventKind::PrivilegesRevoked, State::Active));
        assert_eq!((step.leaves.as_slice(), step.grants.len()), (&[package_id("all")][..], 0));
        assert_eq!(step.delegation.packages.followed, [package_id("more")]);
        assert_eq!(step.delegation.packages.taken_out, [package_id("all")]);
        let again = Tree { top: step.delegation.clone(), below: Vec::new() };
        assert!(matches!(revoke(again, &[], &[package_id("all")]), Err(Refusal::AlreadyEnded(_))));
        let other = package_id("other");
        let refused = revoke(following(), &[], std::slice::from_ref(&other));
        assert_eq!(refused, Err(Refusal::NotFollowed(other)));
    }

    #[test]
    fn a_privilege_of_a_followed_package_is_taken_out_and_the_others_are_kept() {
        let steps = revoke(following(), &[uri("urn:dk:d")], &[]).unwrap();
        let [step] = steps.as_slice() else { panic!("one step") };
        assert_eq!((step.takes.len(), step.leaves.as_slice()), (0, &[package_id("all")][..]));
        assert_eq!(step.grants, [uri("urn:dk:c"), uri("urn:dk:e")]);
        assert_eq!(step.grants_from(), instant(10), "not before");
        let left = ["urn:dk:a", "urn:dk:b", "urn:dk:c", "urn:dk:e"].map(uri);
        assert_eq!(step.delegation.privileges, left);
        assert_eq!(step.delegation.packages.followed, [package_id("more")]);
        let again = Tree { top: step.delegation.clone(), below: Vec::new() };
        assert!(matches!(revoke(again, &[uri("urn:dk:d")], &[]), Err(Refusal::AlreadyEnded(_))));
    }

    #[test]
    fn a_privilege_is_taken_out_of_every_package_that_holds_it() {
        let steps = revoke(following(), &[uri("urn:dk:e")], &[]).unwrap();
        assert_eq!(steps[0].leaves, [package_id("all"), package_id("more")]);
        assert_eq!(steps[0].grants, [uri("urn:dk:c"), uri("urn:dk:d")]);
    }

    #[test]
    fn what_was_taken_out_before_is_not_kept_nor_what_is_held_otherwise() {
        let mut tree = following();
        tree.top.taken_out = vec![uri("urn:dk:c")];
        let other = |from, to| {
            let privileges = vec![uri("urn:dk:e")];
            let id = DelegationId(Uuid::from_u128(9));
            vec![Tree { top: Delegation { id, privileges, ..delegation(from, to) }, below: Vec::new() }]
        };
        let kept = |others: &[Tree]| {
            let steps = revoke_beside(tree.clone(), &[uri("urn:dk:d")], &[], others).unwrap();
            steps[0].grants.clone()
        };
        assert_eq!(kept(&[]), [uri("urn:dk:e")]);
        assert_eq!(kept(&other(50, 60)), [] as [PrivilegeUri; 0]);
        assert_eq!(kept(&other(0, 10)), [uri("urn:dk:e")], "that is over");
        assert_eq!(kept(&other(100, 200)), [uri("urn:dk:e")], "that comes after");
    }

    #[test]
    fn a_delegation_of_which_nothing_is_left_ends() {
        let mut tree = following();
        tree.top.privileges = Vec::new();
        let both = [package_id("all"), package_id("more")];
        let steps = revoke(tree.clone(), &[], &both).unwrap();
        assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
        assert_eq!(steps[0].leaves, both);
        tree.top.packages = Packages::following(vec![package_id("more")]);
        let steps = revoke(tree, &[uri("urn:dk:e")], &[]).unwrap();
        assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
    }

    #[test]
    fn a_replacement_takes_what_is_the_same_and_leaves_the_rest() {
        let by = DelegationId(Uuid::from_u128(77));
        let part =
            supersede(alone(), &Content::privileges(vec![uri("urn:dk:a"), uri("urn:dk:z")]), by, instant(10));
        assert_eq!(
            (part[0].delegation.state, part[0].takes.as_slice()),
            (State::Active, &[uri("urn:dk:a")][..])
        );
        assert_eq!((part[0].kind, part[0].related), (EventKind::Superseded, Some(by.0)));
        let whole =
            supersede(alone(), &Content::privileges(vec![uri("urn:dk:a"), uri("urn:dk:b")]), by, instant(10));
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
