//! `DelegationService.DeclineDelegation`.

use fuldmagt_proto::v1::{
    DeclineDelegationRequest, Delegation, DelegationEventKind, DelegationStatus, DenialReason, EndReason,
    LevelOfAssurance, PartySide,
};
use fuldmagt_tests::world::{CHANGE, SEE, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_declined_request_grants_nothing_and_says_who_declined_it_when_and_why() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    world.a_second_passes().await;
    let decline = DeclineDelegationRequest {
        // Saying no takes no sure login.
        actor: citizen.actor_at(LevelOfAssurance::Low),
        reason: EndReason::LostConfidence.into(),
        ..world.declining(&citizen, &request)
    };
    let answer = world.front_end.delegations().decline_delegation(decline).await.unwrap().into_inner();
    let wanted = Delegation {
        status: DelegationStatus::Declined.into(),
        end_time: timestamp("2026-06-15T10:00:01Z"),
        lapse_time: None,
        etag: "2".to_owned(),
        ..request.clone()
    };
    assert_eq!(answer.delegation, Some(wanted));
    let event = world.history(&helper, &request).await.remove(1);
    assert_eq!((event.kind(), event.reason()), (DelegationEventKind::Declined, EndReason::LostConfidence));
    assert_eq!((event.actor_id, event.acting_for_id), (citizen.id.clone(), citizen.id.clone()));
    assert_eq!(event.event_time, timestamp("2026-06-15T10:00:01Z"));
    assert_eq!(world.check_denied(&citizen, &helper, SEE).await, DenialReason::NoDelegation);
    assert_eq!(world.listed(&citizen, PartySide::RequestsReceived).await.len(), 1);
    assert_eq!(world.listed(&citizen, PartySide::Given).await, []);
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test]
async fn declining_again_succeeds_and_changes_nothing_but_the_log() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    let declined = world.decline(&citizen, &request).await.unwrap();
    let head = world.count("change").await;
    world.a_second_passes().await;
    assert_eq!(world.decline(&citizen, &request).await.unwrap(), declined);
    assert_eq!((world.count("change").await, world.count("notice_item").await), (head, 2));
}

#[tokio::test]
async fn what_was_answered_otherwise_cannot_be_declined() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let accepted = world.request(&helper, &citizen, &[SEE]).await;
    world.accept(&citizen, &accepted).await;
    let withdrawn = world.request(&helper, &citizen, &[SEE]).await;
    world.withdraw(&helper, &withdrawn).await.unwrap();
    let given = world.give(&citizen, &helper, &[CHANGE]).await;
    let before = world.snapshot().await;
    for (request, reason) in
        [(&accepted, "REQUEST_ANSWERED"), (&withdrawn, "REQUEST_WITHDRAWN"), (&given, "REQUEST_ANSWERED")]
    {
        let status = world.decline(&citizen, request).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, reason));
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (helper, citizen, stranger) = (world.person().await, world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    Refusals::of(world.declining(&citizen, &request))
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .number("reason", 4, false, |request, number| request.reason = number)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = stranger.actor())
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = helper.actor())
        .sent_by(&world, async |request| world.front_end.delegations().decline_delegation(request).await)
        .await;
}
