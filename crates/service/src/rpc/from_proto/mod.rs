//! What clients send, as domain types: free functions, one per kind of field.
//!
//! All wrong fields of a request are collected, so that a caller sees them at once. A reader takes the collector and
//! the proto value, and gives the domain value, or `None` after it has said why.

pub mod actor;
pub mod catalogue;
pub mod cpr_snapshot;
pub mod delegated_packages;
pub mod delegation;
pub mod identifier;
pub mod ids;
pub mod package;
pub mod paging;
pub mod paper;
pub mod period;
pub mod privileges;
pub mod publication;
pub mod question;
pub mod rules;
pub mod signature;
pub mod terms;
pub mod text;

#[cfg(test)]
mod testing;

use std::fmt::Write as _;

use crate::app::error::{Error, Violation};

/// The most wrong fields that are told. They travel in a trailer, for which common clients accept 8 KiB in all;
/// this many take about half of it.
pub const MAX_VIOLATIONS: usize = 16;

/// A field that must be set and is not.
pub const REQUIRED: &str = "REQUIRED";
/// A number that the enum does not have.
pub const ENUM_UNKNOWN: &str = "ENUM_UNKNOWN";

/// Collects the wrong fields of one request, each under its path.
#[derive(Debug, Default)]
pub struct Violations {
    /// The field that is being read.
    path: String,
    found: Vec<Violation>,
}

impl Violations {
    /// Nothing read, nothing wrong.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a field: whatever `read` refuses is told under its name.
    pub fn read<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(field);
        let value = read(self);
        self.path.truncate(length);
        value
    }

    /// Reads each element of a repeated field, under `[0]`, `[1]` and so on. All must be good.
    pub fn each<P, T>(
        &mut self,
        elements: impl IntoIterator<Item = P>,
        mut read: impl FnMut(&mut Self, P) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut values = Vec::new();
        let mut all_good = true;
        for (index, element) in elements.into_iter().enumerate() {
            match self.at(index, |fields| read(fields, element)) {
                Some(value) => values.push(value),
                None => all_good = false,
            }
        }
        all_good.then_some(values)
    }

    /// Reads, or judges, one element of a repeated field.
    pub fn at<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let length = self.path.len();
        // Writing to a string does not fail.
        let _ = write!(self.path, "[{index}]");
        let value = read(self);
        self.path.truncate(length);
        value
    }

    /// Says what is wrong with the field that is being read. The description must not hold its value.
    pub fn refuse<T>(&mut self, reason: &'static str, description: impl Into<String>) -> Option<T> {
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(Violation::new(self.path.clone(), reason, description));
        }
        None
    }

    /// Says that the field that is being read must be set.
    pub fn required<T>(&mut self) -> Option<T> {
        self.refuse(REQUIRED, "must be set")
    }

    /// What `build` makes of the values that were read, when nothing is wrong. It uses `?` on each of them.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong, up to [`MAX_VIOLATIONS`].
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Error> {
        if !self.found.is_empty() {
            return Err(Error::Invalid(self.found));
        }
        build().ok_or(Error::Broken("a field was refused without a reason"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_told_under_its_path() {
        let mut fields = Violations::new();
        let a = fields.read("a", |fields| {
            fields.read("b", |fields| {
                fields.each(
                    [1, 2, 3],
                    |fields, n| if n == 2 { fields.refuse("EVEN", "must be odd") } else { Some(n) },
                )
            })
        });
        let c = fields.read("c", Violations::required::<u8>);
        let d = fields.read("d", |_| Some(4));
        assert_eq!((a, c, d), (None, None, Some(4)));
        let Err(Error::Invalid(found)) = fields.finish(|| Some(())) else { panic!("two fields are wrong") };
        assert_eq!(
            found,
            [Violation::new("a.b[1]", "EVEN", "must be odd"), Violation::new("c", "REQUIRED", "must be set")]
        );
    }

    #[test]
    fn what_is_good_is_built() {
        let mut fields = Violations::new();
        let (a, b) = (fields.read("a", |_| Some(1)), fields.read("b", |_| Some(2)));
        assert_eq!(fields.finish(|| Some(a? + b?)).unwrap(), 3);
    }

    #[test]
    fn a_value_that_is_lost_without_a_reason_is_our_mistake() {
        assert!(matches!(Violations::new().finish(|| None::<u8>), Err(Error::Broken(_))));
    }

    #[test]
    fn no_more_wrong_fields_are_told_than_fit_into_a_trailer() {
        let mut fields = Violations::new();
        fields.read("items", |fields| fields.each(0..1000, |fields, _| fields.required::<u8>()));
        let Err(Error::Invalid(found)) = fields.finish(|| Some(())) else { panic!("all fields are wrong") };
        assert_eq!(found.len(), MAX_VIOLATIONS);
    }
}
