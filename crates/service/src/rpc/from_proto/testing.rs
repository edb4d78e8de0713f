//! What the tests of every reader share.

use super::Violations;
use crate::app::error::Error;

/// Reads with a reader under the field name `field`: the value, or the paths and reasons of what is wrong.
pub(crate) fn read<T>(
    reader: impl FnOnce(&mut Violations) -> Option<T>,
) -> Result<T, Vec<(String, &'static str)>> {
    let mut fields = Violations::new();
    let value = fields.read("field", reader);
    fields.finish(|| value).map_err(|error| {
        let Error::Invalid(found) = error else { panic!("{error:?}") };
        found.into_iter().map(|violation| (violation.field, violation.reason)).collect()
    })
}

/// The single refusal of a reader: its path and reason.
pub(crate) fn refused<T: std::fmt::Debug>(
    reader: impl FnOnce(&mut Violations) -> Option<T>,
) -> (String, &'static str) {
    let mut found = read(reader).expect_err("it is refused");
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// `("field", reason)` and so on, as [`refused`] gives it.
pub(crate) fn at(path: &str, reason: &'static str) -> (String, &'static str) {
    (path.to_owned(), reason)
}

/// Reads; whatever comes of it, nothing that is told holds the secret, nor any run of six digits of it. (Shorter runs
/// are in the descriptions themselves: years, the issuer in every PID.)
pub(crate) fn tells_nothing<T>(secret: &str, reader: impl FnOnce(&mut Violations) -> Option<T>) {
    let mut fields = Violations::new();
    let value = fields.read("field", reader);
    let Err(error) = fields.finish(|| value) else { return };
    let Error::Invalid(found) = &error else { panic!("refused without a reason") };
    let told = format!("{error} {error:?} {} {found:?}", tonic::Status::from(Error::Invalid(found.clone())));
    if secret.chars().count() > 5 {
        assert!(!told.contains(secret), "the value is told");
    }
    let bytes = secret.as_bytes();
    for run in bytes.windows(6).filter(|run| run.iter().all(u8::is_ascii_digit)) {
        assert!(!told.contains(&String::from_utf8_lossy(run).into_owned()), "digits of the value are told");
    }
}
