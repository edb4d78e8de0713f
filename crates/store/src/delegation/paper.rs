//! A paper case as the SQL function `paper_row` tells it.

use chrono::{DateTime, NaiveDate, Utc};
use fuldmagt_domain::{
    delegation::DelegationId,
    paper::{Record, SignedForm},
    party::PartyId,
};
use serde::Deserialize;
use uuid::Uuid;

use super::facts::bytes;
use crate::{Error, Result};

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaperRow {
    delegation_id: Uuid,
    started_by: Uuid,
    started_at: DateTime<Utc>,
    scan_digest: Option<String>,
    signed_on: Option<NaiveDate>,
    registered_by: Option<Uuid>,
    registered_at: Option<DateTime<Utc>>,
    decided_by: Option<Uuid>,
    decided_at: Option<DateTime<Utc>>,
}

impl PaperRow {
    pub(super) fn record(self) -> Result<(DelegationId, Record)> {
        let form = match (self.scan_digest, self.signed_on, self.registered_by, self.registered_at) {
            (Some(digest), Some(signed_on), Some(by), Some(registered_at)) => Some(SignedForm {
                scan_digest: bytes(&digest)?.try_into().map_err(|_| Error::Unreadable("digest of a scan"))?,
                signed_on,
                registered_by: PartyId(by),
                registered_at,
            }),
            _ => None,
        };
        let record = Record {
            started_by: PartyId(self.started_by),
            started_at: self.started_at,
            form,
            decided: self.decided_by.map(PartyId).zip(self.decided_at),
        };
        Ok((DelegationId(self.delegation_id), record))
    }
}
