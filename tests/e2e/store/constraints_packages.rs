//! What must never be false of delegations that follow packages, tried in SQL.

use fuldmagt_tests::{TestDatabase, database};
use sqlx::PgPool;

use super::constraints::{
    CHECK_VIOLATION, EXCLUSION_VIOLATION, FOREIGN_KEY_VIOLATION, RESTRICT_VIOLATION, assert_refused, run,
};
use super::rows::{DelegationRow, Written, day, id, person, privilege};

/// Two persons, a privilege, two packages without content, and a delegation of nothing.
async fn world() -> (TestDatabase, PgPool, i32) {
    let database = database().await;
    let pool = database.pool.clone();
    for n in 1..=2 {
        person(n, &pool).await.unwrap();
    }
    let number = privilege("a", &pool).await;
    for package in ["p", "q"] {
        let sql = format!(
            "insert into package (shard, package_id, authority_cvr, title_da, title_en, description_da, description_en)
             values (0, '{package}', '34051178', 'x', 'x', 'x', 'x')"
        );
        run(&sql, &pool).await.unwrap();
    }
    DelegationRow::new(10).insert(&pool).await.unwrap();
    (database, pool, number)
}

/// That the delegation follows the package, with these columns beside, from one day to another.
async fn follow(
    row: &DelegationRow,
    package: &str,
    (from, to): (i64, i64),
    beside: (&str, &str),
    at: &PgPool,
) -> Written {
    let (columns, values) = beside;
    let sql = format!(
        "insert into delegation_package (shard, delegation_id, package_id, delegator_id, representative_id, valid_from,
                                         valid_to {columns})
         values (0, '{}', '{package}', '{}', '{}', '{}', '{}' {values})",
        row.id,
        row.from,
        row.to,
        day(from),
        day(to)
    );
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(at).await
}

const NOTHING: (&str, &str) = ("", "");

#[tokio::test]
async fn a_package_is_followed_as_its_delegation_says() {
    let (_database, pool, _) = world().await;
    let row = DelegationRow::new(10);
    let other = DelegationRow { from: id(2), to: id(1), ..row };
    let its = Some("package_of_its_delegation");
    assert_refused(follow(&other, "p", (0, 10), NOTHING, &pool).await, FOREIGN_KEY_VIOLATION, its);
    assert_refused(follow(&row, "p", (0, 9), NOTHING, &pool).await, FOREIGN_KEY_VIOLATION, its);
    assert_refused(follow(&row, "p", (-1, 10), NOTHING, &pool).await, CHECK_VIOLATION, None);
    let package = Some("delegation_package_shard_package_id_fkey");
    assert_refused(follow(&row, "unknown", (0, 10), NOTHING, &pool).await, FOREIGN_KEY_VIOLATION, package);
    for (columns, values, constraint) in [
        (", ended_at", ", now()", "ended_package_says_how"),
        (", min_age_years, max_age_years", ", 18, 17", "followed_ages_not_reversed"),
        (", min_age_years", ", 151", "delegation_package_min_age_years_check"),
        (", assurance", ", 'low'", "delegation_package_assurance_check"),
    ] {
        let refused = follow(&row, "p", (0, 10), (columns, values), &pool).await;
        assert_refused(refused, CHECK_VIOLATION, Some(constraint));
    }
    follow(&row, "p", (0, 10), NOTHING, &pool).await.unwrap();
}

#[tokio::test]
async fn a_package_is_followed_once_at_a_time_between_two_parties() {
    let (_database, pool, _) = world().await;
    follow(&DelegationRow::new(10), "p", (0, 10), NOTHING, &pool).await.unwrap();
    let again = DelegationRow { valid: (day(9), day(20)), ..DelegationRow::new(11) };
    again.insert(&pool).await.unwrap();
    let constraint = Some("no_overlapping_packages");
    assert_refused(follow(&again, "p", (9, 20), NOTHING, &pool).await, EXCLUSION_VIOLATION, constraint);
    follow(&again, "q", (9, 20), NOTHING, &pool).await.unwrap();
    let after = DelegationRow { valid: (day(10), day(20)), ..DelegationRow::new(12) };
    after.insert(&pool).await.unwrap();
    follow(&after, "p", (10, 20), NOTHING, &pool).await.unwrap();
}

#[tokio::test]
async fn nothing_is_granted_before_its_delegation_begins_and_the_start_stays() {
    let (_database, pool, number) = world().await;
    let row = DelegationRow::new(10);
    let early = DelegationRow { valid: (day(-1), day(10)), ..row };
    assert_refused(early.grant(number, &pool).await, CHECK_VIOLATION, None);
    let kept = DelegationRow { valid: (day(3), day(10)), ..row };
    kept.grant(number, &pool).await.unwrap();
    for start in [day(-1), day(1)] {
        let sql = format!("update delegation set valid_from = '{start}'");
        assert_refused(run(&sql, &pool).await, RESTRICT_VIOLATION, None);
    }
    let sql = format!("update delegation_privilege set valid_from = '{}'", day(-1));
    assert_refused(run(&sql, &pool).await, CHECK_VIOLATION, None);
}

#[tokio::test]
async fn a_version_holds_nothing_new_that_who_follows_may_not_have_given() {
    let (_database, pool, number) = world().await;
    follow(&DelegationRow::new(10), "p", (0, 10), (", min_age_years", ", 15"), &pool).await.unwrap();
    let publish = async |rule: &str, from: i64| {
        let mut transaction = pool.begin().await.unwrap();
        for sql in [
            format!("update privilege set published_at = '{}', {rule}", day(-30)),
            format!(
                "insert into package_privilege (shard, package_id, privilege_id, member_from)
                 values (0, 'p', {number}, '{}')",
                day(from)
            ),
            format!(
                "insert into package_version (shard, package_id, version_number, published_at, privilege_ids)
                 values (0, 'p', 1, '{}', array[{number}])",
                day(from)
            ),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        }
        transaction.rollback().await
    };
    for rule in [
        "delegator_kinds = '{organisation}'",
        "representative_kinds = '{employee}'",
        "max_period_days = 9",
        "min_age_years = 16",
        "max_age_years = 99",
        "assurance = 'high'",
    ] {
        assert_refused(publish(rule, 1).await, CHECK_VIOLATION, Some("version_fits_followers"));
        // Nobody follows any more by then.
        publish(rule, 10).await.unwrap();
    }
    let hidden = format!("hidden_at = '{}'", day(-20));
    assert_refused(publish(&hidden, 1).await, CHECK_VIOLATION, Some("version_fits_followers"));
    publish("min_age_years = 15, max_period_days = 10", 1).await.unwrap();
}
