use super::Error;
use super::digits::{digits, is_filler, passes_modulus_11};
use super::redacted::redacted;

/// An SE number: one tax registration of a legal unit.
///
/// Eight digits with the control of a CVR number, and often equal to one, so only the type tells them apart. Source: CVR-loven and Erhvervsstyrelsen's "Modulus 11-kontrol".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeNumber(String);

redacted!(SeNumber);

impl SeNumber {
    /// Reads exactly eight ASCII digits.
    ///
    /// # Errors
    ///
    /// [`Error::SeMalformed`] when it is anything else, or eight zeros; [`Error::SeChecksum`] when the check
    /// digit does not fit.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let digits = digits::<8>(input).filter(|digits| !is_filler(digits)).ok_or(Error::SeMalformed)?;
        if passes_modulus_11(digits) { Ok(Self(input.to_owned())) } else { Err(Error::SeChecksum) }
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
    fn an_se_number_has_the_control_of_a_cvr_number() {
        assert_eq!(SeNumber::parse("34051178").unwrap().expose(), "34051178");
        assert_eq!(SeNumber::parse("12345678"), Err(Error::SeChecksum));
    }

    #[test]
    fn anything_but_eight_ascii_digits_is_malformed() {
        for input in ["", "3405117", "340511780", " 34051178", "34051178\n", "00000000", "３４０５１１７８"]
        {
            assert_eq!(SeNumber::parse(input), Err(Error::SeMalformed));
        }
    }

    proptest! {
        #[test]
        fn the_check_digit_agrees_with_a_brute_force_oracle(number in 1..100_000_000_u32) {
            let text = format!("{number:08}");
            prop_assert_eq!(SeNumber::parse(&text).is_ok(), eight_digits_with_check_digit(number));
        }

        #[test]
        fn an_se_number_survives_the_round_trip_and_stays_redacted(stem in 1..10_000_000_u32) {
            for text in (0..10).map(|last| format!("{stem:07}{last}")) {
                if let Ok(se) = SeNumber::parse(&text) {
                    prop_assert_eq!(SeNumber::parse(se.expose()), Ok(se.clone()));
                    assert_redacted(&text, &se);
                    assert_exact(&text, |input| SeNumber::parse(input).is_ok());
                }
            }
        }
    }
}
