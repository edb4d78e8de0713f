//! Systems and privileges as a caller wants to have them in the catalogue.

use std::num::NonZeroU32;

use fuldmagt_domain::{identifier::PartyKind, privilege::SystemId};
use fuldmagt_proto::v1;

use super::{ENUM_UNKNOWN, Violations, identifier::cvr_number, privileges, text};
use crate::app::{put_privilege::PutPrivilege, put_system::PutSystem};

/// The longest cap of a privilege, in days: a century, beyond which "no cap" is meant.
const MAX_PERIOD_DAYS: i32 = 36_500;

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
    let title_da = fields.read("title_da", |fields| text::title(fields, &proto.title_da));
    let title_en = fields.read("title_en", |fields| text::title(fields, &proto.title_en));
    let description_da =
        fields.read("description_da", |fields| text::description(fields, &proto.description_da));
    let description_en =
        fields.read("description_en", |fields| text::description(fields, &proto.description_en));
    let max_period_days =
        fields.read("max_period_days", |fields| max_period_days(fields, proto.max_period_days));
    let delegator_kinds =
        fields.read("delegator_kinds", |fields| kinds(fields, &proto.delegator_kinds, may_give));
    let representative_kinds =
        fields.read("representative_kinds", |fields| kinds(fields, &proto.representative_kinds, |_| true));
    let state = output_only(fields, "state", proto.state == 0);
    let publish_time = output_only(fields, "publish_time", proto.publish_time.is_none());
    let hide_time = output_only(fields, "hide_time", proto.hide_time.is_none());
    let etag = output_only(fields, "etag", proto.etag.is_empty());
    state.and(publish_time).and(hide_time).and(etag)?;
    Some(PutPrivilege {
        uri: uri?,
        system: system?,
        title_da: title_da?,
        title_en: title_en?,
        description_da: description_da?,
        description_en: description_en?,
        max_period_days: max_period_days?,
        delegator_kinds: delegator_kinds?,
        representative_kinds: representative_kinds?,
        expected_version: None,
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

/// 0 for no cap of its own.
fn max_period_days(fields: &mut Violations, number: i32) -> Option<Option<NonZeroU32>> {
    match u32::try_from(number).ok().filter(|_| number <= MAX_PERIOD_DAYS) {
        Some(days) => Some(NonZeroU32::new(days)),
        None => {
            fields.refuse("MAX_PERIOD_OUT_OF_RANGE", format!("1 to {MAX_PERIOD_DAYS} days, or 0 for no cap"))
        }
    }
}

/// At least one kind, each allowed and none twice. Sorted.
fn kinds(
    fields: &mut Violations,
    numbers: &[i32],
    is_allowed: fn(PartyKind) -> bool,
) -> Option<Vec<PartyKind>> {
    if numbers.is_empty() {
        return fields.required();
    }
    let mut seen = Vec::new();
    fields.each(numbers, |fields, number| {
        let kind = party_kind(fields, *number)?;
        if !is_allowed(kind) {
            return fields.refuse("KIND_NOT_ALLOWED", "employees hold privileges, and give none");
        }
        if seen.contains(&kind) {
            return fields.refuse("KIND_DUPLICATE", "each kind at most once");
        }
        seen.push(kind);
        Some(())
    })?;
    seen.sort_unstable();
    Some(seen)
}

fn party_kind(fields: &mut Violations, number: i32) -> Option<PartyKind> {
    match v1::PartyKind::try_from(number) {
        Ok(v1::PartyKind::Person) => Some(PartyKind::Person),
        Ok(v1::PartyKind::Organisation) => Some(PartyKind::Organisation),
        Ok(v1::PartyKind::Employee) => Some(PartyKind::Employee),
        Ok(v1::PartyKind::Unspecified) => fields.required(),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be a kind of party"),
    }
}

const fn may_give(kind: PartyKind) -> bool {
    match kind {
        PartyKind::Person | PartyKind::Organisation => true,
        PartyKind::Employee => false,
    }
}

fn output_only(fields: &mut Violations, name: &str, is_unset: bool) -> Option<()> {
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
                ..v1::Privilege::default()
            };
            tells_nothing(&text, |fields| privilege(fields, Some(all_wrong.clone())));
            tells_nothing(&number.to_string(), |fields| privilege(fields, Some(all_wrong)));
        }
    }
}
