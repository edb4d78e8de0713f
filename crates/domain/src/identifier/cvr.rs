use super::Error;
use super::digits::{digits, is_filler, passes_modulus_11};
use super::redacted::redacted;

/// A CVR number: one legal unit in the Central Business Register.
///
/// Eight digits, the last a check digit. Source: CVR-loven (lov om Det Centrale Virksomhedsregister); the control
/// is Erhvervsstyrelsen's "Modulus 11-kontrol". Redacted like any other identifier, because a sole
/// proprietor's number points to a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CvrNumber(String);

redacted!(CvrNumber);

impl CvrNumber {
    /// Reads exactly eight ASCII digits.
    ///
    /// # Errors
    ///
    /// [`Error::CvrMalformed`] when it is anything else, or eight zeros; [`Error::CvrChecksum`] when the check
    /// digit does not fit.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let digits = digits::<8>(input).filter(|digits| !is_filler(digits)).ok_or(Error::CvrMalformed)?;
        if passes_modulus_11(digits) { Ok(Self(input.to_owned())) } else { Err(Error::CvrChecksum) }
    }

    /// The eight digits.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identifier::testing::{assert_exact, assert_redacted, eight_digits_with_check_digit};

    #[test]
    fn known_cvr_numbers_pass() {
        for input in ["34051178", "13748136", "20921897"] {
            assert_eq!(CvrNumber::parse(input).unwrap().expose(), input);
        }
    }

    #[test]
    fn known_wrong_cvr_numbers_fail_on_the_check_digit() {
        for input in ["12345678", "93825592"] {
            assert_eq!(CvrNumber::parse(input), Err(Error::CvrChecksum));
        }
    }

    #[test]
    fn eight_zeros_are_a_filler_and_no_cvr_number() {
        assert_eq!(CvrNumber::parse("00000000"), Err(Error::CvrMalformed));
    }

    #[test]
    fn anything_but_eight_ascii_digits_is_malformed() {
        for input in ["", "3405117", "340511780", "34 05 11 78", "DK34051178", "٣٤٠٥١١٧٨", "3405117a"]
        {
            assert_eq!(CvrNumber::parse(input), Err(Error::CvrMalformed));
        }
    }

    #[test]
    fn for_any_first_seven_digits_at_most_one_check_digit_fits() {
        for stem in (0..10_000_000_u32).step_by(997) {
            let fitting =
                (0..10).filter(|last| CvrNumber::parse(&format!("{stem:07}{last}")).is_ok()).count();
            assert!(fitting <= 1);
        }
    }

    proptest! {
        #[test]
        fn the_check_digit_agrees_with_a_brute_force_oracle(number in 1..100_000_000_u32) {
            let text = format!("{number:08}");
            prop_assert_eq!(CvrNumber::parse(&text).is_ok(), eight_digits_with_check_digit(number));
        }

        #[test]
        fn a_cvr_number_survives_the_round_trip_and_stays_redacted(stem in 1..10_000_000_u32) {
            for text in (0..10).map(|last| format!("{stem:07}{last}")) {
                if let Ok(cvr) = CvrNumber::parse(&text) {
                    prop_assert_eq!(CvrNumber::parse(cvr.expose()), Ok(cvr.clone()));
                    assert_redacted(&text, &cvr);
                    assert_exact(&text, |input| CvrNumber::parse(input).is_ok());
                }
            }
        }
    }
}
