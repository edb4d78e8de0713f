//! The ages of those who may give a privilege or a package.

use chrono::NaiveDate;

use crate::identifier::CprNumber;

/// The oldest age that a range can name, in completed years: nobody is known to have become so old.
pub const MAX_AGE_YEARS: u32 = 150;

/// Why a range of ages is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An age is above [`MAX_AGE_YEARS`].
    #[error("an age is 0 to {MAX_AGE_YEARS} completed years")]
    OutOfRange,
    /// The lowest age is above the highest.
    #[error("the lowest age is above the highest")]
    Reversed,
}

impl Error {
    /// The stable reason told to callers.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::OutOfRange => "AGE_OUT_OF_RANGE",
            Self::Reversed => "AGE_RANGE_REVERSED",
        }
    }
}

/// Ages in completed years, both ends included. Of persons: an organisation has no age, and every range admits it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgeRange {
    min: Option<u32>,
    max: Option<u32>,
}

impl From<u32> for AgeRange {
    /// From that age on.
    fn from(min: u32) -> Self {
        Self { min: Some(min), max: None }
    }
}

impl AgeRange {
    /// Every age.
    pub const ANY: Self = Self { min: None, max: None };

    /// From the lowest to the highest age; `None` for no limit.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::Reversed`].
    pub fn new(min: Option<u32>, max: Option<u32>) -> Result<Self, Error> {
        if [min, max].into_iter().flatten().any(|age| age > MAX_AGE_YEARS) {
            return Err(Error::OutOfRange);
        }
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            return Err(Error::Reversed);
        }
        Ok(Self { min, max })
    }

    /// The lowest age.
    #[must_use]
    pub const fn min(self) -> Option<u32> {
        self.min
    }

    /// The highest age.
    #[must_use]
    pub const fn max(self) -> Option<u32> {
        self.max
    }

    /// Whether somebody of that many completed years may.
    #[must_use]
    pub fn contains(self, age_years: u32) -> bool {
        self.min.is_none_or(|min| min <= age_years) && self.max.is_none_or(|max| age_years <= max)
    }

    /// Whether the person of that CPR number may, on a Danish date.
    #[must_use]
    pub fn admits(self, person: &CprNumber, today: NaiveDate) -> bool {
        self.contains(person.age_on(today))
    }

    /// The ages that are in both: for two ranges that have one in common.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let max = [self.max, other.max].into_iter().flatten().min();
        Self { min: self.min.max(other.min), max }
    }

    /// Whether some age that the other range has is not in this one.
    #[must_use]
    pub fn excludes_some_of(self, other: Self) -> bool {
        let rises = self.min.is_some_and(|min| other.min.unwrap_or(0) < min);
        let falls = self.max.is_some_and(|max| other.max.unwrap_or(MAX_AGE_YEARS) > max);
        rises || falls
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn age() -> impl Strategy<Value = Option<u32>> {
        prop::option::of(0..=MAX_AGE_YEARS)
    }

    #[test]
    fn a_range_that_is_no_range_is_refused() {
        assert_eq!(AgeRange::new(Some(18), Some(17)), Err(Error::Reversed));
        for (min, max) in [(Some(151), None), (None, Some(151)), (Some(u32::MAX), Some(0))] {
            assert_eq!(AgeRange::new(min, max), Err(Error::OutOfRange));
        }
        assert!(AgeRange::new(Some(18), Some(18)).unwrap().contains(18));
    }

    #[test]
    fn a_person_is_admitted_from_the_birthday_of_the_lowest_age_to_the_day_before_the_one_after_the_highest()
    {
        let person = CprNumber::parse("0501792275").unwrap();
        let range = AgeRange::new(Some(15), Some(17)).unwrap();
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        for (today, admitted) in [
            (day(1994, 1, 4), false),
            (day(1994, 1, 5), true),
            (day(1997, 1, 4), true),
            (day(1997, 1, 5), false),
        ] {
            assert_eq!(range.admits(&person, today), admitted, "{today}");
        }
    }

    proptest! {
        #[test]
        fn a_range_has_the_ages_between_its_ends(min in age(), max in age(), asked in 0..=MAX_AGE_YEARS) {
            let Ok(range) = AgeRange::new(min, max) else { return Ok(()) };
            prop_assert_eq!(range.contains(asked), (min.unwrap_or(0)..=max.unwrap_or(u32::MAX)).contains(&asked));
            prop_assert!(AgeRange::ANY.contains(asked));
        }

        #[test]
        fn an_age_is_in_both_ranges_exactly_when_it_is_in_each(
            min in age(), max in age(), other_min in age(), other_max in age(), asked in 0..=MAX_AGE_YEARS
        ) {
            let (Ok(range), Ok(other)) = (AgeRange::new(min, max), AgeRange::new(other_min, other_max)) else {
                return Ok(());
            };
            let both = range.contains(asked) && other.contains(asked);
            prop_assert_eq!(range.and(other).contains(asked), both);
        }

        #[test]
        fn a_range_excludes_some_of_another_exactly_when_there_is_such_an_age(
            min in age(), max in age(), other_min in age(), other_max in age()
        ) {
            let (Ok(range), Ok(other)) = (AgeRange::new(min, max), AgeRange::new(other_min, other_max)) else {
                return Ok(());
            };
            let some = (0..=MAX_AGE_YEARS).any(|age| other.contains(age) && !range.contains(age));
            prop_assert_eq!(range.excludes_some_of(other), some);
        }
    }
}
