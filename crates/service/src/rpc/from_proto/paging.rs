//! Pages of lists. Page tokens are opened where lists are made: they belong to a question and a caller.

use super::Violations;

/// The most entries of one page: some 100 kB, which every client's default limit lets through.
pub const MAX_PAGE_SIZE: u16 = 500;

/// How many entries: 1 to [`MAX_PAGE_SIZE`].
pub fn page_size(fields: &mut Violations, number: i32) -> Option<u16> {
    match u16::try_from(number).ok().filter(|size| (1..=MAX_PAGE_SIZE).contains(size)) {
        Some(size) => Some(size),
        None => fields.refuse("PAGE_SIZE_OUT_OF_RANGE", format!("1 to {MAX_PAGE_SIZE}")),
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

    proptest! {
        #[test]
        fn no_number_is_told_to_anybody(number: i32) {
            tells_nothing(&number.to_string(), |fields| page_size(fields, number));
        }
    }
}
