//! `PartyService.ResolveParty`.

use fuldmagt_domain::identifier::Identifier as Named;
use fuldmagt_proto::v1::{
    Identifier, IdentifierKind, LinkIdentifierRequest, Party, PartyKind, ResolvePartyRequest,
    ResolvePartyResponse, identifier::Value,
};
use fuldmagt_service::rpc::to_proto;
use fuldmagt_tests::fixtures::note_secret;
use fuldmagt_tests::world::{Client, identifier, timestamp};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::rpc::fields::Lines;
use crate::rpc::refusals::Refusals;

async fn resolve(client: &Client, request: ResolvePartyRequest) -> Result<ResolvePartyResponse, Status> {
    client.parties().resolve_party(request).await.map(tonic::Response::into_inner)
}

fn asking(world: &World, identifiers: Vec<Identifier>) -> ResolvePartyRequest {
    ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers,
        create_if_missing: false,
        name: String::new(),
    }
}

fn registering(world: &World, identifiers: &[Named], name: &str) -> ResolvePartyRequest {
    let identifiers = identifiers.iter().map(to_proto::identifier).collect();
    ResolvePartyRequest { create_if_missing: true, name: name.to_owned(), ..asking(world, identifiers) }
}

#[tokio::test]
async fn a_person_is_registered_once_and_found_by_each_identifier_by_all_who_may_ask() {
    let world = World::start().await;
    let person = world.people.person();
    let request = registering(&world, &person.identifiers(), person.name.expose());
    let registered = resolve(&world.front_end, request).await.unwrap();
    let party = registered.party.unwrap();
    assert!(registered.created);
    assert_eq!(
        party,
        Party {
            party_id: party.party_id.clone(),
            kind: PartyKind::Person.into(),
            organisation_id: String::new(),
            identifier_kinds: [IdentifierKind::CprNumber, IdentifierKind::Pid, IdentifierKind::Uuid]
                .map(i32::from)
                .to_vec(),
            create_time: timestamp("2026-06-15T10:00:00Z"),
            etag: "1".to_owned(),
        }
    );
    for client in [&world.front_end, &world.caseworker_system, &world.register_feed] {
        for named in person.identifiers() {
            let found = resolve(client, asking(&world, vec![to_proto::identifier(&named)])).await.unwrap();
            assert_eq!((found.created, found.party.as_ref()), (false, Some(&party)));
        }
    }
    assert_eq!(world.count("party").await, 1);
}

#[tokio::test]
async fn an_employees_organisation_is_registered_with_the_employee_and_not_twice() {
    let world = World::start().await;
    let organisation = world.people.organisation();
    let (first, second) = (world.people.employee_of(&organisation), world.people.employee_of(&organisation));
    let request = registering(&world, &first.identifiers(), first.name.expose());
    let employee = resolve(&world.front_end, request).await.unwrap().party.unwrap();
    assert_eq!(employee.kind(), PartyKind::Employee);
    let kinds = [IdentifierKind::Rid, IdentifierKind::EmployeeUuid].map(i32::from);
    assert_eq!(employee.identifier_kinds, kinds);
    let cvr = asking(&world, vec![to_proto::identifier(&organisation.identifiers()[0])]);
    let employer = resolve(&world.front_end, cvr).await.unwrap().party.unwrap();
    assert_eq!((employer.kind(), &employer.party_id), (PartyKind::Organisation, &employee.organisation_id));
    let request = registering(&world, &second.identifiers(), second.name.expose());
    let colleague = resolve(&world.front_end, request).await.unwrap().party.unwrap();
    assert_eq!(colleague.organisation_id, employee.organisation_id);
    assert_eq!(world.count("party").await, 3);
}

#[tokio::test]
async fn an_organisation_is_found_by_cvr_p_and_se_number() {
    let world = World::start().await;
    let organisation = world.people.organisation();
    let names = [Value::PNumber("1003366844".to_owned()), Value::SeNumber("13748136".to_owned())];
    ["1003366844", "13748136"].iter().for_each(|number| note_secret(number));
    let mut request = registering(&world, &organisation.identifiers(), organisation.name.expose());
    request.identifiers.extend(names.iter().cloned().filter_map(identifier));
    let party = resolve(&world.register_feed, request).await.unwrap().party.unwrap();
    for name in names {
        let found = resolve(&world.front_end, asking(&world, identifier(name).into_iter().collect())).await;
        assert_eq!(found.unwrap().party.as_ref(), Some(&party));
    }
    assert_eq!(party.identifier_kinds.len(), 3);
}

#[tokio::test]
async fn identifiers_that_are_not_linked_yet_are_linked_only_when_the_party_is_registered() {
    let world = World::start().await;
    let person = world.people.person();
    let all = person.identifiers();
    let request = registering(&world, &all[..1], person.name.expose());
    let party = resolve(&world.front_end, request).await.unwrap().party.unwrap();
    let found = resolve(&world.front_end, registering(&world, &all, person.name.expose())).await.unwrap();
    assert_eq!((found.created, found.party), (false, Some(party)));
    let by_pid = asking(&world, vec![to_proto::identifier(&all[1])]);
    let status = resolve(&world.front_end, by_pid).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "PARTY_NOT_FOUND"));
}

#[tokio::test]
async fn a_name_of_the_greatest_length_is_kept_as_it_is() {
    let world = World::with_catalogue().await;
    let (person, to) = (world.people.person(), world.person().await);
    let name: String = person.name.expose().chars().chain(std::iter::repeat('ø')).take(130).collect();
    note_secret(&name);
    let party = resolve(&world.front_end, registering(&world, &person.identifiers(), &name)).await.unwrap();
    let from = fuldmagt_tests::world::Registered { id: party.party.unwrap().party_id, ..to.clone() };
    let identifiers: Vec<_> = person.identifiers().iter().map(to_proto::identifier).collect();
    world.signs_as(&from.id, &identifiers);
    let given = world.give(&from, &to, &[fuldmagt_tests::world::SEE]).await;
    assert_eq!(world.see(&to, &given).await.unwrap().delegator_name, name);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::start().await;
    let (person, other) = (world.people.person(), world.people.person());
    let organisation = world.people.organisation();
    let (employee, stranger) =
        (world.people.employee_of(&organisation), world.people.employee_of(&world.people.organisation()));
    let proto = |identifiers: &[Named]| identifiers.iter().map(to_proto::identifier).collect::<Vec<_>>();
    let [persons, others, organisations] =
        [person.identifiers(), other.identifiers(), organisation.identifiers()].map(|all| proto(&all));
    let [employees, strangers] = [employee.identifiers(), stranger.identifiers()].map(|all| proto(&all));
    let mixed = [
        vec![persons[0].clone(), organisations[0].clone()],
        vec![persons[1].clone(), employees[0].clone()],
        vec![organisations[0].clone(), employees[0].clone()],
        // Of two organisations.
        vec![employees[0].clone(), strangers[1].clone()],
    ];
    let twice = [vec![persons[1].clone(), persons[1].clone()], vec![persons[0].clone(), others[0].clone()]];
    let many: Vec<_> = (0..9).flat_map(|_| proto(&world.people.person().identifiers()[1..2])).collect();
    let mut refusals = Refusals::of(registering(&world, &person.identifiers(), person.name.expose()))
        .request_id(|request, text| request.request_id = text)
        .identifier("identifiers[1]", |request, identifier| {
            request.identifiers[1] = identifier.unwrap_or_default();
        })
        .optional_text("name", 130, Lines::One, |request, text| request.name = text)
        .field("identifiers", "IDENTIFIERS_COUNT", |request| request.identifiers.clear())
        .field("identifiers", "IDENTIFIERS_COUNT", move |request| request.identifiers = many.clone())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| request.create_if_missing = false);
    for identifiers in mixed {
        refusals = refusals.field("identifiers", "IDENTIFIER_KIND_MISMATCH", move |request| {
            request.identifiers = identifiers.clone();
        });
    }
    for identifiers in twice {
        refusals = refusals.field("identifiers", "IDENTIFIER_DUPLICATE", move |request| {
            request.identifiers = identifiers.clone();
        });
    }
    refusals.sent_by(&world, async |request| resolve(&world.front_end, request).await).await;
}

#[tokio::test]
async fn an_organisation_is_not_registered_without_its_cvr_number() {
    let world = World::start().await;
    let numbers = [Value::PNumber("1003366844".to_owned()), Value::SeNumber("13748136".to_owned())];
    let identifiers: Vec<_> = numbers.into_iter().filter_map(identifier).collect();
    let mut request = asking(&world, identifiers);
    request.create_if_missing = true;
    let before = world.snapshot().await;
    let status = resolve(&world.register_feed, request).await.unwrap_err();
    let wanted = Refused::because(Code::FailedPrecondition, "IDENTIFIER_NOT_REGISTRABLE");
    assert_eq!(Refused::of(&status), wanted);
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn identifiers_of_two_parties_are_refused() {
    let world = World::start().await;
    let (one, other) = (world.person().await, world.person().await);
    let identifiers = vec![one.identifiers[0].clone(), other.identifiers[1].clone()];
    let before = world.snapshot().await;
    for create_if_missing in [false, true] {
        let request = ResolvePartyRequest { create_if_missing, ..asking(&world, identifiers.clone()) };
        let status = resolve(&world.front_end, request).await.unwrap_err();
        let wanted = Refused::because(Code::FailedPrecondition, "IDENTIFIERS_OF_TWO_PARTIES");
        assert_eq!(Refused::of(&status), wanted);
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn two_who_register_the_same_person_at_once_get_the_same_party() {
    let world = World::start().await;
    let person = world.people.person();
    let request = || registering(&world, &person.identifiers(), person.name.expose());
    let (one, other, third) = tokio::join!(
        resolve(&world.front_end, request()),
        resolve(&world.caseworker_system, request()),
        resolve(&world.register_feed, request()),
    );
    let answers = [one.unwrap(), other.unwrap(), third.unwrap()];
    let id = |answer: &ResolvePartyResponse| answer.party.as_ref().unwrap().party_id.parse::<Uuid>().unwrap();
    assert!(answers.iter().all(|answer| id(answer) == id(&answers[0])));
    assert_eq!(answers.iter().filter(|answer| answer.created).count(), 1);
}

#[tokio::test]
async fn what_was_linked_is_among_the_kinds_and_never_the_identifier_itself() {
    let world = World::start().await;
    let person = world.people.person();
    let all = person.identifiers();
    let request = registering(&world, &all[..1], person.name.expose());
    let party = resolve(&world.front_end, request).await.unwrap().party.unwrap();
    let link = LinkIdentifierRequest {
        request_id: world.request_id(),
        party_id: party.party_id.clone(),
        identifier: Some(to_proto::identifier(&all[1])),
        etag: party.etag,
    };
    world.caseworker_system.parties().link_identifier(link).await.unwrap();
    let found = resolve(&world.front_end, asking(&world, vec![to_proto::identifier(&all[0])])).await.unwrap();
    let told = format!("{found:?}");
    assert!(all.iter().all(|named| !told.contains(named.expose())));
    assert!(!told.contains(person.name.expose()));
    assert_eq!(found.party.unwrap().etag, "2");
}
