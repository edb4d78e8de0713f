//! One person as the CPR register tells of them.

use crate::address::Address;
use crate::cpr_status::CprStatus;
use crate::identifier::CprNumber;
use crate::text::Name;

/// One number in the CPR register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CprRecord {
    number: CprNumber,
    status: CprStatus,
    new_number: Option<CprNumber>,
    person: RegisteredPerson,
}

/// What the register tells of the person beside number and status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredPerson {
    /// Name-and-address protection (*navne- og adressebeskyttelse*; lov om Det Centrale Personregister, section 28):
    /// the address may be used for a letter, and is shown to nobody.
    pub is_protected: bool,
    /// The name, if the register has one.
    pub name: Option<Name>,
    /// The address, if the register has one.
    pub address: Option<Address>,
}

/// A refused record. Carries no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The status says that the number was changed, and nothing says to what.
    #[error("status 60 comes with the new number")]
    NewNumberMissing,
    /// The status is one that no new number comes with.
    #[error("a new number comes with status 50 and 60 only")]
    NewNumberUnexpected,
    /// The number was changed to itself.
    #[error("the new number is another number")]
    NewNumberIsOld,
}

impl Error {
    /// The stable, machine-readable name of the refusal.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NewNumberMissing => "NEW_NUMBER_MISSING",
            Self::NewNumberUnexpected => "NEW_NUMBER_UNEXPECTED",
            Self::NewNumberIsOld => "NEW_NUMBER_IS_OLD",
        }
    }
}

impl CprRecord {
    /// A record. The new number is what a number was changed to (status 60), or of which it was a duplicate (50, where
    /// the register may not know).
    ///
    /// # Errors
    /// When the new number does not go with the status.
    pub fn new(
        number: CprNumber,
        status: CprStatus,
        new_number: Option<CprNumber>,
        person: RegisteredPerson,
    ) -> Result<Self, Error> {
        match &new_number {
            None if status == CprStatus::NumberChanged => return Err(Error::NewNumberMissing),
            Some(_) if !status.has_successor() => return Err(Error::NewNumberUnexpected),
            Some(new) if *new == number => return Err(Error::NewNumberIsOld),
            None | Some(_) => {}
        }
        Ok(Self { number, status, new_number, person })
    }

    /// The number that the record is about.
    #[must_use]
    pub const fn number(&self) -> &CprNumber {
        &self.number
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> CprStatus {
        self.status
    }

    /// The number that the person has now.
    #[must_use]
    pub const fn new_number(&self) -> Option<&CprNumber> {
        self.new_number.as_ref()
    }

    /// What else is told of the person.
    #[must_use]
    pub const fn person(&self) -> &RegisteredPerson {
        &self.person
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "0501792275";
    const OTHER: &str = "2512489996";

    fn made(status: CprStatus, new_number: Option<&str>) -> Result<CprRecord, Error> {
        let number = |text| CprNumber::parse(text).unwrap();
        CprRecord::new(number(NUMBER), status, new_number.map(number), RegisteredPerson::default())
    }

    #[test]
    fn a_changed_number_comes_with_the_new_one_and_a_duplicate_may() {
        assert!(made(CprStatus::NumberChanged, Some(OTHER)).is_ok());
        assert_eq!(made(CprStatus::NumberChanged, None), Err(Error::NewNumberMissing));
        assert!(made(CprStatus::DeletedDuplicate, Some(OTHER)).is_ok());
        assert!(made(CprStatus::DeletedDuplicate, None).is_ok());
    }

    #[test]
    fn nobody_else_has_a_new_number() {
        for status in CprStatus::ALL.into_iter().filter(|status| !status.has_successor()) {
            assert_eq!(made(status, Some(OTHER)), Err(Error::NewNumberUnexpected), "{}", status.as_str());
            assert!(made(status, None).is_ok());
        }
    }

    #[test]
    fn a_number_is_not_changed_to_itself() {
        for status in [CprStatus::NumberChanged, CprStatus::DeletedDuplicate] {
            assert_eq!(made(status, Some(NUMBER)), Err(Error::NewNumberIsOld));
        }
    }

    #[test]
    fn debug_output_tells_no_number_and_no_name() {
        let person = RegisteredPerson {
            is_protected: true,
            name: Some(Name::parse("Åse Ærø").unwrap()),
            address: None,
        };
        let number = CprNumber::parse(NUMBER).unwrap();
        let record = CprRecord::new(number, CprStatus::Dead, None, person).unwrap();
        let debug = format!("{record:?}");
        assert!(!debug.contains(NUMBER) && !debug.contains("Ærø"), "{debug}");
    }
}
