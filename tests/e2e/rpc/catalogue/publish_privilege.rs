//! `CatalogueService.PublishPrivilege`.

use fuldmagt_proto::v1::{PublicationState, PublishPrivilegeRequest, PublishPrivilegeResponse};
use fuldmagt_tests::world::{DRAFT, FOREIGN, HIDDEN, SEE, UNKNOWN, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::refusals::Refusals;

async fn publish(
    world: &World,
    request: PublishPrivilegeRequest,
) -> Result<PublishPrivilegeResponse, Status> {
    world.authority.catalogue().publish_privilege(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_draft_can_be_given_from_the_moment_it_is_published() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.try_give(world.giving(&from, &to, &[DRAFT])).await.unwrap_err();
    world.a_second_passes().await;
    let published = world.publish(DRAFT).await.privilege.unwrap();
    assert_eq!(published.state(), PublicationState::Published);
    assert_eq!(published.publish_time, timestamp("2026-06-15T10:00:01Z"));
    assert_eq!((published.hide_time, published.etag.as_str()), (None, "2"));
    world.give(&from, &to, &[DRAFT]).await;
    assert!(world.check(&from, &to, DRAFT).await.granted);
}

#[tokio::test]
async fn publishing_what_is_published_succeeds_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let first = world.publish(DRAFT).await;
    world.a_second_passes().await;
    assert_eq!(world.publish(DRAFT).await, first);
}

#[tokio::test]
async fn what_was_hidden_comes_back() {
    let world = World::with_catalogue().await;
    world.a_second_passes().await;
    let published = world.publish(HIDDEN).await.privilege.unwrap();
    assert_eq!(published.state(), PublicationState::Published);
    assert_eq!((published.hide_time, published.etag.as_str()), (None, "4"));
}

#[tokio::test]
async fn an_operator_publishes_the_privileges_of_any_authority() {
    let world = World::with_catalogue().await;
    for uri in [DRAFT, FOREIGN] {
        world.operator.catalogue().publish_privilege(world.publishing(uri)).await.unwrap();
    }
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let not_found = || Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privilege");
    Refusals::of(world.publishing(SEE))
        .request_id(|request, text| request.request_id = text)
        .privilege("privilege", |request, uri| request.privilege = uri)
        .refused(not_found(), |request| request.privilege = UNKNOWN.to_owned())
        .refused(not_found(), |request| request.privilege = FOREIGN.to_owned())
        .sent_by(&world, async |request| publish(&world, request).await)
        .await;
}
