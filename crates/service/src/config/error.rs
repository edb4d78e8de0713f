//! What is wrong with a configuration, in words for the person who wrote it.

use std::fmt;

/// A configuration that cannot be used: every problem found, one a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    problems: Vec<Problem>,
}

/// One wrong value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key as written in a file, such as `limits.max_connections`; empty when it is not about one key.
    pub key: String,
    /// Where the value came from: a flag, an environment variable, a file, or the default.
    pub source: String,
    /// What is wrong.
    pub message: String,
}

impl Error {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    pub(super) fn one(key: &str, source: &str, message: impl Into<String>) -> Self {
        Self::new(vec![Problem { key: key.to_owned(), source: source.to_owned(), message: message.into() }])
    }

    /// Every problem found.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.is_empty(), self.source.is_empty()) {
            (true, _) => write!(f, "{}: {}", self.source, self.message),
            (false, true) => write!(f, "{}: {}", self.key, self.message),
            (false, false) => write!(f, "{} ({}): {}", self.key, self.source, self.message),
        }
    }
}
