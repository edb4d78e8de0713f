use super::Error;
use super::digits::{digits, is_filler};
use super::redacted::redacted;

/// A P number: one production unit, a place where a legal unit does its work.
///
/// Ten digits without a check digit, so neither its length nor a control tells it from a CPR number; only the
/// type does. Source: CVR-loven.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PNumber(String);

redacted!(PNumber);

impl PNumber {
    /// Reads exactly ten ASCII digits.
    ///
    /// # Errors
    ///
    /// [`Error::PNumberMalformed`] when it is anything else, or ten zeros.
    pub fn parse(input: &str) -> Result<Self, Error> {
        digits::<10>(input).filter(|digits| !is_filler(digits)).ok_or(Error::PNumberMalformed)?;
        Ok(Self(input.to_owned()))
    }

    /// The ten digits.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identifier::testing::{assert_exact, assert_redacted};

    #[test]
    fn anything_but_ten_ascii_digits_is_malformed() {
        for input in ["", "100000000", "10000000000", "0000000000", "100 0000 00", "+100000000", "10000000०"]
        {
            assert_eq!(PNumber::parse(input), Err(Error::PNumberMalformed));
        }
    }

    proptest! {
        #[test]
        fn any_ten_digits_are_a_p_number_whatever_their_checksum(text in "[0-9]{9}[1-9]") {
            let number = PNumber::parse(&text).unwrap();
            prop_assert_eq!(number.expose(), &text);
            prop_assert_eq!(PNumber::parse(number.expose()), Ok(number.clone()));
            assert_redacted(&text, &number);
            assert_exact(&text, |input| PNumber::parse(input).is_ok());
        }
    }
}
