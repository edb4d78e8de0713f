//! What clients are told, from domain and store: free functions that cannot fail.

mod agreement;
mod catalogue;
mod cpr_import;
mod decision;
mod delegation;
mod notice;
mod package;
mod paper;
mod party;

use chrono::{DateTime, Utc};
use fuldmagt_domain::delegation::DelegationId;
use prost_types::Timestamp;

pub use agreement::agreement;
pub use catalogue::{access_kind, level_of_assurance, privilege, privilege_impact, system};
pub use cpr_import::{cpr_effects, cpr_import, cpr_status_counts, row_count};
pub use decision::{decision, delegated_privilege};
pub use delegation::{delegation, delegation_event, designation, shown};
pub use notice::notice;
pub use package::{package, package_impact};
pub use paper::{paper_case, reject_reason};
pub use party::{identifier, party, party_kind};

/// An instant.
pub fn timestamp(at: DateTime<Utc>) -> Timestamp {
    // Below 10^9, or below 2 * 10^9 in a leap second, which the proto type does not know.
    let nanos = at.timestamp_subsec_nanos().min(999_999_999);
    Timestamp { seconds: at.timestamp(), nanos: i32::try_from(nanos).unwrap_or_default() }
}

/// A version, as the opaque text that `from_proto` reads back.
pub fn etag(version: i64) -> String {
    version.to_string()
}

/// Ids of delegations.
pub fn delegation_ids(ids: &[DelegationId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// How many: what is counted here is bounded far below the largest number.
pub fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::{Violations, ids, period};

    proptest! {
        #[test]
        fn an_instant_survives_the_round_trip(seconds in -62_135_596_800..=253_402_300_799_i64, nanos in 0..1_000_000_000_u32) {
            let at = DateTime::from_timestamp(seconds, nanos).unwrap();
            prop_assert_eq!(period::timestamp(&mut Violations::new(), timestamp(at)), Some(at));
        }

        #[test]
        fn a_version_survives_the_round_trip(version in 1..=i64::MAX) {
            prop_assert_eq!(ids::etag(&mut Violations::new(), &etag(version)), Some(Some(version)));
        }
    }
}
