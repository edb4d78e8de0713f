use uuid::Uuid;

use super::Error;
use super::redacted::redacted;

/// Accepted before a UUID on input: the URN of RFC 9562, and the identifier that OIOSAML 3 gives a person.
const PREFIXES: [&str; 2] = ["urn:uuid:", "https://data.gov.dk/model/core/eid/person/uuid/"];

/// Characters in the hyphenated form of RFC 9562, section 4.
const HYPHENATED_LEN: usize = 36;

/// The UUID of one person in the national eID infrastructure (MitID and NemLog-in).
///
/// Any version and variant of RFC 9562 but the nil and the max UUID, which stand for "none" and name nobody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonUuid(String);

redacted!(PersonUuid);

impl PersonUuid {
    /// Reads the hyphenated form in either case, bare or after `urn:uuid:` or
    /// `https://data.gov.dk/model/core/eid/person/uuid/`.
    ///
    /// # Errors
    ///
    /// [`Error::UuidMalformed`] when it is anything else, or the nil or the max UUID.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let bare = PREFIXES.iter().find_map(|prefix| input.strip_prefix(prefix)).unwrap_or(input);
        canonical(bare).map(Self).ok_or(Error::UuidMalformed)
    }

    /// The canonical form: hyphenated, lower case, no prefix.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The lower-case form of a bare hyphenated UUID, if it is one that may name somebody.
pub(super) fn canonical(bare: &str) -> Option<String> {
    // The parser below takes braces, URNs and forms without hyphens too; only one form has this length.
    if bare.len() != HYPHENATED_LEN {
        return None;
    }
    let uuid = Uuid::try_parse(bare).ok().filter(|uuid| !uuid.is_nil() && !uuid.is_max())?;
    Some(uuid.hyphenated().to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identifier::testing::{assert_exact, assert_redacted};

    const SOME: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    #[test]
    fn the_known_prefixes_are_accepted_and_dropped() {
        for input in [
            SOME.to_owned(),
            SOME.to_uppercase(),
            format!("urn:uuid:{SOME}"),
            format!("https://data.gov.dk/model/core/eid/person/uuid/{SOME}"),
        ] {
            assert_eq!(PersonUuid::parse(&input).unwrap().expose(), SOME);
        }
    }

    #[test]
    fn the_nil_and_the_max_uuid_name_nobody() {
        for input in [
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "urn:uuid:00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(PersonUuid::parse(input), Err(Error::UuidMalformed));
        }
    }

    #[test]
    fn other_forms_and_prefixes_are_malformed() {
        for input in [
            String::new(),
            SOME.replace('-', ""),
            format!("{{{SOME}}}"),
            format!("urn:uuid:urn:uuid:{SOME}"),
            format!("urn:uuid:https://data.gov.dk/model/core/eid/person/uuid/{SOME}"),
            format!("https://data.gov.dk/model/core/eid/professional/uuid/{SOME}"),
            format!("http://data.gov.dk/model/core/eid/person/uuid/{SOME}"),
            SOME.replace('-', "_"),
            SOME.replace('f', "g"),
            "3f2504e04-f89-41d3-9a0c-0305e82c3301".to_owned(),
            "3f2504e0-4f89-41d3-9a0c-0305e82c33é".to_owned(),
        ] {
            assert_eq!(PersonUuid::parse(&input), Err(Error::UuidMalformed));
        }
    }

    proptest! {
        #[test]
        fn a_uuid_survives_the_round_trip_and_stays_redacted(value in 1..u128::MAX) {
            let text = Uuid::from_u128(value).hyphenated().to_string();
            let uuid = PersonUuid::parse(&text).unwrap();
            prop_assert_eq!(uuid.expose(), &text);
            prop_assert_eq!(PersonUuid::parse(uuid.expose()), Ok(uuid.clone()));
            assert_redacted(&text, &uuid);
            assert_exact(&text, |input| PersonUuid::parse(input).is_ok());
        }
    }
}
