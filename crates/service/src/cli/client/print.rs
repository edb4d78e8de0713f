//! Answers and refusals, for people or as JSON.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::cli::out;

/// How answers are printed.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Output {
    /// As one JSON value.
    pub(in crate::cli) json: bool,
}

impl Output {
    /// Prints an answer: the JSON, or the lines for people.
    pub(in crate::cli) fn answer(self, json: &Value, lines: &[String]) {
        if self.json {
            out::line(json);
        } else {
            lines.iter().for_each(out::line);
        }
    }

    /// Prints a refusal on standard error.
    pub(in crate::cli) fn refusal(self, status: &Status) {
        if self.json { out::note(refusal(status)) } else { out::note(failure(status)) }
    }

    /// Prints a refusal of one of several things on standard error.
    pub(in crate::cli) fn refusal_of(self, what: &str, status: &Status) {
        if self.json {
            let mut json = refusal(status);
            if let Some(members) = json.as_object_mut() {
                members.insert("entry".to_owned(), what.into());
            }
            out::note(json);
        } else {
            out::note(format_args!("{what}: {}", failure(status)));
        }
    }
}

/// A refusal as one line: code, reason, and the fields that are wrong.
pub(in crate::cli) fn failure(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details.error_info().map_or("no reason given", |info| info.reason.as_str());
    let mut line = format!("refused: {reason} ({:?}): {}", status.code(), status.message());
    for violation in details.bad_request().map_or(&[][..], |bad| bad.field_violations.as_slice()) {
        line.push_str(&format!("\n  {}: {}", violation.field, violation.description));
    }
    line
}

fn refusal(status: &Status) -> Value {
    let details = status.get_error_details();
    let fields: Vec<Value> = details
        .bad_request()
        .map_or(&[][..], |bad| bad.field_violations.as_slice())
        .iter()
        .map(|violation| json!({ "field": violation.field, "description": violation.description }))
        .collect();
    json!({
        "code": format!("{:?}", status.code()),
        "reason": details.error_info().map(|info| info.reason.clone()),
        "message": status.message(),
        "fields": fields,
    })
}

/// An instant as RFC 3339 has it, in UTC; empty when there is none.
pub(in crate::cli) fn time(at: Option<&Timestamp>) -> String {
    at.and_then(|at| DateTime::<Utc>::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?))
        .map_or_else(String::new, |at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}
