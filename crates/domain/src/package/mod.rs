//! Packages: named sets of privileges, whose content changes by versions.

mod offer;

use std::fmt;

pub use offer::{Following, Given, MAX_PACKAGES, Mode, Offer, with_pinned};

use crate::privilege::SystemId;

/// The most privileges that one version of a package holds: as many as one delegation.
pub const MAX_PACKAGE_PRIVILEGES: usize = crate::delegation::MAX_PRIVILEGES;

/// A refused id of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not 1 to 64 characters of `a-z`, `0-9` and `-` that begin with a letter.
    #[error("not a package id")]
    IdMalformed,
}

impl Error {
    /// The stable reason told to callers.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::IdMalformed => "PACKAGE_ID_MALFORMED",
        }
    }
}

/// The id of a package, written as the id of a system is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(String);

impl PackageId {
    /// Reads an id: 1 to 64 characters of `a-z`, `0-9` and `-`, beginning with a letter.
    ///
    /// # Errors
    /// [`Error::IdMalformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        match SystemId::parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(Error::IdMalformed),
        }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which versions of a package there are at an instant, and which of them it is hidden with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The version that counts: of those that are published, the one with the highest number.
    pub current: Option<u32>,
    /// The next one to be the current one.
    pub upcoming: Option<u32>,
    /// The package is hidden as long as no version after this one is the current one.
    pub hidden: Option<u32>,
}

/// What the versions of a package mean at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Without a version.
    Draft,
    /// With a first version to come.
    Scheduled,
    /// May be given.
    Published,
    /// May be given no more, or not yet again.
    Hidden,
}

impl Versions {
    /// What they mean.
    #[must_use]
    pub fn state(self) -> State {
        match (self.current, self.hidden) {
            (Some(current), Some(hidden)) if current <= hidden => State::Hidden,
            (Some(_), _) => State::Published,
            // Hidden before its first version came.
            (None, Some(hidden)) if self.upcoming.is_some_and(|upcoming| upcoming <= hidden) => State::Hidden,
            (None, _) if self.upcoming.is_some() => State::Scheduled,
            (None, _) => State::Draft,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_ids_are_short_lower_case_and_begin_with_a_letter() {
        assert_eq!(PackageId::parse("skat-samlet").unwrap().as_str(), "skat-samlet");
        for text in ["", "1a", "-a", "Skat", "a_b", "å", &"a".repeat(65)] {
            assert_eq!(PackageId::parse(text), Err(Error::IdMalformed), "{text:?}");
        }
    }

    #[test]
    fn a_package_may_be_given_when_a_version_after_the_one_it_is_hidden_with_counts() {
        for (current, upcoming, hidden, state) in [
            (None, None, None, State::Draft),
            (None, Some(1), None, State::Scheduled),
            (Some(1), None, None, State::Published),
            (Some(1), Some(2), None, State::Published),
            (Some(1), None, Some(1), State::Hidden),
            (Some(1), Some(2), Some(2), State::Hidden),
            (Some(2), None, Some(2), State::Hidden),
            (Some(1), Some(3), Some(2), State::Hidden),
            (Some(3), None, Some(2), State::Published),
            (None, Some(1), Some(1), State::Hidden),
            (None, Some(2), Some(1), State::Scheduled),
        ] {
            assert_eq!(
                Versions { current, upcoming, hidden }.state(),
                state,
                "{current:?} {upcoming:?} {hidden:?}"
            );
        }
    }
}
