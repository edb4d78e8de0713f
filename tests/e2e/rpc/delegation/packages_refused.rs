//! Packages that are not given: by field, and by rule.

use chrono::NaiveDate;
use fuldmagt_proto::v1::{
    CreateDelegationRequest, Package, PartyKind, Privilege, PublishPackageVersionRequest,
    PublishPrivilegeRequest, RevokeDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, DRAFT, SEE, SIGN, SYSTEM, Signable as _, followed, kinds, package, pinned,
    privilege, timestamp, until_day, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::rpc::refusals::Refusals;

const ALL: &str = "income-all";

async fn world() -> World {
    let world = World::with_catalogue().await;
    world.package_of(ALL, &[SEE, CHANGE]).await;
    world
}

fn not_found(place: usize) -> Refused {
    Refused::because(Code::NotFound, "PACKAGE_NOT_FOUND").naming(&format!("packages[{place}]"))
}

#[tokio::test]
async fn each_field_of_a_package_has_its_refusal() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let set = |id: &'static str, version: i32| {
        move |request: &mut CreateDelegationRequest| request.packages.push(pinned(id, version))
    };
    let many: Vec<_> = (0..21).map(|number| pinned(&format!("p{number}"), 0)).collect();
    Refusals::of(world.following(&from, &to, &[ALL]))
        .field("packages[1].package_id", "REQUIRED", set("", 0))
        .field("packages[1].package_id", "PACKAGE_ID_MALFORMED", set("Income", 0))
        .field("packages[1].package_id", "PACKAGE_ID_MALFORMED", set("0501792275", 0))
        .field("packages[1].package_id", "PACKAGE_DUPLICATE", set(ALL, 1))
        .field("packages[1].version", "PACKAGE_VERSION_NEGATIVE", set("income-other", -1))
        .field("packages", "PACKAGES_COUNT", move |request| request.packages = many.clone())
        .field("privileges", "PRIVILEGES_COUNT", |request| request.packages.clear())
        .refused(not_found(1), set("income-other", 0))
        .refused(not_found(1), set("income-other", 3))
        .sent_by(&world, async |request| world.try_give(request).await.map(drop))
        .await;
}

#[tokio::test]
async fn a_package_that_may_not_be_given_looks_like_one_that_is_not_there() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    world.put_package(package("draft", AUTHORITY_CVR)).await.unwrap();
    world.put_package(package("later", AUTHORITY_CVR)).await.unwrap();
    let later = PublishPackageVersionRequest {
        publish_time: timestamp("2026-07-01T00:00:00Z"),
        ..world.publishing_version("later", &[SEE])
    };
    world.publish_version(later).await;
    world.package_of("hidden", &[SEE]).await;
    world.authority.catalogue().hide_package(world.hiding_package("hidden")).await.unwrap();
    let unknown = world.try_give(world.following(&from, &to, &["unknown"])).await.unwrap_err();
    assert_eq!(Refused::of(&unknown), not_found(0));
    for id in ["draft", "later", "hidden"] {
        assert_alike(&unknown, &world.try_give(world.following(&from, &to, &[id])).await.unwrap_err());
    }
}

#[tokio::test]
async fn only_the_version_that_counts_is_pinned() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    world.a_second_passes().await;
    world.publish_version(world.publishing_version(ALL, &[SEE])).await;
    let giving = |version| CreateDelegationRequest {
        packages: vec![pinned(ALL, version)],
        ..world.giving(&from, &to, &[])
    };
    let refused = Refused::because(Code::FailedPrecondition, "PACKAGE_VERSION_NOT_CURRENT")
        .naming("packages[0].version");
    for version in [1, 3, i32::MAX] {
        assert_eq!(Refused::of(&world.try_give(giving(version)).await.unwrap_err()), refused);
    }
    assert_eq!(world.try_give(giving(2)).await.unwrap().delegation.unwrap().privileges, uris(&[SEE]));
}

#[tokio::test]
async fn a_delegation_has_at_most_a_hundred_privileges_with_those_of_pinned_packages() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let many: Vec<String> = (0..99).map(|number| format!("urn:dk:example:nummer:{number:02}")).collect();
    for uri in &many {
        world.put_privilege(privilege(uri, SYSTEM)).await.unwrap();
        world.publish(uri).await;
    }
    let giving = CreateDelegationRequest {
        privileges: many,
        packages: vec![pinned(ALL, 1)],
        ..world.giving(&from, &to, &[])
    };
    let status = world.try_give(giving.clone()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("privileges", "PRIVILEGES_COUNT"));
    // What is followed is not counted: it changes.
    let following = CreateDelegationRequest { packages: followed(&[ALL]), ..giving };
    world.try_give(following).await.unwrap();
}

#[tokio::test]
async fn every_privilege_of_a_followed_package_must_be_one_that_may_be_given() {
    let world = world().await;
    let (person, organisation) = (world.person().await, world.organisation().await);
    world.package_of("sign", &[SEE, SIGN]).await;
    world.package_of("draft", &[SEE, DRAFT]).await;
    let clerk = world.employee_of(&organisation).await;
    let refused = |reason| Refused::because(Code::FailedPrecondition, reason);
    let of_organisation = CreateDelegationRequest {
        actor: clerk.actor(),
        ..world.following(&organisation, &person, &["sign"])
    };
    let too_long = CreateDelegationRequest {
        period: until_day("2026-09-15"),
        ..world.following(&person, &world.person().await, &["sign"])
    };
    for (request, wanted, uri) in [
        (of_organisation, refused("DELEGATOR_KIND_NOT_ALLOWED"), Some(SIGN)),
        (
            world.following(&person, &organisation, &["sign"]),
            refused("REPRESENTATIVE_KIND_NOT_ALLOWED"),
            Some(SIGN),
        ),
        (
            world.following(&person, &organisation, &["draft"]),
            refused("PRIVILEGE_NOT_PUBLISHED"),
            Some(DRAFT),
        ),
        (too_long, Refused::field("period", "PERIOD_TOO_LONG"), None),
    ] {
        let status = world.try_give(request).await.unwrap_err();
        assert_eq!(Refused::of(&status), wanted);
        let named = status.get_details_error_info().unwrap().metadata.get("privilege").cloned();
        assert_eq!(named.as_deref(), uri);
    }
    assert_eq!(world.count("delegation").await, 0);
}

#[tokio::test]
async fn what_is_announced_to_come_within_the_period_must_be_one_that_may_be_given() {
    let world = world().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let announced = PublishPackageVersionRequest {
        publish_time: timestamp("2026-07-01T00:00:00Z"),
        ..world.publishing_version(ALL, &[SEE, SIGN])
    };
    world.publish_version(announced).await;
    let until = |day| CreateDelegationRequest {
        period: until_day(day),
        ..world.following(&from, &organisation, &[ALL])
    };
    let status = world.try_give(until("2026-07-01")).await.unwrap_err();
    let refused = Refused::because(Code::FailedPrecondition, "REPRESENTATIVE_KIND_NOT_ALLOWED");
    assert_eq!(Refused::of(&status), refused);
    world.try_give(until("2026-06-30")).await.unwrap();
    // What is not published by then cannot come to somebody who follows.
    let published_later = PublishPrivilegeRequest {
        publish_time: timestamp("2026-07-02T00:00:00Z"),
        ..world.publishing(DRAFT)
    };
    world.authority.catalogue().publish_privilege(published_later).await.unwrap();
    for (id, time, wanted) in [
        (
            "too-early",
            "2026-07-01T00:00:00Z",
            Err(Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED")),
        ),
        ("in-time", "2026-07-02T00:00:00Z", Ok(())),
    ] {
        world.package_of(id, &[SEE]).await;
        let version = PublishPackageVersionRequest {
            publish_time: timestamp(time),
            ..world.publishing_version(id, &[SEE, DRAFT])
        };
        world.publish_version(version).await;
        let given = world.try_give(world.following(&from, &world.person().await, &[id])).await;
        assert_eq!(given.map(drop).map_err(|status| Refused::of(&status)), wanted, "{id}");
    }
}

#[tokio::test]
async fn a_package_is_for_delegators_of_its_ages() {
    let world = world().await;
    let young = Package { max_delegator_age_years: 17, ..package("young", AUTHORITY_CVR) };
    world.put_package(young).await.unwrap();
    world.publish_version(world.publishing_version("young", &[SEE])).await;
    let (adult, to) = (world.person().await, world.person().await);
    let youth = world.person_born(NaiveDate::from_ymd_opt(2009, 6, 16).unwrap()).await;
    for version in [0, 1] {
        let giving = |from| CreateDelegationRequest {
            packages: vec![pinned("young", version)],
            ..world.giving(from, &to, &[])
        };
        let status = world.try_give(giving(&adult)).await.unwrap_err();
        let refused = Refused::because(Code::FailedPrecondition, "DELEGATOR_AGE_NOT_ALLOWED");
        assert_eq!(Refused::of(&status), refused);
        assert_eq!(status.get_details_error_info().unwrap().metadata["package"], "young");
        let request = giving(&youth);
        world.preview(request.actor.clone(), request.agreement()).await.unwrap();
    }
    world.follow(&youth, &to, &["young"]).await;
    // No age is kept: the ages of the package and the service are.
    let ages: (Option<i16>, Option<i16>) =
        sqlx::query_as("select min_age_years, max_age_years from delegation_package")
            .fetch_one(&world.database.pool)
            .await
            .unwrap();
    assert_eq!(ages, (Some(15), Some(17)));
}

#[tokio::test]
async fn each_package_that_is_taken_out_has_its_refusals() {
    let world = world().await;
    world.package_of("other", &[SEE]).await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.follow(&from, &to, &[ALL]).await;
    let many: Vec<String> = (0..21).map(|number| format!("p{number}")).collect();
    let with =
        |id: &'static str| move |request: &mut RevokeDelegationRequest| request.packages.push(id.to_owned());
    let not_delegated = || Refused::field("packages[1]", "PACKAGE_NOT_DELEGATED");
    let good =
        RevokeDelegationRequest { packages: vec![ALL.to_owned()], ..world.revoking_part(&from, &given, &[]) };
    Refusals::of(good)
        .field("packages[1]", "REQUIRED", with(""))
        .field("packages[1]", "PACKAGE_ID_MALFORMED", with("Income"))
        .field("packages[1]", "PACKAGE_DUPLICATE", with(ALL))
        .field("packages", "PACKAGES_COUNT", move |request| request.packages = many.clone())
        .refused(not_delegated(), with("other"))
        // Nor does it tell whether there is such a package.
        .refused(not_delegated(), with("unknown"))
        .field("privileges[0]", "PRIVILEGE_NOT_DELEGATED", |request| request.privileges = uris(&[SIGN]))
        .sent_by(&world, async |request| world.front_end.delegations().revoke_delegation(request).await)
        .await;
}

#[tokio::test]
async fn a_privilege_for_others_is_no_reason_against_a_package_of_an_organisation() {
    let world = world().await;
    // Ages are of persons.
    let grown = Package { min_delegator_age_years: 18, ..package("grown", AUTHORITY_CVR) };
    world.put_package(grown).await.unwrap();
    let uri = "urn:dk:example:virksomhed";
    let of_organisations = kinds(&[PartyKind::Organisation]);
    world
        .put_privilege(Privilege {
            delegator_kinds: of_organisations,
            min_delegator_age_years: 18,
            ..privilege(uri, SYSTEM)
        })
        .await
        .unwrap();
    world.publish(uri).await;
    world.publish_version(world.publishing_version("grown", &[uri])).await;
    let organisation = world.organisation().await;
    let (clerk, to) = (world.employee_of(&organisation).await, world.person().await);
    let request =
        CreateDelegationRequest { actor: clerk.actor(), ..world.following(&organisation, &to, &["grown"]) };
    world.try_give(request).await.unwrap();
    assert_eq!(world.granted(&organisation, &to, &[uri]).await, [uri]);
}
