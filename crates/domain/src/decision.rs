//! The question that authorities ask: may the representative act for the delegator on a privilege, at an instant.
//!
//! One pure function decides, and says why. Check, batch and list all end here. Nothing is precomputed: periods,
//! standing and publication are judged for the instant asked about.

use chrono::{DateTime, Utc};

use crate::{delegation::DelegationId, party::Standing, period::Period, privilege::Publication};

/// The instant that a question is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Now, by the clock of the machine that answers. What has been ended counts as ended even when that was written
    /// by a machine whose clock is ahead: a revocation that was answered is never outrun by a slow clock.
    Now(DateTime<Utc>),
    /// Another instant, past or future: what ended later was in force then.
    AsOf(DateTime<Utc>),
}

impl Asked {
    /// The instant.
    #[must_use]
    pub const fn instant(self) -> DateTime<Utc> {
        match self {
            Self::Now(at) | Self::AsOf(at) => at,
        }
    }
}

/// One delegation of the privilege between the two parties, past, present or to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The delegation.
    pub delegation: DelegationId,
    /// The delegation's period.
    pub period: Period,
    /// Whether, when and how it was ended before the period did.
    pub ended: Option<Ended>,
}

/// When and how a grant was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: DateTime<Utc>,
    /// How.
    pub how: How,
}

/// How a grant was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By the delegator.
    Revoked,
    /// By the representative.
    Renounced,
    /// Another delegation took its place.
    Superseded,
    /// By law or by what it depended on.
    Terminated,
}

impl How {
    const ALL: [Self; 4] = [Self::Revoked, Self::Renounced, Self::Superseded, Self::Terminated];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Renounced => "renounced",
            Self::Superseded => "superseded",
            Self::Terminated => "terminated",
        }
    }

    /// How, by that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.as_str() == name)
    }
}

impl Grant {
    /// When it is or was in force, as far as the delegation decides; `None` when it was ended before it began.
    fn in_force(&self) -> Option<Period> {
        let to = self.ended.map_or(self.period.to(), |ended| ended.at.min(self.period.to()));
        Period::new(self.period.from(), to).ok()
    }

    fn is_in_force(&self, asked: Asked) -> bool {
        match asked {
            Asked::Now(at) => self.ended.is_none() && self.period.contains(at),
            Asked::AsOf(at) => self.in_force().is_some_and(|in_force| in_force.contains(at)),
        }
    }
}

/// What is known of a question, beside the grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The delegator's standing.
    pub delegator: Standing,
    /// The representative's standing.
    pub representative: Standing,
    /// Whether the privilege may be used.
    pub publication: Publication,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The representative may act.
    Granted {
        /// By this delegation.
        delegation: DelegationId,
        /// Until then, exclusive, if nothing else happens.
        valid_to: DateTime<Utc>,
    },
    /// The representative may not act.
    Denied {
        /// Why.
        reason: Denial,
        /// The delegation that decided, if there ever was one.
        delegation: Option<DelegationId>,
    },
}

impl Decision {
    /// Nothing was ever delegated, or one of the two is not known: the two look alike.
    pub const NOTHING: Self = Self::Denied { reason: Denial::NoDelegation, delegation: None };
}

/// Why a representative may not act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// There is no delegation of the privilege between the two.
    NoDelegation,
    /// It starts later.
    NotYetValid,
    /// Its period is over.
    Expired,
    /// The delegator ended it.
    Revoked,
    /// The representative ended it.
    Renounced,
    /// Another delegation took its place, and does not grant the privilege at the instant.
    Superseded,
    /// It was ended by law or by what it depended on.
    Terminated,
    /// One of the two may not give or hold delegations at present.
    NotInGoodStanding,
    /// The privilege is not published at the instant.
    NotPublished,
}

impl Denial {
    /// The stable name, as the usage log keeps it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoDelegation => "no_delegation",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Renounced => "renounced",
            Self::Superseded => "superseded",
            Self::Terminated => "terminated",
            Self::NotInGoodStanding => "not_in_good_standing",
            Self::NotPublished => "not_published",
        }
    }
}

/// Decides for an instant.
///
/// Among several grants the one in force decides; without one, the next to come; without that, the last that was.
/// Standing and publication are asked only of a grant in force: who holds nothing learns nothing about a party.
#[must_use]
pub fn decide(grants: &[Grant], circumstances: Circumstances, asked: Asked) -> Decision {
    let Some(grant) = decisive(grants, asked) else { return Decision::NOTHING };
    let denied = |reason| Decision::Denied { reason, delegation: Some(grant.delegation) };
    if !grant.is_in_force(asked) {
        return denied(why_not_in_force(grant, asked));
    }
    if circumstances.delegator != Standing::Good || circumstances.representative != Standing::Good {
        return denied(Denial::NotInGoodStanding);
    }
    if !is_published(circumstances.publication, asked) {
        return denied(Denial::NotPublished);
    }
    let valid_to = grant.in_force().map_or(grant.period.to(), |in_force| in_force.to());
    Decision::Granted { delegation: grant.delegation, valid_to }
}

/// The grant that decides: in force, else next, else last.
fn decisive(grants: &[Grant], asked: Asked) -> Option<&Grant> {
    let is_to_come = |grant: &&Grant| grant.ended.is_none() && asked.instant() < grant.period.from();
    let was_until =
        |grant: &&Grant| grant.ended.map_or(grant.period.to(), |ended| ended.at.min(grant.period.to()));
    grants
        .iter()
        .find(|grant| grant.is_in_force(asked))
        .or_else(|| {
            grants.iter().filter(is_to_come).min_by_key(|grant| (grant.period.from(), grant.delegation))
        })
        .or_else(|| grants.iter().max_by_key(|grant| (was_until(grant), grant.delegation)))
}

fn is_published(publication: Publication, asked: Asked) -> bool {
    match asked {
        Asked::Now(at) => publication.usable_now(at),
        Asked::AsOf(at) => publication.usable(at),
    }
}

/// For a grant that is not in force.
fn why_not_in_force(grant: &Grant, asked: Asked) -> Denial {
    let at = asked.instant();
    let Some(ended) = grant.ended else {
        return if at < grant.period.from() { Denial::NotYetValid } else { Denial::Expired };
    };
    // Asked for an instant before a start that never came: the end was not written yet at that instant.
    if matches!(asked, Asked::AsOf(_)) && at < ended.at {
        return Denial::NotYetValid;
    }
    match ended.how {
        How::Revoked => Denial::Revoked,
        How::Renounced => Denial::Renounced,
        How::Superseded => Denial::Superseded,
        How::Terminated => Denial::Terminated,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::privilege::ExistingGrants;

    fn instant(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn as_of(second: i64) -> Asked {
        Asked::AsOf(instant(second))
    }

    fn grant(id: u128, from: i64, to: i64, ended: Option<Ended>) -> Grant {
        let period = Period::new(instant(from), instant(to)).unwrap();
        Grant { delegation: DelegationId(Uuid::from_u128(id)), period, ended }
    }

    fn good() -> Circumstances {
        Circumstances {
            delegator: Standing::Good,
            representative: Standing::Good,
            publication: Publication::Published { from: instant(-1000) },
        }
    }

    fn hidden(to: i64) -> Publication {
        Publication::Hidden {
            from: instant(0),
            to: instant(to),
            is_planned: false,
            existing: ExistingGrants::Stop,
            again: None,
        }
    }

    fn reason(decision: Decision) -> Option<Denial> {
        match decision {
            Decision::Granted { .. } => None,
            Decision::Denied { reason, .. } => Some(reason),
        }
    }

    #[test]
    fn a_grant_is_in_force_from_its_first_instant_to_before_its_last() {
        let grants = [grant(1, 10, 20, None)];
        for (at, denial) in
            [(9, Some(Denial::NotYetValid)), (10, None), (19, None), (20, Some(Denial::Expired))]
        {
            assert_eq!(reason(decide(&grants, good(), as_of(at))), denial, "at {at}");
        }
    }

    #[test]
    fn a_revocation_counts_from_its_instant_on() {
        let grants = [grant(1, 10, 20, Some(Ended { at: instant(15), how: How::Revoked }))];
        assert_eq!(reason(decide(&grants, good(), as_of(14))), None);
        assert_eq!(reason(decide(&grants, good(), as_of(15))), Some(Denial::Revoked));
        assert_eq!(reason(decide(&grants, good(), as_of(99))), Some(Denial::Revoked));
    }

    #[test]
    fn what_was_renounced_before_it_began_never_was_in_force() {
        let grants = [grant(1, 10, 20, Some(Ended { at: instant(5), how: How::Renounced }))];
        for at in [5, 9, 12, 25] {
            assert_eq!(reason(decide(&grants, good(), as_of(at))), Some(Denial::Renounced), "at {at}");
        }
        assert_eq!(reason(decide(&grants, good(), as_of(4))), Some(Denial::NotYetValid));
    }

    #[test]
    fn a_revocation_is_never_outrun_by_a_slow_clock() {
        let grants = [grant(1, 10, 20, Some(Ended { at: instant(15), how: How::Revoked }))];
        assert_eq!(reason(decide(&grants, good(), Asked::Now(instant(14)))), Some(Denial::Revoked));
        let grants = [grant(1, 10, 20, None)];
        let circumstances = Circumstances { publication: hidden(15), ..good() };
        assert_eq!(
            reason(decide(&grants, circumstances, Asked::Now(instant(14)))),
            Some(Denial::NotPublished)
        );
    }

    #[test]
    fn the_grant_in_force_decides_over_older_and_later_ones() {
        let grants = [
            grant(1, 0, 50, Some(Ended { at: instant(10), how: How::Revoked })),
            grant(2, 10, 30, None),
            grant(3, 30, 60, None),
        ];
        let Decision::Granted { delegation, valid_to } = decide(&grants, good(), as_of(20)) else {
            panic!("granted")
        };
        assert_eq!((delegation.0.as_u128(), valid_to), (2, instant(30)));
    }

    #[test]
    fn standing_and_publication_deny_only_who_holds_something() {
        let grants = [grant(1, 10, 20, None)];
        let bad = Circumstances { delegator: Standing::Ended, ..good() };
        assert_eq!(reason(decide(&grants, bad, as_of(15))), Some(Denial::NotInGoodStanding));
        assert_eq!(decide(&[], bad, as_of(15)), Decision::NOTHING);
        let unpublished = Circumstances { publication: hidden(12), ..good() };
        assert_eq!(reason(decide(&grants, unpublished, as_of(15))), Some(Denial::NotPublished));
        assert_eq!(reason(decide(&grants, unpublished, as_of(11))), None);
    }

    /// The same question answered by the definition: some grant, not ended yet, whose period covers the instant.
    fn naive(grants: &[Grant], at: DateTime<Utc>) -> bool {
        grants.iter().any(|g| g.period.contains(at) && g.ended.is_none_or(|ended| at < ended.at))
    }

    proptest! {
        #[test]
        fn a_decision_is_yes_exactly_when_some_grant_covers_the_instant(
            worlds in prop::collection::vec((0i64..50, 1i64..20, 0u8..3, 0i64..70), 0..6), at in 0i64..80
        ) {
            let grants: Vec<Grant> = worlds.iter().enumerate().map(|(n, &(from, length, kind, ended))| {
                let ended_by = match kind {
                    0 => None,
                    1 => Some(Ended { at: instant(ended), how: How::Revoked }),
                    _ => Some(Ended { at: instant(ended), how: How::Renounced }),
                };
                grant(n as u128, from, from + length, ended_by)
            }).collect();
            let decision = decide(&grants, good(), as_of(at));
            prop_assert_eq!(reason(decision).is_none(), naive(&grants, instant(at)));
            // Asked about now, an end counts as soon as it is known.
            let now = decide(&grants, good(), Asked::Now(instant(at)));
            let active: Vec<Grant> = grants.iter().copied().filter(|g| g.ended.is_none()).collect();
            prop_assert_eq!(reason(now).is_none(), naive(&active, instant(at)));
            if let Decision::Granted { valid_to, .. } = decision {
                prop_assert!(valid_to > instant(at));
            }
        }
    }
}
