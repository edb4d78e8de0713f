//! One delegation, for one of its parties, or to end it.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId},
    party::{Party, PartyId},
    text::{Message, Name},
};
use uuid::Uuid;

use super::row::DelegationRow;
use crate::{
    Error, Result, SHARD, Store, crypt::Purpose, revision::Revision, rows::PartyRow, usage::Usage, vault,
};

/// A delegation as its parties may see it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The delegation.
    pub delegation: Delegation,
    /// The delegator's name, if one is registered.
    pub delegator_name: Option<Name>,
    /// The representative's name, if one is registered.
    pub representative_name: Option<Name>,
    /// The delegator's message; lists leave it out.
    pub message: Option<Message>,
}

/// What the actor may see of a delegation id: the delegation, or nothing, whether it does not exist or is not theirs.
#[derive(Clone, Debug)]
pub struct Visible {
    /// The delegation.
    pub shown: Option<Shown>,
    /// The state that this is from.
    pub revision: Revision,
}

/// What is needed to end a delegation.
#[derive(Clone, Debug)]
pub struct EndingFacts {
    /// The logged-in user.
    pub actor: Party,
    /// The delegation.
    pub delegation: Delegation,
}

struct ShownRow {
    epoch: Uuid,
    revision: i64,
    delegation_id: Option<Uuid>,
    delegator_id: Option<Uuid>,
    representative_id: Option<Uuid>,
    privileges: Option<Vec<String>>,
    valid_from: Option<DateTime<Utc>>,
    valid_to: Option<DateTime<Utc>>,
    status: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    version: Option<i64>,
    message: Option<Vec<u8>>,
    delegator_name: Option<Vec<u8>>,
    delegator_key_id: Option<String>,
    delegator_key: Option<Vec<u8>>,
    representative_name: Option<Vec<u8>>,
    representative_key_id: Option<String>,
    representative_key: Option<Vec<u8>>,
}

impl Store {
    /// A delegation that the usage entry's actor is a party of, or an employee of one; logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn delegation_for(&self, id: DelegationId, usage: Usage<'_>) -> Result<Visible> {
        let row = sqlx::query_file_as!(
            ShownRow,
            "src/delegation/get.sql",
            SHARD,
            id.0,
            usage.actor.map(|actor| actor.0),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.trace_id,
        )
        .fetch_one(&self.pool)
        .await?;
        let revision = Revision { epoch: row.epoch, shard: SHARD, number: row.revision };
        Ok(Visible { shown: self.shown(row)?, revision })
    }

    /// The actor and the delegation to be ended; `None` unless both are known. Not logged: the command that ends it
    /// or is refused logs. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn ending_facts(&self, id: DelegationId, actor: PartyId) -> Result<Option<EndingFacts>> {
        let row = sqlx::query!(
            r#"select d.delegation_id, d.delegator_id, d.representative_id, d.valid_from, d.valid_to, d.status,
                      d.ended_at, d.created_at, d.version,
                      array(select p.uri
                            from delegation_privilege g
                            join privilege p on p.shard = g.shard and p.privilege_id = g.privilege_id
                            where g.shard = d.shard and g.delegation_id = d.delegation_id
                            order by p.uri) as "privileges!",
                      a.kind, a.organisation_id, a.standing, a.created_at as actor_created_at,
                      a.version as actor_version
               from delegation d join party a on a.shard = $1 and a.party_id = $3
               where d.shard = $1 and d.delegation_id = $2"#,
            SHARD,
            id.0,
            actor.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let actor = PartyRow {
            party_id: actor.0,
            kind: row.kind,
            organisation_id: row.organisation_id,
            standing: row.standing,
            created_at: row.actor_created_at,
            version: row.actor_version,
        };
        let delegation = DelegationRow {
            delegation_id: row.delegation_id,
            delegator_id: row.delegator_id,
            representative_id: row.representative_id,
            privileges: row.privileges,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            status: row.status,
            ended_at: row.ended_at,
            created_at: row.created_at,
            version: row.version,
        };
        Ok(Some(EndingFacts { actor: actor.try_into()?, delegation: delegation.try_into()? }))
    }

    fn shown(&self, row: ShownRow) -> Result<Option<Shown>> {
        let (Some(delegator), Some(representative)) = (row.delegator_id, row.representative_id) else {
            return Ok(None);
        };
        let delegator_name = self.name(
            delegator,
            row.delegator_name.as_deref(),
            row.delegator_key_id.as_deref(),
            row.delegator_key.as_deref(),
        )?;
        let representative_name = self.name(
            representative,
            row.representative_name.as_deref(),
            row.representative_key_id.as_deref(),
            row.representative_key.as_deref(),
        )?;
        let message = match (&row.message, &row.delegator_key_id, &row.delegator_key, row.delegation_id) {
            (Some(message), Some(key_id), Some(wrapped), Some(id)) => {
                let key = self.data_key(delegator, key_id, wrapped)?;
                let text = vault::open(&key, Purpose::Message, id, message)?;
                Some(Message::parse(&text).map_err(|_| Error::Unreadable("message"))?)
            }
            (None, ..) => None,
            (Some(_), ..) => return Err(Error::Unreadable("a message without its key")),
        };
        let delegation = row.delegation().ok_or(Error::Unreadable("delegation"))?.try_into()?;
        Ok(Some(Shown { delegation, delegator_name, representative_name, message }))
    }

    /// A party's name as it was registered.
    pub(super) fn name(
        &self,
        party: Uuid,
        sealed: Option<&[u8]>,
        key_id: Option<&str>,
        wrapped: Option<&[u8]>,
    ) -> Result<Option<Name>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let (Some(key_id), Some(wrapped)) = (key_id, wrapped) else {
            return Err(Error::Unreadable("a name without its key"));
        };
        let text = vault::open(&self.data_key(party, key_id, wrapped)?, Purpose::Name, party, sealed)?;
        Name::parse(&text).map(Some).map_err(|_| Error::Unreadable("name"))
    }
}

impl ShownRow {
    fn delegation(self) -> Option<DelegationRow> {
        Some(DelegationRow {
            delegation_id: self.delegation_id?,
            delegator_id: self.delegator_id?,
            representative_id: self.representative_id?,
            privileges: self.privileges?,
            valid_from: self.valid_from?,
            valid_to: self.valid_to?,
            status: self.status?,
            ended_at: self.ended_at,
            created_at: self.created_at?,
            version: self.version?,
        })
    }
}
