//! Free texts, and the purpose of a question.

use fuldmagt_domain::text::{AddressLine, Description, Error, Message, Name, Title};

use super::Violations;
use crate::clients::{MAX_PURPOSE_CHARS, is_purpose};

/// A delegator's message; empty means that there is none.
pub fn message(fields: &mut Violations, text: &str) -> Option<Option<Message>> {
    optional(fields, text, Message::parse)
}

/// A party's name; empty means that none is given.
pub fn name(fields: &mut Violations, text: &str) -> Option<Option<Name>> {
    optional(fields, text, Name::parse)
}

/// A line of an address, which must not be empty.
pub fn address_line(fields: &mut Violations, text: &str) -> Option<AddressLine> {
    required(fields, text, AddressLine::parse)
}

/// A title, which must be given.
pub fn title(fields: &mut Violations, text: &str) -> Option<Title> {
    required(fields, text, Title::parse)
}

/// A description, which must be given.
pub fn description(fields: &mut Violations, text: &str) -> Option<Description> {
    required(fields, text, Description::parse)
}

/// Why an authority asks: 1 to 64 characters of `a-z`, `0-9` and `_`. Whether it is registered for the caller is
/// another question: [`crate::app::Call::with_purpose`].
pub fn purpose(fields: &mut Violations, text: &str) -> Option<String> {
    if text.is_empty() {
        return fields.required();
    }
    if is_purpose(text) {
        Some(text.to_owned())
    } else {
        fields.refuse("PURPOSE_MALFORMED", format!("1 to {MAX_PURPOSE_CHARS} characters of a-z, 0-9 and _"))
    }
}

fn optional<T>(
    fields: &mut Violations,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, Error>,
) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { required(fields, text, parse).map(Some) }
}

/// The domain's refusals hold nothing of the refused text.
fn required<T>(
    fields: &mut Violations,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, Error>,
) -> Option<T> {
    if text.is_empty() {
        return fields.required();
    }
    match parse(text) {
        Ok(text) => Some(text),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    #[test]
    fn an_optional_text_may_be_empty_and_a_required_one_may_not() {
        assert_eq!(read(|fields| message(fields, "")), Ok(None));
        assert_eq!(read(|fields| name(fields, "")), Ok(None));
        assert_eq!(refused(|fields| title(fields, "")), at("field", "REQUIRED"));
        assert_eq!(refused(|fields| description(fields, "")), at("field", "REQUIRED"));
        assert_eq!(refused(|fields| purpose(fields, "")), at("field", "REQUIRED"));
    }

    #[test]
    fn good_texts_are_read() {
        assert_eq!(
            read(|fields| message(fields, "Kære Åse\nhej")).unwrap().unwrap().expose(),
            "Kære Åse\nhej"
        );
        assert_eq!(read(|fields| name(fields, "Åse Ø")).unwrap().unwrap().expose(), "Åse Ø");
        assert_eq!(read(|fields| title(fields, "Skat")).unwrap().as_str(), "Skat");
        assert_eq!(
            read(|fields| description(fields, "Se\nårsopgørelse")).unwrap().as_str(),
            "Se\nårsopgørelse"
        );
        assert_eq!(read(|fields| purpose(fields, "case_work_2")), Ok("case_work_2".to_owned()));
    }

    #[test]
    fn bad_texts_are_refused_with_the_domains_reasons() {
        for (text, reason) in [
            (" ".to_owned(), "TEXT_EMPTY"),
            ("\u{200b}".to_owned(), "TEXT_EMPTY"),
            ("x".repeat(2001), "TEXT_TOO_LONG"),
            ("A\u{30a}se".to_owned(), "TEXT_NOT_NFC"),
            ("a\u{0}b".to_owned(), "TEXT_CONTROL_CHARACTER"),
            ("a\u{202e}b".to_owned(), "TEXT_CONTROL_CHARACTER"),
            (" a".to_owned(), "TEXT_UNTRIMMED"),
        ] {
            assert_eq!(refused(|fields| message(fields, &text)), at("field", reason));
            assert_eq!(refused(|fields| name(fields, &text)), at("field", reason));
            assert_eq!(refused(|fields| title(fields, &text)), at("field", reason));
            assert_eq!(refused(|fields| description(fields, &text)), at("field", reason));
        }
        assert_eq!(refused(|fields| name(fields, "a\nb")), at("field", "TEXT_CONTROL_CHARACTER"));
        assert_eq!(refused(|fields| message(fields, &"x".repeat(1001))), at("field", "TEXT_TOO_LONG"));
        assert_eq!(refused(|fields| name(fields, &"x".repeat(131))), at("field", "TEXT_TOO_LONG"));
    }

    #[test]
    fn a_purpose_is_a_short_plain_word() {
        for text in ["Case", "case work", "case-work", "sagsbehandling\u{e5}", " a", &"a".repeat(65)] {
            assert_eq!(refused(|fields| purpose(fields, text)), at("field", "PURPOSE_MALFORMED"));
        }
        assert!(read(|fields| purpose(fields, &"a".repeat(64))).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_is_told_to_anybody(text in any::<String>()) {
            tells_nothing(&text, |fields| message(fields, &text));
            tells_nothing(&text, |fields| name(fields, &text));
            tells_nothing(&text, |fields| title(fields, &text));
            tells_nothing(&text, |fields| description(fields, &text));
            tells_nothing(&text, |fields| purpose(fields, &text));
        }
    }
}
