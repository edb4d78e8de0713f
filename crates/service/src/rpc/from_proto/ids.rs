//! Ids and versions.

use std::collections::HashSet;

use fuldmagt_domain::{delegation::DelegationId, party::PartyId};
use uuid::Uuid;

use super::Violations;

/// Characters in the hyphenated form of RFC 9562, section 4, the only one that is read.
const HYPHENATED_CHARS: usize = 36;

/// Most notices of one call: as many as one answer lists.
const MAX_NOTICES: usize = 500;

/// Digits of the largest version.
const MAX_ETAG_DIGITS: usize = 19;

/// A UUID in its hyphenated form, in either case; neither the nil nor the max UUID, which stand for "none".
pub fn uuid(fields: &mut Violations, text: &str) -> Option<Uuid> {
    if text.is_empty() {
        return fields.required();
    }
    // The parser reads other forms too; only this one has the length.
    let uuid = (text.len() == HYPHENATED_CHARS).then(|| Uuid::try_parse(text).ok()).flatten();
    match uuid.filter(|uuid| !uuid.is_nil() && !uuid.is_max()) {
        Some(uuid) => Some(uuid),
        None => fields.refuse("UUID_MALFORMED", "must be a UUID of 36 characters, and not the nil UUID"),
    }
}

/// The id of a party.
pub fn party_id(fields: &mut Violations, text: &str) -> Option<PartyId> {
    uuid(fields, text).map(PartyId)
}

/// The id of a delegation.
pub fn delegation_id(fields: &mut Violations, text: &str) -> Option<DelegationId> {
    uuid(fields, text).map(DelegationId)
}

/// The idempotency key of a command.
pub fn request_id(fields: &mut Violations, text: &str) -> Option<Uuid> {
    uuid(fields, text)
}

/// Notices: 1 to `MAX_NOTICES`, none twice.
pub fn notice_ids(fields: &mut Violations, texts: &[String]) -> Option<Vec<Uuid>> {
    if texts.is_empty() || texts.len() > MAX_NOTICES {
        return fields.refuse("NOTICES_COUNT", format!("1 to {MAX_NOTICES} notices"));
    }
    let mut seen = HashSet::with_capacity(texts.len());
    fields.each(texts, |fields, text| {
        let notice = uuid(fields, text)?;
        if seen.insert(notice) {
            Some(notice)
        } else {
            fields.refuse("NOTICE_DUPLICATE", "a notice is listed twice")
        }
    })
}

/// An etag, if one is given: the version in decimal digits, as `to_proto` writes it.
pub fn etag(fields: &mut Violations, text: &str) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    let is_canonical = text.len() <= MAX_ETAG_DIGITS
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit());
    match is_canonical.then(|| text.parse().ok()).flatten() {
        Some(version) => Some(Some(version)),
        None => fields.refuse("ETAG_MALFORMED", "must be an etag as this service gave it"),
    }
}

/// An etag that must be given.
pub fn required_etag(fields: &mut Violations, text: &str) -> Option<i64> {
    match etag(fields, text)? {
        Some(version) => Some(version),
        None => fields.required(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    const SOME: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    #[test]
    fn a_uuid_is_read_in_either_case() {
        let expected = Uuid::parse_str(SOME).unwrap();
        for text in [SOME.to_owned(), SOME.to_uppercase()] {
            assert_eq!(read(|fields| uuid(fields, &text)), Ok(expected));
        }
        assert_eq!(read(|fields| party_id(fields, SOME)), Ok(PartyId(expected)));
        assert_eq!(read(|fields| delegation_id(fields, SOME)), Ok(DelegationId(expected)));
        assert_eq!(read(|fields| request_id(fields, SOME)), Ok(expected));
    }

    #[test]
    fn an_empty_uuid_is_missing() {
        assert_eq!(refused(|fields| uuid(fields, "")), at("field", "REQUIRED"));
    }

    #[test]
    fn other_forms_and_uuids_that_stand_for_none_are_malformed() {
        for text in [
            SOME.replace('-', ""),
            format!("{{{SOME}}}"),
            format!("urn:uuid:{SOME}"),
            format!(" {SOME}"),
            SOME.replace('f', "g"),
            "3f2504e04-f89-41d3-9a0c-0305e82c3301".to_owned(),
            Uuid::nil().to_string(),
            Uuid::max().to_string(),
            "x".repeat(1_000_000),
        ] {
            assert_eq!(refused(|fields| uuid(fields, &text)), at("field", "UUID_MALFORMED"));
        }
    }

    #[test]
    fn each_notice_is_named_once() {
        let many = |count: u128| (1..=count).map(|n| Uuid::from_u128(n).to_string()).collect::<Vec<_>>();
        assert_eq!(read(|fields| notice_ids(fields, &many(500))).unwrap().len(), 500);
        for count in [0, 501] {
            assert_eq!(refused(|fields| notice_ids(fields, &many(count))), at("field", "NOTICES_COUNT"));
        }
        let texts = ["", SOME, "x", &SOME.to_uppercase()].map(str::to_owned);
        assert_eq!(
            read(|fields| notice_ids(fields, &texts)).unwrap_err(),
            [
                at("field[0]", "REQUIRED"),
                at("field[2]", "UUID_MALFORMED"),
                at("field[3]", "NOTICE_DUPLICATE"),
            ]
        );
    }

    #[test]
    fn an_etag_is_a_version_or_absent_unless_it_must_be_given() {
        assert_eq!(read(|fields| etag(fields, "")), Ok(None));
        assert_eq!(refused(|fields| required_etag(fields, "")), at("field", "REQUIRED"));
        assert_eq!(refused(|fields| required_etag(fields, "x")), at("field", "ETAG_MALFORMED"));
        assert_eq!(read(|fields| required_etag(fields, "7")), Ok(7));
        assert_eq!(read(|fields| etag(fields, "1")), Ok(Some(1)));
        assert_eq!(read(|fields| etag(fields, &i64::MAX.to_string())), Ok(Some(i64::MAX)));
        for text in [
            "0",
            "01",
            "+1",
            "-1",
            " 1",
            "1.0",
            "9223372036854775808",
            "99999999999999999999",
            "\u{661}",
            "W/\"1\"",
        ] {
            assert_eq!(refused(|fields| etag(fields, text)), at("field", "ETAG_MALFORMED"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_told_to_anybody(text in "\\PC{0,40}|[0-9-]{0,40}") {
            tells_nothing(&text, |fields| uuid(fields, &text));
            tells_nothing(&text, |fields| etag(fields, &text));
            tells_nothing(&text, |fields| required_etag(fields, &text));
        }

        #[test]
        fn every_uuid_survives_the_round_trip(value in 1..u128::MAX) {
            let value = Uuid::from_u128(value);
            prop_assert_eq!(read(|fields| uuid(fields, &value.to_string())), Ok(value));
        }
    }
}
