//! What a question is decided from: the ways in which the representative has or had the privilege.

use chrono::{DateTime, Utc};

use super::Asked;
use crate::{delegation::DelegationId, party::Standing, period::Period};

/// One way in which the representative has the privilege from the delegator, past, present or to come: as a privilege of
/// a delegation, or as one of a package that a delegation follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The delegation.
    pub delegation: DelegationId,
    /// The delegation's period; of a followed package as much of it as the privilege is in the package.
    pub period: Period,
    /// Whether, when and how it was ended before the period did.
    pub ended: Option<Ended>,
    /// Who holds it.
    pub holder: Holder,
    /// The standing of the representatives above, of a sub-delegation: good when everybody's is.
    pub above: Standing,
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

/// Who holds a grant, as seen from the representative that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The representative, a person or an employee.
    Own,
    /// The representative, an organisation. Only its employees may use it.
    Organisation,
    /// The organisation that the representative is an employee of, which may have designated the employee.
    Employer(Option<Designation>),
}

/// An employee's right to use what the employer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Designation {
    /// From when.
    pub from: DateTime<Utc>,
    /// When it was removed.
    pub removed: Option<DateTime<Utc>>,
    /// Where it may be used.
    pub place: Place,
}

/// Where a designation may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Anywhere,
    /// At one production unit, and that is where the employee acts.
    Here,
    /// At one production unit, and the employee acts at another, or does not say where.
    Elsewhere,
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
    /// A privilege that the delegator gave to the representative, and nobody ended.
    #[must_use]
    pub const fn own(delegation: DelegationId, period: Period) -> Self {
        Self { delegation, period, ended: None, holder: Holder::Own, above: Standing::Good }
    }

    /// When it is or was in force, as far as the delegation decides; `None` when it was ended before it began.
    pub(super) fn in_force(&self) -> Option<Period> {
        let to = self.ended.map_or(self.period.to(), |ended| ended.at.min(self.period.to()));
        Period::new(self.period.from(), to).ok()
    }

    pub(super) fn is_in_force(&self, asked: Asked) -> bool {
        match asked {
            Asked::Now(at) => self.ended.is_none() && self.period.contains(at),
            Asked::AsOf(at) => self.in_force().is_some_and(|in_force| in_force.contains(at)),
        }
    }
}

impl Designation {
    /// Whether it stands at the instant. Asked about now, a removal counts as soon as it is known.
    pub(super) fn stands(&self, asked: Asked) -> bool {
        let removed = match asked {
            Asked::Now(_) => self.removed.is_some(),
            Asked::AsOf(at) => self.removed.is_some_and(|removed| removed <= at),
        };
        self.from <= asked.instant() && !removed
    }
}
