//! Packages of a delegation.

use std::collections::HashSet;

use fuldmagt_domain::{
    ending,
    package::{MAX_PACKAGES, PackageId},
};
use fuldmagt_proto::v1;

use super::{Violations, package::package_id};
use crate::app::{Error, packages::Choice};

const NOT_DELEGATED: &str = "must be one that the delegation follows";

/// The packages that are to be delegated, pinned or followed: at most [`MAX_PACKAGES`], none twice. Sorted by id.
pub fn choices(fields: &mut Violations, packages: &[v1::DelegatedPackage]) -> Option<Vec<Choice>> {
    bounded(fields, packages.len())?;
    let places: Vec<_> = packages.iter().enumerate().collect();
    let mut seen = HashSet::with_capacity(packages.len());
    let mut choices = fields.each(&places, |fields, (place, proto)| {
        let package = fields.read("package_id", |fields| once(fields, &mut seen, &proto.package_id));
        let version = fields.read("version", |fields| match u32::try_from(proto.version) {
            Ok(version) => Some(version),
            Err(_) => fields.refuse("PACKAGE_VERSION_NEGATIVE", "a version, or 0 to follow the package"),
        });
        let pinned = version.map(|version| (version > 0).then_some(version));
        Some(Choice { package: package?, pinned: pinned?, place: *place })
    })?;
    choices.sort_by(|one, other| one.package.cmp(&other.package));
    Some(choices)
}

/// Packages that a delegation follows: at most [`MAX_PACKAGES`], none twice. Sorted by id.
pub fn ids(fields: &mut Violations, texts: &[String]) -> Option<Vec<PackageId>> {
    bounded(fields, texts.len())?;
    let mut seen = HashSet::with_capacity(texts.len());
    let mut ids = fields.each(texts, |fields, text| once(fields, &mut seen, text))?;
    ids.sort();
    Some(ids)
}

/// The error, told of the one in the list that the delegation does not follow, if that is what is wrong.
pub fn not_followed(error: Error, texts: &[String]) -> Error {
    let Error::Ending(ending::Refusal::NotFollowed(package)) = &error else { return error };
    match texts.iter().position(|text| text == package.as_str()) {
        Some(place) => Error::invalid(format!("packages[{place}]"), error.reason(), NOT_DELEGATED),
        None => error,
    }
}

fn bounded(fields: &mut Violations, count: usize) -> Option<()> {
    if count > MAX_PACKAGES {
        return fields.refuse("PACKAGES_COUNT", format!("at most {MAX_PACKAGES} packages"));
    }
    Some(())
}

fn once<'a>(fields: &mut Violations, seen: &mut HashSet<&'a str>, text: &'a str) -> Option<PackageId> {
    let id = package_id(fields, text)?;
    if seen.insert(text) { Some(id) } else { fields.refuse("PACKAGE_DUPLICATE", "a package is listed twice") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    fn package(id: &str, version: i32) -> v1::DelegatedPackage {
        v1::DelegatedPackage { package_id: id.to_owned(), version }
    }

    #[test]
    fn packages_are_pinned_or_followed_and_sorted() {
        let read = read(|fields| choices(fields, &[package("b", 3), package("a", 0)])).unwrap();
        let told: Vec<_> =
            read.iter().map(|choice| (choice.package.as_str(), choice.pinned, choice.place)).collect();
        assert_eq!(told, [("a", None, 1), ("b", Some(3), 0)]);
    }

    #[test]
    fn each_field_of_a_package_has_its_refusal() {
        for (wrong, path, reason) in [
            (package("", 0), "field[1].package_id", "REQUIRED"),
            (package("No", 0), "field[1].package_id", "PACKAGE_ID_MALFORMED"),
            (package("a", 0), "field[1].package_id", "PACKAGE_DUPLICATE"),
            (package("b", -1), "field[1].version", "PACKAGE_VERSION_NEGATIVE"),
        ] {
            assert_eq!(refused(|fields| choices(fields, &[package("a", 1), wrong])), at(path, reason));
        }
        let many: Vec<_> = (0..21).map(|number| package(&format!("a{number}"), 0)).collect();
        assert_eq!(refused(|fields| choices(fields, &many)), at("field", "PACKAGES_COUNT"));
        assert_eq!(read(|fields| choices(fields, &many[..20])).unwrap().len(), 20);
    }

    #[test]
    fn followed_packages_are_named_once_each() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let read = read(|fields| ids(fields, &texts(&["b", "a"]))).unwrap();
        assert_eq!(read.iter().map(PackageId::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(refused(|fields| ids(fields, &texts(&["a", "a"]))), at("field[1]", "PACKAGE_DUPLICATE"));
        assert_eq!(
            refused(|fields| ids(fields, &texts(&["a", "B"]))),
            at("field[1]", "PACKAGE_ID_MALFORMED")
        );
        let many: Vec<_> = (0..21).map(|number| format!("a{number}")).collect();
        assert_eq!(refused(|fields| ids(fields, &many)), at("field", "PACKAGES_COUNT"));
        tells_nothing("0501792275", |fields| ids(fields, &texts(&["0501792275"])));
    }

    #[test]
    fn a_package_that_is_not_followed_is_told_by_its_place() {
        let foreign = ending::Refusal::NotFollowed(PackageId::parse("b").unwrap());
        let list = ["a".to_owned(), "b".to_owned()];
        let Error::Invalid(told) = not_followed(Error::Ending(foreign), &list) else { panic!("one field") };
        assert_eq!((told[0].field.as_str(), told[0].reason), ("packages[1]", "PACKAGE_NOT_DELEGATED"));
        assert!(matches!(not_followed(Error::Busy, &list), Error::Busy));
    }
}
