//! One delegation, for one of its parties, or to end it.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId},
    party::PartyId,
    text::{Message, Name},
};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::{facts::bytes, row::DelegationRow};
use crate::{Error, Result, SHARD, Store, crypt::Purpose, revision::Revision, usage::Usage, vault};

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

struct Row {
    epoch: Uuid,
    revision: i64,
    delegation: Option<Json<DelegationRow>>,
    delegator: Option<Json<SealedName>>,
    representative: Option<Json<SealedName>>,
    message: Option<Vec<u8>>,
    message_by: Option<Uuid>,
    message_key_id: Option<String>,
    message_key: Option<Vec<u8>>,
}

/// A party's name and the key to it, as the SQL function `sealed_name` tells them.
#[derive(Debug, Deserialize)]
pub(super) struct SealedName {
    name: Option<String>,
    key_id: Option<String>,
    key: Option<String>,
}

impl Store {
    /// A delegation that the usage entry's actor is a party of, or an employee of one; logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn delegation_for(&self, id: DelegationId, usage: Usage<'_>) -> Result<Visible> {
        let row = sqlx::query_file_as!(
            Row,
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

    fn shown(&self, row: Row) -> Result<Option<Shown>> {
        let Some(Json(delegation)) = row.delegation else { return Ok(None) };
        let delegation: Delegation = delegation.try_into()?;
        let message = match (&row.message, row.message_by, &row.message_key_id, &row.message_key) {
            (Some(message), Some(writer), Some(key_id), Some(wrapped)) => {
                let key = self.data_key(writer, key_id, wrapped)?;
                let text = vault::open(&key, Purpose::Message, delegation.id.0, message)?;
                Some(Message::parse(&text).map_err(|_| Error::Unreadable("message"))?)
            }
            (None, ..) => None,
            (Some(_), ..) => return Err(Error::Unreadable("a message without its key")),
        };
        Ok(Some(Shown {
            delegator_name: self.name(delegation.delegator, row.delegator)?,
            representative_name: self.name(delegation.representative, row.representative)?,
            delegation,
            message,
        }))
    }

    /// A party's name as it was registered.
    pub(super) fn name(&self, party: PartyId, sealed: Option<Json<SealedName>>) -> Result<Option<Name>> {
        let Some(Json(SealedName { name: Some(name), key_id, key })) = sealed else { return Ok(None) };
        let (Some(key_id), Some(key)) = (key_id, key) else {
            return Err(Error::Unreadable("a name without its key"));
        };
        let key = self.data_key(party.0, &key_id, &bytes(&key)?)?;
        let text = vault::open(&key, Purpose::Name, party.0, &bytes(&name)?)?;
        Name::parse(&text).map(Some).map_err(|_| Error::Unreadable("name"))
    }
}
