//! What must never be false, tried in SQL: the schema refuses it, whatever the program would do.

use fuldmagt_tests::database;
use sqlx::{AssertSqlSafe, PgPool};

use super::rows::{DelegationRow, advance_feed, day, event, id, identifier, party, person, privilege};

/// PostgreSQL's SQLSTATEs ("Appendix A. PostgreSQL Error Codes").
pub(super) const RESTRICT_VIOLATION: &str = "23001";
pub(super) const FOREIGN_KEY_VIOLATION: &str = "23503";
pub(super) const UNIQUE_VIOLATION: &str = "23505";
pub(super) const CHECK_VIOLATION: &str = "23514";
pub(super) const EXCLUSION_VIOLATION: &str = "23P01";

/// Asserts that the schema refused, and by what. A trigger has no constraint's name.
#[track_caller]
pub(super) fn assert_refused<T: std::fmt::Debug>(
    written: Result<T, sqlx::Error>,
    code: &str,
    constraint: Option<&str>,
) {
    let error = written.expect_err("the schema refuses");
    let database =
        error.as_database_error().unwrap_or_else(|| panic!("refused by the database, not by: {error}"));
    let told = (database.code().unwrap_or_default().into_owned(), database.constraint());
    assert_eq!((told.0.as_str(), told.1), (code, constraint), "{database}");
}

pub(super) async fn run(sql: &str, at: &PgPool) -> Result<u64, sqlx::Error> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(at).await.map(|result| result.rows_affected())
}

/// Persons 1, 2 and 3.
async fn three_persons() -> (fuldmagt_tests::TestDatabase, PgPool) {
    let database = database().await;
    let pool = database.pool.clone();
    for n in 1..=3 {
        person(n, &pool).await.unwrap();
    }
    (database, pool)
}

#[tokio::test]
async fn two_grants_of_one_privilege_between_the_same_parties_are_never_in_force_at_once() {
    let (_database, pool) = three_persons().await;
    let privilege = privilege("a", &pool).await;
    let first = DelegationRow::new(10);
    first.insert(&pool).await.unwrap();
    first.grant(privilege, &pool).await.unwrap();

    let overlapping = DelegationRow { valid: (day(9), day(20)), ..DelegationRow::new(11) };
    overlapping.insert(&pool).await.unwrap();
    assert_refused(
        overlapping.grant(privilege, &pool).await,
        EXCLUSION_VIOLATION,
        Some("no_overlapping_grants"),
    );

    let next = DelegationRow { valid: (day(10), day(20)), ..DelegationRow::new(12) };
    next.insert(&pool).await.unwrap();
    next.grant(privilege, &pool).await.expect("one may begin when the other ends");
    let other_way = DelegationRow { from: id(2), to: id(1), ..DelegationRow::new(13) };
    other_way.insert(&pool).await.unwrap();
    other_way.grant(privilege, &pool).await.expect("the other direction is another delegation");
}

#[tokio::test]
async fn a_grant_cannot_be_brought_back_over_one_that_followed_it() {
    let (_database, pool) = three_persons().await;
    let privilege = privilege("a", &pool).await;
    let first = DelegationRow { status: "revoked", ended_at: Some(day(5)), ..DelegationRow::new(10) };
    first.insert(&pool).await.unwrap();
    first.grant(privilege, &pool).await.unwrap();
    let second = DelegationRow { valid: (day(5), day(10)), ..DelegationRow::new(11) };
    second.insert(&pool).await.unwrap();
    second.grant(privilege, &pool).await.expect("once revoked, the privilege may be given again");
    let back = format!(
        "update delegation_privilege set ended_at = null, ended_as = null where delegation_id = '{}'",
        first.id
    );
    assert_refused(run(&back, &pool).await, EXCLUSION_VIOLATION, Some("no_overlapping_grants"));
}

#[tokio::test]
async fn a_period_never_ends_before_it_starts() {
    let (_database, pool) = three_persons().await;
    for end in [day(-1), day(0)] {
        let reversed = DelegationRow { valid: (day(0), end), ..DelegationRow::new(10) };
        assert_refused(reversed.insert(&pool).await, CHECK_VIOLATION, Some("period_not_reversed"));
    }
}

#[tokio::test]
async fn an_identifier_names_one_party() {
    let (_database, pool) = three_persons().await;
    identifier("pid", 7, 1, &pool).await.unwrap();
    assert_refused(identifier("pid", 7, 2, &pool).await, UNIQUE_VIOLATION, Some("identifier_pkey"));
    identifier("cpr", 7, 2, &pool).await.expect("another kind is another identifier");
}

#[tokio::test]
async fn a_party_has_one_cpr_number_and_one_cvr_number_at_most() {
    let (_database, pool) = three_persons().await;
    for kind in ["cpr", "cvr"] {
        identifier(kind, 1, 1, &pool).await.unwrap();
        assert_refused(
            identifier(kind, 2, 1, &pool).await,
            UNIQUE_VIOLATION,
            Some("one_cpr_or_cvr_per_party"),
        );
    }
    identifier("pid", 1, 1, &pool).await.unwrap();
    identifier("pid", 2, 1, &pool).await.expect("a person may have several PIDs");
}

#[tokio::test]
async fn nobody_is_their_own_representative() {
    let (_database, pool) = three_persons().await;
    let to_oneself = DelegationRow { to: id(1), ..DelegationRow::new(10) };
    assert_refused(to_oneself.insert(&pool).await, CHECK_VIOLATION, Some("not_to_oneself"));
}

#[tokio::test]
async fn an_ended_delegation_says_when_and_an_active_one_has_no_end() {
    let (_database, pool) = three_persons().await;
    for (status, ended_at) in [("revoked", None), ("renounced", None), ("active", Some(day(1)))] {
        let row = DelegationRow { status, ended_at, ..DelegationRow::new(10) };
        assert_refused(row.insert(&pool).await, CHECK_VIOLATION, Some("ended_has_instant"));
    }
}

#[tokio::test]
async fn a_privilege_never_outlives_its_delegation() {
    let (_database, pool) = three_persons().await;
    let [one, other] = [privilege("a", &pool).await, privilege("b", &pool).await];
    let row = DelegationRow::new(10);
    row.insert(&pool).await.unwrap();
    row.grant(one, &pool).await.unwrap();

    let end =
        |what: &str| format!("update {what} ended_at = '{}' where delegation_id = '{}'", day(5), row.id);
    let end_delegation = end("delegation set status = 'revoked',");
    assert_refused(run(&end_delegation, &pool).await, CHECK_VIOLATION, None);

    // Both in one transaction, in either order, is how it is done.
    let mut transaction = pool.begin().await.unwrap();
    for sql in [end_delegation, end("delegation_privilege set ended_as = 'revoked',")] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_refused(row.grant_until(other, None, &pool).await, CHECK_VIOLATION, None);
    assert_refused(row.grant_until(other, Some(day(6)), &pool).await, CHECK_VIOLATION, None);
    row.grant_until(other, Some(day(5)), &pool).await.expect("what ends with it does not outlive it");
}

#[tokio::test]
async fn a_grant_repeats_the_parties_and_the_end_of_its_delegation() {
    let (_database, pool) = three_persons().await;
    let privilege = privilege("a", &pool).await;
    let row = DelegationRow::new(10);
    row.insert(&pool).await.unwrap();
    for other in [
        DelegationRow { valid: (day(0), day(11)), ..row },
        DelegationRow { to: id(3), ..row },
        DelegationRow { from: id(3), ..row },
    ] {
        let error = other.grant(privilege, &pool).await.expect_err("not the delegation's own");
        assert_eq!(
            error.as_database_error().unwrap().code().as_deref(),
            Some(FOREIGN_KEY_VIOLATION),
            "{other:?}"
        );
    }
}

#[tokio::test]
async fn an_employee_has_an_organisation_and_nobody_else_has() {
    let (_database, pool) = three_persons().await;
    party(10, "organisation", None, &pool).await.unwrap();
    party(11, "employee", Some(10), &pool).await.unwrap();
    let constraint = Some("employee_has_organisation");
    assert_refused(party(12, "employee", None, &pool).await, CHECK_VIOLATION, constraint);
    assert_refused(party(12, "person", Some(10), &pool).await, CHECK_VIOLATION, constraint);
    assert_refused(party(12, "organisation", Some(10), &pool).await, CHECK_VIOLATION, constraint);
    let unknown = party(12, "employee", Some(99), &pool).await.expect_err("nobody's employee");
    assert_eq!(unknown.as_database_error().unwrap().code().as_deref(), Some(FOREIGN_KEY_VIOLATION));
}

#[tokio::test]
async fn an_event_is_written_once() {
    let (_database, pool) = three_persons().await;
    event(1, 1, &pool).await.unwrap();
    for sql in [
        "update event set kind = 'forged'",
        "delete from event",
        "truncate event",
        "insert into event select * from event on conflict (shard, entity_kind, entity_id, version)
         do update set kind = 'forged'",
    ] {
        assert_refused(run(sql, &pool).await, RESTRICT_VIOLATION, None);
    }
    assert_refused(event(1, 1, &pool).await, UNIQUE_VIOLATION, Some("event_pkey"));
    let kind: String = sqlx::query_scalar("select kind from event").fetch_one(&pool).await.unwrap();
    assert_eq!(kind, "registered");
}

#[tokio::test]
async fn a_change_is_written_once() {
    let (_database, pool) = three_persons().await;
    advance_feed(1, 1, &pool).await.unwrap();
    for sql in ["update change set version = 2", "delete from change", "truncate change"] {
        assert_refused(run(sql, &pool).await, RESTRICT_VIOLATION, None);
    }
}

#[tokio::test]
async fn the_feed_head_moves_by_one_and_only_forward() {
    let (_database, pool) = three_persons().await;
    for version in 1..=2 {
        assert_eq!(advance_feed(1, version, &pool).await.unwrap(), version);
    }
    for step in ["+ 2", "- 1", "+ 0", "- 2"] {
        let sql = format!("update feed_head set revision = revision {step}");
        assert_refused(run(&sql, &pool).await, RESTRICT_VIOLATION, None);
    }
    let restored = "update feed_head set epoch = gen_random_uuid(), revision = 0";
    run(restored, &pool).await.expect("another epoch starts where it likes");
}

#[tokio::test]
async fn the_feed_head_is_neither_removed_nor_doubled() {
    let (_database, pool) = three_persons().await;
    advance_feed(1, 1, &pool).await.unwrap();
    let removed = run("delete from feed_head", &pool).await.expect_err("changes hang on it");
    assert_eq!(removed.as_database_error().unwrap().code().as_deref(), Some(FOREIGN_KEY_VIOLATION));
    let doubled = "insert into feed_head (shard, epoch, revision) values (0, gen_random_uuid(), 5)";
    assert_refused(run(doubled, &pool).await, UNIQUE_VIOLATION, Some("feed_head_pkey"));
}

#[tokio::test]
async fn there_is_no_revision_without_a_change() {
    let (_database, pool) = three_persons().await;
    let empty =
        "select advance_feed(0::smallint, now(), array[]::text[], array[]::text[], array[]::bigint[])";
    assert_refused(run(empty, &pool).await, RESTRICT_VIOLATION, None);
    let revision: i64 = sqlx::query_scalar("select revision from feed_head").fetch_one(&pool).await.unwrap();
    assert_eq!(revision, 0);
}

#[tokio::test]
async fn the_usage_log_is_written_once_also_behind_its_partitions() {
    let (_database, pool) = three_persons().await;
    run("select ensure_usage_log_partitions('2026-06-15')", &pool).await.unwrap();
    let entry = "insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, outcome)
                 values (0, gen_random_uuid(), '2026-06-15', 'client', 'rpc', 'granted')";
    run(entry, &pool).await.unwrap();
    for table in ["usage_log", "usage_log_2026_06"] {
        let tries = ["update {} set outcome = 'denied'", "delete from {}", "truncate {}"];
        for sql in tries.map(|sql| sql.replace("{}", table)) {
            assert_refused(run(&sql, &pool).await, RESTRICT_VIOLATION, None);
        }
    }
    let outcome: String = sqlx::query_scalar("select outcome from usage_log").fetch_one(&pool).await.unwrap();
    assert_eq!(outcome, "granted");
}

#[tokio::test]
async fn the_usage_log_has_the_partitions_of_the_month_and_the_next_however_many_ask_for_them() {
    let (_database, pool) = three_persons().await;
    let asking = (0..8).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move {
            run("select ensure_usage_log_partitions('2026-12-31 23:59:59.999999Z')", &pool).await
        })
    });
    for asked in asking.collect::<Vec<_>>() {
        asked.await.unwrap().unwrap();
    }
    let partitions: Vec<String> = sqlx::query_scalar(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'usage_log'::regclass order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(partitions, ["usage_log_2026_12", "usage_log_2027_01"]);
}
