//! Giving a delegation: what the rules need to know, and the statement that writes it.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::Delegation,
    identifier::{CprNumber, Identifier},
    party::{Party, PartyId},
    privilege::{Privilege, PrivilegeUri},
    text::Message,
};
use uuid::Uuid;

use crate::{
    Error, Result, SHARD, Store,
    command::Command,
    crypt::{DataKey, Purpose},
    revision::Revision,
    rows::{PartyRow, PrivilegeRow, PublicationRow},
    vault,
};

/// The parties and privileges of a delegation to be given, as they are known. `None`: not known.
#[derive(Debug)]
pub struct GivingFacts {
    /// The logged-in user.
    pub actor: Option<Party>,
    /// The delegator.
    pub delegator: Option<Party>,
    /// The delegator's CPR number, if linked.
    pub delegator_cpr: Option<CprNumber>,
    /// The representative.
    pub representative: Option<Party>,
    /// One per privilege asked for, in that order.
    pub privileges: Vec<Option<PrivilegeFacts>>,
    delegator_key: Option<DataKey>,
}

/// A privilege, and its number in the database.
#[derive(Clone, Debug)]
pub struct PrivilegeFacts {
    /// What the rules know of it.
    pub privilege: Privilege,
    number: i32,
}

/// A delegation that the rules allow, to be written.
#[derive(Debug)]
pub struct Giving<'a> {
    /// The delegation, version 1.
    pub delegation: &'a Delegation,
    /// What it was decided from.
    pub facts: &'a GivingFacts,
    /// The delegator's message.
    pub message: Option<&'a Message>,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
}

impl Store {
    /// What the rules need to know to decide on a gift. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn giving_facts(
        &self,
        actor: PartyId,
        delegator: PartyId,
        representative: PartyId,
        privileges: &[PrivilegeUri],
    ) -> Result<GivingFacts> {
        let uris: Vec<String> = privileges.iter().map(|uri| uri.as_str().to_owned()).collect();
        // Each row is a privilege or a party; one statement, one state.
        let rows = sqlx::query_as!(
            FactRow,
            r#"select w.item as "item!", p.party_id as "party_id?", p.kind as "kind?", p.organisation_id,
                      p.standing as "standing?", p.created_at as "created_at?", p.version as "version?",
                      null::integer as privilege_id, null::text as uri, null::text as system_id,
                      null::text as authority_cvr, null::integer as max_period_days,
                      null::text[] as delegator_kinds, null::text[] as representative_kinds,
                      null::text as access_kind, null::text as assurance, null::smallint as min_age_years,
                      null::smallint as max_age_years, null::smallint as max_sub_delegation_depth,
                      null::boolean as paper_allowed, null::boolean as request_allowed,
                      null::timestamptz as published_at, null::timestamptz as hidden_at, null::boolean as hide_planned,
                      null::boolean as grants_kept, null::timestamptz as republished_at,
                      k.wrapping_key_id as "wrapping_key_id?", k.wrapped_key as "wrapped_key?", i.ciphertext as "cpr?"
               from unnest($2::uuid[]) with ordinality w (party_id, item)
               join party p on p.shard = $1 and p.party_id = w.party_id
               -- Only the delegator's key and number are needed, and read.
               left join party_key k on k.shard = $1 and k.party_id = p.party_id and w.item = 2
               left join identifier i on i.shard = $1 and i.party_id = p.party_id and i.kind = 'cpr' and w.item = 2
               union all
               select w.item + 3, null, null, null, null, null, null,
                      p.privilege_id, p.uri, p.system_id, p.authority_cvr, p.max_period_days, p.delegator_kinds,
                      p.representative_kinds, p.access_kind, p.assurance, p.min_age_years, p.max_age_years,
                      p.max_sub_delegation_depth, p.paper_allowed, p.request_allowed, p.published_at, p.hidden_at,
                      p.hide_planned, p.grants_kept, p.republished_at, null, null, null
               from unnest($3::text[]) with ordinality w (uri, item)
               join privilege p on p.shard = $1 and p.uri = w.uri"#,
            SHARD,
            &[actor.0, delegator.0, representative.0],
            &uris,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut facts = GivingFacts {
            actor: None,
            delegator: None,
            delegator_cpr: None,
            representative: None,
            privileges: vec![None; privileges.len()],
            delegator_key: None,
        };
        for row in rows {
            self.add_fact(&mut facts, row)?;
        }
        Ok(facts)
    }

    fn add_fact(&self, facts: &mut GivingFacts, row: FactRow) -> Result<()> {
        match row.item {
            1 => facts.actor = Some(row.party()?),
            2 => {
                if let (Some(party), Some(key_id), Some(wrapped)) =
                    (row.party_id, row.wrapping_key_id.as_deref(), row.wrapped_key.as_deref())
                {
                    let key = self.data_key(party, key_id, wrapped)?;
                    if let Some(ciphertext) = row.cpr.as_deref() {
                        let identifier = vault::open_identifier(&key, party, "cpr", ciphertext)?;
                        facts.delegator_cpr =
                            if let Identifier::Cpr(cpr) = identifier { Some(cpr) } else { None };
                    }
                    facts.delegator_key = Some(key);
                }
                facts.delegator = Some(row.party()?);
            }
            3 => facts.representative = Some(row.party()?),
            item => {
                let place = usize::try_from(item - 4).ok().and_then(|place| facts.privileges.get_mut(place));
                *place.ok_or(Error::Unreadable("privilege"))? = Some(row.privilege()?);
            }
        }
        Ok(())
    }

    /// Writes a delegation with its event, change, usage entry and idempotency key. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`crate::Conflict::OverlappingGrant`] or [`crate::Conflict::RequestId`];
    /// [`Error::Contention`], [`Error::Unavailable`].
    pub async fn create_delegation(&self, giving: Giving<'_>, command: &Command<'_>) -> Result<Revision> {
        let delegation = giving.delegation;
        let message = match (giving.message, &giving.facts.delegator_key) {
            (None, _) => None,
            (Some(message), Some(key)) => {
                Some(vault::seal(key, Purpose::Message, delegation.id.0, message.expose())?)
            }
            (Some(_), None) => return Err(Error::Unreadable("a delegator without a data key")),
        };
        let numbers: Vec<i32> = giving.facts.privileges.iter().flatten().map(|facts| facts.number).collect();
        let row = sqlx::query_file!(
            "src/delegation/create.sql",
            SHARD,
            delegation.id.0,
            delegation.delegator.0,
            delegation.representative.0,
            delegation.period.from(),
            delegation.period.to(),
            message,
            command.usage.at,
            &numbers,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            giving.response,
            command.usage.entry_id,
            command.usage.trace_id,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}

/// A party (items 1 to 3: actor, delegator, representative) or a privilege (from 4 on).
struct FactRow {
    item: i64,
    party_id: Option<Uuid>,
    kind: Option<String>,
    organisation_id: Option<Uuid>,
    standing: Option<String>,
    created_at: Option<DateTime<Utc>>,
    version: Option<i64>,
    privilege_id: Option<i32>,
    uri: Option<String>,
    system_id: Option<String>,
    authority_cvr: Option<String>,
    max_period_days: Option<i32>,
    delegator_kinds: Option<Vec<String>>,
    representative_kinds: Option<Vec<String>>,
    access_kind: Option<String>,
    assurance: Option<String>,
    min_age_years: Option<i16>,
    max_age_years: Option<i16>,
    max_sub_delegation_depth: Option<i16>,
    paper_allowed: Option<bool>,
    request_allowed: Option<bool>,
    published_at: Option<DateTime<Utc>>,
    hidden_at: Option<DateTime<Utc>>,
    hide_planned: Option<bool>,
    grants_kept: Option<bool>,
    republished_at: Option<DateTime<Utc>>,
    wrapping_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
    cpr: Option<Vec<u8>>,
}

impl FactRow {
    fn party(self) -> Result<Party> {
        let row = || {
            Some(PartyRow {
                party_id: self.party_id?,
                kind: self.kind?,
                organisation_id: self.organisation_id,
                standing: self.standing?,
                created_at: self.created_at?,
                version: self.version?,
            })
        };
        row().ok_or(Error::Unreadable("party"))?.try_into()
    }

    fn privilege(self) -> Result<PrivilegeFacts> {
        let number = self.privilege_id.ok_or(Error::Unreadable("privilege"))?;
        let row = || {
            Some(PrivilegeRow {
                uri: self.uri?,
                system_id: self.system_id?,
                authority_cvr: self.authority_cvr?,
                max_period_days: self.max_period_days,
                delegator_kinds: self.delegator_kinds?,
                representative_kinds: self.representative_kinds?,
                access_kind: self.access_kind?,
                assurance: self.assurance?,
                min_age_years: self.min_age_years,
                max_age_years: self.max_age_years,
                max_sub_delegation_depth: self.max_sub_delegation_depth?,
                paper_allowed: self.paper_allowed?,
                request_allowed: self.request_allowed?,
                publication: PublicationRow {
                    published_at: self.published_at,
                    hidden_at: self.hidden_at,
                    hide_planned: self.hide_planned?,
                    grants_kept: self.grants_kept?,
                    republished_at: self.republished_at,
                },
            })
        };
        let privilege = row().ok_or(Error::Unreadable("privilege"))?.try_into()?;
        Ok(PrivilegeFacts { privilege, number })
    }
}
