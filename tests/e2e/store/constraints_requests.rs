//! How many requests there may be, tried in SQL: the schema counts, whatever the program would do.

use std::time::Duration;

use fuldmagt_tests::database;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::constraints::{CHECK_VIOLATION, assert_refused, run};
use super::rows::{Written, day, id, person};

/// The one who asks.
const HELPER: u128 = 1;

/// The helper asks somebody for something, on that day; it lapses thirty days later.
async fn ask(n: u128, of: u128, on: i64, at: impl PgExecutor<'_>) -> Written {
    sqlx::query(
        "insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to,
                                 created_at, lapses_at)
         values (0, $1, $2, $3, 'requested', $4, $5, $4, $6)",
    )
    .bind(Uuid::from_u128(1_000 + n))
    .bind(id(of))
    .bind(id(HELPER))
    .bind(day(on))
    .bind(day(on + 300))
    .bind(day(on + 30))
    .execute(at)
    .await
}

#[tokio::test]
async fn no_more_than_five_requests_to_one_and_twenty_to_all_are_written() {
    let database = database().await;
    let pool = &database.pool;
    for n in 1..=6 {
        person(n, pool).await.unwrap();
    }
    for n in 0..20 {
        ask(n, 2 + n / 5, 0, pool).await.unwrap();
        if n == 4 {
            let sixth = ask(20, 2, 0, pool).await;
            assert_refused(sixth, CHECK_VIOLATION, Some("at_most_5_requests_to_one_delegator"));
        }
    }
    assert_refused(ask(20, 6, 0, pool).await, CHECK_VIOLATION, Some("at_most_20_requests"));
    assert_refused(ask(20, 6, 29, pool).await, CHECK_VIOLATION, Some("at_most_20_requests"));
    ask(20, 6, 30, pool).await.expect("those of the first day have lapsed by then");
}

#[tokio::test]
async fn after_three_declines_nothing_is_written_for_ninety_days() {
    let database = database().await;
    let pool = &database.pool;
    for n in 1..=2 {
        person(n, pool).await.unwrap();
    }
    for n in 0..3 {
        ask(n, 2, n as i64, pool).await.expect("not declined thrice");
        let sql = format!(
            "update delegation set status = 'declined', ended_at = created_at + interval '1 day'
             where delegation_id = '{}'",
            Uuid::from_u128(1_000 + n)
        );
        assert_eq!(run(&sql, pool).await.unwrap(), 1);
    }
    for on in [3, 92] {
        let refused = ask(3, 2, on, pool).await;
        assert_refused(refused, CHECK_VIOLATION, Some("no_request_after_3_declines"));
    }
    ask(3, 2, 93, pool).await.expect("ninety days after the third");
}

#[tokio::test]
async fn the_last_place_is_taken_once_though_neither_sees_the_other() {
    let database = database().await;
    let pool = &database.pool;
    for n in 1..=6 {
        person(n, pool).await.unwrap();
    }
    for n in 0..19 {
        ask(n, 2 + n / 5, 0, pool).await.unwrap();
    }
    let (mut one, mut other) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
    ask(19, 6, 0, &mut *one).await.unwrap();
    let waits = ask(20, 6, 0, &mut *other);
    tokio::pin!(waits);
    let early = tokio::time::timeout(Duration::from_millis(100), &mut waits).await;
    assert!(early.is_err(), "it waits for the first: {early:?}");
    one.commit().await.unwrap();
    assert_refused(waits.await, CHECK_VIOLATION, Some("at_most_20_requests"));
}
