//! Events and changes: one for each registration, gift and ending, in the order in which they happened.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use fuldmagt_domain::delegation::State;
use fuldmagt_domain::party::PartyId;
use sqlx::PgPool;

use super::rows::{self, NULL, Time};
use super::{Copy, set_head};
use crate::population::catalogue::{PrivilegeNumber, systems};
use crate::population::parties::{PartyNumber, row_id};
use crate::population::{Delegation, Population};

/// The client that is said to have sent everything.
const CLIENT: &str = "population";

/// What happened.
struct Happened<'a> {
    entity_kind: &'static str,
    entity_id: &'a str,
    version: i64,
    kind: &'static str,
    at: DateTime<Utc>,
    /// The user, and the party acted for.
    actor: Option<PartyId>,
    /// The employee who was designated.
    related: Option<PartyId>,
}

impl<'a> Happened<'a> {
    /// The first thing that happens to something, by nobody's hand.
    fn new(entity_kind: &'static str, entity_id: &'a str, kind: &'static str, at: DateTime<Utc>) -> Self {
        Self { entity_kind, entity_id, version: 1, kind, at, actor: None, related: None }
    }
}

struct Feed {
    event: Copy,
    change: Copy,
    revision: i64,
}

pub(super) async fn load(population: Arc<Population>, pool: PgPool) -> anyhow::Result<u64> {
    let event =
        "shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, acting_for_id,
                 channel, request_id, related_id";
    let change = "shard, revision, ordinal, entity_kind, entity_id, version, occurred_at";
    let mut feed = Feed {
        event: Copy::into("event", event, &pool).await?,
        change: Copy::into("change", change, &pool).await?,
        revision: 0,
    };
    feed.catalogue(&population).await?;
    feed.parties(&population).await?;
    feed.delegations(&population).await?;
    let rows = feed.event.finish().await? + feed.change.finish().await?;
    set_head(feed.revision, &pool).await?;
    Ok(rows)
}

impl Feed {
    async fn catalogue(&mut self, population: &Population) -> anyhow::Result<()> {
        let at = population.parties.registered_at(PartyNumber(0));
        for (system, _) in systems() {
            self.add(Happened::new("system", system, "put", at)).await?;
        }
        for privilege in PrivilegeNumber::all() {
            let kind = if privilege.is_published() { "published" } else { "put" };
            self.add(Happened::new("privilege", privilege.uri().as_str(), kind, at)).await?;
        }
        Ok(())
    }

    async fn parties(&mut self, population: &Population) -> anyhow::Result<()> {
        for party in population.parties.all() {
            let id = population.party_id(party).to_string();
            let at = population.parties.registered_at(party);
            self.add(Happened::new("party", &id, "registered", at)).await?;
        }
        Ok(())
    }

    async fn delegations(&mut self, population: &Population) -> anyhow::Result<()> {
        for (at, place, version, what) in timeline(population) {
            let delegation = &population.delegations[place];
            let id = population.delegation_id(place).to_string();
            let (kind, actor) = told(what, delegation);
            let related = delegation.designated().filter(|_| what == rows::Happened::EmployeeDesignated);
            self.add(Happened {
                entity_kind: "delegation",
                entity_id: &id,
                version,
                kind,
                at,
                actor: Some(population.party_id(actor)),
                related: related.map(|employee| population.party_id(employee)),
            })
            .await?;
        }
        Ok(())
    }

    async fn add(&mut self, happened: Happened<'_>) -> anyhow::Result<()> {
        self.revision += 1;
        let Happened { entity_kind, entity_id, version, kind, at, actor, related } = happened;
        let (at, revision) = (Time(at), self.revision);
        let party = |party: Option<PartyId>| party.map_or_else(|| NULL.to_owned(), |party| party.to_string());
        let (actor, related) = (party(actor), party(related));
        let channel = if actor == NULL { "system" } else { "self_service" };
        let request = row_id(at.0, revision.unsigned_abs());
        writeln!(
            self.event.text,
            "0\t{entity_kind}\t{entity_id}\t{version}\t{kind}\t{at}\t{CLIENT}\t{actor}\t{actor}\t{channel}\t{request}\t{related}"
        )?;
        writeln!(self.change.text, "0\t{revision}\t1\t{entity_kind}\t{entity_id}\t{version}\t{at}")?;
        self.event.flush().await?;
        self.change.flush().await?;
        Ok(())
    }
}

/// What happened to delegations: when, to which one, which version it made, and what it was.
fn timeline(population: &Population) -> Vec<(DateTime<Utc>, usize, i64, rows::Happened)> {
    let mut timeline = Vec::with_capacity(population.delegations.len() * 5 / 4);
    for (place, delegation) in population.delegations.iter().enumerate() {
        let events = rows::events(delegation).zip(1..);
        timeline.extend(events.map(|((at, what), version)| (at, place, version, what)));
    }
    timeline.sort_unstable();
    timeline
}

/// The event, and whose hand it was by.
fn told(what: rows::Happened, delegation: &Delegation) -> (&'static str, PartyNumber) {
    match what {
        rows::Happened::Given => ("created", delegation.delegator),
        rows::Happened::EmployeeDesignated => ("employee_designated", delegation.representative),
        rows::Happened::Ended if matches!(delegation.state, State::Renounced { .. }) => {
            (delegation.state.as_str(), delegation.representative)
        }
        rows::Happened::Ended => (delegation.state.as_str(), delegation.delegator),
    }
}
