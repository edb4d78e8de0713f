//! `DelegationService.PreviewDelegation` of acceptances, renewals and sub-delegations.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    AcceptDelegationRequest, AcceptTerms, Delegation, PreviewDelegationRequest, PreviewDelegationResponse,
    RenewTerms, RequestDelegationRequest, SubDelegateTerms, preview_delegation_request::Agreement,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    CHANGE, Registered, SEE, SIGN, Signable, days, instant, instants, until_day, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response, Status};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

async fn preview<R: Signable>(world: &World, request: &R) -> Result<PreviewDelegationResponse, Status> {
    world.preview(request.actor().cloned(), request.agreement()).await
}

async fn text<R: Signable>(world: &World, request: &R) -> String {
    preview(world, request).await.unwrap().agreement.unwrap().text_da
}

#[track_caller]
fn assert_says(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[tokio::test]
async fn an_acceptance_says_what_of_the_request_is_accepted() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE, CHANGE]).await;
    let all = world.accepting(&citizen, &request);
    let said = text(&world, &all).await;
    let id = format!("Anmodningens id: {}", request.delegation_id);
    let from_signature = "gælder fra underskriften til og med 15. juli 2026.";
    assert_says(&said, &["Fuldmagtsgiver godkender anmodningen", &id, SEE, CHANGE, from_signature]);
    assert_says(&said, &[&format!("Navn: {}", citizen.name), &format!("Navn: {}", helper.name)]);
    let part = AcceptDelegationRequest { privileges: uris(&[SEE]), period: until_day("2026-06-30"), ..all };
    let said = text(&world, &part).await;
    assert_says(&said, &["gælder fra underskriften til og med 30. juni 2026."]);
    assert!(!said.contains(CHANGE));
}

#[tokio::test]
async fn an_acceptance_is_the_same_text_when_the_start_that_was_asked_for_has_passed() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let asking = RequestDelegationRequest {
        period: days("2026-06-16", "2026-07-31"),
        ..world.requesting(&helper, &citizen, &[SEE])
    };
    let request = world.try_request(asking).await.unwrap();
    let all = world.accepting(&citizen, &request);
    let shorter = AcceptDelegationRequest { period: until_day("2026-06-30"), ..all.clone() };
    let before = [text(&world, &all).await, text(&world, &shorter).await];
    assert_says(
        &before[0],
        &["fra og med 16. juni 2026 til og med 31. juli 2026.", "aldrig, før den er underskrevet"],
    );
    assert_says(&before[1], &["fra og med 16. juni 2026 til og med 30. juni 2026."]);
    let signed = [world.signed(all.clone()).await, world.signed(shorter.clone()).await];
    world.advance(TimeDelta::hours(20)).await;
    assert_eq!([text(&world, &all).await, text(&world, &shorter).await], before);
    let [_, shorter] = signed;
    let accepted = world.try_accept(shorter).await.unwrap();
    assert_eq!(accepted.valid_from, Some(fuldmagt_service::rpc::to_proto::timestamp(world.now())));
}

#[tokio::test]
async fn a_renewal_says_which_delegation_it_renews_and_replaces() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    let renewing = world.renewing(&from, &old, until_day("2026-12-31"));
    let answer = preview(&world, &renewing).await.unwrap();
    assert_eq!(answer.replaced_delegation_ids, std::slice::from_ref(&old.delegation_id));
    let said = answer.agreement.unwrap().text_da;
    let id = format!("Den fuldmagt, der fornyes, har id: {}", old.delegation_id);
    assert_says(
        &said,
        &[&id, SEE, CHANGE, "fra underskriften til og med 31. december 2026.", "Den ophører helt"],
    );
    // From its end on it replaces nothing.
    let later = world.renewing(&from, &old, days("2026-07-16", "2026-12-31"));
    let answer = preview(&world, &later).await.unwrap();
    assert_eq!(answer.replaced_delegation_ids, Vec::<String>::new());
    assert_says(
        &answer.agreement.unwrap().text_da,
        &[&id, "fra og med 16. juli 2026 til og med 31. december 2026."],
    );
}

#[tokio::test]
async fn a_sub_delegation_names_the_delegator_and_who_gives_on() {
    let world = World::with_catalogue().await;
    let (from, to, third) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 2).await;
    let whole = world.give(&from, &to, &[SEE, CHANGE]).await;
    let request = world.giving_on(&to, &whole, &third, &[SEE]);
    let said = text(&world, &request).await;
    let parts = [
        format!("Den fuldmagt, der gives videre af, har id: {}", whole.delegation_id),
        format!("Fuldmagtsgiver\n   Navn: {}\n", from.name),
        format!("Den, der giver fuldmagten videre\n   Navn: {}\n", to.name),
        format!("Fuldmagtshaver\n   Navn: {}\n", third.name),
        "Må gives videre: ja, i ét led".to_owned(),
        "Fuldmagten ophører, når den fuldmagt, den er en del af, ophører.".to_owned(),
    ];
    assert_says(&said, &parts.each_ref().map(String::as_str));
    assert!(!said.contains(CHANGE));
}

/// A request, a delegation and who is in them.
async fn scene(world: &World) -> ([Registered; 3], Delegation, Delegation) {
    let people = [world.person().await, world.person().await, world.person().await];
    let [from, to, _] = &people;
    world.let_give_on(SEE, 1).await;
    let given = world.give(from, to, &[SEE, CHANGE]).await;
    let request = world.request(to, from, &[SIGN]).await;
    (people, given, request)
}

#[tokio::test]
async fn what_these_commands_refuse_is_refused_alike() {
    let world = World::with_catalogue().await;
    let ([from, to, third], given, request) = scene(&world).await;
    let mut reasons = Vec::new();
    let mut accept = world.accepting(&from, &request);
    for (actor, privileges, period) in [
        (to.actor(), uris(&[]), None),
        (from.actor(), uris(&[SEE]), None),
        (from.actor(), uris(&[]), until_day("2026-07-16")),
    ] {
        (accept.actor, accept.privileges, accept.period) = (actor, privileges, period);
        let told = preview(&world, &accept).await.unwrap_err();
        assert_alike(&told, &world.try_accept(accept.clone()).await.unwrap_err());
        reasons.push(Refused::of(&told).reason);
    }
    let mut renew = world.renewing(&from, &given, until_day("2026-12-31"));
    for (actor, id, period) in [
        (to.actor(), &given.delegation_id, until_day("2026-12-31")),
        (from.actor(), &request.delegation_id, until_day("2026-12-31")),
        (from.actor(), &given.delegation_id, days("2026-07-01", "2026-12-31")),
    ] {
        (renew.actor, renew.delegation_id, renew.period) = (actor, id.clone(), period);
        let told = preview(&world, &renew).await.unwrap_err();
        assert_alike(&told, &world.try_renew(renew.clone()).await.unwrap_err());
        reasons.push(Refused::of(&told).reason);
    }
    let mut part = world.giving_on(&to, &given, &third, &[SEE]);
    for (actor, representative, privileges) in [
        (from.actor(), &third, uris(&[SEE])),
        (to.actor(), &from, uris(&[SEE])),
        (to.actor(), &third, uris(&[SEE, SIGN])),
        (to.actor(), &third, uris(&[CHANGE])),
    ] {
        (part.actor, part.representative_id, part.privileges) =
            (actor, representative.id.clone(), privileges);
        let told = preview(&world, &part).await.unwrap_err();
        assert_alike(&told, &world.try_give_on(part.clone()).await.unwrap_err());
        reasons.push(Refused::of(&told).reason);
    }
    let all = [
        "DELEGATION_NOT_FOUND",
        "ACCEPTANCE_WIDER",
        "ACCEPTANCE_WIDER",
        "DELEGATION_NOT_FOUND",
        "DELEGATION_NOT_GIVEN",
        "REPLACEMENT_STARTS_LATER",
        "DELEGATION_NOT_FOUND",
        "REPRESENTATIVE_IS_ABOVE",
        "PRIVILEGE_NOT_DELEGATED",
        "SUB_DELEGATION_NOT_ALLOWED",
    ];
    assert_eq!(reasons, all);
}

fn asked(actor: &Registered, agreement: Agreement) -> PreviewDelegationRequest {
    PreviewDelegationRequest { actor: actor.actor(), agreement: Some(agreement) }
}

async fn sent(world: &World, request: PreviewDelegationRequest) -> Result<PreviewDelegationResponse, Status> {
    world.front_end.delegations().preview_delegation(request).await.map(Response::into_inner)
}

fn acceptance(request: &mut PreviewDelegationRequest) -> &mut AcceptTerms {
    let Some(Agreement::Accept(terms)) = &mut request.agreement else { panic!("an acceptance") };
    terms
}

fn renewal(request: &mut PreviewDelegationRequest) -> &mut RenewTerms {
    let Some(Agreement::Renew(terms)) = &mut request.agreement else { panic!("a renewal") };
    terms
}

fn part(request: &mut PreviewDelegationRequest) -> &mut SubDelegateTerms {
    let Some(Agreement::SubDelegate(terms)) = &mut request.agreement else { panic!("a sub-delegation") };
    terms
}

#[tokio::test]
async fn each_wrong_field_of_an_acceptance_is_refused() {
    let world = World::with_catalogue().await;
    let ([from, ..], _, request) = scene(&world).await;
    let past = instants(world.now() - TimeDelta::minutes(6), instant("2026-07-01T10:00:00Z"));
    Refusals::of(asked(&from, world.accepting(&from, &request).agreement()))
        .actor(|request| &mut request.actor)
        .within("accept")
        .uuid("delegation_id", |request, text| acceptance(request).delegation_id = text)
        .privileges(false, |request, privileges| acceptance(request).privileges = privileges)
        .field("period.to_date", "DATE_MALFORMED", |request| acceptance(request).period = until_day("x"))
        .field("period.valid_from", "PERIOD_START_IN_PAST", move |request| {
            acceptance(request).period = past.clone();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            acceptance(request).delegation_id = SOME_UUID.to_owned();
        })
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn each_wrong_field_of_a_renewal_is_refused() {
    let world = World::with_catalogue().await;
    let ([from, ..], given, _) = scene(&world).await;
    Refusals::of(asked(&from, world.renewing(&from, &given, until_day("2026-12-31")).agreement()))
        .actor(|request| &mut request.actor)
        .within("renew")
        .uuid("delegation_id", |request, text| renewal(request).delegation_id = text)
        .wrong_period(|request, period| renewal(request).period = period)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            renewal(request).delegation_id = SOME_UUID.to_owned();
        })
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}

#[tokio::test]
async fn each_wrong_field_of_a_sub_delegation_is_refused() {
    let world = World::with_catalogue().await;
    let ([_, to, third], given, _) = scene(&world).await;
    Refusals::of(asked(&to, world.giving_on(&to, &given, &third, &[SEE]).agreement()))
        .actor(|request| &mut request.actor)
        .within("sub_delegate")
        .uuid("parent_id", |request, text| part(request).parent_id = text)
        .uuid("representative_id", |request, text| part(request).representative_id = text)
        .privileges(true, |request, privileges| part(request).privileges = privileges)
        .wrong_period(|request, period| part(request).period = period)
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            part(request).parent_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            part(request).representative_id = SOME_UUID.to_owned();
        })
        .sent_by(&world, async |request| sent(&world, request).await)
        .await;
}
