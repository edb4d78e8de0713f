//! What authorities are told of sub-delegations.

use fuldmagt_proto::v1::{BatchCheckDelegationsRequest, BatchCheckItem, ChainLink, Delegation, DenialReason};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, PURPOSE, Registered, SEE, asking};

use crate::rpc::usage_log::{Traced, id};

/// A delegator, and three who have it on from one another, the last an employee; with their delegations.
async fn line(world: &World) -> ([Registered; 4], Registered, [Delegation; 3]) {
    for privilege in [SEE, CHANGE] {
        world.let_give_on(privilege, 3).await;
    }
    let employer = world.organisation().await;
    let [from, first, second] = [(); 3].map(|()| world.person());
    let (from, first, second) = (from.await, first.await, second.await);
    let third = world.employee_of(&employer).await;
    let top = world.give(&from, &first, &[SEE, CHANGE]).await;
    let middle = world.give_on(&first, &top, &second, &[SEE, CHANGE]).await;
    let last = world.give_on(&second, &middle, &third, &[SEE]).await;
    ([from, first, second, third], employer, [top, middle, last])
}

fn link(delegation: &Delegation, representative: &Registered) -> ChainLink {
    ChainLink { delegation_id: delegation.delegation_id.clone(), representative: representative.identifier() }
}

#[tokio::test]
async fn a_yes_by_a_sub_delegation_tells_the_chain_from_the_top() {
    let world = World::with_catalogue().await;
    let ([from, first, second, third], _, [top, middle, last]) = line(&world).await;
    let chain = [link(&top, &first), link(&middle, &second), link(&last, &third)];
    for (depth, to) in [(1, &first), (2, &second), (3, &third)] {
        let decision = world.check(&from, to, SEE).await;
        assert!(decision.granted);
        assert_eq!(decision.delegation_id, chain[depth - 1].delegation_id);
        // What the delegator gave needs no explanation.
        assert_eq!(decision.chain, if depth == 1 { &[] } else { &chain[..depth] });
    }
    let items = [(&second, CHANGE), (&third, CHANGE), (&third, SEE)].map(|(to, privilege)| BatchCheckItem {
        delegator: from.identifier(),
        representative: to.identifier(),
        privilege: privilege.to_owned(),
        p_number: String::new(),
    });
    let request = BatchCheckDelegationsRequest { items: items.to_vec(), purpose: PURPOSE.to_owned() };
    let answer = world.authority.query().batch_check_delegations(request).await.unwrap().into_inner();
    let chains: Vec<_> = answer.decisions.iter().map(|decision| decision.chain.len()).collect();
    assert_eq!(chains, [2, 0, 3]);
    assert_eq!(answer.decisions[2].chain, chain);
}

#[tokio::test]
async fn nobody_acts_below_who_may_not_act() {
    let world = World::with_catalogue().await;
    let ([from, first, second, third], employer, [top, ..]) = line(&world).await;
    let not_good = DenialReason::PartyNotInGoodStanding;
    let reinstated = async |party: &Registered| {
        world.sql(&format!("update party set standing = 'good' where party_id = '{}'", party.id)).await;
    };
    for (suspended, denied, granted) in [
        (&first, vec![&first, &second, &third], vec![]),
        (&second, vec![&second, &third], vec![&first]),
        (&employer, vec![&third], vec![&first, &second]),
        (&from, vec![&first, &second, &third], vec![]),
    ] {
        world.suspend(suspended).await;
        for to in denied {
            assert_eq!(world.check_denied(&from, to, SEE).await, not_good);
        }
        for to in granted {
            assert!(world.check(&from, to, SEE).await.granted);
        }
        reinstated(suspended).await;
    }
    assert!(world.check(&from, &third, SEE).await.granted);
    world.revoke(&from, &top).await.unwrap();
    assert_eq!(world.check_denied(&from, &third, SEE).await, DenialReason::Terminated);
}

#[tokio::test]
async fn everybody_whom_a_chain_names_is_in_the_usage_log() {
    let world = World::with_catalogue().await;
    let ([from, first, second, third], _, [top, middle, last]) = line(&world).await;
    let traced = Traced::new(1);
    let request = traced.request(asking(&from, &third, SEE));
    world.authority.query().check_delegation(request).await.unwrap();
    let logged = traced.logged(&world).await;
    let told: Vec<_> = logged
        .iter()
        .map(|entry| {
            assert_eq!((entry.delegator_id, entry.purpose.as_deref()), (id(&from.id), Some(PURPOSE)));
            (entry.representative_id, entry.delegation_id, entry.outcome.as_str())
        })
        .collect();
    let of = |delegation: &Delegation| id(&delegation.delegation_id);
    assert_eq!(
        told,
        [
            (id(&third.id), of(&last), "granted"),
            (id(&first.id), of(&top), "shown"),
            (id(&second.id), of(&middle), "shown"),
        ]
    );
}
