//! `PartyService.LinkIdentifier`.

use fuldmagt_domain::identifier::Identifier as Named;
use fuldmagt_proto::v1::{
    IdentifierKind, LinkIdentifierRequest, LinkIdentifierResponse, Party, ResolvePartyRequest,
    identifier::Value,
};
use fuldmagt_service::rpc::to_proto;
use fuldmagt_tests::fixtures::note_secret;
use fuldmagt_tests::world::{Registered, SEE, asking, identifier};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

async fn link(world: &World, request: LinkIdentifierRequest) -> Result<LinkIdentifierResponse, Status> {
    world.register_feed.parties().link_identifier(request).await.map(tonic::Response::into_inner)
}

fn linking(world: &World, party_id: &str, named: &Named) -> LinkIdentifierRequest {
    LinkIdentifierRequest {
        request_id: world.request_id(),
        party_id: party_id.to_owned(),
        identifier: Some(to_proto::identifier(named)),
        etag: String::new(),
    }
}

/// Registers by these alone.
async fn registered(world: &World, identifiers: &[Named]) -> Party {
    let request = ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: identifiers.iter().map(to_proto::identifier).collect(),
        create_if_missing: true,
        name: String::new(),
    };
    world.front_end.parties().resolve_party(request).await.unwrap().into_inner().party.unwrap()
}

#[tokio::test]
async fn a_person_learns_identifiers_over_time_and_delegations_are_found_by_them() {
    let world = World::with_catalogue().await;
    let (person, to) = (world.people.person(), world.person().await);
    let all = person.identifiers();
    let party = registered(&world, &all[..1]).await;
    let from = Registered {
        id: party.party_id.clone(),
        identifiers: all.iter().map(to_proto::identifier).collect(),
        ..to.clone()
    };
    world.signs_as(&from.id, &from.identifiers[..1]);
    world.give(&from, &to, &[SEE]).await;
    let mut etag = party.etag;
    for (number, named) in all.iter().enumerate().skip(1) {
        let mut request = asking(&from, &to, SEE);
        request.delegator = from.identifiers.get(number).cloned();
        let asked = world.authority.query().check_delegation(request.clone()).await.unwrap().into_inner();
        assert!(!asked.decision.unwrap().granted, "not linked yet");
        let link_request = LinkIdentifierRequest { etag, ..linking(&world, &party.party_id, named) };
        let linked = link(&world, link_request).await.unwrap().party.unwrap();
        assert_eq!(linked.identifier_kinds.len(), number + 1);
        let asked = world.authority.query().check_delegation(request).await.unwrap().into_inner();
        assert!(asked.decision.unwrap().granted, "linked");
        etag = linked.etag;
    }
    assert_eq!(etag, "3");
}

#[tokio::test]
async fn a_person_may_have_several_pids_and_uuids_but_one_cpr_number() {
    let world = World::start().await;
    let (person, renewed) = (world.people.person(), world.people.person());
    let party = registered(&world, &person.identifiers()).await;
    let [cpr, pid, uuid] = renewed.identifiers().try_into().unwrap();
    for named in [&pid, &uuid] {
        let linked = link(&world, linking(&world, &party.party_id, named)).await.unwrap().party.unwrap();
        let kinds = [IdentifierKind::CprNumber, IdentifierKind::Pid, IdentifierKind::Uuid].map(i32::from);
        assert_eq!(linked.identifier_kinds, kinds);
    }
    let before = world.snapshot().await;
    let status = link(&world, linking(&world, &party.party_id, &cpr)).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "IDENTIFIER_KIND_TAKEN"));
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn linking_what_is_linked_succeeds_and_changes_nothing() {
    let world = World::start().await;
    let person = world.people.person();
    let all = person.identifiers();
    let party = registered(&world, &all[..1]).await;
    let first = link(&world, linking(&world, &party.party_id, &all[1])).await.unwrap();
    let mut before = world.snapshot().await;
    let again = link(&world, linking(&world, &party.party_id, &all[1])).await.unwrap();
    assert_eq!(again, first);
    let mut after = world.snapshot().await;
    assert_ne!(before.remove("idempotency"), after.remove("idempotency"));
    assert_eq!(before, after);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::start().await;
    let (person, other) = (world.people.person(), world.person().await);
    let organisation = world.organisation().await;
    let party = registered(&world, &person.identifiers()[..1]).await;
    let (taken, foreign) = (other.identifiers[1].clone(), organisation.identifier());
    let good = LinkIdentifierRequest {
        etag: party.etag.clone(),
        ..linking(&world, &party.party_id, &person.identifiers()[2])
    };
    let kind = Refused::because(Code::FailedPrecondition, "IDENTIFIER_KIND_MISMATCH");
    Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .uuid("party_id", |request, text| request.party_id = text)
        .identifier("identifier", |request, identifier| request.identifier = identifier)
        .etag(|request, text| request.etag = text)
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| request.party_id = SOME_UUID.to_owned())
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "2".to_owned())
        .because(Code::FailedPrecondition, "IDENTIFIER_OF_ANOTHER_PARTY", move |request| {
            request.identifier = Some(taken.clone());
        })
        .refused(kind.clone(), move |request| request.identifier = foreign.clone())
        .refused(kind, move |request| request.party_id = organisation.id.clone())
        .sent_by(&world, async |request| link(&world, request).await)
        .await;
}

#[tokio::test]
async fn an_etag_that_was_good_is_stale_after_the_next_link() {
    let world = World::start().await;
    let person = world.people.person();
    let all = person.identifiers();
    let party = registered(&world, &all[..1]).await;
    link(&world, linking(&world, &party.party_id, &all[1])).await.unwrap();
    let request = LinkIdentifierRequest { etag: party.etag, ..linking(&world, &party.party_id, &all[2]) };
    let status = link(&world, request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::Aborted, "ETAG_MISMATCH"));
}

#[tokio::test]
async fn an_employee_learns_identifiers_of_its_own_organisation_only() {
    let world = World::start().await;
    let (organisation, other) = (world.people.organisation(), world.people.organisation());
    let (employee, stranger) = (world.people.employee_of(&organisation), world.people.employee_of(&other));
    let party = registered(&world, &employee.identifiers()[..1]).await;
    let before = world.snapshot().await;
    for named in stranger.identifiers() {
        let status = link(&world, linking(&world, &party.party_id, &named)).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "ORGANISATION_MISMATCH"));
    }
    assert_eq!(world.snapshot().await, before);
    let own = &employee.identifiers()[1];
    let linked = link(&world, linking(&world, &party.party_id, own)).await.unwrap().party.unwrap();
    assert_eq!((linked.organisation_id, linked.etag.as_str()), (party.organisation_id, "2"));
}

#[tokio::test]
async fn an_organisation_learns_p_and_se_numbers_but_no_second_cvr_number() {
    let world = World::start().await;
    let (organisation, other) = (world.organisation().await, world.people.organisation());
    let numbers = ["1003366844", "1003366851"];
    numbers.iter().for_each(|number| note_secret(number));
    for number in numbers {
        let request = LinkIdentifierRequest {
            identifier: identifier(Value::PNumber(number.to_owned())),
            ..linking(&world, &organisation.id, &other.identifiers()[0])
        };
        link(&world, request).await.unwrap();
    }
    let request = linking(&world, &organisation.id, &other.identifiers()[0]);
    let status = link(&world, request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "IDENTIFIER_KIND_TAKEN"));
}
