//! Systems and privileges.

use std::num::NonZeroU32;

use fuldmagt_domain::{identifier::PartyKind, privilege::Publication};
use fuldmagt_proto::v1;
use fuldmagt_store::catalogue::{CataloguePrivilege, System};

use super::{etag, party_kind, timestamp};

/// A system.
pub fn system(system: &System) -> v1::System {
    v1::System {
        system_id: system.id.as_str().to_owned(),
        authority_cvr: system.authority.expose().to_owned(),
        title_da: system.title_da.as_str().to_owned(),
        title_en: system.title_en.as_str().to_owned(),
        etag: etag(system.version),
    }
}

/// A privilege.
pub fn privilege(entry: &CataloguePrivilege) -> v1::Privilege {
    let privilege = &entry.privilege;
    let (state, published_at, hidden_at) = match privilege.publication {
        Publication::Draft => (v1::PublicationState::Draft, None, None),
        Publication::Published { from } => (v1::PublicationState::Published, Some(from), None),
        Publication::Hidden { from, to } => (v1::PublicationState::Hidden, Some(from), Some(to)),
    };
    v1::Privilege {
        privilege: privilege.uri.as_str().to_owned(),
        system_id: privilege.system.as_str().to_owned(),
        title_da: entry.title_da.as_str().to_owned(),
        title_en: entry.title_en.as_str().to_owned(),
        description_da: entry.description_da.as_str().to_owned(),
        description_en: entry.description_en.as_str().to_owned(),
        max_period_days: max_period_days(privilege.max_period_days),
        delegator_kinds: kinds(&privilege.delegator_kinds),
        representative_kinds: kinds(&privilege.representative_kinds),
        state: state.into(),
        publish_time: published_at.map(timestamp),
        hide_time: hidden_at.map(timestamp),
        etag: etag(entry.version),
    }
}

fn max_period_days(days: Option<NonZeroU32>) -> i32 {
    // At most 36,500, as the database checks.
    days.map_or(0, |days| i32::try_from(days.get()).unwrap_or(i32::MAX))
}

fn kinds(kinds: &[PartyKind]) -> Vec<i32> {
    kinds.iter().map(|kind| party_kind(*kind).into()).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use fuldmagt_domain::{
        identifier::CvrNumber,
        privilege::{Privilege, PrivilegeUri, SystemId},
        text::{Description, Title},
    };

    use fuldmagt_domain::assurance::LevelOfAssurance;

    use super::*;
    use crate::rpc::from_proto::{Violations, catalogue};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn some_privilege(publication: Publication) -> CataloguePrivilege {
        CataloguePrivilege {
            privilege: Privilege {
                assurance: LevelOfAssurance::Substantial,
                max_sub_delegation_depth: 0,
                paper_allowed: false,
                request_allowed: true,
                uri: PrivilegeUri::parse("urn:dk:a").unwrap(),
                system: SystemId::parse("tastselv").unwrap(),
                authority: CvrNumber::parse("34051178").unwrap(),
                max_period_days: NonZeroU32::new(365),
                delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
                representative_kinds: vec![PartyKind::Employee],
                publication,
            },
            title_da: Title::parse("Se").unwrap(),
            title_en: Title::parse("See").unwrap(),
            description_da: Description::parse("Kan se.").unwrap(),
            description_en: Description::parse("May see.").unwrap(),
            version: 4,
        }
    }

    #[test]
    fn a_privilege_tells_when_it_was_published_and_hidden() {
        for (publication, state, published, hidden) in [
            (Publication::Draft, v1::PublicationState::Draft, None, None),
            (Publication::Published { from: at(1) }, v1::PublicationState::Published, Some(at(1)), None),
            (
                Publication::Hidden { from: at(1), to: at(2) },
                v1::PublicationState::Hidden,
                Some(at(1)),
                Some(at(2)),
            ),
        ] {
            let proto = privilege(&some_privilege(publication));
            assert_eq!(proto.state(), state);
            assert_eq!(
                (proto.publish_time, proto.hide_time),
                (published.map(timestamp), hidden.map(timestamp))
            );
        }
    }

    #[test]
    fn what_is_told_can_be_put_back_without_what_is_output_only() {
        let some = some_privilege(Publication::Draft);
        let told = privilege(&some);
        let put = v1::Privilege { state: 0, etag: String::new(), ..told.clone() };
        let read = catalogue::privilege(&mut Violations::new(), Some(put)).unwrap();
        assert_eq!(read.uri, some.privilege.uri);
        assert_eq!(read.system, some.privilege.system);
        assert_eq!((read.title_da, read.title_en), (some.title_da, some.title_en));
        assert_eq!((read.description_da, read.description_en), (some.description_da, some.description_en));
        assert_eq!(read.max_period_days, some.privilege.max_period_days);
        assert_eq!(read.delegator_kinds, some.privilege.delegator_kinds);
        assert_eq!(read.representative_kinds, some.privilege.representative_kinds);
        assert_eq!((told.etag.as_str(), read.expected_version), ("4", None));
    }

    #[test]
    fn no_cap_is_zero_days() {
        assert_eq!(max_period_days(None), 0);
        assert_eq!(max_period_days(NonZeroU32::new(30)), 30);
    }

    #[test]
    fn a_system_is_told_with_its_owner() {
        let some = System {
            id: SystemId::parse("tastselv").unwrap(),
            authority: CvrNumber::parse("34051178").unwrap(),
            title_da: Title::parse("TastSelv").unwrap(),
            title_en: Title::parse("E-tax").unwrap(),
            version: 2,
        };
        let told = system(&some);
        let put = v1::System { etag: String::new(), ..told.clone() };
        let read = catalogue::system(&mut Violations::new(), Some(put)).unwrap();
        assert_eq!((read.id, read.authority), (some.id, some.authority));
        assert_eq!((read.title_da, read.title_en, told.etag.as_str()), (some.title_da, some.title_en, "2"));
    }
}
