//! Pages of lists. Page tokens are opened where lists are made: they belong to a question and a caller.

use super::Violations;

/// The most entries of one page: some 100 kB, which every client's default limit lets through.
pub const MAX_PAGE_SIZE: u16 = 500;

/// The most packages of one page: each may name two hundred privileges, some 20 kB of common URIs, and 200 kB of the
/// longest.
pub const MAX_PACKAGES_PAGE_SIZE: u16 = 20;

/// How many entries: 1 to [`MAX_PAGE_SIZE`].
pub fn page_size(fields: &mut Violations, number: i32) -> Option<u16> {
    up_to(fields, number, MAX_PAGE_SIZE)
}

/// How many packages: 1 to [`MAX_PACKAGES_PAGE_SIZE`].
pub fn packages_page_size(fields: &mut Violations, number: i32) -> Option<u16> {
    up_to(fields, number, MAX_PACKAGES_PAGE_SIZE)
}

fn up_to(fields: &mut Violations, number: i32, max: u16) -> Option<u16> {
    match u16::try_from(number).ok().filter(|size| (1..=max).contains(size)) {
        Some(size) => Some(size),
        None => fields.refuse("PAGE_SIZE_OUT_OF_RANGE", format!("1 to {max}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    #[test]
    fn a_page_has_from_one_to_five_hundred_entries() {
        for (number, size) in [(1, 1), (500, 500)] {
            assert_eq!(read(|fields| page_size(fields, number)), Ok(size));
        }
        for number in [0, -1, 501, i32::MAX, i32::MIN, 65_537] {
            assert_eq!(refused(|fields| page_size(fields, number)), at("field", "PAGE_SIZE_OUT_OF_RANGE"));
        }
    }

    #[test]
    fn a_page_has_from_one_to_twenty_packages() {
        for (number, size) in [(1, 1), (20, 20)] {
            assert_eq!(read(|fields| packages_page_size(fields, number)), Ok(size));
        }
        for number in [0, -1, 21, 500, i32::MAX] {
            let told = refused(|fields| packages_page_size(fields, number));
            assert_eq!(told, at("field", "PAGE_SIZE_OUT_OF_RANGE"));
        }
    }

    proptest! {
        #[test]
        fn no_number_is_told_to_anybody(number: i32) {
            tells_nothing(&number.to_string(), |fields| page_size(fields, number));
        }
    }
}
