//! How the story is printed, and where it ends when an answer is wrong.

use std::fmt::Display;

use anyhow::bail;
use tonic::Status;

use crate::cli::{client, out};

/// Prints the steps of the story, numbered.
#[derive(Debug, Default)]
pub(super) struct Steps {
    number: u32,
}

impl Steps {
    /// Begins a step.
    pub(super) fn begin(&mut self, title: impl Display) {
        self.number += 1;
        out::line("");
        out::line(format_args!("{}. {title}", self.number));
    }
}

/// Tells what happened.
pub(super) fn tell(text: impl Display) {
    out::line(format_args!("   {text}"));
}

/// Tells what the step proves, once it is proved: an error ends the story.
pub(super) fn prove(is_so: bool, claim: impl Display) -> anyhow::Result<()> {
    if !is_so {
        bail!("this is not so: {claim}");
    }
    out::line(format_args!("   proves: {claim}"));
    Ok(())
}

/// Tells what the step proves, once it is refused for that reason: another reason or none ends the story.
pub(super) fn prove_refused<T>(
    answer: Result<T, Status>,
    reason: &str,
    claim: impl Display,
) -> anyhow::Result<()> {
    let told = answer.err().and_then(|status| client::reason(&status));
    prove(told.as_deref() == Some(reason), claim)
}

/// A refusal where none is expected.
pub(super) fn refused(status: Status) -> anyhow::Error {
    anyhow::anyhow!(client::failure(&status))
}
