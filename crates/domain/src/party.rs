//! Parties: the persons, organisations and employees that give and hold delegations.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::identifier::{Identifier, IdentifierKind, PartyKind};

/// The id of a party: stable, and meaningless outside this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyId(pub Uuid);

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a party may give and hold delegations at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Good,
    /// Not until somebody has looked at it (CPR status 30, 50, 70).
    Suspended,
    /// No more: the person is dead (CPR status 90), the organisation or employment has ended.
    Ended,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 3] = [Self::Good, Self::Suspended, Self::Ended];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }

    /// The standing of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == name)
    }
}

/// A party as the rules see it: without its identifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its id.
    pub id: PartyId,
    /// Person, organisation or employee.
    pub kind: PartyKind,
    /// The employer, exactly for an employee.
    pub organisation: Option<PartyId>,
    /// Whether it may give and hold delegations.
    pub standing: Standing,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// Counts its events, from 1.
    pub version: i64,
}

impl Party {
    /// Whether this party, logged in, may act for the party: for itself, or as an employee for the organisation as long
    /// as the employment lasts.
    #[must_use]
    pub fn may_act_for(&self, party: PartyId) -> bool {
        self.id == party || (self.organisation == Some(party) && self.standing != Standing::Ended)
    }
}

/// Why identifiers do not name a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The identifiers are of different kinds of party, or of employees of different organisations.
    #[error("the identifiers are of different kinds of party")]
    KindMismatch,
    /// An identifier is listed twice, or two of a kind that a party has only one of.
    #[error("the same kind of identifier twice")]
    Duplicate,
    /// None of the identifiers is enough to register a party by: an organisation needs its CVR number.
    #[error("not enough to register a party by")]
    NotRegistrable,
}

impl Error {
    /// The stable reason told to callers.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::KindMismatch => "IDENTIFIER_KIND_MISMATCH",
            Self::Duplicate => "IDENTIFIER_DUPLICATE",
            Self::NotRegistrable => "IDENTIFIER_NOT_REGISTRABLE",
        }
    }
}

/// Identifiers that can name one party: of one kind of party, one organisation, none twice, at most one CPR or CVR number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierSet {
    kind: PartyKind,
    identifiers: Vec<Identifier>,
}

impl IdentifierSet {
    /// Checks that the identifiers can belong to one party.
    ///
    /// # Errors
    /// [`Error::KindMismatch`] and [`Error::Duplicate`]; an empty list is a mismatch.
    pub fn new(identifiers: Vec<Identifier>) -> Result<Self, Error> {
        let first = identifiers.first().ok_or(Error::KindMismatch)?;
        let kind = first.kind().party_kind();
        let organisation = first.organisation();
        for (position, identifier) in identifiers.iter().enumerate() {
            if identifier.kind().party_kind() != kind || identifier.organisation() != organisation {
                return Err(Error::KindMismatch);
            }
            let single = is_single(identifier.kind());
            if identifiers
                .iter()
                .skip(position + 1)
                .any(|other| other == identifier || (single && other.kind() == identifier.kind()))
            {
                return Err(Error::Duplicate);
            }
        }
        Ok(Self { kind, identifiers })
    }

    /// The kind of party that they name.
    #[must_use]
    pub const fn kind(&self) -> PartyKind {
        self.kind
    }

    /// The identifiers, at least one.
    #[must_use]
    pub fn identifiers(&self) -> &[Identifier] {
        &self.identifiers
    }

    /// The employer's CVR number, exactly for an employee.
    #[must_use]
    pub fn organisation(&self) -> Option<crate::identifier::CvrNumber> {
        self.identifiers.first().and_then(Identifier::organisation)
    }

    /// Checks that a party can be registered by them.
    ///
    /// # Errors
    /// [`Error::NotRegistrable`]: P and SE numbers name parts of an organisation that must be known first.
    pub fn registrable(&self) -> Result<(), Error> {
        let enough = self.kind != PartyKind::Organisation
            || self.identifiers.iter().any(|identifier| identifier.kind() == IdentifierKind::Cvr);
        if enough { Ok(()) } else { Err(Error::NotRegistrable) }
    }
}

/// Whether a party has at most one identifier of the kind.
#[must_use]
pub fn is_single(kind: IdentifierKind) -> bool {
    matches!(kind, IdentifierKind::Cpr | IdentifierKind::Cvr)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpr() -> Identifier {
        Identifier::from_canonical(IdentifierKind::Cpr, "0501792275").unwrap()
    }
    fn cvr(number: &str) -> Identifier {
        Identifier::from_canonical(IdentifierKind::Cvr, number).unwrap()
    }
    fn rid(cvr: &str) -> Identifier {
        Identifier::from_canonical(IdentifierKind::Rid, &format!("CVR:{cvr}-RID:1234567890123")).unwrap()
    }

    #[test]
    fn identifiers_of_a_person_and_an_organisation_do_not_name_one_party() {
        assert_eq!(IdentifierSet::new(vec![cpr(), cvr("34051178")]), Err(Error::KindMismatch));
    }

    #[test]
    fn a_second_cpr_or_cvr_number_is_refused() {
        assert_eq!(IdentifierSet::new(vec![cvr("34051178"), cvr("13748136")]), Err(Error::Duplicate));
        assert_eq!(IdentifierSet::new(vec![cpr(), cpr()]), Err(Error::Duplicate));
    }

    #[test]
    fn employees_of_two_organisations_are_not_one_party() {
        assert_eq!(IdentifierSet::new(vec![rid("34051178"), rid("13748136")]), Err(Error::KindMismatch));
    }

    #[test]
    fn an_organisation_is_registered_by_its_cvr_number_only() {
        let p = Identifier::from_canonical(IdentifierKind::PNumber, "1234567890").unwrap();
        assert_eq!(IdentifierSet::new(vec![p.clone()]).unwrap().registrable(), Err(Error::NotRegistrable));
        assert_eq!(IdentifierSet::new(vec![p, cvr("34051178")]).unwrap().registrable(), Ok(()));
    }

    #[test]
    fn nothing_names_nobody() {
        assert!(IdentifierSet::new(vec![]).is_err());
    }
}
