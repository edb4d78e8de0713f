//! Renewing, revoking and giving on are in the usage log, with everybody whom they are about.

use fuldmagt_proto::v1::Delegation;
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, UsageEntry, until_day};
use tonic::Status;
use uuid::Uuid;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::usage_log::{Traced, entry, id};

/// An entry as it must be: delegator, representative, delegation and outcome.
type Told<'a> = (Option<Uuid>, Option<Uuid>, Option<Uuid>, &'a str);

async fn assert_logged(world: &World, traced: &Traced, rpc: &str, user: &Registered, told: &[Told<'_>]) {
    let logged = traced.logged(world).await;
    let wanted: Vec<_> = told
        .iter()
        .map(|(delegator_id, representative_id, delegation_id, outcome)| UsageEntry {
            actor_id: id(&user.id),
            delegator_id: *delegator_id,
            representative_id: *representative_id,
            delegation_id: *delegation_id,
            ..entry(&logged[0], "front-end", &format!("DelegationService/{rpc}"), outcome)
        })
        .collect();
    assert_eq!(logged, wanted);
}

#[tokio::test]
async fn each_delegation_that_changes_is_logged() {
    let world = World::with_catalogue().await;
    let (from, to, colleague) = (world.person().await, world.person().await, world.person().await);
    let [d, r, c] = [&from, &to, &colleague].map(|party| id(&party.id));
    world.let_give_on(SEE, 1).await;
    let whole = world.give(&from, &to, &[SEE, CHANGE]).await;
    let of = |delegation: &Delegation| id(&delegation.delegation_id);
    let traces: Vec<_> = (1..=6).map(Traced::new).collect();
    let mut client = world.front_end.delegations();

    let request = traces[0].request(world.signed(world.giving_on(&to, &whole, &colleague, &[SEE])).await);
    let part = client.sub_delegate(request).await.unwrap().into_inner().delegation.unwrap();
    let told = [(d, c, of(&part), "created"), (d, r, of(&whole), "sub_delegated")];
    assert_logged(&world, &traces[0], "SubDelegate", &to, &told).await;

    let request = traces[1].request(world.revoking_part(&from, &whole, &[CHANGE]));
    client.revoke_delegation(request).await.unwrap();
    let told = [(d, r, of(&whole), "privileges_revoked")];
    assert_logged(&world, &traces[1], "RevokeDelegation", &from, &told).await;

    let request =
        traces[2].request(world.signed(world.renewing(&from, &whole, until_day("2026-08-10"))).await);
    let new = client.renew_delegation(request).await.unwrap().into_inner().delegation.unwrap();
    let told =
        [(d, r, of(&new), "created"), (d, r, of(&whole), "superseded"), (d, c, of(&part), "terminated")];
    assert_logged(&world, &traces[2], "RenewDelegation", &from, &told).await;

    let request = traces[3].request(world.revoking_all(&from, &to));
    client.revoke_all_delegations(request).await.unwrap();
    let told = [(d, r, of(&new), "revoked")];
    assert_logged(&world, &traces[3], "RevokeAllDelegations", &from, &told).await;

    let request = traces[4].request(world.revoking_all(&from, &to));
    client.revoke_all_delegations(request).await.unwrap();
    assert_logged(&world, &traces[4], "RevokeAllDelegations", &from, &[(d, r, None, "nothing_to_end")]).await;

    let request = traces[5].request(world.revoking_part(&from, &whole, &[CHANGE]));
    client.revoke_delegation(request).await.unwrap();
    let told = [(d, r, of(&whole), "already_ended")];
    assert_logged(&world, &traces[5], "RevokeDelegation", &from, &told).await;
}

#[tokio::test]
async fn a_refusal_after_something_was_read_is_logged_with_its_reason() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let whole = world.give(&from, &to, &[SEE]).await;
    let [d, r, s] = [&from, &to, &stranger].map(|party| id(&party.id));
    let of = id(&whole.delegation_id);
    let traces: Vec<_> = (1..=5).map(Traced::new).collect();
    let mut client = world.front_end.delegations();
    let request = traces[0].request(world.signed(world.giving_on(&to, &whole, &stranger, &[SEE])).await);
    client.sub_delegate(request).await.unwrap_err();
    assert_logged(&world, &traces[0], "SubDelegate", &to, &[(None, s, of, "SUB_DELEGATION_NOT_ALLOWED")])
        .await;
    let request = traces[1].request(world.revoking_part(&from, &whole, &[CHANGE]));
    client.revoke_delegation(request).await.unwrap_err();
    assert_logged(
        &world,
        &traces[1],
        "RevokeDelegation",
        &from,
        &[(None, None, of, "PRIVILEGE_NOT_DELEGATED")],
    )
    .await;
    let request =
        traces[2].request(world.signed(world.renewing(&stranger, &whole, until_day("2026-08-10"))).await);
    client.renew_delegation(request).await.unwrap_err();
    assert_logged(
        &world,
        &traces[2],
        "RenewDelegation",
        &stranger,
        &[(None, None, of, "DELEGATION_NOT_FOUND")],
    )
    .await;
    let request = fuldmagt_proto::v1::RevokeAllDelegationsRequest {
        actor: stranger.actor(),
        ..world.revoking_all(&from, &to)
    };
    client.revoke_all_delegations(traces[3].request(request)).await.unwrap_err();
    assert_logged(&world, &traces[3], "RevokeAllDelegations", &stranger, &[(d, r, None, "PARTY_NOT_FOUND")])
        .await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..whole };
    let request = traces[4].request(world.signed(world.giving_on(&to, &unknown, &stranger, &[SEE])).await);
    client.sub_delegate(request).await.unwrap_err();
    let told = [(None, s, id(SOME_UUID), "DELEGATION_NOT_FOUND")];
    assert_logged(&world, &traces[4], "SubDelegate", &to, &told).await;
}

#[tokio::test]
async fn what_cannot_be_logged_has_no_answer_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let (from, to, colleague) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let whole = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.sql("drop table usage_log_2026_06").await;
    let before = world.snapshot().await;
    let answers: [(&str, Result<(), Status>); 6] = [
        ("give on", world.try_give_on(world.giving_on(&to, &whole, &colleague, &[SEE])).await.map(drop)),
        (
            "give on what is not held",
            world.try_give_on(world.giving_on(&to, &whole, &from, &[SEE])).await.map(drop),
        ),
        ("revoke a part", world.revoke_part(&from, &whole, &[SEE]).await.map(drop)),
        ("revoke all", world.revoke_all(&from, &to).await.map(drop)),
        ("revoke nothing", world.revoke_all(&from, &colleague).await.map(drop)),
        ("renew", world.try_renew(world.renewing(&from, &whole, until_day("2026-08-10"))).await.map(drop)),
    ];
    for (call, answer) in answers {
        let Err(status) = answer else { panic!("{call} is answered") };
        assert_eq!(fuldmagt_tests::Refused::of(&status).reason, "INTERNAL", "{call}");
    }
    assert_eq!(world.snapshot().await, before);
}
