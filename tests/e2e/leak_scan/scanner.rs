//! One pass over a file for all forms of all secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use fuldmagt_tests::fixtures::MIN_SECRET_CHARS;

use super::forms::forms;
use super::numbers::{cpr_numbers, is_whole, stands_alone};

/// What is shown on each side of a finding.
const CONTEXT_BYTES: usize = 60;
/// A number with fewer digits is a secret only where it stands alone: there are such numbers in every trace id.
const LONG_NUMBER_DIGITS: usize = 10;

/// Finds secrets, CPR numbers, and texts that should be there.
pub(super) struct Scanner {
    automaton: AhoCorasick,
    /// What each pattern of the automaton is a form of.
    meanings: Vec<Meaning>,
    secrets: Vec<String>,
    now_unix_s: i64,
}

#[derive(Clone, Copy)]
enum Meaning {
    Secret { index: usize, bounds: fn(&[u8], &Range<usize>) -> bool },
    Harmless(&'static str),
}

/// What is in a file.
pub(super) struct Scanned {
    pub(super) lines: usize,
    pub(super) harmless: BTreeSet<&'static str>,
    pub(super) findings: Vec<Finding>,
}

/// Something that should not have been there.
#[derive(Debug)]
pub(super) struct Finding {
    file: String,
    /// Counted from one.
    line: usize,
    what: String,
    context: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what, context } = self;
        write!(f, "{file}:{line}: {what} in ...{context}...")
    }
}

impl Scanner {
    /// Looks for the secrets, one a line, and for texts that do no harm.
    pub(super) fn new(secrets: &str, harmless: impl Iterator<Item = &'static str>, now_unix_s: i64) -> Self {
        let secrets: BTreeSet<String> = secrets.lines().map(str::to_owned).collect();
        let secrets: Vec<String> = secrets.into_iter().collect();
        let mut patterns = BTreeMap::new();
        for (index, secret) in secrets.iter().enumerate() {
            assert!(secret.chars().count() >= MIN_SECRET_CHARS, "`{secret}` is too short to be searched for");
            for form in forms(secret) {
                let bounds = bounds(&form);
                patterns.entry(form).or_insert(Meaning::Secret { index, bounds });
            }
        }
        patterns.extend(harmless.map(|text| (text.as_bytes().to_vec(), Meaning::Harmless(text))));
        let (patterns, meanings): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(patterns)
            .expect("the patterns fit into memory");
        Self { automaton, meanings, secrets, now_unix_s }
    }

    /// How many secrets there are.
    pub(super) fn secrets(&self) -> usize {
        self.secrets.len()
    }

    /// Looks through a file.
    pub(super) fn scan(&self, file: &str, text: &[u8]) -> Scanned {
        let mut harmless = BTreeSet::new();
        let mut places = Vec::new();
        // Overlapping: a short number in a longer one must not hide the longer one.
        for found in self.automaton.find_overlapping_iter(text) {
            match self.meanings[found.pattern()] {
                Meaning::Harmless(expected) => {
                    harmless.insert(expected);
                }
                Meaning::Secret { index, bounds } if bounds(text, &found.range()) => {
                    places.push((found.range(), format!("the secret `{}`", self.secrets[index])));
                }
                Meaning::Secret { .. } => {}
            }
        }
        let numbers = cpr_numbers(text, self.now_unix_s);
        places.extend(numbers.into_iter().map(|place| (place, "a CPR number".to_owned())));
        let findings = places.into_iter().map(|(place, what)| finding(file, text, &place, what)).collect();
        Scanned { lines: line_of(text, text.len()) - 1, harmless, findings }
    }
}

fn anywhere(_: &[u8], _: &Range<usize>) -> bool {
    true
}

fn bounds(form: &[u8]) -> fn(&[u8], &Range<usize>) -> bool {
    let is_number = form.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    match form.len() {
        _ if !is_number => anywhere,
        LONG_NUMBER_DIGITS.. => is_whole,
        _ => stands_alone,
    }
}

fn finding(file: &str, text: &[u8], place: &Range<usize>, what: String) -> Finding {
    let from = place.start.saturating_sub(CONTEXT_BYTES);
    let to = text.len().min(place.end + CONTEXT_BYTES);
    let context = String::from_utf8_lossy(&text[from..to]).into_owned();
    Finding { file: file.to_owned(), line: line_of(text, place.start), what, context }
}

/// The number of the line that the place is in.
fn line_of(text: &[u8], place: usize) -> usize {
    text[..place].iter().filter(|byte| **byte == b'\n').count() + 1
}
