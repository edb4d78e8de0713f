//! Answers to authorities.

use std::time::Duration;

use chrono::{DateTime, Utc};
use fuldmagt_domain::decision::{Decision, Denial};
use fuldmagt_proto::v1;
use fuldmagt_store::query::{Answer, DelegatedPrivilege, Link};

use super::{identifier, timestamp};

/// The answer to one question that was decided for the instant `at`. A yes may be kept for `max_age`, but not past
/// the end of the delegation or the planned hiding of the privilege; a no may not be kept, so that what is given holds at the next check.
pub fn decision(answer: &Answer, at: DateTime<Utc>, max_age: Duration) -> v1::Decision {
    match answer.decision {
        Decision::Granted { delegation, valid_to, stands_until } => v1::Decision {
            granted: true,
            denial_reason: v1::DenialReason::Unspecified.into(),
            delegation_id: delegation.to_string(),
            valid_to: Some(timestamp(valid_to)),
            max_age: Some(duration(max_age.min((stands_until - at).to_std().unwrap_or_default()))),
            chain: answer.line.iter().map(chain_link).collect(),
        },
        Decision::Denied { reason, delegation } => v1::Decision {
            granted: false,
            denial_reason: denial_reason(reason).into(),
            delegation_id: delegation.map(|delegation| delegation.to_string()).unwrap_or_default(),
            valid_to: None,
            max_age: Some(duration(Duration::ZERO)),
            chain: Vec::new(),
        },
    }
}

fn chain_link(link: &Link) -> v1::ChainLink {
    v1::ChainLink {
        delegation_id: link.delegation.to_string(),
        representative: Some(identifier(&link.representative)),
    }
}

/// One entry of an authority's list.
pub fn delegated_privilege(entry: &DelegatedPrivilege) -> v1::DelegatedPrivilege {
    v1::DelegatedPrivilege {
        delegation_id: entry.delegation.to_string(),
        party: Some(identifier(&entry.party)),
        privilege: entry.privilege.as_str().to_owned(),
        valid_from: Some(timestamp(entry.period.from())),
        valid_to: Some(timestamp(entry.period.to())),
        p_number: entry.p_number.as_ref().map(|number| number.expose().to_owned()).unwrap_or_default(),
    }
}

const fn denial_reason(denial: Denial) -> v1::DenialReason {
    match denial {
        Denial::NoDelegation => v1::DenialReason::NoDelegation,
        Denial::NotYetValid => v1::DenialReason::NotYetValid,
        Denial::Expired => v1::DenialReason::Expired,
        Denial::Revoked => v1::DenialReason::Revoked,
        Denial::Renounced => v1::DenialReason::Renounced,
        Denial::Superseded => v1::DenialReason::Superseded,
        Denial::Terminated => v1::DenialReason::Terminated,
        Denial::NotInGoodStanding => v1::DenialReason::PartyNotInGoodStanding,
        Denial::NotPublished => v1::DenialReason::PrivilegeNotPublished,
        Denial::EmployeeRequired => v1::DenialReason::EmployeeRequired,
        Denial::EmployeeNotDesignated => v1::DenialReason::EmployeeNotDesignated,
        Denial::PNumberMismatch => v1::DenialReason::PNumberMismatch,
    }
}

fn duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        // Both ages are far below the range of the proto type, 10,000 years.
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use fuldmagt_domain::{
        delegation::DelegationId,
        identifier::{CprNumber, Identifier, PNumber},
        period::Period,
        privilege::PrivilegeUri,
    };
    use uuid::Uuid;

    use super::*;

    const ID: DelegationId = DelegationId(Uuid::from_u128(1));

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn answer(decision: Decision) -> Answer {
        Answer { decision, line: Vec::new() }
    }

    fn max_age_s(stands_until: i64, configured: u64) -> i64 {
        let granted =
            Decision::Granted { delegation: ID, valid_to: at(1_000), stands_until: at(stands_until) };
        decision(&answer(granted), at(0), Duration::from_secs(configured)).max_age.unwrap().seconds
    }

    #[test]
    fn a_yes_tells_by_what_and_until_when() {
        let granted = Decision::Granted { delegation: ID, valid_to: at(100), stands_until: at(100) };
        let told = decision(&answer(granted), at(0), Duration::ZERO);
        assert!(told.granted);
        assert_eq!(told.denial_reason(), v1::DenialReason::Unspecified);
        assert_eq!(told.delegation_id, ID.to_string());
        assert_eq!(told.valid_to, Some(timestamp(at(100))));
        assert_eq!(told.max_age, Some(prost_types::Duration { seconds: 0, nanos: 0 }));
    }

    #[test]
    fn a_yes_by_a_sub_delegation_tells_the_chain_from_the_top() {
        let link = |id: u128, cpr: &str| Link {
            delegation: DelegationId(Uuid::from_u128(id)),
            representative: Identifier::Cpr(CprNumber::parse(cpr).unwrap()),
        };
        let line = vec![link(7, "0501792275"), link(1, "2512489996")];
        let granted = Decision::Granted { delegation: ID, valid_to: at(100), stands_until: at(100) };
        let told = decision(&Answer { decision: granted, line: line.clone() }, at(0), Duration::ZERO).chain;
        let ids: Vec<String> = told.iter().map(|link| link.delegation_id.clone()).collect();
        assert_eq!(ids, [Uuid::from_u128(7).to_string(), ID.to_string()]);
        assert_eq!(told[0].representative, Some(identifier(&line[0].representative)));
    }

    #[test]
    fn a_yes_is_never_kept_past_the_end_of_the_delegation() {
        assert_eq!(max_age_s(100, 60), 60);
        assert_eq!(max_age_s(30, 60), 30);
        assert_eq!(max_age_s(-1, 60), 0);
        assert_eq!(max_age_s(100, 0), 0);
    }

    #[test]
    fn a_no_tells_why_and_is_not_kept() {
        for (reason, told) in [
            (Denial::NoDelegation, v1::DenialReason::NoDelegation),
            (Denial::NotYetValid, v1::DenialReason::NotYetValid),
            (Denial::Expired, v1::DenialReason::Expired),
            (Denial::Revoked, v1::DenialReason::Revoked),
            (Denial::Renounced, v1::DenialReason::Renounced),
            (Denial::NotInGoodStanding, v1::DenialReason::PartyNotInGoodStanding),
            (Denial::NotPublished, v1::DenialReason::PrivilegeNotPublished),
            (Denial::EmployeeRequired, v1::DenialReason::EmployeeRequired),
            (Denial::EmployeeNotDesignated, v1::DenialReason::EmployeeNotDesignated),
            (Denial::PNumberMismatch, v1::DenialReason::PNumberMismatch),
        ] {
            let denied = Decision::Denied { reason, delegation: Some(ID) };
            let decision = decision(&answer(denied), at(0), Duration::from_secs(60));
            assert!(!decision.granted);
            assert_eq!(decision.denial_reason(), told);
            assert_eq!(decision.delegation_id, ID.to_string());
            assert_eq!(decision.valid_to, None);
            assert_eq!(decision.max_age, Some(prost_types::Duration::default()));
        }
        assert_eq!(decision(&answer(Decision::NOTHING), at(0), Duration::ZERO).delegation_id, "");
    }

    #[test]
    fn an_entry_of_a_list_names_the_other_party() {
        let entry = DelegatedPrivilege {
            delegation: ID,
            party: Identifier::Cpr(CprNumber::parse("0501792275").unwrap()),
            privilege: PrivilegeUri::parse("urn:dk:a").unwrap(),
            period: Period::new(at(0), at(10)).unwrap(),
            p_number: None,
        };
        let told = delegated_privilege(&entry);
        let value = v1::identifier::Value::CprNumber("0501792275".to_owned());
        assert_eq!(told.party, Some(v1::Identifier { value: Some(value) }));
        assert_eq!((told.valid_from, told.valid_to), (Some(timestamp(at(0))), Some(timestamp(at(10)))));
        assert_eq!((told.delegation_id, told.privilege), (ID.to_string(), "urn:dk:a".to_owned()));
        assert_eq!(told.p_number, "");
        let limited = DelegatedPrivilege { p_number: Some(PNumber::parse("1003366844").unwrap()), ..entry };
        assert_eq!(delegated_privilege(&limited).p_number, "1003366844");
    }
}
