//! How a delegation ends, and which side of it a party is on.

use fuldmagt_domain::delegation::EndReason;
use fuldmagt_proto::v1;
use fuldmagt_store::delegation::Side;

use super::{ENUM_UNKNOWN, Violations};

/// Why a delegation is ended, if that is said.
pub fn end_reason(fields: &mut Violations, number: i32) -> Option<Option<EndReason>> {
    match v1::EndReason::try_from(number) {
        Ok(v1::EndReason::Unspecified) => Some(None),
        Ok(v1::EndReason::NoLongerNeeded) => Some(Some(EndReason::NoLongerNeeded)),
        Ok(v1::EndReason::GivenByMistake) => Some(Some(EndReason::GivenByMistake)),
        Ok(v1::EndReason::LostConfidence) => Some(Some(EndReason::LostConfidence)),
        Ok(v1::EndReason::Misuse) => Some(Some(EndReason::Misuse)),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be one of the reasons, or unset"),
    }
}

/// Which side of the delegations a party is on.
pub fn side(fields: &mut Violations, number: i32) -> Option<Side> {
    match v1::PartySide::try_from(number) {
        Ok(v1::PartySide::Given) => Some(Side::Given),
        Ok(v1::PartySide::Held) => Some(Side::Held),
        Ok(v1::PartySide::RequestsReceived) => Some(Side::RequestsReceived),
        Ok(v1::PartySide::RequestsMade) => Some(Side::RequestsMade),
        Ok(v1::PartySide::Unspecified) => fields.required(),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be one of the sides"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    #[test]
    fn a_reason_may_be_left_out() {
        assert_eq!(read(|fields| end_reason(fields, 0)), Ok(None));
        for (number, reason) in [
            (1, EndReason::NoLongerNeeded),
            (2, EndReason::GivenByMistake),
            (3, EndReason::LostConfidence),
            (4, EndReason::Misuse),
        ] {
            assert_eq!(read(|fields| end_reason(fields, number)), Ok(Some(reason)));
        }
        assert_eq!(refused(|fields| end_reason(fields, 5)), at("field", "ENUM_UNKNOWN"));
    }

    #[test]
    fn a_side_must_be_given() {
        assert_eq!(read(|fields| side(fields, 1)), Ok(Side::Given));
        assert_eq!(read(|fields| side(fields, 2)), Ok(Side::Held));
        assert_eq!(read(|fields| side(fields, 3)), Ok(Side::RequestsReceived));
        assert_eq!(read(|fields| side(fields, 4)), Ok(Side::RequestsMade));
        assert_eq!(refused(|fields| side(fields, 0)), at("field", "REQUIRED"));
        assert_eq!(refused(|fields| side(fields, -2)), at("field", "ENUM_UNKNOWN"));
    }

    proptest! {
        #[test]
        fn no_number_is_told_to_anybody(number: i32) {
            tells_nothing(&number.to_string(), |fields| end_reason(fields, number));
            tells_nothing(&number.to_string(), |fields| side(fields, number));
        }
    }
}
