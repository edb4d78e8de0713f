//! The reference: what a delegation is, in as few words as it takes, and written without a look at the service's own rules.

use std::collections::BTreeSet;

use fuldmagt_proto::v1::{DelegationEventKind as Event, DelegationStatus as Status};
use proptest::sample::Index;

use super::command::{Act, Bits, Terms};

/// Since the case began.
pub(super) type Seconds = i64;

/// How deep each privilege may be given on.
pub(super) const DEPTHS: [usize; super::command::PRIVILEGES] = [2, 1, 0];

/// A delegation.
#[derive(Clone, Debug)]
pub(super) struct Delegation {
    pub(super) from_whom: usize,
    pub(super) to_whom: usize,
    pub(super) bits: Bits,
    pub(super) taken_out: Bits,
    pub(super) from: Seconds,
    pub(super) to: Seconds,
    pub(super) parent: Option<usize>,
    /// Who is above, from the top.
    pub(super) chain: Vec<usize>,
    pub(super) supersedes: BTreeSet<usize>,
    pub(super) superseded_by: Option<usize>,
    pub(super) events: Vec<Event>,
    /// How it ended, if somebody or something ended it.
    pub(super) ended: Option<Status>,
}

/// What must come of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done, and this delegation is the answer; for several: these, oldest first.
    Done(Vec<usize>),
    /// It is refused, for one of these reasons. Which of them comes first is the service's affair.
    Refused(BTreeSet<&'static str>),
}

/// Everybody's delegations, oldest first.
#[derive(Debug, Default)]
pub(super) struct Reference {
    now: Seconds,
    all: Vec<Delegation>,
}

impl Reference {
    pub(super) fn now(&self) -> Seconds {
        self.now
    }

    pub(super) fn all(&self) -> &[Delegation] {
        &self.all
    }

    pub(super) fn delegation(&self, number: usize) -> &Delegation {
        &self.all[number]
    }

    pub(super) fn pick(&self, pick: Index) -> Option<usize> {
        (!self.all.is_empty()).then(|| pick.index(self.all.len()))
    }

    /// The delegation by which one may act for the other on the privilege.
    pub(super) fn granted(&self, from: usize, to: usize, bit: usize) -> Option<usize> {
        self.all.iter().position(|d| {
            (d.from_whom, d.to_whom) == (from, to)
                && d.bits >> bit & 1 == 1
                && d.ended.is_none()
                && d.from <= self.now
                && self.now < d.to
        })
    }

    pub(super) fn status(&self, number: usize) -> Status {
        let d = &self.all[number];
        match d.ended {
            Some(how) => how,
            None if self.now < d.from => Status::Scheduled,
            None if self.now < d.to => Status::Active,
            None => Status::Expired,
        }
    }

    /// Does it, unless there is a reason not to.
    pub(super) fn act(&mut self, act: &Act) -> Verdict {
        let reasons = self.reasons(act);
        if !reasons.is_empty() {
            return Verdict::Refused(reasons.into_iter().collect());
        }
        Verdict::Done(match *act {
            Act::Give { from, to, terms, .. } => {
                let overlapping = self.overlapping(from, to, terms);
                vec![self.give(from, to, terms, overlapping)]
            }
            Act::GiveOn { parent, to, terms, .. } => {
                let new = self.give(self.all[parent].from_whom, to, terms, Vec::new());
                let mut chain = self.all[parent].chain.clone();
                chain.push(self.all[parent].to_whom);
                self.all[new] = Delegation { parent: Some(parent), chain, ..self.all[new].clone() };
                self.all[parent].events.push(Event::SubDelegated);
                vec![new]
            }
            Act::Renew { old, terms, .. } => {
                let (from, to) = (self.all[old].from_whom, self.all[old].to_whom);
                let terms = Terms { bits: self.all[old].bits, ..terms };
                let overlapping = self.overlapping(from, to, terms);
                vec![self.give(from, to, terms, overlapping)]
            }
            Act::Revoke { delegation, .. } => {
                self.end(delegation, Status::Revoked, Event::Revoked);
                vec![delegation]
            }
            Act::RevokePart { delegation, bits, .. } => {
                self.take_out(delegation, bits, (Status::Revoked, Event::Revoked), Event::PrivilegesRevoked);
                vec![delegation]
            }
            Act::RevokeAll { from, to } => {
                let between = |d: &Delegation| (d.from_whom, d.to_whom) == (from, to);
                let all: Vec<_> =
                    (0..self.all.len()).filter(|n| between(&self.all[*n]) && self.is_open(*n)).collect();
                for number in &all {
                    self.end(*number, Status::Revoked, Event::Revoked);
                }
                all
            }
            Act::Renounce { delegation, .. } => {
                self.end(delegation, Status::Renounced, Event::Renounced);
                vec![delegation]
            }
            Act::Wait { seconds } => {
                self.now += seconds;
                Vec::new()
            }
        })
    }

    /// Everything that speaks against it.
    fn reasons(&self, act: &Act) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        let mut check = |is_so: bool, reason| {
            if is_so {
                reasons.push(reason);
            }
        };
        match *act {
            Act::Give { from, to, terms, replace } => {
                check(from == to, "DELEGATOR_IS_REPRESENTATIVE");
                let overlapping = self.overlapping(from, to, terms);
                check(!replace && !overlapping.is_empty(), "DELEGATION_OVERLAPS");
                check(replace && self.leaves_a_gap(&overlapping, terms), "REPLACEMENT_STARTS_LATER");
            }
            Act::GiveOn { by, parent, to, terms } => {
                let whole = &self.all[parent];
                let is_above = to == whole.from_whom || to == whole.to_whom || whole.chain.contains(&to);
                let depth = whole.chain.len() + 1;
                check(by != whole.to_whom, "DELEGATION_NOT_FOUND");
                check(self.status(parent) != Status::Active, "DELEGATION_NOT_IN_FORCE");
                check(is_above, "REPRESENTATIVE_IS_ABOVE");
                check(terms.bits & !whole.bits != 0, "PRIVILEGE_NOT_DELEGATED");
                let too_deep = |bit: usize| terms.bits >> bit & 1 == 1 && depth > DEPTHS[bit];
                check((0..DEPTHS.len()).any(too_deep), "SUB_DELEGATION_NOT_ALLOWED");
                check(terms.end > whole.to, "PERIOD_BEYOND_PARENT");
                let overlapping = self.overlapping(whole.from_whom, to, terms);
                check(!overlapping.is_empty(), "DELEGATION_OVERLAPS");
            }
            Act::Renew { by, old, terms } => {
                let d = &self.all[old];
                check(by != d.from_whom, "DELEGATION_NOT_FOUND");
                check(!self.is_open(old), "DELEGATION_ENDED");
                check(d.parent.is_some(), "SUB_DELEGATION_NOT_RENEWABLE");
                let terms = Terms { bits: d.bits, ..terms };
                let overlapping = self.overlapping(d.from_whom, d.to_whom, terms);
                check(self.leaves_a_gap(&overlapping, terms), "REPLACEMENT_STARTS_LATER");
            }
            Act::Revoke { by, delegation } => {
                check(!self.may_revoke(by, delegation), "DELEGATION_NOT_FOUND");
            }
            Act::RevokePart { by, delegation, bits } => {
                let d = &self.all[delegation];
                check(!self.may_revoke(by, delegation), "DELEGATION_NOT_FOUND");
                check(bits & !(d.bits | d.taken_out) != 0, "PRIVILEGE_NOT_DELEGATED");
            }
            Act::RevokeAll { from, to } => check(from == to, "DELEGATOR_IS_REPRESENTATIVE"),
            Act::Renounce { by, delegation } => {
                check(by != self.all[delegation].to_whom, "DELEGATION_NOT_FOUND");
            }
            Act::Wait { .. } => {}
        }
        reasons
    }

    fn may_revoke(&self, by: usize, delegation: usize) -> bool {
        self.all[delegation].from_whom == by || self.all[delegation].chain.contains(&by)
    }

    /// Whether there is anything to end.
    fn is_open(&self, number: usize) -> bool {
        self.all[number].ended.is_none() && self.now < self.all[number].to
    }

    fn overlapping(&self, from: usize, to: usize, terms: Terms) -> Vec<usize> {
        let start = terms.start.unwrap_or(self.now);
        let overlaps = |d: &Delegation| {
            (d.from_whom, d.to_whom) == (from, to)
                && d.bits & terms.bits != 0
                && d.from < terms.end
                && start < d.to
        };
        (0..self.all.len()).filter(|n| self.is_open(*n) && overlaps(&self.all[*n])).collect()
    }

    /// Whether any of them is in force, or begins, before what is to replace it.
    fn leaves_a_gap(&self, replaced: &[usize], terms: Terms) -> bool {
        terms.start.is_some_and(|start| replaced.iter().any(|n| self.all[*n].from < start))
    }

    fn give(&mut self, from_whom: usize, to_whom: usize, terms: Terms, replaced: Vec<usize>) -> usize {
        let new = self.all.len();
        for old in &replaced {
            self.take_out(*old, terms.bits, (Status::Superseded, Event::Superseded), Event::Superseded);
            if self.all[*old].ended.is_some() {
                self.all[*old].superseded_by = Some(new);
            }
        }
        self.all.push(Delegation {
            from_whom,
            to_whom,
            bits: terms.bits,
            taken_out: 0,
            from: terms.start.unwrap_or(self.now),
            to: terms.end,
            parent: None,
            chain: Vec::new(),
            supersedes: replaced.into_iter().collect(),
            superseded_by: None,
            events: vec![Event::Created],
            ended: None,
        });
        new
    }

    fn end(&mut self, number: usize, how: Status, event: Event) {
        if !self.is_open(number) {
            return;
        }
        self.all[number].ended = Some(how);
        self.all[number].events.push(event);
        for child in self.children(number) {
            self.end(child, Status::Terminated, Event::Terminated);
        }
    }

    /// Takes out what it has of that; without anything left it ends, `whole` says how.
    fn take_out(&mut self, number: usize, bits: Bits, whole: (Status, Event), part: Event) {
        let taken = self.all[number].bits & bits;
        if !self.is_open(number) || taken == 0 {
            return;
        }
        if taken == self.all[number].bits {
            self.end(number, whole.0, whole.1);
            return;
        }
        self.all[number].bits &= !taken;
        self.all[number].taken_out |= taken;
        self.all[number].events.push(part);
        for child in self.children(number) {
            self.take_out(child, taken, (Status::Terminated, Event::Terminated), Event::PrivilegesRevoked);
        }
    }

    fn children(&self, number: usize) -> Vec<usize> {
        (0..self.all.len()).filter(|child| self.all[*child].parent == Some(number)).collect()
    }
}
