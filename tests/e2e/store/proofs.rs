//! Signature proofs: written once, sealed under keys of their own, and there when nothing else is.

use fuldmagt_domain::delegation::Delegation;
use fuldmagt_store::{
    Error,
    delegation::{Evidence, Receipt, VisibleReceipt},
    usage::Usage,
};
use sqlx::AssertSqlSafe;

use super::{
    constraints::{CHECK_VIOLATION, RESTRICT_VIOLATION, UNIQUE_VIOLATION, assert_refused, run},
    world::{EVIDENCE, World, agreement},
};

/// A delegation that was signed for.
async fn signed(world: &World) -> Delegation {
    let privilege = world.publish("signed").await;
    let (from, to) = (world.person().await.0, world.person().await.0);
    world.give(&world.gift(from, to, &privilege)).await.unwrap()
}

async fn read(world: &World, given: &Delegation) -> Result<VisibleReceipt, Error> {
    let usage = Usage { actor: Some(given.delegator), ..world.usage() };
    world.store.receipt_for(given.id, usage).await
}

#[tokio::test]
async fn a_proof_is_written_once() {
    let world = World::new().await;
    signed(&world).await;
    let pool = &world.database.pool;
    let columns: Vec<String> = sqlx::query_scalar(
        "select attname from pg_attribute
         where attrelid = 'signature_proof'::regclass and attnum > 0 and not attisdropped",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(columns.len() >= 14, "{columns:?}");
    for column in columns {
        let sql = format!("update signature_proof set {column} = {column}");
        assert_refused(run(&sql, pool).await, RESTRICT_VIOLATION, None);
    }
}

#[tokio::test]
async fn a_proof_hangs_on_nothing_and_nothing_hangs_on_it() {
    let world = World::new().await;
    let given = signed(&world).await;
    let pool = &world.database.pool;
    let foreign_keys: i64 = sqlx::query_scalar(
        "select count(*) from pg_constraint
         where contype = 'f' and 'signature_proof'::regclass in (conrelid, confrelid)",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(foreign_keys, 0);
    // The parties' own keys are destroyed, and with them what is known of them. The proof is read all the same.
    assert_eq!(run("delete from party_key", pool).await.unwrap(), 2);
    let receipt = read(&world, &given).await.unwrap().receipt.unwrap();
    assert_eq!(receipt.text, agreement(&given));
    assert_eq!(receipt.evidence, Some(Evidence(EVIDENCE.to_vec())));
}

#[tokio::test]
async fn a_proof_is_whole_and_the_only_one_of_its_version() {
    let world = World::new().await;
    signed(&world).await;
    let with_index = |digest: &str, level: &str, version: &str, index: &str| {
        format!(
            "insert into signature_proof (shard, proof_id, delegation_id, delegation_version, signer_id, signed_at,
                 recorded_at, level_of_assurance, digest, wrapping_key_id, wrapped_key, agreement_ciphertext,
                 signer_ciphertext, evidence_ciphertext, signature_index)
             select shard, gen_random_uuid(), delegation_id, {version}, signer_id, signed_at, recorded_at, '{level}',
                    {digest}, wrapping_key_id, wrapped_key, agreement_ciphertext, signer_ciphertext,
                    evidence_ciphertext, {index}
             from signature_proof"
        )
    };
    let again =
        |digest: &str, level: &str, version: &str| with_index(digest, level, version, "sha256('another')");
    let pool = &world.database.pool;
    for (sql, code, constraint) in [
        (with_index("digest", "high", "2", "signature_index"), UNIQUE_VIOLATION, "signature_counts_once"),
        (
            with_index("digest", "high", "2", "'\\x00'"),
            CHECK_VIOLATION,
            "signature_proof_signature_index_check",
        ),
        (again("digest", "substantial", "1"), UNIQUE_VIOLATION, "proof_of_delegation"),
        (again("'\\x00'", "substantial", "2"), CHECK_VIOLATION, "signature_proof_digest_check"),
        (again("digest", "low", "2"), CHECK_VIOLATION, "signature_proof_level_of_assurance_check"),
        (again("digest", "high", "0"), CHECK_VIOLATION, "signature_proof_delegation_version_check"),
    ] {
        assert_refused(run(&sql, pool).await, code, Some(constraint));
    }
    assert_eq!(run(&again("digest", "high", "2"), pool).await.unwrap(), 1);
}

/// Moves columns of one proof to the other, as somebody with the database and without the keyring could.
async fn moved(columns: &str) -> Result<Option<Receipt>, Error> {
    let world = World::new().await;
    let given = signed(&world).await;
    let other = world.publish("other").await;
    world.give(&world.gift(given.delegator, given.representative, &other)).await.unwrap();
    let sql = format!(
        "with other as (select * from signature_proof where delegation_id <> '{id}')
         update signature_proof p set {columns} from other where p.delegation_id = '{id}'",
        id = given.id,
    );
    let pool = &world.database.pool;
    run("alter table signature_proof disable trigger signature_proof_is_written_once", pool).await.unwrap();
    let written = sqlx::query(AssertSqlSafe(sql)).execute(pool).await.unwrap();
    assert_eq!(written.rows_affected(), 1);
    read(&world, &given).await.map(|visible| visible.receipt)
}

#[tokio::test]
async fn no_part_of_a_proof_opens_in_the_place_of_another() {
    assert!(moved("recorded_at = p.recorded_at").await.unwrap().is_some());
    for columns in [
        "agreement_ciphertext = other.agreement_ciphertext",
        "evidence_ciphertext = other.evidence_ciphertext",
        "agreement_ciphertext = p.evidence_ciphertext",
        "digest = other.digest",
        "wrapped_key = other.wrapped_key",
        "wrapped_key = other.wrapped_key, agreement_ciphertext = other.agreement_ciphertext",
    ] {
        let read = moved(columns).await;
        assert!(matches!(read, Err(Error::Unreadable(_))), "{columns}: {read:?}");
    }
}
