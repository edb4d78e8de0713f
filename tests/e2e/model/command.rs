//! What somebody may do: drawn at random, and made definite by what there is.

use proptest::prelude::*;
use proptest::sample::Index;

use super::reference::{Reference, Seconds};

/// How many people there are; the first two give.
pub(super) const PEOPLE: usize = 6;
const DELEGATORS: usize = 2;
/// How many privileges there are.
pub(super) const PRIVILEGES: usize = 3;

/// A set of privileges, one bit for each.
pub(super) type Bits = u8;

/// What is drawn. Shrinks to fewer and plainer commands.
#[derive(Clone, Debug)]
pub(super) enum Command {
    Give { from: usize, to: usize, bits: Bits, when: When, replace: bool },
    GiveOn { pick: Index, by: By, to: usize, bits: Bits, when: When, fitted: bool },
    Renew { pick: Index, by: By, when: When },
    Revoke { pick: Index, by: By },
    RevokePart { pick: Index, by: By, bits: Bits },
    RevokeAll { from: usize, to: usize },
    Renounce { pick: Index, by: By },
    Wait { hours: i64 },
}

/// From when until when, in hours: from the instant of the command, or from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    start: i64,
    length: i64,
}

/// Who does it: who may, or anybody.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    WhoMay,
    Anybody(usize),
}

/// A definite command. People, delegations and privileges are numbers; a delegation's is its place among all.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Give {
        from: usize,
        to: usize,
        terms: Terms,
        replace: bool,
    },
    GiveOn {
        by: usize,
        parent: usize,
        to: usize,
        terms: Terms,
    },
    /// The privileges of the terms are not said: they are those of the delegation.
    Renew {
        by: usize,
        old: usize,
        terms: Terms,
    },
    Revoke {
        by: usize,
        delegation: usize,
    },
    RevokePart {
        by: usize,
        delegation: usize,
        bits: Bits,
    },
    RevokeAll {
        from: usize,
        to: usize,
    },
    Renounce {
        by: usize,
        delegation: usize,
    },
    Wait {
        seconds: Seconds,
    },
}

/// What for when. Without a start it begins with the command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) bits: Bits,
    pub(super) start: Option<Seconds>,
    pub(super) end: Seconds,
}

const HOUR: Seconds = 3_600;

impl Command {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let bits = || 1..1u8 << PRIVILEGES;
        let when = || {
            let start = prop_oneof![3 => Just(0i64), 1 => 1i64..48];
            (start, 1i64..72).prop_map(|(start, length)| When { start, length })
        };
        let pick = any::<Index>;
        let by = || prop_oneof![8 => Just(By::WhoMay), 1 => (0..PEOPLE).prop_map(By::Anybody)];
        prop_oneof![
            5 => (0..DELEGATORS, 0..PEOPLE, bits(), when(), any::<bool>())
                .prop_map(|(from, to, bits, when, replace)| Self::Give { from, to, bits, when, replace }),
            5 => (pick(), by(), 0..PEOPLE, bits(), when(), prop::bool::weighted(0.8))
                .prop_map(|(pick, by, to, bits, when, fitted)| Self::GiveOn { pick, by, to, bits, when, fitted }),
            2 => (pick(), by(), when()).prop_map(|(pick, by, when)| Self::Renew { pick, by, when }),
            2 => (pick(), by()).prop_map(|(pick, by)| Self::Revoke { pick, by }),
            2 => (pick(), by(), bits()).prop_map(|(pick, by, bits)| Self::RevokePart { pick, by, bits }),
            1 => (0..DELEGATORS, 0..PEOPLE).prop_map(|(from, to)| Self::RevokeAll { from, to }),
            1 => (pick(), by()).prop_map(|(pick, by)| Self::Renounce { pick, by }),
            3 => (1i64..30).prop_map(|hours| Self::Wait { hours }),
        ]
    }

    /// The command as it is where it stands; `None` when there is nothing to pick from.
    pub(super) fn made_definite(self, reference: &Reference) -> Option<Act> {
        let now = reference.now();
        let terms = |bits, when: When| Terms {
            bits,
            start: (when.start > 0).then_some(now + when.start * HOUR),
            end: now + (when.start + when.length) * HOUR,
        };
        Some(match self {
            Self::Give { from, to, bits, when, replace } => {
                Act::Give { from, to, terms: terms(bits, when), replace }
            }
            Self::GiveOn { pick, by, to, bits, when, fitted } => {
                let parent = reference.pick(pick)?;
                let (whole, mut terms) = (reference.delegation(parent), terms(bits, when));
                if fitted && whole.bits & bits != 0 {
                    terms.bits &= whole.bits;
                }
                if fitted && terms.start.unwrap_or(now) < whole.to {
                    terms.end = terms.end.min(whole.to);
                }
                Act::GiveOn { by: by.one(whole.to_whom), parent, to, terms }
            }
            Self::Renew { pick, by, when } => {
                let old = reference.pick(pick)?;
                Act::Renew { by: by.one(reference.delegation(old).from_whom), old, terms: terms(0, when) }
            }
            Self::Revoke { pick, by } => {
                let delegation = reference.pick(pick)?;
                Act::Revoke { by: by.one(reference.delegation(delegation).from_whom), delegation }
            }
            Self::RevokePart { pick, by, bits } => {
                let delegation = reference.pick(pick)?;
                Act::RevokePart { by: by.one(reference.delegation(delegation).from_whom), delegation, bits }
            }
            Self::RevokeAll { from, to } => Act::RevokeAll { from, to },
            Self::Renounce { pick, by } => {
                let delegation = reference.pick(pick)?;
                Act::Renounce { by: by.one(reference.delegation(delegation).to_whom), delegation }
            }
            Self::Wait { hours } => Act::Wait { seconds: hours * HOUR },
        })
    }
}

impl By {
    fn one(self, who_may: usize) -> usize {
        match self {
            Self::WhoMay => who_may,
            Self::Anybody(one) => one,
        }
    }
}
