//! Names and message are for the parties, identifiers for the authorities that ask by them; nobody is told more.

use std::fmt::Debug;

use fuldmagt_proto::v1::{
    BatchCheckDelegationsRequest, BatchCheckItem, CreateDelegationRequest, LinkIdentifierRequest,
    ListDelegatorsRequest, ListRepresentativesRequest, ResolvePartyRequest, identifier::Value,
};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{PURPOSE, Registered, SEE, asking, identifier};

/// What must not be told, and what was.
#[derive(Default)]
struct Told {
    secrets: Vec<String>,
}

impl Told {
    fn not(mut self, secrets: impl IntoIterator<Item = String>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    fn check(&self, answer: &impl Debug) {
        let text = format!("{answer:?}");
        for secret in self.secrets.iter().flat_map(|secret| secret.lines()) {
            assert!(!text.contains(secret), "it is told");
        }
    }
}

fn numbers(party: &Registered) -> Vec<String> {
    let of = |value: &Value| match value {
        Value::CprNumber(text) | Value::Pid(text) | Value::Uuid(text) => text.clone(),
        other => panic!("not a person's: {other:?}"),
    };
    party.identifiers.iter().filter_map(|identifier| identifier.value.as_ref()).map(of).collect()
}

#[tokio::test]
async fn no_authority_is_told_a_name_or_a_message() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let message = world.people.message().expose().to_owned();
    let request = CreateDelegationRequest { message: message.clone(), ..world.giving(&from, &to, &[SEE]) };
    world.try_give(request).await.unwrap();
    let told = Told::default().not([from.name.clone(), to.name.clone(), message]);
    let mut query = world.authority.query();
    told.check(&query.check_delegation(asking(&from, &to, SEE)).await.unwrap());
    let item = BatchCheckItem {
        delegator: from.identifier(),
        representative: to.identifier(),
        privilege: SEE.to_owned(),
        p_number: String::new(),
    };
    let batch = BatchCheckDelegationsRequest { items: vec![item], purpose: PURPOSE.to_owned() };
    told.check(&query.batch_check_delegations(batch).await.unwrap());
    let representatives = ListRepresentativesRequest {
        delegator: from.identifier(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 10,
        page_token: String::new(),
    };
    let page = query.list_representatives(representatives).await.unwrap();
    told.check(&page);
    assert_eq!(page.into_inner().entries[0].party, to.identifier());
    let delegators = ListDelegatorsRequest {
        representative: to.identifier(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 10,
        page_token: String::new(),
    };
    let page = query.list_delegators(delegators).await.unwrap();
    told.check(&page);
    assert_eq!(page.into_inner().entries[0].party, from.identifier());
}

#[tokio::test]
async fn the_answer_to_a_write_holds_no_name_no_message_and_no_identifier() {
    let world = World::with_catalogue().await;
    let (from, to, next) = (world.person().await, world.person().await, world.people.person());
    let message = world.people.message().expose().to_owned();
    let told = Told::default()
        .not([from.name.clone(), to.name.clone(), next.name.expose().to_owned(), message.clone()])
        .not(numbers(&from))
        .not(numbers(&to))
        .not(next.identifiers().iter().map(|named| named.expose().to_owned()));
    let request = CreateDelegationRequest { message, ..world.giving(&from, &to, &[SEE]) };
    let request = world.signed(request).await;
    let first = world.try_give(request.clone()).await.unwrap();
    told.check(&first);
    told.check(&world.try_give(request).await.unwrap());
    let given = first.delegation.unwrap();
    told.check(&world.renounce(&to, &given).await.unwrap());
    told.check(&world.revoke(&from, &given).await.unwrap());
    let resolve = ResolvePartyRequest {
        request_id: world.request_id(),
        identifiers: identifier(Value::CprNumber(next.cpr.expose().to_owned())).into_iter().collect(),
        create_if_missing: true,
        name: next.name.expose().to_owned(),
    };
    let resolved = world.front_end.parties().resolve_party(resolve).await.unwrap();
    told.check(&resolved);
    let link = LinkIdentifierRequest {
        request_id: world.request_id(),
        party_id: resolved.into_inner().party.unwrap().party_id,
        identifier: identifier(Value::Pid(next.pid.expose().to_owned())),
        etag: String::new(),
    };
    told.check(&world.front_end.parties().link_identifier(link).await.unwrap());
}

#[tokio::test]
async fn what_the_parties_read_holds_no_identifier() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let told = Told::default().not(numbers(&from)).not(numbers(&to));
    for user in [&from, &to] {
        told.check(&world.see(user, &given).await.unwrap());
    }
}

#[tokio::test]
async fn a_page_token_shows_nothing_of_what_it_remembers() {
    let world = World::with_catalogue().await;
    let from = world.person().await;
    let mut delegations = Vec::new();
    for _ in 0..2 {
        let to = world.person().await;
        delegations.push(world.give(&from, &to, &[SEE]).await.delegation_id);
    }
    let request = ListRepresentativesRequest {
        delegator: from.identifier(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 1,
        page_token: String::new(),
    };
    let page = world.authority.query().list_representatives(request.clone()).await.unwrap().into_inner();
    let again = world.authority.query().list_representatives(request).await.unwrap().into_inner();
    assert_ne!(page.next_page_token, again.next_page_token);
    let told = Told::default().not(delegations).not(numbers(&from));
    told.check(&page.next_page_token);
}
