use super::redacted::redacted;
use super::uuid::canonical;
use super::{CvrNumber, Error};

/// The professional UUID of one employee, with the organisation that it belongs to.
///
/// One employee is one UUID within one CVR number, so the two are one value:
/// `CVR:34051178-UUID:3f2504e0-4f89-41d3-9a0c-0305e82c3301` (this project's own notation; the UUID is that of
/// RFC 9562 which OIOSAML 3 gives a professional).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmployeeUuid {
    cvr: CvrNumber,
    canonical: String,
}

redacted!(EmployeeUuid);

impl EmployeeUuid {
    /// Reads `CVR:` and eight digits, `-UUID:` and a bare hyphenated UUID in either case.
    ///
    /// # Errors
    ///
    /// [`Error::UuidMalformed`] when it is anything else, or the nil or the max UUID; [`Error::CvrChecksum`] when
    /// only the check digit of the CVR number does not fit.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let (cvr, uuid) = input
            .strip_prefix("CVR:")
            .and_then(|rest| rest.split_once("-UUID:"))
            .ok_or(Error::UuidMalformed)?;
        let uuid = canonical(uuid).ok_or(Error::UuidMalformed)?;
        let cvr = CvrNumber::parse(cvr)
            .map_err(|error| if error == Error::CvrMalformed { Error::UuidMalformed } else { error })?;
        let canonical = format!("CVR:{}-UUID:{uuid}", cvr.expose());
        Ok(Self { cvr, canonical })
    }

    /// The organisation that the employee belongs to.
    #[must_use]
    pub fn cvr(&self) -> &CvrNumber {
        &self.cvr
    }

    /// The canonical form, CVR number included, the UUID in lower case.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.canonical
    }
}

#[cfg(test)]
mod tests {
    use ::uuid::Uuid;
    use proptest::prelude::*;

    use super::*;
    use crate::identifier::testing::{assert_exact, assert_redacted};

    const SOME: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    #[test]
    fn an_employee_uuid_carries_its_cvr_number() {
        let employee = EmployeeUuid::parse(&format!("CVR:34051178-UUID:{}", SOME.to_uppercase())).unwrap();
        assert_eq!(employee.cvr().expose(), "34051178");
        assert_eq!(employee.expose(), format!("CVR:34051178-UUID:{SOME}"));
    }

    #[test]
    fn the_same_uuid_in_two_organisations_is_two_employees() {
        let one = EmployeeUuid::parse(&format!("CVR:34051178-UUID:{SOME}")).unwrap();
        let other = EmployeeUuid::parse(&format!("CVR:13748136-UUID:{SOME}")).unwrap();
        assert_ne!(one, other);
    }

    #[test]
    fn the_cvr_number_of_an_employee_uuid_is_checked() {
        let wrong = format!("CVR:12345678-UUID:{SOME}");
        assert_eq!(EmployeeUuid::parse(&wrong), Err(Error::CvrChecksum));
    }

    #[test]
    fn other_forms_are_malformed() {
        for input in [
            String::new(),
            SOME.to_owned(),
            format!("UUID:{SOME}"),
            format!("CVR:34051178-uuid:{SOME}"),
            format!("CVR:34051178-RID:{SOME}"),
            format!("CVR:3405117-UUID:{SOME}"),
            format!("CVR:34051178-UUID:urn:uuid:{SOME}"),
            "CVR:34051178-UUID:00000000-0000-0000-0000-000000000000".to_owned(),
            "CVR:34051178-UUID:".to_owned(),
        ] {
            assert_eq!(EmployeeUuid::parse(&input), Err(Error::UuidMalformed));
        }
    }

    proptest! {
        #[test]
        fn an_employee_uuid_survives_the_round_trip_and_stays_redacted(value in 1..u128::MAX) {
            let text = format!("CVR:20921897-UUID:{}", Uuid::from_u128(value).hyphenated());
            let employee = EmployeeUuid::parse(&text).unwrap();
            prop_assert_eq!(employee.expose(), &text);
            prop_assert_eq!(EmployeeUuid::parse(employee.expose()), Ok(employee.clone()));
            assert_redacted(&text, &employee);
            assert_exact(&text, |input| EmployeeUuid::parse(input).is_ok());
        }
    }
}
