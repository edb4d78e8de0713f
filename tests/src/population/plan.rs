//! Who delegates what to whom, and for when.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::decision::{Asked, Circumstances, Decision, Ended, Grant, How, decide};
use fuldmagt_domain::delegation::{DelegationId, State};
use fuldmagt_domain::identifier::PartyKind;
use fuldmagt_domain::party::Standing;
use fuldmagt_domain::period::Period;
use fuldmagt_domain::privilege::Publication;

use super::catalogue::{PUBLISHED, PrivilegeNumber};
use super::parties::{PartyNumber, row_id};
use super::random::{Random, Zipf};

/// Most representatives that one delegator has. Half of those who give at all have one.
const MAX_GIVEN: usize = 200;
const GIVEN_EXPONENT: f64 = 2.0;
/// Most delegators that one representative has: an accountant with a thousand customers.
const MAX_HELD: usize = 1_000;
const HELD_EXPONENT: f64 = 1.6;
/// Who acts for more than so many is an organisation, or an employee of one.
const MAX_HELD_BY_PERSON: usize = 20;
/// The one with most holds at most this share of everything, so that small populations look alike.
const LARGEST_SHARE: usize = 10;
const MAX_PRIVILEGES: usize = 12;
const PRIVILEGES_EXPONENT: f64 = 1.3;
/// What is popular, by place in the catalogue.
const POPULARITY_EXPONENT: f64 = 0.8;
/// How long delegations are given for.
const DAYS: [i64; 3] = [180, 365, 730];
const MAX_TRIES: usize = 8;

/// One delegation.
#[derive(Debug, Clone, Copy)]
pub struct Delegation {
    /// Who gives.
    pub delegator: PartyNumber,
    /// Who may act.
    pub representative: PartyNumber,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// From when until when.
    pub period: Period,
    /// Whether, when and by whom it was ended.
    pub state: State,
    /// One bit for each privilege of the catalogue.
    privileges: u64,
}

impl Delegation {
    /// What is delegated.
    pub fn privileges(&self) -> impl Iterator<Item = PrivilegeNumber> + use<> {
        let bits = self.privileges;
        PrivilegeNumber::all().filter(move |number| bits >> number.0 & 1 == 1)
    }

    /// Who may use it: what an organisation holds the employee that it has designated, if it has one.
    pub fn user(&self) -> Option<PartyNumber> {
        match self.representative.kind() {
            PartyKind::Organisation => self.designated(),
            PartyKind::Person | PartyKind::Employee => Some(self.representative),
        }
    }

    /// The employee whom the representative, an organisation, designated when the delegation was given.
    pub(super) fn designated(&self) -> Option<PartyNumber> {
        self.representative.employee()
    }

    /// Whether a check of its user at the instant says yes, by the definition in the domain: all parties are of good
    /// standing and what is given is published.
    pub fn is_in_force(&self, at: DateTime<Utc>) -> bool {
        let circumstances = Circumstances {
            delegator: Standing::Good,
            representative: Standing::Good,
            employer: None,
            publication: Publication::Published { from: DateTime::UNIX_EPOCH },
        };
        let ended = self.state.ended_at().map(|at| Ended { at, how: how(self.state) });
        let grant = Grant { ended, ..Grant::own(DelegationId(uuid::Uuid::nil()), self.period) };
        matches!(decide(&[grant], circumstances, Asked::Now(at)), Decision::Granted { .. })
    }

    /// Its id, from its place in the population.
    pub(super) fn id(&self, place: usize, seed: u64) -> DelegationId {
        DelegationId(row_id(self.created_at, !seed ^ place as u64))
    }
}

/// How a delegation of the population ended.
fn how(state: State) -> How {
    if matches!(state, State::Renounced { .. }) { How::Renounced } else { How::Revoked }
}

/// Draws delegations until there are enough, and sorts them by age.
pub(super) fn draw(count: usize, parties: u32, random: &mut Random, now: DateTime<Utc>) -> Vec<Delegation> {
    let mut plan = Plan {
        relations: Relations::draw(count, parties, random),
        privileges: Zipf::new(MAX_PRIVILEGES, PRIVILEGES_EXPONENT),
        popularity: Zipf::new(PUBLISHED, POPULARITY_EXPONENT),
        delegations: Vec::with_capacity(count + 4),
        now,
    };
    while plan.delegations.len() < count {
        let (delegator, representative) = plan.relations.next(random);
        plan.relate(delegator, representative, random);
    }
    plan.delegations.truncate(count);
    plan.delegations.sort_by_key(|delegation| delegation.created_at);
    plan.delegations
}

struct Plan {
    relations: Relations,
    privileges: Zipf,
    popularity: Zipf,
    delegations: Vec<Delegation>,
    now: DateTime<Utc>,
}

impl Plan {
    /// One delegation, or several where the later ones renew the earlier ones.
    fn relate(&mut self, delegator: PartyNumber, representative: PartyNumber, random: &mut Random) {
        let renewals = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][random.below(10)];
        let privileges = self.mask(random);
        let (mut period, state, created_at) = self.latest(random);
        let add = |period: Period, state, created_at| Delegation {
            delegator,
            representative,
            created_at,
            period,
            state,
            privileges,
        };
        self.delegations.push(add(period, state, created_at));
        for _ in 0..renewals {
            let from = period.from() - TimeDelta::days(random.pick(&DAYS));
            period = Period::new(from, period.from()).expect("not reversed");
            self.delegations.push(add(period, State::Active, given_before(from, self.now, random)));
        }
    }

    fn mask(&self, random: &mut Random) -> u64 {
        let draws = self.privileges.draw(random);
        (0..draws).fold(0, |bits, _| bits | 1 << (self.popularity.draw(random) - 1))
    }

    /// Period, state and birth of the latest delegation of two parties.
    fn latest(&self, random: &mut Random) -> (Period, State, DateTime<Utc>) {
        let length = random.pick(&DAYS);
        let kind = random.below(100);
        let from = match kind {
            // Over.
            60..80 => self.now - TimeDelta::days(length) - some_days(random, 400),
            // To come.
            80..85 => self.now + some_days(random, 60),
            // Running, or ended by somebody.
            _ => self.now - some_days(random, length),
        };
        let period = Period::new(from, from + TimeDelta::days(length)).expect("not reversed");
        let created_at = given_before(from, self.now, random);
        let state = match kind {
            85..97 => State::Revoked { at: between(created_at, self.now, random) },
            97..100 => State::Renounced { at: between(created_at, self.now, random) },
            _ => State::Active,
        };
        (period, state, created_at)
    }
}

/// More than nothing, and at most so many days.
fn some_days(random: &mut Random, most: i64) -> TimeDelta {
    let seconds = TimeDelta::days(most).num_seconds().unsigned_abs() as usize;
    TimeDelta::seconds(1 + random.below(seconds) as i64)
}

/// Most are given for at once, some some days ahead; none in the future.
fn given_before(from: DateTime<Utc>, now: DateTime<Utc>, random: &mut Random) -> DateTime<Utc> {
    let ahead = if random.percent(70) { TimeDelta::zero() } else { some_days(random, 10) };
    (from - ahead).min(now - some_days(random, 1))
}

fn between(from: DateTime<Utc>, to: DateTime<Utc>, random: &mut Random) -> DateTime<Utc> {
    let micros = (to - from).num_microseconds().expect("some years").unsigned_abs() as usize;
    from + TimeDelta::microseconds(random.below(micros) as i64)
}

/// Pairs of parties, each at most once.
struct Relations {
    /// Who may give, in random order; taken from the end.
    delegators: Vec<PartyNumber>,
    given: Zipf,
    /// Each representative as often as it holds, in random order; used in a circle.
    held: Vec<PartyNumber>,
    place: usize,
    /// The delegator of the moment, how many it still gives to, and whom it gave to.
    current: (PartyNumber, usize),
    seen: HashSet<PartyNumber>,
}

impl Relations {
    fn draw(count: usize, parties: u32, random: &mut Random) -> Self {
        let mut delegators: Vec<_> =
            (0..parties).map(PartyNumber).filter(|party| party.kind() != PartyKind::Employee).collect();
        random.shuffle(&mut delegators);
        let held = held(count, parties, random);
        let current = (delegators.pop().expect("some parties"), 0);
        let given = Zipf::new(MAX_GIVEN, GIVEN_EXPONENT);
        Self { delegators, given, held, place: 0, current, seen: HashSet::new() }
    }

    fn next(&mut self, random: &mut Random) -> (PartyNumber, PartyNumber) {
        loop {
            if self.current.1 == 0 {
                let delegator = self.delegators.pop().expect("more parties than delegators");
                self.current = (delegator, self.given.draw(random));
                self.seen = HashSet::from([delegator]);
            }
            for _ in 0..MAX_TRIES {
                let representative = self.held[self.place % self.held.len()];
                self.place += 1;
                if self.seen.insert(representative) {
                    self.current.1 -= 1;
                    return (self.current.0, representative);
                }
            }
            // In a small population a delegator may run out of others.
            self.current.1 = 0;
        }
    }
}

/// Each representative as often as it holds a delegation.
fn held(count: usize, parties: u32, random: &mut Random) -> Vec<PartyNumber> {
    let numbers = |wanted: fn(PartyKind) -> bool| {
        (0..parties).map(PartyNumber).filter(move |party| wanted(party.kind()))
    };
    let mut professionals: Vec<_> = numbers(|kind| kind != PartyKind::Person).collect();
    let mut persons: Vec<_> = numbers(|kind| kind == PartyKind::Person).collect();
    random.shuffle(&mut professionals);
    random.shuffle(&mut persons);
    let most = MAX_HELD.min(count / LARGEST_SHARE).max(1);
    let distribution = Zipf::new(most, HELD_EXPONENT);
    let mut held = Vec::with_capacity(count + most);
    let mut times = most;
    while held.len() < count {
        let list = if times > MAX_HELD_BY_PERSON { &mut professionals } else { &mut persons };
        let Some(representative) = list.pop() else { break };
        held.extend(std::iter::repeat_n(representative, times));
        times = distribution.draw(random);
    }
    random.shuffle(&mut held);
    held
}
