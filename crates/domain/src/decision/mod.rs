//! The question that authorities ask: may the representative act for the delegator on a privilege, at an instant.
//!
//! One pure function decides, and says why. Check, batch and list all end here. Nothing is precomputed: periods,
//! standing and publication are judged for the instant asked about.

mod grant;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

pub use grant::{Designation, Ended, Grant, Holder, How, Place};

use crate::{delegation::DelegationId, party::Standing, privilege::Publication};

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

/// What is known of a question, beside the grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The delegator's standing.
    pub delegator: Standing,
    /// The representative's standing.
    pub representative: Standing,
    /// The standing of the organisation that the representative is an employee of.
    pub employer: Option<Standing>,
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
        /// Until when the answer stays a yes as far as it is known: no later than `valid_to`, nor than the instant at
        /// which the privilege is planned to be hidden.
        stands_until: DateTime<Utc>,
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
    /// One of the two, the representative's employer, or a representative above may not give or hold delegations at
    /// present.
    NotInGoodStanding,
    /// The privilege is not published at the instant.
    NotPublished,
    /// An organisation holds it, and only an employee that it has designated may use it.
    EmployeeRequired,
    /// The employer holds it, and has not designated the employee.
    EmployeeNotDesignated,
    /// The employee is designated for another production unit only.
    PNumberMismatch,
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
            Self::EmployeeRequired => "employee_required",
            Self::EmployeeNotDesignated => "employee_not_designated",
            Self::PNumberMismatch => "p_number_mismatch",
        }
    }
}

/// Decides for an instant.
///
/// Of several grants one in force decides, and of those the one that comes nearest to a yes; without one, the next to
/// come; without that, the last that was. Standing and publication are asked only of a grant in force that the
/// representative may use: who holds nothing learns nothing about a party.
#[must_use]
pub fn decide(grants: &[Grant], circumstances: Circumstances, asked: Asked) -> Decision {
    let Some(grant) = decisive(grants, asked) else { return Decision::NOTHING };
    let denied = |reason| Decision::Denied { reason, delegation: Some(grant.delegation) };
    if !grant.is_in_force(asked) {
        return denied(why_not_in_force(grant, asked));
    }
    match reach(grant, asked) {
        Reach::Organisation => return denied(Denial::EmployeeRequired),
        Reach::Employer => return denied(Denial::EmployeeNotDesignated),
        Reach::Elsewhere => return denied(Denial::PNumberMismatch),
        Reach::Broken => return denied(Denial::NotInGoodStanding),
        Reach::Whole => {}
    }
    let Circumstances { delegator, representative, employer, publication } = circumstances;
    if [Some(delegator), Some(representative), employer].into_iter().flatten().any(|s| s != Standing::Good) {
        return denied(Denial::NotInGoodStanding);
    }
    if !is_published(publication, asked) {
        return denied(Denial::NotPublished);
    }
    let valid_to = grant.in_force().map_or(grant.period.to(), |in_force| in_force.to());
    let stands_until = publication.stops_at(asked.instant()).map_or(valid_to, |stops| stops.min(valid_to));
    Decision::Granted { delegation: grant.delegation, valid_to, stands_until }
}

/// How far a grant in force reaches towards a yes, from nearest to no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// It is the organisation's that is asked about.
    Organisation,
    /// It is the employer's, and the employee is not designated.
    Employer,
    /// The employee is designated for another production unit.
    Elsewhere,
    /// A representative above is not in good standing.
    Broken,
    /// The representative may use it.
    Whole,
}

fn reach(grant: &Grant, asked: Asked) -> Reach {
    let whole = if grant.above == Standing::Good { Reach::Whole } else { Reach::Broken };
    match grant.holder {
        Holder::Own => whole,
        Holder::Organisation => Reach::Organisation,
        Holder::Employer(designation) => match designation.filter(|it| it.stands(asked)) {
            None => Reach::Employer,
            Some(Designation { place: Place::Elsewhere, .. }) => Reach::Elsewhere,
            Some(Designation { place: Place::Anywhere | Place::Here, .. }) => whole,
        },
    }
}

/// The grant that decides: in force, else next, else last. Of several alike the one that lasts longest.
fn decisive(grants: &[Grant], asked: Asked) -> Option<&Grant> {
    let is_to_come = |grant: &&Grant| grant.ended.is_none() && asked.instant() < grant.period.from();
    let was_until =
        |grant: &Grant| grant.ended.map_or(grant.period.to(), |ended| ended.at.min(grant.period.to()));
    grants
        .iter()
        .filter(|grant| grant.is_in_force(asked))
        .max_by_key(|grant| (reach(grant, asked), was_until(grant), grant.delegation))
        .or_else(|| {
            let order =
                |grant: &&Grant| (grant.period.from(), Reverse(grant.period.to()), Reverse(grant.delegation));
            grants.iter().filter(is_to_come).min_by_key(order)
        })
        .or_else(|| {
            grants.iter().max_by_key(|grant| (was_until(grant), grant.delegation, grant.ended.is_some()))
        })
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
