use super::redacted::redacted;
use super::{CvrNumber, Error};

/// Most digits of a RID proper. Thirteen are seen; twenty leave room and bound the text.
const MAX_DIGITS: usize = 20;

/// A RID: one employee of one organisation in the certificates of OCES.
///
/// The digits are the organisation's own and mean nothing without its CVR number, so the two are one value:
/// `CVR:34051178-RID:1234567890123`. Source: the OCES certificate policy for employee certificates.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rid {
    cvr: CvrNumber,
    canonical: String,
}

redacted!(Rid);

impl Rid {
    /// Reads `CVR:` and eight digits, `-RID:` and 1 to 20 digits. Leading zeros are kept: they distinguish.
    ///
    /// # Errors
    ///
    /// [`Error::RidMalformed`] when it is anything else; [`Error::CvrChecksum`] when only the check digit of the
    /// CVR number does not fit.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let (cvr, digits) = input
            .strip_prefix("CVR:")
            .and_then(|rest| rest.split_once("-RID:"))
            .filter(|(_, digits)| is_rid_proper(digits))
            .ok_or(Error::RidMalformed)?;
        let cvr = CvrNumber::parse(cvr)
            .map_err(|error| if error == Error::CvrMalformed { Error::RidMalformed } else { error })?;
        let canonical = format!("CVR:{}-RID:{digits}", cvr.expose());
        Ok(Self { cvr, canonical })
    }

    /// The organisation that the employee belongs to.
    #[must_use]
    pub fn cvr(&self) -> &CvrNumber {
        &self.cvr
    }

    /// The canonical form, CVR number included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.canonical
    }
}

fn is_rid_proper(text: &str) -> bool {
    (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identifier::testing::{assert_redacted, extensions, truncations};

    #[test]
    fn a_rid_carries_its_cvr_number() {
        let rid = Rid::parse("CVR:34051178-RID:1234567890123").unwrap();
        assert_eq!(rid.cvr().expose(), "34051178");
        assert_eq!(rid.expose(), "CVR:34051178-RID:1234567890123");
    }

    #[test]
    fn the_cvr_number_of_a_rid_is_checked() {
        assert_eq!(Rid::parse("CVR:12345678-RID:1234567890123"), Err(Error::CvrChecksum));
        assert_eq!(Rid::parse("CVR:3405117-RID:1234567890123"), Err(Error::RidMalformed));
    }

    #[test]
    fn a_rid_without_its_cvr_number_or_its_digits_is_malformed() {
        for input in [
            "",
            "1234567890123",
            "RID:1234567890123",
            "CVR:34051178",
            "CVR:34051178-RID:",
            "CVR:34051178-RID:-1",
            "CVR:34051178-RID:12 3",
            "CVR:34051178-RID:١",
            "CVR:34051178-RID:1-RID:2",
            "cvr:34051178-RID:1",
            "CVR:34051178-UID:1",
            "CVR:34051178-RID:123456789012345678901",
        ] {
            assert_eq!(Rid::parse(input), Err(Error::RidMalformed));
        }
    }

    #[test]
    fn leading_zeros_tell_two_rids_apart() {
        assert_ne!(Rid::parse("CVR:34051178-RID:1"), Rid::parse("CVR:34051178-RID:01"));
    }

    proptest! {
        #[test]
        fn a_rid_survives_the_round_trip_and_stays_redacted(digits in "[0-9]{1,20}") {
            let text = format!("CVR:13748136-RID:{digits}");
            let rid = Rid::parse(&text).unwrap();
            prop_assert_eq!(rid.expose(), &text);
            prop_assert_eq!(Rid::parse(rid.expose()), Ok(rid.clone()));
            assert_redacted(&text, &rid);
        }

        #[test]
        fn a_rid_of_full_length_cannot_be_extended_nor_cut_before_its_digits(digits in "[0-9]{20}") {
            let stem = "CVR:13748136-RID:";
            for input in truncations(stem).chain([stem]) {
                prop_assert_eq!(Rid::parse(input), Err(Error::RidMalformed));
            }
            for input in extensions(&format!("{stem}{digits}")) {
                prop_assert_eq!(Rid::parse(&input), Err(Error::RidMalformed));
            }
        }

        #[test]
        fn rids_are_ordered_as_their_canonical_texts(a in "[0-9]{1,20}", b in "[0-9]{1,20}") {
            let a = Rid::parse(&format!("CVR:13748136-RID:{a}")).unwrap();
            let b = Rid::parse(&format!("CVR:34051178-RID:{b}")).unwrap();
            prop_assert_eq!(a.cmp(&b), a.expose().cmp(b.expose()));
        }
    }
}
