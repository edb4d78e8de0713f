//! `PartyService.ResolveSuspension`.

use fuldmagt_proto::v1::{
    DelegationEventKind, DelegationStatus, DenialReason, ResolveSuspensionRequest, ResolveSuspensionResponse,
    SuspensionOutcome, TerminationReason,
};
use fuldmagt_tests::world::{Registered, SEE};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response, Status};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

async fn resolving(
    world: &World,
    caseworker: &Registered,
    party: &Registered,
    outcome: SuspensionOutcome,
) -> ResolveSuspensionRequest {
    ResolveSuspensionRequest {
        request_id: world.request_id(),
        caseworker_id: caseworker.id.clone(),
        party_id: party.id.clone(),
        outcome: outcome.into(),
        etag: world.etag_of(party).await,
    }
}

async fn resolve(
    world: &World,
    request: ResolveSuspensionRequest,
) -> Result<ResolveSuspensionResponse, Status> {
    world.caseworker_system.parties().resolve_suspension(request).await.map(Response::into_inner)
}

async fn caseworker(world: &World) -> Registered {
    let municipality = world.organisation().await;
    world.employee_of(&municipality).await
}

/// A caseworker finds that the party comes back.
pub async fn reinstate(world: &World, party: &Registered) -> Result<ResolveSuspensionResponse, Status> {
    reinstate_as_of(world, party, world.etag_of(party).await).await
}

/// A caseworker who has seen the party of that etag finds that it comes back.
pub async fn reinstate_as_of(
    world: &World,
    party: &Registered,
    etag: String,
) -> Result<ResolveSuspensionResponse, Status> {
    let request = resolving(world, &caseworker(world).await, party, SuspensionOutcome::Reinstated).await;
    resolve(world, ResolveSuspensionRequest { etag, ..request }).await
}

#[tokio::test]
async fn a_party_that_is_reinstated_gives_and_holds_again() {
    let world = World::with_catalogue().await;
    let (party, other, caseworker) = (world.person().await, world.person().await, caseworker(&world).await);
    let given = world.give(&party, &other, &[SEE]).await;
    let held = world.give(&other, &party, &[SEE]).await;
    world.suspend(&party).await;
    assert_eq!(world.check_denied(&party, &other, SEE).await, DenialReason::PartyNotInGoodStanding);
    assert_eq!(world.see(&other, &given).await.unwrap().status(), DelegationStatus::Suspended);
    let request = resolving(&world, &caseworker, &party, SuspensionOutcome::Reinstated).await;
    let did = resolve(&world, request.clone()).await.unwrap();
    let mut both = [given.delegation_id.clone(), held.delegation_id.clone()];
    both.sort();
    assert_eq!((did.delegation_ids.as_slice(), did.has_more), (&both[..], false));
    for (from, to) in [(&party, &other), (&other, &party)] {
        assert!(world.check(from, to, SEE).await.granted);
    }
    for delegation in [&given, &held] {
        let history = world.event_kinds(&other, delegation).await;
        assert_eq!(history.last(), Some(&DelegationEventKind::Resumed));
    }
    let told: Vec<_> = world.waiting_notices(&other).await;
    assert_eq!(told.iter().filter(|(kind, _)| kind == "suspension").count(), 2);
    // Sent again it gets its first answer; as another request there is nothing to resolve.
    assert_eq!(resolve(&world, request).await.unwrap(), did);
    let again = resolving(&world, &caseworker, &party, SuspensionOutcome::Reinstated).await;
    let refused = Refused::because(Code::FailedPrecondition, "PARTY_NOT_SUSPENDED");
    assert_eq!(Refused::of(&resolve(&world, again).await.unwrap_err()), refused);
}

#[tokio::test]
async fn all_that_a_party_gave_and_holds_ends_when_it_will_not_come_back() {
    let world = World::with_catalogue().await;
    let (party, other, caseworker) = (world.person().await, world.person().await, caseworker(&world).await);
    let given = world.give(&party, &other, &[SEE]).await;
    let held = world.give(&other, &party, &[SEE]).await;
    world.suspend(&party).await;
    let request = resolving(&world, &caseworker, &party, SuspensionOutcome::Ended).await;
    assert_eq!(resolve(&world, request).await.unwrap().delegation_ids.len(), 2);
    for delegation in [&given, &held] {
        let ended = world.see(&other, delegation).await.unwrap();
        assert_eq!(ended.status(), DelegationStatus::Terminated);
        assert_eq!(ended.termination_reason(), TerminationReason::PartyEnded);
    }
    assert_eq!(world.check_denied(&party, &other, SEE).await, DenialReason::Terminated);
    let again = resolving(&world, &caseworker, &party, SuspensionOutcome::Reinstated).await;
    let refused = Refused::because(Code::FailedPrecondition, "PARTY_NOT_SUSPENDED");
    assert_eq!(Refused::of(&resolve(&world, again).await.unwrap_err()), refused);
}

#[tokio::test]
async fn a_page_of_nothing_but_what_waits_stops_no_turn() {
    let world = World::with_catalogue().await;
    let (party, other) = (world.person().await, world.person().await);
    let given = world.give(&party, &other, &[SEE]).await;
    // Many more requests than are looked at at once, before everything else, and more than anybody may ask for.
    world
        .sql(&format!(
            "begin;
             set local session_replication_role = replica;
             insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to,
                                     created_at, starts_on_acceptance, lapses_at)
             select d.shard, lpad(to_hex(n), 32, '0')::uuid, d.delegator_id, d.representative_id, 'requested', d.valid_from,
                    d.valid_to, d.created_at, true, d.valid_to
             from delegation d, generate_series(1, 450) n where d.delegation_id = '{}';
             commit",
            given.delegation_id
        ))
        .await;
    world.suspend(&party).await;
    let request = resolving(&world, &caseworker(&world).await, &party, SuspensionOutcome::Reinstated).await;
    let did = resolve(&world, request).await.unwrap();
    assert_eq!((did.delegation_ids.len(), did.has_more), (0, true));
    world.until_sql("select count(*) from standing_effect", 0).await;
    let history = world.event_kinds(&other, &given).await;
    assert_eq!(history, [DelegationEventKind::Created, DelegationEventKind::Resumed]);
    assert_eq!(world.count("delegation where status = 'requested'").await, 450);
}

#[tokio::test]
async fn two_caseworkers_at_once_resolve_it_once() {
    let world = World::with_catalogue().await;
    let (party, other) = (world.person().await, world.person().await);
    let (one, another) = (caseworker(&world).await, caseworker(&world).await);
    let given = world.give(&party, &other, &[SEE]).await;
    for round in 0..10 {
        world.suspend(&party).await;
        let by = async |caseworker| {
            resolve(&world, resolving(&world, caseworker, &party, SuspensionOutcome::Reinstated).await).await
        };
        let (first, second) = tokio::join!(by(&one), by(&another));
        let refusals = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        let [refusal] = refusals.as_slice() else { panic!("round {round}: one wins: {refusals:?}") };
        let refused = Refused::because(Code::FailedPrecondition, "PARTY_NOT_SUSPENDED");
        assert_eq!(Refused::of(refusal), refused);
    }
    let resumed = world.event_kinds(&other, &given).await;
    assert_eq!(resumed.iter().filter(|kind| **kind == DelegationEventKind::Resumed).count(), 10);
}

#[tokio::test]
async fn every_field_is_checked() {
    let world = World::with_catalogue().await;
    let (party, person, organisation) =
        (world.person().await, world.person().await, world.organisation().await);
    let (caseworker, dismissed) =
        (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    world.end_employment(&dismissed).await.unwrap();
    world.suspend(&party).await;
    let good = resolving(&world, &caseworker, &party, SuspensionOutcome::Reinstated).await;
    let mut refusals = Refusals::of(good)
        .request_id(|r, text| r.request_id = text)
        .uuid("caseworker_id", |r, text| r.caseworker_id = text)
        .uuid("party_id", |r, text| r.party_id = text)
        .etag(|r, text| r.etag = text)
        .field("etag", "REQUIRED", |r| r.etag.clear())
        .because(Code::Aborted, "ETAG_MISMATCH", |r| r.etag = "1".to_owned())
        .because(Code::Aborted, "ETAG_MISMATCH", |r| r.etag = "3".to_owned())
        .number("outcome", 2, true, |r, number| r.outcome = number)
        .because(Code::NotFound, "PARTY_NOT_FOUND", |r| r.party_id = SOME_UUID.to_owned());
    // Who is not there, is no employee, or is one no longer: all alike.
    for id in
        [SOME_UUID.to_owned(), person.id.clone(), organisation.id.clone(), dismissed.id, party.id.clone()]
    {
        refusals = refusals.because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER", move |r| {
            r.caseworker_id.clone_from(&id);
        });
    }
    for id in [person.id, organisation.id] {
        refusals = refusals.because(Code::FailedPrecondition, "PARTY_NOT_SUSPENDED", move |r| {
            r.party_id.clone_from(&id);
        });
    }
    refusals.sent_by(&world, async |request| resolve(&world, request).await).await;
}
