//! `CatalogueService.HidePrivilege`.

use fuldmagt_proto::v1::{HidePrivilegeRequest, HidePrivilegeResponse, PublicationState};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{DRAFT, FOREIGN, SEE, UNKNOWN, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::refusals::Refusals;

async fn hide(world: &World, request: HidePrivilegeRequest) -> Result<HidePrivilegeResponse, Status> {
    world.authority.catalogue().hide_privilege(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_hidden_privilege_can_no_longer_be_given() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.a_second_passes().await;
    let hidden = world.hide(SEE).await.privilege.unwrap();
    assert_eq!(hidden.state(), PublicationState::Hidden);
    assert_eq!(hidden.publish_time, timestamp("2026-06-15T10:00:00Z"));
    assert_eq!(hidden.hide_time, timestamp("2026-06-15T10:00:01Z"));
    assert_eq!(hidden.etag, "3");
    let status = world.try_give(world.giving(&from, &to, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED"));
}

#[tokio::test]
async fn hiding_what_is_hidden_succeeds_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let first = world.hide(SEE).await;
    world.a_second_passes().await;
    assert_eq!(world.hide(SEE).await, first);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let not_found = || Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privilege");
    Refusals::of(world.hiding(SEE))
        .request_id(|request, text| request.request_id = text)
        .privilege("privilege", |request, uri| request.privilege = uri)
        .refused(not_found(), |request| request.privilege = UNKNOWN.to_owned())
        .refused(not_found(), |request| request.privilege = FOREIGN.to_owned())
        .because(Code::FailedPrecondition, "PRIVILEGE_IS_DRAFT", |request| {
            request.privilege = DRAFT.to_owned();
        })
        .sent_by(&world, async |request| hide(&world, request).await)
        .await;
}

#[tokio::test]
async fn another_authoritys_privilege_and_none_at_all_look_alike() {
    let world = World::with_catalogue().await;
    let foreign = hide(&world, world.hiding(FOREIGN)).await.unwrap_err();
    assert_alike(&foreign, &hide(&world, world.hiding(UNKNOWN)).await.unwrap_err());
    world.operator.catalogue().hide_privilege(world.hiding(FOREIGN)).await.unwrap();
}
