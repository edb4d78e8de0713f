//! `CatalogueService.HidePackage`.

use fuldmagt_proto::v1::{
    HidePackageRequest, HidePackageResponse, PublicationState, PublishPackageVersionRequest,
    PutPackageRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{AUTHORITY_CVR, CHANGE, OTHER_AUTHORITY_CVR, SEE, instant, package, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::refusals::Refusals;

const PACKAGE: &str = "income";

async fn world() -> World {
    let world = World::with_catalogue().await;
    world.put_package(package(PACKAGE, AUTHORITY_CVR)).await.unwrap();
    world.publish_version(world.publishing_version(PACKAGE, &[SEE, CHANGE])).await;
    world
}

async fn hide(world: &World, request: HidePackageRequest) -> Result<HidePackageResponse, Status> {
    world.authority.catalogue().hide_package(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_hidden_package_keeps_its_versions_and_what_they_hold() {
    let world = world().await;
    world.a_second_passes().await;
    let before = world.packages().await.remove(0);
    let members = world.count("package_privilege where member_to is null").await;
    let answer = hide(&world, world.hiding_package(PACKAGE)).await.unwrap();
    let hidden = answer.package.unwrap();
    assert_eq!(
        (hidden.state(), hidden.hide_time),
        (PublicationState::Hidden, timestamp("2026-06-15T10:00:01Z"))
    );
    assert_eq!((hidden.current.as_ref(), hidden.etag.as_str()), (before.current.as_ref(), "3"));
    assert_eq!(answer.impact.unwrap().privileges, 2);
    assert_eq!(world.count("package_privilege where member_to is null").await, members);
    assert_eq!(world.packages().await, [hidden]);
}

#[tokio::test]
async fn hiding_what_is_hidden_succeeds_and_changes_nothing() {
    let world = world().await;
    let first = hide(&world, world.hiding_package(PACKAGE)).await.unwrap();
    world.a_second_passes().await;
    assert_eq!(hide(&world, world.hiding_package(PACKAGE)).await.unwrap(), first);
}

#[tokio::test]
async fn a_version_to_come_is_hidden_too_and_one_that_is_announced_afterwards_is_not() {
    let world = world().await;
    let at = |time: &str, privileges: &[&str]| PublishPackageVersionRequest {
        publish_time: timestamp(time),
        ..world.publishing_version(PACKAGE, privileges)
    };
    world.publish_version(at("2026-07-01T00:00:00Z", &[SEE])).await;
    hide(&world, world.hiding_package(PACKAGE)).await.unwrap();
    world.publish_version(at("2026-08-01T00:00:00Z", &[CHANGE])).await;
    for (now, state) in [
        ("2026-07-01T00:00:00Z", PublicationState::Hidden),
        ("2026-08-01T00:00:00Z", PublicationState::Published),
    ] {
        world.move_to(instant(now)).await;
        assert_eq!(world.packages().await[0].state(), state, "{now}");
    }
    // Hidden once more before it counts, it does not come back.
    world.publish_version(at("2026-09-01T00:00:00Z", &[SEE])).await;
    hide(&world, world.hiding_package(PACKAGE)).await.unwrap();
    world.move_to(instant("2026-09-01T00:00:00Z")).await;
    assert_eq!(world.packages().await[0].state(), PublicationState::Hidden);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = world().await;
    world.put_package(package("draft", AUTHORITY_CVR)).await.unwrap();
    Refusals::of(world.hiding_package(PACKAGE))
        .request_id(|request, text| request.request_id = text)
        .field("package_id", "REQUIRED", |request| request.package_id.clear())
        .field("package_id", "PACKAGE_ID_MALFORMED", |request| request.package_id = "no package".to_owned())
        .field("package_id", "PACKAGE_ID_MALFORMED", |request| request.package_id = "a".repeat(65))
        .because(Code::NotFound, "PACKAGE_NOT_FOUND", |request| request.package_id = "unknown".to_owned())
        .because(Code::FailedPrecondition, "PACKAGE_IS_DRAFT", |request| {
            request.package_id = "draft".to_owned()
        })
        .sent_by(&world, async |request| hide(&world, request).await)
        .await;
}

#[tokio::test]
async fn another_authoritys_package_and_none_at_all_look_alike() {
    let world = world().await;
    let request = PutPackageRequest {
        request_id: world.request_id(),
        package: Some(package("foreign", OTHER_AUTHORITY_CVR)),
        ..PutPackageRequest::default()
    };
    world.other_authority.catalogue().put_package(request).await.unwrap();
    let foreign = hide(&world, world.hiding_package("foreign")).await.unwrap_err();
    assert_eq!(Refused::of(&foreign), Refused::because(Code::NotFound, "PACKAGE_NOT_FOUND"));
    assert_alike(&foreign, &hide(&world, world.hiding_package("unknown")).await.unwrap_err());
    // An operator may: it is a draft, which is another matter.
    let status = world.operator.catalogue().hide_package(world.hiding_package("foreign")).await.unwrap_err();
    assert_eq!(Refused::of(&status).reason, "PACKAGE_IS_DRAFT");
}
