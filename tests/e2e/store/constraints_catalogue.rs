//! What must never be false of the catalogue, tried in SQL.

use fuldmagt_tests::{TestDatabase, database};
use sqlx::PgPool;

use super::constraints::{
    CHECK_VIOLATION, EXCLUSION_VIOLATION, FOREIGN_KEY_VIOLATION, RESTRICT_VIOLATION, UNIQUE_VIOLATION,
    assert_refused, run,
};
use super::rows::{advance_feed_of, day, privilege};

/// Two privileges, and a package with one version that holds the first of them.
async fn package() -> (TestDatabase, PgPool, [i32; 2]) {
    let database = database().await;
    let pool = database.pool.clone();
    let privileges = [privilege("a", &pool).await, privilege("b", &pool).await];
    let package = "insert into package (shard, package_id, authority_cvr, title_da, title_en, description_da,
                                        description_en)
                   values (0, 'p', '34051178', 'x', 'x', 'x', 'x')";
    run(package, &pool).await.unwrap();
    version(1, &format!("array[{}]", privileges[0]), &pool).await.unwrap();
    (database, pool, privileges)
}

async fn version(number: i32, privileges: &str, at: &PgPool) -> Result<u64, sqlx::Error> {
    let sql = format!(
        "insert into package_version (shard, package_id, version_number, published_at, privilege_ids)
         values (0, 'p', {number}, '{}', {privileges})",
        day(0)
    );
    run(&sql, at).await
}

/// A membership between days; no end: for good.
async fn member(privilege: i32, from: i64, to: Option<i64>, at: &PgPool) -> Result<u64, sqlx::Error> {
    let to = to.map_or("null".to_owned(), |to| format!("'{}'", day(to)));
    let sql = format!(
        "insert into package_privilege (shard, package_id, privilege_id, member_from, member_to)
         values (0, 'p', {privilege}, '{}', {to})",
        day(from)
    );
    run(&sql, at).await
}

#[tokio::test]
async fn a_text_changes_with_its_version_and_each_is_kept() {
    let database = database().await;
    let pool = &database.pool;
    let number = privilege("a", pool).await;
    for wrong in [
        "title_da = 'y'",
        "description_en = 'y'",
        "text_version = 2",
        "title_da = 'y', text_version = 3",
        "title_da = 'y', text_version = 0",
        "text_valid_from = now()",
    ] {
        let sql = format!("update privilege set {wrong} where privilege_id = {number}");
        assert_refused(run(&sql, pool).await, RESTRICT_VIOLATION, None);
    }
    run("update privilege set max_period_days = 7", pool).await.unwrap();
    run("update privilege set title_da = 'y', text_version = 2, text_valid_from = '2026-06-15'", pool)
        .await
        .unwrap();
    let kept: Vec<(i32, String, String)> =
        sqlx::query_as("select text_version, title_da, title_en from privilege_text order by 1")
            .fetch_all(pool)
            .await
            .unwrap();
    let text = |version, title: &str| (version, title.to_owned(), "x".to_owned());
    assert_eq!(kept, [text(1, "x"), text(2, "y")]);
}

#[tokio::test]
async fn a_text_is_written_once() {
    let database = database().await;
    let pool = &database.pool;
    privilege("a", pool).await;
    for sql in [
        "update privilege_text set title_da = 'forged'",
        "delete from privilege_text",
        "truncate privilege_text",
    ] {
        assert_refused(run(sql, pool).await, RESTRICT_VIOLATION, None);
    }
    let again = "insert into privilege_text select * from privilege_text";
    assert_refused(run(again, pool).await, UNIQUE_VIOLATION, Some("privilege_text_pkey"));
}

#[tokio::test]
async fn a_rule_that_is_none_is_refused() {
    let database = database().await;
    let pool = &database.pool;
    privilege("a", pool).await;
    for (rule, constraint) in [
        ("access_kind = 'write'", "privilege_access_kind_check"),
        ("assurance = 'low'", "privilege_assurance_check"),
        ("min_age_years = -1", "privilege_min_age_years_check"),
        ("max_age_years = 151", "privilege_max_age_years_check"),
        ("min_age_years = 18, max_age_years = 17", "ages_not_reversed"),
        ("max_sub_delegation_depth = -1", "privilege_max_sub_delegation_depth_check"),
        ("max_sub_delegation_depth = 6", "privilege_max_sub_delegation_depth_check"),
    ] {
        let sql = format!("update privilege set {rule}");
        assert_refused(run(&sql, pool).await, CHECK_VIOLATION, Some(constraint));
    }
}

#[tokio::test]
async fn only_what_is_hidden_has_been_hidden_somehow() {
    let database = database().await;
    let pool = &database.pool;
    privilege("a", pool).await;
    let constraint = Some("only_hidden_has_details");
    for detail in ["hide_planned = true", "grants_kept = true", "republished_at = now()"] {
        assert_refused(
            run(&format!("update privilege set {detail}"), pool).await,
            CHECK_VIOLATION,
            constraint,
        );
    }
    let hidden = format!("update privilege set hidden_at = '{}'", day(5));
    let early = format!("{hidden}, republished_at = '{}'", day(4));
    assert_refused(run(&early, pool).await, CHECK_VIOLATION, Some("republished_after_hidden"));
    let whole = format!("{hidden}, hide_planned = true, grants_kept = true, republished_at = '{}'", day(5));
    run(&whole, pool).await.unwrap();
}

#[tokio::test]
async fn a_version_of_a_package_is_written_once_and_holds_something() {
    let (_database, pool, [a, b]) = package().await;
    for sql in [
        "update package_version set privilege_ids = '{2}'",
        "delete from package_version",
        "truncate package_version cascade",
    ] {
        assert_refused(run(sql, &pool).await, RESTRICT_VIOLATION, None);
    }
    assert_refused(
        version(1, &format!("array[{b}]"), &pool).await,
        UNIQUE_VIOLATION,
        Some("package_version_pkey"),
    );
    let constraint = Some("package_version_privilege_ids_check");
    for wrong in [
        "array[]::integer[]".to_owned(),
        format!("array[{a}, null]"),
        "(select array_agg(n) from generate_series(1, 101) n)".to_owned(),
    ] {
        assert_refused(version(2, &wrong, &pool).await, CHECK_VIOLATION, constraint);
    }
    version(2, "(select array_agg(n) from generate_series(1, 100) n)", &pool).await.unwrap();
}

#[tokio::test]
async fn a_package_holds_a_privilege_once_at_a_time() {
    let (_database, pool, [a, b]) = package().await;
    member(a, 0, Some(10), &pool).await.unwrap();
    let overlaps = Some("no_overlapping_membership");
    for (from, to) in [(9, None), (9, Some(11)), (-5, Some(1)), (-5, None), (1, Some(2))] {
        assert_refused(member(a, from, to, &pool).await, EXCLUSION_VIOLATION, overlaps);
    }
    member(a, 10, None, &pool).await.expect("one may begin when the other ends");
    assert_refused(member(a, 20, None, &pool).await, EXCLUSION_VIOLATION, overlaps);
    member(b, 0, None, &pool).await.expect("another privilege is another membership");
    for to in [-5, -6] {
        assert_refused(
            member(b, -5, Some(to), &pool).await,
            CHECK_VIOLATION,
            Some("membership_not_reversed"),
        );
    }
    let unknown = member(999, 0, None, &pool).await.expect_err("no such privilege");
    assert_eq!(unknown.as_database_error().unwrap().code().as_deref(), Some(FOREIGN_KEY_VIOLATION));
}

#[tokio::test]
async fn a_package_is_hidden_with_a_version_that_there_is() {
    let (_database, pool, _) = package().await;
    let half = Some("package_hidden_has_instant");
    for sql in ["update package set hidden_at = now()", "update package set hidden_version = 1"] {
        assert_refused(run(sql, &pool).await, CHECK_VIOLATION, half);
    }
    let unknown = "update package set hidden_at = now(), hidden_version = 2";
    assert_refused(run(unknown, &pool).await, FOREIGN_KEY_VIOLATION, Some("hidden_version_exists"));
    run("update package set hidden_at = now(), hidden_version = 1", &pool).await.unwrap();
    let ages = "update package set min_age_years = 2, max_age_years = 1";
    assert_refused(run(ages, &pool).await, CHECK_VIOLATION, Some("package_ages_not_reversed"));
    let renamed = "update package set package_id = 'Not An Id'";
    assert!(run(renamed, &pool).await.is_err());
}

#[tokio::test]
async fn the_feed_and_the_events_know_the_kinds_of_things_that_there_are() {
    let (_database, pool, _) = package().await;
    for (version, kind) in
        (1..).zip(["party", "system", "privilege", "package", "delegation", "cpr_snapshot"])
    {
        assert_eq!(advance_feed_of(kind, &pool).await.unwrap(), version);
    }
    assert_refused(advance_feed_of("letter", &pool).await, CHECK_VIOLATION, Some("change_entity_kind_check"));
    let event = |kind: &str| {
        format!(
            "insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, channel,
                                request_id)
             values (0, '{kind}', 'x', 1, 'put', now(), 'client', 'system', gen_random_uuid())"
        )
    };
    run(&event("package"), &pool).await.unwrap();
    assert_refused(run(&event("letter"), &pool).await, CHECK_VIOLATION, Some("event_entity_kind_check"));
}
