//! Numbers in a text: where one begins and ends, and whether it is a CPR number.

use std::ops::Range;

use fuldmagt_domain::identifier::CprNumber;

/// The tests run within a day; what reads like the time in Unix seconds is the time.
const TIME_TOLERANCE_S: i64 = 24 * 3_600;

/// Whether the place is a number of its own: no letter or digit beside it, and no part of a decimal fraction.
pub(super) fn stands_alone(text: &[u8], place: &Range<usize>) -> bool {
    !beside(text, place, u8::is_ascii_alphanumeric) && !in_fraction(text, place)
}

/// Whether the place is not a piece of a longer number.
pub(super) fn is_whole(text: &[u8], place: &Range<usize>) -> bool {
    !beside(text, place, u8::is_ascii_digit) && !in_fraction(text, place)
}

/// Places that read like a CPR number: ten digits that stand alone, with or without a hyphen after the sixth, and a day
/// that exists. Not the time in Unix seconds, which reads like one in some months.
pub(super) fn cpr_numbers(text: &[u8], now_unix_s: i64) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let digits = digits_at(text, at);
        let end = match digits.len() {
            10 => Some(digits.end),
            6 if text.get(digits.end) == Some(&b'-') => {
                let serial = digits_at(text, digits.end + 1);
                (serial.len() == 4).then_some(serial.end)
            }
            _ => None,
        };
        let place = digits.start..end.unwrap_or(digits.end);
        if end.is_some() && stands_alone(text, &place) && is_cpr_number(&text[place.clone()], now_unix_s) {
            found.push(place.clone());
        }
        at = digits.end;
    }
    found
}

fn is_cpr_number(token: &[u8], now_unix_s: i64) -> bool {
    let token = String::from_utf8_lossy(token);
    let is_time = token.parse::<i64>().is_ok_and(|second| (second - now_unix_s).abs() < TIME_TOLERANCE_S);
    !is_time && CprNumber::parse(&token).is_ok()
}

fn digits_at(text: &[u8], start: usize) -> Range<usize> {
    let length = text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    start..start + length
}

fn beside(text: &[u8], place: &Range<usize>, is: fn(&u8) -> bool) -> bool {
    let before = place.start.checked_sub(1).and_then(|at| text.get(at));
    before.is_some_and(is) || text.get(place.end).is_some_and(is)
}

/// `0.1503524711` and `1503524711.5` are measurements.
fn in_fraction(text: &[u8], place: &Range<usize>) -> bool {
    let digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let fraction = place.start >= 2 && text[place.start - 1] == b'.' && digit(place.start - 2);
    fraction || (text.get(place.end) == Some(&b'.') && digit(place.end + 1))
}
