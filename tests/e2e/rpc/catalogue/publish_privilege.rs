//! `CatalogueService.PublishPrivilege`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    ExistingGrants, HidePrivilegeRequest, ListPrivilegesRequest, PublicationState, PublishPrivilegeRequest,
    PublishPrivilegeResponse,
};
use fuldmagt_tests::world::{DRAFT, FOREIGN, HIDDEN, SEE, UNKNOWN, instant, timestamp};
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
async fn what_is_to_be_published_later_can_be_given_from_then_on() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let tomorrow = timestamp("2026-06-16T08:00:00Z");
    let request = PublishPrivilegeRequest { publish_time: tomorrow, ..world.publishing(DRAFT) };
    let scheduled = publish(&world, request).await.unwrap().privilege.unwrap();
    assert_eq!((scheduled.state(), scheduled.publish_time), (PublicationState::Scheduled, tomorrow));
    for (now, is_published) in [("2026-06-16T07:59:59Z", false), ("2026-06-16T08:00:00Z", true)] {
        world.move_to(instant(now)).await;
        assert_eq!(listed_by_front_end(&world).await.contains(&DRAFT.to_owned()), is_published, "{now}");
        assert_eq!(world.try_give(world.giving(&from, &to, &[DRAFT])).await.is_ok(), is_published, "{now}");
    }
    assert!(world.check(&from, &to, DRAFT).await.granted);
}

async fn listed_by_front_end(world: &World) -> Vec<String> {
    let request = ListPrivilegesRequest { page_size: 500, ..ListPrivilegesRequest::default() };
    let page = world.front_end.catalogue().list_privileges(request).await.unwrap().into_inner();
    page.privileges.into_iter().map(|privilege| privilege.privilege).collect()
}

#[tokio::test]
async fn a_later_time_does_not_hide_what_is_published_and_moves_what_is_not() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let later = |uri: &str, time: &str| PublishPrivilegeRequest {
        publish_time: timestamp(time),
        ..world.publishing(uri)
    };
    let published = publish(&world, later(SEE, "2026-07-01T00:00:00Z")).await.unwrap().privilege.unwrap();
    assert_eq!((published.state(), published.etag.as_str()), (PublicationState::Published, "2"));
    world.give(&from, &to, &[SEE]).await;
    for time in ["2026-07-01T00:00:00Z", "2026-06-20T00:00:00Z"] {
        let moved = publish(&world, later(DRAFT, time)).await.unwrap().privilege.unwrap();
        assert_eq!((moved.state(), moved.publish_time), (PublicationState::Scheduled, timestamp(time)));
    }
    let now = world.publish(DRAFT).await.privilege.unwrap();
    assert_eq!(
        (now.state(), now.publish_time),
        (PublicationState::Published, timestamp("2026-06-15T10:00:00Z"))
    );
}

#[tokio::test]
async fn what_is_hidden_comes_back_at_a_time_and_grants_that_were_kept_work_meanwhile() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let keep = HidePrivilegeRequest { existing_grants: ExistingGrants::Keep.into(), ..world.hiding(SEE) };
    world.authority.catalogue().hide_privilege(keep).await.unwrap();
    let back = timestamp("2026-06-20T00:00:00Z");
    let request = PublishPrivilegeRequest { publish_time: back, ..world.publishing(SEE) };
    let hidden = publish(&world, request).await.unwrap().privilege.unwrap();
    assert_eq!((hidden.state(), hidden.republish_time), (PublicationState::Hidden, back));
    assert_eq!(hidden.existing_grants(), ExistingGrants::Keep);
    let other = world.person().await;
    for (now, may_be_given) in [("2026-06-19T23:59:59Z", false), ("2026-06-20T00:00:00Z", true)] {
        world.move_to(instant(now)).await;
        assert!(world.check(&from, &to, SEE).await.granted, "{now}");
        assert_eq!(world.try_give(world.giving(&from, &other, &[SEE])).await.is_ok(), may_be_given, "{now}");
    }
}

#[tokio::test]
async fn a_request_is_answered_again_when_its_time_has_passed() {
    let world = World::with_catalogue().await;
    let time = timestamp("2026-06-15T11:00:00Z");
    let request = PublishPrivilegeRequest { publish_time: time, ..world.publishing(DRAFT) };
    let first = publish(&world, request.clone()).await.unwrap();
    world.advance(TimeDelta::days(1)).await;
    let before = world.snapshot().await;
    assert_eq!(publish(&world, request.clone()).await.unwrap(), first);
    let late = PublishPrivilegeRequest { request_id: world.request_id(), ..request };
    let status = publish(&world, late).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("publish_time", "TIME_IN_PAST"));
    assert_eq!(world.snapshot().await, before);
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
        .planned("publish_time", |request, time| request.publish_time = time)
        .refused(not_found(), |request| request.privilege = UNKNOWN.to_owned())
        .refused(not_found(), |request| request.privilege = FOREIGN.to_owned())
        .sent_by(&world, async |request| publish(&world, request).await)
        .await;
}
