//! Days, instants and periods in words, in Danish civil time.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use super::page::Wording;
use crate::period::{Bound, Stated, danish_time};

/// How a language writes days and instants.
pub(super) struct Calendar {
    /// January to December.
    pub(super) months: [&'static str; 12],
    /// After the number of the day.
    pub(super) after_day: &'static str,
    /// Between the day and the time of day.
    pub(super) at: &'static str,
    /// Between hour, minute and second.
    pub(super) between: char,
    /// Before parts of a second.
    pub(super) decimal: char,
    /// The zone, before how far it is from UTC.
    pub(super) zone: &'static str,
}

impl Calendar {
    fn day(&self, date: NaiveDate) -> String {
        let month = usize::try_from(date.month0()).ok().and_then(|month| self.months.get(month));
        format!("{}{} {} {}", date.day(), self.after_day, month.unwrap_or(&""), date.year())
    }

    /// To the minute, unless it is finer. With the zone's distance from UTC, as an hour comes twice when summer ends.
    fn instant(&self, instant: DateTime<Utc>) -> String {
        let (local, ahead_seconds) = danish_time(instant);
        let (hour, minute, between) = (local.hour(), local.minute(), self.between);
        let mut time = format!("{hour:02}{between}{minute:02}");
        let micros = local.nanosecond() / 1_000;
        if local.second() > 0 || micros > 0 {
            time += &format!("{between}{:02}", local.second());
        }
        if micros > 0 {
            time += &format!("{}{micros:06}", self.decimal);
        }
        let (hours, minutes) = (ahead_seconds / 3_600, ahead_seconds / 60 % 60);
        let ahead = if minutes == 0 { format!("{hours}") } else { format!("{hours}:{minutes:02}") };
        format!("{} {} {time} {} (UTC+{ahead})", self.day(local.date()), self.at, self.zone)
    }
}

/// From when until when, as part of a sentence.
pub(super) fn period(stated: Stated, wording: &Wording) -> String {
    let Stated { start, end } = stated.canonical();
    let calendar = &wording.calendar;
    let start = match start {
        None => wording.from_signature.to_owned(),
        Some(Bound::Date(day)) => format!("{} {}", wording.from_day, calendar.day(day)),
        Some(Bound::Instant(instant)) => format!("{} {}", wording.from_instant, calendar.instant(instant)),
    };
    let end = match end {
        Bound::Date(day) => format!("{} {}", wording.to_day, calendar.day(day)),
        Bound::Instant(instant) => format!("{} {}", wording.to_instant, calendar.instant(instant)),
    };
    format!("{start} {end}")
}
