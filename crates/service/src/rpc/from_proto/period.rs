//! Periods and instants.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    period::{self, Bound, Period, Stated},
    request::Term,
};
use fuldmagt_proto::v1::{
    self,
    period::{End, Start},
};
use prost_types::Timestamp;

use super::Violations;

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the bounds of `google.protobuf.Timestamp`.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// A period as it is asked for at the instant `now`. What is wrong is told of the end or the start that is wrong.
pub fn period(fields: &mut Violations, proto: Option<v1::Period>, now: DateTime<Utc>) -> Option<Period> {
    stated(fields, proto, now).map(|(_, period)| period)
}

/// The same, with the period as it is stated: that does not change while the period waits to be signed for.
pub fn stated(
    fields: &mut Violations,
    proto: Option<v1::Period>,
    now: DateTime<Utc>,
) -> Option<(Stated, Period)> {
    let Some(proto) = proto else { return fields.required() };
    let start_name = match &proto.start {
        None | Some(Start::ValidFrom(_)) => "valid_from",
        Some(Start::FromDate(_)) => "from_date",
    };
    let end_name = match &proto.end {
        None | Some(End::ValidTo(_)) => "valid_to",
        Some(End::ToDate(_)) => "to_date",
    };
    let start = fields.read(start_name, |fields| match proto.start {
        None => Some(None),
        Some(Start::ValidFrom(at)) => timestamp(fields, at).map(Bound::Instant).map(Some),
        Some(Start::FromDate(text)) => date(fields, &text).map(Some),
    });
    let end = fields.read(end_name, |fields| match proto.end {
        None => fields.required(),
        Some(End::ValidTo(at)) => timestamp(fields, at).map(Bound::Instant),
        Some(End::ToDate(text)) => date(fields, &text),
    });
    let (start, end) = (start?, end?);
    let stated = Stated { start, end };
    let error = match stated.at(now) {
        Ok(period) => return Some((stated, period)),
        Err(error) => error,
    };
    let wrong = match error {
        period::Error::StartInPast => start_name,
        // The end alone, from now on, tells which of the two is out of range.
        period::Error::OutOfRange
            if Period::from_bounds(None, end, now) != Err(period::Error::OutOfRange) =>
        {
            start_name
        }
        period::Error::OutOfRange
        | period::Error::InPast
        | period::Error::Reversed
        | period::Error::TooLong
        | period::Error::DateMalformed => end_name,
    };
    fields.read(wrong, |fields| fields.refuse(error.reason(), error.to_string()))
}

/// The period of an acceptance at the instant `now`: none means the one that was asked for, and one without a start
/// begins as was asked for.
pub fn term(
    fields: &mut Violations,
    proto: Option<v1::Period>,
    now: DateTime<Utc>,
) -> Option<(Option<Stated>, Term)> {
    let Some(proto) = proto else { return Some((None, Term::AsAsked)) };
    let (stated, period) = stated(fields, Some(proto), now)?;
    let term = if stated.start.is_some() { Term::Within(period) } else { Term::Until(period.to()) };
    Some((Some(stated), term))
}

/// An instant, as exact as it is given.
pub fn timestamp(fields: &mut Violations, proto: Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(proto.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    let instant = nanos
        .filter(|_| SECONDS.contains(&proto.seconds))
        .and_then(|nanos| DateTime::from_timestamp(proto.seconds, nanos));
    match instant {
        Some(instant) => Some(instant),
        None => fields
            .refuse("TIMESTAMP_INVALID", "must be an instant of the years 1 to 9999, nanos not negative"),
    }
}

fn date(fields: &mut Violations, text: &str) -> Option<Bound> {
    if text.is_empty() {
        return fields.required();
    }
    match period::parse_date(text) {
        Ok(date) => Some(Bound::Date(date)),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    /// 2026-06-01, noon in Denmark.
    fn now() -> DateTime<Utc> {
        "2026-06-01T10:00:00Z".parse().unwrap()
    }

    fn instant(text: &str) -> Timestamp {
        let at: DateTime<Utc> = text.parse().unwrap();
        Timestamp { seconds: at.timestamp(), nanos: 0 }
    }

    fn from(text: &str) -> Option<Start> {
        Some(Start::ValidFrom(instant(text)))
    }

    fn from_date(text: &str) -> Option<Start> {
        Some(Start::FromDate(text.to_owned()))
    }

    fn to(text: &str) -> Option<End> {
        Some(End::ValidTo(instant(text)))
    }

    fn to_date(text: &str) -> Option<End> {
        Some(End::ToDate(text.to_owned()))
    }

    fn of(start: Option<Start>, end: Option<End>) -> impl FnOnce(&mut Violations) -> Option<Period> {
        move |fields| period(fields, Some(v1::Period { start, end }), now())
    }

    #[test]
    fn dates_are_danish_days_and_no_start_is_now() {
        let read_period = read(of(None, to_date("2026-10-25"))).unwrap();
        assert_eq!(read_period.from(), now());
        assert_eq!(read_period.to(), "2026-10-25T23:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let read_period = read(of(from_date("2026-07-01"), to("2026-07-02T00:00:00Z"))).unwrap();
        assert_eq!(read_period.from(), "2026-06-30T22:00:00Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[test]
    fn a_period_is_read_as_it_is_stated() {
        let read_period =
            |start, end| read(|fields| stated(fields, Some(v1::Period { start, end }), now())).unwrap().0;
        let day = |text: &str| Bound::Date(period::parse_date(text).unwrap());
        let open = read_period(None, to_date("2026-10-25"));
        assert_eq!(open, Stated { start: None, end: day("2026-10-25") });
        let closed = read_period(from_date("2026-06-01"), to("2026-07-02T00:00:00Z"));
        let end = Bound::Instant("2026-07-02T00:00:00Z".parse().unwrap());
        assert_eq!(closed, Stated { start: Some(day("2026-06-01")), end });
    }

    #[test]
    fn a_wrong_period_is_told_of_the_end_that_is_wrong() {
        let early = || Some(Start::ValidFrom(Timestamp { seconds: -62_135_596_800, nanos: 0 }));
        let late = || Some(End::ValidTo(Timestamp { seconds: 253_402_300_799, nanos: 0 }));
        for (start, end, path, reason) in [
            (None, None, "field.valid_to", "REQUIRED"),
            (from_date(""), to_date("2026-07-01"), "field.from_date", "REQUIRED"),
            (None, to_date(""), "field.to_date", "REQUIRED"),
            (from_date("2026-6-1"), to_date("2026-07-01"), "field.from_date", "DATE_MALFORMED"),
            (None, to_date("2026-02-30"), "field.to_date", "DATE_MALFORMED"),
            (None, to_date("2026-05-31"), "field.to_date", "PERIOD_IN_PAST"),
            (None, to("2026-06-01T10:00:00Z"), "field.valid_to", "PERIOD_IN_PAST"),
            (from_date("2026-05-31"), to_date("2026-07-01"), "field.from_date", "PERIOD_START_IN_PAST"),
            (from("2026-06-01T09:54:59Z"), to_date("2026-07-01"), "field.valid_from", "PERIOD_START_IN_PAST"),
            (from_date("2026-07-02"), to_date("2026-07-01"), "field.to_date", "PERIOD_REVERSED"),
            (from("2026-07-02T00:00:00Z"), to("2026-07-02T00:00:00Z"), "field.valid_to", "PERIOD_REVERSED"),
            (early(), to_date("2026-07-01"), "field.valid_from", "PERIOD_OUT_OF_RANGE"),
            (None, late(), "field.valid_to", "PERIOD_OUT_OF_RANGE"),
        ] {
            assert_eq!(refused(of(start, end)), at(path, reason));
        }
    }

    #[test]
    fn a_period_must_be_given() {
        assert_eq!(refused(|fields| period(fields, None, now())), at("field", "REQUIRED"));
    }

    #[test]
    fn an_acceptance_takes_over_what_it_does_not_say() {
        let term_of = |start, end| {
            let proto = Some(v1::Period { start, end });
            read(|fields| term(fields, proto, now()).map(|(stated, term)| (stated.is_some(), term)))
        };
        let (from_day, to_day) = (from_date("2026-07-01"), to_date("2026-07-31"));
        let within =
            Period::new("2026-06-30T22:00:00Z".parse().unwrap(), "2026-07-31T22:00:00Z".parse().unwrap())
                .unwrap();
        assert_eq!(read(|fields| term(fields, None, now())), Ok((None, Term::AsAsked)));
        assert_eq!(term_of(None, to_day.clone()), Ok((true, Term::Until(within.to()))));
        assert_eq!(term_of(from_day.clone(), to_day), Ok((true, Term::Within(within))));
        assert_eq!(term_of(from_day, None), Err(vec![at("field.valid_to", "REQUIRED")]));
    }

    #[test]
    fn both_ends_are_told_when_both_are_wrong() {
        assert_eq!(
            read(of(from_date("x"), None)).unwrap_err(),
            [at("field.from_date", "DATE_MALFORMED"), at("field.valid_to", "REQUIRED")]
        );
    }

    #[test]
    fn a_timestamp_out_of_its_bounds_is_invalid() {
        for (seconds, nanos) in [
            (0, -1),
            (0, 1_000_000_000),
            (0, i32::MIN),
            (-62_135_596_801, 0),
            (253_402_300_800, 0),
            (i64::MAX, 0),
            (i64::MIN, i32::MAX),
        ] {
            let proto = Timestamp { seconds, nanos };
            assert_eq!(refused(|fields| timestamp(fields, proto)), at("field", "TIMESTAMP_INVALID"));
        }
        let last = Timestamp { seconds: 253_402_300_799, nanos: 999_999_999 };
        assert_eq!(read(|fields| timestamp(fields, last)).unwrap().timestamp_subsec_nanos(), 999_999_999);
    }

    proptest! {
        #[test]
        fn no_value_is_told_to_anybody(text in "\\PC{0,20}|[0-9-]{0,20}", seconds: i64, nanos: i32) {
            let at = Timestamp { seconds, nanos };
            tells_nothing(&text, of(from_date(&text), to_date(&text)));
            let proto = v1::Period { start: from_date(&text), end: to_date(&text) };
            tells_nothing(&text, |fields| term(fields, Some(proto), now()));
            tells_nothing(&seconds.to_string(), of(Some(Start::ValidFrom(at)), Some(End::ValidTo(at))));
            tells_nothing(&nanos.to_string(), of(None, Some(End::ValidTo(at))));
        }
    }
}
