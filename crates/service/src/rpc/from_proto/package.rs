//! Packages as a caller wants to have them in the catalogue.

use fuldmagt_domain::package::PackageId;
use fuldmagt_proto::v1;

use super::{
    Violations,
    catalogue::{output_only, texts},
    identifier::cvr_number,
    rules,
};
use crate::app::put_package::PutPackage;

/// A package to be put; which version the caller has read is another field.
pub fn package(fields: &mut Violations, proto: Option<v1::Package>) -> Option<PutPackage> {
    let Some(proto) = proto else { return fields.required() };
    let id = fields.read("package_id", |fields| package_id(fields, &proto.package_id));
    let authority = fields.read("authority_cvr", |fields| cvr_number(fields, &proto.authority_cvr));
    let texts =
        texts(fields, [&proto.title_da, &proto.title_en], [&proto.description_da, &proto.description_en]);
    let delegator_ages = rules::ages(fields, proto.min_delegator_age_years, proto.max_delegator_age_years);
    let state = output_only(fields, "state", proto.state == 0);
    let current = output_only(fields, "current", proto.current.is_none());
    let upcoming = output_only(fields, "upcoming", proto.upcoming.is_none());
    let hide_time = output_only(fields, "hide_time", proto.hide_time.is_none());
    let etag = output_only(fields, "etag", proto.etag.is_empty());
    state.and(current).and(upcoming).and(hide_time).and(etag)?;
    Some(PutPackage {
        id: id?,
        authority: authority?,
        texts: texts?,
        delegator_ages: delegator_ages?,
        expected_version: None,
    })
}

/// The id of a package.
pub fn package_id(fields: &mut Violations, text: &str) -> Option<PackageId> {
    if text.is_empty() {
        return fields.required();
    }
    match PackageId::parse(text) {
        Ok(id) => Some(id),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    fn good() -> v1::Package {
        v1::Package {
            package_id: "skat-samlet".to_owned(),
            authority_cvr: "34051178".to_owned(),
            title_da: "Al skat".to_owned(),
            title_en: "All of tax".to_owned(),
            description_da: "Alt om skat.".to_owned(),
            description_en: "Everything about tax.".to_owned(),
            max_delegator_age_years: 17,
            ..v1::Package::default()
        }
    }

    #[test]
    fn a_package_is_read() {
        let put = read(|fields| package(fields, Some(good()))).unwrap();
        assert_eq!((put.id.as_str(), put.authority.expose()), ("skat-samlet", "34051178"));
        assert_eq!(
            (put.texts.title_da.as_str(), put.texts.description_en.as_str()),
            ("Al skat", "Everything about tax.")
        );
        assert_eq!((put.delegator_ages.min(), put.delegator_ages.max()), (None, Some(17)));
        assert_eq!(put.expected_version, None);
    }

    #[test]
    fn each_field_of_a_package_has_its_refusal() {
        type Spoil = fn(&mut v1::Package);
        let spoils: [(Spoil, &str, &str); 15] = [
            (|p| p.package_id.clear(), "field.package_id", "REQUIRED"),
            (|p| p.package_id = "Al-Skat".to_owned(), "field.package_id", "PACKAGE_ID_MALFORMED"),
            (|p| p.authority_cvr.clear(), "field.authority_cvr", "REQUIRED"),
            (|p| p.authority_cvr = "12345678".to_owned(), "field.authority_cvr", "CVR_CHECKSUM"),
            (|p| p.title_da.clear(), "field.title_da", "REQUIRED"),
            (|p| p.title_en = "x".repeat(201), "field.title_en", "TEXT_TOO_LONG"),
            (|p| p.description_da = " a".to_owned(), "field.description_da", "TEXT_UNTRIMMED"),
            (|p| p.description_en.clear(), "field.description_en", "REQUIRED"),
            (|p| p.min_delegator_age_years = 18, "field.max_delegator_age_years", "AGE_RANGE_REVERSED"),
            (|p| p.min_delegator_age_years = 151, "field.min_delegator_age_years", "AGE_OUT_OF_RANGE"),
            (|p| p.state = 1, "field.state", "OUTPUT_ONLY"),
            (|p| p.current = Some(v1::PackageVersion::default()), "field.current", "OUTPUT_ONLY"),
            (|p| p.upcoming = Some(v1::PackageVersion::default()), "field.upcoming", "OUTPUT_ONLY"),
            (|p| p.hide_time = Some(prost_types::Timestamp::default()), "field.hide_time", "OUTPUT_ONLY"),
            (|p| p.etag = "1".to_owned(), "field.etag", "OUTPUT_ONLY"),
        ];
        for (spoil, path, reason) in spoils {
            let mut proto = good();
            spoil(&mut proto);
            assert_eq!(refused(|fields| package(fields, Some(proto))), at(path, reason));
        }
        assert_eq!(refused(|fields| package(fields, None)), at("field", "REQUIRED"));
    }

    proptest! {
        #[test]
        fn no_value_is_told_to_anybody(text in "\\PC{0,30}|[0-9]{0,12}", number: i32) {
            let all_wrong = v1::Package {
                package_id: text.clone(),
                authority_cvr: text.clone(),
                title_da: text.clone(),
                min_delegator_age_years: number,
                etag: text.clone(),
                ..v1::Package::default()
            };
            tells_nothing(&text, |fields| package(fields, Some(all_wrong.clone())));
            tells_nothing(&number.to_string(), |fields| package(fields, Some(all_wrong)));
        }
    }
}
