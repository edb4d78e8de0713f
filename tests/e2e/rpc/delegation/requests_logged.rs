//! Requests and their answers in the usage log, and what their answers do not hold.

use fuldmagt_proto::v1::{AcceptDelegationRequest, RequestDelegationRequest};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, SEE, UsageEntry};

use crate::rpc::usage_log::{Traced, entry, id};

#[tokio::test]
async fn asking_and_each_answer_are_logged_with_the_user_and_both_parties() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let traces: Vec<_> = (1..=7).map(Traced::new).collect();
    let mut client = world.front_end.delegations();
    let request = world.requesting(&helper, &citizen, &[SEE]);
    let asked = client.request_delegation(traces[0].request(request.clone())).await.unwrap();
    let asked = asked.into_inner().delegation.unwrap();
    client.request_delegation(traces[1].request(request)).await.unwrap();
    let declined = world.request(&helper, &citizen, &[SEE]).await;
    let withdrawn = world.request(&helper, &citizen, &[SEE]).await;
    let accept = world.signed(world.accepting(&citizen, &asked)).await;
    client.accept_delegation(traces[2].request(accept)).await.unwrap();
    client.decline_delegation(traces[3].request(world.declining(&citizen, &declined))).await.unwrap();
    client.decline_delegation(traces[4].request(world.declining(&citizen, &declined))).await.unwrap();
    client.withdraw_request(traces[5].request(world.withdrawing(&helper, &withdrawn))).await.unwrap();
    client.withdraw_request(traces[6].request(world.withdrawing(&helper, &withdrawn))).await.unwrap();
    for (number, rpc, user, delegation, outcome) in [
        (0, "RequestDelegation", &helper, Some(&asked), "requested"),
        (1, "RequestDelegation", &helper, None, "repeated"),
        (2, "AcceptDelegation", &citizen, Some(&asked), "accepted"),
        (3, "DeclineDelegation", &citizen, Some(&declined), "declined"),
        (4, "DeclineDelegation", &citizen, Some(&declined), "already_declined"),
        (5, "WithdrawRequest", &helper, Some(&withdrawn), "withdrawn"),
        (6, "WithdrawRequest", &helper, Some(&withdrawn), "already_withdrawn"),
    ] {
        let logged = traces[number].logged(&world).await;
        let wanted = UsageEntry {
            actor_id: id(&user.id),
            delegator_id: id(&citizen.id),
            representative_id: id(&helper.id),
            delegation_id: delegation.and_then(|delegation| id(&delegation.delegation_id)),
            ..entry(&logged[0], "front-end", &format!("DelegationService/{rpc}"), outcome)
        };
        assert_eq!(logged, [wanted]);
    }
}

#[tokio::test]
async fn an_acceptance_logs_also_what_it_takes_the_place_of() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let old = world.give(&citizen, &helper, &[SEE]).await;
    let asked = world.request(&helper, &citizen, &[SEE, CHANGE]).await;
    let traced = Traced::new(1);
    let accept = AcceptDelegationRequest { replace_existing: true, ..world.accepting(&citizen, &asked) };
    let accept = world.signed(accept).await;
    world.front_end.delegations().accept_delegation(traced.request(accept)).await.unwrap();
    let logged = traced.logged(&world).await;
    let told: Vec<_> = logged.iter().map(|entry| (entry.delegation_id, entry.outcome.as_str())).collect();
    assert_eq!(told, [(id(&asked.delegation_id), "accepted"), (id(&old.delegation_id), "superseded")]);
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_reason() {
    let world = World::with_catalogue().await;
    let (helper, citizen, stranger) = (world.person().await, world.person().await, world.person().await);
    let asked = world.request(&helper, &citizen, &[SEE]).await;
    let traces: Vec<_> = (1..=5).map(Traced::new).collect();
    let mut client = world.front_end.delegations();
    let foreign =
        RequestDelegationRequest { actor: stranger.actor(), ..world.requesting(&helper, &citizen, &[SEE]) };
    client.request_delegation(traces[0].request(foreign)).await.unwrap_err();
    let signature = Some(world.signature(stranger.actor().as_ref(), &[7; 32]));
    let accept = AcceptDelegationRequest { signature, ..world.accepting(&stranger, &asked) };
    client.accept_delegation(traces[1].request(accept)).await.unwrap_err();
    let stale = AcceptDelegationRequest { etag: "9".to_owned(), ..world.accepting(&citizen, &asked) };
    let stale = world.signed(stale).await;
    client.accept_delegation(traces[2].request(stale)).await.unwrap_err();
    client.decline_delegation(traces[3].request(world.declining(&helper, &asked))).await.unwrap_err();
    for _ in 0..4 {
        world.request(&helper, &citizen, &[SEE]).await;
    }
    let sixth = world.requesting(&helper, &citizen, &[SEE]);
    client.request_delegation(traces[4].request(sixth)).await.unwrap_err();
    for (traced, user, outcome) in [
        (&traces[0], &stranger, "PARTY_NOT_FOUND"),
        (&traces[1], &stranger, "DELEGATION_NOT_FOUND"),
        (&traces[2], &citizen, "ETAG_MISMATCH"),
        (&traces[3], &helper, "DELEGATION_NOT_FOUND"),
        (&traces[4], &helper, "REQUESTS_TO_DELEGATOR_EXHAUSTED"),
    ] {
        let logged = traced.logged(&world).await;
        assert_eq!((logged.len(), logged[0].outcome.as_str()), (1, outcome));
        assert_eq!(logged[0].actor_id, id(&user.id));
    }
}

#[tokio::test]
async fn no_answer_to_a_write_and_nothing_that_is_kept_holds_the_message_or_a_name() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let message = world.people.message().expose().to_owned();
    let request =
        RequestDelegationRequest { message: message.clone(), ..world.requesting(&helper, &citizen, &[SEE]) };
    let asked = world.try_request(request).await.unwrap();
    let declined = world.request(&helper, &citizen, &[SEE]).await;
    let answers = [
        asked.clone(),
        world.accept(&citizen, &asked).await,
        world.decline(&citizen, &declined).await.unwrap(),
    ];
    let stored: Vec<Vec<u8>> = sqlx::query_scalar(
        "select response from idempotency union all select message_ciphertext from delegation
         where message_ciphertext is not null",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    assert!(stored.len() > answers.len());
    let secrets = message.lines().chain([helper.name.as_str(), citizen.name.as_str()]);
    for secret in secrets {
        assert!(!format!("{answers:?}").contains(secret), "it is told");
        let holds = |bytes: &Vec<u8>| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!stored.iter().any(holds), "it is kept");
    }
    // The message is under the key of who wrote it, and both can read it.
    let by = format!("delegation where message_by = '{}'", helper.id);
    assert_eq!(world.count(&by).await, 1);
    for user in [&helper, &citizen] {
        assert_eq!(world.see(user, &asked).await.unwrap().message, message);
    }
}
