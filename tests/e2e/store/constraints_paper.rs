//! What must never be false of paper cases and notices, tried in SQL.

use fuldmagt_tests::{TestDatabase, database};
use sqlx::{AssertSqlSafe, Executor as _, PgPool};

use super::constraints::{
    CHECK_VIOLATION, FOREIGN_KEY_VIOLATION, RESTRICT_VIOLATION, UNIQUE_VIOLATION, assert_refused, run,
};
use super::rows::{DelegationRow, day, id, party, person};

/// The organisation of caseworkers 11, 12 and 13.
const MUNICIPALITY: u128 = 10;

/// Persons 1 and 2, and the caseworkers.
async fn town_hall() -> (TestDatabase, PgPool) {
    let database = database().await;
    let pool = database.pool.clone();
    for n in 1..=3 {
        person(n, &pool).await.unwrap();
    }
    party(MUNICIPALITY, "organisation", None, &pool).await.unwrap();
    for n in 11..=13 {
        party(n, "employee", Some(MUNICIPALITY), &pool).await.unwrap();
    }
    (database, pool)
}

/// Runs statements in one transaction, so that what is checked at its end sees all of them.
async fn together(statements: &str, at: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = at.begin().await?;
    transaction.execute(AssertSqlSafe(statements.to_owned())).await?;
    transaction.commit().await
}

/// A delegation on paper from party 1, started by a caseworker.
fn start(n: u128, to: u128, started_by: u128) -> String {
    format!(
        "insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to,
                                 created_at)
         values (0, '{}', '{}', '{}', 'paper_started', '{from}', '{}', '{from}');
         insert into paper_case (shard, delegation_id, started_by, started_at)
         values (0, '{}', '{}', '{from}');",
        id(n),
        id(1),
        id(to),
        day(10),
        id(n),
        id(started_by),
        from = day(0),
    )
}

fn register(n: u128, by: u128) -> String {
    format!(
        "update delegation set status = 'paper_registered', version = 2 where delegation_id = '{0}';
         update paper_case set registered_by = '{1}', registered_at = '{2}', scan_digest = sha256('x'),
                               signed_on = '2026-06-15' where delegation_id = '{0}';",
        id(n),
        id(by),
        day(1),
    )
}

fn decide(n: u128, by: u128, status: &str) -> String {
    let ended_at = if status == "active" { "null".to_owned() } else { format!("'{}'", day(2)) };
    format!(
        "update delegation set status = '{status}', ended_at = {ended_at}, version = 3 where delegation_id = '{0}';
         update paper_case set decided_by = '{1}', decided_at = '{2}' where delegation_id = '{0}';",
        id(n),
        id(by),
        day(2),
    )
}

#[tokio::test]
async fn a_paper_delegation_takes_two_caseworkers() {
    let (_database, pool) = town_hall().await;
    let four_eyes = Some("paper_takes_four_eyes");
    together(&(start(20, 2, 11) + &register(20, 12)), &pool).await.unwrap();
    for same in [11, 12] {
        assert_refused(together(&decide(20, same, "active"), &pool).await, CHECK_VIOLATION, four_eyes);
    }
    // Nor without anybody's word.
    let alone = format!("update delegation set status = 'active' where delegation_id = '{}'", id(20));
    assert_refused(run(&alone, &pool).await, CHECK_VIOLATION, four_eyes);
    together(&decide(20, 13, "active"), &pool).await.unwrap();

    // Nor without a form.
    together(&start(21, 2, 11), &pool).await.unwrap();
    assert_refused(together(&decide(21, 13, "active"), &pool).await, CHECK_VIOLATION, four_eyes);
}

#[tokio::test]
async fn nobody_approves_what_is_given_to_them_or_to_where_they_are_employed() {
    let (_database, pool) = town_hall().await;
    for (n, to) in [(20, 13), (21, MUNICIPALITY)] {
        together(&(start(n, to, 11) + &register(n, 12)), &pool).await.unwrap();
        let approved = together(&decide(n, 13, "active"), &pool).await;
        assert_refused(approved, CHECK_VIOLATION, Some("paper_takes_four_eyes"));
    }
}

#[tokio::test]
async fn a_paper_delegation_says_what_its_paper_says() {
    let (_database, pool) = town_hall().await;
    let bare = DelegationRow { status: "paper_started", ..DelegationRow::new(20) };
    assert_refused(bare.insert(&pool).await, CHECK_VIOLATION, None);
    together(&start(20, 2, 11), &pool).await.unwrap();
    let set = |status: &str, more: &str| {
        format!("update delegation set status = '{status}'{more} where delegation_id = '{}'", id(20))
    };
    assert_refused(run(&set("paper_registered", ""), &pool).await, CHECK_VIOLATION, None);
    let rejected = set("paper_rejected", &format!(", ended_at = '{}'", day(2)));
    assert_refused(run(&rejected, &pool).await, CHECK_VIOLATION, None);
    together(&register(20, 12), &pool).await.unwrap();
    assert_refused(run(&set("paper_started", ""), &pool).await, CHECK_VIOLATION, None);
    // Whoever rejects it may have registered it.
    together(&decide(20, 12, "paper_rejected"), &pool).await.unwrap();
}

#[tokio::test]
async fn who_handled_a_form_stays_who_handled_it() {
    let (_database, pool) = town_hall().await;
    together(&(start(20, 2, 11) + &register(20, 12) + &decide(20, 13, "active")), &pool).await.unwrap();
    for change in [
        format!("started_by = '{}'", id(12)),
        format!("started_at = '{}'", day(1)),
        format!("registered_by = '{}'", id(11)),
        "registered_by = null, registered_at = null, scan_digest = null, signed_on = null".to_owned(),
        "scan_digest = sha256('y')".to_owned(),
        "signed_on = '2026-06-14'".to_owned(),
        format!("decided_by = '{}'", id(11)),
        "decided_by = null, decided_at = null".to_owned(),
    ] {
        let written = run(&format!("update paper_case set {change}"), &pool).await;
        assert_refused(written, RESTRICT_VIOLATION, Some("paper_case_is_written_once"));
    }
}

#[tokio::test]
async fn a_form_is_registered_whole_by_somebody_who_is_known() {
    let (_database, pool) = town_hall().await;
    together(&start(20, 2, 11), &pool).await.unwrap();
    for change in [
        format!("registered_by = '{}'", id(12)),
        "scan_digest = sha256('x')".to_owned(),
        "signed_on = '2026-06-15'".to_owned(),
        format!("registered_at = '{}'", day(1)),
    ] {
        let written = run(&format!("update paper_case set {change}"), &pool).await;
        assert_refused(written, CHECK_VIOLATION, Some("registered_whole"));
    }
    let written = run(&format!("update paper_case set decided_by = '{}'", id(12)), &pool).await;
    assert_refused(written, CHECK_VIOLATION, Some("decided_whole"));
    let short = register(20, 12).replace("sha256('x')", "'\\x00'");
    assert_refused(together(&short, &pool).await, CHECK_VIOLATION, Some("paper_case_scan_digest_check"));
    let unknown = together(&register(20, 99), &pool).await;
    assert_refused(unknown, FOREIGN_KEY_VIOLATION, Some("paper_case_shard_registered_by_fkey"));
}

#[tokio::test]
async fn at_most_five_paper_cases_of_a_pair_wait_though_all_come_at_once() {
    let (_database, pool) = town_hall().await;
    let mut starts = Vec::new();
    for n in 0..12 {
        let (pool, sql) = (pool.clone(), start(20 + n, 2, 11));
        starts.push(tokio::spawn(async move { together(&sql, &pool).await }));
    }
    let mut started = 0;
    for start in starts {
        match start.await.unwrap() {
            Ok(()) => started += 1,
            refused => {
                assert_refused(refused, CHECK_VIOLATION, Some("at_most_5_paper_cases_of_a_pair"));
            }
        }
    }
    assert_eq!(started, 5);
    together(&start(40, 3, 11), &pool).await.expect("another pair");
    let waits: uuid::Uuid =
        sqlx::query_scalar("select delegation_id from delegation where representative_id = $1 limit 1")
            .bind(id(2))
            .fetch_one(&pool)
            .await
            .unwrap();
    together(&decide(waits.as_u128(), 12, "paper_rejected"), &pool).await.unwrap();
    together(&start(41, 2, 11), &pool).await.expect("one has been decided");
}

#[tokio::test]
async fn a_letter_is_of_a_known_kind_to_a_known_party_about_a_known_delegation() {
    let (_database, pool) = town_hall().await;
    DelegationRow::new(20).insert(&pool).await.unwrap();
    let letter = |kind: &str, receiver: u128, delegation: u128| {
        format!(
            "insert into letter_request (shard, letter_id, kind, receiver_id, delegation_id, requested_at)
             values (0, gen_random_uuid(), '{kind}', '{}', '{}', '{}')",
            id(receiver),
            id(delegation),
            day(0)
        )
    };
    for kind in ["paper_form", "paper_confirmation"] {
        run(&letter(kind, 1, 20), &pool).await.unwrap();
    }
    assert_refused(
        run(&letter("advertisement", 1, 20), &pool).await,
        CHECK_VIOLATION,
        Some("letter_request_kind_check"),
    );
    let nobody = run(&letter("paper_form", 99, 20), &pool).await;
    assert_refused(nobody, FOREIGN_KEY_VIOLATION, Some("letter_request_shard_receiver_id_fkey"));
    let nothing = run(&letter("paper_form", 1, 99), &pool).await;
    assert_refused(nothing, FOREIGN_KEY_VIOLATION, Some("letter_request_shard_delegation_id_fkey"));
}

/// An item of delegation 20 to party 1.
async fn item(n: u128, kind: &str, at: &PgPool) -> Result<u64, sqlx::Error> {
    let row = format!(
        "insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
         values (0, '{}', '{}', '{kind}', '{}', '{}')",
        id(n),
        id(1),
        id(20),
        day(0)
    );
    run(&row, at).await
}

#[tokio::test]
async fn an_item_is_told_in_one_notice_or_cancelled_and_stays_so() {
    let (_database, pool) = town_hall().await;
    DelegationRow::new(20).insert(&pool).await.unwrap();
    for n in 1..=2 {
        item(n, "given", &pool).await.unwrap();
    }
    let set = |n: u128, change: &str| format!("update notice_item set {change} where item_id = '{}'", id(n));
    let unread = run(&set(1, "acknowledged_at = now()"), &pool).await;
    assert_refused(unread, CHECK_VIOLATION, Some("acknowledged_was_told"));
    run(&set(1, &format!("notice_id = '{}'", id(50))), &pool).await.unwrap();
    let cancelled = run(&set(1, "cancelled_at = now()"), &pool).await;
    assert_refused(cancelled, CHECK_VIOLATION, Some("cancelled_is_not_told"));
    run(&set(1, "acknowledged_at = '2026-06-15'"), &pool).await.unwrap();
    run(&set(2, "cancelled_at = '2026-06-15'"), &pool).await.unwrap();
    for (n, change) in [
        (1, format!("notice_id = '{}'", id(51))),
        (1, "notice_id = null, acknowledged_at = null".to_owned()),
        (1, "acknowledged_at = '2026-06-16'".to_owned()),
        (2, "cancelled_at = null".to_owned()),
        (2, "cancelled_at = '2026-06-16'".to_owned()),
    ] {
        assert_refused(run(&set(n, &change), &pool).await, RESTRICT_VIOLATION, None);
    }
    let unknown = item(3, "advertisement", &pool).await;
    assert_refused(unknown, CHECK_VIOLATION, Some("notice_item_kind_check"));
}

#[tokio::test]
async fn each_party_hears_once_that_a_delegation_is_about_to_end_and_not_when_it_has_ended() {
    let (_database, pool) = town_hall().await;
    DelegationRow::new(20).insert(&pool).await.unwrap();
    item(1, "expiring", &pool).await.unwrap();
    assert_refused(item(2, "expiring", &pool).await, UNIQUE_VIOLATION, Some("told_once_of_expiry"));
    item(3, "given", &pool).await.unwrap();
    let end = format!(
        "update delegation set status = 'revoked', ended_at = '{}' where delegation_id = '{}'",
        day(5),
        id(20)
    );
    run(&end, &pool).await.unwrap();
    let cancelled: Vec<String> =
        sqlx::query_scalar("select kind from notice_item where cancelled_at is not null")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(cancelled, ["expiring"], "of other kinds the command says what has no point any more");
    assert_refused(item(4, "expiring", &pool).await, UNIQUE_VIOLATION, Some("told_once_of_expiry"));
}
