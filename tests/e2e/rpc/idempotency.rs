//! Every write may be sent again: the same request gets the first answer, another with the same id is refused.

use std::fmt::Debug;

use chrono::{Days, TimeDelta};
use fuldmagt_proto::v1::{
    CreateDelegationRequest, HidePackageRequest, HidePrivilegeRequest, LinkIdentifierRequest,
    PublishPackageVersionRequest, PublishPrivilegeRequest, PutPackageRequest, PutPrivilegeRequest,
    PutSystemRequest, RenounceDelegationRequest, ResolvePartyRequest, RevokeDelegationRequest,
};
use fuldmagt_service::rpc::to_proto;
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, DRAFT, SEE, SYSTEM, instants, package, privilege, system, until_day,
};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response, Status};

/// A package of the authority.
const PACKAGE: &str = "income";

/// Sends `request`; then `meanwhile` happens and a day passes; the same gets the first answer and changes nothing, and
/// `other`, which has the same id, is refused and changes nothing.
pub(super) async fn replays<R: Clone, A: PartialEq + Debug>(
    world: &World,
    (request, other): (R, R),
    send: impl AsyncFn(R) -> Result<Response<A>, Status>,
    meanwhile: impl AsyncFn(),
) {
    let first = send(request.clone()).await.unwrap().into_inner();
    assert_eq!(send(request.clone()).await.unwrap().into_inner(), first, "at once");
    meanwhile().await;
    world.advance(TimeDelta::days(1)).await;
    let before = world.snapshot().await;
    assert_eq!(send(request).await.unwrap().into_inner(), first, "after the state moved on");
    let mismatch = Refused::because(Code::AlreadyExists, "IDEMPOTENCY_MISMATCH");
    assert_eq!(Refused::of(&send(other).await.err().unwrap()), mismatch);
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn create_delegation_gives_once() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.signed(world.giving(&from, &to, &[SEE])).await;
    let other =
        CreateDelegationRequest { message: world.people.message().expose().to_owned(), ..request.clone() };
    let send = async |request| world.front_end.delegations().create_delegation(request).await;
    // Revoked, given anew, and the privilege taken out of use.
    let meanwhile = async || {
        let given = send(request.clone()).await.unwrap().into_inner().delegation.unwrap();
        world.revoke(&from, &given).await.unwrap();
        world.give(&from, &to, &[SEE]).await;
        world.hide(SEE).await;
    };
    replays(&world, (request.clone(), other), send, meanwhile).await;
    assert_eq!(world.count("delegation").await, 2);
}

#[tokio::test]
async fn create_delegation_is_answered_again_when_its_start_and_its_end_have_passed() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let start = world.now() + TimeDelta::hours(1);
    let period = instants(start, start + Days::new(2));
    let request = CreateDelegationRequest { period, ..world.giving(&from, &to, &[SEE]) };
    let request = world.signed(request).await;
    let first = world.try_give(request.clone()).await.unwrap();
    for days in [1, 30] {
        world.advance(TimeDelta::days(days)).await;
        assert_eq!(world.try_give(request.clone()).await.unwrap(), first);
        // What is another request is told what is wrong with it, as if it were the first.
        let other = CreateDelegationRequest { privileges: vec![CHANGE.to_owned()], ..request.clone() };
        let status = world.try_give(other).await.unwrap_err();
        assert_eq!(Refused::of(&status).code, Code::InvalidArgument);
    }
    let late = CreateDelegationRequest { request_id: world.request_id(), signature: None, ..request };
    let status = world.try_give(late).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("period.valid_to", "PERIOD_IN_PAST"));
    assert_eq!(world.count("delegation").await, 1);
}

#[tokio::test]
async fn revoke_and_renounce_delegation_end_once() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let request = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: from.actor(),
        delegation_id: given.delegation_id.clone(),
        reason: 1,
        ..RevokeDelegationRequest::default()
    };
    let other = RevokeDelegationRequest { reason: 2, ..request.clone() };
    let send = async |request| world.front_end.delegations().revoke_delegation(request).await;
    let meanwhile = async || drop(world.give(&from, &to, &[SEE]).await);
    replays(&world, (request, other), send, meanwhile).await;

    let given = world.give(&from, &to, &[CHANGE]).await;
    let request = RenounceDelegationRequest {
        request_id: world.request_id(),
        actor: to.actor(),
        delegation_id: given.delegation_id.clone(),
        reason: 0,
    };
    let other = RenounceDelegationRequest { reason: 4, ..request.clone() };
    let send = async |request| world.front_end.delegations().renounce_delegation(request).await;
    let meanwhile = async || drop(world.give(&from, &to, &[CHANGE]).await);
    replays(&world, (request, other), send, meanwhile).await;
}

#[tokio::test]
async fn resolve_party_registers_once_and_link_identifier_links_once() {
    let world = World::start().await;
    let person = world.people.person();
    let all: Vec<_> = person.identifiers().iter().map(to_proto::identifier).collect();
    let request = ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: all[..1].to_vec(),
        create_if_missing: true,
        name: person.name.expose().to_owned(),
    };
    let other = ResolvePartyRequest { identifiers: all[1..2].to_vec(), ..request.clone() };
    let send = async |request| world.front_end.parties().resolve_party(request).await;
    let party = send(request.clone()).await.unwrap().into_inner().party.unwrap();
    let linking = |identifier: usize, request_id: String| LinkIdentifierRequest {
        request_id,
        party_id: party.party_id.clone(),
        identifier: all.get(identifier).cloned(),
        etag: String::new(),
    };
    let link = async |request| world.front_end.parties().link_identifier(request).await;
    let meanwhile = async || drop(link(linking(1, world.request_id())).await.unwrap());
    replays(&world, (request, other), send, meanwhile).await;

    let id = world.request_id();
    let requests = (
        LinkIdentifierRequest { etag: "2".to_owned(), ..linking(2, id.clone()) },
        LinkIdentifierRequest { etag: "2".to_owned(), ..linking(1, id) },
    );
    let another = to_proto::identifier(&world.people.person().identifiers()[1]);
    let meanwhile = async || {
        let request =
            LinkIdentifierRequest { identifier: Some(another.clone()), ..linking(1, world.request_id()) };
        link(request).await.unwrap();
    };
    replays(&world, requests, link, meanwhile).await;
    assert_eq!(world.count("party").await, 1);
}

#[tokio::test]
async fn what_was_found_is_found_again_by_the_same_request() {
    let world = World::start().await;
    let person = world.person().await;
    let request = ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: person.identifiers.clone(),
        create_if_missing: false,
        name: String::new(),
    };
    let other = ResolvePartyRequest { create_if_missing: true, ..request.clone() };
    let send = async |request| world.caseworker_system.parties().resolve_party(request).await;
    replays(&world, (request, other), send, async || ()).await;
}

#[tokio::test]
async fn put_system_and_put_privilege_put_once() {
    let world = World::start().await;
    let request = PutSystemRequest {
        request_id: world.request_id(),
        system: Some(system(SYSTEM, AUTHORITY_CVR)),
        etag: String::new(),
    };
    let other = PutSystemRequest { etag: "1".to_owned(), ..request.clone() };
    let send = async |request| world.authority.catalogue().put_system(request).await;
    let meanwhile = async || drop(world.put_system(system(SYSTEM, AUTHORITY_CVR)).await.unwrap());
    replays(&world, (request, other), send, meanwhile).await;

    let request = PutPrivilegeRequest {
        request_id: world.request_id(),
        privilege: Some(privilege(SEE, SYSTEM)),
        ..PutPrivilegeRequest::default()
    };
    let other = PutPrivilegeRequest { privilege: Some(privilege(CHANGE, SYSTEM)), ..request.clone() };
    let send = async |request| world.authority.catalogue().put_privilege(request).await;
    let meanwhile = async || drop(world.publish(SEE).await);
    replays(&world, (request, other), send, meanwhile).await;
    assert_eq!((world.count("system").await, world.count("privilege").await), (1, 1));
}

#[tokio::test]
async fn publish_and_hide_privilege_happen_once() {
    let world = World::with_catalogue().await;
    let request = world.publishing(DRAFT);
    let other = PublishPrivilegeRequest { privilege: SEE.to_owned(), ..request.clone() };
    let send = async |request| world.authority.catalogue().publish_privilege(request).await;
    let meanwhile = async || drop(world.hide(DRAFT).await);
    replays(&world, (request, other), send, meanwhile).await;

    let request = world.hiding(SEE);
    let other = HidePrivilegeRequest { privilege: CHANGE.to_owned(), ..request.clone() };
    let send = async |request| world.authority.catalogue().hide_privilege(request).await;
    let meanwhile = async || drop(world.publish(SEE).await);
    replays(&world, (request, other), send, meanwhile).await;
}

#[tokio::test]
async fn put_package_publish_package_version_and_hide_package_happen_once() {
    let world = World::with_catalogue().await;
    let catalogue = world.authority.catalogue();
    let request = PutPackageRequest {
        request_id: world.request_id(),
        package: Some(package(PACKAGE, AUTHORITY_CVR)),
        ..PutPackageRequest::default()
    };
    let other = PutPackageRequest { etag: "1".to_owned(), ..request.clone() };
    let meanwhile = async || drop(world.put_package(package(PACKAGE, AUTHORITY_CVR)).await.unwrap());
    replays(
        &world,
        (request, other),
        async |request| catalogue.clone().put_package(request).await,
        meanwhile,
    )
    .await;

    let request = world.publishing_version(PACKAGE, &[SEE]);
    let other = PublishPackageVersionRequest { privileges: vec![CHANGE.to_owned()], ..request.clone() };
    let send = async |request| catalogue.clone().publish_package_version(request).await;
    let meanwhile = async || drop(world.publish_version(world.publishing_version(PACKAGE, &[CHANGE])).await);
    replays(&world, (request, other), send, meanwhile).await;
    assert_eq!(world.count("package_version").await, 2);

    let request = world.hiding_package(PACKAGE);
    let other = HidePackageRequest { package_id: "another".to_owned(), ..request.clone() };
    let send = async |request| catalogue.clone().hide_package(request).await;
    let meanwhile = async || drop(world.publish_version(world.publishing_version(PACKAGE, &[SEE])).await);
    replays(&world, (request, other), send, meanwhile).await;
}

#[tokio::test]
async fn the_same_id_from_another_client_is_another_request() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.signed(world.giving(&from, &to, &[SEE])).await;
    let first = world.try_give(request.clone()).await.unwrap();
    let other = CreateDelegationRequest { privileges: vec![CHANGE.to_owned()], ..request };
    let other = world.signed(other).await;
    let second = world.other_front_end.delegations().create_delegation(other).await.unwrap().into_inner();
    assert_ne!(first.delegation.unwrap().delegation_id, second.delegation.unwrap().delegation_id);
    assert_eq!(world.count("delegation").await, 2);
}

#[tokio::test]
async fn the_same_id_for_another_rpc_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let request = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: from.actor(),
        delegation_id: given.delegation_id,
        reason: 0,
        ..RevokeDelegationRequest::default()
    };
    // The same fields under the same numbers.
    let same = RenounceDelegationRequest {
        request_id: request.request_id.clone(),
        actor: to.actor(),
        delegation_id: request.delegation_id.clone(),
        reason: 0,
    };
    world.front_end.delegations().revoke_delegation(request).await.unwrap();
    let before = world.snapshot().await;
    let status = world.front_end.delegations().renounce_delegation(same).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::AlreadyExists, "IDEMPOTENCY_MISMATCH"));
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn an_id_in_capital_letters_is_the_same_id_and_a_refused_request_leaves_its_id_free() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = CreateDelegationRequest {
        request_id: "3f2504e0-4f89-41d3-9a0c-0305e82c3302".to_owned(),
        ..world.giving(&from, &to, &[DRAFT])
    };
    world.try_give(request.clone()).await.unwrap_err();
    let good = CreateDelegationRequest { privileges: vec![SEE.to_owned()], ..request };
    let good = world.signed(good).await;
    world.try_give(good.clone()).await.unwrap();
    let capital = CreateDelegationRequest { request_id: good.request_id.to_uppercase(), ..good.clone() };
    let status = world.try_give(capital).await;
    // Another text of the same id: the same answer, or a mismatch; never a second delegation.
    assert!(status.is_ok() || Refused::of(status.as_ref().unwrap_err()).reason == "IDEMPOTENCY_MISMATCH");
    assert_eq!(world.count("delegation").await, 1);
}

#[tokio::test]
async fn one_request_sent_many_times_at_once_is_done_once_and_answered_alike() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request =
        CreateDelegationRequest { period: until_day("2026-12-24"), ..world.giving(&from, &to, &[SEE]) };
    let request = world.signed(request).await;
    at_once(async || world.try_give(request.clone()).await).await;
    assert_eq!(world.count("delegation").await, 1);
    // The etag is stale by the time that the second is looked at.
    let pid = world.people.person().identifiers().remove(1);
    let request = LinkIdentifierRequest {
        request_id: world.request_id(),
        party_id: from.id.clone(),
        identifier: Some(to_proto::identifier(&pid)),
        etag: "1".to_owned(),
    };
    let link =
        async || world.front_end.parties().link_identifier(request.clone()).await.map(Response::into_inner);
    at_once(link).await;
    let request = PutSystemRequest {
        request_id: world.request_id(),
        system: Some(system(SYSTEM, AUTHORITY_CVR)),
        etag: "1".to_owned(),
    };
    let put =
        async || world.authority.catalogue().put_system(request.clone()).await.map(Response::into_inner);
    at_once(put).await;
}

pub(super) async fn at_once<A: PartialEq + Debug>(send: impl AsyncFn() -> Result<A, Status>) {
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    let answers = [a, b, c, d].map(Result::unwrap);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}
