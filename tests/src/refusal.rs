//! An error as the API promises it.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The domain of every reason.
const DOMAIN: &str = "fuldmagt.dk";

/// What a client is told of a refusal, for comparing: code, reason, and the wrong fields with their reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The gRPC code.
    pub code: Code,
    /// `ErrorInfo.reason`.
    pub reason: String,
    /// Path and reason of each field violation.
    pub fields: Vec<(String, String)>,
}

impl Refused {
    /// A refusal that names no field.
    pub fn because(code: Code, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), fields: Vec::new() }
    }

    /// The refusal of one wrong field.
    pub fn field(path: &str, reason: &str) -> Self {
        Self::because(Code::InvalidArgument, reason).naming(path)
    }

    /// The same, naming a field with the same reason.
    #[must_use]
    pub fn naming(mut self, path: &str) -> Self {
        self.fields.push((path.to_owned(), self.reason.clone()));
        self
    }

    /// What a status tells. Panics when it is not as the API promises: a message, a reason in our domain, and a time to
    /// try again exactly where trying again helps.
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let Some(info) = details.error_info() else { panic!("no reason is told: {status:?}") };
        assert_eq!(info.domain, DOMAIN, "{status:?}");
        assert!(!status.message().is_empty(), "{status:?}");
        let may_try_again = match status.code() {
            Code::Unavailable => true,
            Code::Aborted => info.reason != "ETAG_MISMATCH",
            _ => false,
        };
        let delay = details.retry_info().and_then(|retry| retry.retry_delay);
        assert_eq!(delay.is_some_and(|delay| !delay.is_zero()), may_try_again, "{status:?}");
        let fields: Vec<_> = details.bad_request().map_or(Vec::new(), |bad_request| {
            let violations = bad_request.field_violations.iter();
            violations
                .inspect(|violation| assert!(!violation.description.is_empty(), "{status:?}"))
                .map(|violation| (violation.field.clone(), violation.reason.clone()))
                .collect()
        });
        assert!(fields.first().is_none_or(|(_, reason)| *reason == info.reason), "{status:?}");
        Self { code: status.code(), reason: info.reason.clone(), fields }
    }
}

/// Everything in two statuses is the same, byte for byte.
pub fn assert_alike(one: &Status, other: &Status) {
    assert_eq!((one.code(), one.message()), (other.code(), other.message()));
    assert_eq!(one.details(), other.details());
    let names = |status: &Status| {
        let mut names: Vec<String> = status.metadata().keys().map(|key| format!("{key:?}")).collect();
        names.sort();
        names
    };
    assert_eq!(names(one), names(other));
}
