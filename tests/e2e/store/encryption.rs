//! Personal data at rest: nothing readable in any table, and nothing that can trade places.

use std::sync::Arc;

use fuldmagt_domain::{
    delegation::Delegation,
    identifier::{Identifier, IdentifierKind, PartyKind},
    party::PartyId,
};
use fuldmagt_store::{Error, Store, delegation::Ask, keyring::KeyringFile, usage::Usage};
use fuldmagt_tests::fixtures::Keyring;
use sqlx::{AssertSqlSafe, PgPool};

use super::world::{EVIDENCE, Gift, World};

/// Every value of every column of every table that holds the text, as text or as hexadecimal digits of its bytes.
pub(super) async fn places(text: &str, pool: &PgPool) -> Vec<String> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.oid::regclass::text, quote_ident(a.attname) from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut places = Vec::new();
    for (table, column) in columns {
        // A bytea reads as hexadecimal digits.
        let sql = format!(
            "select count(*) from {table} where strpos(lower({column}::text), lower($1)) > 0
                           or strpos(lower({column}::text), $2) > 0"
        );
        let found: i64 =
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(text).bind(&hex).fetch_one(pool).await.unwrap();
        if found > 0 {
            places.push(format!("{table}.{column}"));
        }
    }
    places
}

/// A person who gave two delegations with messages to an employee; and everything secret about them.
struct Given {
    world: World,
    delegator: PartyId,
    representative: PartyId,
    delegations: [Delegation; 2],
    secrets: Vec<String>,
}

impl Given {
    async fn new() -> Self {
        let world = World::new().await;
        let privileges = [world.publish("one").await, world.publish("two").await];
        let (person, organisation) = (world.people.person(), world.people.organisation());
        let employee = world.people.employee_of(&organisation);
        let named_by = [person.identifiers(), organisation.identifiers(), employee.identifiers()];
        let mut secrets: Vec<String> =
            named_by.iter().flatten().map(|identifier| identifier.expose().to_owned()).collect();
        for name in [&person.name, &organisation.name, &employee.name] {
            secrets.extend(name.expose().split(' ').filter(|word| word.len() > 4).map(str::to_owned));
        }
        let [of_person, of_organisation, of_employee] = named_by;
        let delegator = world.register(PartyKind::Person, None, of_person, person.name).await.unwrap();
        let employer =
            world.register(PartyKind::Organisation, None, of_organisation, organisation.name).await.unwrap();
        let representative =
            world.register(PartyKind::Employee, Some(employer), of_employee, employee.name).await.unwrap();
        secrets.extend(
            ["Aftalen om", "The agreement about", std::str::from_utf8(EVIDENCE).unwrap()].map(str::to_owned),
        );
        let mut delegations = Vec::new();
        for privilege in &privileges {
            let message = world.people.message();
            secrets.extend(message.expose().lines().map(str::to_owned));
            let gift = Gift { message: Some(message), ..world.gift(delegator, representative, privilege) };
            delegations.push(world.give(&gift).await.unwrap());
        }
        Self { world, delegator, representative, delegations: delegations.try_into().unwrap(), secrets }
    }

    /// What the delegator is shown of the first delegation.
    async fn shown(&self) -> Result<(), Error> {
        let usage = Usage { actor: Some(self.delegator), ..self.world.usage() };
        let visible = self.world.store.delegation_for(self.delegations[0].id, usage).await?;
        let shown = visible.shown.expect("the delegator's own");
        assert!(
            shown.message.is_some() && shown.delegator_name.is_some() && shown.representative_name.is_some()
        );
        Ok(())
    }

    async fn run(&self, sql: String) {
        let written = sqlx::query(AssertSqlSafe(sql)).execute(&self.world.database.pool).await.unwrap();
        assert!(written.rows_affected() > 0, "something was moved");
    }
}

#[track_caller]
pub(super) fn assert_unreadable<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Unreadable(_))), "{result:?}");
}

#[tokio::test]
async fn no_column_of_any_table_holds_an_identifier_a_name_or_a_message_in_the_clear() {
    let given = Given::new().await;
    let pool = &given.world.database.pool;
    given.shown().await.unwrap();
    let world = &given.world;
    world.revoke(&world.store, &given.delegations[1]).await.unwrap();
    for secret in &given.secrets {
        assert_eq!(
            places(secret, pool).await,
            Vec::<String>::new(),
            "holds a value of {} characters",
            secret.len()
        );
    }
    // The search itself finds what is there, as text and as bytes.
    assert_eq!(places("urn:dk:example:one", pool).await.len(), 3, "privilege, event and change");
    assert_eq!(places("answer", pool).await, ["idempotency.response"]);
}

#[tokio::test]
async fn the_same_digits_of_another_kind_have_another_blind_index() {
    let world = World::new().await;
    let organisation = world.people.organisation();
    let digits = organisation.cvr.expose().to_owned();
    let se = Identifier::parse(IdentifierKind::Se, &digits).unwrap();
    let identifiers = vec![Identifier::Cvr(organisation.cvr), se];
    world.register(PartyKind::Organisation, None, identifiers, organisation.name).await.unwrap();
    let indexes: Vec<Vec<u8>> = sqlx::query_scalar("select blind_index from identifier")
        .fetch_all(&world.database.pool)
        .await
        .unwrap();
    assert_eq!(indexes.len(), 2);
    assert_ne!(indexes[0], indexes[1]);
}

#[tokio::test]
async fn a_name_moved_to_another_party_does_not_open() {
    let given = Given::new().await;
    given.shown().await.unwrap();
    given
        .run(format!(
            "update party p set name_ciphertext = o.name_ciphertext from party o
             where p.party_id = '{}' and o.party_id = '{}'",
            given.delegator, given.representative,
        ))
        .await;
    assert_unreadable(given.shown().await);
}

#[tokio::test]
async fn a_name_moved_to_another_party_does_not_open_together_with_its_key() {
    let given = Given::new().await;
    let (to, from) = (given.delegator, given.representative);
    given
        .run(format!(
            "with moved as (
                 update party_key p set wrapped_key = o.wrapped_key, wrapping_key_id = o.wrapping_key_id from party_key o
                 where p.party_id = '{to}' and o.party_id = '{from}')
             update party p set name_ciphertext = o.name_ciphertext from party o
             where p.party_id = '{to}' and o.party_id = '{from}'",
        ))
        .await;
    assert_unreadable(given.shown().await);
}

#[tokio::test]
async fn a_message_moved_to_another_delegation_of_the_same_delegator_does_not_open() {
    let given = Given::new().await;
    let [to, from] = &given.delegations;
    given
        .run(format!(
            "update delegation d set message_ciphertext = o.message_ciphertext from delegation o
             where d.delegation_id = '{}' and o.delegation_id = '{}'",
            to.id, from.id,
        ))
        .await;
    assert_unreadable(given.shown().await);
}

#[tokio::test]
async fn an_identifier_moved_to_another_party_or_another_kind_does_not_open() {
    let given = Given::new().await;
    let world = &given.world;
    let cpr = async || {
        let ask = Ask { parties: &[given.delegator], sealed: true, ..Ask::default() };
        let facts = world.store.facts(ask).await.unwrap();
        facts.party_facts(given.delegator).expect("known").cpr()
    };
    let other = world.person().await.0;
    assert!(cpr().await.unwrap().is_some());
    for (party, kind) in [(given.delegator, "pid"), (other, "cpr")] {
        given
            .run(format!(
                "update identifier i set ciphertext = o.ciphertext from identifier o
                 where i.party_id = '{}' and i.kind = 'cpr' and o.party_id = '{party}' and o.kind = '{kind}'",
                given.delegator,
            ))
            .await;
        assert_unreadable(cpr().await);
    }
}

#[tokio::test]
async fn a_party_without_its_data_key_is_erased() {
    let given = Given::new().await;
    given.run(format!("delete from party_key where party_id = '{}'", given.delegator)).await;
    assert_unreadable(given.shown().await);
}

#[tokio::test]
async fn a_database_filled_with_one_keyring_is_refused_with_another() {
    let given = Given::new().await;
    let database = &given.world.database;
    given.world.store.check_keys().await.expect("with its own");
    let other = database.store(&Keyring::generate()).await;
    let error = other.check_keys().await.expect_err("another index key");
    assert!(matches!(&error, Error::Misfit(why) if why.contains("index key")), "{error:?}");
}

#[tokio::test]
async fn a_keyring_that_lacks_a_wrapping_key_in_use_is_refused() {
    let given = Given::new().await;
    let read = |path| -> serde_json::Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let other = Keyring::generate();
    let mut document = read(other.path());
    for key in ["index_key", "token_key"] {
        document[key] = read(given.world.keyring.path())[key].clone();
    }
    // Of proofs as well, though no party has a key any more.
    given.run("delete from party_key".to_owned()).await;
    // The file stays its owner's alone.
    std::fs::write(other.path(), serde_json::to_vec(&document).unwrap()).unwrap();
    let keys = Arc::new(KeyringFile::load(other.path()).unwrap());
    let settings = fuldmagt_store::Settings {
        url: given.world.database.url.clone(),
        max_connections: 1,
        acquire_timeout_ms: 10_000,
        statement_timeout_ms: 10_000,
    };
    let store = Store::open(&settings, keys).await.unwrap();
    let error = store.check_keys().await.expect_err("a wrapping key is missing");
    assert!(matches!(&error, Error::Misfit(why) if why.contains("wrapping key")), "{error:?}");
}
