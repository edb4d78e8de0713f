//! Postal addresses.

use std::fmt;

use crate::text::AddressLine;

/// A postal address in lines, as it stands on an envelope below the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    lines: Vec<AddressLine>,
    country: CountryCode,
}

/// A country: two capital letters (ISO 3166-1 alpha-2). Not looked up in a list, which changes with the world.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountryCode([u8; 2]);

/// A refused address. Carries no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No line, or more than [`Address::MAX_LINES`].
    #[error("an address has 1 to {} lines", Address::MAX_LINES)]
    LineCount,
    /// Not two capital letters.
    #[error("a country is two capital letters of ISO 3166")]
    CountryMalformed,
}

impl Error {
    /// The stable, machine-readable name of the refusal.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::LineCount => "ADDRESS_LINES_COUNT",
            Self::CountryMalformed => "COUNTRY_MALFORMED",
        }
    }
}

impl Address {
    /// The most lines: what the print vendors' free form takes.
    pub const MAX_LINES: usize = 6;

    /// An address of these lines.
    ///
    /// # Errors
    /// [`Error::LineCount`].
    pub fn new(lines: Vec<AddressLine>, country: CountryCode) -> Result<Self, Error> {
        if lines.is_empty() || lines.len() > Self::MAX_LINES {
            return Err(Error::LineCount);
        }
        Ok(Self { lines, country })
    }

    /// Its lines, from the top.
    #[must_use]
    pub fn lines(&self) -> &[AddressLine] {
        &self.lines
    }

    /// Its country.
    #[must_use]
    pub const fn country(&self) -> CountryCode {
        self.country
    }

    /// The two letters of its country.
    #[must_use]
    pub fn country_text(&self) -> &str {
        self.country.expose()
    }
}

impl CountryCode {
    /// Denmark.
    pub const DENMARK: Self = Self(*b"DK");

    /// Reads two capital letters.
    ///
    /// # Errors
    /// [`Error::CountryMalformed`].
    pub fn parse(input: &str) -> Result<Self, Error> {
        match input.as_bytes() {
            [first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => {
                Ok(Self([*first, *second]))
            }
            _ => Err(Error::CountryMalformed),
        }
    }

    /// The two letters.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Two ASCII letters are UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Where somebody lives is nobody's business, and be it the country.
impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountryCode(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<AddressLine> {
        (0..count).map(|n| AddressLine::parse(&format!("Ærøvej {n}")).unwrap()).collect()
    }

    #[test]
    fn an_address_has_one_to_six_lines() {
        for count in 0..10 {
            let made = Address::new(lines(count), CountryCode::DENMARK);
            assert_eq!(made.is_ok(), (1..=6).contains(&count), "{count}");
        }
        assert_eq!(Address::new(lines(0), CountryCode::DENMARK).unwrap_err().reason(), "ADDRESS_LINES_COUNT");
    }

    #[test]
    fn a_country_is_two_capital_letters() {
        for input in ["DK", "GL", "FO", "SE"] {
            assert_eq!(CountryCode::parse(input).unwrap().expose(), input);
        }
        for input in ["", "D", "dk", "Dk", "DNK", "D1", "ÆØ", "Æ", "D "] {
            assert_eq!(CountryCode::parse(input), Err(Error::CountryMalformed), "{input}");
        }
        assert_eq!(Error::CountryMalformed.reason(), "COUNTRY_MALFORMED");
    }

    #[test]
    fn debug_output_tells_nothing_of_an_address() {
        let address = Address::new(lines(1), CountryCode::DENMARK).unwrap();
        let debug = format!("{address:?}");
        assert!(!debug.contains("vej") && !debug.contains("DK"), "{debug}");
        assert_eq!((address.lines().len(), address.country()), (1, CountryCode::DENMARK));
    }
}
