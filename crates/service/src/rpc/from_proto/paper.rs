//! What a caseworker says of a form.

use chrono::NaiveDate;
use fuldmagt_domain::{delegation::PaperRejectReason, period};
use fuldmagt_proto::v1;

use super::{ENUM_UNKNOWN, Violations};

/// The SHA-256 of a scan, which must be given.
pub fn scan_digest(fields: &mut Violations, bytes: &[u8]) -> Option<[u8; 32]> {
    if bytes.is_empty() {
        return fields.required();
    }
    match bytes.try_into() {
        Ok(digest) => Some(digest),
        Err(_) => fields.refuse("DIGEST_MALFORMED", "must be a SHA-256: 32 bytes"),
    }
}

/// The day on which a form was signed, which must be given.
pub fn sign_date(fields: &mut Violations, text: &str) -> Option<NaiveDate> {
    if text.is_empty() {
        return fields.required();
    }
    match period::parse_date(text) {
        Ok(date) => Some(date),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

/// Why a case is rejected, which must be said.
pub fn reject_reason(fields: &mut Violations, number: i32) -> Option<PaperRejectReason> {
    match v1::PaperRejectReason::try_from(number) {
        Ok(v1::PaperRejectReason::Unspecified) => fields.required(),
        Ok(v1::PaperRejectReason::Signature) => Some(PaperRejectReason::Signature),
        Ok(v1::PaperRejectReason::Incomplete) => Some(PaperRejectReason::Incomplete),
        Ok(v1::PaperRejectReason::Misregistered) => Some(PaperRejectReason::Misregistered),
        Ok(v1::PaperRejectReason::Delegator) => Some(PaperRejectReason::Delegator),
        Ok(v1::PaperRejectReason::NotReturned) => Some(PaperRejectReason::NotReturned),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be one of the reasons"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    #[test]
    fn a_digest_has_thirty_two_bytes() {
        assert_eq!(read(|fields| scan_digest(fields, &[3; 32])), Ok([3; 32]));
        assert_eq!(refused(|fields| scan_digest(fields, &[])), at("field", "REQUIRED"));
        for length in [1, 31, 33, 64, 1_000_000] {
            let bytes = vec![3; length];
            assert_eq!(refused(|fields| scan_digest(fields, &bytes)), at("field", "DIGEST_MALFORMED"));
        }
    }

    #[test]
    fn a_form_was_signed_on_a_day() {
        let day: NaiveDate = "2026-06-15".parse().unwrap();
        assert_eq!(read(|fields| sign_date(fields, "2026-06-15")), Ok(day));
        assert_eq!(refused(|fields| sign_date(fields, "")), at("field", "REQUIRED"));
        for text in ["2026-6-15", "15-06-2026", "2026-02-30", "2026-06-15T00:00:00Z", "i dag"] {
            assert_eq!(refused(|fields| sign_date(fields, text)), at("field", "DATE_MALFORMED"), "{text}");
        }
    }

    #[test]
    fn a_rejection_has_a_reason() {
        for (number, reason) in (1..).zip(PaperRejectReason::ALL) {
            assert_eq!(read(|fields| reject_reason(fields, number)), Ok(reason));
        }
        assert_eq!(refused(|fields| reject_reason(fields, 0)), at("field", "REQUIRED"));
        assert_eq!(refused(|fields| reject_reason(fields, 6)), at("field", "ENUM_UNKNOWN"));
    }

    proptest! {
        #[test]
        fn no_value_is_told_to_anybody(
            bytes in prop::collection::vec(any::<u8>(), 0..40), text in "\\PC{0,20}", number: i32
        ) {
            tells_nothing(&format!("{bytes:?}"), |fields| scan_digest(fields, &bytes));
            tells_nothing(&text, |fields| sign_date(fields, &text));
            tells_nothing(&number.to_string(), |fields| reject_reason(fields, number));
        }
    }
}
