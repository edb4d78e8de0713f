use super::Error;

/// Which register an identifier comes from. Lengths collide between them, so a kind is stated, never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// A person's CPR number.
    Cpr,
    /// A person's PID.
    Pid,
    /// A person's UUID.
    PersonUuid,
    /// An employee's RID, with its CVR number.
    Rid,
    /// An employee's professional UUID, with its CVR number.
    EmployeeUuid,
    /// An organisation's CVR number.
    Cvr,
    /// A production unit's P number.
    PNumber,
    /// A tax registration's SE number.
    Se,
}

impl IdentifierKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Cpr,
        Self::Pid,
        Self::PersonUuid,
        Self::Rid,
        Self::EmployeeUuid,
        Self::Cvr,
        Self::PNumber,
        Self::Se,
    ];

    /// The stable name: `cpr`, `pid`, `uuid`, `rid`, `employee_uuid`, `cvr`, `p_number` or `se`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpr => "cpr",
            Self::Pid => "pid",
            Self::PersonUuid => "uuid",
            Self::Rid => "rid",
            Self::EmployeeUuid => "employee_uuid",
            Self::Cvr => "cvr",
            Self::PNumber => "p_number",
            Self::Se => "se",
        }
    }

    /// Reads a stable name, exactly as [`IdentifierKind::as_str`] writes it.
    ///
    /// # Errors
    ///
    /// [`Error::KindUnknown`] for any other text.
    pub fn parse(input: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == input).ok_or(Error::KindUnknown)
    }

    /// The kind of party that such an identifier names.
    #[must_use]
    pub const fn party_kind(self) -> PartyKind {
        match self {
            Self::Cpr | Self::Pid | Self::PersonUuid => PartyKind::Person,
            Self::Rid | Self::EmployeeUuid => PartyKind::Employee,
            Self::Cvr | Self::PNumber | Self::Se => PartyKind::Organisation,
        }
    }
}

/// Who can give or hold a delegation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyKind {
    /// A private person.
    Person,
    /// A legal unit, a production unit or a tax registration.
    Organisation,
    /// One employee of one organisation.
    Employee,
}

impl PartyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Person, Self::Organisation, Self::Employee];

    /// The stable name: `person`, `organisation` or `employee`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Employee => "employee",
        }
    }

    /// Reads a stable name, exactly as [`PartyKind::as_str`] writes it.
    ///
    /// # Errors
    ///
    /// [`Error::PartyKindUnknown`] for any other text.
    pub fn parse(input: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == input).ok_or(Error::PartyKindUnknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for kind in IdentifierKind::ALL {
            assert_eq!(IdentifierKind::parse(kind.as_str()), Ok(kind));
        }
        for kind in PartyKind::ALL {
            assert_eq!(PartyKind::parse(kind.as_str()), Ok(kind));
        }
    }

    #[test]
    fn the_names_are_the_ones_in_the_database() {
        let names = IdentifierKind::ALL.map(IdentifierKind::as_str);
        assert_eq!(names, ["cpr", "pid", "uuid", "rid", "employee_uuid", "cvr", "p_number", "se"]);
        assert_eq!(PartyKind::ALL.map(PartyKind::as_str), ["person", "organisation", "employee"]);
    }

    #[test]
    fn an_unknown_kind_is_refused_with_a_stable_reason() {
        for input in ["", "CPR", "cpr ", "personuuid"] {
            assert_eq!(IdentifierKind::parse(input).unwrap_err().reason(), "IDENTIFIER_KIND_UNKNOWN");
            assert_eq!(PartyKind::parse(input).unwrap_err().reason(), "PARTY_KIND_UNKNOWN");
        }
    }

    #[test]
    fn each_kind_of_identifier_names_one_kind_of_party() {
        use IdentifierKind::{Cpr, Cvr, EmployeeUuid, PNumber, PersonUuid, Pid, Rid, Se};
        assert!(
            [Cpr, Pid, PersonUuid].map(IdentifierKind::party_kind).iter().all(|k| *k == PartyKind::Person)
        );
        assert!(
            [Rid, EmployeeUuid].map(IdentifierKind::party_kind).iter().all(|k| *k == PartyKind::Employee)
        );
        assert!(
            [Cvr, PNumber, Se].map(IdentifierKind::party_kind).iter().all(|k| *k == PartyKind::Organisation)
        );
    }
}
