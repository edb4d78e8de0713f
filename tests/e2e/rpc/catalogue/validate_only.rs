//! `validate_only` on every change of the catalogue: the answer is what the change would be answered, and nothing is
//! written.

use std::fmt::Debug;

use fuldmagt_proto::v1::{
    HidePackageRequest, HidePrivilegeRequest, PublishPackageVersionRequest, PublishPrivilegeRequest,
    PutPackageRequest, PutPrivilegeRequest,
};
use fuldmagt_tests::world::{AUTHORITY_CVR, CHANGE, DRAFT, SEE, SYSTEM, package, privilege, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

const PACKAGE: &str = "income";

/// What is stored, what it affects, and the revision.
type Told<T, I> = (Option<T>, Option<I>, String);

/// Sends a change twice to be judged, and then to be done, with one and the same request id.
async fn told_alike<R: Clone, T: PartialEq + Debug, I: PartialEq + Debug>(
    world: &World,
    change: R,
    judge: impl Fn(R) -> R,
    send: impl AsyncFn(R) -> Result<Told<T, I>, Status>,
) {
    let (before, logged) = (world.snapshot().await, world.usage().await.len());
    let judged = send(judge(change.clone())).await.unwrap();
    assert!(judged.0.is_some() && judged.1.is_some(), "{judged:?}");
    assert_eq!(send(judge(change.clone())).await.unwrap(), judged);
    assert_eq!(world.snapshot().await, before, "nothing is written");
    assert_eq!(world.usage().await.len(), logged);
    let done = send(change).await.unwrap();
    assert_eq!((&done.0, &done.1), (&judged.0, &judged.1));
    assert_ne!(world.snapshot().await, before);
}

#[tokio::test]
async fn a_change_of_a_privilege_is_told_before_it_is_made() {
    let world = World::with_catalogue().await;
    let catalogue = world.authority.catalogue();
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let mut wanted = privilege(SEE, SYSTEM);
    (wanted.max_period_days, wanted.title_da) = (7, "At se meget".to_owned());
    let put = PutPrivilegeRequest {
        request_id: world.request_id(),
        privilege: Some(wanted),
        ..PutPrivilegeRequest::default()
    };
    let judge = |request| PutPrivilegeRequest { validate_only: true, ..request };
    let send = async |request| {
        let told = catalogue.clone().put_privilege(request).await?.into_inner();
        assert_eq!(told.impact.as_ref().unwrap().delegations_beyond_period, 1);
        Ok((told.privilege, told.impact, told.revision))
    };
    told_alike(&world, put, judge, send).await;

    let publish = PublishPrivilegeRequest {
        publish_time: timestamp("2026-07-01T00:00:00Z"),
        ..world.publishing(DRAFT)
    };
    let judge = |request| PublishPrivilegeRequest { validate_only: true, ..request };
    let send = async |request| {
        let told = catalogue.clone().publish_privilege(request).await?.into_inner();
        Ok((told.privilege, told.impact, told.revision))
    };
    told_alike(&world, publish, judge, send).await;

    let judge = |request| HidePrivilegeRequest { validate_only: true, ..request };
    let send = async |request| {
        let told = catalogue.clone().hide_privilege(request).await?.into_inner();
        assert_eq!(told.impact.as_ref().unwrap().delegations_stopping, 1);
        Ok((told.privilege, told.impact, told.revision))
    };
    told_alike(&world, world.hiding(SEE), judge, send).await;
}

#[tokio::test]
async fn a_change_of_a_package_is_told_before_it_is_made() {
    let world = World::with_catalogue().await;
    let catalogue = world.authority.catalogue();
    let put = PutPackageRequest {
        request_id: world.request_id(),
        package: Some(package(PACKAGE, AUTHORITY_CVR)),
        ..PutPackageRequest::default()
    };
    let judge = |request| PutPackageRequest { validate_only: true, ..request };
    let send = async |request| {
        let told = catalogue.clone().put_package(request).await?.into_inner();
        Ok((told.package, told.impact, told.revision))
    };
    told_alike(&world, put, judge, send).await;

    let judge = |request| PublishPackageVersionRequest { validate_only: true, ..request };
    let send = async |request| {
        let told = catalogue.clone().publish_package_version(request).await?.into_inner();
        assert_eq!(told.impact.as_ref().unwrap().privileges_added, 2);
        Ok((told.package, told.impact, told.revision))
    };
    told_alike(&world, world.publishing_version(PACKAGE, &[SEE, CHANGE]), judge, send).await;

    let judge = |request| HidePackageRequest { validate_only: true, ..request };
    let send = async |request| {
        let told = catalogue.clone().hide_package(request).await?.into_inner();
        Ok((told.package, told.impact, told.revision))
    };
    told_alike(&world, world.hiding_package(PACKAGE), judge, send).await;
}

#[tokio::test]
async fn the_revision_is_of_the_state_that_was_asked() {
    let world = World::with_catalogue().await;
    let done = world.publish(DRAFT).await;
    let judged = HidePrivilegeRequest { validate_only: true, ..world.hiding(DRAFT) };
    let judged = world.authority.catalogue().hide_privilege(judged).await.unwrap().into_inner();
    assert_eq!(judged.revision, done.revision);
}

#[tokio::test]
async fn what_would_be_refused_is_refused_and_leaves_no_trace() {
    let world = World::with_catalogue().await;
    world.put_package(package(PACKAGE, AUTHORITY_CVR)).await.unwrap();
    let (before, logged) = (world.snapshot().await, world.usage().await.len());
    let draft = HidePrivilegeRequest { validate_only: true, ..world.hiding(DRAFT) };
    let status = world.authority.catalogue().hide_privilege(draft).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "PRIVILEGE_IS_DRAFT"));
    let draft = HidePackageRequest { validate_only: true, ..world.hiding_package(PACKAGE) };
    let status = world.authority.catalogue().hide_package(draft).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "PACKAGE_IS_DRAFT"));
    assert_eq!((world.snapshot().await, world.usage().await.len()), (before, logged));
}
