//! Privileges: what may be delegated, named by a URI and owned by one authority's IT system.

mod ages;
mod publication;

use std::{fmt, num::NonZeroU32};

use unicode_normalization::is_nfc;

pub use ages::{AgeRange, Error as AgeRangeError, MAX_AGE_YEARS};
pub use publication::{
    Error as PublicationError, ExistingGrants, MAX_DAYS_AHEAD, Publication, State as PublicationState, plan,
};

use crate::{
    assurance::LevelOfAssurance,
    identifier::{CvrNumber, PartyKind},
};

/// Longest privilege URI in characters. The longest that is known in use has 93.
pub const MAX_URI_CHARS: usize = 500;
/// Longest system id in characters.
pub const MAX_SYSTEM_ID_CHARS: usize = 64;
/// How often a privilege can be passed on at most: a chain of five is longer than anybody oversees.
pub const MAX_SUB_DELEGATION_DEPTH: u8 = 5;

/// Why a name of the catalogue is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a URI (RFC 3986) or IRI (RFC 3987) with a scheme, too long, or not NFC.
    #[error("not a privilege URI")]
    UriMalformed,
    /// Not 1 to 64 characters of `a-z`, `0-9` and `-` that begin with a letter.
    #[error("not a system id")]
    SystemIdMalformed,
}

impl Error {
    /// The stable reason told to callers.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UriMalformed => "PRIVILEGE_MALFORMED",
            Self::SystemIdMalformed => "SYSTEM_ID_MALFORMED",
        }
    }
}

/// The URI of a privilege, compared bytewise. Non-ASCII URNs exist (`urn:dk:skat:årsopgørelse:se`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrivilegeUri(String);

impl PrivilegeUri {
    /// Reads a URI: a scheme (RFC 3986, section 3.1), a colon, and at least one character; NFC, without white space
    /// and control characters and the characters that no URI may contain.
    ///
    /// # Errors
    /// [`Error::UriMalformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (scheme, rest) = text.split_once(':').ok_or(Error::UriMalformed)?;
        let scheme_is_good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        // RFC 3986 excludes these outright; RFC 3987 adds the control and private use characters.
        let is_excluded = |c: char| {
            c.is_whitespace()
                || c.is_control()
                || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
                || matches!(c, '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
                || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFF}')
        };
        if !scheme_is_good
            || rest.is_empty()
            || text.chars().nth(MAX_URI_CHARS).is_some()
            || text.chars().any(is_excluded)
            || !is_nfc(text)
        {
            return Err(Error::UriMalformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PrivilegeUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of an authority's IT system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemId(String);

impl SystemId {
    /// Reads an id: 1 to 64 characters of `a-z`, `0-9` and `-`, beginning with a letter.
    ///
    /// # Errors
    /// [`Error::SystemIdMalformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let good = text.len() <= MAX_SYSTEM_ID_CHARS
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if good { Ok(Self(text.to_owned())) } else { Err(Error::SystemIdMalformed) }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a privilege lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// See, and change nothing.
    Read,
    /// Act with effect for the delegator.
    Act,
}

impl AccessKind {
    /// The stable name: `read` or `act`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Act => "act",
        }
    }

    /// Reads a stable name, exactly as [`AccessKind::as_str`] writes it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Read, Self::Act].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A privilege as the rules see it: without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privilege {
    /// Its name.
    pub uri: PrivilegeUri,
    /// The system it belongs to.
    pub system: SystemId,
    /// The authority that owns the system.
    pub authority: CvrNumber,
    /// The longest period it may be given for, in days; `None` for no cap of its own.
    pub max_period_days: Option<NonZeroU32>,
    /// The kinds of party that may give it.
    pub delegator_kinds: Vec<PartyKind>,
    /// The kinds of party that may hold it.
    pub representative_kinds: Vec<PartyKind>,
    /// Whether it lets its holder read only, or act.
    pub access: AccessKind,
    /// The level of assurance that giving it takes, at least: substantial or high.
    pub assurance: LevelOfAssurance,
    /// The ages of persons that may give it.
    pub delegator_ages: AgeRange,
    /// How often it may be passed on; 0 for not at all, at most [`MAX_SUB_DELEGATION_DEPTH`].
    pub max_sub_delegation_depth: u8,
    /// Whether it may be given on paper.
    pub paper_allowed: bool,
    /// Whether a representative may ask for it.
    pub request_allowed: bool,
    /// Whether it may be given and used.
    pub publication: Publication,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urns_with_danish_letters_are_privilege_uris() {
        for uri in ["urn:dk:skat:årsopgørelse:se", "http://rights.example.dk/a?b=c#d", "urn:dk:nemlogin:x"]
        {
            assert_eq!(PrivilegeUri::parse(uri).unwrap().as_str(), uri);
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        let long = format!("urn:{}", "a".repeat(MAX_URI_CHARS));
        for text in
            ["", "urn", "urn:", ":x", "1rn:x", "urn:a b", "urn:a\nb", "urn:<a>", "urn:a\u{30a}rs", &long]
        {
            assert_eq!(PrivilegeUri::parse(text), Err(Error::UriMalformed), "{text:?}");
        }
    }

    #[test]
    fn system_ids_are_short_lower_case_and_begin_with_a_letter() {
        assert!(SystemId::parse("skat-forskud2").is_ok());
        for text in ["", "1a", "-a", "Skat", "a_b", "å", &"a".repeat(65)] {
            assert_eq!(SystemId::parse(text), Err(Error::SystemIdMalformed), "{text:?}");
        }
    }

    #[test]
    fn every_kind_of_access_is_read_back_from_its_name() {
        for kind in [AccessKind::Read, AccessKind::Act] {
            assert_eq!(AccessKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(AccessKind::parse("Read"), None);
    }

    proptest! {
        #[test]
        fn reading_any_text_never_fails_otherwise_than_by_refusal(text in "\\PC*") {
            if let Ok(uri) = PrivilegeUri::parse(&text) {
                prop_assert_eq!(uri.as_str(), &text);
            }
        }
    }
}
