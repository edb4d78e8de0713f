//! Where a delegation is in its life. The states carry their data.

use chrono::{DateTime, Utc};

/// Where a delegation is in its life. Whether it is in force at an instant is another question: see
/// [`crate::decision::decide`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Asked for by the representative, and not answered.
    Requested {
        /// When it lapses: from then on it cannot be answered, whether or not that was written down.
        lapses_at: DateTime<Utc>,
    },
    /// A request that the delegator said no to.
    Declined {
        /// When.
        at: DateTime<Utc>,
    },
    /// A request that the representative took back.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
    /// A request that was not answered in time, written down.
    Lapsed {
        /// When.
        at: DateTime<Utc>,
    },
    /// On paper: the form is on its way.
    PaperStarted,
    /// On paper: the signed form is registered, and waits for a second caseworker.
    PaperRegistered,
    /// On paper: rejected by a caseworker.
    PaperRejected {
        /// When.
        at: DateTime<Utc>,
    },
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
    /// Replaced by another delegation.
    Superseded {
        /// When.
        at: DateTime<Utc>,
    },
    /// Ended by law or by what it depended on.
    Terminated {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        why: Termination,
    },
}

/// Why a delegation was ended by law or by what it depended on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    /// A party died (CPR status 90).
    Death,
    /// The delegation that it was a part of ended.
    ParentEnded,
    /// The representative's employment ended.
    EmploymentEnded,
    /// Its two parties turned out to be one person.
    PartiesMerged,
    /// After a merge the same was delegated twice; the other lasts longer.
    DuplicateAfterMerge,
    /// A party that was suspended will not come back.
    PartyEnded,
}

impl Termination {
    pub(super) const ALL: [Self; 6] = [
        Self::Death,
        Self::ParentEnded,
        Self::EmploymentEnded,
        Self::PartiesMerged,
        Self::DuplicateAfterMerge,
        Self::PartyEnded,
    ];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Death => "death",
            Self::ParentEnded => "parent_ended",
            Self::EmploymentEnded => "employment_ended",
            Self::PartiesMerged => "parties_merged",
            Self::DuplicateAfterMerge => "duplicate_after_merge",
            Self::PartyEnded => "party_ended",
        }
    }

    /// The reason of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == name)
    }
}

/// The columns that a state is stored in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateParts<'a> {
    /// The stable name.
    pub name: &'a str,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When a request lapses. Of a request that was answered it is kept, and no part of the state.
    pub lapses_at: Option<DateTime<Utc>>,
    /// The stable name of a [`Termination`].
    pub termination: Option<&'a str>,
}

impl State {
    /// When somebody or something ended it.
    #[must_use]
    pub const fn ended_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Requested { .. } | Self::PaperStarted | Self::PaperRegistered | Self::Active => None,
            Self::Declined { at }
            | Self::Withdrawn { at }
            | Self::Lapsed { at }
            | Self::PaperRejected { at }
            | Self::Revoked { at }
            | Self::Renounced { at }
            | Self::Superseded { at }
            | Self::Terminated { at, .. } => Some(at),
        }
    }

    /// Why it was terminated, if it was.
    #[must_use]
    pub const fn termination(self) -> Option<Termination> {
        match self {
            Self::Terminated { why, .. } => Some(why),
            Self::Requested { .. }
            | Self::PaperStarted
            | Self::PaperRegistered
            | Self::Active
            | Self::Declined { .. }
            | Self::Withdrawn { .. }
            | Self::Lapsed { .. }
            | Self::PaperRejected { .. }
            | Self::Revoked { .. }
            | Self::Renounced { .. }
            | Self::Superseded { .. } => None,
        }
    }

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested { .. } => "requested",
            Self::Declined { .. } => "declined",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Lapsed { .. } => "lapsed",
            Self::PaperStarted => "paper_started",
            Self::PaperRegistered => "paper_registered",
            Self::PaperRejected { .. } => "paper_rejected",
            Self::Active => "active",
            Self::Revoked { .. } => "revoked",
            Self::Renounced { .. } => "renounced",
            Self::Superseded { .. } => "superseded",
            Self::Terminated { .. } => "terminated",
        }
    }

    /// The state of those parts, if they fit together.
    #[must_use]
    pub fn from_parts(parts: StateParts<'_>) -> Option<Self> {
        match (parts.name, parts.ended_at, parts.termination) {
            ("requested", None, None) => Some(Self::Requested { lapses_at: parts.lapses_at? }),
            ("paper_started", None, None) => Some(Self::PaperStarted),
            ("paper_registered", None, None) => Some(Self::PaperRegistered),
            ("active", None, None) => Some(Self::Active),
            ("declined", Some(at), None) => Some(Self::Declined { at }),
            ("withdrawn", Some(at), None) => Some(Self::Withdrawn { at }),
            ("lapsed", Some(at), None) => Some(Self::Lapsed { at }),
            ("paper_rejected", Some(at), None) => Some(Self::PaperRejected { at }),
            ("revoked", Some(at), None) => Some(Self::Revoked { at }),
            ("renounced", Some(at), None) => Some(Self::Renounced { at }),
            ("superseded", Some(at), None) => Some(Self::Superseded { at }),
            ("terminated", Some(at), Some(why)) => {
                Some(Self::Terminated { at, why: Termination::parse(why)? })
            }
            _ => None,
        }
    }
}

/// What a delegation's parties are told about where it stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Asked for, not answered.
    Requested,
    /// The delegator said no.
    Declined,
    /// The representative took the request back.
    Withdrawn,
    /// Not answered in time.
    Lapsed,
    /// On paper: the form is on its way.
    PaperStarted,
    /// On paper: waits for a second caseworker.
    PaperRegistered,
    /// On paper: rejected.
    PaperRejected,
    /// The period has not begun.
    Scheduled,
    /// In the period, not ended.
    Active,
    /// In the period, not ended, but a party is suspended.
    Suspended,
    /// The period is over.
    Expired,
    /// Ended by the delegator.
    Revoked,
    /// Ended by the representative.
    Renounced,
    /// Replaced.
    Superseded,
    /// Ended by law or by what it depended on.
    Terminated,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instant(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    /// Every state, at an instant.
    fn all(at: DateTime<Utc>) -> Vec<State> {
        let mut states = vec![
            State::Requested { lapses_at: at },
            State::Declined { at },
            State::Withdrawn { at },
            State::Lapsed { at },
            State::PaperStarted,
            State::PaperRegistered,
            State::PaperRejected { at },
            State::Active,
            State::Revoked { at },
            State::Renounced { at },
            State::Superseded { at },
        ];
        states.extend(Termination::ALL.map(|why| State::Terminated { at, why }));
        states
    }

    proptest! {
        #[test]
        fn a_state_is_read_back_as_it_was_stored(at in 0i64..1_000_000) {
            for state in all(instant(at)) {
                let parts = StateParts {
                    name: state.as_str(),
                    ended_at: state.ended_at(),
                    lapses_at: matches!(state, State::Requested { .. }).then(|| instant(at)),
                    termination: state.termination().map(Termination::as_str),
                };
                prop_assert_eq!(State::from_parts(parts), Some(state));
                let wrong = if parts.ended_at.is_some() { None } else { Some(instant(at)) };
                prop_assert_eq!(State::from_parts(StateParts { ended_at: wrong, ..parts }), None);
                let wrong = if parts.termination.is_some() { None } else { Some("death") };
                prop_assert_eq!(State::from_parts(StateParts { termination: wrong, ..parts }), None);
            }
        }
    }
}
