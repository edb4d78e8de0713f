//! Joining two parties: the one command that is a transaction of several statements.
//!
//! What it moves cannot be named beforehand: it is everything that refers to a party, sealed things among it, and nothing of
//! that may be written between reading and writing. So both parties are locked, then every delegation that is touched, then
//! all is read, decided from, and written. A command that comes at the same time is either before, and what it wrote is
//! moved; or after, and finds that a party has another version than the one that it read.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    cpr_status::{CprStatus, Known},
    delegation::{Delegation, DelegationId, State, Step, Termination},
    identifier::IdentifierKind,
    merging::{MAX_TOUCHED, Numbers},
    party::{Party, PartyId},
};
use serde::Deserialize;
use sqlx::{Postgres, Transaction, types::Json};
use uuid::Uuid;

use super::{Standing, identifier_kinds};
use crate::{
    Conflict, Error, Result, SHARD, Store,
    command::Command,
    crypt::{DataKey, Purpose},
    delegation::{bytes, row::DelegationRow},
    revision::Revision,
    rows::PartyRow,
    vault,
};

/// Most rounds of looking for delegations and locking them. Each finds what was given on meanwhile, one deeper, and nothing is
/// deeper than five.
const MAX_ROUNDS: usize = 8;

/// Which two parties.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// The one that remains.
    pub survivor: PartyId,
    /// The one that is absorbed.
    pub absorbed: PartyId,
}

/// What a merge is decided from. All of it is locked.
#[derive(Clone, Debug)]
pub struct MergeFacts {
    /// The one that remains; `None`: not known.
    pub survivor: Option<Standing>,
    /// The one that is absorbed; `None`: not known.
    pub absorbed: Option<Standing>,
    /// What is known of their CPR numbers.
    pub numbers: Numbers,
    /// Every delegation that it touches; `None`: more than [`MAX_TOUCHED`].
    pub delegations: Option<Vec<Delegation>>,
    /// The kinds of both parties' identifiers.
    pub identifier_kinds: Vec<IdentifierKind>,
    /// How many identifiers the absorbed party has.
    pub moved_identifiers: usize,
    /// The last instant at which any of the delegations was given or anything of it ended.
    latest: Option<DateTime<Utc>>,
}

impl MergeFacts {
    /// The instant of a merge at `at`: not before anything that it ends was given or ended, whatever two machines' clocks say.
    #[must_use]
    pub fn instant(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.latest.map_or(at, |latest| at.max(latest))
    }
}

/// A merge that the rules allow, to be written.
#[derive(Clone, Debug)]
pub struct Merging {
    /// One step of each delegation that changes.
    pub steps: Vec<Step>,
    /// What the survivor is then.
    pub known: Known,
    /// Ids for the notices, as many as the steps tell of.
    pub notice_ids: Vec<Uuid>,
    /// The encoded answer, kept for repeated requests.
    pub response: Vec<u8>,
}

impl Store {
    /// Joins two parties as `decide` says, once everything that it decides from is locked. Identifiers, the name if the
    /// survivor has none, and messages are sealed anew, under the survivor's key; that of the absorbed party is
    /// destroyed. Returns the revision and the answer, or the refusal of `decide`, after which nothing has changed.
    ///
    /// Not to be cut off half-way: run it in a task of its own.
    ///
    /// # Errors
    /// [`Error::Contention`], [`Error::Conflict`], [`Error::Unavailable`], [`Error::Unreadable`]. Then nothing is written.
    pub async fn merge_parties<E: Send>(
        &self,
        merge: Merge,
        command: &Command<'_>,
        decide: impl FnOnce(MergeFacts) -> std::result::Result<Merging, E> + Send,
    ) -> Result<std::result::Result<(Revision, Vec<u8>), E>> {
        let mut transaction = self.pool.begin().await?;
        let (facts, sealed) = self.merge_facts(&mut transaction, merge).await?;
        let merging = match decide(facts) {
            Ok(merging) => merging,
            Err(refusal) => {
                transaction.rollback().await?;
                return Ok(Err(refusal));
            }
        };
        let (survivor, absorbed) =
            sealed.ok_or(Error::Unreadable("a merge of parties that are not there"))?;
        let moving = self.moving(&survivor, &absorbed)?;
        end_grants(&mut transaction, &merging.steps).await?;
        let revision =
            write(&mut transaction, (&survivor.party, &absorbed.party), &moving, &merging, command).await?;
        transaction.commit().await?;
        Ok(Ok((revision, merging.response)))
    }

    async fn merge_facts(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        Merge { survivor, absorbed }: Merge,
    ) -> Result<(MergeFacts, Option<(Sealed, Sealed)>)> {
        let rows =
            sqlx::query_file_as!(PartyLocked, "src/party/merge_lock.sql", SHARD, survivor.0, absorbed.0)
                .fetch_all(&mut **transaction)
                .await?;
        let mut parties = rows.into_iter().map(Sealed::try_from).collect::<Result<Vec<_>>>()?;
        let mut take = |id: PartyId| {
            let place = parties.iter().position(|sealed| sealed.party.id == id);
            place.map(|place| parties.swap_remove(place))
        };
        let (survivor, absorbed) = (take(survivor), take(absorbed));
        let mut facts = MergeFacts {
            survivor: survivor.as_ref().map(Sealed::standing),
            absorbed: absorbed.as_ref().map(Sealed::standing),
            numbers: Numbers::Compatible,
            delegations: Some(Vec::new()),
            identifier_kinds: Vec::new(),
            moved_identifiers: 0,
            latest: None,
        };
        let (Some(survivor), Some(mut absorbed)) = (survivor, absorbed) else { return Ok((facts, None)) };
        let Some(touched) = lock_touched(transaction, survivor.party.id, absorbed.party.id).await? else {
            facts.delegations = None;
            return Ok((facts, Some((survivor, absorbed))));
        };
        let row = sqlx::query_file_as!(
            Row,
            "src/party/merge_facts.sql",
            SHARD,
            survivor.party.id.0,
            absorbed.party.id.0,
            &touched,
        )
        .fetch_one(&mut **transaction)
        .await?;
        let names: Vec<String> = row.identifiers.0.iter().map(|row| row.kind.clone()).collect();
        facts.identifier_kinds = identifier_kinds(&names)?;
        facts.latest = row.delegations.0.iter().map(DelegationRow::latest).max();
        facts.numbers = numbers(&row, survivor.party.id, absorbed.party.id);
        facts.delegations =
            Some(row.delegations.0.into_iter().map(TryInto::try_into).collect::<Result<_>>()?);
        absorbed.identifiers = row.identifiers.0;
        absorbed.identifiers.retain(|row| row.party_id == absorbed.party.id.0);
        absorbed.replaced = facts.numbers == Numbers::Replaced;
        absorbed.messages = row.messages.0;
        facts.moved_identifiers = absorbed.identifiers.len();
        Ok((facts, Some((survivor, absorbed))))
    }

    /// What is sealed under the absorbed party's key, sealed anew under the survivor's.
    fn moving(&self, survivor: &Sealed, absorbed: &Sealed) -> Result<Moving> {
        let (from, to) = (self.key_of(absorbed)?, self.key_of(survivor)?);
        let (from_id, to_id) = (absorbed.party.id, survivor.party.id);
        let mut moving = Moving::default();
        for row in &absorbed.identifiers {
            let identifier = vault::open_identifier(&from, from_id.0, &row.kind, &bytes(&row.ciphertext)?)?;
            moving.kinds.push(row.kind.clone());
            moving.indexes.push(bytes(&row.blind_index)?);
            moving.identifiers.push(vault::seal_identifier(&to, to_id, &identifier)?);
            moving.replaced.push(absorbed.replaced && row.is_current_number());
        }
        for row in &absorbed.messages {
            let text = vault::open(&from, Purpose::Message, row.delegation_id, &bytes(&row.message)?)?;
            moving.delegations.push(row.delegation_id);
            moving.messages.push(vault::seal(&to, Purpose::Message, row.delegation_id, &text)?);
        }
        if let (None, Some(name)) = (&survivor.name, &absorbed.name) {
            let name = vault::open(&from, Purpose::Name, from_id.0, name)?;
            moving.name = Some(vault::seal(&to, Purpose::Name, to_id.0, &name)?);
        }
        Ok(moving)
    }

    fn key_of(&self, sealed: &Sealed) -> Result<DataKey> {
        let (key_id, wrapped) = sealed.key.as_ref().ok_or(Error::Unreadable("a party without a data key"))?;
        self.data_key(sealed.party.id.0, key_id, wrapped)
    }
}

/// Locks every delegation that a merge touches; `None`: too many. Nobody can give on from what is locked, so that looking
/// again finds at most what was given on before it was.
async fn lock_touched(
    transaction: &mut Transaction<'static, Postgres>,
    survivor: PartyId,
    absorbed: PartyId,
) -> Result<Option<Vec<Uuid>>> {
    let most = i64::try_from(MAX_TOUCHED).unwrap_or(i64::MAX).saturating_add(1);
    let mut locked = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let touched: Vec<Uuid> =
            sqlx::query_file_scalar!("src/party/merge_touched.sql", SHARD, survivor.0, absorbed.0, most)
                .fetch_all(&mut **transaction)
                .await?;
        if touched.len() > MAX_TOUCHED {
            return Ok(None);
        }
        let more: Vec<Uuid> = touched.iter().copied().filter(|id| !locked.contains(id)).collect();
        if more.is_empty() {
            return Ok(Some(touched));
        }
        sqlx::query!(
            "select delegation_id from delegation
             where shard = $1 and delegation_id = any ($2::uuid[]) order by delegation_id for update",
            SHARD,
            &more,
        )
        .fetch_all(&mut **transaction)
        .await?;
        locked.extend(more);
    }
    Err(Error::Conflict(Conflict::Version))
}

/// What the two parties' CPR numbers say. That one was replaced by the other is for the register to say; without a copy of it,
/// two numbers are two persons.
fn numbers(row: &Row, survivor: PartyId, absorbed: PartyId) -> Numbers {
    let has_number = |party: PartyId| {
        row.identifiers.0.iter().any(|row| row.party_id == party.0 && row.is_current_number())
    };
    match (has_number(survivor) && has_number(absorbed), row.is_replaced) {
        (false, _) => Numbers::Compatible,
        (true, true) => Numbers::Replaced,
        (true, false) => Numbers::Differ,
    }
}

async fn end_grants(transaction: &mut Transaction<'static, Postgres>, steps: &[Step]) -> Result<()> {
    let (mut taken, mut left) = (Ends::default(), Ends::default());
    for step in steps {
        step.takes.iter().for_each(|uri| taken.push(step, uri.as_str()));
        step.leaves.iter().for_each(|package| left.push(step, package.as_str()));
    }
    let Ends { delegations, names, instants, kinds } = &taken;
    let ended = sqlx::query_file!("src/party/merge_grants.sql", SHARD, delegations, names, instants, kinds)
        .execute(&mut **transaction)
        .await?;
    taken.require(ended.rows_affected())?;
    let Ends { delegations, names, instants, kinds } = &left;
    let ended = sqlx::query_file!("src/party/merge_packages.sql", SHARD, delegations, names, instants, kinds)
        .execute(&mut **transaction)
        .await?;
    left.require(ended.rows_affected())
}

/// What ends of delegations, column by column.
#[derive(Default)]
struct Ends {
    delegations: Vec<Uuid>,
    names: Vec<String>,
    instants: Vec<chrono::DateTime<chrono::Utc>>,
    kinds: Vec<String>,
}

impl Ends {
    fn push(&mut self, step: &Step, name: &str) {
        self.delegations.push(step.id().0);
        self.names.push(name.to_owned());
        self.instants.push(step.at);
        self.kinds.push(step.kind.taken_as().to_owned());
    }

    /// That as many ended.
    fn require(&self, ended: u64) -> Result<()> {
        if usize::try_from(ended) == Ok(self.names.len()) {
            Ok(())
        } else {
            Err(Error::Conflict(Conflict::Version))
        }
    }
}

async fn write(
    transaction: &mut Transaction<'static, Postgres>,
    (survivor, absorbed): (&Party, &Party),
    moving: &Moving,
    merging: &Merging,
    command: &Command<'_>,
) -> Result<Revision> {
    let steps = &merging.steps;
    let notices = NoticeColumns::of(merging);
    let usage = &command.usage;
    let row = sqlx::query_file!(
        "src/party/merge_write.sql",
        SHARD,
        usage.at,
        usage.client,
        usage.actor.map(|actor| actor.0),
        command.channel,
        command.request_id,
        usage.rpc,
        command.payload_digest.as_slice(),
        merging.response.as_slice(),
        usage.entry_id,
        usage.trace_id,
        survivor.id.0,
        survivor.version + 1,
        moving.name.as_deref(),
        absorbed.id.0,
        absorbed.version + 1,
        &steps.iter().map(|step| step.id().0).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.delegation.version).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.kind.as_str().to_owned()).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.at).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.reason.map(|reason| reason.as_str())).collect::<Vec<_>>()
            as &[Option<&str>],
        &steps.iter().map(|step| step.delegation.state.as_str().to_owned()).collect::<Vec<_>>(),
        &steps.iter().map(|step| State::ended_at(step.delegation.state)).collect::<Vec<_>>()
            as &[Option<_>],
        &steps
            .iter()
            .map(|step| step.delegation.state.termination().map(Termination::as_str))
            .collect::<Vec<_>>() as &[Option<&str>],
        &steps.iter().map(|step| step.delegation.delegator.0).collect::<Vec<_>>(),
        &steps.iter().map(|step| step.delegation.representative.0).collect::<Vec<_>>(),
        &moving.kinds,
        &moving.indexes,
        &moving.identifiers,
        &moving.replaced,
        &moving.delegations,
        &moving.messages,
        &notices.ids,
        &notices.delegations,
        &notices.receivers,
        &notices.kinds,
        &notices.pointless.0,
        &notices.pointless.1,
        merging.known.standing.as_str(),
        merging.known.noted.map(CprStatus::code),
        merging.known.standing != survivor.standing,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
}

/// A party that is locked, with what of it is sealed.
struct Sealed {
    party: Party,
    merged_into: Option<PartyId>,
    register_status: Option<i16>,
    name: Option<Vec<u8>>,
    key: Option<(String, Vec<u8>)>,
    identifiers: Vec<IdentifierRow>,
    messages: Vec<MessageRow>,
    /// Whether its CPR number was replaced by the other party's.
    replaced: bool,
}

impl Sealed {
    fn standing(&self) -> Standing {
        Standing {
            party: self.party.clone(),
            merged_into: self.merged_into,
            register_status: self.register_status,
        }
    }
}

/// What was sealed anew, column by column.
#[derive(Default)]
struct Moving {
    kinds: Vec<String>,
    indexes: Vec<Vec<u8>>,
    identifiers: Vec<Vec<u8>>,
    replaced: Vec<bool>,
    delegations: Vec<Uuid>,
    messages: Vec<Vec<u8>>,
    name: Option<Vec<u8>>,
}

/// The notices, column by column.
#[derive(Default)]
struct NoticeColumns {
    ids: Vec<Uuid>,
    delegations: Vec<Uuid>,
    receivers: Vec<Uuid>,
    kinds: Vec<String>,
    pointless: (Vec<Uuid>, Vec<String>),
}

impl NoticeColumns {
    fn of(merging: &Merging) -> Self {
        let mut columns = Self::default();
        let told = merging.steps.iter().flat_map(|step| step.tells.iter().map(move |told| (step.id(), told)));
        for (id, (DelegationId(delegation), (receiver, kind))) in merging.notice_ids.iter().zip(told) {
            columns.ids.push(*id);
            columns.delegations.push(delegation);
            columns.receivers.push(receiver.0);
            columns.kinds.push(kind.as_str().to_owned());
        }
        for step in &merging.steps {
            for kind in &step.untells {
                columns.pointless.0.push(step.id().0);
                columns.pointless.1.push(kind.as_str().to_owned());
            }
        }
        columns
    }
}

struct PartyLocked {
    party_id: Uuid,
    kind: String,
    organisation_id: Option<Uuid>,
    standing: String,
    created_at: chrono::DateTime<chrono::Utc>,
    version: i64,
    merged_into: Option<Uuid>,
    register_status: Option<i16>,
    name_ciphertext: Option<Vec<u8>>,
    wrapping_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
}

impl TryFrom<PartyLocked> for Sealed {
    type Error = Error;

    fn try_from(row: PartyLocked) -> Result<Self> {
        Ok(Self {
            merged_into: row.merged_into.map(PartyId),
            register_status: row.register_status,
            name: row.name_ciphertext,
            key: row.wrapping_key_id.zip(row.wrapped_key),
            identifiers: Vec::new(),
            messages: Vec::new(),
            replaced: false,
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
}

struct Row {
    delegations: Json<Vec<DelegationRow>>,
    messages: Json<Vec<MessageRow>>,
    identifiers: Json<Vec<IdentifierRow>>,
    is_replaced: bool,
}

#[derive(Deserialize)]
struct MessageRow {
    delegation_id: Uuid,
    message: String,
}

#[derive(Deserialize)]
struct IdentifierRow {
    party_id: Uuid,
    kind: String,
    blind_index: String,
    ciphertext: String,
    is_replaced: bool,
}

impl IdentifierRow {
    fn is_current_number(&self) -> bool {
        self.kind == IdentifierKind::Cpr.as_str() && !self.is_replaced
    }
}
