//! What the tests of every identifier share.

use std::fmt::{Debug, Display};

/// Neither `Debug` nor `Display` may hold a single digit, so certainly not a run of digits of the input.
pub(super) fn assert_redacted<T: Debug + Display>(input: &str, value: &T) {
    assert!(input.contains(|c: char| c.is_ascii_digit() || c == '-'));
    for shown in [format!("{value:?}"), format!("{value:#?}"), format!("{value}"), format!("{value:>80}")] {
        assert!(!shown.contains(|c: char| c.is_ascii_digit()), "a digit is shown");
        assert!(shown.ends_with("(redacted)"));
    }
}

/// An identifier is accepted whole: cut short or with anything more, it is refused.
pub(super) fn assert_exact(text: &str, accepts: impl Fn(&str) -> bool) {
    assert!(accepts(text));
    for input in truncations(text) {
        assert!(!accepts(input), "accepted when cut short");
    }
    for input in extensions(text) {
        assert!(!accepts(&input), "accepted when extended");
    }
}

/// Every proper beginning of an ASCII text.
pub(super) fn truncations(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len()).map(|end| &text[..end])
}

/// The text with something more before or after it.
pub(super) fn extensions(text: &str) -> Vec<String> {
    let more = ["0", "1", "-", " ", "\t", "\n", "\r\n", "\0", "a", "\u{a0}", "\u{feff}", "٣"];
    more.iter().flat_map(|extra| [format!("{text}{extra}"), format!("{extra}{text}")]).collect()
}

/// The oracle for CVR and SE numbers: works out the check digit from the seven digits before it, where the code
/// under test sums all eight.
pub(super) fn eight_digits_with_check_digit(number: u32) -> bool {
    let digit = |position: u32| number / 10_u32.pow(position) % 10;
    let sum = digit(7) * 2
        + digit(6) * 7
        + digit(5) * 6
        + digit(4) * 5
        + digit(3) * 4
        + digit(2) * 3
        + digit(1) * 2;
    (0..10).find(|check| (sum + check) % 11 == 0) == Some(digit(0))
}
