//! `DelegationService.WithdrawRequest`.

use fuldmagt_proto::v1::{
    Delegation, DelegationEventKind, DelegationStatus, EndReason, LevelOfAssurance, PartySide,
    WithdrawRequestRequest,
};
use fuldmagt_tests::world::{CHANGE, SEE, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_representative_takes_a_request_back_and_the_delegator_need_not_hear_of_it() {
    let world = World::with_catalogue().await;
    let (organisation, citizen) = (world.organisation().await, world.person().await);
    let clerk = world.employee_of(&organisation).await;
    let request = world.request(&clerk, &citizen, &[SEE]).await;
    world.a_second_passes().await;
    let withdraw = WithdrawRequestRequest {
        actor: clerk.actor_at(LevelOfAssurance::Low),
        ..world.withdrawing(&clerk, &request)
    };
    let answer = world.front_end.delegations().withdraw_request(withdraw).await.unwrap().into_inner();
    let wanted = Delegation {
        status: DelegationStatus::Withdrawn.into(),
        end_time: timestamp("2026-06-15T10:00:01Z"),
        lapse_time: None,
        etag: "2".to_owned(),
        ..request.clone()
    };
    assert_eq!(answer.delegation, Some(wanted));
    let event = world.history(&citizen, &request).await.remove(1);
    assert_eq!((event.kind(), event.reason()), (DelegationEventKind::Withdrawn, EndReason::Unspecified));
    assert_eq!((event.actor_id, event.acting_for_id), (clerk.id.clone(), clerk.id.clone()));
    // The request stays where both can see it, and nobody is to be told of it any more.
    assert_eq!(world.listed(&citizen, PartySide::RequestsReceived).await.len(), 1);
    assert_eq!(world.count("notice_item").await, 1);
    assert_eq!(world.count("notice_item where cancelled_at is not null").await, 1);
    world.assert_agreement(&[&citizen]).await;
}

#[tokio::test]
async fn what_was_told_already_is_not_taken_back() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    world.sql("update notice_item set notice_id = item_id").await;
    world.withdraw(&helper, &request).await.unwrap();
    assert_eq!(world.count("notice_item where notice_id is not null and cancelled_at is null").await, 1);
}

#[tokio::test]
async fn withdrawing_again_succeeds_and_changes_nothing_but_the_log() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    let withdrawn = world.withdraw(&helper, &request).await.unwrap();
    let head = world.count("change").await;
    world.a_second_passes().await;
    assert_eq!(world.withdraw(&helper, &request).await.unwrap(), withdrawn);
    assert_eq!(world.count("change").await, head);
}

#[tokio::test]
async fn what_was_answered_or_never_asked_for_cannot_be_withdrawn() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let accepted = world.request(&helper, &citizen, &[SEE]).await;
    world.accept(&citizen, &accepted).await;
    let declined = world.request(&helper, &citizen, &[SEE]).await;
    world.decline(&citizen, &declined).await.unwrap();
    let given = world.give(&citizen, &helper, &[CHANGE]).await;
    let before = world.snapshot().await;
    for (request, reason) in
        [(&accepted, "REQUEST_ANSWERED"), (&declined, "REQUEST_DECLINED"), (&given, "REQUEST_ANSWERED")]
    {
        let status = world.withdraw(&helper, request).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, reason));
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (helper, citizen, stranger) = (world.person().await, world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    Refusals::of(world.withdrawing(&helper, &request))
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = stranger.actor())
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = citizen.actor())
        .sent_by(&world, async |request| world.front_end.delegations().withdraw_request(request).await)
        .await;
}
