//! Where the register asks for something else than what a party is.

use fuldmagt_domain::{
    cpr_status::{CprStatus, Demand, Effects},
    identifier::CprNumber,
    party::{PartyId, Standing},
};
use uuid::Uuid;

use super::records::open_number;
use crate::{Error, Result, SHARD, Store, crypt::DataKey, rows};

/// The most differences of one page: what a caller may hold in memory, each with a number.
pub const MAX_DIFFERENCES: u16 = 1_000;

/// A party whose status in the register asks for something else than its present standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The party that the register's number names.
    pub party: PartyId,
    /// What it is now.
    pub standing: Standing,
    /// What the register says.
    pub status: CprStatus,
    /// What that asks for.
    pub demand: Demand,
    /// The number that the person has now, where the register tells one.
    pub new_number: Option<CprNumber>,
}

impl Store {
    /// Who is to be ended, merged, suspended or resumed by the copy of the register that is in use: a page of at most
    /// `limit` (and at most [`MAX_DIFFERENCES`]) parties by id, after the last one of the page before. Fewer than that:
    /// there are no more. Without a copy in use there are none.
    ///
    /// This only reads. Whoever applies a difference does so by a command of its own, which looks at the party again
    /// and takes it out of the next answer by changing its standing or its identifiers; a page is no promise that
    /// nothing has changed since. It shows nothing to anybody, so it is not logged: the command is.
    ///
    /// Not to be cut off half-way: run it in a task of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn register_differences(
        &self,
        effects: &Effects,
        limit: u16,
        after: Option<PartyId>,
    ) -> Result<Vec<Difference>> {
        let (statuses, standings): (Vec<_>, Vec<_>) =
            effects.demands().map(|(status, standing)| (status.code(), standing.as_str().to_owned())).unzip();
        let mut transaction = self.long().await?;
        let rows = sqlx::query_file_as!(
            Row,
            "src/cpr/differences.sql",
            SHARD,
            &statuses,
            &standings,
            after.map(|party| party.0),
            i32::from(limit.min(MAX_DIFFERENCES)),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let key = match rows.first() {
            Some(row) => self.cpr_key(row.import_id, &row.wrapping_key_id, &row.wrapped_key)?,
            None => return Ok(Vec::new()),
        };
        rows.iter().map(|row| row.difference(effects, &key)).collect()
    }
}

struct Row {
    import_id: Uuid,
    wrapping_key_id: String,
    wrapped_key: Vec<u8>,
    party_id: Uuid,
    standing: String,
    status: i16,
    blind_index: Vec<u8>,
    new_number_ciphertext: Option<Vec<u8>>,
}

impl Row {
    fn difference(&self, effects: &Effects, key: &DataKey) -> Result<Difference> {
        let standing = rows::standing(&self.standing)?;
        let status = CprStatus::from_code(self.status).ok_or(Error::Unreadable("status"))?;
        let new_number = self.new_number_ciphertext.as_deref();
        Ok(Difference {
            party: PartyId(self.party_id),
            standing,
            status,
            demand: effects.demand(status, standing).ok_or(Error::Unreadable("status or standing"))?,
            new_number: new_number.map(|sealed| open_number(key, &self.blind_index, sealed)).transpose()?,
        })
    }
}
