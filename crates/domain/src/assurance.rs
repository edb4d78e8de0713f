//! How sure an identity is.

/// A level of assurance of NSIS, the Danish national standard for identity assurance levels
/// (National Standard for Identiteters Sikringsniveauer), which follows the eIDAS regulation, article 8.
///
/// Ordered: a demand for `Substantial` is met by anything `>= Substantial`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LevelOfAssurance {
    /// NSIS *Lav*.
    Low,
    /// NSIS *Betydelig*.
    Substantial,
    /// NSIS *Høj*.
    High,
}

/// A refused level of assurance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text names no level of NSIS.
    #[error("not a level of assurance of NSIS")]
    Unknown,
}

impl Error {
    /// The stable, machine-readable name of the refusal.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "ASSURANCE_UNKNOWN",
        }
    }
}

impl LevelOfAssurance {
    /// Every level, lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Substantial, Self::High];

    /// The stable name: `low`, `substantial` or `high`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }

    /// Reads a stable name, exactly as [`LevelOfAssurance::as_str`] writes it.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for any other text.
    pub fn parse(input: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|level| level.as_str() == input).ok_or(Error::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_from_low_to_high() {
        assert!(LevelOfAssurance::Low < LevelOfAssurance::Substantial);
        assert!(LevelOfAssurance::Substantial < LevelOfAssurance::High);
        assert!(LevelOfAssurance::ALL.is_sorted());
    }

    #[test]
    fn every_level_is_read_back_from_its_name() {
        for level in LevelOfAssurance::ALL {
            assert_eq!(LevelOfAssurance::parse(level.as_str()), Ok(level));
        }
    }

    #[test]
    fn an_unknown_level_is_refused_with_a_stable_reason() {
        for input in ["", "High", " high", "high ", "betydelig", "3"] {
            let error = LevelOfAssurance::parse(input).unwrap_err();
            assert_eq!(error.reason(), "ASSURANCE_UNKNOWN");
        }
    }
}
