//! Delegations and their history, for their parties.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, EndReason, EventKind, Reason, State, Status, Termination},
    package::PackageId,
    party::PartyId,
    privilege::PrivilegeUri,
    text::Name,
};
use fuldmagt_proto::v1;
use fuldmagt_store::delegation::{Designation, Event, Shown};

use super::{etag, paper, timestamp};
use crate::app::command::Channel;

/// An employee who may use a delegation.
pub fn designation(designation: &Designation) -> v1::Designation {
    v1::Designation {
        employee_id: designation.employee.to_string(),
        p_number: designation.p_number.as_ref().map(|number| number.expose().to_owned()).unwrap_or_default(),
        create_time: Some(timestamp(designation.from)),
    }
}

/// A delegation as it stands at an instant, without names and message.
pub fn delegation(delegation: &Delegation, at: DateTime<Utc>) -> v1::Delegation {
    v1::Delegation {
        delegation_id: delegation.id.to_string(),
        delegator_id: delegation.delegator.to_string(),
        representative_id: delegation.representative.to_string(),
        privileges: uris(&delegation.privileges),
        valid_from: starts(delegation).then(|| timestamp(delegation.period.from())),
        valid_to: Some(timestamp(delegation.period.to())),
        status: status(delegation.status(at)).into(),
        create_time: Some(timestamp(delegation.created_at)),
        end_time: delegation.ended_at(at).map(timestamp),
        etag: etag(delegation.version),
        delegator_name: String::new(),
        representative_name: String::new(),
        message: String::new(),
        revoked_privileges: uris(&delegation.taken_out),
        packages: delegation.packages.followed.iter().map(followed).collect(),
        lapse_time: delegation.lapses_at.filter(|_| is_unanswered(delegation)).map(timestamp),
        parent_id: delegation.links.parent.map(|parent| parent.to_string()).unwrap_or_default(),
        depth: i32::try_from(delegation.links.chain.len()).unwrap_or(i32::MAX),
        supersedes: delegation.links.supersedes.iter().map(DelegationId::to_string).collect(),
        superseded_by: delegation.links.superseded_by.map(|by| by.to_string()).unwrap_or_default(),
        termination_reason: termination_reason(delegation.state.termination()).into(),
    }
}

fn followed(package: &PackageId) -> v1::DelegatedPackage {
    v1::DelegatedPackage { package_id: package.as_str().to_owned(), version: 0 }
}

fn uris(privileges: &[PrivilegeUri]) -> Vec<String> {
    privileges.iter().map(|uri| uri.as_str().to_owned()).collect()
}

/// Whether it is known when it starts: not for what starts when it is accepted or approved.
const fn starts(delegation: &Delegation) -> bool {
    !delegation.starts_on_acceptance
}

const fn is_unanswered(delegation: &Delegation) -> bool {
    matches!(delegation.state, State::Requested { .. } | State::Lapsed { .. })
}

/// A delegation as its parties may see it at an instant, with the names and the message that are there.
pub fn shown(shown: &Shown, at: DateTime<Utc>) -> v1::Delegation {
    let name = |name: &Option<Name>| name.as_ref().map(|name| name.expose().to_owned()).unwrap_or_default();
    v1::Delegation {
        delegator_name: name(&shown.delegator_name),
        representative_name: name(&shown.representative_name),
        message: shown.message.as_ref().map(|message| message.expose().to_owned()).unwrap_or_default(),
        ..delegation(&shown.delegation, at)
    }
}

/// One entry of a delegation's history.
pub fn delegation_event(event: &Event) -> v1::DelegationEvent {
    let id = |party: Option<PartyId>| party.map(|party| party.to_string()).unwrap_or_default();
    v1::DelegationEvent {
        kind: kind(event.kind).into(),
        event_time: Some(timestamp(event.at)),
        actor_id: id(event.actor),
        acting_for_id: id(event.acting_for),
        channel: channel(&event.channel).into(),
        reason: match event.reason {
            Some(Reason::End(reason)) => end_reason(reason),
            Some(Reason::Termination(_) | Reason::PaperReject(_)) | None => v1::EndReason::Unspecified,
        }
        .into(),
        etag: etag(event.version),
        related_id: event.related.map(|id| id.to_string()).unwrap_or_default(),
        termination_reason: termination_reason(match event.reason {
            Some(Reason::Termination(why)) => Some(why),
            Some(Reason::End(_) | Reason::PaperReject(_)) | None => None,
        })
        .into(),
        paper_reject_reason: match event.reason {
            Some(Reason::PaperReject(reason)) => paper::reject_reason(reason),
            Some(Reason::End(_) | Reason::Termination(_)) | None => v1::PaperRejectReason::Unspecified,
        }
        .into(),
    }
}

const fn status(status: Status) -> v1::DelegationStatus {
    match status {
        Status::Requested => v1::DelegationStatus::Requested,
        Status::Declined => v1::DelegationStatus::Declined,
        Status::Withdrawn => v1::DelegationStatus::Withdrawn,
        Status::Lapsed => v1::DelegationStatus::Lapsed,
        Status::PaperStarted => v1::DelegationStatus::PaperStarted,
        Status::PaperRegistered => v1::DelegationStatus::PaperRegistered,
        Status::PaperRejected => v1::DelegationStatus::PaperRejected,
        Status::Scheduled => v1::DelegationStatus::Scheduled,
        Status::Active => v1::DelegationStatus::Active,
        Status::Suspended => v1::DelegationStatus::Suspended,
        Status::Expired => v1::DelegationStatus::Expired,
        Status::Revoked => v1::DelegationStatus::Revoked,
        Status::Renounced => v1::DelegationStatus::Renounced,
        Status::Superseded => v1::DelegationStatus::Superseded,
        Status::Terminated => v1::DelegationStatus::Terminated,
    }
}

const fn kind(kind: EventKind) -> v1::DelegationEventKind {
    match kind {
        EventKind::Created => v1::DelegationEventKind::Created,
        EventKind::Requested => v1::DelegationEventKind::Requested,
        EventKind::Accepted => v1::DelegationEventKind::Accepted,
        EventKind::Declined => v1::DelegationEventKind::Declined,
        EventKind::Withdrawn => v1::DelegationEventKind::Withdrawn,
        EventKind::Lapsed => v1::DelegationEventKind::Lapsed,
        EventKind::Revoked => v1::DelegationEventKind::Revoked,
        EventKind::PrivilegesRevoked => v1::DelegationEventKind::PrivilegesRevoked,
        EventKind::Renounced => v1::DelegationEventKind::Renounced,
        EventKind::Superseded => v1::DelegationEventKind::Superseded,
        EventKind::SubDelegated => v1::DelegationEventKind::SubDelegated,
        EventKind::Suspended => v1::DelegationEventKind::Suspended,
        EventKind::Resumed => v1::DelegationEventKind::Resumed,
        EventKind::Terminated => v1::DelegationEventKind::Terminated,
        EventKind::EmployeeDesignated => v1::DelegationEventKind::EmployeeDesignated,
        EventKind::DesignationRemoved => v1::DelegationEventKind::DesignationRemoved,
        EventKind::PartyMerged => v1::DelegationEventKind::PartyMerged,
        EventKind::PaperStarted => v1::DelegationEventKind::PaperStarted,
        EventKind::PaperRegistered => v1::DelegationEventKind::PaperRegistered,
        EventKind::PaperApproved => v1::DelegationEventKind::PaperApproved,
        EventKind::PaperRejected => v1::DelegationEventKind::PaperRejected,
    }
}

const fn termination_reason(why: Option<Termination>) -> v1::TerminationReason {
    match why {
        None => v1::TerminationReason::Unspecified,
        Some(Termination::Death) => v1::TerminationReason::Death,
        Some(Termination::ParentEnded) => v1::TerminationReason::ParentEnded,
        Some(Termination::EmploymentEnded) => v1::TerminationReason::EmploymentEnded,
        Some(Termination::PartiesMerged) => v1::TerminationReason::PartiesMerged,
        Some(Termination::DuplicateAfterMerge) => v1::TerminationReason::DuplicateAfterMerge,
        Some(Termination::PartyEnded) => v1::TerminationReason::PartyEnded,
    }
}

fn channel(name: &str) -> v1::Channel {
    const NAMES: [(Channel, v1::Channel); 4] = [
        (Channel::SelfService, v1::Channel::SelfService),
        (Channel::Paper, v1::Channel::Paper),
        (Channel::Register, v1::Channel::Register),
        (Channel::System, v1::Channel::System),
    ];
    let found = NAMES.iter().find(|(channel, _)| channel.as_str() == name);
    found.map_or(v1::Channel::Unspecified, |(_, told)| *told)
}

const fn end_reason(reason: EndReason) -> v1::EndReason {
    match reason {
        EndReason::NoLongerNeeded => v1::EndReason::NoLongerNeeded,
        EndReason::GivenByMistake => v1::EndReason::GivenByMistake,
        EndReason::LostConfidence => v1::EndReason::LostConfidence,
        EndReason::Misuse => v1::EndReason::Misuse,
    }
}

#[cfg(test)]
mod tests {
    use fuldmagt_domain::{
        delegation::{DelegationId, Links, Packages, State},
        period::Period,
        privilege::PrivilegeUri,
        text::Message,
    };
    use uuid::Uuid;

    use super::*;
    use crate::rpc::from_proto::{Violations, delegation::end_reason as read_end_reason};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn some_delegation(state: State) -> Delegation {
        Delegation {
            id: DelegationId(Uuid::from_u128(1)),
            delegator: PartyId(Uuid::from_u128(2)),
            representative: PartyId(Uuid::from_u128(3)),
            privileges: vec![
                PrivilegeUri::parse("urn:dk:a").unwrap(),
                PrivilegeUri::parse("urn:dk:b").unwrap(),
            ],
            taken_out: Vec::new(),
            packages: Packages::following(vec![PackageId::parse("skat-al").unwrap()]),
            period: Period::new(at(10), at(20)).unwrap(),
            starts_on_acceptance: false,
            lapses_at: None,
            state,
            suspended: false,
            links: Links::default(),
            created_at: at(0),
            version: 7,
        }
    }

    #[test]
    fn a_delegation_is_told_with_its_status_at_the_instant() {
        for (state, second, told) in [
            (State::Active, 9, v1::DelegationStatus::Scheduled),
            (State::Active, 10, v1::DelegationStatus::Active),
            (State::Active, 20, v1::DelegationStatus::Expired),
            (State::Revoked { at: at(12) }, 13, v1::DelegationStatus::Revoked),
            (State::Renounced { at: at(12) }, 13, v1::DelegationStatus::Renounced),
        ] {
            let proto = delegation(&some_delegation(state), at(second));
            assert_eq!(proto.status(), told);
            assert_eq!(proto.end_time, state.ended_at().map(timestamp));
        }
        let proto = delegation(&some_delegation(State::Active), at(9));
        assert_eq!(proto.delegation_id, Uuid::from_u128(1).to_string());
        assert_eq!(proto.delegator_id, Uuid::from_u128(2).to_string());
        assert_eq!(proto.representative_id, Uuid::from_u128(3).to_string());
        assert_eq!(proto.privileges, ["urn:dk:a", "urn:dk:b"]);
        assert_eq!(proto.packages, [v1::DelegatedPackage { package_id: "skat-al".to_owned(), version: 0 }]);
        assert_eq!((proto.valid_from, proto.valid_to), (Some(timestamp(at(10))), Some(timestamp(at(20)))));
        assert_eq!((proto.create_time, proto.etag.as_str()), (Some(timestamp(at(0))), "7"));
        assert_eq!((proto.delegator_name, proto.representative_name, proto.message), Default::default());
    }

    #[test]
    fn names_and_message_are_told_as_far_as_they_are_there() {
        let all = Shown {
            delegation: some_delegation(State::Active),
            delegator_name: Some(Name::parse("Åse").unwrap()),
            representative_name: None,
            message: Some(Message::parse("hej").unwrap()),
        };
        let proto = shown(&all, at(9));
        assert_eq!(proto.delegator_name, "Åse");
        assert_eq!(proto.representative_name, "");
        assert_eq!(proto.message, "hej");
    }

    #[test]
    fn an_event_tells_who_did_what_for_whom_and_why() {
        let some = Event {
            kind: EventKind::Revoked,
            at: at(5),
            actor: Some(PartyId(Uuid::from_u128(4))),
            acting_for: Some(PartyId(Uuid::from_u128(2))),
            channel: "self_service".to_owned(),
            reason: Some(Reason::End(EndReason::Misuse)),
            related: None,
            version: 2,
        };
        let proto = delegation_event(&some);
        assert_eq!(
            (proto.kind(), proto.channel()),
            (v1::DelegationEventKind::Revoked, v1::Channel::SelfService)
        );
        assert_eq!(proto.reason(), v1::EndReason::Misuse);
        assert_eq!(proto.actor_id, Uuid::from_u128(4).to_string());
        assert_eq!(proto.acting_for_id, Uuid::from_u128(2).to_string());
        assert_eq!((proto.event_time, proto.etag.as_str()), (Some(timestamp(at(5))), "2"));
        let bare = Event { kind: EventKind::Created, actor: None, acting_for: None, reason: None, ..some };
        let proto = delegation_event(&bare);
        assert_eq!((proto.actor_id.as_str(), proto.acting_for_id.as_str()), ("", ""));
        assert_eq!(
            (proto.kind(), proto.reason()),
            (v1::DelegationEventKind::Created, v1::EndReason::Unspecified)
        );
    }

    #[test]
    fn a_reason_is_read_back_as_it_is_told() {
        for reason in [
            EndReason::NoLongerNeeded,
            EndReason::GivenByMistake,
            EndReason::LostConfidence,
            EndReason::Misuse,
        ] {
            let number = end_reason(reason).into();
            assert_eq!(read_end_reason(&mut Violations::new(), number), Some(Some(reason)));
        }
    }
}
