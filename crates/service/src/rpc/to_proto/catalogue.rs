//! Systems and privileges.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    assurance::LevelOfAssurance,
    identifier::PartyKind,
    privilege::{AccessKind, ExistingGrants, Publication, PublicationState},
};
use fuldmagt_proto::v1;
use fuldmagt_store::catalogue::{CataloguePrivilege, System};

use super::{etag, party_kind, timestamp};
use crate::app::impact::PrivilegeImpact;

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

/// A privilege as it is at the instant.
pub fn privilege(entry: &CataloguePrivilege, at: DateTime<Utc>) -> v1::Privilege {
    let privilege = &entry.privilege;
    let PublicationTimes { published, hidden, republished, existing } = times(privilege.publication);
    v1::Privilege {
        privilege: privilege.uri.as_str().to_owned(),
        system_id: privilege.system.as_str().to_owned(),
        title_da: entry.texts.title_da.as_str().to_owned(),
        title_en: entry.texts.title_en.as_str().to_owned(),
        description_da: entry.texts.description_da.as_str().to_owned(),
        description_en: entry.texts.description_en.as_str().to_owned(),
        max_period_days: max_period_days(privilege.max_period_days),
        delegator_kinds: kinds(&privilege.delegator_kinds),
        representative_kinds: kinds(&privilege.representative_kinds),
        state: state(privilege.publication.state(at)).into(),
        publish_time: published.map(timestamp),
        hide_time: hidden.map(timestamp),
        etag: etag(entry.version),
        access_kind: access_kind(privilege.access).into(),
        level_of_assurance: level_of_assurance(privilege.assurance).into(),
        min_delegator_age_years: age(privilege.delegator_ages.min()),
        max_delegator_age_years: age(privilege.delegator_ages.max()),
        max_sub_delegation_depth: privilege.max_sub_delegation_depth.into(),
        paper_allowed: privilege.paper_allowed,
        requests_forbidden: !privilege.request_allowed,
        text_version: entry.text_version,
        existing_grants: existing.into(),
        republish_time: republished.map(timestamp),
    }
}

/// What a change of a privilege affects.
pub fn privilege_impact(impact: &PrivilegeImpact) -> v1::PrivilegeImpact {
    v1::PrivilegeImpact {
        delegations_in_force: impact.delegations_in_force,
        delegations_stopping: impact.delegations_stopping,
        delegations_resuming: impact.delegations_resuming,
        delegations_beyond_period: impact.delegations_beyond_period,
        delegations_outside_kinds: impact.delegations_outside_kinds,
        delegations_age_not_known: impact.delegations_age_not_known,
        packages: i32::try_from(impact.packages).unwrap_or(i32::MAX),
    }
}

struct PublicationTimes {
    published: Option<DateTime<Utc>>,
    hidden: Option<DateTime<Utc>>,
    republished: Option<DateTime<Utc>>,
    existing: v1::ExistingGrants,
}

const fn times(publication: Publication) -> PublicationTimes {
    let unspecified = v1::ExistingGrants::Unspecified;
    let (published, hidden, republished, existing) = match publication {
        Publication::Draft => (None, None, None, unspecified),
        Publication::Published { from } => (Some(from), None, None, unspecified),
        Publication::Hidden { from, to, existing, again, .. } => {
            (Some(from), Some(to), again, existing_grants(existing))
        }
    };
    PublicationTimes { published, hidden, republished, existing }
}

const fn existing_grants(existing: ExistingGrants) -> v1::ExistingGrants {
    match existing {
        ExistingGrants::Stop => v1::ExistingGrants::Stop,
        ExistingGrants::Keep => v1::ExistingGrants::Keep,
    }
}

const fn state(state: PublicationState) -> v1::PublicationState {
    match state {
        PublicationState::Draft => v1::PublicationState::Draft,
        PublicationState::Scheduled => v1::PublicationState::Scheduled,
        PublicationState::Published => v1::PublicationState::Published,
        PublicationState::Hidden => v1::PublicationState::Hidden,
    }
}

/// What a privilege lets its holder do.
pub const fn access_kind(access: AccessKind) -> v1::AccessKind {
    match access {
        AccessKind::Read => v1::AccessKind::Read,
        AccessKind::Act => v1::AccessKind::Act,
    }
}

/// A level of assurance.
pub const fn level_of_assurance(level: LevelOfAssurance) -> v1::LevelOfAssurance {
    match level {
        LevelOfAssurance::Low => v1::LevelOfAssurance::Low,
        LevelOfAssurance::Substantial => v1::LevelOfAssurance::Substantial,
        LevelOfAssurance::High => v1::LevelOfAssurance::High,
    }
}

/// 0 for none.
pub(super) fn age(years: Option<u32>) -> i32 {
    // At most 150, as the type says.
    years.map_or(0, |years| i32::try_from(years).unwrap_or(i32::MAX))
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
    use fuldmagt_domain::{
        identifier::CvrNumber,
        privilege::{AgeRange, Privilege, PrivilegeUri, SystemId},
        text::{Description, Title},
    };
    use fuldmagt_store::catalogue::Texts;

    use fuldmagt_domain::assurance::LevelOfAssurance;

    use super::*;
    use crate::rpc::from_proto::{Violations, catalogue};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn some_privilege(publication: Publication) -> CataloguePrivilege {
        CataloguePrivilege {
            privilege: Privilege {
                uri: PrivilegeUri::parse("urn:dk:a").unwrap(),
                system: SystemId::parse("tastselv").unwrap(),
                authority: CvrNumber::parse("34051178").unwrap(),
                max_period_days: NonZeroU32::new(365),
                delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
                representative_kinds: vec![PartyKind::Employee],
                access: AccessKind::Read,
                assurance: LevelOfAssurance::High,
                delegator_ages: AgeRange::new(Some(18), Some(66)).unwrap(),
                max_sub_delegation_depth: 2,
                paper_allowed: true,
                request_allowed: false,
                publication,
            },
            texts: Texts {
                title_da: Title::parse("Se").unwrap(),
                title_en: Title::parse("See").unwrap(),
                description_da: Description::parse("Kan se.").unwrap(),
                description_en: Description::parse("May see.").unwrap(),
            },
            text_version: 3,
            text_valid_from: at(0),
            version: 4,
        }
    }

    #[test]
    fn a_privilege_tells_when_it_was_published_and_hidden_and_when_it_comes_back() {
        let from = at(1);
        let hidden =
            |to, is_planned, existing, again| Publication::Hidden { from, to, is_planned, existing, again };
        let (stop, keep) = (ExistingGrants::Stop, ExistingGrants::Keep);
        for (publication, state, times, existing) in [
            (Publication::Draft, v1::PublicationState::Draft, [None, None, None], 0),
            (Publication::Published { from }, v1::PublicationState::Published, [Some(1), None, None], 0),
            (
                Publication::Published { from: at(9) },
                v1::PublicationState::Scheduled,
                [Some(9), None, None],
                0,
            ),
            (hidden(at(2), false, stop, None), v1::PublicationState::Hidden, [Some(1), Some(2), None], 1),
            (hidden(at(8), true, keep, None), v1::PublicationState::Published, [Some(1), Some(8), None], 2),
            (
                hidden(at(2), false, keep, Some(at(9))),
                v1::PublicationState::Hidden,
                [Some(1), Some(2), Some(9)],
                2,
            ),
        ] {
            let proto = privilege(&some_privilege(publication), at(5));
            assert_eq!(proto.state(), state, "{publication:?}");
            let told = [proto.publish_time, proto.hide_time, proto.republish_time];
            assert_eq!(told, times.map(|second| second.map(|second| timestamp(at(second)))));
            assert_eq!(proto.existing_grants, existing);
        }
    }

    #[test]
    fn what_is_told_can_be_put_back_without_what_is_output_only() {
        let some = some_privilege(Publication::Draft);
        let told = privilege(&some, at(5));
        let put = v1::Privilege { state: 0, etag: String::new(), text_version: 0, ..told.clone() };
        let read = catalogue::privilege(&mut Violations::new(), Some(put)).unwrap();
        assert_eq!(read.uri, some.privilege.uri);
        assert_eq!(read.system, some.privilege.system);
        assert_eq!(read.texts, some.texts);
        assert_eq!(read.max_period_days, some.privilege.max_period_days);
        assert_eq!(read.delegator_kinds, some.privilege.delegator_kinds);
        assert_eq!(read.representative_kinds, some.privilege.representative_kinds);
        assert_eq!((read.access, read.assurance), (some.privilege.access, some.privilege.assurance));
        assert_eq!(read.delegator_ages, some.privilege.delegator_ages);
        assert_eq!(read.max_sub_delegation_depth, some.privilege.max_sub_delegation_depth);
        assert_eq!((read.paper_allowed, read.request_allowed), (true, false));
        assert_eq!((told.etag.as_str(), told.text_version, read.expected_version), ("4", 3, None));
    }

    #[test]
    fn no_cap_and_no_age_are_zero() {
        assert_eq!(max_period_days(None), 0);
        assert_eq!(max_period_days(NonZeroU32::new(30)), 30);
        assert_eq!((age(None), age(Some(18))), (0, 18));
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
