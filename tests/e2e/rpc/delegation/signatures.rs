//! Signatures on acceptances, renewals and sub-delegations, and what is read of them afterwards. Those on gifts are in
//! [`super::create_delegation_signature`].

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    AcceptDelegationRequest, Delegation, Privilege, RenewDelegationRequest, SubDelegateRequest,
};
use fuldmagt_tests::world::{CHANGE, Registered, SEE, SIGN, SYSTEM, days, privilege, until_day, uris};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::refusals::Refusals;

fn another_text() -> Refused {
    Refused::because(Code::FailedPrecondition, "SIGNED_TEXT_MISMATCH").naming("signature.digest")
}

fn another_signer() -> Refused {
    Refused::because(Code::FailedPrecondition, "SIGNER_IS_NOT_ACTOR").naming("signature.signer[0]")
}

async fn accepted(world: &World, request: AcceptDelegationRequest) -> Result<(), Status> {
    world.front_end.delegations().accept_delegation(request).await.map(drop)
}

async fn renewed(world: &World, request: RenewDelegationRequest) -> Result<(), Status> {
    world.front_end.delegations().renew_delegation(request).await.map(drop)
}

async fn given_on(world: &World, request: SubDelegateRequest) -> Result<(), Status> {
    world.front_end.delegations().sub_delegate(request).await.map(drop)
}

async fn people(world: &World) -> [Registered; 3] {
    [world.person().await, world.person().await, world.person().await]
}

#[tokio::test]
async fn what_is_accepted_is_what_was_signed() {
    let world = World::with_catalogue().await;
    let [helper, citizen, _] = people(&world).await;
    let other = world.request(&helper, &citizen, &[SEE, CHANGE]).await;
    let request = world.request(&helper, &citizen, &[SEE, CHANGE]).await;
    let of_helper = helper.identifiers.clone();
    Refusals::of(world.signed(world.accepting(&citizen, &request)).await)
        .refused(another_text(), |accept| accept.privileges = uris(&[SEE]))
        .refused(another_text(), |accept| accept.period = until_day("2026-07-14"))
        .refused(another_text(), |accept| accept.period = days("2026-06-16", "2026-07-15"))
        // Alike in all but its id.
        .refused(another_text(), move |accept| accept.delegation_id = other.delegation_id.clone())
        .refused(another_signer(), move |accept| {
            accept.signature.as_mut().unwrap().signer = of_helper.clone();
        })
        .sent_by(&world, async |accept| accepted(&world, accept).await)
        .await;
}

#[tokio::test]
async fn a_gift_that_was_signed_is_no_acceptance_and_the_other_way_round() {
    let world = World::with_catalogue().await;
    let [helper, citizen, _] = people(&world).await;
    let request = world.request(&helper, &citizen, &[SEE]).await;
    let gift = world.signed(world.giving(&citizen, &helper, &[SEE])).await;
    let accept = world.signed(world.accepting(&citizen, &request)).await;
    let (of_gift, of_accept) = (gift.signature.clone(), accept.signature.clone());
    let status = accepted(&world, AcceptDelegationRequest { signature: of_gift, ..accept.clone() }).await;
    assert_eq!(Refused::of(&status.unwrap_err()), another_text());
    let swapped = fuldmagt_proto::v1::CreateDelegationRequest { signature: of_accept, ..gift };
    assert_eq!(Refused::of(&world.try_give(swapped).await.unwrap_err()), another_text());
    accepted(&world, accept).await.unwrap();
}

#[tokio::test]
async fn what_is_renewed_is_what_was_signed() {
    let world = World::with_catalogue().await;
    let [from, to, other] = people(&world).await;
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    let of_other = world.give(&from, &other, &[SEE, CHANGE]).await;
    let identifiers = to.identifiers.clone();
    Refusals::of(world.signed(world.renewing(&from, &old, until_day("2026-12-31"))).await)
        .refused(another_text(), |renew| renew.period = until_day("2026-12-30"))
        .refused(another_text(), |renew| renew.period = days("2026-07-16", "2026-12-31"))
        .refused(another_text(), move |renew| renew.delegation_id = of_other.delegation_id.clone())
        .refused(another_signer(), move |renew| {
            renew.signature.as_mut().unwrap().signer = identifiers.clone();
        })
        .sent_by(&world, async |renew| renewed(&world, renew).await)
        .await;
}

#[tokio::test]
async fn what_was_taken_out_before_it_is_renewed_was_not_signed_so() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    let signed = world.signed(world.renewing(&from, &old, until_day("2026-12-31"))).await;
    world.revoke_part(&from, &old, &[CHANGE]).await.unwrap();
    assert_eq!(Refused::of(&renewed(&world, signed.clone()).await.unwrap_err()), another_text());
    renewed(&world, world.signed(signed).await).await.unwrap();
}

#[tokio::test]
async fn what_is_given_on_is_what_was_signed() {
    let world = World::with_catalogue().await;
    let [from, to, third] = people(&world).await;
    let fourth = world.person().await;
    for uri in [SEE, CHANGE] {
        world.let_give_on(uri, 1).await;
    }
    let whole = world.give(&from, &to, &[SEE, CHANGE]).await;
    let of_delegator = from.identifiers.clone();
    Refusals::of(world.signed(world.giving_on(&to, &whole, &third, &[SEE])).await)
        .refused(another_text(), |part| part.privileges = uris(&[CHANGE]))
        .refused(another_text(), |part| part.privileges = uris(&[SEE, CHANGE]))
        .refused(another_text(), |part| part.period = until_day("2026-07-04"))
        .refused(another_text(), move |part| part.representative_id = fourth.id.clone())
        .refused(another_signer(), move |part| {
            part.signature.as_mut().unwrap().signer = of_delegator.clone();
        })
        .sent_by(&world, async |part| given_on(&world, part).await)
        .await;
}

#[tokio::test]
async fn what_the_catalogue_says_by_now_must_have_been_signed() {
    let world = World::with_catalogue().await;
    let [from, to, third] = people(&world).await;
    world.let_give_on(SEE, 1).await;
    let old = world.give(&from, &to, &[SEE]).await;
    let request = world.request(&world.person().await, &from, &[SEE]).await;
    let accept = world.signed(world.accepting(&from, &request)).await;
    let renew = world.signed(world.renewing(&from, &old, until_day("2026-12-31"))).await;
    let part = world.signed(world.giving_on(&to, &old, &third, &[SEE])).await;
    let changed = Privilege {
        title_da: "At se al indkomst".to_owned(),
        max_sub_delegation_depth: 1,
        ..privilege(SEE, SYSTEM)
    };
    world.put_privilege(changed).await.unwrap();
    let before = world.snapshot().await;
    for status in [
        accepted(&world, accept.clone()).await,
        renewed(&world, renew.clone()).await,
        given_on(&world, part.clone()).await,
    ] {
        assert_eq!(Refused::of(&status.unwrap_err()), another_text());
    }
    assert_eq!(world.snapshot().await, before);
    given_on(&world, world.signed(part).await).await.unwrap();
    accepted(&world, world.signed(accept).await).await.unwrap();
    renewed(&world, world.signed(renew).await).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_told_again_however_old_its_signature_has_become() {
    let world = World::with_catalogue().await;
    let [from, to, third] = people(&world).await;
    world.let_give_on(SEE, 1).await;
    let old = world.give(&from, &to, &[SEE]).await;
    let request = world.request(&third, &from, &[SIGN]).await;
    let part = world.signed(world.giving_on(&to, &old, &third, &[SEE])).await;
    let accept = world.signed(world.accepting(&from, &request)).await;
    let given = world.try_give_on(part.clone()).await.unwrap();
    let accepted = world.try_accept(accept.clone()).await.unwrap();
    let renew = world.signed(world.renewing(&from, &old, until_day("2026-12-31"))).await;
    let renewed = world.try_renew(renew.clone()).await.unwrap();
    world.advance(TimeDelta::days(2)).await;
    let before = world.snapshot().await;
    assert_eq!(world.try_give_on(part).await.unwrap(), given);
    assert_eq!(world.try_accept(accept).await.unwrap(), accepted);
    assert_eq!(world.try_renew(renew).await.unwrap(), renewed);
    assert_eq!(world.snapshot().await, before);
}

/// Who signed it, and the text, as the user reads it.
async fn read(world: &World, user: &Registered, delegation: &Delegation) -> (String, String, bool) {
    let receipt = world.receipt(user.actor(), &delegation.delegation_id).await.unwrap();
    (receipt.signer_id, receipt.agreement.unwrap().text_da, !receipt.evidence.is_empty())
}

#[tokio::test]
async fn a_receipt_is_there_once_a_request_is_accepted() {
    let world = World::with_catalogue().await;
    let [helper, citizen, _] = people(&world).await;
    let request = world.request(&helper, &citizen, &[SEE]).await;
    let status = world.receipt(helper.actor(), &request.delegation_id).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "RECEIPT_NOT_FOUND"));
    let accepted = world.accept(&citizen, &request).await;
    let (signer, text, has_evidence) = read(&world, &helper, &accepted).await;
    assert_eq!((signer, has_evidence), (citizen.id.clone(), false));
    assert!(text.contains(&format!("Anmodningens id: {}", request.delegation_id)));
    assert!(read(&world, &citizen, &accepted).await.2);
}

#[tokio::test]
async fn everybody_above_reads_what_was_given_on_and_who_gave_it_has_the_evidence() {
    let world = World::with_catalogue().await;
    let [from, to, third] = people(&world).await;
    world.let_give_on(SEE, 1).await;
    let whole = world.give(&from, &to, &[SEE]).await;
    let part = world.give_on(&to, &whole, &third, &[SEE]).await;
    for user in [&from, &to, &third] {
        let (signer, text, has_evidence) = read(&world, user, &part).await;
        assert_eq!((&signer, has_evidence), (&to.id, user.id == to.id));
        assert!(text.contains(&format!("videre af, har id: {}", whole.delegation_id)));
    }
    // Who has a part learns nothing of what the whole was agreed by.
    let status = world.receipt(third.actor(), &whole.delegation_id).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
}

#[tokio::test]
async fn a_renewal_has_a_receipt_of_its_own_and_the_old_one_keeps_its_own() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    let old = world.give(&from, &to, &[SEE]).await;
    let before = read(&world, &to, &old).await;
    let new = world.try_renew(world.renewing(&from, &old, until_day("2026-12-31"))).await.unwrap();
    assert_eq!(read(&world, &to, &old).await, before);
    let (_, text, _) = read(&world, &to, &new).await;
    assert!(text.contains(&format!("der fornyes, har id: {}", old.delegation_id)));
    assert_eq!(world.count("signature_proof").await, 2);
}
