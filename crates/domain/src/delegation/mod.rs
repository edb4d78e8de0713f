//! A delegation and its life.
//!
//! The states are an enum that carries its data ([`State`]). What a command does to a delegation is a [`Step`]: the
//! delegation after it, its event, and all that goes with it. The rules that make steps are in [`crate::giving`],
//! [`crate::request`], [`crate::ending`] and their like.

mod content;
mod state;
mod step;

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{party::PartyId, period::Period, privilege::PrivilegeUri};

pub use content::{Content, Packages};
pub use state::{State, StateParts, Status, Termination};
pub use step::{EventKind, NoticeKind, PaperRejectReason, Reason, Step};

/// Most privileges in one delegation: ten times the largest package known, and small enough to list in one answer.
pub const MAX_PRIVILEGES: usize = 100;

/// The id of a delegation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DelegationId(pub Uuid);

impl fmt::Display for DelegationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who ended a delegation before its period did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The delegator: it is revoked (tilbagekaldt).
    Delegator,
    /// The representative: it is renounced (opsagt).
    Representative,
}

/// Why a delegation was ended, as the one who ended it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// No longer needed.
    NoLongerNeeded,
    /// Given by mistake, or to the wrong party.
    GivenByMistake,
    /// One no longer wants the other.
    LostConfidence,
    /// Misused, or perhaps.
    Misuse,
}

impl EndReason {
    pub(crate) const ALL: [Self; 4] =
        [Self::NoLongerNeeded, Self::GivenByMistake, Self::LostConfidence, Self::Misuse];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoLongerNeeded => "no_longer_needed",
            Self::GivenByMistake => "given_by_mistake",
            Self::LostConfidence => "lost_confidence",
            Self::Misuse => "misuse",
        }
    }

    /// The reason of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// What a delegation hangs together with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The delegation that it is a part of, for a sub-delegation.
    pub parent: Option<DelegationId>,
    /// The representatives above it, from the top; as many as it is deep.
    pub chain: Vec<PartyId>,
    /// The delegations that it replaced, wholly or in part.
    pub supersedes: Vec<DelegationId>,
    /// The delegation that replaced it, if it ended so.
    pub superseded_by: Option<DelegationId>,
}

/// A delegation (fuldmagt), or a request for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Its id.
    pub id: DelegationId,
    /// The delegator (fuldmagtsgiver).
    pub delegator: PartyId,
    /// The representative (fuldmagtshaver).
    pub representative: PartyId,
    /// What is delegated, or was when it ended, or is asked for; sorted, without duplicates.
    pub privileges: Vec<PrivilegeUri>,
    /// What was taken out while the rest lived on, sorted.
    pub taken_out: Vec<PrivilegeUri>,
    /// The packages that it follows.
    pub packages: Packages,
    /// From when until when. For a request: as asked for.
    pub period: Period,
    /// For a request: the period begins when it is accepted.
    pub starts_on_acceptance: bool,
    /// When the request lapses or would have; `None` when it was never one.
    pub lapses_at: Option<DateTime<Utc>>,
    /// Where it is in its life.
    pub state: State,
    /// Whether a party, or a representative above, is suspended at present.
    pub suspended: bool,
    /// What it hangs together with.
    pub links: Links,
    /// When it was given or asked for.
    pub created_at: DateTime<Utc>,
    /// Counts its events, from 1.
    pub version: i64,
}

impl Delegation {
    /// What it grants, granted when it ended, or is asked for.
    #[must_use]
    pub fn content(&self) -> Content {
        Content { privileges: self.privileges.clone(), packages: self.packages.followed.clone() }
    }

    /// The party on whose word the delegation ends in this way. A sub-delegation is taken back by the representative
    /// that gave it on.
    #[must_use]
    pub fn party_that_ends(&self, by: EndedBy) -> PartyId {
        match by {
            EndedBy::Delegator => self.delegator,
            EndedBy::Representative => self.representative,
        }
    }

    /// Whether the party may revoke it: the delegator, and for a sub-delegation each representative above.
    #[must_use]
    pub fn may_be_revoked_by(&self, party: PartyId) -> bool {
        self.delegator == party || self.links.chain.contains(&party)
    }

    /// Whether it was given and nobody ended it; its period may be to come, running or over.
    #[must_use]
    pub fn lives(&self) -> bool {
        self.state == State::Active
    }

    /// When somebody or something ended it, as the parties are told at an instant: of a request that has lapsed also
    /// before that is written down.
    #[must_use]
    pub fn ended_at(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if let State::Requested { lapses_at } = self.state
            && lapses_at <= at
        {
            return Some(lapses_at);
        }
        self.state.ended_at()
    }

    /// Whether there is something to end at an instant: it was given, nobody ended it, and its period is not over.
    #[must_use]
    pub fn lives_at(&self, at: DateTime<Utc>) -> bool {
        self.lives() && at < self.period.to()
    }

    /// What the parties are told at an instant.
    #[must_use]
    pub fn status(&self, at: DateTime<Utc>) -> Status {
        match self.state {
            State::Requested { lapses_at } if at < lapses_at => Status::Requested,
            State::Requested { .. } | State::Lapsed { .. } => Status::Lapsed,
            State::Declined { .. } => Status::Declined,
            State::Withdrawn { .. } => Status::Withdrawn,
            State::PaperStarted => Status::PaperStarted,
            State::PaperRegistered => Status::PaperRegistered,
            State::PaperRejected { .. } => Status::PaperRejected,
            State::Revoked { .. } => Status::Revoked,
            State::Renounced { .. } => Status::Renounced,
            State::Superseded { .. } => Status::Superseded,
            State::Terminated { .. } => Status::Terminated,
            State::Active if at < self.period.from() => Status::Scheduled,
            State::Active if at < self.period.to() && self.suspended => Status::Suspended,
            State::Active if at < self.period.to() => Status::Active,
            State::Active => Status::Expired,
        }
    }
}

/// The refusals of a list of privileges, before any of them is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivilegesError {
    /// None, or more than [`MAX_PRIVILEGES`].
    #[error("1 to {MAX_PRIVILEGES} privileges")]
    Count,
    /// One is listed twice.
    #[error("a privilege is listed twice")]
    Duplicate,
}

impl PrivilegesError {
    /// The stable reason told to callers.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Count => "PRIVILEGES_COUNT",
            Self::Duplicate => "PRIVILEGE_DUPLICATE",
        }
    }
}

/// Sorts the privileges of one delegation.
///
/// # Errors
/// [`PrivilegesError`] when there are none, too many or the same twice.
pub fn sorted_privileges(mut privileges: Vec<PrivilegeUri>) -> Result<Vec<PrivilegeUri>, PrivilegesError> {
    if privileges.is_empty() || privileges.len() > MAX_PRIVILEGES {
        return Err(PrivilegesError::Count);
    }
    privileges.sort();
    if privileges.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(PrivilegesError::Duplicate);
    }
    Ok(privileges)
}

/// The service-wide rules that a country sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Longest period of any delegation, in days.
    pub max_period_days: u32,
    /// Youngest age at which a person may give a delegation, in completed years.
    pub min_delegator_age_years: u32,
    /// How long a request waits for an answer, in days.
    pub request_lapse_days: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { max_period_days: 730, min_delegator_age_years: 15, request_lapse_days: 30 }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Delegations for tests.

    use super::*;

    pub(crate) fn instant(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    pub(crate) fn party(id: u128) -> PartyId {
        PartyId(Uuid::from_u128(id))
    }

    pub(crate) fn uri(text: &str) -> PrivilegeUri {
        PrivilegeUri::parse(text).unwrap()
    }

    /// From party 2 to party 3, of `urn:dk:a` and `urn:dk:b`, active.
    pub(crate) fn delegation(from: i64, to: i64) -> Delegation {
        Delegation {
            id: DelegationId(Uuid::from_u128(1)),
            delegator: party(2),
            representative: party(3),
            privileges: vec![uri("urn:dk:a"), uri("urn:dk:b")],
            taken_out: Vec::new(),
            packages: Packages::default(),
            period: Period::new(instant(from), instant(to)).unwrap(),
            starts_on_acceptance: false,
            lapses_at: None,
            state: State::Active,
            suspended: false,
            links: Links::default(),
            created_at: instant(0),
            version: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::{
        testing::{delegation, instant},
        *,
    };

    #[test]
    fn only_a_partys_own_word_ends_a_delegation() {
        let given = delegation(0, 100);
        assert_eq!(given.party_that_ends(EndedBy::Delegator), given.delegator);
        assert_eq!(given.party_that_ends(EndedBy::Representative), given.representative);
    }

    #[test]
    fn a_request_lapses_by_computation() {
        let lapses_at = instant(10);
        let request = Delegation { state: State::Requested { lapses_at }, ..delegation(0, 100) };
        assert_eq!((request.status(instant(9)), request.ended_at(instant(9))), (Status::Requested, None));
        let written = Delegation { state: State::Lapsed { at: lapses_at }, ..request.clone() };
        for request in [request, written] {
            let told = (request.status(instant(10)), request.ended_at(instant(10)));
            assert_eq!(told, (Status::Lapsed, Some(lapses_at)));
        }
    }

    #[test]
    fn a_suspended_delegation_says_so_within_its_period_only() {
        let suspended = Delegation { suspended: true, ..delegation(10, 100) };
        assert_eq!(suspended.status(instant(9)), Status::Scheduled);
        assert_eq!(suspended.status(instant(10)), Status::Suspended);
        assert_eq!(suspended.status(instant(100)), Status::Expired);
    }

    #[test]
    fn privileges_are_sorted_counted_and_never_doubled() {
        let uri = |n: usize| PrivilegeUri::parse(&format!("urn:dk:{n:03}")).unwrap();
        assert_eq!(sorted_privileges(vec![]), Err(PrivilegesError::Count));
        assert_eq!(sorted_privileges((0..101).map(uri).collect()), Err(PrivilegesError::Count));
        assert_eq!(sorted_privileges(vec![uri(1), uri(2), uri(1)]), Err(PrivilegesError::Duplicate));
        assert_eq!(sorted_privileges(vec![uri(2), uri(1)]), Ok(vec![uri(1), uri(2)]));
    }

    proptest! {
        #[test]
        fn the_status_walks_one_way(from in 0i64..50, length in 1i64..50, steps in prop::collection::vec(0i64..20, 1..10)) {
            let given = delegation(from, from + length);
            let walk = [Status::Scheduled, Status::Active, Status::Expired];
            let order = |status| walk.iter().position(|step| *step == status).expect("nothing else happens");
            let mut now = instant(0);
            let mut last = 0;
            for step in steps {
                now += TimeDelta::seconds(step);
                let next = order(given.status(now));
                prop_assert!(next >= last);
                last = next;
            }
        }
    }
}
