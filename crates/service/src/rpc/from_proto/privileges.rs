//! Privileges, named by their URIs.

use std::collections::HashSet;

use fuldmagt_domain::{
    delegation::{MAX_PRIVILEGES, PrivilegesError, sorted_privileges},
    ending,
    privilege::PrivilegeUri,
    sub_delegation,
};

use super::Violations;
use crate::app::Error;

/// One privilege.
pub fn privilege(fields: &mut Violations, text: &str) -> Option<PrivilegeUri> {
    if text.is_empty() {
        return fields.required();
    }
    match PrivilegeUri::parse(text) {
        Ok(uri) => Some(uri),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

/// The privileges of a delegation or a package: 1 to [`MAX_PRIVILEGES`], none twice. In the order of the request.
pub fn in_order(fields: &mut Violations, texts: &[String]) -> Option<Vec<PrivilegeUri>> {
    if texts.is_empty() || texts.len() > MAX_PRIVILEGES {
        return told(fields, PrivilegesError::Count);
    }
    distinct(fields, texts)
}

/// The same, sorted.
pub fn privileges(fields: &mut Violations, texts: &[String]) -> Option<Vec<PrivilegeUri>> {
    in_order(fields, texts).and_then(|uris| match sorted_privileges(uris) {
        Ok(sorted) => Some(sorted),
        Err(error) => told(fields, error),
    })
}

/// The privileges that a list is narrowed to: at most [`MAX_PRIVILEGES`], none twice; none at all means that it is
/// not. Sorted, so that the same list is asked for whatever the order.
pub fn filter(fields: &mut Violations, texts: &[String]) -> Option<Vec<PrivilegeUri>> {
    if texts.is_empty() { Some(Vec::new()) } else { privileges(fields, texts) }
}

/// The error, told of the one in the list that the delegation does not have, if that is what is wrong.
pub fn not_delegated(error: Error, texts: &[String]) -> Error {
    let (Error::Ending(ending::Refusal::NotDelegated(uri))
    | Error::SubDelegation(sub_delegation::Refusal::NotDelegated(uri))) = &error
    else {
        return error;
    };
    match texts.iter().position(|text| text == uri.as_str()) {
        Some(place) => Error::invalid(
            format!("privileges[{place}]"),
            error.reason(),
            "must be one that the delegation has",
        ),
        None => error,
    }
}

/// Each is read, and the second of two that are the same is told.
fn distinct(fields: &mut Violations, texts: &[String]) -> Option<Vec<PrivilegeUri>> {
    let mut seen = HashSet::with_capacity(texts.len());
    fields.each(texts, |fields, text| {
        let uri = privilege(fields, text)?;
        if seen.insert(text) { Some(uri) } else { told(fields, PrivilegesError::Duplicate) }
    })
}

fn told<T>(fields: &mut Violations, error: PrivilegesError) -> Option<T> {
    fields.refuse(error.reason(), error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn privileges_are_sorted() {
        let read = read(|fields| privileges(fields, &texts(&["urn:dk:b", "urn:dk:a"]))).unwrap();
        assert_eq!(read.iter().map(PrivilegeUri::as_str).collect::<Vec<_>>(), ["urn:dk:a", "urn:dk:b"]);
    }

    #[test]
    fn or_stay_as_they_came() {
        let read = read(|fields| in_order(fields, &texts(&["urn:dk:b", "urn:dk:a"]))).unwrap();
        assert_eq!(read.iter().map(PrivilegeUri::as_str).collect::<Vec<_>>(), ["urn:dk:b", "urn:dk:a"]);
        let twice = texts(&["urn:dk:b", "urn:dk:b"]);
        assert_eq!(refused(|fields| in_order(fields, &twice)), at("field[1]", "PRIVILEGE_DUPLICATE"));
        assert_eq!(refused(|fields| in_order(fields, &[])), at("field", "PRIVILEGES_COUNT"));
    }

    #[test]
    fn a_delegation_has_from_one_to_a_hundred_privileges() {
        let many = |count: usize| (0..count).map(|n| format!("urn:dk:{n}")).collect::<Vec<_>>();
        assert_eq!(refused(|fields| privileges(fields, &[])), at("field", "PRIVILEGES_COUNT"));
        assert_eq!(refused(|fields| privileges(fields, &many(101))), at("field", "PRIVILEGES_COUNT"));
        assert_eq!(read(|fields| privileges(fields, &many(100))).unwrap().len(), 100);
    }

    #[test]
    fn a_filter_may_be_empty_and_is_bounded_too() {
        let many = |count: usize| (0..count).map(|n| format!("urn:dk:{n}")).collect::<Vec<_>>();
        assert_eq!(read(|fields| filter(fields, &[])), Ok(vec![]));
        assert_eq!(refused(|fields| filter(fields, &many(101))), at("field", "PRIVILEGES_COUNT"));
        assert_eq!(refused(|fields| filter(fields, &texts(&["x"]))), at("field[0]", "PRIVILEGE_MALFORMED"));
    }

    #[test]
    fn each_wrong_privilege_is_told() {
        let found = read(|fields| {
            privileges(
                fields,
                &texts(&["urn:dk:a", "", "no scheme", "urn:dk:a", &format!("urn:{}", "x".repeat(500))]),
            )
        })
        .unwrap_err();
        assert_eq!(
            found,
            [
                at("field[1]", "REQUIRED"),
                at("field[2]", "PRIVILEGE_MALFORMED"),
                at("field[3]", "PRIVILEGE_DUPLICATE"),
                at("field[4]", "PRIVILEGE_MALFORMED"),
            ]
        );
    }

    #[test]
    fn one_privilege_must_be_given() {
        assert_eq!(refused(|fields| privilege(fields, "")), at("field", "REQUIRED"));
        assert_eq!(
            refused(|fields| privilege(fields, "urn:dk:A\u{30a}")),
            at("field", "PRIVILEGE_MALFORMED")
        );
        assert_eq!(read(|fields| privilege(fields, "urn:dk:\u{e5}")).unwrap().as_str(), "urn:dk:\u{e5}");
    }

    #[test]
    fn a_privilege_that_is_not_delegated_is_told_by_its_place() {
        let list = texts(&["urn:dk:b", "urn:dk:a"]);
        let uri = || PrivilegeUri::parse("urn:dk:a").unwrap();
        for error in [
            Error::Ending(ending::Refusal::NotDelegated(uri())),
            Error::SubDelegation(sub_delegation::Refusal::NotDelegated(uri())),
        ] {
            let Error::Invalid(told) = not_delegated(error, &list) else { panic!("one field is wrong") };
            assert_eq!(
                (told[0].field.as_str(), told[0].reason),
                ("privileges[1]", "PRIVILEGE_NOT_DELEGATED")
            );
        }
        assert!(matches!(not_delegated(Error::Busy, &list), Error::Busy));
    }

    proptest! {
        #[test]
        fn no_text_is_told_to_anybody(list in prop::collection::vec("\\PC{0,30}|[0-9]{0,30}|urn:[0-9]{0,9}", 0..5)) {
            for text in &list {
                tells_nothing(text, |fields| privilege(fields, text));
                tells_nothing(text, |fields| privileges(fields, &list));
                tells_nothing(text, |fields| filter(fields, &list));
            }
        }
    }
}
