//! Days of Danish civil time.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Copenhagen;

use super::Error;

/// The years in which the service reckons.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;

/// The day after the last one, which only ever is the end of a period.
const END_OF_YEARS: Option<NaiveDate> = NaiveDate::from_ymd_opt(10_000, 1, 1);

/// How far around midnight UTC a local day may begin. No zone has been further than 16 hours from UTC.
const SEARCH_SECONDS: i64 = 24 * 60 * 60;

/// The date that calendars in Denmark show at an instant. Source: tidsbestemmelsesloven (lov om tidens bestemmelse)
/// and the rules of summer time in directive 2000/84/EC, by way of the IANA time zone database. The tables in use
/// know summer time until 2099; from 2100 they show standard time all year.
#[must_use]
pub fn danish_date(instant: DateTime<Utc>) -> NaiveDate {
    date_in(&Copenhagen, instant)
}

/// What clocks in Denmark show at an instant, and how many seconds they are ahead of UTC.
#[must_use]
pub fn danish_time(instant: DateTime<Utc>) -> (NaiveDateTime, i32) {
    let utc = instant.naive_utc();
    let offset = Copenhagen.offset_from_utc_datetime(&utc).fix();
    (utc.checked_add_offset(offset).unwrap_or(utc), offset.local_minus_utc())
}

/// The first instant of a day in Denmark.
///
/// # Errors
///
/// [`Error::OutOfRange`] outside the years 1900 to 9999; 10000-01-01 is still known, as the end of the day before.
pub fn day_start(date: NaiveDate) -> Result<DateTime<Utc>, Error> {
    if YEARS.contains(&date.year()) || Some(date) == END_OF_YEARS {
        day_start_in(&Copenhagen, date).ok_or(Error::OutOfRange)
    } else {
        Err(Error::OutOfRange)
    }
}

/// Reads a date written `YYYY-MM-DD`, exactly (the extended calendar format of ISO 8601, four digits of year).
///
/// # Errors
///
/// [`Error::DateMalformed`] for any other text, a day that the calendar does not have, or a year before 1900.
pub fn parse_date(input: &str) -> Result<NaiveDate, Error> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = input.as_bytes() else {
        return Err(Error::DateMalformed);
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0'))
        })
    };
    number(&[y1, y2, y3, y4])
        .zip(number(&[m1, m2]))
        .zip(number(&[d1, d2]))
        .and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()))
        .filter(|date| YEARS.contains(&date.year()))
        .ok_or(Error::DateMalformed)
}

/// The local date at an instant; at the very edges of what chrono can hold, the date in UTC.
fn date_in<Z: TimeZone>(zone: &Z, instant: DateTime<Utc>) -> NaiveDate {
    let utc = instant.naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc).fix();
    utc.checked_add_offset(offset).unwrap_or(utc).date()
}

/// The earliest instant at which a local calendar shows the date.
///
/// That is midnight; the earlier of two midnights, when clocks are set back to it; and when clocks are set forward
/// over it, so that there is none, the moment they are. In Denmark, according to the zone data in use, only
/// 1916-10-01 had two midnights and no day since 1900 had none; the law can change that for days to come.
fn day_start_in<Z: TimeZone>(zone: &Z, date: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = date.and_time(NaiveTime::MIN);
    if let Some(start) = zone.from_local_datetime(&midnight).earliest() {
        return Some(start.with_timezone(&Utc));
    }
    // Over a gap the local date only grows, so it can be halved; zones change their clocks on whole seconds.
    let (mut before, mut reached) = (-SEARCH_SECONDS, SEARCH_SECONDS);
    let at = |seconds: i64| midnight.and_utc().checked_add_signed(TimeDelta::seconds(seconds));
    while reached - before > 1 {
        let middle = i64::midpoint(before, reached);
        if date_in(zone, at(middle)?) < date { before = middle } else { reached = middle }
    }
    at(reached)
}

#[cfg(test)]
mod tests {
    use chrono::{Days, Timelike};
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse::<DateTime<chrono::FixedOffset>>().unwrap().with_timezone(&Utc)
    }

    fn hours_of(text: &str) -> i64 {
        let next = date(text).succ_opt().unwrap();
        (day_start(next).unwrap() - day_start(date(text)).unwrap()).num_hours()
    }

    #[test]
    fn the_day_on_which_summer_time_begins_has_twenty_three_hours() {
        assert_eq!(day_start(date("2026-03-29")), Ok(utc("2026-03-28T23:00:00Z")));
        assert_eq!(day_start(date("2026-03-30")), Ok(utc("2026-03-29T22:00:00Z")));
        assert_eq!(hours_of("2026-03-29"), 23);
    }

    #[test]
    fn the_day_on_which_summer_time_ends_has_twenty_five_hours() {
        assert_eq!(day_start(date("2026-10-25")), Ok(utc("2026-10-24T22:00:00Z")));
        assert_eq!(day_start(date("2026-10-26")), Ok(utc("2026-10-25T23:00:00Z")));
        assert_eq!(hours_of("2026-10-25"), 25);
    }

    #[test]
    fn any_other_day_of_the_year_has_twenty_four_hours() {
        for day in (0..365).map(|n| date("2026-01-01") + Days::new(n)) {
            let expected = match (day.month(), day.day()) {
                (3, 29) => 23,
                (10, 25) => 25,
                _ => 24,
            };
            assert_eq!(hours_of(&day.to_string()), expected, "{day}");
        }
    }

    #[test]
    fn the_danish_date_changes_at_danish_midnight() {
        for (instant, expected) in [
            ("2026-01-31T22:59:59.999999Z", "2026-01-31"),
            ("2026-01-31T23:00:00Z", "2026-02-01"),
            ("2026-07-31T21:59:59.999999Z", "2026-07-31"),
            ("2026-07-31T22:00:00Z", "2026-08-01"),
        ] {
            assert_eq!(danish_date(utc(instant)), date(expected), "{instant}");
        }
    }

    #[test]
    fn clocks_in_denmark_are_one_hour_ahead_of_utc_and_two_in_summer() {
        for (instant, expected, ahead_seconds) in [
            ("2026-01-31T22:59:59Z", "2026-01-31T23:59:59", 3_600),
            ("2026-10-25T00:59:59Z", "2026-10-25T02:59:59", 7_200),
            ("2026-10-25T01:00:00Z", "2026-10-25T02:00:00", 3_600),
        ] {
            assert_eq!(danish_time(utc(instant)), (expected.parse().unwrap(), ahead_seconds));
        }
    }

    #[test]
    fn the_whole_range_of_chrono_has_a_danish_date() {
        assert_eq!(danish_date(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
        assert_eq!(danish_date(DateTime::<Utc>::MIN_UTC), NaiveDate::MIN);
    }

    #[test]
    fn the_danish_day_with_two_midnights_begins_at_the_first() {
        assert_eq!(day_start(date("1916-10-01")), Ok(utc("1916-09-30T22:00:00Z")));
        assert_eq!(hours_of("1916-10-01"), 25);
        assert_eq!(hours_of("1916-09-30"), 24);
    }

    #[test]
    fn a_day_without_a_midnight_begins_when_the_clocks_jump() {
        let sao_paulo = chrono_tz::America::Sao_Paulo;
        assert_eq!(day_start_in(&sao_paulo, date("2018-11-04")), Some(utc("2018-11-04T03:00:00Z")));
        let beirut = chrono_tz::Asia::Beirut;
        assert_eq!(day_start_in(&beirut, date("2022-03-27")), Some(utc("2022-03-26T22:00:00Z")));
        // 1919-03-31 began at half past midnight: the clocks went from 23:30 to 00:30.
        let toronto = chrono_tz::America::Toronto;
        assert_eq!(day_start_in(&toronto, date("1919-03-31")), Some(utc("1919-03-31T04:30:00Z")));
    }

    #[test]
    fn a_day_with_two_midnights_begins_at_the_first() {
        let havana = chrono_tz::America::Havana;
        assert_eq!(day_start_in(&havana, date("2025-11-02")), Some(utc("2025-11-02T04:00:00Z")));
        let st_johns = chrono_tz::America::St_Johns;
        assert_eq!(day_start_in(&st_johns, date("2010-11-07")), Some(utc("2010-11-07T02:30:00Z")));
    }

    #[test]
    fn a_day_whose_eve_has_an_hour_twice_begins_at_its_only_midnight() {
        let sao_paulo = chrono_tz::America::Sao_Paulo;
        assert_eq!(day_start_in(&sao_paulo, date("2018-02-18")), Some(utc("2018-02-18T03:00:00Z")));
    }

    #[test]
    fn days_outside_the_years_of_the_service_are_refused() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        assert_eq!(day_start(day(1899, 12, 31)), Err(Error::OutOfRange));
        assert_eq!(day_start(day(1900, 1, 1)), Ok(utc("1899-12-31T23:00:00Z")));
        assert_eq!(day_start(day(10_000, 1, 1)), Ok(utc("9999-12-31T23:00:00Z")));
        assert_eq!(day_start(day(10_000, 1, 2)), Err(Error::OutOfRange));
        assert_eq!(day_start(NaiveDate::MAX), Err(Error::OutOfRange));
        assert_eq!(day_start(NaiveDate::MIN), Err(Error::OutOfRange));
    }

    #[test]
    fn a_date_is_written_in_one_way_only() {
        assert_eq!(parse_date("2024-02-29"), Ok(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()));
        for input in [
            "",
            "2026-3-29",
            "2026-03-29 ",
            " 2026-03-29",
            "2026-03-29T00:00:00Z",
            "+026-03-29",
            "20260329",
            "29-03-2026",
            "2026/03/29",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "1899-12-31",
            "0000-01-01",
            "12026-01-01",
            "2026-٠٣",
        ] {
            assert_eq!(parse_date(input), Err(Error::DateMalformed), "{input}");
        }
    }

    proptest! {
        #[test]
        fn a_date_survives_the_round_trip(days in 0..2_958_000_u64) {
            let day = date("1900-01-01") + Days::new(days);
            prop_assert_eq!(parse_date(&day.to_string()), Ok(day));
        }

        #[test]
        fn the_start_of_a_day_is_the_first_instant_with_its_date(days in 0..2_958_000_u64) {
            let day = date("1900-01-01") + Days::new(days);
            let start = day_start(day).unwrap();
            prop_assert_eq!(danish_date(start), day);
            prop_assert_eq!(danish_date(start - TimeDelta::microseconds(1)), day - Days::new(1));
            prop_assert_eq!(start.with_timezone(&Copenhagen).num_seconds_from_midnight(), 0);
        }
    }
}
