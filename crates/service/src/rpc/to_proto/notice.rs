//! Notices, for front ends.

use fuldmagt_domain::delegation::NoticeKind;
use fuldmagt_proto::v1;
use fuldmagt_store::notice::{Item, Notice};

use super::timestamp;

/// What one party should hear of.
pub fn notice(notice: &Notice) -> v1::Notice {
    v1::Notice {
        notice_id: notice.id.to_string(),
        receiver_id: notice.receiver.to_string(),
        items: notice.items.iter().map(item).collect(),
    }
}

fn item(item: &Item) -> v1::NoticeItem {
    v1::NoticeItem {
        kind: kind(item.kind).into(),
        delegation_id: item.delegation.to_string(),
        event_time: Some(timestamp(item.at)),
    }
}

const fn kind(kind: NoticeKind) -> v1::NoticeKind {
    match kind {
        NoticeKind::Requested => v1::NoticeKind::Requested,
        NoticeKind::Given => v1::NoticeKind::Given,
        NoticeKind::Accepted => v1::NoticeKind::Accepted,
        NoticeKind::Declined => v1::NoticeKind::Declined,
        NoticeKind::Revoked => v1::NoticeKind::Revoked,
        NoticeKind::Renounced => v1::NoticeKind::Renounced,
        NoticeKind::Expiring => v1::NoticeKind::Expiring,
        NoticeKind::EndedByDeath => v1::NoticeKind::EndedByDeath,
        NoticeKind::Merged => v1::NoticeKind::Merged,
        NoticeKind::Lapsed => v1::NoticeKind::Lapsed,
        NoticeKind::Suspension => v1::NoticeKind::Suspension,
        NoticeKind::SubDelegated => v1::NoticeKind::SubDelegated,
        NoticeKind::Terminated => v1::NoticeKind::Terminated,
        NoticeKind::Paper => v1::NoticeKind::Paper,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use fuldmagt_domain::{delegation::DelegationId, party::PartyId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_notice_tells_whom_of_what_about_which_delegation() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let delegation = DelegationId(Uuid::from_u128(3));
        let items = vec![Item { kind: NoticeKind::Expiring, delegation, at }];
        let (id, receiver) = (Uuid::from_u128(1), PartyId(Uuid::from_u128(2)));
        let told = notice(&Notice { id, receiver, items });
        assert_eq!((told.notice_id, told.receiver_id), (id.to_string(), receiver.to_string()));
        let [item] = told.items.as_slice() else { panic!("one item") };
        assert_eq!((item.kind(), item.event_time), (v1::NoticeKind::Expiring, Some(timestamp(at))));
        assert_eq!(item.delegation_id, delegation.to_string());
    }

    #[test]
    fn each_kind_has_its_own_name() {
        let names = NoticeKind::ALL.map(|stored| kind(stored).as_str_name().to_lowercase());
        let wanted = NoticeKind::ALL.map(|stored| format!("notice_kind_{}", stored.as_str()));
        assert_eq!(names, wanted);
    }
}
