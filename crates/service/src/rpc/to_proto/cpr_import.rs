//! Imports of the CPR register.

use fuldmagt_domain::cpr_status::CprStatus;
use fuldmagt_proto::v1;
use fuldmagt_store::cpr::{EffectCounts, Import, SnapshotState};

use super::timestamp;

/// An import.
pub fn cpr_import(import: &Import) -> v1::CprImport {
    let state = match import.state {
        SnapshotState::Loading => v1::CprImportState::Loading,
        SnapshotState::Current => v1::CprImportState::Current,
        SnapshotState::Replaced => v1::CprImportState::Replaced,
        SnapshotState::Refused => v1::CprImportState::Refused,
    };
    v1::CprImport {
        import_id: import.import_id.to_string(),
        as_of: import.as_of.to_string(),
        state: state.into(),
        expected_row_count: row_count(import.expected_row_count),
        row_count: row_count(import.row_count),
        next_chunk: i32::try_from(import.next_chunk).unwrap_or(i32::MAX),
        progress_time: Some(timestamp(import.progressed_at)),
        refusal_reason: import.refusal.clone().unwrap_or_default(),
    }
}

/// What an import has done to the parties that are known.
pub fn cpr_effects(counts: &EffectCounts) -> v1::CprEffects {
    v1::CprEffects {
        ended_count: row_count(counts.ended),
        suspended_count: row_count(counts.suspended),
        reinstated_count: row_count(counts.reinstated),
        renumbered_count: row_count(counts.renumbered),
        merged_count: row_count(counts.merged),
        unresolved_count: row_count(counts.unresolved),
        pending_count: row_count(counts.pending),
    }
}

/// How many records there are of each status.
pub fn cpr_status_counts(counts: &[(CprStatus, u64)]) -> Vec<v1::CprStatusCount> {
    let of = |(status, rows): &(CprStatus, u64)| v1::CprStatusCount {
        status: status.as_str().to_owned(),
        row_count: row_count(*rows),
    };
    counts.iter().map(of).collect()
}

/// Counts are far below what the proto type holds.
pub fn row_count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_import_is_told_with_its_day_its_state_and_where_it_goes_on() {
        let import = Import {
            snapshot_id: 3,
            import_id: Uuid::from_u128(7),
            as_of: "2026-06-15".parse().unwrap(),
            state: SnapshotState::Refused,
            expected_row_count: 6_000_000,
            row_count: 16_000,
            next_chunk: 16,
            progressed_at: DateTime::from_timestamp(5, 0).unwrap(),
            refusal: Some("DIGEST_MISMATCH".to_owned()),
        };
        assert_eq!(
            cpr_import(&import),
            v1::CprImport {
                import_id: "00000000-0000-0000-0000-000000000007".to_owned(),
                as_of: "2026-06-15".to_owned(),
                state: v1::CprImportState::Refused.into(),
                expected_row_count: 6_000_000,
                row_count: 16_000,
                next_chunk: 16,
                progress_time: Some(prost_types::Timestamp { seconds: 5, nanos: 0 }),
                refusal_reason: "DIGEST_MISMATCH".to_owned(),
            }
        );
    }

    #[test]
    fn statuses_are_told_with_their_leading_zero() {
        let told = cpr_status_counts(&[(CprStatus::Denmark, 5), (CprStatus::Dead, 1)]);
        let told: Vec<_> = told.iter().map(|count| (count.status.as_str(), count.row_count)).collect();
        assert_eq!(told, [("01", 5), ("90", 1)]);
    }
}
