//! A party whose standing changes: what the rules need to know of it, and how far the change is written into the history of
//! its delegations.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    cpr_status::{CprStatus, Known},
    delegation::{Delegation, DelegationId},
    ending::Tree,
    party::{Party, PartyId},
    standing::Turn,
};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    Error, Result, SHARD, Store,
    delegation::row::{DelegationRow, TreeRow, trees},
    revision::Revision,
    rows::PartyRow,
};

/// Most delegations of a party, with all that was given on from them, that one command writes to: a person has fewer, and for
/// an organisation the statement stays short.
pub const MAX_AT_ONCE: u16 = 200;

/// A party's new standing.
#[derive(Clone, Copy, Debug)]
pub struct PartyChange {
    /// The party.
    pub party: PartyId,
    /// Its version after the change.
    pub version: i64,
    /// What happened to it: its standing follows from it.
    pub turn: Turn,
    /// The status in the register that it comes from.
    pub register_status: RegisterStatus,
}

/// The status in the CPR register that a party's suspension comes from, or came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterStatus {
    /// As it is.
    Keep,
    /// This one, by its number.
    Set(i16),
    /// None any more.
    Forget,
}

impl RegisterStatus {
    pub(crate) const fn column(self) -> Option<i16> {
        match self {
            Self::Keep => None,
            Self::Set(status) => Some(status),
            Self::Forget => Some(0),
        }
    }
}

/// How far the turn of a party is written into the history of its delegations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The party.
    pub party: PartyId,
    /// Its version after the turn.
    pub version: i64,
    /// What happened to it.
    pub turn: Turn,
    /// When.
    pub at: DateTime<Utc>,
    /// The last delegation that it is written for, and sure to be so; `None`: all of them.
    pub after: Option<DelegationId>,
}

/// A turn that may not be written into all of its party's delegations yet.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// How far it is.
    pub progress: Progress,
    /// Where to go on.
    pub after: DelegationId,
    /// How the turn came about, as its event says.
    pub channel: String,
}

/// Before all delegations.
pub const BEFORE_ALL: DelegationId = DelegationId(Uuid::nil());

/// A party, and the next of its delegations that are not over.
#[derive(Clone, Debug)]
pub struct StandingFacts {
    /// The party.
    pub party: Option<Standing>,
    /// The caseworker who looks into it.
    pub caseworker: Option<Standing>,
    /// What it gave, asked for or holds, by id, each with what was given on from it: at most [`MAX_AT_ONCE`].
    pub trees: Vec<Tree>,
    /// Delegations of its organisation that it may use: at most [`MAX_AT_ONCE`].
    pub designations: Vec<Delegation>,
    /// Whether there are more of either.
    pub has_more: bool,
    /// The last of the delegations, or of those before.
    pub last: DelegationId,
    /// The last instant at which any of these was given or anything of it ended.
    latest: Option<DateTime<Utc>>,
    /// The state that this is from.
    pub revision: Revision,
}

impl StandingFacts {
    /// The instant of a turn at `at`: not before anything that it ends was given or ended, whatever two machines' clocks say.
    #[must_use]
    pub fn instant(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.latest.map_or(at, |latest| at.max(latest))
    }
}

/// A party and what is known of its standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The party.
    pub party: Party,
    /// The party that it turned out to be, after a merge.
    pub merged_into: Option<PartyId>,
    /// The status in the register for which it was suspended.
    pub register_status: Option<i16>,
}

impl Standing {
    /// The party's standing, and the status that its suspension comes from.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn known(&self) -> Result<Known> {
        let read = |code| CprStatus::from_code(code).ok_or(Error::Unreadable("register status"));
        Ok(Known { standing: self.party.standing, noted: self.register_status.map(read).transpose()? })
    }
}

impl Store {
    /// A party whose standing is to change, with the next of its delegations. Not logged: the command is. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn standing_facts(
        &self,
        party: PartyId,
        caseworker: Option<PartyId>,
        after: DelegationId,
        now: DateTime<Utc>,
    ) -> Result<StandingFacts> {
        let row = sqlx::query_file_as!(
            Row,
            "src/party/standing_facts.sql",
            SHARD,
            party.0,
            caseworker.map(|party| party.0),
            now,
            after.0,
            i32::from(MAX_AT_ONCE),
            i32::from(MAX_AT_ONCE),
        )
        .fetch_one(&self.pool)
        .await?;
        let parties = row.parties.0.into_iter().map(Standing::try_from).collect::<Result<Vec<_>>>()?;
        let given = row.delegations.0.iter().map(|row| row.delegation.latest());
        let latest = given.chain(row.designations.0.iter().map(DelegationRow::latest)).max();
        let find = |id: PartyId| parties.iter().find(|found| found.party.id == id).cloned();
        Ok(StandingFacts {
            party: find(party),
            caseworker: caseworker.and_then(find),
            trees: trees(row.delegations.0)?.into_values().collect(),
            designations: row.designations.0.into_iter().map(TryInto::try_into).collect::<Result<_>>()?,
            has_more: row.more_delegations || row.more_designations,
            last: row.last_id.map_or(after, DelegationId),
            latest,
            revision: Revision { epoch: row.epoch, shard: SHARD, number: row.revision },
        })
    }

    /// Turns of parties that may not be written into all of their delegations yet, and where to go on; the oldest first, at
    /// most so many. A party of several turns has its oldest. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn unfinished_turns(&self, limit: u16) -> Result<Vec<Unfinished>> {
        let rows = sqlx::query!(
            "select e.party_id, e.version, e.turn, e.changed_at, e.after_id, e.channel
             from standing_effect e
             where e.shard = $1 and not exists (
                 select from standing_effect earlier
                 where earlier.shard = e.shard and earlier.party_id = e.party_id and earlier.version < e.version)
             order by e.changed_at, e.party_id
             limit $2",
            SHARD,
            i64::from(limit),
        )
        .fetch_all(&self.pool)
        .await?;
        let progress = rows.into_iter().map(|row| {
            let after = DelegationId(row.after_id);
            let progress = Progress {
                party: PartyId(row.party_id),
                version: row.version,
                turn: Turn::parse(&row.turn).ok_or(Error::Unreadable("turn"))?,
                at: row.changed_at,
                after: Some(after),
            };
            Ok(Unfinished { progress, after, channel: row.channel })
        });
        progress.collect()
    }

    /// Goes on with a turn after a delegation, up to which nothing is to be written. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn pass_over(&self, party: PartyId, version: i64, last: DelegationId) -> Result<()> {
        sqlx::query!(
            "update standing_effect set after_id = $4
             where shard = $1 and party_id = $2 and version = $3 and after_id < $4",
            SHARD,
            party.0,
            version,
            last.0,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets a turn of which nothing is left to be written. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn finish_turn(&self, party: PartyId, version: i64) -> Result<()> {
        sqlx::query!(
            "delete from standing_effect where shard = $1 and party_id = $2 and version = $3",
            SHARD,
            party.0,
            version,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

struct Row {
    epoch: Uuid,
    revision: i64,
    parties: Json<Vec<PartyFact>>,
    delegations: Json<Vec<TreeRow>>,
    designations: Json<Vec<DelegationRow>>,
    last_id: Option<Uuid>,
    more_delegations: bool,
    more_designations: bool,
}

#[derive(Debug, Deserialize)]
struct PartyFact {
    party_id: Uuid,
    kind: String,
    organisation_id: Option<Uuid>,
    standing: String,
    created_at: DateTime<Utc>,
    version: i64,
    merged_into: Option<Uuid>,
    register_status: Option<i16>,
}

impl TryFrom<PartyFact> for Standing {
    type Error = Error;

    fn try_from(fact: PartyFact) -> Result<Self> {
        Ok(Self {
            merged_into: fact.merged_into.map(PartyId),
            register_status: fact.register_status,
            party: PartyRow {
                party_id: fact.party_id,
                kind: fact.kind,
                organisation_id: fact.organisation_id,
                standing: fact.standing,
                created_at: fact.created_at,
                version: fact.version,
            }
            .try_into()?,
        })
    }
}
