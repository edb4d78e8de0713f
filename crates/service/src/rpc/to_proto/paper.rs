//! Paper cases, for caseworkers.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{delegation::PaperRejectReason, paper::Case};
use fuldmagt_proto::v1;

use super::{delegation, timestamp};

/// A paper case as it stands at an instant, without names and message.
pub fn paper_case(case: &Case, at: DateTime<Utc>) -> v1::PaperCase {
    let form = case.record.form.as_ref();
    v1::PaperCase {
        delegation: Some(delegation(&case.delegation, at)),
        scan_digest: form.map(|form| form.scan_digest.to_vec()).unwrap_or_default(),
        sign_date: form.map(|form| form.signed_on.to_string()).unwrap_or_default(),
        registered_by_id: form.map(|form| form.registered_by.to_string()).unwrap_or_default(),
        register_time: form.map(|form| timestamp(form.registered_at)),
    }
}

/// Why a paper case was rejected.
pub const fn reject_reason(reason: PaperRejectReason) -> v1::PaperRejectReason {
    match reason {
        PaperRejectReason::Signature => v1::PaperRejectReason::Signature,
        PaperRejectReason::Incomplete => v1::PaperRejectReason::Incomplete,
        PaperRejectReason::Misregistered => v1::PaperRejectReason::Misregistered,
        PaperRejectReason::Delegator => v1::PaperRejectReason::Delegator,
        PaperRejectReason::NotReturned => v1::PaperRejectReason::NotReturned,
    }
}

#[cfg(test)]
mod tests {
    use fuldmagt_domain::{
        delegation::{Delegation, DelegationId, Links, Packages, State},
        paper::{Record, SignedForm},
        party::PartyId,
        period::Period,
        privilege::PrivilegeUri,
    };
    use uuid::Uuid;

    use super::*;
    use crate::rpc::from_proto::{Violations, paper::reject_reason as read_reject_reason};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn case(state: State, form: Option<SignedForm>) -> Case {
        let delegation = Delegation {
            id: DelegationId(Uuid::from_u128(1)),
            delegator: PartyId(Uuid::from_u128(2)),
            representative: PartyId(Uuid::from_u128(3)),
            privileges: vec![PrivilegeUri::parse("urn:dk:a").unwrap()],
            taken_out: Vec::new(),
            packages: Packages::default(),
            period: Period::new(at(10), at(20)).unwrap(),
            starts_on_acceptance: true,
            lapses_at: None,
            state,
            suspended: false,
            links: Links::default(),
            created_at: at(0),
            version: 1,
        };
        let record =
            Record { started_by: PartyId(Uuid::from_u128(4)), started_at: at(0), form, decided: None };
        Case { delegation, record }
    }

    #[test]
    fn a_case_tells_of_its_form_once_there_is_one() {
        let proto = paper_case(&case(State::PaperStarted, None), at(5));
        let told = proto.delegation.unwrap();
        assert_eq!(told.status(), v1::DelegationStatus::PaperStarted);
        assert_eq!((told.valid_from, told.valid_to), (None, Some(timestamp(at(20)))));
        assert_eq!((proto.scan_digest.len(), proto.sign_date.as_str(), proto.register_time), (0, "", None));

        let form = SignedForm {
            scan_digest: [7; 32],
            signed_on: "2027-01-09".parse().unwrap(),
            registered_by: PartyId(Uuid::from_u128(5)),
            registered_at: at(3),
        };
        let proto = paper_case(&case(State::PaperRegistered, Some(form)), at(5));
        assert_eq!(proto.delegation.unwrap().status(), v1::DelegationStatus::PaperRegistered);
        assert_eq!((proto.scan_digest, proto.sign_date), (vec![7; 32], "2027-01-09".to_owned()));
        assert_eq!(proto.registered_by_id, Uuid::from_u128(5).to_string());
        assert_eq!(proto.register_time, Some(timestamp(at(3))));
    }

    #[test]
    fn a_reason_is_read_back_as_it_is_told() {
        for reason in PaperRejectReason::ALL {
            let number = reject_reason(reason).into();
            assert_eq!(read_reject_reason(&mut Violations::new(), number), Some(reason));
        }
    }
}
