//! Packages.

use fuldmagt_domain::{package::State, privilege::PrivilegeUri};
use fuldmagt_proto::v1;
use fuldmagt_store::package::{Package, PackageVersion};

use super::{catalogue::age, etag, timestamp};
use crate::app::impact::PackageImpact;

/// A package.
pub fn package(package: &Package) -> v1::Package {
    let state = package.state();
    v1::Package {
        package_id: package.id.as_str().to_owned(),
        authority_cvr: package.authority.expose().to_owned(),
        title_da: package.texts.title_da.as_str().to_owned(),
        title_en: package.texts.title_en.as_str().to_owned(),
        description_da: package.texts.description_da.as_str().to_owned(),
        description_en: package.texts.description_en.as_str().to_owned(),
        min_delegator_age_years: age(package.delegator_ages.min()),
        max_delegator_age_years: age(package.delegator_ages.max()),
        state: publication_state(state).into(),
        current: package.current.as_ref().map(version),
        upcoming: package.upcoming.as_ref().map(version),
        hide_time: package.hidden.filter(|_| state == State::Hidden).map(|(at, _)| timestamp(at)),
        etag: etag(package.version),
    }
}

/// What a change of a package affects.
pub fn package_impact(impact: &PackageImpact) -> v1::PackageImpact {
    // At most 100 each, as many as a version has.
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    v1::PackageImpact {
        privileges: count(impact.privileges),
        privileges_added: count(impact.added),
        privileges_removed: count(impact.removed),
        privileges_unavailable: count(impact.unavailable),
        delegations_following: impact.followed_by,
    }
}

fn version(version: &PackageVersion) -> v1::PackageVersion {
    v1::PackageVersion {
        version: i32::try_from(version.number).unwrap_or(i32::MAX),
        publish_time: Some(timestamp(version.published_at)),
        privileges: version.privileges.iter().map(PrivilegeUri::to_string).collect(),
    }
}

const fn publication_state(state: State) -> v1::PublicationState {
    match state {
        State::Draft => v1::PublicationState::Draft,
        State::Scheduled => v1::PublicationState::Scheduled,
        State::Published => v1::PublicationState::Published,
        State::Hidden => v1::PublicationState::Hidden,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use fuldmagt_domain::{
        identifier::CvrNumber,
        package::PackageId,
        privilege::AgeRange,
        text::{Description, Title},
    };
    use fuldmagt_store::catalogue::Texts;

    use super::*;
    use crate::rpc::from_proto::{self, Violations};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn a_version(number: u32, second: i64) -> PackageVersion {
        let privileges = ["urn:dk:a", "urn:dk:b"].map(|uri| PrivilegeUri::parse(uri).unwrap()).to_vec();
        PackageVersion { number, published_at: at(second), privileges }
    }

    fn some() -> Package {
        Package {
            id: PackageId::parse("skat-samlet").unwrap(),
            authority: CvrNumber::parse("34051178").unwrap(),
            texts: Texts {
                title_da: Title::parse("Al skat").unwrap(),
                title_en: Title::parse("All of tax").unwrap(),
                description_da: Description::parse("Alt.").unwrap(),
                description_en: Description::parse("All.").unwrap(),
            },
            delegator_ages: AgeRange::new(Some(18), None).unwrap(),
            hidden: None,
            current: Some(a_version(1, 5)),
            upcoming: Some(a_version(2, 9)),
            version: 7,
        }
    }

    #[test]
    fn a_package_tells_its_versions_and_since_when_it_is_hidden() {
        let told = package(&some());
        assert_eq!((told.state(), told.hide_time), (v1::PublicationState::Published, None));
        let current = told.current.unwrap();
        assert_eq!((current.version, current.publish_time), (1, Some(timestamp(at(5)))));
        assert_eq!(current.privileges, ["urn:dk:a", "urn:dk:b"]);
        assert_eq!(told.upcoming.unwrap().version, 2);
        let hidden = Package { hidden: Some((at(6), 2)), ..some() };
        assert_eq!(package(&hidden).hide_time, Some(timestamp(at(6))));
        assert_eq!(package(&hidden).state(), v1::PublicationState::Hidden);
        let back =
            Package { hidden: Some((at(6), 2)), current: Some(a_version(3, 7)), upcoming: None, ..some() };
        assert_eq!(
            (package(&back).state(), package(&back).hide_time),
            (v1::PublicationState::Published, None)
        );
        let draft = Package { current: None, upcoming: None, ..some() };
        assert_eq!(package(&draft).state(), v1::PublicationState::Draft);
    }

    #[test]
    fn what_is_told_can_be_put_back_without_what_is_output_only() {
        let some = some();
        let told = package(&some);
        let put =
            v1::Package { state: 0, current: None, upcoming: None, etag: String::new(), ..told.clone() };
        let read = from_proto::package::package(&mut Violations::new(), Some(put)).unwrap();
        assert_eq!((read.id, read.authority, read.texts), (some.id, some.authority, some.texts));
        assert_eq!((read.delegator_ages, told.etag.as_str()), (some.delegator_ages, "7"));
    }
}
