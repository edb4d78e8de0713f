//! `CatalogueService.HidePrivilege`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    DenialReason, ExistingGrants, HidePrivilegeRequest, HidePrivilegeResponse, ListRepresentativesRequest,
    PublicationState,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, DRAFT, FOREIGN, PURPOSE, SEE, UNKNOWN, instant, timestamp};
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
    assert_eq!((hidden.etag.as_str(), hidden.existing_grants()), ("3", ExistingGrants::Stop));
    let status = world.try_give(world.giving(&from, &to, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED"));
}

#[tokio::test]
async fn delegations_that_were_given_before_stop_at_once_or_are_kept_to_their_ends() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE, CHANGE]).await;
    let keep = HidePrivilegeRequest { existing_grants: ExistingGrants::Keep.into(), ..world.hiding(SEE) };
    let kept = hide(&world, keep).await.unwrap().privilege.unwrap();
    assert_eq!((kept.state(), kept.existing_grants()), (PublicationState::Hidden, ExistingGrants::Keep));
    world.hide(CHANGE).await;
    world.a_second_passes().await;
    assert!(world.check(&from, &to, SEE).await.granted);
    assert_eq!(world.check_denied(&from, &to, CHANGE).await, DenialReason::PrivilegeNotPublished);
    let listing = ListRepresentativesRequest {
        delegator: from.identifier(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 500,
        page_token: String::new(),
    };
    let listed = world.authority.query().list_representatives(listing).await.unwrap().into_inner();
    let listed: Vec<_> = listed.entries.into_iter().map(|entry| entry.privilege).collect();
    assert_eq!(listed, [SEE]);
    let status = world.try_give(world.giving(&to, &from, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status).reason, "PRIVILEGE_NOT_PUBLISHED");
    world.advance(TimeDelta::days(31)).await;
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Expired);
}

#[tokio::test]
async fn what_is_to_be_hidden_later_can_be_given_and_used_up_to_then() {
    let world = World::with_catalogue().await;
    let time = timestamp("2026-06-20T00:00:00Z");
    for (uri, existing, works_after) in
        [(SEE, ExistingGrants::Stop, false), (CHANGE, ExistingGrants::Keep, true)]
    {
        let request =
            HidePrivilegeRequest { hide_time: time, existing_grants: existing.into(), ..world.hiding(uri) };
        let planned = hide(&world, request).await.unwrap().privilege.unwrap();
        assert_eq!((planned.state(), planned.hide_time), (PublicationState::Published, time));
        assert_eq!(planned.existing_grants(), existing);
        let (from, to, other) = (world.person().await, world.person().await, world.person().await);
        world.move_to(instant("2026-06-19T23:59:59Z")).await;
        world.give(&from, &to, &[uri]).await;
        assert!(world.check(&from, &to, uri).await.granted);
        world.move_to(instant("2026-06-20T00:00:00Z")).await;
        assert_eq!(world.check(&from, &to, uri).await.granted, works_after, "{uri}");
        let status = world.try_give(world.giving(&from, &other, &[uri])).await.unwrap_err();
        assert_eq!(Refused::of(&status).reason, "PRIVILEGE_NOT_PUBLISHED");
        world.move_to(instant("2026-06-15T10:00:00Z")).await;
    }
}

#[tokio::test]
async fn a_planned_end_can_be_moved_and_taken_back() {
    let world = World::with_catalogue().await;
    for time in ["2026-06-20T00:00:00Z", "2026-07-20T00:00:00Z"] {
        let request = HidePrivilegeRequest { hide_time: timestamp(time), ..world.hiding(SEE) };
        let planned = hide(&world, request).await.unwrap().privilege.unwrap();
        assert_eq!((planned.state(), planned.hide_time), (PublicationState::Published, timestamp(time)));
    }
    let published = world.publish(SEE).await.privilege.unwrap();
    assert_eq!((published.state(), published.hide_time), (PublicationState::Published, None));
    assert_eq!(published.publish_time, timestamp("2026-06-15T10:00:00Z"));
}

#[tokio::test]
async fn grants_that_were_kept_can_be_stopped_now_and_not_later() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let keep = HidePrivilegeRequest { existing_grants: ExistingGrants::Keep.into(), ..world.hiding(SEE) };
    hide(&world, keep.clone()).await.unwrap();
    let later = HidePrivilegeRequest { hide_time: timestamp("2026-06-20T00:00:00Z"), ..world.hiding(SEE) };
    let status = hide(&world, later).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "PRIVILEGE_IS_HIDDEN"));
    assert!(world.check(&from, &to, SEE).await.granted);
    assert_eq!(world.hide(SEE).await.privilege.unwrap().existing_grants(), ExistingGrants::Stop);
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::PrivilegeNotPublished);
    // What was stopped is not brought back by hiding.
    let again = HidePrivilegeRequest { request_id: world.request_id(), ..keep };
    assert_eq!(hide(&world, again).await.unwrap().privilege.unwrap().existing_grants(), ExistingGrants::Stop);
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::PrivilegeNotPublished);
}

#[tokio::test]
async fn what_was_hidden_at_once_counts_for_a_machine_whose_clock_is_behind() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    world.advance(TimeDelta::minutes(1)).await;
    world.hide(SEE).await;
    world.advance(TimeDelta::minutes(-1)).await;
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::PrivilegeNotPublished);
    let status = world.try_give(world.giving(&to, &from, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status).reason, "PRIVILEGE_NOT_PUBLISHED");
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
        .planned("hide_time", |request, time| request.hide_time = time)
        .number("existing_grants", 2, false, |request, number| request.existing_grants = number)
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
