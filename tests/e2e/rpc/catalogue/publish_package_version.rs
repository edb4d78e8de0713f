//! `CatalogueService.PublishPackageVersion`.

use fuldmagt_proto::v1::{
    Package, PackageImpact, PackageVersion, PublicationState, PublishPackageVersionRequest,
    PublishPackageVersionResponse,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, DRAFT, FOREIGN, HIDDEN, OTHER_AUTHORITY_CVR, SEE, SIGN, UNKNOWN, instant, package,
    timestamp, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::refusals::Refusals;

const PACKAGE: &str = "income";

async fn world() -> World {
    let world = World::with_catalogue().await;
    world.put_package(package(PACKAGE, AUTHORITY_CVR)).await.unwrap();
    world
}

async fn publish(
    world: &World,
    request: PublishPackageVersionRequest,
) -> Result<PublishPackageVersionResponse, Status> {
    world.authority.catalogue().publish_package_version(request).await.map(tonic::Response::into_inner)
}

fn at(world: &World, time: &str, privileges: &[&str]) -> PublishPackageVersionRequest {
    PublishPackageVersionRequest {
        publish_time: timestamp(time),
        ..world.publishing_version(PACKAGE, privileges)
    }
}

fn version(number: i32, time: &str, privileges: &[&str]) -> Option<PackageVersion> {
    assert!(privileges.is_sorted());
    Some(PackageVersion { version: number, publish_time: timestamp(time), privileges: uris(privileges) })
}

/// What the package holds at the instant, by the table that look-ups use.
async fn held(world: &World, time: &str) -> Vec<String> {
    let sql = "select p.uri from package_privilege m join privilege p using (shard, privilege_id)
               where m.shard = 0 and m.package_id = $1 and m.member_from <= $2
                 and (m.member_to is null or $2 < m.member_to)
               order by p.uri";
    let query = sqlx::query_scalar(sql).bind(PACKAGE).bind(instant(time));
    query.fetch_all(&world.database.pool).await.unwrap()
}

#[tokio::test]
async fn a_package_holds_what_its_version_says_from_now_on() {
    let world = world().await;
    let answer = world.publish_version(world.publishing_version(PACKAGE, &[CHANGE, SEE])).await;
    let now = "2026-06-15T10:00:00Z";
    let wanted = Package {
        state: PublicationState::Published.into(),
        current: version(1, now, &[SEE, CHANGE]),
        etag: "2".to_owned(),
        ..package(PACKAGE, AUTHORITY_CVR)
    };
    assert_eq!(answer.package.as_ref(), Some(&wanted));
    let impact = PackageImpact {
        delegations_following: 0,
        privileges: 2,
        privileges_added: 2,
        ..PackageImpact::default()
    };
    assert_eq!(answer.impact, Some(impact));
    assert_eq!(world.packages().await, [wanted]);
    assert_eq!(held(&world, now).await, [SEE, CHANGE]);
    assert!(held(&world, "2026-06-15T09:59:59Z").await.is_empty());
}

#[tokio::test]
async fn a_version_to_come_takes_the_place_of_the_current_one_at_its_time() {
    let world = world().await;
    world.publish_version(world.publishing_version(PACKAGE, &[SEE, CHANGE])).await;
    let july = "2026-07-01T00:00:00Z";
    let answer = world.publish_version(at(&world, july, &[SEE, SIGN])).await;
    let told = answer.package.unwrap();
    assert_eq!(told.current, version(1, "2026-06-15T10:00:00Z", &[SEE, CHANGE]));
    assert_eq!(told.upcoming, version(2, july, &[SEE, SIGN]));
    let impact = PackageImpact {
        delegations_following: 0,
        privileges: 2,
        privileges_added: 1,
        privileges_removed: 1,
        privileges_unavailable: 0,
    };
    assert_eq!(answer.impact, Some(impact));
    for (now, wanted) in [("2026-06-30T23:59:59Z", [SEE, CHANGE]), (july, [SEE, SIGN])] {
        world.move_to(instant(now)).await;
        assert_eq!(world.packages().await[0].current.as_ref().unwrap().privileges, wanted, "{now}");
        assert_eq!(held(&world, now).await, wanted, "{now}");
    }
    assert_eq!(world.packages().await[0].upcoming, None);
}

#[tokio::test]
async fn a_first_version_can_be_announced() {
    let world = world().await;
    let july = "2026-07-01T00:00:00Z";
    let told = world.publish_version(at(&world, july, &[SEE])).await.package.unwrap();
    assert_eq!((told.state(), told.current), (PublicationState::Scheduled, None));
    assert_eq!(told.upcoming, version(1, july, &[SEE]));
    world.move_to(instant(july)).await;
    assert_eq!(world.packages().await[0].state(), PublicationState::Published);
}

#[tokio::test]
async fn a_version_that_counts_before_an_announced_one_takes_its_place_too() {
    let world = world().await;
    world.publish_version(world.publishing_version(PACKAGE, &[SEE])).await;
    world.publish_version(at(&world, "2026-08-01T00:00:00Z", &[CHANGE])).await;
    world.publish_version(at(&world, "2026-09-01T00:00:00Z", &[SIGN])).await;
    let (july, august, september) = ("2026-07-15T00:00:00Z", "2026-08-15T00:00:00Z", "2026-09-15T00:00:00Z");
    let planned = [held(&world, july).await, held(&world, august).await, held(&world, september).await];
    assert_eq!(planned, [[SEE], [CHANGE], [SIGN]]);
    let told = world.publish_version(at(&world, "2026-07-10T00:00:00Z", &[SEE, SIGN])).await.package.unwrap();
    assert_eq!(told.upcoming, version(4, "2026-07-10T00:00:00Z", &[SEE, SIGN]));
    for now in [july, august, september] {
        assert_eq!(held(&world, now).await, [SEE, SIGN], "{now}");
        world.move_to(instant(now)).await;
        assert_eq!(world.packages().await[0].current.as_ref().unwrap().version, 4, "{now}");
    }
    assert_eq!(held(&world, "2026-07-09T23:59:59Z").await, [SEE]);
}

#[tokio::test]
async fn the_next_version_to_come_is_told_of_several() {
    let world = world().await;
    world.publish_version(at(&world, "2026-08-01T00:00:00Z", &[SEE])).await;
    let told = world.publish_version(at(&world, "2026-09-01T00:00:00Z", &[SIGN])).await.package.unwrap();
    assert_eq!(told.upcoming, version(1, "2026-08-01T00:00:00Z", &[SEE]));
    world.move_to(instant("2026-08-01T00:00:00Z")).await;
    assert_eq!(world.packages().await[0].upcoming, version(2, "2026-09-01T00:00:00Z", &[SIGN]));
}

#[tokio::test]
async fn publishing_what_the_latest_version_says_changes_nothing() {
    let world = world().await;
    let first = world.publish_version(world.publishing_version(PACKAGE, &[SEE, CHANGE])).await;
    world.a_second_passes().await;
    let again = world.publish_version(world.publishing_version(PACKAGE, &[CHANGE, SEE])).await;
    assert_eq!((again.package, again.revision), (first.package, first.revision));
    assert_eq!(again.impact, Some(PackageImpact { privileges: 2, ..PackageImpact::default() }));
    // What is announced says it later, not now.
    world.publish_version(at(&world, "2026-08-01T00:00:00Z", &[SIGN])).await;
    let now = world.publish_version(world.publishing_version(PACKAGE, &[SIGN])).await.package.unwrap();
    assert_eq!(now.current, version(3, "2026-06-15T10:00:01Z", &[SIGN]));
}

#[tokio::test]
async fn a_hidden_package_comes_back_with_another_version() {
    let world = world().await;
    world.publish_version(world.publishing_version(PACKAGE, &[SEE])).await;
    world.authority.catalogue().hide_package(world.hiding_package(PACKAGE)).await.unwrap();
    let told = world.publish_version(at(&world, "2026-07-01T00:00:00Z", &[SEE])).await.package.unwrap();
    assert_eq!(told.state(), PublicationState::Hidden);
    let told = world.publish_version(world.publishing_version(PACKAGE, &[SEE])).await.package.unwrap();
    assert_eq!((told.state(), told.hide_time), (PublicationState::Published, None));
    assert_eq!(told.current.unwrap().version, 3);
}

#[tokio::test]
async fn what_may_not_be_given_then_is_counted_and_not_refused() {
    let world = world().await;
    let unavailable = async |request: PublishPackageVersionRequest| {
        let request = PublishPackageVersionRequest { validate_only: true, ..request };
        publish(&world, request).await.unwrap().impact.unwrap().privileges_unavailable
    };
    assert_eq!(unavailable(world.publishing_version(PACKAGE, &[SEE, DRAFT, HIDDEN])).await, 2);
    let scheduled = fuldmagt_proto::v1::PublishPrivilegeRequest {
        publish_time: timestamp("2026-07-01T00:00:00Z"),
        ..world.publishing(DRAFT)
    };
    world.authority.catalogue().publish_privilege(scheduled).await.unwrap();
    assert_eq!(unavailable(at(&world, "2026-06-30T23:59:59Z", &[SEE, DRAFT, HIDDEN])).await, 2);
    assert_eq!(unavailable(at(&world, "2026-07-01T00:00:00Z", &[SEE, DRAFT, HIDDEN])).await, 1);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = world().await;
    let not_found = |index: usize| {
        Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming(&format!("privileges[{index}]"))
    };
    let package_not_found = || Refused::because(Code::NotFound, "PACKAGE_NOT_FOUND");
    Refusals::of(world.publishing_version(PACKAGE, &[SEE]))
        .request_id(|request, text| request.request_id = text)
        .etag(|request, text| request.etag = text)
        .privileges(true, |request, uris| request.privileges = uris)
        .planned("publish_time", |request, time| request.publish_time = time)
        .field("package_id", "REQUIRED", |request| request.package_id.clear())
        .field("package_id", "PACKAGE_ID_MALFORMED", |request| request.package_id = "Income".to_owned())
        .field("package_id", "PACKAGE_ID_MALFORMED", |request| request.package_id = "a".repeat(65))
        .refused(package_not_found(), |request| request.package_id = "unknown".to_owned())
        // In the order of the request.
        .refused(not_found(0), |request| request.privileges = uris(&[UNKNOWN, SEE]))
        .refused(not_found(1), |request| request.privileges = uris(&[SEE, FOREIGN]))
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "2".to_owned())
        .sent_by(&world, async |request| publish(&world, request).await)
        .await;
    let request =
        PublishPackageVersionRequest { etag: "2".to_owned(), ..world.publishing_version(PACKAGE, &[SIGN]) };
    assert_eq!(publish(&world, request).await.unwrap().package.unwrap().etag, "3");
}

#[tokio::test]
async fn an_authority_packs_its_own_privileges_and_an_operator_any() {
    let world = world().await;
    let own = publish(&world, world.publishing_version(PACKAGE, &[SEE, FOREIGN])).await.unwrap_err();
    assert_alike(
        &own,
        &publish(&world, world.publishing_version(PACKAGE, &[SEE, UNKNOWN])).await.unwrap_err(),
    );
    let mixed = world.publishing_version(PACKAGE, &[SEE, FOREIGN]);
    let answer = world.operator.catalogue().publish_package_version(mixed).await.unwrap().into_inner();
    assert_eq!(answer.package.unwrap().current.unwrap().privileges, [SEE, FOREIGN]);
}

#[tokio::test]
async fn another_authoritys_package_and_none_at_all_look_alike() {
    let world = world().await;
    let request = fuldmagt_proto::v1::PutPackageRequest {
        request_id: world.request_id(),
        package: Some(package("foreign", OTHER_AUTHORITY_CVR)),
        ..fuldmagt_proto::v1::PutPackageRequest::default()
    };
    world.other_authority.catalogue().put_package(request).await.unwrap();
    let mut statuses = Vec::new();
    for (id, etag) in [("foreign", ""), ("foreign", "7"), ("unknown", "")] {
        let request =
            PublishPackageVersionRequest { etag: etag.to_owned(), ..world.publishing_version(id, &[SEE]) };
        statuses.push(publish(&world, request).await.unwrap_err());
    }
    statuses.iter().for_each(|status| assert_alike(&statuses[0], status));
}

#[tokio::test]
async fn versions_that_are_published_at_once_follow_each_other() {
    let world = world().await;
    let lists: [&[&str]; 4] = [&[SEE], &[CHANGE], &[SIGN], &[SEE, SIGN]];
    let requests = lists.map(|list| world.publishing_version(PACKAGE, list));
    let [a, b, c, d] = requests.map(|request| publish(&world, request));
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    let mut versions: Vec<_> =
        [a, b, c, d].into_iter().map(|answer| answer.unwrap().package.unwrap().current.unwrap()).collect();
    versions.sort_by_key(|version| version.version);
    assert_eq!(versions.iter().map(|version| version.version).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let last = versions.pop().unwrap();
    assert_eq!(world.packages().await[0].current.as_ref(), Some(&last));
    assert_eq!(held(&world, "2026-06-15T10:00:00Z").await, last.privileges);
}
