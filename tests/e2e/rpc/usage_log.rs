//! The usage log: every call that touches a person is in it before its answer leaves, or has no answer.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    BatchCheckDelegationsRequest, BatchCheckItem, CreateDelegationRequest, GetDelegationRequest,
    LinkIdentifierRequest, ListDelegationEventsRequest, ListDelegationsRequest, ListDelegatorsRequest,
    ListRepresentativesRequest, PartySide, RenounceDelegationRequest, ResolvePartyRequest,
    RevokeDelegationRequest, identifier::Value,
};
use fuldmagt_tests::world::{
    CHANGE, DRAFT, FOREIGN, PURPOSE, Registered, SEE, Signable as _, UsageEntry, asking, identifier,
    instants, until_day,
};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::fields::SOME_UUID;

/// A traced call: its trace is in each of its entries.
pub(super) struct Traced {
    trace_id: String,
}

impl Traced {
    pub(super) fn new(number: u8) -> Self {
        Self { trace_id: format!("4bf92f3577b34da6a3ce929d0e0e47{number:02x}") }
    }

    pub(super) fn request<R>(&self, message: R) -> Request<R> {
        let mut request = Request::new(message);
        let parent = format!("00-{}-00f067aa0ba902b7-01", self.trace_id);
        request.metadata_mut().insert("traceparent", parent.parse().unwrap());
        request
    }

    /// What was logged of the call.
    pub(super) async fn logged(&self, world: &World) -> Vec<UsageEntry> {
        let mut entries = world.usage().await;
        entries.retain(|entry| entry.trace_id.as_deref() == Some(&self.trace_id));
        let call = entries.first().expect("the call is in the usage log").entry_id;
        assert!(entries.iter().all(|entry| entry.entry_id == call));
        entries
    }
}

pub(super) fn id(text: &str) -> Option<Uuid> {
    Some(text.parse().unwrap())
}

/// An entry as it must be, but for what makes it that of one call.
pub(super) fn entry(like: &UsageEntry, client: &str, rpc: &str, outcome: &str) -> UsageEntry {
    UsageEntry {
        entry_id: like.entry_id,
        client_id: client.to_owned(),
        rpc: format!("fuldmagt.v1.{rpc}"),
        purpose: None,
        actor_id: None,
        delegator_id: None,
        representative_id: None,
        delegation_id: None,
        privilege: None,
        outcome: outcome.to_owned(),
        trace_id: like.trace_id.clone(),
    }
}

#[tokio::test]
async fn a_check_is_logged_with_client_purpose_parties_privilege_outcome_and_trace() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    for (number, privilege, delegation, outcome) in
        [(1, SEE, id(&given.delegation_id), "granted"), (2, CHANGE, None, "denied")]
    {
        let traced = Traced::new(number);
        let request = traced.request(asking(&from, &to, privilege));
        world.authority.query().check_delegation(request).await.unwrap();
        let logged = traced.logged(&world).await;
        let wanted = UsageEntry {
            purpose: Some(PURPOSE.to_owned()),
            delegator_id: id(&from.id),
            representative_id: id(&to.id),
            delegation_id: delegation,
            privilege: Some(privilege.to_owned()),
            ..entry(&logged[0], "authority", "QueryService/CheckDelegation", outcome)
        };
        assert_eq!(logged, [wanted]);
    }
    let traced = Traced::new(3);
    let request = traced.request(asking(&from, &to, FOREIGN));
    world.authority.query().check_delegation(request).await.unwrap_err();
    assert_eq!(traced.logged(&world).await[0].outcome, "privilege_not_found");
}

#[tokio::test]
async fn a_batch_is_logged_item_by_item() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let item = |from: &Registered, to: &Registered| BatchCheckItem {
        delegator: from.identifier(),
        representative: to.identifier(),
        privilege: SEE.to_owned(),
        p_number: String::new(),
    };
    let items = vec![item(&from, &to), item(&to, &from)];
    let traced = Traced::new(1);
    let request = traced.request(BatchCheckDelegationsRequest { items, purpose: PURPOSE.to_owned() });
    world.authority.query().batch_check_delegations(request).await.unwrap();
    let logged = traced.logged(&world).await;
    let told: Vec<_> = logged.iter().map(|entry| (entry.delegator_id, entry.outcome.as_str())).collect();
    assert_eq!(told, [(id(&from.id), "granted"), (id(&to.id), "denied")]);
}

#[tokio::test]
async fn a_list_is_logged_with_everybody_whom_it_shows() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    world.give(&from, &other, &[SEE]).await;
    let (representatives, delegators) = (Traced::new(1), Traced::new(2));
    let request = ListRepresentativesRequest {
        delegator: from.identifier(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 10,
        page_token: String::new(),
    };
    world.authority.query().list_representatives(representatives.request(request)).await.unwrap();
    let request = ListDelegatorsRequest {
        representative: to.identifier(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 10,
        page_token: String::new(),
    };
    world.authority.query().list_delegators(delegators.request(request)).await.unwrap();
    let told = |entries: Vec<UsageEntry>| -> Vec<_> {
        assert!(entries.iter().all(|entry| entry.purpose.as_deref() == Some(PURPOSE)));
        entries.into_iter().map(|e| (e.outcome, e.delegator_id, e.representative_id)).collect()
    };
    let (listed, shown) = ("listed".to_owned(), "shown".to_owned());
    assert_eq!(
        told(representatives.logged(&world).await),
        [
            (listed.clone(), id(&from.id), None),
            (shown.clone(), id(&from.id), id(&to.id)),
            (shown.clone(), id(&from.id), id(&other.id))
        ]
    );
    assert_eq!(
        told(delegators.logged(&world).await),
        [(listed, None, id(&to.id)), (shown, id(&from.id), id(&to.id))]
    );
}

#[tokio::test]
async fn giving_ending_and_reading_are_logged_with_the_user() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let traces: Vec<_> = (1..=6).map(Traced::new).collect();
    let mut client = world.front_end.delegations();
    let request = world.signed(world.giving(&from, &to, &[SEE])).await;
    let given = client.create_delegation(traces[0].request(request)).await.unwrap();
    let given = given.into_inner().delegation.unwrap();
    let delegation_id = given.delegation_id.clone();
    let get = GetDelegationRequest { actor: to.actor(), delegation_id: delegation_id.clone() };
    client.get_delegation(traces[1].request(get)).await.unwrap();
    let list = ListDelegationsRequest {
        actor: from.actor(),
        party_id: from.id.clone(),
        side: PartySide::Given.into(),
        page_size: 10,
        page_token: String::new(),
    };
    client.list_delegations(traces[2].request(list)).await.unwrap();
    let events = ListDelegationEventsRequest {
        actor: to.actor(),
        delegation_id: delegation_id.clone(),
        page_size: 10,
        page_token: String::new(),
    };
    client.list_delegation_events(traces[3].request(events)).await.unwrap();
    let revoke = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: from.actor(),
        delegation_id: delegation_id.clone(),
        reason: 0,
        ..RevokeDelegationRequest::default()
    };
    client.revoke_delegation(traces[4].request(revoke)).await.unwrap();
    let renounce = RenounceDelegationRequest {
        request_id: world.request_id(),
        actor: to.actor(),
        delegation_id: delegation_id.clone(),
        reason: 0,
    };
    client.renounce_delegation(traces[5].request(renounce)).await.unwrap();
    for (traced, rpc, actor, outcome) in [
        (&traces[0], "CreateDelegation", &from, "created"),
        (&traces[1], "GetDelegation", &to, "shown"),
        (&traces[2], "ListDelegations", &from, "shown"),
        (&traces[3], "ListDelegationEvents", &to, "shown"),
        (&traces[4], "RevokeDelegation", &from, "revoked"),
        (&traces[5], "RenounceDelegation", &to, "already_ended"),
    ] {
        let logged = traced.logged(&world).await;
        let last = logged.last().unwrap();
        let wanted = UsageEntry {
            actor_id: id(&actor.id),
            delegator_id: id(&from.id),
            representative_id: id(&to.id),
            delegation_id: id(&delegation_id),
            ..entry(last, "front-end", &format!("DelegationService/{rpc}"), outcome)
        };
        assert_eq!(last, &wanted);
    }
}

#[tokio::test]
async fn finding_registering_and_linking_are_logged_with_the_party() {
    let world = World::start().await;
    let person = world.people.person();
    let resolving = |create_if_missing| ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: identifier(Value::CprNumber(person.cpr.expose().to_owned())).into_iter().collect(),
        create_if_missing,
        name: String::new(),
    };
    let traces: Vec<_> = (1..=5).map(Traced::new).collect();
    let mut client = world.caseworker_system.parties();
    client.resolve_party(traces[0].request(resolving(false))).await.unwrap_err();
    let party = client.resolve_party(traces[1].request(resolving(true))).await.unwrap();
    let party_id = party.into_inner().party.unwrap().party_id;
    client.resolve_party(traces[2].request(resolving(false))).await.unwrap();
    let linking = || LinkIdentifierRequest {
        request_id: world.request_id(),
        party_id: party_id.clone(),
        identifier: identifier(Value::Pid(person.pid.expose().to_owned())),
        etag: String::new(),
    };
    client.link_identifier(traces[3].request(linking())).await.unwrap();
    client.link_identifier(traces[4].request(linking())).await.unwrap();
    for (traced, rpc, party, outcome) in [
        (&traces[0], "ResolveParty", None, "PARTY_NOT_FOUND"),
        (&traces[1], "ResolveParty", id(&party_id), "registered"),
        (&traces[2], "ResolveParty", id(&party_id), "resolved"),
        (&traces[3], "LinkIdentifier", id(&party_id), "identifier_linked"),
        (&traces[4], "LinkIdentifier", id(&party_id), "already_linked"),
    ] {
        let logged = traced.logged(&world).await;
        let wanted = UsageEntry {
            delegator_id: party,
            ..entry(&logged[0], "caseworker-system", &format!("PartyService/{rpc}"), outcome)
        };
        assert_eq!(logged, [wanted]);
    }
}

#[tokio::test]
async fn a_refusal_after_something_was_read_is_logged_with_its_reason() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let mut client = world.front_end.delegations();
    let traces: Vec<_> = (1..=4).map(Traced::new).collect();
    let draft = world.signed(world.giving(&from, &to, &[DRAFT])).await;
    client.create_delegation(traces[0].request(draft)).await.unwrap_err();
    let overlapping = world.signed(world.giving(&from, &to, &[SEE])).await;
    client.create_delegation(traces[1].request(overlapping)).await.unwrap_err();
    let revoke = RevokeDelegationRequest {
        request_id: world.request_id(),
        actor: stranger.actor(),
        delegation_id: given.delegation_id.clone(),
        reason: 0,
        ..RevokeDelegationRequest::default()
    };
    client.revoke_delegation(traces[2].request(revoke)).await.unwrap_err();
    let get = GetDelegationRequest { actor: stranger.actor(), delegation_id: given.delegation_id.clone() };
    client.get_delegation(traces[3].request(get)).await.unwrap_err();
    for (traced, user, outcome) in [
        (&traces[0], &from, "PRIVILEGE_NOT_PUBLISHED"),
        (&traces[1], &from, "DELEGATION_OVERLAPS"),
        (&traces[2], &stranger, "DELEGATION_NOT_FOUND"),
        (&traces[3], &stranger, "not_found"),
    ] {
        let logged = traced.logged(&world).await;
        assert_eq!((logged.len(), logged[0].outcome.as_str()), (1, outcome));
        assert_eq!(logged[0].actor_id, id(&user.id));
    }
}

#[tokio::test]
async fn an_answer_that_is_given_again_is_logged_again() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let start = world.now() + TimeDelta::hours(1);
    let period = instants(start, start + TimeDelta::hours(1));
    let request = CreateDelegationRequest { period, ..world.giving(&from, &to, &[SEE]) };
    let request = world.signed(request).await;
    world.try_give(request.clone()).await.unwrap();
    // At once, and when the request would be wrong by itself.
    for number in [1, 2] {
        let traced = Traced::new(number);
        let again = traced.request(request.clone());
        world.front_end.delegations().create_delegation(again).await.unwrap();
        let logged = traced.logged(&world).await;
        let wanted = UsageEntry {
            actor_id: id(&from.id),
            delegator_id: id(&from.id),
            representative_id: id(&to.id),
            ..entry(&logged[0], "front-end", "DelegationService/CreateDelegation", "repeated")
        };
        assert_eq!(logged, [wanted]);
        world.advance(TimeDelta::days(1)).await;
    }
}

#[tokio::test]
async fn what_cannot_be_logged_has_no_answer_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let (from, to, next) = (world.person().await, world.person().await, world.people.person());
    let first = world.signed(world.giving(&from, &to, &[SEE])).await;
    let given = world.try_give(first.clone()).await.unwrap().delegation.unwrap();
    let second = world.signed(world.giving(&from, &to, &[CHANGE])).await;
    world.sql("drop table usage_log_2026_06").await;
    let before = world.snapshot().await;
    let actor = from.actor();
    let missing = GetDelegationRequest { actor, delegation_id: SOME_UUID.to_owned() };
    let resolving = |identifiers, create_if_missing| ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers,
        create_if_missing,
        name: String::new(),
    };
    let unknown: Vec<_> = identifier(Value::CprNumber(next.cpr.expose().to_owned())).into_iter().collect();
    let period = until_day("2026-06-15");
    let draft = CreateDelegationRequest { period, ..world.giving(&from, &to, &[DRAFT]) };
    let parties = || world.front_end.parties();
    let answers: Vec<(&str, Result<(), Status>)> = vec![
        ("check", world.authority.query().check_delegation(asking(&from, &to, SEE)).await.map(drop)),
        (
            "check foreign",
            world.authority.query().check_delegation(asking(&from, &to, FOREIGN)).await.map(drop),
        ),
        ("preview", world.preview(from.actor(), second.agreement()).await.map(drop)),
        ("preview a draft", world.preview(from.actor(), draft.agreement()).await.map(drop)),
        ("give", world.try_give(second).await.map(drop)),
        ("give again", world.try_give(first).await.map(drop)),
        ("give a draft", world.try_give(draft).await.map(drop)),
        ("revoke", world.revoke(&from, &given).await.map(drop)),
        ("revoke another's", world.revoke(&to, &given).await.map(drop)),
        ("see", world.see(&from, &given).await.map(drop)),
        ("read the receipt", world.receipt(from.actor(), &given.delegation_id).await.map(drop)),
        ("see nothing", world.front_end.delegations().get_delegation(missing).await.map(drop)),
        ("find", parties().resolve_party(resolving(from.identifiers.clone(), false)).await.map(drop)),
        ("find nobody", parties().resolve_party(resolving(unknown.clone(), false)).await.map(drop)),
        ("register", parties().resolve_party(resolving(unknown, true)).await.map(drop)),
    ];
    for (call, answer) in answers {
        let Err(status) = answer else { panic!("{call} is answered") };
        assert_eq!(Refused::of(&status), Refused::because(Code::Internal, "INTERNAL"), "{call}");
        assert_eq!(status.message(), "the service failed", "{call}");
    }
    assert_eq!(world.snapshot().await, before);
}
