//! The employees who may use what their organisation holds.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    assurance::LevelOfAssurance,
    delegation::{Delegation, DelegationId},
    designation::Latest,
    identifier::{Identifier, PNumber},
    party::{Party, PartyId},
};
use sqlx::types::Json;
use uuid::Uuid;

use super::row::DelegationRow;
use crate::{Error, Result, SHARD, Store, revision::Revision, rows::PartyRow, usage::Usage, vault};

/// How an employee is named.
#[derive(Clone, Debug)]
pub enum Employee {
    /// By RID or professional UUID.
    By(Identifier),
    /// By party id.
    Id(PartyId),
}

/// What the rules need to know about a designation.
#[derive(Debug)]
pub struct DesignationFacts {
    /// The delegation.
    pub delegation: Option<Delegation>,
    /// The employee, if anybody is named so.
    pub employee: Option<PartyId>,
    /// Whose the production unit is, if it is known.
    pub unit_of: Option<PartyId>,
    /// The highest level of assurance that any of the delegation's privileges demands.
    pub demanded: LevelOfAssurance,
    /// The employee's latest designation for the delegation.
    pub latest: Option<Latest>,
    /// The last instant at which anything of the delegation was given or ended.
    changed: Option<DateTime<Utc>>,
    parties: Vec<Party>,
}

impl DesignationFacts {
    /// A party: the actor, the employee, or one of the delegation's.
    #[must_use]
    pub fn party(&self, id: PartyId) -> Option<&Party> {
        self.parties.iter().find(|party| party.id == id)
    }

    /// Every party that was read.
    pub fn parties(&self) -> impl Iterator<Item = &Party> {
        self.parties.iter()
    }

    /// The instant of a command that is asked for at `at`: not before anything that it is decided from.
    #[must_use]
    pub fn instant(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.changed.map_or(at, |changed| at.max(changed))
    }
}

/// An employee who may use a delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Designation {
    /// The employee.
    pub employee: PartyId,
    /// The production unit that the employee is limited to.
    pub p_number: Option<PNumber>,
    /// From when.
    pub from: DateTime<Utc>,
}

/// One page's question.
#[derive(Clone, Copy, Debug)]
pub struct DesignationsQuestion {
    /// The delegation.
    pub delegation: DelegationId,
    /// The instant that the list is for.
    pub at: DateTime<Utc>,
    /// Most designations.
    pub page_size: u16,
    /// The last of the page before: from when, and who.
    pub after: Option<(DateTime<Utc>, PartyId)>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct Designations {
    /// False when the delegation does not exist or is not the actor's. Then there are none.
    pub visible: bool,
    /// Those that stand, oldest first.
    pub designations: Vec<Designation>,
    /// Whether there are more.
    pub has_more: bool,
    /// The state that the page is from.
    pub revision: Revision,
}

/// A production unit as it is stored: under the key of the organisation that it is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealedUnit<'a> {
    pub(crate) party: Option<Uuid>,
    pub(crate) ciphertext: Option<&'a [u8]>,
    pub(crate) key_id: Option<&'a str>,
    pub(crate) wrapped_key: Option<&'a [u8]>,
}

impl Store {
    /// The blind index of a production unit.
    pub(crate) fn unit_index(&self, number: &PNumber) -> Vec<u8> {
        self.finder(&Identifier::PNumber(number.clone())).1
    }

    pub(crate) fn open_unit(&self, sealed: SealedUnit<'_>) -> Result<PNumber> {
        const UNREADABLE: Error = Error::Unreadable("production unit");
        let SealedUnit { party, ciphertext, key_id, wrapped_key } = sealed;
        let (Some(party), Some(ciphertext), Some(key_id), Some(wrapped)) =
            (party, ciphertext, key_id, wrapped_key)
        else {
            return Err(UNREADABLE);
        };
        let key = self.data_key(party, key_id, wrapped)?;
        let Identifier::PNumber(number) = vault::open_identifier(&key, party, "p_number", ciphertext)? else {
            return Err(UNREADABLE);
        };
        Ok(number)
    }

    /// What a command about an employee's designation needs to know. Not logged: the command is. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn designation_facts(
        &self,
        actor: PartyId,
        delegation: DelegationId,
        employee: &Employee,
        p_number: Option<&PNumber>,
    ) -> Result<DesignationFacts> {
        let (id, named) = match employee {
            Employee::Id(id) => (Some(id.0), None),
            Employee::By(identifier) => (None, Some(self.finder(identifier))),
        };
        let (kind, index) = named.unzip();
        let unit = p_number.map(|number| self.unit_index(number));
        let row = sqlx::query_file!(
            "src/delegation/designation_facts.sql",
            SHARD,
            actor.0,
            delegation.0,
            id,
            kind,
            index,
            unit,
        )
        .fetch_one(&self.pool)
        .await?;
        let latest = row.designated_at.map(|from| Latest {
            from,
            removed: row.removed_at,
            same_place: row.unit_index == unit,
        });
        let delegation = row.delegation.map(|Json(delegation)| delegation);
        let changed = delegation.as_ref().map(DelegationRow::latest);
        Ok(DesignationFacts {
            delegation: delegation.map(TryInto::try_into).transpose()?,
            employee: row.employee_id.map(PartyId),
            unit_of: row.unit_of.map(PartyId),
            demanded: if row.demands_high { LevelOfAssurance::High } else { LevelOfAssurance::Substantial },
            latest,
            changed,
            parties: row.parties.0.into_iter().map(TryInto::try_into).collect::<Result<_>>()?,
        })
    }

    /// One page of the designations that stand, for the usage entry's actor; logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn designations(
        &self,
        question: DesignationsQuestion,
        usage: Usage<'_>,
    ) -> Result<Designations> {
        let rows = sqlx::query_file_as!(
            Row,
            "src/delegation/designations.sql",
            SHARD,
            question.delegation.0,
            usage.actor.map(|actor| actor.0),
            question.at,
            question.after.map(|(from, _)| from),
            question.after.map(|(_, employee)| employee.0),
            i32::from(question.page_size),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.trace_id,
        )
        .fetch_all(&self.pool)
        .await?;
        let first = rows.first().ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let (visible, has_more) = (first.visible, first.has_more);
        let designations = rows.iter().filter_map(|row| self.designation(row)).collect::<Result<_>>()?;
        Ok(Designations { visible, designations, has_more, revision })
    }

    /// `None` for the row of a page without designations.
    fn designation(&self, row: &Row) -> Option<Result<Designation>> {
        let (employee, from) = (row.employee_id.map(PartyId)?, row.designated_at?);
        let sealed = SealedUnit {
            party: row.unit_party_id,
            ciphertext: row.unit_ciphertext.as_deref(),
            key_id: row.unit_wrapping_key_id.as_deref(),
            wrapped_key: row.unit_wrapped_key.as_deref(),
        };
        let unit = row.unit_index.as_ref().map(|_| self.open_unit(sealed)).transpose();
        Some(unit.map(|p_number| Designation { employee, p_number, from }))
    }
}

struct Row {
    epoch: Uuid,
    revision: i64,
    visible: bool,
    has_more: bool,
    employee_id: Option<Uuid>,
    designated_at: Option<DateTime<Utc>>,
    unit_index: Option<Vec<u8>>,
    unit_party_id: Option<Uuid>,
    unit_ciphertext: Option<Vec<u8>>,
    unit_wrapping_key_id: Option<String>,
    unit_wrapped_key: Option<Vec<u8>>,
}
