//! Free text: bounded, normalised, and without characters that hide or reorder what a reader sees.
//!
//! Every type here refuses, and never repairs: a text that a person has signed must not change on its way in.
//!
//! Lengths are counted in Unicode scalar values ("characters" below), as `PostgreSQL` counts `char_length`.

use unicode_normalization::is_nfc;

/// A refused text. Carries no part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    /// Nothing, or nothing that can be seen.
    #[error("the text is empty")]
    Empty,
    /// More characters than allowed.
    #[error("the text is longer than {max_chars} characters")]
    TooLong {
        /// The most characters allowed.
        max_chars: usize,
    },
    /// Not in Unicode normalisation form C.
    #[error("the text is not in Unicode normalisation form C")]
    NotNfc,
    /// A control character, or one that hides or reorders text.
    #[error("the text holds a control character")]
    ControlCharacter,
    /// White space first or last.
    #[error("the text begins or ends with white space")]
    Untrimmed,
}

impl Error {
    /// The stable, machine-readable name of the refusal.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "TEXT_EMPTY",
            Self::TooLong { .. } => "TEXT_TOO_LONG",
            Self::NotNfc => "TEXT_NOT_NFC",
            Self::ControlCharacter => "TEXT_CONTROL_CHARACTER",
            Self::Untrimmed => "TEXT_UNTRIMMED",
        }
    }
}

/// Whether a text may have several lines, separated by U+000A and nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Several,
}

/// Declares a text that is somebody's own: redacted `Debug`, no `Display`, `expose()`.
macro_rules! private_text {
    ($(#[$doc:meta])* $name:ident, $max_chars:literal, $lines:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        bounded_text!($name, $max_chars, $lines);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

/// Declares a text of the public catalogue.
macro_rules! public_text {
    ($(#[$doc:meta])* $name:ident, $max_chars:literal, $lines:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        bounded_text!($name, $max_chars, $lines);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

macro_rules! bounded_text {
    ($name:ident, $max_chars:literal, $lines:expr) => {
        impl $name {
            /// The most characters that such a text has.
            pub const MAX_CHARS: usize = $max_chars;

            /// Takes the text as it is.
            ///
            /// # Errors
            ///
            /// The first [`Error`] that applies, in the order too long, empty, control character, untrimmed, not
            /// in normalisation form C.
            pub fn parse(input: &str) -> Result<Self, Error> {
                check(input, Self::MAX_CHARS, $lines)?;
                Ok(Self(input.to_owned()))
            }
        }
    };
}

private_text!(
    /// The name of a person or an organisation: 1 to 130 characters on one line, the longest name that the
    /// print vendors' interfaces take.
    Name, 130, Lines::One
);

private_text!(
    /// One line of a postal address: 1 to 34 characters, as many as the CPR register and the print vendors' free form
    /// give a line.
    AddressLine, 34, Lines::One
);

private_text!(
    /// The message that goes with a delegation: 1 to 1000 characters on any number of lines.
    ///
    /// It can hold sensitive data in the sense of the GDPR, articles 9 and 10.
    Message, 1000, Lines::Several
);

public_text!(
    /// The title of a privilege or a package: 1 to 200 characters on one line.
    Title, 200, Lines::One
);

public_text!(
    /// The description of a privilege or a package: 1 to 2000 characters on any number of lines.
    Description, 2000, Lines::Several
);

/// Length comes first, so that the rest looks at a bounded text.
fn check(input: &str, max_chars: usize, lines: Lines) -> Result<(), Error> {
    // In one go: a register has millions of texts.
    let (mut is_seen, mut is_refused_somewhere) = (false, false);
    for (place, c) in input.chars().enumerate() {
        if place == max_chars {
            return Err(Error::TooLong { max_chars });
        }
        is_seen |= !(c.is_whitespace() || is_invisible(c));
        is_refused_somewhere |= is_refused(c, lines);
    }
    if !is_seen {
        return Err(Error::Empty);
    }
    if is_refused_somewhere {
        return Err(Error::ControlCharacter);
    }
    if input.starts_with(char::is_whitespace) || input.ends_with(char::is_whitespace) {
        return Err(Error::Untrimmed);
    }
    // ASCII is, and most text is ASCII.
    if input.is_ascii() || is_nfc(input) { Ok(()) } else { Err(Error::NotNfc) }
}

/// Characters that show nothing by themselves though Unicode does not call them white space: soft hyphen, zero-width
/// spaces and joiners, direction marks, invisible operators, Hangul fillers, byte order mark.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{115f}'..='\u{1160}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{2064}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
    )
}

/// Characters that no text may hold, wherever they stand.
fn is_refused(c: char, lines: Lines) -> bool {
    match c {
        ' '..='~' => false,
        '\n' => lines == Lines::One,
        // Unicode's own line and paragraph separators would be a way around the rule for lines.
        '\u{2028}' | '\u{2029}' => true,
        // Embeddings, overrides and isolates make a text read otherwise than it is stored (UAX #9; CVE-2021-42574).
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{feff}' => true,
        // Noncharacters: 32 in one block, and the last two of every plane.
        '\u{fdd0}'..='\u{fdef}' => true,
        _ => c.is_control() || u32::from(c) & 0xfffe == 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
        result.unwrap_err().reason()
    }

    #[test]
    fn danish_and_foreign_names_are_taken_as_they_are() {
        for input in [
            "Åse Ærøskøbing-Østergård",
            "O'Connor",
            "Nguyễn Thị Minh",
            "李小龍",
            "محمد",
            "Jens 2. Hansen",
            "Ö",
        ] {
            assert_eq!(Name::parse(input).unwrap().expose(), input);
        }
    }

    #[test]
    fn lengths_are_counted_in_characters_and_not_in_bytes() {
        assert!(Name::parse(&"å".repeat(130)).is_ok());
        assert_eq!(Name::parse(&"å".repeat(131)), Err(Error::TooLong { max_chars: 130 }));
        assert!(Message::parse(&"å".repeat(1000)).is_ok());
        assert_eq!(reason(Message::parse(&"å".repeat(1001))), "TEXT_TOO_LONG");
        assert!(Title::parse(&"å".repeat(200)).is_ok());
        assert_eq!(reason(Title::parse(&"å".repeat(201))), "TEXT_TOO_LONG");
        assert!(Description::parse(&"å".repeat(2000)).is_ok());
        assert_eq!(reason(Description::parse(&"å".repeat(2001))), "TEXT_TOO_LONG");
    }

    #[test]
    fn a_text_with_nothing_to_see_is_empty() {
        for input in [
            "",
            " ",
            "\n",
            "\t \n",
            "\u{a0}",
            "\u{3000}",
            "\u{200b}",
            "\u{2060}\u{ad}",
            "\u{feff}",
            "\u{3164}",
        ] {
            assert_eq!(reason(Message::parse(input)), "TEXT_EMPTY", "{input:?}");
        }
    }

    #[test]
    fn a_text_in_another_normalisation_form_is_refused() {
        assert_eq!(reason(Name::parse("A\u{30a}se")), "TEXT_NOT_NFC");
        assert!(Name::parse("\u{c5}se").is_ok());
        assert_eq!(reason(Name::parse("5 \u{212b}")), "TEXT_NOT_NFC");
    }

    #[test]
    fn white_space_at_either_end_is_refused() {
        for input in [" Ada", "Ada ", "\u{a0}Ada", "Ada\u{2003}"] {
            assert_eq!(reason(Name::parse(input)), "TEXT_UNTRIMMED", "{input:?}");
        }
        assert_eq!(reason(Message::parse("Hej\n")), "TEXT_UNTRIMMED");
        assert_eq!(reason(Message::parse("\nHej")), "TEXT_UNTRIMMED");
    }

    #[test]
    fn control_characters_are_refused_wherever_they_stand() {
        let below = (0..0x20).chain(0x7f..0xa0).filter(|c| *c != 0x0a);
        for c in below.filter_map(char::from_u32) {
            for input in [format!("a{c}b"), format!("{c}ab"), format!("ab{c}")] {
                assert_eq!(reason(Message::parse(&input)), "TEXT_CONTROL_CHARACTER", "{input:?}");
                assert_eq!(reason(Name::parse(&input)), "TEXT_CONTROL_CHARACTER", "{input:?}");
            }
        }
    }

    #[test]
    fn characters_that_reorder_or_hide_text_are_refused() {
        let refused = (0x202a..=0x202e).chain(0x2066..=0x2069).chain([0xfeff, 0x2028, 0x2029]);
        for c in refused.filter_map(char::from_u32) {
            let input = format!("a{c}b");
            assert_eq!(reason(Message::parse(&input)), "TEXT_CONTROL_CHARACTER", "{input:?}");
            assert_eq!(reason(Description::parse(&input)), "TEXT_CONTROL_CHARACTER", "{input:?}");
        }
    }

    #[test]
    fn all_sixty_six_noncharacters_are_refused() {
        let last_two = (0..=0x10).flat_map(|plane| [plane << 16 | 0xfffe, plane << 16 | 0xffff]);
        let noncharacters: Vec<u32> = (0xfdd0..=0xfdef).chain(last_two).collect();
        assert_eq!(noncharacters.len(), 66);
        for c in noncharacters.into_iter().filter_map(char::from_u32) {
            assert_eq!(reason(Title::parse(&format!("a{c}b"))), "TEXT_CONTROL_CHARACTER");
        }
        for neighbour in ['\u{fdcf}', '\u{fdf0}', '\u{fffd}', '\u{10000}'] {
            assert!(Title::parse(&format!("a{neighbour}b")).is_ok());
        }
    }

    #[test]
    fn only_messages_and_descriptions_have_several_lines() {
        let input = "Kære Bo\n\nTak for hjælpen";
        assert_eq!(Message::parse(input).unwrap().expose(), input);
        assert_eq!(Description::parse(input).unwrap().as_str(), input);
        assert_eq!(reason(Name::parse(input)), "TEXT_CONTROL_CHARACTER");
        assert_eq!(reason(Title::parse(input)), "TEXT_CONTROL_CHARACTER");
        assert_eq!(reason(Message::parse("Kære Bo\r\nTak")), "TEXT_CONTROL_CHARACTER");
    }

    #[test]
    fn names_and_messages_are_redacted_and_catalogue_text_is_not() {
        assert_eq!(format!("{:?}", Name::parse("Ada").unwrap()), "Name(redacted)");
        assert_eq!(format!("{:#?}", Message::parse("Hej").unwrap()), "Message(redacted)");
        assert_eq!(format!("{:?}", Title::parse("Se skat").unwrap()), r#"Title("Se skat")"#);
    }

    proptest! {
        #[test]
        fn what_is_taken_comes_out_unchanged_and_is_taken_again(input in any::<String>()) {
            if let Ok(message) = Message::parse(&input) {
                prop_assert_eq!(message.expose(), &input);
                prop_assert_eq!(Message::parse(message.expose()), Ok(message.clone()));
                prop_assert!(input.chars().count() <= Message::MAX_CHARS);
                prop_assert_eq!(input.trim(), &input);
                prop_assert_eq!(format!("{message:?}"), "Message(redacted)");
            }
        }

        #[test]
        fn a_refusal_holds_nothing_of_the_text(secret in "[0-9]{10}") {
            let error = Name::parse(&format!(" {secret}")).unwrap_err();
            let shown = format!("{error} {error:?} {}", error.reason());
            prop_assert!(!shown.contains(&secret));
        }
    }
}
