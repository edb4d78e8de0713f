//! `DelegationService.CreateDelegation`: what is given is what was signed, by who gives it.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    AccessKind, CreateDelegationRequest, LevelOfAssurance, Privilege, RevokeDelegationRequest,
    SignatureProof, identifier::Value,
};
use fuldmagt_service::rpc::to_proto::timestamp;
use fuldmagt_tests::fixtures::note_secret;
use fuldmagt_tests::world::{
    CHANGE, Registered, SEE, SIGN, SYSTEM, Signable as _, days, identifier, instants, privilege, until_day,
    uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::refusals::Refusals;

fn another_text() -> Refused {
    Refused::because(Code::FailedPrecondition, "SIGNED_TEXT_MISMATCH").naming("signature.digest")
}

async fn sent(world: &World, request: CreateDelegationRequest) -> Result<(), Status> {
    world.front_end.delegations().create_delegation(request).await.map(drop)
}

async fn people(world: &World) -> [Registered; 3] {
    [world.person().await, world.person().await, world.person().await]
}

#[tokio::test]
async fn what_was_signed_is_not_taken_for_anything_else() {
    let world = World::with_catalogue().await;
    let [from, to, other] = people(&world).await;
    let start = world.now() + TimeDelta::days(1);
    let end = start + TimeDelta::days(9);
    let gift = CreateDelegationRequest { period: instants(start, end), ..world.giving(&from, &to, &[SEE]) };
    let microsecond = TimeDelta::microseconds(1);
    Refusals::of(world.signed(gift).await)
        .refused(another_text(), |request| request.privileges = uris(&[CHANGE]))
        .refused(another_text(), |request| request.privileges = uris(&[SEE, CHANGE]))
        .refused(another_text(), move |request| request.representative_id = other.id.clone())
        .refused(another_text(), move |request| request.period = instants(start, end + microsecond))
        .refused(another_text(), move |request| request.period = instants(start + microsecond, end))
        .refused(another_text(), |request| request.period = until_day("2026-06-25"))
        .refused(another_text(), |request| request.period = days("2026-06-15", "2026-06-25"))
        .refused(another_text(), |request| request.signature.as_mut().unwrap().digest[31] ^= 1)
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn who_signed_for_one_delegator_has_not_signed_for_another() {
    let world = World::with_catalogue().await;
    let (one, other) = (world.organisation().await, world.organisation().await);
    let (clerk, to) = (world.employee_of(&one).await, world.person().await);
    let gift = CreateDelegationRequest { actor: clerk.actor(), ..world.giving(&one, &to, &[SEE]) };
    let signed = world.signed(gift).await;
    // Not theirs to give, and when it would be, not what was signed.
    let status = sent(&world, CreateDelegationRequest { delegator_id: other.id, ..signed.clone() }).await;
    assert_eq!(Refused::of(&status.unwrap_err()), Refused::because(Code::NotFound, "PARTY_NOT_FOUND"));
    sent(&world, signed).await.unwrap();
}

/// Signed before something in the catalogue changed, and after.
async fn outdated_by(world: &World, change: Privilege) {
    let (from, to) = (world.person().await, world.person().await);
    let signed = world.signed(world.giving(&from, &to, &[SEE])).await;
    world.put_privilege(change).await.unwrap();
    let before = world.snapshot().await;
    assert_eq!(Refused::of(&sent(world, signed.clone()).await.unwrap_err()), another_text());
    assert_eq!(world.snapshot().await, before);
    // As it says now, it is given.
    sent(world, world.signed(signed).await).await.unwrap();
}

#[tokio::test]
async fn what_the_catalogue_says_by_now_must_have_been_signed() {
    let world = World::with_catalogue().await;
    let see = || privilege(SEE, SYSTEM);
    outdated_by(&world, Privilege { title_da: "At se al indkomst".to_owned(), ..see() }).await;
    outdated_by(&world, Privilege { title_en: "To see all income".to_owned(), ..see() }).await;
    outdated_by(&world, Privilege { description_da: "Må se.".to_owned(), ..see() }).await;
    outdated_by(&world, Privilege { description_en: "May see.".to_owned(), ..see() }).await;
    outdated_by(&world, Privilege { access_kind: AccessKind::Read.into(), ..see() }).await;
    outdated_by(&world, Privilege { max_sub_delegation_depth: 1, ..see() }).await;
}

#[tokio::test]
async fn what_is_replaced_must_be_as_it_was_signed() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    let replacing =
        || CreateDelegationRequest { replace_existing: true, ..world.giving(&from, &to, &[SEE, CHANGE]) };
    // Given meanwhile, so that there is something to replace.
    let signed = world.signed(replacing()).await;
    let old = world.give(&from, &to, &[SEE, CHANGE, SIGN]).await;
    assert_eq!(Refused::of(&sent(&world, signed).await.unwrap_err()), another_text());
    // A part of it was taken out meanwhile.
    let signed = world.signed(replacing()).await;
    let revoke = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: from.actor(),
        delegation_id: old.delegation_id.clone(),
        privileges: uris(&[CHANGE]),
        ..RevokeDelegationRequest::default()
    };
    world.front_end.delegations().revoke_delegation(revoke).await.unwrap();
    assert_eq!(Refused::of(&sent(&world, signed).await.unwrap_err()), another_text());
    // All of it was.
    let signed = world.signed(replacing()).await;
    world.revoke(&from, &old).await.unwrap();
    assert_eq!(Refused::of(&sent(&world, signed).await.unwrap_err()), another_text());
    sent(&world, world.signed(replacing()).await).await.unwrap();
    assert!(world.check(&from, &to, CHANGE).await.granted);
}

#[tokio::test]
async fn a_signature_is_good_for_a_day_though_time_passes() {
    let world = World::with_catalogue().await;
    let [from, to, other] = people(&world).await;
    let signed = world.signed(world.giving(&from, &to, &[SEE])).await;
    let late = world.signed(world.giving(&from, &other, &[SEE])).await;
    world.advance(TimeDelta::days(1)).await;
    let given = world.try_give(signed.clone()).await.unwrap();
    assert_eq!(given.delegation.as_ref().unwrap().valid_from, Some(timestamp(world.now())));
    world.advance(TimeDelta::microseconds(1)).await;
    let status = sent(&world, late).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("signature.sign_time", "SIGNATURE_TIME_TOO_OLD"));
    // What was answered is answered again, however old the signature has become.
    world.advance(TimeDelta::days(60)).await;
    assert_eq!(world.try_give(signed).await.unwrap(), given);
}

#[tokio::test]
async fn a_signing_service_may_be_five_minutes_ahead() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    let mut signed = world.signed(world.giving(&from, &to, &[SEE])).await;
    let ahead = world.now() + TimeDelta::minutes(5);
    signed.signature.as_mut().unwrap().sign_time = Some(timestamp(ahead));
    sent(&world, signed).await.unwrap();
}

#[tokio::test]
async fn only_the_actor_can_have_signed() {
    let world = World::with_catalogue().await;
    let [from, to, other] = people(&world).await;
    let unknown = world.people.person();
    note_secret(unknown.cpr.expose());
    let unknown = identifier(Value::CprNumber(unknown.cpr.expose().to_owned())).unwrap();
    let refused = |place: usize| {
        Refused::because(Code::FailedPrecondition, "SIGNER_IS_NOT_ACTOR")
            .naming(&format!("signature.signer[{place}]"))
    };
    let signer = |request: &mut CreateDelegationRequest, signer| {
        request.signature.as_mut().unwrap().signer = signer;
    };
    let (one, of_other) = (from.identifiers[0].clone(), other.identifiers[0].clone());
    let (of_both, of_representative) = (vec![one.clone(), of_other.clone()], to.identifiers.clone());
    let with_unknown = vec![one, unknown.clone()];
    Refusals::of(world.signed(world.giving(&from, &to, &[SEE])).await)
        .refused(refused(0), move |request| signer(request, vec![of_other.clone()]))
        .refused(refused(0), move |request| signer(request, of_representative.clone()))
        .refused(refused(0), move |request| signer(request, vec![unknown.clone()]))
        .refused(refused(1), move |request| signer(request, of_both.clone()))
        .refused(refused(1), move |request| signer(request, with_unknown.clone()))
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn an_employee_signs_for_the_organisation_and_the_organisation_itself_does_not() {
    let world = World::with_catalogue().await;
    let (organisation, to) = (world.organisation().await, world.person().await);
    let (clerk, colleague) = (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    let gift = CreateDelegationRequest { actor: clerk.actor(), ..world.giving(&organisation, &to, &[SEE]) };
    let refused =
        Refused::because(Code::FailedPrecondition, "SIGNER_IS_NOT_ACTOR").naming("signature.signer[0]");
    Refusals::of(world.signed(gift).await)
        .refused(refused.clone(), move |request| {
            request.signature.as_mut().unwrap().signer = organisation.identifiers.clone();
        })
        .refused(refused, move |request| {
            request.signature.as_mut().unwrap().signer = colleague.identifiers.clone();
        })
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn a_privilege_may_demand_a_signature_of_a_high_level_of_assurance() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    let uri = "urn:dk:example:høj";
    let high = LevelOfAssurance::High;
    let careful = Privilege { level_of_assurance: high.into(), ..privilege(uri, SYSTEM) };
    world.put_privilege(careful).await.unwrap();
    world.publish(uri).await;
    let gift =
        CreateDelegationRequest { actor: from.actor_at(high), ..world.giving(&from, &to, &[SEE, uri]) };
    let mut signed = world.signed(gift).await;
    signed.signature.as_mut().unwrap().level_of_assurance = high.into();
    let substantial = i32::from(LevelOfAssurance::Substantial);
    let low = Refused::because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW");
    Refusals::of(signed)
        .refused(low.clone().naming("signature.level_of_assurance"), move |request| {
            request.signature.as_mut().unwrap().level_of_assurance = substantial;
        })
        .refused(low, move |request| request.actor.as_mut().unwrap().level_of_assurance = substantial)
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn one_signature_gives_one_delegation() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    let signed = world.signed(world.giving(&from, &to, &[SEE])).await;
    let requests: Vec<_> = (0..4)
        .map(|_| CreateDelegationRequest { request_id: world.request_id(), ..signed.clone() })
        .collect();
    let [a, b, c, d] = <[_; 4]>::try_from(requests).unwrap();
    let (a, b, c, d) = tokio::join!(sent(&world, a), sent(&world, b), sent(&world, c), sent(&world, d));
    let answers = [a, b, c, d];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(Refused::of(&refused).reason, "DELEGATION_OVERLAPS");
    }
    assert_eq!((world.count("delegation").await, world.count("signature_proof").await), (1, 1));
}

#[tokio::test]
async fn one_request_that_replaces_sent_many_times_at_once_is_done_once_and_answered_alike() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    world.give(&from, &to, &[SEE]).await;
    let request = CreateDelegationRequest { replace_existing: true, ..world.giving(&from, &to, &[SEE]) };
    let request = world.signed(request).await;
    let send = async || world.try_give(request.clone()).await.unwrap();
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    assert!(b == a && c == a && d == a);
    assert_eq!(world.count("delegation").await, 2);
}

#[tokio::test]
async fn evidence_of_the_greatest_length_and_the_longest_texts_are_kept() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    // A hundred privileges of the longest texts of the widest letters, but for how long it takes to put them one by one.
    let long = "𝄞".repeat(1_999);
    world
        .sql(&format!(
            "insert into privilege overriding system value
             select (jsonb_populate_record(p, jsonb_build_object(
                 'privilege_id', 1000 + n, 'uri', 'urn:dk:example:lang:' || lpad(n::text, 3, '0'),
                 'title_da', repeat('𝄞', 200), 'title_en', repeat('𝄞', 200),
                 'description_da', '{long}' || 'x', 'description_en', '{long}' || 'y'))).*
             from privilege p, generate_series(1, 100) n where p.uri = '{SEE}'"
        ))
        .await;
    let all: Vec<String> = (1..=100).map(|n| format!("urn:dk:example:lang:{n:03}")).collect();
    let gift = CreateDelegationRequest { privileges: all, ..world.giving(&from, &to, &[SEE]) };
    let preview = world.preview(from.actor(), gift.agreement()).await.unwrap();
    let agreement = preview.agreement.unwrap();
    assert!(agreement.text_da.len() > 800_000, "{} bytes", agreement.text_da.len());
    let evidence = vec![b'e'; 262_144];
    let signature = SignatureProof {
        evidence: evidence.clone(),
        ..world.signature(gift.actor.as_ref(), &agreement.digest)
    };
    let request = CreateDelegationRequest { signature: Some(signature), ..gift };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    let receipt = world.receipt(from.actor(), &given.delegation_id).await.unwrap();
    assert_eq!(receipt.agreement, Some(agreement));
    assert_eq!(receipt.evidence, evidence);
}

#[tokio::test]
async fn a_signature_counts_once() {
    let world = World::with_catalogue().await;
    let [from, to, _] = people(&world).await;
    let gift = world.signed(world.giving(&from, &to, &[SEE])).await;
    let given = world.try_give(gift.clone()).await.unwrap();
    assert_eq!(world.try_give(gift.clone()).await.unwrap(), given, "the same request gets its answer");
    world.a_second_passes().await;
    world.revoke(&from, &given.delegation.unwrap()).await.unwrap();
    let again = CreateDelegationRequest { request_id: world.request_id(), ..gift.clone() };
    let used = Refused::because(Code::FailedPrecondition, "SIGNATURE_USED").naming("signature.evidence");
    let before = world.snapshot().await;
    assert_eq!(Refused::of(&sent(&world, again.clone()).await.unwrap_err()), used);
    assert_eq!(world.snapshot().await, before);
    assert!(!world.check(&from, &to, SEE).await.granted);
    // Signed anew it can be given anew.
    sent(&world, world.signed(again).await).await.unwrap();
    assert!(world.check(&from, &to, SEE).await.granted);
}
