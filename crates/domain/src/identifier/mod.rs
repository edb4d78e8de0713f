//! The identifiers that registers give people, organisations and employees.
//!
//! Lengths collide (a CPR and a P number have ten digits, a CVR and an SE number eight), so an identifier is always
//! typed. A value that exists is well-formed. `Debug` and `Display` are redacted; what it holds comes out only by
//! `expose()`, which is named so that every place that does it can be found.

mod cpr;
mod cvr;
mod digits;
mod employee;
mod error;
mod kind;
mod p_number;
mod pid;
mod redacted;
mod rid;
mod se;
#[cfg(test)]
mod testing;
mod uuid;

pub use cpr::CprNumber;
pub use cvr::CvrNumber;
pub use employee::EmployeeUuid;
pub use error::Error;
pub use kind::{IdentifierKind, PartyKind};
pub use p_number::PNumber;
pub use pid::Pid;
pub use rid::Rid;
pub use se::SeNumber;
pub use uuid::PersonUuid;

/// An identifier of any kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// A person's CPR number.
    Cpr(CprNumber),
    /// A person's PID.
    Pid(Pid),
    /// A person's UUID.
    PersonUuid(PersonUuid),
    /// An employee's RID, with its CVR number.
    Rid(Rid),
    /// An employee's professional UUID, with its CVR number.
    EmployeeUuid(EmployeeUuid),
    /// An organisation's CVR number.
    Cvr(CvrNumber),
    /// A production unit's P number.
    PNumber(PNumber),
    /// A tax registration's SE number.
    Se(SeNumber),
}

impl Identifier {
    /// Reads an identifier of a stated kind in any form that the kind accepts.
    ///
    /// # Errors
    ///
    /// Those of the kind's own `parse`.
    pub fn parse(kind: IdentifierKind, input: &str) -> Result<Self, Error> {
        match kind {
            IdentifierKind::Cpr => CprNumber::parse(input).map(Self::Cpr),
            IdentifierKind::Pid => Pid::parse(input).map(Self::Pid),
            IdentifierKind::PersonUuid => PersonUuid::parse(input).map(Self::PersonUuid),
            IdentifierKind::Rid => Rid::parse(input).map(Self::Rid),
            IdentifierKind::EmployeeUuid => EmployeeUuid::parse(input).map(Self::EmployeeUuid),
            IdentifierKind::Cvr => CvrNumber::parse(input).map(Self::Cvr),
            IdentifierKind::PNumber => PNumber::parse(input).map(Self::PNumber),
            IdentifierKind::Se => SeNumber::parse(input).map(Self::Se),
        }
    }

    /// Reads back what [`Identifier::expose`] gave, and nothing else: two spellings of one identifier would have two
    /// blind indexes and look like two people.
    ///
    /// # Errors
    ///
    /// Those of [`Identifier::parse`]; a well-formed text that is not the canonical one is malformed.
    pub fn from_canonical(kind: IdentifierKind, canonical: &str) -> Result<Self, Error> {
        let identifier = Self::parse(kind, canonical)?;
        if identifier.expose() == canonical { Ok(identifier) } else { Err(malformed(kind)) }
    }

    /// The canonical text, the one that is encrypted and from which the blind index is made.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Cpr(cpr) => cpr.expose(),
            Self::Pid(pid) => pid.expose(),
            Self::PersonUuid(uuid) => uuid.expose(),
            Self::Rid(rid) => rid.expose(),
            Self::EmployeeUuid(employee) => employee.expose(),
            Self::Cvr(cvr) => cvr.expose(),
            Self::PNumber(p_number) => p_number.expose(),
            Self::Se(se) => se.expose(),
        }
    }

    /// Which register it comes from.
    #[must_use]
    pub const fn kind(&self) -> IdentifierKind {
        match self {
            Self::Cpr(_) => IdentifierKind::Cpr,
            Self::Pid(_) => IdentifierKind::Pid,
            Self::PersonUuid(_) => IdentifierKind::PersonUuid,
            Self::Rid(_) => IdentifierKind::Rid,
            Self::EmployeeUuid(_) => IdentifierKind::EmployeeUuid,
            Self::Cvr(_) => IdentifierKind::Cvr,
            Self::PNumber(_) => IdentifierKind::PNumber,
            Self::Se(_) => IdentifierKind::Se,
        }
    }

    /// The organisation that an employee's identifier belongs to; nothing for any other kind.
    #[must_use]
    pub fn organisation(&self) -> Option<CvrNumber> {
        match self {
            Self::Rid(rid) => Some(rid.cvr().clone()),
            Self::EmployeeUuid(employee) => Some(employee.cvr().clone()),
            Self::Cpr(_)
            | Self::Pid(_)
            | Self::PersonUuid(_)
            | Self::Cvr(_)
            | Self::PNumber(_)
            | Self::Se(_) => None,
        }
    }
}

/// Tells the kind and nothing else: `cpr(redacted)`.
impl std::fmt::Display for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(redacted)", self.kind().as_str())
    }
}

const fn malformed(kind: IdentifierKind) -> Error {
    match kind {
        IdentifierKind::Cpr => Error::CprMalformed,
        IdentifierKind::Pid => Error::PidMalformed,
        IdentifierKind::PersonUuid | IdentifierKind::EmployeeUuid => Error::UuidMalformed,
        IdentifierKind::Rid => Error::RidMalformed,
        IdentifierKind::Cvr => Error::CvrMalformed,
        IdentifierKind::PNumber => Error::PNumberMalformed,
        IdentifierKind::Se => Error::SeMalformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    fn one_of_each() -> [(IdentifierKind, String); 8] {
        [
            (IdentifierKind::Cpr, "0501792275".to_owned()),
            (IdentifierKind::Pid, "PID:9208-2002-2-123456789012".to_owned()),
            (IdentifierKind::PersonUuid, UUID.to_owned()),
            (IdentifierKind::Rid, "CVR:34051178-RID:1234567890123".to_owned()),
            (IdentifierKind::EmployeeUuid, format!("CVR:34051178-UUID:{UUID}")),
            (IdentifierKind::Cvr, "34051178".to_owned()),
            (IdentifierKind::PNumber, "1003366844".to_owned()),
            (IdentifierKind::Se, "13748136".to_owned()),
        ]
    }

    #[test]
    fn an_identifier_of_each_kind_survives_the_round_trip() {
        for (kind, text) in one_of_each() {
            let identifier = Identifier::from_canonical(kind, &text).unwrap();
            assert_eq!(identifier.kind(), kind);
            assert_eq!(identifier.expose(), text);
            assert_eq!(Identifier::parse(kind, &text), Ok(identifier));
        }
    }

    #[test]
    fn an_identifier_of_each_kind_shows_its_kind_and_no_digit() {
        for (kind, text) in one_of_each() {
            let identifier = Identifier::parse(kind, &text).unwrap();
            assert_eq!(identifier.to_string(), format!("{}(redacted)", kind.as_str()));
            let shown = format!("{identifier:?} {identifier:#?} {identifier}");
            assert!(!shown.contains(|c: char| c.is_ascii_digit()));
        }
    }

    #[test]
    fn errors_hold_nothing_of_the_input() {
        for kind in IdentifierKind::ALL {
            let error = Identifier::parse(kind, "hemmelig").unwrap_err();
            assert!(!format!("{error} {error:?} {}", error.reason()).contains("hemmelig"));
            assert!(error.reason().ends_with("_MALFORMED"));
        }
    }

    #[test]
    fn only_the_canonical_text_is_read_back() {
        for (kind, text) in [
            (IdentifierKind::Cpr, "050179-2275".to_owned()),
            (IdentifierKind::Pid, "9208-2002-2-123456789012".to_owned()),
            (IdentifierKind::PersonUuid, UUID.to_uppercase()),
            (IdentifierKind::PersonUuid, format!("urn:uuid:{UUID}")),
            (IdentifierKind::EmployeeUuid, format!("CVR:34051178-UUID:{}", UUID.to_uppercase())),
        ] {
            assert!(Identifier::parse(kind, &text).is_ok());
            assert_eq!(Identifier::from_canonical(kind, &text), Err(malformed(kind)));
        }
    }

    #[test]
    fn the_same_digits_of_two_kinds_are_two_identifiers() {
        let cvr = Identifier::parse(IdentifierKind::Cvr, "34051178").unwrap();
        let se = Identifier::parse(IdentifierKind::Se, "34051178").unwrap();
        assert_ne!(cvr, se);
        let cpr = Identifier::parse(IdentifierKind::Cpr, "0501792275").unwrap();
        let p_number = Identifier::parse(IdentifierKind::PNumber, "0501792275").unwrap();
        assert_ne!(cpr, p_number);
    }

    #[test]
    fn only_an_employee_has_an_organisation() {
        let cvr = CvrNumber::parse("34051178").unwrap();
        for (kind, text) in one_of_each() {
            let organisation = Identifier::parse(kind, &text).unwrap().organisation();
            let expected = (kind.party_kind() == PartyKind::Employee).then(|| cvr.clone());
            assert_eq!(organisation, expected);
        }
    }
}
