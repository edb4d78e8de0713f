//! What must never be false of the CPR register, tried in SQL.

use fuldmagt_tests::{TestDatabase, database};
use sqlx::PgPool;

use super::constraints::{CHECK_VIOLATION, RESTRICT_VIOLATION, UNIQUE_VIOLATION, assert_refused, run};

/// An import of that day by that client under an id, loading, of ten records.
fn import(day: &str, client: &str, import_id: u32) -> String {
    format!(
        "insert into cpr_snapshot (shard, client_id, import_id, as_of, expected_row_count, wrapping_key_id, wrapped_key,
                                   started_at, progressed_at)
         values (0, '{client}', '00000000-0000-0000-0000-{import_id:012}', '{day}', 10, 'key', '\\x00',
                 '2026-06-15', '2026-06-15')"
    )
}

const COMPLETE: &str = "update cpr_snapshot set row_count = 10, next_chunk = 1 where state = 'loading'";
const SWITCH: &str =
    "update cpr_snapshot set state = 'current', switched_at = '2026-06-15' where state = 'loading'";
const REPLACE: &str =
    "update cpr_snapshot set state = 'replaced', ended_at = '2026-06-15', wrapping_key_id = null, wrapped_key = null
     where state = 'current'";
const REFUSE: &str =
    "update cpr_snapshot set state = 'refused', ended_at = '2026-06-15', refusal = 'DIGEST_MISMATCH',
                             wrapping_key_id = null, wrapped_key = null
     where state = 'loading'";

/// A database with a copy of 14 June in use.
async fn in_use() -> (TestDatabase, PgPool) {
    let database = database().await;
    let pool = database.pool.clone();
    for sql in [import("2026-06-14", "feed", 1).as_str(), COMPLETE, SWITCH] {
        assert_eq!(run(sql, &pool).await.unwrap(), 1);
    }
    (database, pool)
}

#[tokio::test]
async fn one_copy_is_in_use_and_one_is_loading_at_most() {
    let (_database, pool) = in_use().await;
    run(&import("2026-06-15", "feed", 2), &pool).await.unwrap();
    let another = run(&import("2026-06-15", "other", 3), &pool).await;
    assert_refused(another, UNIQUE_VIOLATION, Some("one_loading_cpr_snapshot"));
    run(COMPLETE, &pool).await.unwrap();
    assert_refused(run(SWITCH, &pool).await, UNIQUE_VIOLATION, Some("one_current_cpr_snapshot"));
    run(REPLACE, &pool).await.unwrap();
    run(SWITCH, &pool).await.expect("in the place of the other");
}

#[tokio::test]
async fn a_clients_id_names_one_import() {
    let (_database, pool) = in_use().await;
    let again = run(&import("2026-06-15", "feed", 1), &pool).await;
    assert_refused(again, UNIQUE_VIOLATION, Some("one_cpr_import_per_id"));
    run(&import("2026-06-15", "other", 1), &pool).await.expect("another client's id");
}

#[tokio::test]
async fn a_copy_is_replaced_by_a_newer_one_only() {
    let (_database, pool) = in_use().await;
    for day in ["2026-06-13", "2026-06-14"] {
        run(&import(day, "feed", 2), &pool).await.unwrap();
        run(COMPLETE, &pool).await.unwrap();
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query(REPLACE).execute(&mut *transaction).await.unwrap();
        let switched = sqlx::query(SWITCH).execute(&mut *transaction).await;
        assert_refused(switched, RESTRICT_VIOLATION, None);
        transaction.rollback().await.unwrap();
        run("delete from cpr_snapshot where state = 'loading'", &pool).await.unwrap();
    }
}

#[tokio::test]
async fn a_copy_has_one_life() {
    let (_database, pool) = in_use().await;
    for sql in [
        "update cpr_snapshot set state = 'loading', switched_at = null",
        "update cpr_snapshot set state = 'refused', refusal = 'x', ended_at = now(), switched_at = null,
                                 wrapping_key_id = null, wrapped_key = null",
        "update cpr_snapshot set as_of = '2026-06-20'",
        "update cpr_snapshot set row_count = 9",
        "update cpr_snapshot set next_chunk = 2",
        "update cpr_snapshot set digest = sha256('x')",
    ] {
        assert_refused(run(sql, &pool).await, RESTRICT_VIOLATION, None);
    }
    run(&import("2026-06-15", "feed", 2), &pool).await.unwrap();
    run(REFUSE, &pool).await.unwrap();
    let back =
        "update cpr_snapshot set state = 'loading', refusal = null, ended_at = null, wrapping_key_id = 'key',
                                        wrapped_key = '\\x00'
                where state = 'refused'";
    assert_refused(run(back, &pool).await, RESTRICT_VIOLATION, None);
    run(REPLACE, &pool).await.unwrap();
    let back = "update cpr_snapshot set state = 'current', ended_at = null, wrapping_key_id = 'key',
                                        wrapped_key = '\\x00'
                where state = 'replaced'";
    assert_refused(run(back, &pool).await, RESTRICT_VIOLATION, None);
}

#[tokio::test]
async fn what_is_out_of_use_has_no_key_and_what_is_in_use_has_one() {
    let (_database, pool) = in_use().await;
    let kept = "update cpr_snapshot set state = 'replaced', ended_at = now()";
    assert_refused(run(kept, &pool).await, CHECK_VIOLATION, Some("cpr_key_while_in_use"));
    let lost = "update cpr_snapshot set wrapping_key_id = null, wrapped_key = null";
    assert_refused(run(lost, &pool).await, CHECK_VIOLATION, Some("cpr_key_while_in_use"));
    let half = "update cpr_snapshot set wrapping_key_id = null";
    assert_refused(run(half, &pool).await, CHECK_VIOLATION, Some("cpr_key_is_whole"));
}

#[tokio::test]
async fn only_a_complete_copy_comes_into_use_and_none_has_more_than_was_announced() {
    let (_database, pool) = in_use().await;
    run(REPLACE, &pool).await.unwrap();
    run(&import("2026-06-15", "feed", 2), &pool).await.unwrap();
    assert_refused(run(SWITCH, &pool).await, CHECK_VIOLATION, Some("cpr_switched_is_complete"));
    let too_many = "update cpr_snapshot set row_count = 11 where state = 'loading'";
    assert_refused(run(too_many, &pool).await, CHECK_VIOLATION, Some("cpr_snapshot_check"));
    let silent = REFUSE.replace("refusal = 'DIGEST_MISMATCH',", "");
    assert_refused(run(&silent, &pool).await, CHECK_VIOLATION, Some("cpr_refusal_has_reason"));
}

/// A record of copy 7: status, blind index, new blind index and new number.
fn record(status: i16, index: &str, new: &str) -> String {
    format!(
        "insert into cpr_record (shard, snapshot_id, blind_index, status, new_blind_index, new_number_ciphertext,
                                 is_protected)
         values (0, 7, {index}, {status}, {new}, false)"
    )
}

#[tokio::test]
async fn a_record_has_a_known_status_whole_indexes_and_a_new_number_where_one_belongs() {
    let database = database().await;
    let pool = &database.pool;
    run("select create_cpr_records(7)", pool).await.unwrap();
    let (index, none, new) = ("sha256('a')", "null, null", "sha256('b'), '\\x00'");
    for status in [1, 3, 5, 7, 20, 30, 50, 70, 80, 90] {
        run(&record(status, &format!("sha256('{status}')"), none), pool).await.unwrap();
    }
    run(&record(60, index, new), pool).await.unwrap();
    run(&record(50, "sha256('c')", new), pool).await.unwrap();
    for (sql, constraint) in [
        (record(0, index, none), "cpr_status_known"),
        (record(2, index, none), "cpr_status_known"),
        (record(1, "'\\x00'", none), "cpr_blind_indexes_are_whole"),
        (record(60, index, "'\\x00', '\\x00'"), "cpr_blind_indexes_are_whole"),
        (record(60, index, "sha256('b'), null"), "cpr_new_number_is_whole"),
        (record(60, index, none), "cpr_new_number_with_status"),
        (record(90, index, new), "cpr_new_number_with_status"),
    ] {
        assert_refused(run(&sql, pool).await, CHECK_VIOLATION, Some(constraint));
    }
    // Each copy's records are in its own table.
    let elsewhere = record(1, index, none).replace("(0, 7,", "(0, 8,");
    assert_refused(run(&elsewhere, pool).await, CHECK_VIOLATION, None);
    let other = record(1, index, none).replace("cpr_record ", "cpr_record_7 ").replace("(0, 7,", "(0, 8,");
    assert_refused(run(&other, pool).await, CHECK_VIOLATION, None);
}

#[tokio::test]
async fn a_number_is_once_in_a_copy() {
    let database = database().await;
    let pool = &database.pool;
    run("select create_cpr_records(7)", pool).await.unwrap();
    for _ in 0..2 {
        run(&record(1, "sha256('a')", "null, null"), pool).await.expect("looked at when all have come");
    }
    let indexed = run("select index_cpr_records(7)", pool).await;
    assert_refused(indexed, UNIQUE_VIOLATION, Some("cpr_record_7_pkey"));
    run("delete from cpr_record", pool).await.unwrap();
    for _ in 0..2 {
        run("select index_cpr_records(7)", pool).await.expect("twice is once");
    }
    run(&record(1, "sha256('a')", "null, null"), pool).await.unwrap();
    let again = run(&record(90, "sha256('a')", "null, null"), pool).await;
    assert_refused(again, UNIQUE_VIOLATION, Some("cpr_record_7_pkey"));
}

#[tokio::test]
async fn the_records_of_copies_out_of_use_are_dropped_and_no_others() {
    let (_database, pool) = in_use().await;
    run(REPLACE, &pool).await.unwrap();
    run(&import("2026-06-15", "feed", 2), &pool).await.unwrap();
    run(REFUSE, &pool).await.unwrap();
    run(&import("2026-06-16", "feed", 3), &pool).await.unwrap();
    for snapshot in 1..=3 {
        run(&format!("select create_cpr_records({snapshot})"), &pool).await.unwrap();
    }
    let dropped: i32 =
        sqlx::query_scalar("select drop_cpr_records(0::smallint)").fetch_one(&pool).await.unwrap();
    let left: Vec<String> = sqlx::query_scalar(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'cpr_record'::regclass",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!((dropped, left), (2, vec!["cpr_record_3".to_owned()]));
}
