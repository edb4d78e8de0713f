//! Revision tokens: each write moves on by one, reads stay where they are.

use fuldmagt_proto::v1::{
    GetDelegationRequest, ListDelegationEventsRequest, ListDelegationsRequest, ListPrivilegesRequest,
    ListRepresentativesRequest, ListSystemsRequest, PartySide,
};
use fuldmagt_store::revision::Revision;
use fuldmagt_tests::World;
use fuldmagt_tests::world::{AUTHORITY_CVR, CHANGE, DRAFT, PURPOSE, SEE, SYSTEM, asking, privilege, system};

fn number(token: &str) -> i64 {
    Revision::parse(token).expect("a revision token").number
}

#[tokio::test]
async fn each_write_moves_the_revision_on_by_one_and_what_changes_nothing_does_not() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let mut tokens = vec![world.try_give(world.giving(&from, &to, &[SEE])).await.unwrap().revision];
    let given = world.give(&from, &to, &[CHANGE]).await;
    tokens.push(world.revoke(&from, &given).await.unwrap().revision);
    tokens.push(world.put_system(system(SYSTEM, AUTHORITY_CVR)).await.unwrap().revision);
    tokens.push(world.put_privilege(privilege(SEE, SYSTEM)).await.unwrap().revision);
    tokens.push(world.publish(DRAFT).await.revision);
    tokens.push(world.hide(DRAFT).await.revision);
    let numbers: Vec<_> = tokens.iter().map(|token| number(token) - number(&tokens[0])).collect();
    assert_eq!(numbers, [0, 2, 3, 4, 5, 6]);
    let last = tokens.last().unwrap();
    assert_eq!(&world.hide(DRAFT).await.revision, last);
    assert_eq!(&world.revoke(&from, &given).await.unwrap().revision, last);
    assert_eq!(&world.renounce(&to, &given).await.unwrap().revision, last);
}

#[tokio::test]
async fn every_read_tells_the_revision_of_the_last_write() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let written = world.try_give(world.giving(&from, &to, &[SEE])).await.unwrap();
    let delegation_id = written.delegation.unwrap().delegation_id;
    for _ in 0..2 {
        let checked = world.authority.query().check_delegation(asking(&from, &to, SEE)).await.unwrap();
        let listing = ListRepresentativesRequest {
            delegator: from.identifier(),
            privileges: Vec::new(),
            purpose: PURPOSE.to_owned(),
            page_size: 1,
            page_token: String::new(),
        };
        let listed = world.authority.query().list_representatives(listing).await.unwrap();
        let get = GetDelegationRequest { actor: from.actor(), delegation_id: delegation_id.clone() };
        let mut delegations = world.front_end.delegations();
        let got = delegations.get_delegation(get).await.unwrap();
        let list = ListDelegationsRequest {
            actor: from.actor(),
            party_id: from.id.clone(),
            side: PartySide::Given.into(),
            page_size: 1,
            page_token: String::new(),
        };
        let given = delegations.list_delegations(list).await.unwrap();
        let events = ListDelegationEventsRequest {
            actor: from.actor(),
            delegation_id: delegation_id.clone(),
            page_size: 1,
            page_token: String::new(),
        };
        let events = delegations.list_delegation_events(events).await.unwrap();
        let mut catalogue = world.authority.catalogue();
        let systems = ListSystemsRequest { page_size: 1, page_token: String::new() };
        let systems = catalogue.list_systems(systems).await.unwrap();
        let privileges = ListPrivilegesRequest { page_size: 1, ..ListPrivilegesRequest::default() };
        let privileges = catalogue.list_privileges(privileges).await.unwrap();
        let tokens = [
            checked.into_inner().revision,
            listed.into_inner().revision,
            got.into_inner().revision,
            given.into_inner().revision,
            events.into_inner().revision,
            systems.into_inner().revision,
            privileges.into_inner().revision,
        ];
        assert_eq!(tokens, [(); 7].map(|()| written.revision.clone()));
    }
}
