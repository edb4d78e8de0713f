use chrono::NaiveDate;

use super::Error;
use super::digits::digits;
use super::redacted::redacted;

/// A CPR number (personnummer): one person in the Civil Registration System.
///
/// Ten digits, `DDMMYYSSSS`: the date of birth and a running number, whose first digit tells the century. Source:
/// lov om Det Centrale Personregister, and CPR-kontoret, "Personnummeret i CPR-systemet".
///
/// - The old modulus 11 control is never applied: since 2007-10-01 numbers are given out that fail it.
/// - Replacement numbers (*erstatningspersonnumre*), which an authority makes up for somebody without a number by
///   adding 60 to the day, are refused like any other impossible date: CPR-kontoret does not issue them, and two
///   authorities may give the same one to two people.
/// - Age, date of birth and sex follow from the number. They are derived when needed and never stored.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CprNumber {
    digits: String,
    /// Follows from `digits`, beside them so that deriving it cannot fail again.
    birth_date: NaiveDate,
}

redacted!(CprNumber);

impl CprNumber {
    /// Reads ten ASCII digits, with or without a hyphen after the sixth.
    ///
    /// # Errors
    ///
    /// [`Error::CprMalformed`] when it is anything else; [`Error::CprDateInvalid`] when no such day has been or
    /// will be.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let compact = match input.split_once('-') {
            None if input.len() == 10 => input.to_owned(),
            Some((date, serial)) if date.len() == 6 && serial.len() == 4 => format!("{date}{serial}"),
            _ => return Err(Error::CprMalformed),
        };
        let digits = digits::<10>(&compact).ok_or(Error::CprMalformed)?;
        let birth_date = birth_date(digits).ok_or(Error::CprDateInvalid)?;
        Ok(Self { digits: compact, birth_date })
    }

    /// The ten digits, without a hyphen.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.digits
    }

    /// The date of birth that the number states; a number is exchanged when it turns out wrong.
    #[must_use]
    pub fn birth_date(&self) -> NaiveDate {
        self.birth_date
    }

    /// Age in completed years on a Danish calendar date; 0 on any date before the birth.
    ///
    /// A year is completed when the birthday comes. A person born on 29 February turns on 1 March in a common
    /// year, when the years since the birth have run out in full. The acts that set ages (such as
    /// værgemålsloven, section 1: "under 18 år") say nothing about the leap day, so this is the project's choice:
    /// of the two possible days the one that never lets anybody give a power of attorney too young.
    #[must_use]
    pub fn age_on(&self, date: NaiveDate) -> u32 {
        date.years_since(self.birth_date).unwrap_or(0)
    }
}

/// The date that a number states, if the calendar has it.
fn birth_date([d1, d2, m1, m2, y1, y2, seventh, ..]: [u8; 10]) -> Option<NaiveDate> {
    let two = |tens: u8, ones: u8| tens * 10 + ones;
    let year_of_century = two(y1, y2);
    let year = i32::from(century(seventh, year_of_century)) * 100 + i32::from(year_of_century);
    NaiveDate::from_ymd_opt(year, two(m1, m2).into(), two(d1, d2).into())
}

/// The first two digits of the year of birth. Source: the table in "Personnummeret i CPR-systemet".
const fn century(seventh: u8, year_of_century: u8) -> u8 {
    match (seventh, year_of_century) {
        (4 | 9, 0..=36) | (5..=8, 0..=57) => 20,
        (5..=8, _) => 18,
        _ => 19,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identifier::testing::{assert_exact, assert_redacted};

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn genuine_numbers_that_fail_the_old_modulus_11_are_accepted() {
        for input in ["0501792275", "2512489996"] {
            assert_eq!(CprNumber::parse(input).unwrap().expose(), input);
        }
    }

    #[test]
    fn the_hyphen_is_optional_on_input_and_absent_on_output() {
        assert_eq!(CprNumber::parse("050179-2275"), CprNumber::parse("0501792275"));
        assert_eq!(CprNumber::parse("050179-2275").unwrap().expose(), "0501792275");
    }

    #[test]
    fn the_century_follows_from_the_seventh_digit_and_the_year() {
        for (input, year) in [
            ("0101000000", 1900),
            ("0101993999", 1999),
            ("0101004000", 2000),
            ("0101364999", 2036),
            ("0101374000", 1937),
            ("0101994999", 1999),
            ("0101005000", 2000),
            ("0101575000", 2057),
            ("0101578999", 2057),
            ("0101585000", 1858),
            ("0101998999", 1899),
            ("0101009000", 2000),
            ("0101369999", 2036),
            ("0101379000", 1937),
        ] {
            assert_eq!(CprNumber::parse(input).unwrap().birth_date(), date(year, 1, 1), "{input}");
        }
    }

    #[test]
    fn the_leap_day_exists_only_in_leap_years_of_the_right_century() {
        assert_eq!(CprNumber::parse("2902004000").unwrap().birth_date(), date(2000, 2, 29));
        assert_eq!(CprNumber::parse("2902000000"), Err(Error::CprDateInvalid), "1900 was a common year");
        assert_eq!(CprNumber::parse("2902010000"), Err(Error::CprDateInvalid));
    }

    #[test]
    fn impossible_dates_are_refused() {
        for input in ["0001700000", "3201700000", "3104700000", "0100700000", "0113700000", "0000000000"] {
            assert_eq!(CprNumber::parse(input), Err(Error::CprDateInvalid), "{input}");
        }
    }

    #[test]
    fn replacement_numbers_with_sixty_added_to_the_day_are_refused() {
        assert_eq!(CprNumber::parse("6101700000"), Err(Error::CprDateInvalid));
        assert_eq!(CprNumber::parse("9112700000"), Err(Error::CprDateInvalid));
    }

    #[test]
    fn anything_but_ten_ascii_digits_is_malformed() {
        for input in [
            "",
            "050179227",
            "05017922755",
            "05017-92275",
            "050179--2275",
            "050179-227-5",
            "050179 2275",
            "050179\u{2013}2275",
            "-0501792275",
            "0501792275-",
            "05O1792275",
            "٠٥٠١٧",
            "٠١٠١٧٠٠٠٠٠",
        ] {
            assert_eq!(CprNumber::parse(input), Err(Error::CprMalformed), "{input}");
        }
    }

    #[test]
    fn a_year_is_completed_on_the_birthday_and_not_before() {
        let person = CprNumber::parse("0501792275").unwrap();
        assert_eq!(person.age_on(date(1994, 1, 4)), 14);
        assert_eq!(person.age_on(date(1994, 1, 5)), 15);
        assert_eq!(person.age_on(date(1979, 1, 5)), 0);
        assert_eq!(person.age_on(date(1979, 1, 4)), 0, "before the birth");
    }

    #[test]
    fn a_person_born_on_the_leap_day_turns_on_the_first_of_march_in_common_years() {
        let person = CprNumber::parse("2902084000").unwrap();
        assert_eq!(person.age_on(date(2023, 2, 28)), 14);
        assert_eq!(person.age_on(date(2023, 3, 1)), 15);
        assert_eq!(person.age_on(date(2024, 2, 28)), 15);
        assert_eq!(person.age_on(date(2024, 2, 29)), 16);
    }

    proptest! {
        #[test]
        fn a_cpr_number_survives_the_round_trip_and_stays_redacted(
            day in 1..=28_u32, month in 1..=12_u32, year in 0..100_u32, serial in 0..10_000_u32,
        ) {
            let text = format!("{day:02}{month:02}{year:02}{serial:04}");
            let number = CprNumber::parse(&text).unwrap();
            prop_assert_eq!(number.expose(), &text);
            prop_assert_eq!(CprNumber::parse(number.expose()), Ok(number.clone()));
            prop_assert_eq!(number.birth_date().format("%d%m%y").to_string(), &text[..6]);
            assert_redacted(&text, &number);
            assert_exact(&text, |input| CprNumber::parse(input).is_ok());
        }

        #[test]
        fn no_text_makes_the_reader_fail_other_than_by_refusing(text in "\\PC{0,16}") {
            let _ = CprNumber::parse(&text);
        }

        #[test]
        fn numbers_are_ordered_as_their_digits(a in "(0[1-9]|1[0-9]|2[0-8])(0[1-9]|1[0-2])[0-9]{6}",
                                               b in "(0[1-9]|1[0-9]|2[0-8])(0[1-9]|1[0-2])[0-9]{6}") {
            let (x, y) = (CprNumber::parse(&a).unwrap(), CprNumber::parse(&b).unwrap());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }
    }
}
