//! Systems and privileges as a caller wants to have them in the catalogue.

use fuldmagt_domain::privilege::SystemId;
use fuldmagt_proto::v1;
use fuldmagt_store::catalogue::Texts;

use super::{Violations, identifier::cvr_number, privileges, rules, text};
use crate::app::{put_privilege::PutPrivilege, put_system::PutSystem};

/// A system to be put; which version the caller has read is another field.
pub fn system(fields: &mut Violations, proto: Option<v1::System>) -> Option<PutSystem> {
    let Some(proto) = proto else { return fields.required() };
    let id = fields.read("system_id", |fields| system_id(fields, &proto.system_id));
    let authority = fields.read("authority_cvr", |fields| cvr_number(fields, &proto.authority_cvr));
    let title_da = fields.read("title_da", |fields| text::title(fields, &proto.title_da));
    let title_en = fields.read("title_en", |fields| text::title(fields, &proto.title_en));
    let etag = output_only(fields, "etag", proto.etag.is_empty());
    etag?;
    Some(PutSystem {
        id: id?,
        authority: authority?,
        title_da: title_da?,
        title_en: title_en?,
        expected_version: None,
    })
}

/// A privilege to be put; which version the caller has read is another field.
pub fn privilege(fields: &mut Violations, proto: Option<v1::Privilege>) -> Option<PutPrivilege> {
    let Some(proto) = proto else { return fields.required() };
    let uri = fields.read("privilege", |fields| privileges::privilege(fields, &proto.privilege));
    let system = fields.read("system_id", |fields| system_id(fields, &proto.system_id));
    let texts =
        texts(fields, [&proto.title_da, &proto.title_en], [&proto.description_da, &proto.description_en]);
    let max_period_days =
        fields.read("max_period_days", |fields| rules::max_period_days(fields, proto.max_period_days));
    let delegator_kinds = fields
        .read("delegator_kinds", |fields| rules::kinds(fields, &proto.delegator_kinds, rules::may_give));
    let representative_kinds = fields
        .read("representative_kinds", |fields| rules::kinds(fields, &proto.representative_kinds, |_| true));
    let access = fields.read("access_kind", |fields| rules::access_kind(fields, proto.access_kind));
    let assurance = fields
        .read("level_of_assurance", |fields| rules::level_of_assurance(fields, proto.level_of_assurance));
    let delegator_ages = rules::ages(fields, proto.min_delegator_age_years, proto.max_delegator_age_years);
    let depth = fields.read("max_sub_delegation_depth", |fields| {
        rules::sub_delegation_depth(fields, proto.max_sub_delegation_depth)
    });
    output_only_of_privilege(fields, &proto)?;
    Some(PutPrivilege {
        uri: uri?,
        system: system?,
        texts: texts?,
        max_period_days: max_period_days?,
        delegator_kinds: delegator_kinds?,
        representative_kinds: representative_kinds?,
        access: access?,
        assurance: assurance?,
        delegator_ages: delegator_ages?,
        max_sub_delegation_depth: depth?,
        paper_allowed: proto.paper_allowed,
        request_allowed: !proto.requests_forbidden,
        expected_version: None,
    })
}

fn output_only_of_privilege(fields: &mut Violations, proto: &v1::Privilege) -> Option<()> {
    let state = output_only(fields, "state", proto.state == 0);
    let publish_time = output_only(fields, "publish_time", proto.publish_time.is_none());
    let hide_time = output_only(fields, "hide_time", proto.hide_time.is_none());
    let etag = output_only(fields, "etag", proto.etag.is_empty());
    let text_version = output_only(fields, "text_version", proto.text_version == 0);
    let existing_grants = output_only(fields, "existing_grants", proto.existing_grants == 0);
    let republish_time = output_only(fields, "republish_time", proto.republish_time.is_none());
    state.and(publish_time).and(hide_time).and(etag)?;
    text_version.and(existing_grants).and(republish_time)
}

/// Titles and descriptions, in Danish and English, under their names.
pub fn texts(
    fields: &mut Violations,
    [title_da, title_en]: [&str; 2],
    [description_da, description_en]: [&str; 2],
) -> Option<Texts> {
    let title_da = fields.read("title_da", |fields| text::title(fields, title_da));
    let title_en = fields.read("title_en", |fields| text::title(fields, title_en));
    let description_da = fields.read("description_da", |fields| text::description(fields, description_da));
    let description_en = fields.read("description_en", |fields| text::description(fields, description_en));
    Some(Texts {
        title_da: title_da?,
        title_en: title_en?,
        description_da: description_da?,
        description_en: description_en?,
    })
}

/// The id of a system.
pub fn system_id(fields: &mut Violations, text: &str) -> Option<SystemId> {
    if text.is_empty() {
        return fields.required();
    }
    match SystemId::parse(text) {
        Ok(id) => Some(id),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

/// The system that a list is narrowed to; empty means that it is not.
pub fn system_filter(fields: &mut Violations, text: &str) -> Option<Option<SystemId>> {
    if text.is_empty() { Some(None) } else { system_id(fields, text).map(Some) }
}

/// A field that only this service fills in.
pub fn output_only(fields: &mut Violations, name: &str, is_unset: bool) -> Option<()> {
    fields.read(name, |fields| {
        if is_unset {
            Some(())
        } else {
            fields.refuse("OUTPUT_ONLY", "must be unset: this service fills it in")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use fuldmagt_domain::{
        assurance::LevelOfAssurance,
        identifier::PartyKind,
        privilege::{AccessKind, AgeRange},
    };
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    fn good_system() -> v1::System {
        v1::System {
            system_id: "tastselv".to_owned(),
            authority_cvr: "34051178".to_owned(),
            title_da: "TastSelv".to_owned(),
            title_en: "E-tax".to_owned(),
            etag: String::new(),
        }
    }

    fn good_privilege() -> v1::Privilege {
        v1::Privilege {
            privilege: "urn:dk:skat:\u{e5}rsopg\u{f8}relse:se".to_owned(),
            system_id: "tastselv".to_owned(),
            title_da: "Se \u{e5}rsopg\u{f8}relse".to_owned(),
            title_en: "See tax assessment".to_owned(),
            description_da: "Giver adgang til at se.".to_owned(),
            description_en: "Gives access to see.".to_owned(),
            max_period_days: 365,
            delegator_kinds: vec![2, 1],
            representative_kinds: vec![3, 1],
            min_delegator_age_years: 18,
            ..v1::Privilege::default()
        }
    }

    type Spoil<T> = fn(&mut T);

    #[test]
    fn a_system_is_read() {
        let entry = read(|fields| system(fields, Some(good_system()))).unwrap();
        assert_eq!((entry.id.as_str(), entry.authority.expose()), ("tastselv", "34051178"));
        assert_eq!((entry.title_da.as_str(), entry.title_en.as_str()), ("TastSelv", "E-tax"));
        assert_eq!(entry.expected_version, None);
    }

    #[test]
    fn each_field_of_a_system_has_its_refusal() {
        let spoils: [(Spoil<v1::System>, &str, &str); 9] = [
            (|s| s.system_id.clear(), "field.system_id", "REQUIRED"),
            (|s| s.system_id = "TastSelv".to_owned(), "field.system_id", "SYSTEM_ID_MALFORMED"),
            (|s| s.authority_cvr.clear(), "field.authority_cvr", "REQUIRED"),
            (|s| s.authority_cvr = "12345678".to_owned(), "field.authority_cvr", "CVR_CHECKSUM"),
            (|s| s.title_da.clear(), "field.title_da", "REQUIRED"),
            (|s| s.title_da = "x".repeat(201), "field.title_da", "TEXT_TOO_LONG"),
            (|s| s.title_en.clear(), "field.title_en", "REQUIRED"),
            (|s| s.title_en = "a\nb".to_owned(), "field.title_en", "TEXT_CONTROL_CHARACTER"),
            (|s| s.etag = "1".to_owned(), "field.etag", "OUTPUT_ONLY"),
        ];
        for (spoil, path, reason) in spoils {
            let mut proto = good_system();
            spoil(&mut proto);
            assert_eq!(refused(|fields| system(fields, Some(proto))), at(path, reason));
        }
        assert_eq!(refused(|fields| system(fields, None)), at("field", "REQUIRED"));
    }

    #[test]
    fn a_privilege_is_read_with_its_kinds_sorted() {
        let entry = read(|fields| privilege(fields, Some(good_privilege()))).unwrap();
        assert_eq!(entry.max_period_days.map(NonZeroU32::get), Some(365));
        assert_eq!(entry.delegator_kinds, [PartyKind::Person, PartyKind::Organisation]);
        assert_eq!(entry.representative_kinds, [PartyKind::Person, PartyKind::Employee]);
        let uncapped = v1::Privilege { max_period_days: 0, ..good_privilege() };
        assert_eq!(read(|fields| privilege(fields, Some(uncapped))).unwrap().max_period_days, None);
    }

    #[test]
    fn what_a_privilege_does_not_say_has_a_careful_meaning() {
        let careful = read(|fields| privilege(fields, Some(good_privilege()))).unwrap();
        assert_eq!((careful.access, careful.assurance), (AccessKind::Act, LevelOfAssurance::Substantial));
        assert_eq!(careful.delegator_ages, AgeRange::new(Some(18), None).unwrap());
        assert_eq!((careful.max_sub_delegation_depth, careful.paper_allowed), (0, false));
        assert!(careful.request_allowed);
        let said = v1::Privilege {
            access_kind: 1,
            level_of_assurance: 3,
            min_delegator_age_years: 0,
            max_delegator_age_years: 99,
            max_sub_delegation_depth: 5,
            paper_allowed: true,
            requests_forbidden: true,
            ..good_privilege()
        };
        let said = read(|fields| privilege(fields, Some(said))).unwrap();
        assert_eq!((said.access, said.assurance), (AccessKind::Read, LevelOfAssurance::High));
        assert_eq!(said.delegator_ages, AgeRange::new(None, Some(99)).unwrap());
        assert_eq!(
            (said.max_sub_delegation_depth, said.paper_allowed, said.request_allowed),
            (5, true, false)
        );
    }

    #[test]
    fn each_field_of_a_privilege_has_its_refusal() {
        let spoils: [(Spoil<v1::Privilege>, &str, &str); 25] = [
            (|p| p.privilege.clear(), "field.privilege", "REQUIRED"),
            (|p| p.privilege = "no scheme".to_owned(), "field.privilege", "PRIVILEGE_MALFORMED"),
            (|p| p.system_id.clear(), "field.system_id", "REQUIRED"),
            (|p| p.system_id = "-a".to_owned(), "field.system_id", "SYSTEM_ID_MALFORMED"),
            (|p| p.title_da.clear(), "field.title_da", "REQUIRED"),
            (|p| p.title_en = " a".to_owned(), "field.title_en", "TEXT_UNTRIMMED"),
            (|p| p.description_da.clear(), "field.description_da", "REQUIRED"),
            (|p| p.description_en.clear(), "field.description_en", "REQUIRED"),
            (|p| p.description_en = "x".repeat(2001), "field.description_en", "TEXT_TOO_LONG"),
            (|p| p.max_period_days = -1, "field.max_period_days", "MAX_PERIOD_OUT_OF_RANGE"),
            (|p| p.max_period_days = 36_501, "field.max_period_days", "MAX_PERIOD_OUT_OF_RANGE"),
            (|p| p.delegator_kinds.clear(), "field.delegator_kinds", "REQUIRED"),
            (|p| p.delegator_kinds = vec![1, 3], "field.delegator_kinds[1]", "KIND_NOT_ALLOWED"),
            (|p| p.delegator_kinds = vec![2, 2], "field.delegator_kinds[1]", "KIND_DUPLICATE"),
            (|p| p.delegator_kinds = vec![0], "field.delegator_kinds[0]", "REQUIRED"),
            (|p| p.delegator_kinds = vec![4], "field.delegator_kinds[0]", "ENUM_UNKNOWN"),
            (|p| p.representative_kinds.clear(), "field.representative_kinds", "REQUIRED"),
            (|p| p.representative_kinds = vec![3, 1, 3], "field.representative_kinds[2]", "KIND_DUPLICATE"),
            (|p| p.representative_kinds = vec![-1], "field.representative_kinds[0]", "ENUM_UNKNOWN"),
            (|p| p.state = 2, "field.state", "OUTPUT_ONLY"),
            (|p| p.state = 99, "field.state", "OUTPUT_ONLY"),
            (
                |p| p.publish_time = Some(prost_types::Timestamp::default()),
                "field.publish_time",
                "OUTPUT_ONLY",
            ),
            (|p| p.hide_time = Some(prost_types::Timestamp::default()), "field.hide_time", "OUTPUT_ONLY"),
            (|p| p.etag = "1".to_owned(), "field.etag", "OUTPUT_ONLY"),
            (|p| p.title_en = "A\u{30a}".to_owned(), "field.title_en", "TEXT_NOT_NFC"),
        ];
        for (spoil, path, reason) in spoils {
            let mut proto = good_privilege();
            spoil(&mut proto);
            assert_eq!(refused(|fields| privilege(fields, Some(proto))), at(path, reason));
        }
        assert_eq!(refused(|fields| privilege(fields, None)), at("field", "REQUIRED"));
    }

    #[test]
    fn each_rule_of_a_privilege_has_its_refusal_and_what_is_output_only_too() {
        let spoils: [(Spoil<v1::Privilege>, &str, &str); 13] = [
            (|p| p.access_kind = 3, "field.access_kind", "ENUM_UNKNOWN"),
            (|p| p.level_of_assurance = 1, "field.level_of_assurance", "ASSURANCE_NOT_ALLOWED"),
            (|p| p.level_of_assurance = 4, "field.level_of_assurance", "ENUM_UNKNOWN"),
            (|p| p.min_delegator_age_years = -1, "field.min_delegator_age_years", "AGE_OUT_OF_RANGE"),
            (|p| p.min_delegator_age_years = 151, "field.min_delegator_age_years", "AGE_OUT_OF_RANGE"),
            (|p| p.max_delegator_age_years = -1, "field.max_delegator_age_years", "AGE_OUT_OF_RANGE"),
            (|p| p.max_delegator_age_years = i32::MAX, "field.max_delegator_age_years", "AGE_OUT_OF_RANGE"),
            (|p| p.max_delegator_age_years = 17, "field.max_delegator_age_years", "AGE_RANGE_REVERSED"),
            (
                |p| p.max_sub_delegation_depth = 6,
                "field.max_sub_delegation_depth",
                "SUB_DELEGATION_DEPTH_OUT_OF_RANGE",
            ),
            (
                |p| p.max_sub_delegation_depth = -1,
                "field.max_sub_delegation_depth",
                "SUB_DELEGATION_DEPTH_OUT_OF_RANGE",
            ),
            (|p| p.text_version = 1, "field.text_version", "OUTPUT_ONLY"),
            (|p| p.existing_grants = 9, "field.existing_grants", "OUTPUT_ONLY"),
            (
                |p| p.republish_time = Some(prost_types::Timestamp::default()),
                "field.republish_time",
                "OUTPUT_ONLY",
            ),
        ];
        for (spoil, path, reason) in spoils {
            let mut proto = good_privilege();
            spoil(&mut proto);
            assert_eq!(refused(|fields| privilege(fields, Some(proto))), at(path, reason));
        }
    }

    #[test]
    fn a_list_may_be_narrowed_to_a_system() {
        assert_eq!(read(|fields| system_filter(fields, "")), Ok(None));
        assert_eq!(read(|fields| system_filter(fields, "tastselv")).unwrap().unwrap().as_str(), "tastselv");
        assert_eq!(refused(|fields| system_filter(fields, "1")), at("field", "SYSTEM_ID_MALFORMED"));
    }

    proptest! {
        #[test]
        fn no_value_is_told_to_anybody(text in "\\PC{0,30}|[0-9]{0,12}", number: i32) {
            let all_wrong = v1::System {
                system_id: text.clone(),
                authority_cvr: text.clone(),
                title_da: text.clone(),
                title_en: text.clone(),
                etag: text.clone(),
            };
            tells_nothing(&text, |fields| system(fields, Some(all_wrong)));
            let all_wrong = v1::Privilege {
                privilege: text.clone(),
                system_id: text.clone(),
                description_da: text.clone(),
                max_period_days: number,
                delegator_kinds: vec![number],
                state: number,
                access_kind: number,
                level_of_assurance: number,
                min_delegator_age_years: number,
                max_delegator_age_years: number,
                max_sub_delegation_depth: number,
                ..v1::Privilege::default()
            };
            tells_nothing(&text, |fields| privilege(fields, Some(all_wrong.clone())));
            tells_nothing(&number.to_string(), |fields| privilege(fields, Some(all_wrong)));
        }
    }
}
