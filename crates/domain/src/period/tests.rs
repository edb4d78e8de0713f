use chrono::FixedOffset;
use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-06-01T10:00:00Z";

fn utc(text: &str) -> DateTime<Utc> {
    text.parse::<DateTime<FixedOffset>>().unwrap().with_timezone(&Utc)
}

fn on(text: &str) -> Bound {
    Bound::Date(parse_date(text).unwrap())
}

fn at(text: &str) -> Bound {
    Bound::Instant(utc(text))
}

fn asked(start: Option<Bound>, end: Bound) -> Result<Period, Error> {
    Period::from_bounds(start, end, utc(NOW))
}

fn period(from: &str, to: &str) -> Period {
    Period::new(utc(from), utc(to)).unwrap()
}

#[test]
fn a_period_ends_after_it_starts() {
    assert_eq!(Period::new(utc(NOW), utc(NOW)), Err(Error::Reversed));
    assert_eq!(Period::new(utc(NOW), utc("2026-06-01T09:59:59Z")), Err(Error::Reversed));
    assert!(Period::new(utc(NOW), utc("2026-06-01T10:00:00.000001Z")).is_ok());
}

#[test]
fn instants_are_cut_down_to_whole_microseconds() {
    let period = period("2026-06-01T10:00:00.123456789Z", "2026-06-01T10:00:00.999999999Z");
    assert_eq!(period.from(), utc("2026-06-01T10:00:00.123456Z"));
    assert_eq!(period.to(), utc("2026-06-01T10:00:00.999999Z"));
    let reversed = Period::new(utc("2026-06-01T10:00:00.000001Z"), utc("2026-06-01T10:00:00.000001999Z"));
    assert_eq!(reversed, Err(Error::Reversed), "nothing is left of it");
}

#[test]
fn a_period_stays_within_the_danish_years_1900_to_9999() {
    let (first, last) = (utc("1899-12-31T23:00:00Z"), utc("9999-12-31T23:00:00Z"));
    assert!(Period::new(first, last).is_ok());
    assert_eq!(Period::new(first - TimeDelta::microseconds(1), last), Err(Error::OutOfRange));
    assert_eq!(Period::new(first, last + TimeDelta::microseconds(1)), Err(Error::OutOfRange));
    assert_eq!(Period::new(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC), Err(Error::OutOfRange));
    assert_eq!(asked(None, on("9999-12-31")).unwrap().to(), last);
    assert_eq!(asked(None, Bound::Date(NaiveDate::MAX)), Err(Error::OutOfRange));
}

#[test]
fn the_start_is_in_the_period_and_the_end_is_not() {
    let june = period("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z");
    assert!(!june.contains(utc("2026-05-31T23:59:59.999999Z")));
    assert!(june.contains(utc("2026-06-01T00:00:00Z")));
    assert!(june.contains(utc("2026-06-30T23:59:59.999999Z")));
    assert!(!june.contains(utc("2026-07-01T00:00:00Z")));
}

#[test]
fn periods_that_only_touch_do_not_overlap() {
    let june = period("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z");
    let july = period("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z");
    let summer = period("2026-06-30T23:59:59.999999Z", "2026-09-01T00:00:00Z");
    assert!(!june.overlaps(&july) && !july.overlaps(&june));
    assert!(june.overlaps(&summer) && summer.overlaps(&june));
    assert!(summer.overlaps(&july) && july.overlaps(&summer));
}

#[test]
fn an_end_date_is_included() {
    let asked = asked(None, on("2026-06-30")).unwrap();
    assert_eq!(asked.from(), utc(NOW));
    assert_eq!(asked.to(), utc("2026-06-30T22:00:00Z"));
    assert_eq!(asked.last_day(), parse_date("2026-06-30").unwrap());
    assert_eq!(asked.first_day(), parse_date("2026-06-01").unwrap());
}

#[test]
fn dates_reach_through_both_changes_of_the_clocks() {
    let now = utc("2026-01-15T12:00:00Z");
    let spring = Period::from_bounds(Some(on("2026-03-29")), on("2026-03-29"), now).unwrap();
    assert_eq!((spring.from(), spring.to()), (utc("2026-03-28T23:00:00Z"), utc("2026-03-29T22:00:00Z")));
    assert_eq!(spring.to() - spring.from(), TimeDelta::hours(23));
    let autumn = Period::from_bounds(Some(on("2026-10-25")), on("2026-10-25"), now).unwrap();
    assert_eq!((autumn.from(), autumn.to()), (utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z")));
    assert_eq!(autumn.to() - autumn.from(), TimeDelta::hours(25));
}

#[test]
fn no_start_and_today_both_mean_now() {
    assert_eq!(asked(Some(on("2026-06-01")), on("2026-06-01")), asked(None, on("2026-06-01")));
    // In Denmark it is already the second of June.
    let late = utc("2026-06-01T22:30:00Z");
    let today = Period::from_bounds(Some(on("2026-06-02")), on("2026-06-02"), late).unwrap();
    assert_eq!(today.from(), late);
    assert_eq!(Period::from_bounds(Some(on("2026-06-01")), on("2026-06-02"), late), Err(Error::StartInPast));
}

#[test]
fn a_later_start_date_means_the_first_instant_of_that_day() {
    assert_eq!(asked(Some(on("2026-06-02")), on("2026-06-30")).unwrap().from(), utc("2026-06-01T22:00:00Z"));
}

#[test]
fn a_start_may_lie_five_minutes_before_now_and_no_more() {
    let end = on("2026-06-30");
    let slow = asked(Some(at("2026-06-01T09:55:00Z")), end).unwrap();
    assert_eq!(slow.from(), utc("2026-06-01T09:55:00Z"), "kept as it was stated");
    assert_eq!(asked(Some(at("2026-06-01T09:54:59.999999Z")), end), Err(Error::StartInPast));
    assert_eq!(asked(Some(on("2026-05-31")), end), Err(Error::StartInPast));
}

#[test]
fn a_period_that_is_over_is_refused() {
    assert_eq!(asked(None, on("2026-05-31")), Err(Error::InPast));
    assert_eq!(asked(None, at(NOW)), Err(Error::InPast));
    assert_eq!(asked(Some(on("2026-05-01")), on("2026-05-31")), Err(Error::InPast));
    assert!(asked(None, at("2026-06-01T10:00:00.000001Z")).is_ok());
}

#[test]
fn a_period_that_ends_before_it_starts_is_refused() {
    assert_eq!(asked(Some(on("2026-07-02")), on("2026-07-01")), Err(Error::Reversed));
    assert_eq!(asked(Some(at("2026-07-02T00:00:00Z")), at("2026-07-02T00:00:00Z")), Err(Error::Reversed));
    assert!(asked(Some(on("2026-07-01")), on("2026-07-01")).is_ok(), "one day");
}

#[test]
fn the_first_day_is_not_counted_in_the_length() {
    // Whatever the hour of the start: now, or the first instant of a day.
    for start in ["2026-06-01", "2026-06-02"] {
        let last = parse_date(start).unwrap() + Days::new(30);
        let longest = asked(Some(on(start)), Bound::Date(last)).unwrap();
        assert_eq!(longest.check_length(30), Ok(()));
        assert_eq!(longest.check_length(29), Err(Error::TooLong));
    }
    let a_moment_more = period(NOW, "2026-07-01T22:00:00.000001Z");
    assert_eq!(a_moment_more.check_length(30), Err(Error::TooLong));
    assert_eq!(period(NOW, "2026-07-01T22:00:00Z").check_length(30), Ok(()));
}

#[test]
fn a_length_of_no_days_is_the_rest_of_the_day() {
    assert_eq!(asked(None, on("2026-06-01")).unwrap().check_length(0), Ok(()));
    assert_eq!(asked(None, on("2026-06-02")).unwrap().check_length(0), Err(Error::TooLong));
}

#[test]
fn the_length_is_counted_in_days_whatever_the_clocks_do() {
    let now = utc("2026-01-15T12:00:00Z");
    for day in ["2026-03-28", "2026-10-24"] {
        let last = parse_date(day).unwrap() + Days::new(2);
        let three_days = Period::from_bounds(Some(on(day)), Bound::Date(last), now).unwrap();
        assert_eq!(three_days.check_length(2), Ok(()));
        assert_eq!(three_days.check_length(1), Err(Error::TooLong));
    }
}

#[test]
fn no_period_is_too_long_for_a_limit_beyond_the_calendar() {
    assert_eq!(asked(None, on("9999-12-31")).unwrap().check_length(u32::MAX), Ok(()));
}

#[test]
fn what_is_stated_is_said_in_one_way() {
    let said = |start, end| Stated { start, end }.canonical();
    let dates = Stated { start: Some(on("2026-07-01")), end: on("2026-07-31") };
    assert_eq!(dates.canonical(), dates);
    assert_eq!(said(Some(at("2026-06-30T22:00:00Z")), at("2026-07-31T22:00:00.000000999Z")), dates);
    let instants = said(Some(at("2026-06-30T22:00:00.000001Z")), at("2026-07-31T21:59:59.9999999Z"));
    let cut = (Some(at("2026-06-30T22:00:00.000001Z")), at("2026-07-31T21:59:59.999999Z"));
    assert_eq!((instants.start, instants.end), cut);
    assert_eq!(said(None, at("9999-12-31T23:00:00Z")), Stated { start: None, end: on("9999-12-31") });
}

#[test]
fn a_period_that_is_stated_is_that_period() {
    for stated in [
        Stated { start: None, end: on("2026-07-31") },
        Stated { start: Some(on("2026-06-01")), end: at("2026-07-31T12:00:00Z") },
    ] {
        assert_eq!(stated.at(utc(NOW)), asked(stated.start, stated.end));
    }
    let some = period("2026-06-01T12:00:00Z", "2026-06-30T22:00:00Z");
    assert_eq!(Stated::from(some).at(utc(NOW)), Ok(some));
}

#[test]
fn every_refusal_has_its_stable_reason() {
    let reasons = [
        (Error::Reversed, "PERIOD_REVERSED"),
        (Error::InPast, "PERIOD_IN_PAST"),
        (Error::StartInPast, "PERIOD_START_IN_PAST"),
        (Error::TooLong, "PERIOD_TOO_LONG"),
        (Error::OutOfRange, "PERIOD_OUT_OF_RANGE"),
        (Error::DateMalformed, "DATE_MALFORMED"),
    ];
    for (error, reason) in reasons {
        assert_eq!(error.reason(), reason);
    }
}

proptest! {
    #[test]
    fn a_period_is_never_empty_and_never_over(start in 0..2_000_u64, days in 0..2_000_u64, second in 0..86_400_i64) {
        let now = utc(NOW) + TimeDelta::seconds(second);
        let first = danish_date(now) + Days::new(start);
        let last = first + Days::new(days);
        let asked = Period::from_bounds(Some(Bound::Date(first)), Bound::Date(last), now).unwrap();
        prop_assert!(asked.from() < asked.to() && now < asked.to());
        prop_assert_eq!((asked.first_day(), asked.last_day()), (first, last));
        let days = u32::try_from(days).unwrap();
        prop_assert_eq!(asked.check_length(days), Ok(()));
        prop_assert!(days == 0 || asked.check_length(days - 1).is_err());
    }

    #[test]
    fn two_periods_overlap_when_some_instant_is_in_both(
        a in 0..50_i64, b in 1..50_i64, c in 0..50_i64, d in 1..50_i64,
    ) {
        let hour = |n: i64| utc(NOW) + TimeDelta::hours(n);
        let (one, other) = (Period::new(hour(a), hour(a + b)).unwrap(), Period::new(hour(c), hour(c + d)).unwrap());
        let shared = (0..100).any(|n| one.contains(hour(n)) && other.contains(hour(n)));
        prop_assert_eq!(one.overlaps(&other), shared);
        prop_assert_eq!(other.overlaps(&one), shared);
    }
}
