//! Which indexes Postgres uses for the very statements of the store, with enough rows that it matters.

use fuldmagt_tests::{TestDatabase, database};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

pub(super) const CHECK: &str = include_str!("../../../crates/store/src/query/check.sql");
const LIST_REPRESENTATIVES: &str = include_str!("../../../crates/store/src/query/list_representatives.sql");
const LIST_DELEGATORS: &str = include_str!("../../../crates/store/src/query/list_delegators.sql");
const GET: &str = include_str!("../../../crates/store/src/delegation/get.sql");
const LIST_GIVEN: &str = include_str!("../../../crates/store/src/delegation/list_given.sql");
const LIST_HELD: &str = include_str!("../../../crates/store/src/delegation/list_held.sql");
const RECEIPT: &str = include_str!("../../../crates/store/src/delegation/receipt.sql");
const EVENTS: &str = include_str!("../../../crates/store/src/delegation/events.sql");
const LAPSED: &str = include_str!("../../../crates/store/src/delegation/lapsed.sql");
const FACTS: &str = include_str!("../../../crates/store/src/delegation/facts.sql");
const AFFECTED: &str = include_str!("../../../crates/store/src/catalogue/affected.sql");
const PACKAGE: &str = include_str!("../../../crates/store/src/package/find.sql");
const MEMBERS: &str = include_str!("../../../crates/store/src/package/members.sql");
const APPLY: &str = include_str!("../../../crates/store/src/delegation/apply.sql");
const LIST_PAPER: &str = include_str!("../../../crates/store/src/delegation/list_paper.sql");
const LIST_NOTICES: &str = include_str!("../../../crates/store/src/notice/list.sql");
const ACKNOWLEDGE: &str = include_str!("../../../crates/store/src/notice/acknowledge.sql");
const EXPIRY: &str = include_str!("../../../crates/store/src/notice/expiry.sql");

/// The tables that grow with people and delegations. None of them is ever read from end to end.
const LARGE: [&str; 16] = [
    "identifier",
    "party",
    "party_key",
    "delegation",
    "delegation_privilege",
    "delegation_package",
    "requested_privilege",
    "requested_package",
    "supersession",
    "designation",
    "signature_proof",
    "paper_case",
    "letter_request",
    "notice_item",
    "event",
    "change",
];

/// 2,000 privileges of two authorities, 10,000 persons, 20,000 delegations of one or two privileges, and 5,000 of
/// everything that some delegations have.
const LOAD: [&str; 17] = [
    "insert into system (shard, system_id, authority_cvr, title_da, title_en)
     values (0, 'self-service', '34051178', 'x', 'x'), (0, 'other', '13748136', 'x', 'x')",
    "insert into privilege (shard, uri, system_id, authority_cvr, title_da, title_en, description_da, description_en,
                            delegator_kinds, representative_kinds, published_at)
     select 0, 'urn:dk:example:' || s.system_id || n, s.system_id, s.authority_cvr, 'x', 'x', 'x', 'x', '{person}',
            '{person}', '2026-01-01'
     from generate_series(1, 1000) n, system s",
    "insert into party (shard, party_id, kind, created_at)
     select 0, lpad(to_hex(n), 32, '0')::uuid, 'person', '2026-01-01' from generate_series(1, 10000) n",
    "insert into party_key (shard, party_id, wrapping_key_id, wrapped_key, created_at)
     select 0, party_id, 'key', sha256(party_id::text::bytea), created_at from party",
    "insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
     select 0, k.kind, sha256((k.kind || p.party_id)::bytea), p.party_id, '\\x00', p.created_at
     from party p, unnest(array['cpr', 'pid', 'uuid']) k (kind)",
    "insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, created_at)
     select 0, lpad(to_hex(1000000 + n), 32, '0')::uuid, lpad(to_hex(1 + n % 9000), 32, '0')::uuid,
            lpad(to_hex(9001 + (n * n) % 1000), 32, '0')::uuid, '2026-01-01', '2027-01-01', '2026-01-01'
     from generate_series(1, 20000) n",
    "insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id, valid_from,
                                       valid_to)
     select d.shard, d.delegation_id, p.privilege_id, d.delegator_id, d.representative_id, d.valid_from, d.valid_to
     from (select d.*, row_number() over () as n from delegation d) d
     join (select privilege_id, row_number() over () - 1 as n from privilege) p
       on p.n in (d.n / 300, d.n / 300 + d.n % 2)
     on conflict do nothing",
    "insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, channel, request_id)
     select 0, 'delegation', delegation_id, 1, 'created', created_at, 'client', 'front_end', delegation_id
     from delegation",
    "insert into change (shard, revision, ordinal, entity_kind, entity_id, version, occurred_at)
     select 0, row_number() over (), 1, entity_kind, entity_id, version, occurred_at from event",
    "insert into requested_privilege (shard, delegation_id, privilege_id)
     select shard, delegation_id, privilege_id from delegation_privilege limit 5000",
    "insert into supersession (shard, superseded_id, superseded_by)
     select 0, lpad(to_hex(1000000 + n), 32, '0')::uuid, lpad(to_hex(1000000 + 2 * n), 32, '0')::uuid
     from generate_series(1, 5000) n",
    "with employer as (
         insert into party (shard, party_id, kind, created_at)
         values (0, lpad('aaaa', 32, '0')::uuid, 'organisation', '2026-01-01')
         returning party_id),
     employee as (
         insert into party (shard, party_id, kind, organisation_id, created_at)
         select 0, lpad('bbbb' || n, 32, '0')::uuid, 'employee', employer.party_id, '2026-01-01'
         from employer, generate_series(1, 5000) n)
     insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, created_at)
     select 0, lpad('cccc' || n, 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, employer.party_id,
            '2026-01-01', '2027-01-01', '2026-01-01'
     from employer, generate_series(1, 5000) n",
    "with package as (
         insert into package (shard, package_id, authority_cvr, title_da, title_en, description_da, description_en)
         select 0, 'package-' || n, '34051178', 'x', 'x', 'x', 'x' from generate_series(1, 20) n
         returning package_id),
     member as (
         insert into package_privilege (shard, package_id, privilege_id, member_from)
         select 0, package_id, privilege_id, '2026-01-01'
         from package, (select privilege_id from privilege order by privilege_id limit 30) p)
     insert into delegation_package (shard, delegation_id, package_id, delegator_id, representative_id, valid_from,
                                     valid_to)
     select d.shard, d.delegation_id, 'package-' || 1 + (row_number() over ()) % 20, d.delegator_id, d.representative_id,
            d.valid_from, d.valid_to
     from (select distinct on (delegator_id, representative_id) * from delegation) d, package
     where package_id = 'package-1' limit 5000",
    "insert into requested_package (shard, delegation_id, package_id)
     select shard, delegation_id, package_id from delegation_package",
    "insert into designation (shard, delegation_id, employee_id, designated_at)
     select 0, lpad('cccc' || n, 32, '0')::uuid, lpad('bbbb' || n, 32, '0')::uuid, '2026-01-01'
     from generate_series(1, 5000) n",
    "insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
     select 0, delegation_id, representative_id, 'given', delegation_id, created_at from delegation limit 5000",
    "with started as (
         insert into paper_case (shard, delegation_id, started_by, started_at)
         select 0, delegation_id, delegator_id, created_at from delegation limit 5000),
     posted as (
         insert into letter_request (shard, letter_id, kind, receiver_id, delegation_id, requested_at)
         select 0, delegation_id, 'paper_form', delegator_id, delegation_id, created_at from delegation limit 5000)
     insert into signature_proof (shard, proof_id, delegation_id, delegation_version, signer_id, signed_at, recorded_at,
                                  level_of_assurance, digest, wrapping_key_id, wrapped_key, agreement_ciphertext,
                                  signer_ciphertext, evidence_ciphertext, signature_index)
     select 0, delegation_id, delegation_id, 1, delegator_id, created_at, created_at, 'substantial',
            sha256(delegation_id::text::bytea), 'key', '\\x00', '\\x00', '\\x00', '\\x00',
            sha256(delegation_id::text::bytea)
     from delegation limit 5000",
];

/// A request of each of 4,000 persons; of every other one it was declined.
const REQUESTS: &str =
    "insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to,
                             created_at, lapses_at, ended_at)
     select 0, lpad('dddd' || n, 32, '0')::uuid, lpad(to_hex(5000 + n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid,
            case n % 2 when 0 then 'requested' else 'declined' end, '2026-06-01', '2027-01-01', '2026-05-01', '2026-05-31',
            case n % 2 when 1 then timestamptz '2026-05-02' end
     from generate_series(1, 4000) n";

/// A loaded database, and a session whose prepared statements are planned without a look at their parameters, as those
/// of the store's sessions are.
pub(super) async fn loaded() -> (TestDatabase, PgConnection) {
    let database = database().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    connection.execute("select ensure_usage_log_partitions('2026-06-15')").await.unwrap();
    // Only what is known to be on the disk counts as visible to everybody.
    connection.execute("set synchronous_commit = on").await.unwrap();
    for table in LARGE {
        // Beside the load it would keep the vacuum below from seeing all rows as visible.
        let sql = format!("alter table {table} set (autovacuum_enabled = false)");
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    for sql in LOAD {
        connection.execute(sql).await.unwrap();
    }
    connection.execute("vacuum analyze").await.unwrap();
    connection.execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    (database, connection)
}

/// The plan of a statement, as lines. Its parameters have the types that Postgres sees in it, as they have for sqlx.
pub(super) async fn plan(sql: &str, connection: &mut PgConnection) -> String {
    // Read as it stands: the quotes around the columns' names are as good for Postgres as they are for sqlx.
    connection.execute(AssertSqlSafe(format!("prepare statement as {sql}"))).await.unwrap();
    let parameters =
        "select cardinality(parameter_types) from pg_prepared_statements where name = 'statement'";
    let parameters: i32 = sqlx::query_scalar(parameters).fetch_one(&mut *connection).await.unwrap();
    let arguments = (0..parameters).map(|_| "null").collect::<Vec<_>>().join(", ");
    let explain = format!("explain (costs off) execute statement ({arguments})");
    let lines: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
    connection.execute("deallocate statement").await.unwrap();
    lines.join("\n")
}

/// The one expression that an SQL function is.
async fn body_of(function: &str, connection: &mut PgConnection) -> String {
    let body = "select prosrc from pg_proc where proname = $1";
    let body: String = sqlx::query_scalar(body).bind(function).fetch_one(&mut *connection).await.unwrap();
    body.trim().to_owned()
}

/// Asserts that no large table is read from end to end, and that each of these is found by an index.
#[track_caller]
pub(super) fn assert_by_index(plan: &str, tables: &[&str]) {
    let scans = |table: &str, kind: &str| {
        plan.lines().any(|line| {
            let mut words = line.split_whitespace().skip_while(|word| *word != "on").skip(1);
            line.contains(kind) && words.next() == Some(table)
        })
    };
    for table in LARGE {
        assert!(!scans(table, "Seq Scan"), "{table} is read from end to end:\n{plan}");
    }
    for table in tables {
        let by_index = ["Index Scan using", "Index Only Scan using", "Bitmap Heap Scan"];
        assert!(by_index.iter().any(|kind| scans(table, kind)), "{table} is not found by an index:\n{plan}");
    }
}

#[tokio::test]
async fn every_statement_of_a_check_a_list_and_a_command_finds_its_rows_by_index() {
    let (_database, mut connection) = loaded().await;
    let connection = &mut connection;
    let grants: i64 = sqlx::query_scalar("select count(*) from delegation_privilege")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert!(grants > 25_000, "{grants} grants");

    let check = plan(CHECK, connection).await;
    let tables = ["identifier", "party", "privilege", "delegation_privilege", "delegation_package"];
    assert_by_index(&check, &tables);
    // Of the indexes of grants, the one that does not grow with what a single party gives or holds.
    assert!(check.contains("Index Only Scan using grant_by_parties on delegation_privilege"), "{check}");
    for list in [LIST_REPRESENTATIVES, LIST_DELEGATORS] {
        let list = plan(list, connection).await;
        let tables = ["delegation", "delegation_privilege", "delegation_package", "designation"];
        assert_by_index(&list, &[&["identifier", "party", "party_key"], tables.as_slice()].concat());
    }

    assert_by_index(&plan(GET, connection).await, &["delegation", "party", "party_key"]);
    assert_by_index(&plan(RECEIPT, connection).await, &["delegation", "party", "signature_proof"]);
    assert_by_index(&plan(EVENTS, connection).await, &["delegation", "party", "event"]);
    for list in [LIST_GIVEN, LIST_HELD] {
        assert_by_index(&plan(list, connection).await, &["delegation", "party"]);
    }
    let lapsed = plan(LAPSED, connection).await;
    assert!(lapsed.contains("using request_unanswered on delegation"), "{lapsed}");
    let facts = plan(FACTS, connection).await;
    let tables = ["delegation", "party", "party_key", "identifier", "privilege"];
    assert_by_index(&facts, &[&tables, ["delegation_package", "requested_package"].as_slice()].concat());
    let apply = plan(APPLY, connection).await;
    let written = ["delegation", "delegation_privilege", "party", "privilege", "designation", "notice_item"];
    assert_by_index(&apply, &[written.as_slice(), &["delegation_package"]].concat());
    let affected = plan(AFFECTED, connection).await;
    assert_by_index(&affected, &["delegation_privilege", "party"]);
    assert!(affected.contains("using grant_of_privilege on delegation_privilege"), "{affected}");
    assert_by_index(&plan(PACKAGE, connection).await, &["delegation_package"]);
    assert_by_index(&plan(MEMBERS, connection).await, &[]);
    let paper = plan(LIST_PAPER, connection).await;
    assert!(paper.contains("using paper_case_waits on delegation"), "{paper}");
    assert_by_index(&paper, &["delegation", "party", "paper_case"]);
    assert_by_index(&plan(LIST_NOTICES, connection).await, &["notice_item"]);
    assert_by_index(&plan(ACKNOWLEDGE, connection).await, &["notice_item"]);
    let expiry = plan(EXPIRY, connection).await;
    assert!(expiry.contains("using delegation_ends on delegation"), "{expiry}");
    assert_by_index(&expiry, &["delegation", "notice_item"]);
}

#[tokio::test]
async fn what_a_statement_calls_finds_its_rows_by_index_too() {
    let (_database, mut connection) = loaded().await;
    let connection = &mut connection;
    let row = body_of("delegation_row", connection).await;
    let row = format!(
        "select ({row}) from delegation d where d.shard = $1::smallint and d.delegation_id = $2::uuid"
    );
    let row = plan(&row, connection).await;
    let tables = ["delegation_privilege", "requested_privilege", "supersession", "party", "privilege"];
    assert_by_index(&row, &[tables.as_slice(), &["delegation_package", "requested_package"]].concat());
    for (function, tables) in [
        ("standings_above", ["delegation", "party"].as_slice()),
        ("designation_of", &["designation"]),
        ("line_of", &["delegation", "identifier", "party_key"]),
    ] {
        let body = body_of(function, connection).await;
        let body = body.replace("of_shard", "$1").replace("of_delegation", "$2").replace("of_employee", "$3");
        assert_by_index(&plan(&body, connection).await, tables);
    }
    let body = body_of("not_for_followers", connection).await;
    let body = body.replace("of_shard", "$1::smallint").replace("of_package", "$2::text");
    let body = body.replace("of_privileges", "$3::integer[]").replace("from_instant", "$4::timestamptz");
    assert_by_index(&plan(&body, connection).await, &["delegation_package", "party"]);
    let body = body_of("followers_with", connection).await;
    let body = body.replace("of_shard", "$1::smallint").replace("of_privilege", "$2::integer");
    let body = body.replace("asked_at", "$3::timestamptz");
    assert_by_index(&plan(&body, connection).await, &["delegation_package", "delegation_privilege"]);
    let name = body_of("sealed_name", connection).await;
    let name = format!("select ({name}) from (select $1::smallint as of_shard, $2::uuid as of_party) called");
    assert_by_index(&plan(&name, connection).await, &["party", "party_key"]);
}

#[tokio::test]
async fn the_guard_of_requests_counts_those_that_matter_and_not_all_that_were_ever_made() {
    let (_database, mut connection) = loaded().await;
    connection.execute(REQUESTS).await.unwrap();
    connection.execute("analyze delegation").await.unwrap();
    let body = body_of("guard_request", &mut connection).await;
    // The very counts, with the new row's columns as parameters.
    let counts: Vec<_> = body
        .split("if (")
        .skip(1)
        .map(|condition| {
            let (condition, _) = condition.split_once("then").expect("a condition");
            let (count, _) = condition.rsplit_once(')').expect("a count");
            count
                .replace("new.shard", "$1::smallint")
                .replace("new.representative_id", "$2::uuid")
                .replace("new.created_at", "$3::timestamptz")
                .replace("new.delegator_id", "$4::uuid")
        })
        .collect();
    let indexes = ["request_pending", "request_pending", "request_declined"];
    assert_eq!(counts.len(), indexes.len(), "{counts:?}");
    for (count, index) in counts.iter().zip(indexes) {
        let plan = plan(count, &mut connection).await;
        assert!(plan.contains(&format!("{index} on delegation")), "{plan}");
    }
}

/// A session to a database whose notices were analysed when there was one, and became 8,000 since.
async fn analysed_too_early() -> (TestDatabase, PgConnection) {
    let (database, mut connection) = loaded().await;
    for sql in [
        "delete from notice_item where item_id <> (select min(item_id::text)::uuid from notice_item)",
        "vacuum (analyze, truncate off) notice_item",
        "insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
         select 0, gen_random_uuid(), receiver_id, 'revoked', delegation_id, occurred_at
         from notice_item, generate_series(1, 8000)",
    ] {
        connection.execute(sql).await.unwrap();
    }
    (database, connection)
}

#[tokio::test]
async fn a_table_that_was_analysed_when_it_had_one_row_is_still_read_by_its_key() {
    let (_database, mut connection) = analysed_too_early().await;
    for statement in [LIST_NOTICES, ACKNOWLEDGE] {
        let plan = plan(statement, &mut connection).await;
        let compared_one_by_one: Vec<_> =
            plan.lines().filter(|line| line.contains("Join Filter") && line.contains("item_id")).collect();
        assert_eq!(compared_one_by_one, [""; 0], "{plan}");
    }
}

#[tokio::test]
async fn every_table_says_that_its_rows_are_of_one_shard() {
    let database = database().await;
    let silent = "select c.relname::text from pg_class c
                  join pg_attribute a on a.attrelid = c.oid and a.attname = 'shard'
                  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                    and not coalesce(a.attoptions @> '{n_distinct=1}', false)";
    let silent: Vec<String> = sqlx::query_scalar(silent).fetch_all(&database.pool).await.unwrap();
    assert_eq!(silent, [""; 0]);
}
