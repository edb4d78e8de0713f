//! What authorities are told of what organisations hold: their designated employees, in every answer alike.

use fuldmagt_proto::v1::{
    BatchCheckDelegationsRequest, BatchCheckItem, CheckDelegationRequest, DelegatedPrivilege,
    ListDelegatorsRequest, ListRepresentativesRequest,
};
use fuldmagt_tests::world::{CHANGE, FOREIGN, PURPOSE, Registered, SEE, asking};
use fuldmagt_tests::{Refused, World};

use crate::rpc::delegation::designate_employee::{Company, company};

async fn representatives(world: &World, of: &Registered) -> Vec<DelegatedPrivilege> {
    let request = ListRepresentativesRequest {
        delegator: of.identifier(),
        purpose: PURPOSE.to_owned(),
        page_size: 500,
        ..ListRepresentativesRequest::default()
    };
    world.authority.query().list_representatives(request).await.unwrap().into_inner().entries
}

async fn delegators(world: &World, of: &Registered) -> Vec<DelegatedPrivilege> {
    let request = ListDelegatorsRequest {
        representative: of.identifier(),
        purpose: PURPOSE.to_owned(),
        page_size: 500,
        ..ListDelegatorsRequest::default()
    };
    world.authority.query().list_delegators(request).await.unwrap().into_inner().entries
}

/// Who may do what where, and in whose name, sorted.
fn told(entries: Vec<DelegatedPrivilege>) -> Vec<(String, String, String)> {
    let mut told: Vec<_> = entries
        .into_iter()
        .map(|entry| (format!("{:?}", entry.party.unwrap()), entry.privilege, entry.p_number))
        .collect();
    told.sort();
    told
}

fn named(party: &Registered) -> String {
    format!("{:?}", party.identifier().unwrap())
}

#[tokio::test]
async fn lists_tell_of_designated_employees_and_not_of_the_organisation() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    for list in [representatives(&world, &from).await, delegators(&world, &organisation).await] {
        assert_eq!(list, [], "nobody may act");
    }
    let unit = world.unit_of(&organisation).await;
    world.designate(&manager, &held, &manager).await;
    world.try_designate(world.designating_at(&manager, &held, (&employee, &unit))).await.unwrap();
    let entry = |party: &Registered, privilege: &str, unit: &str| {
        (named(party), privilege.to_owned(), unit.to_owned())
    };
    let unit_text = unit.expose();
    let mut wanted = vec![
        entry(&manager, SEE, ""),
        entry(&manager, CHANGE, ""),
        entry(&employee, SEE, unit_text),
        entry(&employee, CHANGE, unit_text),
    ];
    wanted.sort();
    assert_eq!(told(representatives(&world, &from).await), wanted);
    assert_eq!(delegators(&world, &organisation).await, []);
    let mut wanted = vec![entry(&from, SEE, ""), entry(&from, CHANGE, "")];
    wanted.sort();
    assert_eq!(told(delegators(&world, &manager).await), wanted);
    let mut wanted = vec![entry(&from, SEE, unit_text), entry(&from, CHANGE, unit_text)];
    wanted.sort();
    assert_eq!(told(delegators(&world, &employee).await), wanted);
    // As a check says: only there.
    assert!(world.check_at(&from, (&employee, &unit), CHANGE).await.granted);
    assert!(!world.check(&from, &employee, CHANGE).await.granted);

    world.try_remove(world.removing(&manager, &held, &employee)).await.unwrap();
    world.end_employment(&manager).await.unwrap();
    assert_eq!(representatives(&world, &from).await, []);
    for user in [&manager, &employee] {
        assert_eq!(delegators(&world, user).await, []);
    }
}

#[tokio::test]
async fn nobody_uses_what_a_suspended_employer_holds() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, held, .. } = company(&world).await;
    world.designate(&manager, &held, &manager).await;
    assert_eq!(representatives(&world, &from).await.len(), 2);
    world.suspend(&organisation).await;
    assert!(!world.check(&from, &manager, SEE).await.granted);
    assert_eq!(representatives(&world, &from).await, []);
    assert_eq!(delegators(&world, &manager).await, []);
}

#[tokio::test]
async fn an_employee_uses_their_own_and_what_the_employer_holds() {
    let world = World::with_catalogue().await;
    let Company { from, manager, employee, held, .. } = company(&world).await;
    let own = world.give(&from, &employee, &[SEE, FOREIGN]).await;
    world.designate(&manager, &held, &employee).await;
    let decision = world.check(&from, &employee, SEE).await;
    assert!(decision.granted);
    let by = |privilege: &str| {
        let entries = representatives(&world, &from);
        let privilege = privilege.to_owned();
        async move {
            let entries = entries.await.into_iter().filter(|entry| entry.privilege == privilege);
            let mut ids: Vec<_> = entries.map(|entry| entry.delegation_id).collect();
            ids.sort();
            ids
        }
    };
    let mut both = vec![own.delegation_id.clone(), held.delegation_id.clone()];
    both.sort();
    assert_eq!(by(SEE).await, both);
    assert_eq!(by(CHANGE).await, std::slice::from_ref(&held.delegation_id));
    world.revoke(&from, &held).await.unwrap();
    assert!(world.check(&from, &employee, SEE).await.granted);
    assert_eq!(by(SEE).await, [own.delegation_id]);
}

#[tokio::test]
async fn a_production_unit_is_a_p_number_in_a_check_and_in_a_batch() {
    let world = World::with_catalogue().await;
    let Company { from, employee, .. } = company(&world).await;
    for wrong in ["100336684", "10033668444", "x", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"] {
        let question = CheckDelegationRequest { p_number: wrong.to_owned(), ..asking(&from, &employee, SEE) };
        let item = BatchCheckItem {
            delegator: question.delegator.clone(),
            representative: question.representative.clone(),
            privilege: question.privilege.clone(),
            p_number: wrong.to_owned(),
        };
        let status = world.authority.query().check_delegation(question).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::field("p_number", "P_NUMBER_MALFORMED"));
        let batch = BatchCheckDelegationsRequest { items: vec![item], purpose: PURPOSE.to_owned() };
        let status = world.authority.query().batch_check_delegations(batch).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::field("items[0].p_number", "P_NUMBER_MALFORMED"));
    }
}
