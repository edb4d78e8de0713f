//! A delegation and its life: given, then ended by its delegator, its representative or its period.
//!
//! The states are an enum that carries its data; a transition consumes the delegation and returns the next one, or
//! tells why there is none.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{party::PartyId, period::Period, privilege::PrivilegeUri};

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
    const ALL: [Self; 4] = [Self::NoLongerNeeded, Self::GivenByMistake, Self::LostConfidence, Self::Misuse];

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

/// Where a delegation is in its life. Whether it is in force at an instant is another question: see
/// [`crate::decision::decide`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Given, and not ended by anybody; its period may be to come, running or over.
    Active,
    /// Ended by the delegator.
    Revoked {
        /// When.
        at: DateTime<Utc>,
    },
    /// Ended by the representative.
    Renounced {
        /// When.
        at: DateTime<Utc>,
    },
}

impl State {
    /// When somebody ended it.
    #[must_use]
    pub const fn ended_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Active => None,
            Self::Revoked { at } | Self::Renounced { at } => Some(at),
        }
    }

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked { .. } => "revoked",
            Self::Renounced { .. } => "renounced",
        }
    }

    /// The state of that name and instant, if they fit together.
    #[must_use]
    pub fn from_parts(name: &str, ended_at: Option<DateTime<Utc>>) -> Option<Self> {
        match (name, ended_at) {
            ("active", None) => Some(Self::Active),
            ("revoked", Some(at)) => Some(Self::Revoked { at }),
            ("renounced", Some(at)) => Some(Self::Renounced { at }),
            _ => None,
        }
    }
}

/// What a delegation's parties are told about where it stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The period has not begun.
    Scheduled,
    /// In the period, not ended.
    Active,
    /// The period is over.
    Expired,
    /// Ended by the delegator.
    Revoked,
    /// Ended by the representative.
    Renounced,
}

/// A delegation (fuldmagt).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Its id.
    pub id: DelegationId,
    /// The delegator (fuldmagtsgiver).
    pub delegator: PartyId,
    /// The representative (fuldmagtshaver).
    pub representative: PartyId,
    /// What is delegated, sorted, without duplicates.
    pub privileges: Vec<PrivilegeUri>,
    /// From when until when.
    pub period: Period,
    /// Where it is in its life.
    pub state: State,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// Counts its events, from 1.
    pub version: i64,
}

/// There is nothing to end: somebody ended it already, or its period is over.
/// The delegation comes back unchanged: ending twice is not a failure to the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the delegation has ended already")]
pub struct AlreadyEnded(pub Box<Delegation>);

impl Delegation {
    /// The party on whose word the delegation ends in this way.
    #[must_use]
    pub const fn party_that_ends(&self, by: EndedBy) -> PartyId {
        match by {
            EndedBy::Delegator => self.delegator,
            EndedBy::Representative => self.representative,
        }
    }

    /// Ends the delegation. Nothing that was in force before the instant changes.
    ///
    /// # Errors
    /// [`AlreadyEnded`].
    pub fn end(self, by: EndedBy, at: DateTime<Utc>) -> Result<Self, AlreadyEnded> {
        match self.status(at) {
            Status::Expired | Status::Revoked | Status::Renounced => Err(AlreadyEnded(Box::new(self))),
            Status::Scheduled | Status::Active => {
                // An event is never earlier than the one before it, whatever the clocks of two machines say.
                let at = at.max(self.created_at);
                let state = match by {
                    EndedBy::Delegator => State::Revoked { at },
                    EndedBy::Representative => State::Renounced { at },
                };
                Ok(Self { state, version: self.version + 1, ..self })
            }
        }
    }

    /// What the parties are told at an instant.
    #[must_use]
    pub fn status(&self, at: DateTime<Utc>) -> Status {
        match self.state {
            State::Revoked { .. } => Status::Revoked,
            State::Renounced { .. } => Status::Renounced,
            State::Active if at < self.period.from() => Status::Scheduled,
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
}

impl Default for Rules {
    fn default() -> Self {
        Self { max_period_days: 730, min_delegator_age_years: 15 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn instant(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn delegation(from: i64, to: i64) -> Delegation {
        Delegation {
            id: DelegationId(Uuid::from_u128(1)),
            delegator: PartyId(Uuid::from_u128(2)),
            representative: PartyId(Uuid::from_u128(3)),
            privileges: vec![PrivilegeUri::parse("urn:dk:a").unwrap()],
            period: Period::new(instant(from), instant(to)).unwrap(),
            state: State::Active,
            created_at: instant(0),
            version: 1,
        }
    }

    #[test]
    fn ending_twice_changes_nothing() {
        let ended = delegation(0, 100).end(EndedBy::Delegator, instant(10)).unwrap();
        assert_eq!(ended.state, State::Revoked { at: instant(10) });
        assert_eq!(ended.version, 2);
        let AlreadyEnded(same) = ended.clone().end(EndedBy::Representative, instant(20)).unwrap_err();
        assert_eq!(*same, ended);
    }

    #[test]
    fn what_has_not_begun_can_be_ended_and_what_has_expired_cannot() {
        assert_eq!(
            delegation(50, 100).end(EndedBy::Representative, instant(10)).unwrap().status(instant(60)),
            Status::Renounced
        );
        assert!(delegation(0, 100).end(EndedBy::Delegator, instant(100)).is_err());
    }

    #[test]
    fn only_a_partys_own_word_ends_a_delegation() {
        let given = delegation(0, 100);
        assert_eq!(given.party_that_ends(EndedBy::Delegator), given.delegator);
        assert_eq!(given.party_that_ends(EndedBy::Representative), given.representative);
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
        fn a_state_is_read_back_as_it_was_stored(at in 0i64..1_000_000, which in 0usize..3) {
            let state = [State::Active, State::Revoked { at: instant(at) }, State::Renounced { at: instant(at) }][which];
            prop_assert_eq!(State::from_parts(state.as_str(), state.ended_at()), Some(state));
            let wrong = if state.ended_at().is_some() { None } else { Some(instant(at)) };
            prop_assert_eq!(State::from_parts(state.as_str(), wrong), None);
        }

        #[test]
        fn the_status_walks_one_way(from in 0i64..50, length in 1i64..50, steps in prop::collection::vec(0i64..20, 1..10)) {
            let given = delegation(from, from + length);
            let order = |status| match status {
                Status::Scheduled => 0,
                Status::Active => 1,
                Status::Expired | Status::Revoked | Status::Renounced => 2,
            };
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
