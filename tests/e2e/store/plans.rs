//! Which indexes Postgres uses for the very statements of the store, with enough rows that it matters.

use fuldmagt_tests::{TestDatabase, database};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

const CHECK: &str = include_str!("../../../crates/store/src/query/check.sql");
const LIST_REPRESENTATIVES: &str = include_str!("../../../crates/store/src/query/list_representatives.sql");
const LIST_DELEGATORS: &str = include_str!("../../../crates/store/src/query/list_delegators.sql");
const CREATE: &str = include_str!("../../../crates/store/src/delegation/create.sql");
const GET: &str = include_str!("../../../crates/store/src/delegation/get.sql");
const AFFECTED: &str = include_str!("../../../crates/store/src/catalogue/affected.sql");
const END: &str = include_str!("../../../crates/store/src/delegation/end.sql");

/// The tables that grow with people and delegations. None of them is ever read from end to end.
const LARGE: [&str; 6] = ["identifier", "party", "party_key", "delegation", "delegation_privilege", "event"];

/// 2,000 privileges of two authorities, 10,000 persons, 20,000 delegations of one or two privileges.
const LOAD: [&str; 8] = [
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
];

/// A loaded database, and a session whose prepared statements are planned without a look at their parameters, as those
/// of the store's sessions are.
async fn loaded() -> (TestDatabase, PgConnection) {
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

/// The plan of a statement whose parameters have these types, as lines.
async fn plan(sql: &str, types: &str, connection: &mut PgConnection) -> String {
    // Read as it stands: the quotes around the columns' names are as good for Postgres as they are for sqlx.
    connection.execute(AssertSqlSafe(format!("prepare statement ({types}) as {sql}"))).await.unwrap();
    let arguments = vec!["null"; types.split(',').count()].join(", ");
    let explain = format!("explain (costs off) execute statement ({arguments})");
    let lines: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
    connection.execute("deallocate statement").await.unwrap();
    lines.join("\n")
}

/// Asserts that no large table is read from end to end, and that each of these is found by an index.
#[track_caller]
fn assert_by_index(plan: &str, tables: &[&str]) {
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

    let check = plan(
        CHECK,
        "smallint, text[], bytea[], text[], bytea[], text[], text, timestamptz, uuid, text, text, text, text",
        connection,
    )
    .await;
    assert_by_index(&check, &["identifier", "party", "privilege", "delegation_privilege", "delegation"]);
    // Of the indexes of grants, the one that does not grow with what a single party gives or holds.
    assert!(check.contains("Index Only Scan using grant_by_parties on delegation_privilege"), "{check}");

    let types = "smallint, text, bytea, text, timestamptz, text[], uuid, integer, integer, uuid, timestamptz, text, text,
                 text, text";
    for list in [LIST_REPRESENTATIVES, LIST_DELEGATORS] {
        let list = plan(list, types, connection).await;
        assert_by_index(&list, &["identifier", "party", "party_key", "delegation_privilege"]);
    }

    let get = plan(GET, "smallint, uuid, uuid, uuid, timestamptz, text, text, text", connection).await;
    assert_by_index(&get, &["delegation", "delegation_privilege", "party", "party_key"]);

    let create = plan(
        CREATE,
        "smallint, uuid, uuid, uuid, timestamptz, timestamptz, bytea, timestamptz, integer[], text, uuid, text, uuid, text,
         bytea, bytea, uuid, text",
        connection,
    )
    .await;
    // It reads nothing but the head; what the constraints look up is another matter, and theirs by index.
    assert_by_index(&create, &[]);

    let end = plan(
        END,
        "smallint, uuid, bigint, text, timestamptz, timestamptz, text, uuid, uuid, text, text, uuid, text, bytea, bytea,
         uuid, text",
        connection,
    )
    .await;
    assert_by_index(&end, &["delegation", "delegation_privilege"]);

    let types = "smallint, text, timestamptz, timestamptz, integer, text[], text[], boolean";
    let affected = plan(AFFECTED, types, connection).await;
    assert_by_index(&affected, &["delegation_privilege", "party"]);
    assert!(affected.contains("using grant_of_privilege on delegation_privilege"), "{affected}");
}
