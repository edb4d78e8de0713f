//! `DelegationService.GetReceipt`: what was agreed, in the wording of that day.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    CreateDelegationRequest, Delegation, DelegationEventKind, GetReceiptRequest, GetReceiptResponse,
    LevelOfAssurance, ListDelegationEventsRequest, Privilege, SignatureProof,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{Registered, SEE, SYSTEM, Signable as _, instant, privilege};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

/// A delegation with its delegator's signature, and what the delegator reads of it.
async fn signed(
    world: &World,
    gift: CreateDelegationRequest,
) -> (String, SignatureProof, GetReceiptResponse) {
    let preview = world.preview(gift.actor.clone(), gift.agreement()).await.unwrap();
    let agreement = preview.agreement.unwrap();
    let signature = world.signature(gift.actor.as_ref(), &agreement.digest);
    let signer_id = gift.actor.as_ref().unwrap().party_id.clone();
    let request = CreateDelegationRequest { signature: Some(signature.clone()), ..gift };
    let answer = world.try_give(request).await.unwrap();
    let wanted = GetReceiptResponse {
        agreement: Some(agreement),
        sign_time: signature.sign_time,
        level_of_assurance: signature.level_of_assurance,
        signer_id,
        evidence: signature.evidence.clone(),
        revision: answer.revision,
    };
    (answer.delegation.unwrap().delegation_id, signature, wanted)
}

async fn receipt(world: &World, user: &Registered, id: &str) -> GetReceiptResponse {
    world.receipt(user.actor_at(LevelOfAssurance::Low), id).await.unwrap()
}

#[tokio::test]
async fn both_parties_read_what_was_signed_and_the_signer_the_evidence() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let (id, _, wanted) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    world.advance(TimeDelta::days(3)).await;
    assert_eq!(receipt(&world, &from, &id).await, wanted);
    assert_eq!(receipt(&world, &to, &id).await, GetReceiptResponse { evidence: Vec::new(), ..wanted });
}

#[tokio::test]
async fn the_evidence_is_for_the_employee_who_signed_and_for_no_colleague() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.organisation().await, world.organisation().await);
    let (clerk, colleague) = (world.employee_of(&from).await, world.employee_of(&from).await);
    let holder = world.employee_of(&to).await;
    let gift = CreateDelegationRequest { actor: clerk.actor(), ..world.giving(&from, &to, &[SEE]) };
    let (id, _, wanted) = signed(&world, gift).await;
    assert_eq!(receipt(&world, &clerk, &id).await, wanted);
    let without = GetReceiptResponse { evidence: Vec::new(), ..wanted };
    for other in [&colleague, &holder, &from, &to] {
        assert_eq!(receipt(&world, other, &id).await, without);
    }
}

#[tokio::test]
async fn who_signed_reads_the_evidence_as_who_they_turned_out_to_be() {
    let world = World::with_catalogue().await;
    let to = world.person().await;
    let (other, from) = world.one_person_twice().await;
    let (id, _, wanted) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    let (whole, _) = world.merge(&other, &from).await;
    for (user, evidence) in [(&whole, wanted.evidence.clone()), (&to, Vec::new())] {
        let read = receipt(&world, user, &id).await;
        assert_eq!((read.signer_id, read.evidence), (whole.id.clone(), evidence));
        // It names who they were.
        assert_eq!(read.agreement, wanted.agreement);
    }
}

#[tokio::test]
async fn the_wording_is_that_of_the_day_on_which_it_was_signed() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let (id, _, wanted) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    let changed = Privilege { title_da: "At se alt om indkomst".to_owned(), ..privilege(SEE, SYSTEM) };
    let changed = world.put_privilege(changed).await.unwrap();
    world.hide(SEE).await;
    let read = receipt(&world, &from, &id).await;
    assert_ne!(read.revision, changed.revision);
    assert_eq!(GetReceiptResponse { revision: wanted.revision.clone(), ..read }, wanted);
}

#[tokio::test]
async fn it_is_there_after_the_delegation_has_ended_and_for_years() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let (id, signature, wanted) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    let given = Delegation { delegation_id: id.clone(), ..Delegation::default() };
    world.revoke(&from, &given).await.unwrap();
    for at in ["2026-06-15T10:00:00Z", "2031-06-14T10:00:00Z"] {
        world.move_to(instant(at)).await;
        for user in [&from, &to] {
            let read = receipt(&world, user, &id).await;
            assert_eq!((&read.agreement, &read.sign_time), (&wanted.agreement, &signature.sign_time));
        }
    }
}

#[tokio::test]
async fn the_history_is_as_it_would_be_without_a_signature() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let (delegation_id, ..) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    receipt(&world, &from, &delegation_id).await;
    let request =
        ListDelegationEventsRequest { actor: to.actor(), delegation_id, page_size: 10, ..Default::default() };
    let events =
        world.front_end.delegations().list_delegation_events(request).await.unwrap().into_inner().events;
    let kinds: Vec<_> = events.iter().map(|event| (event.kind(), event.etag.as_str())).collect();
    assert_eq!(kinds, [(DelegationEventKind::Created, "1")]);
}

#[tokio::test]
async fn where_nothing_was_signed_there_is_none() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let (id, ..) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    // Kept five years, and then gone.
    world.sql("delete from signature_proof").await;
    for user in [&from, &to] {
        let status = world.receipt(user.actor(), &id).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "RECEIPT_NOT_FOUND"));
    }
    let stranger = world.person().await;
    let status = world.receipt(stranger.actor(), &id).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
}

#[tokio::test]
async fn nobody_else_reads_it_and_none_at_all_looks_alike() {
    let world = World::with_catalogue().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let clerk = world.employee_of(&organisation).await;
    let (stranger, colleague) = (world.person().await, world.employee_of(&organisation).await);
    let (id, ..) = signed(&world, world.giving(&from, &clerk, &[SEE])).await;
    let missing = world.receipt(from.actor(), SOME_UUID).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    for user in [&stranger, &colleague, &organisation] {
        assert_alike(&missing, &world.receipt(user.actor(), &id).await.unwrap_err());
    }
}

#[tokio::test]
async fn who_reads_it_is_logged() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let (id, ..) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    world.receipt(to.actor(), &id).await.unwrap();
    world.receipt(stranger.actor(), &id).await.unwrap_err();
    world.sql("delete from signature_proof").await;
    world.receipt(from.actor(), &id).await.unwrap_err();
    let logged: Vec<_> = world
        .usage()
        .await
        .into_iter()
        .filter(|entry| entry.rpc == "fuldmagt.v1.DelegationService/GetReceipt")
        .map(|entry| (entry.actor_id.unwrap().to_string(), entry.delegator_id.is_some(), entry.outcome))
        .collect();
    assert_eq!(
        logged,
        [
            (to.id, true, "shown".to_owned()),
            (stranger.id, false, "not_found".to_owned()),
            (from.id, true, "no_receipt".to_owned()),
        ]
    );
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let (delegation_id, ..) = signed(&world, world.giving(&from, &to, &[SEE])).await;
    Refusals::of(GetReceiptRequest { actor: to.actor(), delegation_id })
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.delegation_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .sent_by(&world, async |request| world.front_end.delegations().get_receipt(request).await)
        .await;
}
