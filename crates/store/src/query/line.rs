//! A sub-delegation and the delegations above it.

use fuldmagt_domain::{delegation::DelegationId, identifier::Identifier};
use serde::Deserialize;
use uuid::Uuid;

use crate::{Error, Result, Store, delegation::bytes, vault};

/// One of the delegations that hang together as sub-delegations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The delegation.
    pub delegation: DelegationId,
    /// Its representative.
    pub representative: Identifier,
}

/// A link as the SQL function `line_of` tells it.
#[derive(Debug, Deserialize)]
pub(super) struct LinkRow {
    delegation_id: Uuid,
    party_id: Uuid,
    kind: Option<String>,
    identifier: Option<String>,
    key_id: Option<String>,
    key: Option<String>,
}

impl Store {
    pub(super) fn link(&self, row: LinkRow) -> Result<Link> {
        let (Some(kind), Some(identifier), Some(key_id), Some(key)) =
            (&row.kind, &row.identifier, &row.key_id, &row.key)
        else {
            return Err(Error::Unreadable("a party without identifier"));
        };
        let key = self.data_key(row.party_id, key_id, &bytes(key)?)?;
        Ok(Link {
            delegation: DelegationId(row.delegation_id),
            representative: vault::open_identifier(&key, row.party_id, kind, &bytes(identifier)?)?,
        })
    }
}
