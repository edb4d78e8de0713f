//! Time and identifiers: handed to whoever needs them, so that every test can choose them.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes identifiers.
pub trait IdSource: Send + Sync + 'static {
    /// An identifier for a row that is made at `now`: a UUID version 7, so that rows sort by age.
    fn row_id(&self, now: DateTime<Utc>) -> Uuid;

    /// An identifier that says nothing about when it was made: a UUID version 4.
    fn random_id(&self) -> Uuid;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> DateTime<Utc> {
        DateTime::from(SystemTime::now())
    }
}

/// Identifiers from the operating system's source of randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn row_id(&self, now: DateTime<Utc>) -> Uuid {
        // An instant before 1970 has no place in version 7; such a row then sorts as the oldest.
        let since_epoch = SystemTime::from(now).duration_since(UNIX_EPOCH).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(NoContext, since_epoch.as_secs(), since_epoch.subsec_nanos()))
    }

    #[allow(clippy::disallowed_methods, reason = "the one place where a random identifier is made")]
    fn random_id(&self) -> Uuid {
        Uuid::new_v4()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_identifiers_carry_the_instant_they_were_given() {
        let now = DateTime::parse_from_rfc3339("2026-03-29T01:30:00.123Z").unwrap().to_utc();
        let id = RandomIds.row_id(now);
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds as i64, nanoseconds), (now.timestamp(), 123_000_000));
    }

    #[test]
    fn two_random_identifiers_differ() {
        assert_ne!(RandomIds.random_id(), RandomIds.random_id());
    }
}
