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
    /// What each of them is announced to hold later, and from when.
    pub announced: &'a BTreeMap<PackageId, Vec<(PrivilegeUri, DateTime<Utc>)>>,
    /// What else lives between the two parties.
    pub others: &'a [Tree],
}

/// Takes privileges and packages out of a delegation, on the delegator's word; what was taken out already is passed
/// over. A package that holds one of the privileges, or is announced to before the delegation ends, is followed no longer:
/// its other privileges are kept as they are now, but for those that were taken out before, and those that the
/// representative has by another delegation.
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
        |package: &PackageId| parts.brought_by(package, top).any(|uri| parts.privileges.contains(uri));
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
        let delegation = &mut first.delegation;
        for list in [&mut delegation.privileges, &mut delegation.packages.kept] {
            list.extend_from_slice(&kept);
            list.sort();
        }
        first.grants = kept;
    }
    Ok(steps)
}

fn require_parts(delegation: &Delegation, parts: Parts<'_>) -> Result<(), Refusal> {
    let known = parts.holdings.keys().filter(|package| delegation.packages.knows(package));
    let held: BTreeSet<_> = known.flat_map(|package| parts.brought_by(package, delegation)).collect();
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

    /// What the delegation has by the package, now or as announced.
    fn brought_by(&self, package: &PackageId, to: &Delegation) -> impl Iterator<Item = &PrivilegeUri> {
        let (until, announced) = (to.period.to(), self.announced.get(package));
        let later =
            announced.into_iter().flatten().filter(move |(_, from)| *from < until).map(|(uri, _)| uri);
        self.held_by(package).iter().chain(later)
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
    step.delegation.packages.kept.retain(|uri| !gone.privileges.contains(uri));
    Step { takes: gone.privileges, leaves: gone.packages, ..step }
}

#[cfg(test)]
#[path = "ending_tests.rs"]
mod tests;
