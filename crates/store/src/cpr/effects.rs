//! What the copy of the register that is in use has happen to the parties that are known.
//!
//! The switch puts everybody in a queue for whom the new copy may have something to say, and has the first page of them
//! turned in its own transaction; so does the number that somebody learns later. What is in the queue is looked at anew each
//! time, so that doing it twice is doing it once, and whoever dies in between goes on where the queue says.

use fuldmagt_domain::{
    cpr_status::{CprStatus, Effects},
    identifier::{CprNumber, Identifier},
    party::{Party, PartyId},
    standing::Turn,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::records::open_number;
use crate::{
    Error, Result, SHARD, Store, command::Command, crypt::DataKey, revision::Revision, rows::PartyRow, vault,
};

/// Most parties of one page: what one revision of the feed holds. Of a day's copy there are some hundred; the first one of an
/// installation that knows many people takes several pages.
pub const MAX_TURNS: u16 = 10_000;

/// What came of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnsPage {
    /// How many parties were looked at.
    pub parties: u64,
    /// Whether there may be more.
    pub has_more: bool,
}

/// A party whose number the register has replaced.
#[derive(Debug)]
pub struct Successor {
    /// The party as it is now.
    pub party: Party,
    /// What the register says of its number.
    pub status: CprStatus,
    /// Another party that has the new number already.
    pub other: Option<PartyId>,
    number: CprNumber,
    old_index: Vec<u8>,
    new_index: Vec<u8>,
    key: DataKey,
}

impl Store {
    /// Turns a page of those whom the copy in use has something to say about. As large a statement as that of the switch, and as
    /// long a limit: not to be cut off half-way.
    ///
    /// # Errors
    /// [`Error::Contention`], [`Error::Unavailable`].
    pub async fn turn_by_register(&self, effects: &Effects, command: &Command<'_>) -> Result<TurnsPage> {
        let current = sqlx::query_scalar!(
            "select s.snapshot_id from cpr_snapshot s
             where s.shard = $1 and s.state = 'current'
               and exists (select from register_effect q where q.shard = $1 and not q.merges)",
            SHARD,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(snapshot_id) = current else { return Ok(TurnsPage { parties: 0, has_more: false }) };
        let mut transaction = self.long().await?;
        let page = turn_page(&mut transaction, snapshot_id, effects, command).await?;
        transaction.commit().await?;
        Ok(page)
    }

    /// Parties that are to follow their number to a new one, by id, after that one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn waiting_for_new_number(&self, after: Option<PartyId>, limit: u16) -> Result<Vec<PartyId>> {
        let parties = sqlx::query_scalar!(
            "select q.party_id from register_effect q
             where q.shard = $1 and q.merges and ($2::uuid is null or q.party_id > $2)
             order by q.party_id limit $3",
            SHARD,
            after.map(|party| party.0),
            i64::from(limit),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(parties.into_iter().map(PartyId).collect())
    }

    /// What the register says of a party's new number; `None`: nothing, or the party has ended or was merged. Shows nothing to
    /// anybody, so it is not logged: the command is. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn successor(&self, party: PartyId) -> Result<Option<Successor>> {
        let row = sqlx::query_file_as!(Row, "src/cpr/successor.sql", SHARD, party.0)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| self.opened(row)).transpose()
    }

    fn opened(&self, row: Row) -> Result<Successor> {
        let copy_key = self.cpr_key(row.import_id, &row.copy_key_id, &row.copy_key)?;
        Ok(Successor {
            status: CprStatus::from_code(row.status).ok_or(Error::Unreadable("status"))?,
            other: row.other_id.map(PartyId),
            number: open_number(&copy_key, &row.blind_index, &row.new_number_ciphertext)?,
            key: self.data_key(row.party_id, &row.party_key_id, &row.party_key)?,
            old_index: row.blind_index,
            new_index: row.new_blind_index,
            party: PartyRow {
                party_id: row.party_id,
                kind: row.kind,
                organisation_id: row.organisation_id,
                standing: row.standing,
                created_at: row.created_at,
                version: row.version,
            }
            .try_into()?,
        })
    }

    /// The party has its new number from now on, and is still found by the old one. One round trip.
    ///
    /// # Errors
    /// [`Error::Contention`] when the party, its number or the new one's party has changed since; [`Error::Unavailable`].
    pub async fn renumber(
        &self,
        successor: &Successor,
        command: &Command<'_>,
        response: &[u8],
    ) -> Result<Revision> {
        let Successor { party, key, .. } = successor;
        let row = sqlx::query_file!(
            "src/cpr/renumber.sql",
            SHARD,
            party.id.0,
            party.version + 1,
            successor.old_index,
            successor.new_index,
            vault::seal_identifier(key, party.id, &Identifier::Cpr(successor.number.clone()))?,
            command.usage.at,
            command.usage.client,
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            response,
            command.usage.entry_id,
            command.usage.trace_id,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::Contention(sqlx::Error::RowNotFound))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }

    /// There is nothing to follow, or it cannot be followed, which the import then tells. The next copy asks again.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn stay_with_number(&self, party: PartyId, is_unresolved: bool) -> Result<()> {
        sqlx::query!(
            "with stays as (
                 delete from register_effect q where q.shard = $1 and q.party_id = $2 and q.merges returning 1
             )
             update cpr_snapshot s set unresolved_count = s.unresolved_count + 1
             from stays where s.shard = $1 and s.state = 'current' and $3",
            SHARD,
            party.0,
            is_unresolved,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Queues everybody for whom the copy may have something to say.
pub(super) async fn queue(connection: &mut PgConnection, snapshot_id: i32, effects: &Effects) -> Result<()> {
    let acting: Vec<i16> = effects.acting().map(CprStatus::code).collect();
    sqlx::query!("select queue_register_effects($1, $2, $3)", SHARD, snapshot_id, &acting)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Turns a page of those who are queued. One round trip.
pub(super) async fn turn_page(
    connection: &mut PgConnection,
    snapshot_id: i32,
    effects: &Effects,
    command: &Command<'_>,
) -> Result<TurnsPage> {
    let merging: Vec<i16> =
        CprStatus::ALL.into_iter().filter(|status| effects.merges(*status)).map(CprStatus::code).collect();
    let rulings = Rulings::of(effects);
    let usage = &command.usage;
    let row = sqlx::query_file!(
        "src/cpr/turns.sql",
        SHARD,
        snapshot_id,
        &merging,
        &rulings.statuses,
        &rulings.standings,
        &rulings.noted,
        &rulings.turns as &[Option<&str>],
        &rulings.standings_after,
        &rulings.noted_after,
        i64::from(MAX_TURNS),
        usage.at,
        usage.client,
        command.channel,
        command.request_id,
        usage.rpc,
        usage.entry_id,
        usage.trace_id,
    )
    .fetch_one(connection)
    .await?;
    let parties = super::import::count(row.picked)?;
    Ok(TurnsPage { parties, has_more: parties == u64::from(MAX_TURNS) })
}

/// The table of what happens to whom, column by column.
#[derive(Default)]
struct Rulings {
    statuses: Vec<i16>,
    standings: Vec<String>,
    noted: Vec<i16>,
    turns: Vec<Option<&'static str>>,
    standings_after: Vec<String>,
    noted_after: Vec<i16>,
}

impl Rulings {
    fn of(effects: &Effects) -> Self {
        let code = |noted: Option<CprStatus>| noted.map_or(0, CprStatus::code);
        let mut columns = Self::default();
        for (status, known, ruling) in effects.rulings() {
            columns.statuses.push(status.code());
            columns.standings.push(known.standing.as_str().to_owned());
            columns.noted.push(code(known.noted));
            columns.turns.push(ruling.turn.map(Turn::as_str));
            let after = ruling.turn.map_or(known.standing, Turn::standing);
            columns.standings_after.push(after.as_str().to_owned());
            columns.noted_after.push(code(ruling.noted));
        }
        columns
    }
}

struct Row {
    party_id: Uuid,
    kind: String,
    organisation_id: Option<Uuid>,
    standing: String,
    created_at: chrono::DateTime<chrono::Utc>,
    version: i64,
    party_key_id: String,
    party_key: Vec<u8>,
    blind_index: Vec<u8>,
    status: i16,
    new_blind_index: Vec<u8>,
    new_number_ciphertext: Vec<u8>,
    import_id: Uuid,
    copy_key_id: String,
    copy_key: Vec<u8>,
    other_id: Option<Uuid>,
}
