//! What a plain check has no part in: sub-delegations and what employers hold.

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use uuid::Uuid;

use super::plans::{CHECK, assert_by_index, loaded, plan};

const DESIGNATION_FACTS: &str = include_str!("../../../crates/store/src/delegation/designation_facts.sql");
const DESIGNATIONS: &str = include_str!("../../../crates/store/src/delegation/designations.sql");

/// One grant of a privilege of the authority that a person holds, one that an employer holds and an employee of it is
/// designated for, and one that was given on; each with who asks.
const QUESTIONS: &str = "
    with privilege_asked as (
        select privilege_id, uri from privilege where authority_cvr = '34051178' order by uri limit 1
    ),
    employers as (
        insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id, valid_from,
                                          valid_to)
        select 0, d.delegation_id, p.privilege_id, d.delegator_id, d.representative_id, d.valid_from, d.valid_to
        from delegation d, privilege_asked p where d.delegation_id = lpad('cccc1', 32, '0')::uuid
        returning delegator_id
    ),
    named as (
        insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
        values (0, 'rid', sha256('rid'), lpad('bbbb1', 32, '0')::uuid, '\\x00', '2026-01-01')
        returning kind, blind_index
    ),
    part as (
        insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, created_at,
                                parent_id, depth, chain)
        select 0, lpad('eeee', 32, '0')::uuid, d.delegator_id, lpad(to_hex(8999), 32, '0')::uuid, d.valid_from, d.valid_to,
               d.created_at, d.delegation_id, 1, array[d.representative_id]
        from delegation d, delegation_privilege g, privilege_asked p
        where g.delegation_id = d.delegation_id and g.privilege_id = p.privilege_id
        order by d.delegation_id limit 1
        returning *
    ),
    given_on as (
        insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id, valid_from,
                                          valid_to, depth)
        select 0, d.delegation_id, p.privilege_id, d.delegator_id, d.representative_id, d.valid_from, d.valid_to, 1
        from part d, privilege_asked p
        returning delegator_id, representative_id
    ),
    plain as (
        select g.delegator_id, g.representative_id from delegation_privilege g join privilege_asked p using (privilege_id)
        order by g.delegation_id limit 1
    ),
    asked as (
        select 'plain' as what, p.delegator_id, 'cpr' as kind, sha256(('cpr' || p.representative_id)::bytea) as name
        from plain p
        union all
        select 'employer', e.delegator_id, n.kind, n.blind_index from employers e, named n
        union all
        select 'part', g.delegator_id, 'cpr', sha256(('cpr' || g.representative_id)::bytea) from given_on g
    )
    select a.what, sha256(('cpr' || a.delegator_id)::bytea), a.kind, a.name, p.uri from asked a, privilege_asked p";

type Question = (String, Vec<u8>, String, Vec<u8>, String);

/// Asks, and tells whether the answer is yes and which of the functions for rare grants were called.
async fn ask(question: &Question, connection: &mut PgConnection) -> (bool, Vec<String>) {
    let mut transaction = connection.begin().await.unwrap();
    let (_, delegator, kind, representative, uri) = question;
    let at = "2026-06-15T10:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let row = sqlx::query(CHECK)
        .bind(0_i16)
        .bind(vec!["cpr".to_owned()])
        .bind(vec![delegator.clone()])
        .bind(vec![kind.clone()])
        .bind(vec![representative.clone()])
        .bind(vec![uri.clone()])
        .bind(vec![None::<Vec<u8>>])
        .bind("34051178")
        .bind(at)
        .bind(Uuid::from_u128(1))
        .bind("client")
        .bind("rpc")
        .bind(Some("case"))
        .bind(None::<String>)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    let granted = row.get::<bool, _>("granted!");
    let called = "select funcname::text from pg_stat_xact_user_functions
                  where funcname in ('standings_above', 'designation_of', 'line_of') order by 1";
    let called = sqlx::query_scalar(called).fetch_all(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    // Else the calls are counted with those of the next question.
    connection.execute("select pg_stat_force_next_flush()").await.unwrap();
    (granted, called)
}

#[tokio::test]
async fn only_a_rare_grant_calls_for_more() {
    let (_database, mut connection) = loaded().await;
    connection.execute("set track_functions = 'all'").await.unwrap();
    let questions: Vec<Question> = sqlx::query_as(QUESTIONS).fetch_all(&mut connection).await.unwrap();
    for (what, called) in [
        ("plain", [].as_slice()),
        ("employer", &["designation_of"]),
        ("part", &["line_of", "standings_above"]),
    ] {
        let question = questions.iter().find(|question| question.0 == what).expect(what);
        assert_eq!(
            ask(question, &mut connection).await,
            (true, called.iter().map(|&it| it.to_owned()).collect())
        );
    }
}

#[tokio::test]
async fn designations_find_their_rows_by_index() {
    let (_database, mut connection) = loaded().await;
    let list = plan(DESIGNATIONS, &mut connection).await;
    assert_by_index(&list, &["delegation", "party", "designation", "identifier", "party_key"]);
    let facts = plan(DESIGNATION_FACTS, &mut connection).await;
    let tables =
        ["delegation", "party", "designation", "identifier", "delegation_privilege", "delegation_package"];
    assert_by_index(&facts, &tables);
}
