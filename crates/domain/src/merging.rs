//! Joining two parties that turned out to be one person: what becomes of the delegations that the two gave, hold, asked
//! for and gave on.
//!
//! Everything of the absorbed party becomes the survivor's. What the two delegated to each other ends: nobody holds a
//! power from themselves. Where the survivor would have the same privilege from, or to, the same party twice in
//! overlapping periods, the grant that lasts longer lives on; of two that end alike, the older.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Utc};

use crate::{
    cpr_status::{CprStatus, Known},
    delegation::{
        Content, Delegation, DelegationId, EventKind, NoticeKind, Reason, State, Status, Step, Termination,
    },
    ending,
    identifier::PartyKind,
    package::PackageId,
    party::{Party, PartyId, Standing},
    period::Period,
    privilege::PrivilegeUri,
    standing,
};

/// Most delegations that one merge touches, ended ones included: what is written, and answered, in one step. Ten times what a
/// person with many is known to have.
pub const MAX_TOUCHED: usize = 1_000;

/// What is known of the present CPR numbers of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// At most one of them has a number.
    Compatible,
    /// Each has one, and the register says that the absorbed party's was replaced by the survivor's (CPR status 60).
    Replaced,
    /// Each has one, and the register does not say that.
    Differ,
}

/// Why two parties are not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One of them is an organisation or an employee.
    #[error("a party is not a person")]
    NotPerson,
    /// One of them has ended: who is dead is joined with nobody, so that nothing of theirs lives again.
    #[error("one of the parties has ended")]
    Ended,
    /// They have a CPR number each.
    #[error("the parties have different CPR numbers")]
    NumbersDiffer,
    /// More than [`MAX_TOUCHED`] delegations would be touched.
    #[error("a merge touches at most {MAX_TOUCHED} delegations")]
    TooLarge,
}

/// Whether the two can be one person.
///
/// # Errors
/// [`Refusal`].
pub fn check(survivor: &Party, absorbed: &Party, numbers: Numbers) -> Result<(), Refusal> {
    let both = [survivor, absorbed];
    if both.iter().any(|party| party.kind != PartyKind::Person) {
        return Err(Refusal::NotPerson);
    }
    if both.iter().any(|party| party.standing == Standing::Ended) {
        return Err(Refusal::Ended);
    }
    if numbers == Numbers::Differ {
        return Err(Refusal::NumbersDiffer);
    }
    Ok(())
}

/// What the survivor is after the merge: what the worse of the two was. Whoever waits for a caseworker goes on waiting; what
/// the register, or nobody but a caseworker, would have lifted for the absorbed party, the same lifts for the survivor.
#[must_use]
pub fn known(survivor: Known, absorbed: Known) -> Known {
    let waits = |known: Known| known.noted.is_none_or(CprStatus::needs_caseworker);
    match (survivor.standing, absorbed.standing) {
        (Standing::Good, Standing::Suspended) => absorbed,
        (Standing::Suspended, Standing::Suspended) if waits(absorbed) && !waits(survivor) => absorbed,
        (Standing::Good | Standing::Suspended | Standing::Ended, _) => survivor,
    }
}

/// What a merge did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// One step of each delegation that changed.
    pub steps: Vec<Step>,
    /// The delegations and requests that the survivor is a party of now, in place of the absorbed one.
    pub moved: Vec<DelegationId>,
    /// Those that were terminated, wholly or in part, because the same was delegated twice.
    pub duplicates: Vec<DelegationId>,
    /// Those that were terminated because their parties are one person.
    pub selves: Vec<DelegationId>,
}

/// Joins two parties. `touched`: every delegation that the absorbed party is a party of or stands above, ended ones too;
/// everything unended between the survivor and another party of those; and what was given on from all of these and has
/// not ended.
#[must_use]
pub fn merge(survivor: PartyId, absorbed: PartyId, touched: Vec<Delegation>, at: DateTime<Utc>) -> Merged {
    let join = |delegation: Delegation| (delegation.id, Joined::of(delegation, survivor, absorbed));
    let all: BTreeMap<_, _> = touched.into_iter().map(join).collect();
    let ends = ends(&all, at);
    let mut losses = losses(&all, &ends, at);
    let mut merged = Merged::default();
    for (id, joined) in all {
        let lost = losses.remove(&id).unwrap_or_default();
        let Some(fate) = joined.fate(ends.get(&id).copied(), lost, at) else { continue };
        match &fate {
            Fate::Ends(Termination::PartiesMerged) | Fate::Lapses => merged.selves.push(id),
            Fate::Ends(Termination::DuplicateAfterMerge) | Fate::Loses(_) => merged.duplicates.push(id),
            Fate::Ends(_) | Fate::Moves => {}
        }
        if joined.is_party && matches!(fate, Fate::Moves | Fate::Loses(_)) {
            merged.moved.push(id);
        }
        merged.steps.push(joined.step(fate, survivor, at));
    }
    merged
}

/// A delegation with the survivor in the absorbed party's place.
struct Joined {
    delegation: Delegation,
    /// Whether the absorbed party was a party of it.
    is_party: bool,
    /// Whether it was, or stood above it.
    changed: bool,
}

/// What a merge does to one delegation.
enum Fate {
    /// It is the survivor's now, or above it stands the survivor.
    Moves,
    /// The same, if it was the absorbed party's; and a part of it ends.
    Loses(Content),
    /// It ends.
    Ends(Termination),
    /// It is a request to oneself that nobody answered in time: that is written down.
    Lapses,
}

/// What a delegation loses.
#[derive(Clone, Debug, Default)]
struct Lost {
    /// Privileges, and why.
    privileges: Vec<(PrivilegeUri, Termination)>,
    /// Packages that are followed twice.
    packages: Vec<PackageId>,
}

type Losses = BTreeMap<DelegationId, Lost>;

impl Lost {
    const fn len(&self) -> usize {
        self.privileges.len() + self.packages.len()
    }

    fn uris(&self) -> impl Iterator<Item = PrivilegeUri> {
        self.privileges.iter().map(|(uri, _)| uri.clone())
    }

    fn content(&self) -> Content {
        Content { privileges: self.uris().collect(), packages: self.packages.clone() }
    }
}

impl Joined {
    fn of(mut delegation: Delegation, survivor: PartyId, absorbed: PartyId) -> Self {
        let is_party = [delegation.delegator, delegation.representative].contains(&absorbed);
        let changed = is_party || delegation.links.chain.contains(&absorbed);
        let Delegation { delegator, representative, links, .. } = &mut delegation;
        for party in links.chain.iter_mut().chain([delegator, representative]) {
            if *party == absorbed {
                *party = survivor;
            }
        }
        Self { delegation, is_party, changed }
    }

    /// Whether its parties are one person, or its representative stands above itself.
    fn is_to_oneself(&self) -> bool {
        let Delegation { delegator, representative, links, .. } = &self.delegation;
        delegator == representative || links.chain.contains(representative)
    }

    /// Whether it was given, nobody ended it, and its period is not over.
    fn lives(&self, at: DateTime<Utc>) -> bool {
        self.delegation.lives() && at < self.delegation.period.to()
    }

    fn fate(&self, ends: Option<Termination>, lost: Lost, at: DateTime<Utc>) -> Option<Fate> {
        match ends {
            Some(_) if self.delegation.status(at) == Status::Lapsed => return Some(Fate::Lapses),
            Some(why) => return Some(Fate::Ends(why)),
            None => {}
        }
        if lost.len() == 0 {
            return self.changed.then_some(Fate::Moves);
        }
        if lost.len() < self.delegation.content().len() {
            return Some(Fate::Loses(lost.content()));
        }
        let twice = !lost.packages.is_empty()
            || lost.privileges.iter().any(|(_, why)| *why == Termination::DuplicateAfterMerge);
        Some(Fate::Ends(if twice { Termination::DuplicateAfterMerge } else { Termination::ParentEnded }))
    }

    fn step(self, fate: Fate, survivor: PartyId, at: DateTime<Utc>) -> Step {
        let lives = self.lives(at);
        let pending = PENDING.contains(&self.delegation.status(at));
        let delegation = self.delegation;
        let both = BTreeSet::from([delegation.delegator, delegation.representative]);
        let (told, step) = match fate {
            Fate::Moves => {
                let state = delegation.state;
                let others = both.into_iter().filter(|party| self.is_party && *party != survivor).collect();
                (others, Step::next(delegation, state, EventKind::PartyMerged, at))
            }
            Fate::Loses(lost) => (both, narrowed(delegation, lost, at)),
            Fate::Ends(why) if delegation.lives() => (both, ended(delegation, why, at)),
            Fate::Ends(why) => (both, standing::never_given(delegation, why, at)),
            Fate::Lapses => {
                let at = delegation.lapses_at.unwrap_or(at);
                (BTreeSet::new(), Step::next(delegation, State::Lapsed { at }, EventKind::Lapsed, at))
            }
        };
        // Of what is over already nobody needs to hear.
        let told = told.into_iter().filter(|_| lives || pending);
        Step { tells: told.map(|party| (party, NoticeKind::Merged)).collect(), ..step }
    }
}

const PENDING: [Status; 3] = [Status::Requested, Status::PaperStarted, Status::PaperRegistered];

/// What ends whole: what one would have delegated to oneself, and what was given on from it.
fn ends(all: &BTreeMap<DelegationId, Joined>, at: DateTime<Utc>) -> BTreeMap<DelegationId, Termination> {
    let mut from_the_top: Vec<&Joined> = all.values().collect();
    from_the_top.sort_by_key(|joined| joined.delegation.links.chain.len());
    let mut ends = BTreeMap::new();
    for joined in from_the_top {
        let unended = joined.delegation.state.ended_at().is_none();
        let parent = joined.delegation.links.parent;
        if unended && joined.is_to_oneself() {
            ends.insert(joined.delegation.id, Termination::PartiesMerged);
        } else if joined.lives(at) && parent.is_some_and(|parent| ends.contains_key(&parent)) {
            ends.insert(joined.delegation.id, Termination::ParentEnded);
        }
    }
    ends
}

/// Which grants give way. The longest is looked at first, of those that end alike the oldest, and each stays unless one
/// that stays already is in its way, or what it was given on from does not stay. What has expired is looked at as well: two
/// unended grants of the same never overlap.
fn losses(
    all: &BTreeMap<DelegationId, Joined>,
    ends: &BTreeMap<DelegationId, Termination>,
    at: DateTime<Utc>,
) -> Losses {
    let unended = |joined: &&Joined| joined.delegation.lives() && !ends.contains_key(&joined.delegation.id);
    let mut by_length: Vec<&Joined> = all.values().filter(unended).collect();
    by_length.sort_by_key(|joined| {
        let delegation = &joined.delegation;
        // A part is never looked at before what it is a part of, whatever the clocks of two machines said.
        (Reverse(delegation.period.to()), since(all, delegation), delegation.links.chain.len(), delegation.id)
    });
    let mut stays = Stays::default();
    let mut losses = Losses::new();
    for joined in by_length {
        let Delegation { id, privileges, packages, links, .. } = &joined.delegation;
        let from_parent: Vec<PrivilegeUri> = match links.parent.and_then(|parent| losses.get(&parent)) {
            Some(lost) if joined.lives(at) => lost.uris().collect(),
            _ => Vec::new(),
        };
        let mut lost = Lost::default();
        for uri in privileges {
            if from_parent.contains(uri) {
                lost.privileges.push((uri.clone(), Termination::ParentEnded));
            } else if !stays.stays(&joined.delegation, Right::Privilege(uri)) {
                lost.privileges.push((uri.clone(), Termination::DuplicateAfterMerge));
            }
        }
        for package in &packages.followed {
            if !stays.stays(&joined.delegation, Right::Package(package)) {
                lost.packages.push(package.clone());
            }
        }
        if lost.len() > 0 {
            losses.insert(*id, lost);
        }
    }
    losses
}

/// What two parties have between them once at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right<'a> {
    Privilege(&'a PrivilegeUri),
    Package(&'a PackageId),
}

/// What stays, and when.
#[derive(Default)]
struct Stays<'a>(BTreeMap<(PartyId, PartyId, Right<'a>), Vec<Period>>);

impl<'a> Stays<'a> {
    /// Whether the right stays the delegation's. If so, it is in the way of the same of those to come.
    fn stays(&mut self, delegation: &Delegation, right: Right<'a>) -> bool {
        let key = (delegation.delegator, delegation.representative, right);
        let same = self.0.entry(key).or_default();
        let is_free = !same.iter().any(|other| other.overlaps(&delegation.period));
        if is_free {
            same.push(delegation.period);
        }
        is_free
    }
}

/// When it was given; for a part, not before what it is a part of.
fn since(all: &BTreeMap<DelegationId, Joined>, delegation: &Delegation) -> DateTime<Utc> {
    let mut since = delegation.created_at;
    let mut parent = delegation.links.parent;
    // As deep as the chain says, and no deeper.
    for _ in &delegation.links.chain {
        let Some(above) = parent.and_then(|parent| all.get(&parent)) else { break };
        since = since.max(above.delegation.created_at);
        parent = above.delegation.links.parent;
    }
    since
}

fn ended(delegation: Delegation, why: Termination, at: DateTime<Utc>) -> Step {
    let at = at.max(delegation.created_at);
    let Content { privileges: takes, packages: leaves } = delegation.content();
    Step {
        takes,
        leaves,
        reason: Some(Reason::Termination(why)),
        untells: ending::POINTLESS.to_vec(),
        ..Step::next(delegation, State::Terminated { at, why }, EventKind::Terminated, at)
    }
}

fn narrowed(delegation: Delegation, lost: Content, at: DateTime<Utc>) -> Step {
    let state = delegation.state;
    let mut step = Step::next(delegation, state, EventKind::PartyMerged, at);
    step.delegation.privileges.retain(|uri| !lost.privileges.contains(uri));
    step.delegation.taken_out.extend_from_slice(&lost.privileges);
    step.delegation.taken_out.sort();
    step.delegation.packages.leave(&lost.packages);
    let reason = Some(Reason::Termination(Termination::DuplicateAfterMerge));
    Step { takes: lost.privileges, leaves: lost.packages, reason, ..step }
}

#[cfg(test)]
#[path = "merging_tests.rs"]
mod tests;
