//! Rows written by SQL, past the store: what the schema itself accepts.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgQueryResult;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

/// What a statement that the schema may refuse gives.
pub(crate) type Written = Result<PgQueryResult, sqlx::Error>;

/// A number as an id: rows of a test are told apart by small numbers.
pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Some instant, and others by days from it.
pub(crate) fn day(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_781_517_600, 0).unwrap() + TimeDelta::days(n)
}

/// The columns of a delegation that the tests vary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DelegationRow {
    pub(crate) id: Uuid,
    pub(crate) from: Uuid,
    pub(crate) to: Uuid,
    pub(crate) valid: (DateTime<Utc>, DateTime<Utc>),
    pub(crate) status: &'static str,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

impl DelegationRow {
    /// From party 1 to party 2, active, for ten days.
    pub(crate) fn new(n: u128) -> Self {
        Self { id: id(n), from: id(1), to: id(2), valid: (day(0), day(10)), status: "active", ended_at: None }
    }

    pub(crate) async fn insert(&self, at: impl PgExecutor<'_>) -> Written {
        sqlx::query(
            "insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from,
                                     valid_to, ended_at, created_at)
             values (0, $1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(self.id)
        .bind(self.from)
        .bind(self.to)
        .bind(self.status)
        .bind(self.valid.0)
        .bind(self.valid.1)
        .bind(self.ended_at)
        .bind(day(0))
        .execute(at)
        .await
    }

    /// A privilege of it that ends when and as it does.
    pub(crate) async fn grant(&self, privilege: i32, at: impl PgExecutor<'_>) -> Written {
        self.grant_until(privilege, self.ended_at, at).await
    }

    /// A privilege of it. One that ends while the rest lives on is revoked.
    pub(crate) async fn grant_until(
        &self,
        privilege: i32,
        ended_at: Option<DateTime<Utc>>,
        at: impl PgExecutor<'_>,
    ) -> Written {
        sqlx::query(
            "insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id,
                                               valid_from, valid_to, ended_at, ended_as)
             values (0, $1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(self.id)
        .bind(privilege)
        .bind(self.from)
        .bind(self.to)
        .bind(self.valid.0)
        .bind(self.valid.1)
        .bind(ended_at)
        .bind(ended_at.map(|_| if self.ended_at.is_some() { self.status } else { "revoked" }))
        .execute(at)
        .await
    }
}

/// A person of that number.
pub(crate) async fn person(n: u128, at: &PgPool) -> Written {
    party(n, "person", None, at).await
}

pub(crate) async fn party(n: u128, kind: &str, organisation: Option<u128>, at: &PgPool) -> Written {
    sqlx::query(
        "insert into party (shard, party_id, kind, organisation_id, created_at) values (0, $1, $2, $3, $4)",
    )
    .bind(id(n))
    .bind(kind)
    .bind(organisation.map(id))
    .bind(day(0))
    .execute(at)
    .await
}

/// An identifier of the party; what it is found by is 32 times the byte.
pub(crate) async fn identifier(kind: &str, index: u8, party: u128, at: &PgPool) -> Written {
    sqlx::query(
        "insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
         values (0, $1, $2, $3, '\\x00', $4)",
    )
    .bind(kind)
    .bind(vec![index; 32])
    .bind(id(party))
    .bind(day(0))
    .execute(at)
    .await
}

/// A system and a published privilege of it; its number.
pub(crate) async fn privilege(name: &str, at: &PgPool) -> i32 {
    let system = "insert into system (shard, system_id, authority_cvr, title_da, title_en)
                  values (0, 'self-service', '34051178', 'x', 'x') on conflict do nothing";
    sqlx::query(system).execute(at).await.unwrap();
    sqlx::query_scalar(
        "insert into privilege (shard, uri, system_id, authority_cvr, title_da, title_en, description_da,
                                description_en, delegator_kinds, representative_kinds, published_at)
         values (0, $1, 'self-service', '34051178', 'x', 'x', 'x', 'x', '{person}', '{person}', $2)
         returning privilege_id",
    )
    .bind(format!("urn:dk:example:{name}"))
    .bind(day(-1))
    .fetch_one(at)
    .await
    .unwrap()
}

/// An event of a party.
pub(crate) async fn event(party: u128, version: i64, at: impl PgExecutor<'_>) -> Written {
    sqlx::query(
        "insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, channel, request_id)
         values (0, 'party', $1, $2, 'registered', $3, 'client', 'front_end', $4)",
    )
    .bind(id(party).to_string())
    .bind(version)
    .bind(day(0))
    .bind(id(999))
    .execute(at)
    .await
}

/// The one way to add to the feed.
pub(crate) async fn advance_feed(
    party: u128,
    version: i64,
    at: impl PgExecutor<'_>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select advance_feed(0::smallint, $1, array['party'], array[$2], array[$3])")
        .bind(day(0))
        .bind(id(party).to_string())
        .bind(version)
        .fetch_one(at)
        .await
}

/// A change of some thing of that kind.
pub(crate) async fn advance_feed_of(kind: &str, at: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select advance_feed(0::smallint, $1, array[$2], array['x'], array[1::bigint])")
        .bind(day(0))
        .bind(kind)
        .fetch_one(at)
        .await
}
