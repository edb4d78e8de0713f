use super::Error;
use super::digits::digits;
use super::redacted::redacted;

/// What every PID has before its own digits.
const SERIES: &str = "9208-2002-2-";

/// The optional scheme name.
const SCHEME: &str = "PID:";

/// A PID: the number of one person in the certificates of OCES (NemID and before), known from before MitID.
///
/// `PID:9208-2002-2-` and twelve digits. The series itself holds hyphens, so a reader must never split a PID at
/// its first one. Source: the OCES certificate policy for personal certificates, and OIOSAML 2.0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(String);

redacted!(Pid);

impl Pid {
    /// Reads a PID with or without its `PID:` prefix.
    ///
    /// # Errors
    ///
    /// [`Error::PidMalformed`] when it is anything else.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let bare = input.strip_prefix(SCHEME).unwrap_or(input);
        let own = bare.strip_prefix(SERIES).ok_or(Error::PidMalformed)?;
        digits::<12>(own).ok_or(Error::PidMalformed)?;
        Ok(Self(format!("{SCHEME}{bare}")))
    }

    /// The canonical form, with the `PID:` prefix.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identifier::testing::{assert_exact, assert_redacted};

    #[test]
    fn the_prefix_is_optional_on_input_and_always_there_on_output() {
        let with = Pid::parse("PID:9208-2002-2-123456789012").unwrap();
        let without = Pid::parse("9208-2002-2-123456789012").unwrap();
        assert_eq!(with, without);
        assert_eq!(without.expose(), "PID:9208-2002-2-123456789012");
    }

    #[test]
    fn a_pid_is_read_past_its_first_hyphen() {
        let first = Pid::parse("PID:9208-2002-2-000000000001").unwrap();
        let second = Pid::parse("PID:9208-2002-2-000000000002").unwrap();
        assert_ne!(first, second);
        assert_eq!(Pid::parse("PID:9208"), Err(Error::PidMalformed));
        assert_eq!(Pid::parse("PID:9208-"), Err(Error::PidMalformed));
    }

    #[test]
    fn other_series_prefixes_and_digits_are_malformed() {
        for input in [
            "",
            "PID:",
            "PID:PID:9208-2002-2-123456789012",
            "pid:9208-2002-2-123456789012",
            "RID:9208-2002-2-123456789012",
            "PID: 9208-2002-2-123456789012",
            "PID:9208-2002-1-123456789012",
            "PID:920820022123456789012",
            "PID:9208-2002-2-12345678901",
            "PID:9208-2002-2-1234567890123",
            "PID:9208-2002-2-12345678901x",
            "PID:9208-2002-2-١٢٣٤٥٦",
        ] {
            assert_eq!(Pid::parse(input), Err(Error::PidMalformed));
        }
    }

    proptest! {
        #[test]
        fn a_pid_survives_the_round_trip_and_stays_redacted(own in "[0-9]{12}") {
            let text = format!("PID:9208-2002-2-{own}");
            let pid = Pid::parse(&text).unwrap();
            prop_assert_eq!(pid.expose(), &text);
            prop_assert_eq!(Pid::parse(pid.expose()), Ok(pid.clone()));
            assert_redacted(&text, &pid);
            assert_exact(&text, |input| Pid::parse(input).is_ok());
        }
    }
}
