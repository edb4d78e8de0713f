//! Commands that race for the same thing: one wins, and nothing is left of the others.

use std::sync::Arc;

use chrono::TimeDelta;
use fuldmagt_domain::{delegation::Delegation, period::Period};
use fuldmagt_service::clock::IdSource as _;
use fuldmagt_store::{Conflict, Error, revision::Revision};
use tokio::sync::Barrier;
use uuid::Uuid;

use super::world::{Gift, World};

const RACERS: usize = 8;

type Given = Result<(Delegation, Revision), Error>;

/// What is in the tables that a gift writes to.
async fn left_behind(world: &World) -> [i64; 7] {
    let mut counts = [0; 7];
    let tables = [
        "delegation",
        "delegation_privilege",
        "event",
        "change",
        "usage_log",
        "idempotency",
        "feed_head where revision >= 0",
    ];
    for (count, table) in counts.iter_mut().zip(tables) {
        *count = world.count(table).await;
    }
    counts[6] = world.store.head().await.unwrap().number;
    counts
}

/// Gives all at once, each on its own connection.
async fn race(world: &Arc<World>, gifts: Vec<(Gift, Uuid)>) -> Vec<Given> {
    let start = Arc::new(Barrier::new(gifts.len()));
    let mut racers = Vec::new();
    for (gift, request_id) in gifts {
        let (world, start) = (Arc::clone(world), Arc::clone(&start));
        racers.push(tokio::spawn(async move {
            let store = world.store_at(&world.database.url, 1).await;
            start.wait().await;
            let given = world.give_as(&store, &gift, request_id).await;
            store.close().await;
            given
        }));
    }
    let mut given = Vec::new();
    for racer in racers {
        given.push(racer.await.expect("the racer does not panic"));
    }
    given
}

/// Asserts that one won and the others lost by one of the conflicts, and returns the winner's delegation. None may have
/// been in a deadlock: that takes a second to be seen, and each try may be in the next.
#[track_caller]
fn winner(given: Vec<Given>, conflicts: &[Conflict]) -> Delegation {
    let mut winners = Vec::new();
    for given in given {
        match given {
            Ok((delegation, _)) => winners.push(delegation),
            Err(Error::Conflict(conflict)) => assert!(conflicts.contains(&conflict), "{conflict:?}"),
            Err(error) => panic!("lost by {error:?}"),
        }
    }
    assert_eq!(winners.len(), 1, "exactly one wins");
    winners.remove(0)
}

/// Asserts that one gift was written, and nothing else.
async fn assert_one_given(world: &World, before: [i64; 7], winner: &Delegation) {
    assert_eq!(left_behind(world).await, before.map(|count| count + 1));
    let ids: Vec<Uuid> = sqlx::query_scalar("select delegation_id from delegation")
        .fetch_all(&world.database.pool)
        .await
        .unwrap();
    assert_eq!(ids, [winner.id.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_request_sent_eight_times_at_once_gives_one_delegation() {
    let world = Arc::new(World::new().await);
    let privilege = world.publish("race").await;
    let (from, to) = (world.person().await.0, world.person().await.0);
    let before = left_behind(&world).await;
    let request_id = world.ids.random_id();
    let gifts = (0..RACERS).map(|_| (world.gift(from, to, &privilege), request_id)).collect();
    let given = race(&world, gifts).await;
    let winner = winner(given, &[Conflict::RequestId, Conflict::OverlappingGrant]);
    assert_one_given(&world, before, &winner).await;

    let first = world.store.first_answer(&world.command(request_id)).await.unwrap().expect("kept");
    assert!(first.same_payload);
    assert_eq!(first.revision, world.store.head().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_request_id_for_eight_gifts_that_do_not_overlap_gives_one_delegation() {
    let world = Arc::new(World::new().await);
    let privilege = world.publish("race").await;
    let from = world.person().await.0;
    let request_id = world.ids.random_id();
    let mut gifts = Vec::new();
    for _ in 0..RACERS {
        gifts.push((world.gift(from, world.person().await.0, &privilege), request_id));
    }
    let before = left_behind(&world).await;
    let given = race(&world, gifts).await;
    let winner = winner(given, &[Conflict::RequestId]);
    assert_one_given(&world, before, &winner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_overlapping_gifts_at_once_one_is_written_and_nothing_is_left_of_the_others() {
    let world = Arc::new(World::new().await);
    let privilege = world.publish("race").await;
    let (from, to) = (world.person().await.0, world.person().await.0);
    let before = left_behind(&world).await;
    let gifts = (0..RACERS)
        .map(|n| {
            let start = world.now() + TimeDelta::days(n as i64);
            let period = Period::new(start, start + TimeDelta::days(RACERS as i64)).unwrap();
            (Gift { period, ..world.gift(from, to, &privilege) }, world.ids.random_id())
        })
        .collect();
    let given = race(&world, gifts).await;
    let winner = winner(given, &[Conflict::OverlappingGrant]);
    assert_one_given(&world, before, &winner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_delegation_revoked_eight_times_at_once_has_one_end() {
    let world = Arc::new(World::new().await);
    let privilege = world.publish("race").await;
    let (from, to) = (world.person().await.0, world.person().await.0);
    let delegation = world.give(&world.gift(from, to, &privilege)).await.unwrap();
    let facts = Arc::new(world.facts_of(&world.store, delegation.id).await.unwrap());
    let before = world.store.head().await.unwrap().number;
    let start = Arc::new(Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|_| {
            let (world, start, facts) = (Arc::clone(&world), Arc::clone(&start), Arc::clone(&facts));
            tokio::spawn(async move {
                let command = world.command(world.ids.random_id());
                start.wait().await;
                world.revoke_from(&world.store, &facts, delegation.id, &command).await
            })
        })
        .collect();
    let mut ended = 0;
    for racer in racers {
        match racer.await.expect("the racer does not panic") {
            Ok(_) => ended += 1,
            Err(Error::Contention(_)) => {}
            Err(error) => panic!("lost by {error:?}"),
        }
    }
    assert_eq!(ended, 1);
    assert_eq!(world.store.head().await.unwrap().number, before + 1);
    assert_eq!(world.count("event where kind = 'revoked'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_is_never_held_up_by_a_gift_that_begins_before_it() {
    let world = Arc::new(World::new().await);
    let privilege = world.publish("race").await;
    let mut given = Vec::new();
    let from = world.person().await.0;
    for _ in 0..RACERS {
        given.push(world.give(&world.gift(from, world.person().await.0, &privilege)).await.unwrap());
    }
    world.clock.advance(TimeDelta::hours(1));
    let start = Arc::new(Barrier::new(2 * RACERS));
    let mut racers = Vec::new();
    for delegation in given {
        let again = world.gift(from, delegation.representative, &privilege);
        let begin = world.now() - TimeDelta::minutes(4);
        let again = Gift { period: Period::new(begin, again.period.to()).unwrap(), ..again };
        let revoking = (Arc::clone(&world), Arc::clone(&start));
        let giving = (Arc::clone(&world), Arc::clone(&start));
        let revoked = tokio::spawn(async move {
            let (world, start) = revoking;
            start.wait().await;
            world.revoke(&world.store, &delegation).await
        });
        let given = tokio::spawn(async move {
            let (world, start) = giving;
            start.wait().await;
            world.give(&again).await
        });
        racers.push((revoked, given));
    }
    let mut given_again = Vec::new();
    for (revoked, given) in racers {
        revoked.await.expect("the racer does not panic").expect("revoked");
        // What has ended stands in nobody's way, what lives does: it is given again only after the revocation.
        match given.await.expect("the racer does not panic") {
            Ok(given) => given_again.push(given.id.0),
            Err(error) => {
                assert!(matches!(error, Error::Conflict(Conflict::OverlappingGrant)), "{error:?}");
            }
        }
    }
    let in_force: Vec<Uuid> = sqlx::query_scalar(
        "select delegation_id from delegation_privilege where ended_at is null order by delegation_id",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    given_again.sort();
    assert_eq!(in_force, given_again);
}
