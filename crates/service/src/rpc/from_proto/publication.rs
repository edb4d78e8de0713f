//! When something of the catalogue is published or hidden, and what becomes of what was given before.

use chrono::{DateTime, Utc};
use fuldmagt_domain::privilege::{ExistingGrants, plan};
use fuldmagt_proto::v1;
use prost_types::Timestamp;

use super::{ENUM_UNKNOWN, Violations, period::timestamp};
use crate::app::command::Mode;

/// When, where that is later than `now`; unset means now.
pub fn planned(
    fields: &mut Violations,
    proto: Option<Timestamp>,
    now: DateTime<Utc>,
) -> Option<Option<DateTime<Utc>>> {
    let Some(proto) = proto else { return Some(None) };
    let asked = timestamp(fields, proto)?;
    match plan(asked, now) {
        Ok(planned) => Some(planned),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

/// Unspecified means that they stop.
pub fn existing_grants(fields: &mut Violations, number: i32) -> Option<ExistingGrants> {
    match v1::ExistingGrants::try_from(number) {
        Ok(v1::ExistingGrants::Stop | v1::ExistingGrants::Unspecified) => Some(ExistingGrants::Stop),
        Ok(v1::ExistingGrants::Keep) => Some(ExistingGrants::Keep),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be what becomes of existing grants"),
    }
}

/// Whether a command is done or only judged.
pub const fn mode(validate_only: bool) -> Mode {
    if validate_only { Mode::ValidateOnly } else { Mode::Do }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::{
        from_proto::testing::{at, read, refused, tells_nothing},
        to_proto,
    };

    fn now() -> DateTime<Utc> {
        "2026-06-15T10:00:00Z".parse().unwrap()
    }

    fn read_at(text: &str) -> Result<Option<DateTime<Utc>>, Vec<(String, &'static str)>> {
        let asked = to_proto::timestamp(text.parse().unwrap());
        read(|fields| planned(fields, Some(asked), now()))
    }

    #[test]
    fn what_is_not_later_than_now_is_now() {
        assert_eq!(read(|fields| planned(fields, None, now())), Ok(None));
        for text in ["2026-06-15T10:00:00Z", "2026-06-15T09:55:00Z"] {
            assert_eq!(read_at(text), Ok(None));
        }
        let later: DateTime<Utc> = "2027-06-16T10:00:00Z".parse().unwrap();
        assert_eq!(read_at("2027-06-16T10:00:00Z"), Ok(Some(later)));
    }

    #[test]
    fn an_instant_that_has_passed_or_is_far_ahead_is_refused() {
        for (text, reason) in [
            ("2026-06-15T09:54:59Z", "TIME_IN_PAST"),
            ("1970-01-01T00:00:00Z", "TIME_IN_PAST"),
            ("2027-06-16T10:00:01Z", "TIME_TOO_FAR_AHEAD"),
            ("9999-12-31T23:59:59Z", "TIME_TOO_FAR_AHEAD"),
        ] {
            assert_eq!(read_at(text), Err(vec![at("field", reason)]), "{text}");
        }
        let wrong = Timestamp { seconds: 0, nanos: -1 };
        assert_eq!(refused(|fields| planned(fields, Some(wrong), now())), at("field", "TIMESTAMP_INVALID"));
    }

    #[test]
    fn existing_grants_stop_unless_they_are_kept() {
        for (number, expected) in
            [(0, ExistingGrants::Stop), (1, ExistingGrants::Stop), (2, ExistingGrants::Keep)]
        {
            assert_eq!(read(|fields| existing_grants(fields, number)), Ok(expected));
        }
        assert_eq!(refused(|fields| existing_grants(fields, 3)), at("field", "ENUM_UNKNOWN"));
    }

    proptest! {
        #[test]
        fn no_value_is_told_to_anybody(seconds: i64, nanos: i32, number: i32) {
            let asked = Some(Timestamp { seconds, nanos });
            tells_nothing(&seconds.to_string(), |fields| planned(fields, asked, now()));
            tells_nothing(&nanos.to_string(), |fields| planned(fields, asked, now()));
            tells_nothing(&number.to_string(), |fields| existing_grants(fields, number));
        }
    }
}
