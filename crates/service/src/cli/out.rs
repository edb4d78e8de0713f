//! What the command line prints. The only place that writes to the terminal.

use std::fmt::Display;
use std::io::{Write as _, stderr, stdout};

/// Prints a line of the answer. That nobody reads on (`| head`) is no fault.
pub fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Prints a line about what went wrong, or what goes on.
pub fn note(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}
