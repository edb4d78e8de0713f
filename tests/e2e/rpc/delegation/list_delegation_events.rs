//! `DelegationService.ListDelegationEvents`.

use fuldmagt_proto::v1::{
    Channel, CreateDelegationRequest, Delegation, DelegationEvent, DelegationEventKind, EndReason,
    ListDelegationEventsRequest, ListDelegationEventsResponse, RevokeDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{Registered, SEE, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

fn listing(user: &Registered, delegation: &Delegation) -> ListDelegationEventsRequest {
    ListDelegationEventsRequest {
        actor: user.actor(),
        delegation_id: delegation.delegation_id.clone(),
        page_size: 500,
        page_token: String::new(),
    }
}

async fn list(
    world: &World,
    request: ListDelegationEventsRequest,
) -> Result<ListDelegationEventsResponse, Status> {
    world.front_end.delegations().list_delegation_events(request).await.map(tonic::Response::into_inner)
}

/// Given by one employee and revoked by another, a second later.
async fn given_and_revoked(world: &World) -> ([Registered; 4], Delegation) {
    let (organisation, holder) = (world.organisation().await, world.person().await);
    let (giver, revoker) = (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let request =
        CreateDelegationRequest { actor: giver.actor(), ..world.giving(&organisation, &holder, &[SEE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    world.a_second_passes().await;
    let request = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: revoker.actor(),
        delegation_id: given.delegation_id.clone(),
        reason: EndReason::GivenByMistake.into(),
        ..RevokeDelegationRequest::default()
    };
    world.front_end.delegations().revoke_delegation(request).await.unwrap();
    ([organisation, giver, revoker, holder], given)
}

#[tokio::test]
async fn the_history_tells_who_did_what_for_whom_when_and_why() {
    let world = World::with_catalogue().await;
    let ([organisation, giver, revoker, holder], delegation) = given_and_revoked(&world).await;
    let wanted = [
        DelegationEvent {
            kind: DelegationEventKind::Created.into(),
            event_time: timestamp("2026-06-15T10:00:00Z"),
            actor_id: giver.id.clone(),
            acting_for_id: organisation.id.clone(),
            channel: Channel::SelfService.into(),
            reason: EndReason::Unspecified.into(),
            etag: "1".to_owned(),
            ..DelegationEvent::default()
        },
        DelegationEvent {
            kind: DelegationEventKind::Revoked.into(),
            event_time: timestamp("2026-06-15T10:00:01Z"),
            actor_id: revoker.id.clone(),
            acting_for_id: organisation.id.clone(),
            channel: Channel::SelfService.into(),
            reason: EndReason::GivenByMistake.into(),
            etag: "2".to_owned(),
            ..DelegationEvent::default()
        },
    ];
    for user in [&giver, &holder] {
        let page = list(&world, listing(user, &delegation)).await.unwrap();
        assert_eq!((page.events.as_slice(), page.next_page_token.as_str()), (&wanted[..], ""));
    }
}

#[tokio::test]
async fn a_representative_who_renounces_is_in_the_history() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    world.renounce(&to, &given).await.unwrap();
    let events = list(&world, listing(&from, &given)).await.unwrap().events;
    let last = events.last().unwrap();
    assert_eq!((events.len(), last.kind()), (2, DelegationEventKind::Renounced));
    assert_eq!((&last.actor_id, &last.acting_for_id), (&to.id, &to.id));
}

#[tokio::test]
async fn pages_of_one_show_each_event_once() {
    let world = World::with_catalogue().await;
    let ([_, giver, ..], delegation) = given_and_revoked(&world).await;
    let mut kinds = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            ListDelegationEventsRequest { page_size: 1, page_token, ..listing(&giver, &delegation) };
        let page = list(&world, request).await.unwrap();
        assert_eq!(page.events.len(), 1);
        kinds.push(page.events[0].kind());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(kinds, [DelegationEventKind::Created, DelegationEventKind::Revoked]);
}

#[tokio::test]
async fn nobody_elses_history_is_told_and_none_at_all_looks_alike() {
    let world = World::with_catalogue().await;
    let ([_, giver, ..], delegation) = given_and_revoked(&world).await;
    let stranger = world.person().await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..delegation.clone() };
    let missing = list(&world, listing(&giver, &unknown)).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    assert_alike(&missing, &list(&world, listing(&stranger, &delegation)).await.unwrap_err());
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let ([_, giver, revoker, _], delegation) = given_and_revoked(&world).await;
    let (from, to) = (world.person().await, world.person().await);
    let other = world.give(&from, &to, &[SEE]).await;
    let first = ListDelegationEventsRequest { page_size: 1, ..listing(&giver, &delegation) };
    let good = list(&world, first.clone()).await.unwrap().next_page_token;
    let colleagues = ListDelegationEventsRequest { actor: revoker.actor(), ..first.clone() };
    let foreign = [list(&world, colleagues).await.unwrap().next_page_token, format!("{good}=")];
    assert!(!foreign[0].is_empty());
    let request = ListDelegationEventsRequest { page_token: good, ..first };
    Refusals::of(request.clone())
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .page_size(|request, size| request.page_size = size)
        .page_token(&foreign, |request, token| request.page_token = token)
        .field("page_token", "PAGE_TOKEN_INVALID", move |request| {
            request.delegation_id = other.delegation_id.clone();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            (request.delegation_id, request.page_token) = (SOME_UUID.to_owned(), String::new());
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.page_token.clear();
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .sent_by(&world, async |request| list(&world, request).await)
        .await;
    let status = world.other_front_end.delegations().list_delegation_events(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("page_token", "PAGE_TOKEN_INVALID"));
}
