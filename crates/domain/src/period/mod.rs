//! When a delegation is in force.
//!
//! Inside, a period is a half-open interval of instants with the precision of the database, one microsecond.
//! Outside, people say dates, and a date is a day of Danish civil time.

mod day;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
pub use day::{danish_date, danish_time, day_start, parse_date};

/// How far a start may lie before now, so that a client whose clock is a little slow can say "now".
pub const MAX_START_SKEW: TimeDelta = TimeDelta::minutes(5);

/// The first instant of a period: the start of 1900-01-01 in Denmark, in microseconds of Unix time.
const EARLIEST_US: i64 = -2_208_992_400_000_000;

/// The last end of a period: the end of 9999-12-31 in Denmark, in microseconds of Unix time.
const LATEST_US: i64 = 253_402_297_200_000_000;

/// A refused period or date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    /// The end is not after the start.
    #[error("the period does not end after it starts")]
    Reversed,
    /// The end is not after now.
    #[error("the period is over")]
    InPast,
    /// The start is before now, by more than [`MAX_START_SKEW`] or a day.
    #[error("the period starts in the past")]
    StartInPast,
    /// Longer than allowed.
    #[error("the period is longer than allowed")]
    TooLong,
    /// Not within the years 1900 to 9999.
    #[error("the period is not within the years 1900 to 9999")]
    OutOfRange,
    /// Not a date of the form `YYYY-MM-DD` within the years 1900 to 9999.
    #[error("a date is written YYYY-MM-DD")]
    DateMalformed,
}

impl Error {
    /// The stable, machine-readable name of the refusal.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Reversed => "PERIOD_REVERSED",
            Self::InPast => "PERIOD_IN_PAST",
            Self::StartInPast => "PERIOD_START_IN_PAST",
            Self::TooLong => "PERIOD_TOO_LONG",
            Self::OutOfRange => "PERIOD_OUT_OF_RANGE",
            Self::DateMalformed => "DATE_MALFORMED",
        }
    }
}

/// One end of a period as somebody states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Exactly then.
    Instant(DateTime<Utc>),
    /// A day in Denmark: from its first instant as a start, to and including the whole of it as an end.
    Date(NaiveDate),
}

/// A period as somebody states it: what it is from when to when is known once it is known when "now" is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stated {
    /// The start; `None` for now, whenever that is.
    pub start: Option<Bound>,
    /// The end.
    pub end: Bound,
}

impl Stated {
    /// The period that is meant when it is stated at the instant `now`.
    ///
    /// # Errors
    ///
    /// Those of [`Period::from_bounds`].
    pub fn at(self, now: DateTime<Utc>) -> Result<Period, Error> {
        Period::from_bounds(self.start, self.end, now)
    }

    /// The same, said in the one way that it is always said in: an instant at which a Danish day begins is said as a
    /// date, and no instant is finer than a microsecond.
    #[must_use]
    pub fn canonical(self) -> Self {
        let date = |instant: DateTime<Utc>| {
            let date = danish_date(instant);
            (day_start(date) == Ok(instant)).then_some(date)
        };
        let start = self.start.map(|bound| match bound {
            Bound::Date(_) => bound,
            Bound::Instant(instant) => {
                let instant = whole_micros(instant).unwrap_or(instant);
                date(instant).map_or(Bound::Instant(instant), Bound::Date)
            }
        });
        let end = match self.end {
            Bound::Date(_) => self.end,
            Bound::Instant(instant) => {
                let instant = whole_micros(instant).unwrap_or(instant);
                date(instant).and_then(|next| next.pred_opt()).map_or(Bound::Instant(instant), Bound::Date)
            }
        };
        Self { start, end }
    }
}

impl From<Period> for Stated {
    /// From that instant to that instant.
    fn from(period: Period) -> Self {
        Self { start: Some(Bound::Instant(period.from)), end: Bound::Instant(period.to) }
    }
}

/// The half-open interval `from <= t < to`, never empty, in whole microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Period {
    /// The period between two instants, each cut down to whole microseconds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when either is outside the Danish years 1900 to 9999; [`Error::Reversed`] when `to` is
    /// not after `from`.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Self, Error> {
        let (from, to) = (whole_micros(from)?, whole_micros(to)?);
        if from < to { Ok(Self { from, to }) } else { Err(Error::Reversed) }
    }

    /// The period that somebody asks for at the instant `now`.
    ///
    /// - No start, or the Danish date of `now`, means now.
    /// - A later start date means the first instant of that day.
    /// - A start instant is kept as it is, up to [`MAX_START_SKEW`] before now.
    /// - An end date is included: the period ends with the first instant of the next day.
    ///
    /// # Errors
    ///
    /// The first that applies: [`Error::OutOfRange`] when an end, or `now`, is outside the Danish years 1900 to 9999;
    /// [`Error::InPast`] when the end is not after now; [`Error::StartInPast`] when the start is a date before today
    /// or an instant more than [`MAX_START_SKEW`] before now; [`Error::Reversed`] when the end is not after the
    /// start.
    pub fn from_bounds(start: Option<Bound>, end: Bound, now: DateTime<Utc>) -> Result<Self, Error> {
        let now = whole_micros(now)?;
        let today = danish_date(now);
        let to = match end {
            Bound::Instant(instant) => whole_micros(instant)?,
            Bound::Date(date) => day_start(date.succ_opt().ok_or(Error::OutOfRange)?)?,
        };
        let (from, is_past) = match start {
            None => (now, false),
            Some(Bound::Date(date)) if date == today => (now, false),
            Some(Bound::Date(date)) => (day_start(date)?, date < today),
            Some(Bound::Instant(instant)) => {
                let instant = whole_micros(instant)?;
                (instant, now.signed_duration_since(instant) > MAX_START_SKEW)
            }
        };
        if to <= now {
            return Err(Error::InPast);
        }
        if is_past {
            return Err(Error::StartInPast);
        }
        Self::new(from, to)
    }

    /// The first instant of the period.
    #[must_use]
    pub const fn from(&self) -> DateTime<Utc> {
        self.from
    }

    /// The first instant after the period.
    #[must_use]
    pub const fn to(&self) -> DateTime<Utc> {
        self.to
    }

    /// The Danish date on which the period begins.
    #[must_use]
    pub fn first_day(&self) -> NaiveDate {
        danish_date(self.from)
    }

    /// The last Danish date that holds a moment of the period: what a letter calls "valid to and including".
    #[must_use]
    pub fn last_day(&self) -> NaiveDate {
        danish_date(self.to.checked_sub_signed(TimeDelta::microseconds(1)).unwrap_or(self.from))
    }

    /// Whether the instant lies in the period.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.from <= instant && instant < self.to
    }

    /// Whether any instant lies in both periods. Two periods that only touch do not overlap.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Refuses a period whose last Danish day comes more than `max_days` days after its first.
    ///
    /// As with Danish time limits, the day of the start is not counted and days are not divided: whatever the
    /// hour of the start, a delegation that begins on 1 June and may last 30 days is valid at most to and including
    /// 1 July. So a date can be checked as a date, and exactly `max_days` times 24 hours from any start pass, save
    /// when the clocks go forward in between and carry the last hour past midnight.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`].
    pub fn check_length(&self, max_days: u32) -> Result<(), Error> {
        match self.first_day().checked_add_days(Days::new(max_days.into())) {
            Some(limit) if self.last_day() > limit => Err(Error::TooLong),
            // A limit beyond the calendar is beyond every period.
            Some(_) | None => Ok(()),
        }
    }
}

/// The instant without its nanoseconds, as the database keeps it.
fn whole_micros(instant: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let micros = instant.timestamp_micros();
    if !(EARLIEST_US..=LATEST_US).contains(&micros) {
        return Err(Error::OutOfRange);
    }
    DateTime::from_timestamp_micros(micros).ok_or(Error::OutOfRange)
}

#[cfg(test)]
mod tests;
