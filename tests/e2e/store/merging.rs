//! A merge reaches everything that names a party.

use fuldmagt_tests::database;

/// Every foreign key to a party, and what a merge does to it. Whoever adds one says it here, and has the merge do it.
const REACHED: [(&str, &str, &str); 13] = [
    ("delegation", "delegator_id", "moves"),
    ("delegation", "representative_id", "moves"),
    ("designation", "employee_id", "is of an employee, and only persons are merged"),
    ("identifier", "party_id", "moves, sealed anew"),
    ("letter_request", "receiver_id", "moves"),
    ("notice_item", "receiver_id", "moves while it is to be told"),
    ("party", "merged_into", "is told where that went"),
    ("party", "organisation_id", "is an organisation, and only persons are merged"),
    ("party_key", "party_id", "is destroyed"),
    ("register_effect", "party_id", "is forgotten: its number was followed"),
    ("standing_effect", "party_id", "is forgotten: a suspension is the survivor's, and written anew"),
    // No foreign keys, but parties all the same.
    ("delegation", "chain", "moves"),
    ("delegation", "message_by", "moves, sealed anew"),
];
/// What tells what happened, and by whom: written once, so it keeps the id of that day.
const HISTORY: [(&str, &str); 11] = [
    ("event", "acting_for_id"),
    ("event", "actor_id"),
    ("event", "related_id"),
    ("paper_case", "decided_by"),
    ("paper_case", "registered_by"),
    ("paper_case", "started_by"),
    ("signature_proof", "signer_id"),
    ("usage_log", "actor_id"),
    ("usage_log", "delegator_id"),
    ("usage_log", "representative_id"),
    ("party", "party_id"),
];

#[tokio::test]
async fn every_column_that_names_a_party_is_moved_or_is_history() {
    let database = database().await;
    let keys: Vec<(String, String)> = sqlx::query_as(
        "select c.conrelid::regclass::text, a.attname::text
         from pg_constraint c cross join lateral unnest(c.conkey) k (attnum)
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum
         where c.contype = 'f' and c.confrelid = 'party'::regclass and a.attname not in ('shard', 'representative_shard')
         order by 1, 2",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert!(keys.len() >= 10, "{keys:?}");
    // What repeats a delegation's parties follows by its own foreign key, which cascades.
    for (table, column) in keys {
        let said = REACHED.iter().any(|(t, c, _)| (*t, *c) == (table.as_str(), column.as_str()))
            || HISTORY.contains(&(table.as_str(), column.as_str()));
        assert!(said, "nobody has said what a merge does to {table}.{column}");
    }
    // And every column of that name or type that has no foreign key.
    let others: Vec<(String, String)> = sqlx::query_as(
        "select c.table_name::text, c.column_name::text from information_schema.columns c
         where c.table_schema = 'public' and c.table_name not like 'usage\\_log\\_%'
           and (c.udt_name = '_uuid' or (c.udt_name = 'uuid' and c.column_name ~ '(_by|_id|_into)$'))
           and c.column_name !~ '^(delegation|superseded|item|notice|entry|request|proof|letter|parent|after|import)_'
         order by 1, 2",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let of_a_delegation = ["delegation_privilege", "delegation_package"];
    for (table, column) in others {
        let said = REACHED.iter().any(|(t, c, _)| (*t, *c) == (table.as_str(), column.as_str()))
            || HISTORY.contains(&(table.as_str(), column.as_str()))
            || of_a_delegation.contains(&table.as_str());
        assert!(said, "nobody has said what a merge does to {table}.{column}");
    }
}
