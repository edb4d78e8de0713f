//! When callers hang up and databases go away.

use fuldmagt_tests::world::{SEE, asking, until};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

#[tokio::test]
async fn a_caller_who_hangs_up_leaves_no_transaction_open_and_a_whole_delegation() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.signed(world.giving(&from, &to, &[SEE])).await;
    let held = world.hold_writes().await;
    tokio::select! {
        answer = world.try_give(request.clone()) => panic!("it is answered: {answer:?}"),
        () = world.until_waiting(1) => {}
    }
    // The call is dropped, which resets its stream; the command goes on.
    held.rollback().await.unwrap();
    world.until_sql("select count(*) from delegation", 1).await;
    world.until_idle().await;
    for table in ["delegation_privilege", "event where entity_kind = 'delegation'"] {
        assert_eq!(world.count(table).await, 1, "{table}");
    }
    assert_eq!(world.count("change where entity_kind = 'delegation'").await, 1);
    let answer = world.try_give(request).await.unwrap();
    let decision = world.check(&from, &to, SEE).await;
    assert_eq!(decision.delegation_id, answer.delegation.unwrap().delegation_id);
    assert_eq!(world.count("delegation").await, 1);
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_write_leaves_a_whole_delegation() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.signed(world.giving(&from, &to, &[SEE])).await;
    let held = world.hold_writes().await;
    let client = world.front_end.reconnected();
    let mut delegations = client.delegations();
    drop(client);
    tokio::select! {
        answer = delegations.create_delegation(request.clone()) => panic!("it is answered: {answer:?}"),
        () = world.until_waiting(1) => {}
    }
    drop(delegations);
    held.rollback().await.unwrap();
    world.until_sql("select count(*) from delegation", 1).await;
    world.until_idle().await;
    world.try_give(request).await.unwrap();
    assert_eq!(world.count("delegation").await, 1);
}

/// Whether it is the answer of a service without a database. Any other error is a failure of the test.
fn is_unavailable<T>(answer: &Result<T, Status>) -> bool {
    match answer {
        Ok(_) => false,
        Err(status) => {
            let wanted = Refused::because(Code::Unavailable, "DATABASE_UNAVAILABLE");
            assert_eq!(Refused::of(status), wanted);
            true
        }
    }
}

#[tokio::test]
async fn a_service_whose_database_is_gone_says_so_and_recovers() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let (name, moved) = (&world.database.name, format!("{}_away", world.database.name));
    let request = world.signed(world.giving(&to, &from, &[SEE])).await;

    // Nobody may connect any more, and then nobody is connected any more: it can be renamed.
    world.database.pool.close().await;
    world.admin_sql(&format!("alter database {name} with allow_connections false")).await;
    let terminate = |name: &str| {
        format!("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{name}'")
    };
    world.admin_sql(&terminate(name)).await;
    for _ in 0..6 {
        let checked = world.authority.query().check_delegation(asking(&from, &to, SEE)).await;
        assert!(is_unavailable(&checked), "closed for maintenance");
        assert!(is_unavailable(&world.try_give(request.clone()).await), "closed for maintenance");
    }
    world.admin_sql(&format!("alter database {name} rename to {moved}")).await;
    let checked = world.authority.query().check_delegation(asking(&from, &to, SEE)).await;
    assert!(is_unavailable(&checked), "not there at all");
    world.admin_sql(&format!("alter database {moved} rename to {name}")).await;
    world.admin_sql(&format!("alter database {name} with allow_connections true")).await;

    let answers =
        async || !is_unavailable(&world.authority.query().check_delegation(asking(&from, &to, SEE)).await);
    until("the service answers again", answers).await;
    assert!(world.check(&from, &to, SEE).await.granted);
    world.try_give(request).await.unwrap();
}

#[tokio::test]
async fn broken_sessions_are_replaced_while_the_service_goes_on() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let terminate = "select pg_terminate_backend(pid, 10000) from pg_stat_activity
                     where datname = current_database() and application_name = 'fuldmagt'";
    for _ in 0..3 {
        world.sql(terminate).await;
        let answers = async || {
            !is_unavailable(&world.authority.query().check_delegation(asking(&from, &to, SEE)).await)
        };
        until("the service answers again", answers).await;
    }
}
