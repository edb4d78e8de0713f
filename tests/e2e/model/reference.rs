//! The reference: what a delegation is, in as few words as it takes, and written without a look at the service's own rules.

use std::collections::BTreeSet;

use fuldmagt_proto::v1::{DelegationEventKind as Event, DelegationStatus as Status};
use proptest::sample::Index;

use super::command::{Act, Bits, Terms};

/// Since the case began.
pub(super) type Seconds = i64;

const DAY: Seconds = 24 * 3_600;
/// What the service says of requests: how long they wait, how many may wait, and when it is enough.
const LAPSES_AFTER: Seconds = 30 * DAY;
const MOST_WAITING: usize = 20;
const MOST_WAITING_OF_A_PAIR: usize = 5;
const MOST_DECLINED: usize = 3;
const NO_MORE_FOR: Seconds = 90 * DAY;

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
    /// That it was asked for, if it was.
    pub(super) asked: Option<Asked>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// When nobody can answer it any more.
    pub(super) lapses: Seconds,
    /// It begins when it is accepted.
    pub(super) from_acceptance: bool,
    /// When it was declined.
    declined: Option<Seconds>,
    pub(super) accepted: bool,
}

impl Delegation {
    /// Whether it is, or was, more than a request.
    pub(super) fn was_given(&self) -> bool {
        self.asked.is_none_or(|asked| asked.accepted)
    }
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

    /// One of those that were asked for.
    pub(super) fn pick_asked(&self, pick: Index) -> Option<usize> {
        let asked: Vec<_> = (0..self.all.len()).filter(|n| self.all[*n].asked.is_some()).collect();
        (!asked.is_empty()).then(|| asked[pick.index(asked.len())])
    }

    /// The delegation by which one may act for the other on the privilege.
    pub(super) fn granted(&self, from: usize, to: usize, bit: usize) -> Option<usize> {
        self.all.iter().position(|d| {
            d.was_given()
                && (d.from_whom, d.to_whom) == (from, to)
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
            None if !d.was_given() && d.asked.is_some_and(|asked| asked.lapses <= self.now) => Status::Lapsed,
            None if !d.was_given() => Status::Requested,
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
            Act::Ask { from, to, terms } => vec![self.ask(from, to, terms)],
            Act::Accept { request, part, end, .. } => {
                let terms = self.accepted(request, part, end);
                let d = &self.all[request];
                let overlapping = self.overlapping(d.from_whom, d.to_whom, terms);
                self.accept(request, terms, overlapping);
                vec![request]
            }
            Act::Decline { request, .. } => {
                self.settle(request, Status::Declined, Event::Declined);
                vec![request]
            }
            Act::Withdraw { request, .. } => {
                self.settle(request, Status::Withdrawn, Event::Withdrawn);
                vec![request]
            }
            Act::Wait { seconds } => {
                self.now += seconds;
                Vec::new()
            }
        })
    }

    fn ask(&mut self, from: usize, to: usize, terms: Terms) -> usize {
        let new = self.give(from, to, terms, Vec::new());
        let asked = Asked {
            lapses: self.now + LAPSES_AFTER,
            from_acceptance: terms.start.is_none(),
            declined: None,
            accepted: false,
        };
        self.all[new].asked = Some(asked);
        self.all[new].events = vec![Event::Requested];
        new
    }

    /// What is accepted: never more than was asked for, or it is refused.
    fn accepted(&self, request: usize, part: Option<Bits>, end: Option<Seconds>) -> Terms {
        let d = &self.all[request];
        let later = d.asked.is_some_and(|asked| !asked.from_acceptance) && d.from > self.now;
        Terms { bits: part.unwrap_or(d.bits), start: later.then_some(d.from), end: end.unwrap_or(d.to) }
    }

    fn accept(&mut self, request: usize, terms: Terms, replaced: Vec<usize>) {
        self.supersede(request, terms.bits, &replaced);
        let start = terms.start.unwrap_or(self.now);
        let d = &mut self.all[request];
        (d.bits, d.from, d.to) = (terms.bits, start, terms.end);
        d.supersedes = replaced.into_iter().collect();
        d.events.push(Event::Accepted);
        d.asked = d.asked.map(|asked| Asked { accepted: true, ..asked });
    }

    /// Answers without a delegation, once.
    fn settle(&mut self, request: usize, how: Status, event: Event) {
        let now = self.now;
        let d = &mut self.all[request];
        if d.ended != Some(how) {
            d.ended = Some(how);
            d.events.push(event);
            let declined = (how == Status::Declined).then_some(now);
            d.asked = d.asked.map(|asked| Asked { declined, ..asked });
        }
    }

    /// Why it cannot be answered any more, if it cannot.
    fn answered(&self, request: usize) -> Option<&'static str> {
        match self.status(request) {
            Status::Requested => None,
            Status::Declined => Some("REQUEST_DECLINED"),
            Status::Withdrawn => Some("REQUEST_WITHDRAWN"),
            Status::Lapsed => Some("REQUEST_LAPSED"),
            _ => Some("REQUEST_ANSWERED"),
        }
    }

    /// How many requests the one has waiting, at all or of the other.
    fn waiting(&self, to: usize, from: Option<usize>) -> usize {
        let is_one = |n: &usize| {
            let d = &self.all[*n];
            d.to_whom == to && from.is_none_or(|from| d.from_whom == from)
        };
        (0..self.all.len()).filter(is_one).filter(|n| self.status(*n) == Status::Requested).count()
    }

    fn is_declined_too_often(&self, to: usize, from: usize) -> bool {
        let of_them = self.all.iter().filter(|d| (d.from_whom, d.to_whom) == (from, to));
        let declined: Vec<_> = of_them.filter_map(|d| d.asked?.declined).collect();
        declined.len() >= MOST_DECLINED && declined.iter().any(|at| self.now < at + NO_MORE_FOR)
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
                check(!self.all[old].was_given(), "DELEGATION_NOT_GIVEN");
                check(!self.is_open(old), "DELEGATION_ENDED");
                check(d.parent.is_some(), "SUB_DELEGATION_NOT_RENEWABLE");
                let terms = Terms { bits: d.bits, ..terms };
                let overlapping = self.overlapping(d.from_whom, d.to_whom, terms);
                check(self.leaves_a_gap(&overlapping, terms), "REPLACEMENT_STARTS_LATER");
            }
            Act::Revoke { by, delegation } => {
                check(!self.may_revoke(by, delegation), "DELEGATION_NOT_FOUND");
                check(!self.all[delegation].was_given(), "DELEGATION_NOT_GIVEN");
            }
            Act::RevokePart { by, delegation, bits } => {
                let d = &self.all[delegation];
                check(!self.may_revoke(by, delegation), "DELEGATION_NOT_FOUND");
                check(!d.was_given(), "DELEGATION_NOT_GIVEN");
                check(bits & !(d.bits | d.taken_out) != 0, "PRIVILEGE_NOT_DELEGATED");
            }
            Act::RevokeAll { from, to } => check(from == to, "DELEGATOR_IS_REPRESENTATIVE"),
            Act::Renounce { by, delegation } => {
                check(by != self.all[delegation].to_whom, "DELEGATION_NOT_FOUND");
                check(!self.all[delegation].was_given(), "DELEGATION_NOT_GIVEN");
            }
            Act::Ask { from, to, .. } => {
                check(from == to, "DELEGATOR_IS_REPRESENTATIVE");
                check(self.waiting(to, None) >= MOST_WAITING, "REQUESTS_EXHAUSTED");
                let of_the_pair = self.waiting(to, Some(from));
                check(of_the_pair >= MOST_WAITING_OF_A_PAIR, "REQUESTS_TO_DELEGATOR_EXHAUSTED");
                check(self.is_declined_too_often(to, from), "REQUESTS_DECLINED_TOO_OFTEN");
            }
            Act::Accept { by, request, part, end, replace } => {
                let (d, terms) = (&self.all[request], self.accepted(request, part, end));
                check(by != d.from_whom, "DELEGATION_NOT_FOUND");
                if let Some(reason) = self.answered(request) {
                    check(true, reason);
                } else {
                    check(terms.bits & !d.bits != 0 || terms.end > d.to, "ACCEPTANCE_WIDER");
                    check(d.to <= self.now, "PERIOD_IN_PAST");
                    let overlapping = self.overlapping(d.from_whom, d.to_whom, terms);
                    check(!replace && !overlapping.is_empty(), "DELEGATION_OVERLAPS");
                    check(replace && self.leaves_a_gap(&overlapping, terms), "REPLACEMENT_STARTS_LATER");
                }
            }
            Act::Decline { by, request } => {
                check(by != self.all[request].from_whom, "DELEGATION_NOT_FOUND");
                let answered = self.answered(request).filter(|reason| *reason != "REQUEST_DECLINED");
                check(answered.is_some(), answered.unwrap_or_default());
            }
            Act::Withdraw { by, request } => {
                check(by != self.all[request].to_whom, "DELEGATION_NOT_FOUND");
                let answered = self.answered(request).filter(|reason| *reason != "REQUEST_WITHDRAWN");
                check(answered.is_some(), answered.unwrap_or_default());
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
        let d = &self.all[number];
        d.was_given() && d.ended.is_none() && self.now < d.to
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
        self.supersede(new, terms.bits, &replaced);
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
            asked: None,
        });
        new
    }

    fn supersede(&mut self, new: usize, bits: Bits, replaced: &[usize]) {
        for old in replaced {
            self.take_out(*old, bits, (Status::Superseded, Event::Superseded), Event::Superseded);
            if self.all[*old].ended.is_some() {
                self.all[*old].superseded_by = Some(new);
            }
        }
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
