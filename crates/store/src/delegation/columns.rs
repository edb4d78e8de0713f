//! What a command decided, column by column, as the one statement takes it.

use chrono::{DateTime, Utc};
use fuldmagt_domain::delegation::{State, Termination};
use uuid::Uuid;

use super::Changes;

/// The steps, column by column.
#[derive(Default)]
pub(super) struct StepColumns<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) versions: Vec<i64>,
    pub(super) kinds: Vec<String>,
    pub(super) instants: Vec<DateTime<Utc>>,
    pub(super) acting_for: Vec<Option<Uuid>>,
    pub(super) reasons: Vec<Option<&'a str>>,
    pub(super) related: Vec<Option<Uuid>>,
    pub(super) statuses: Vec<String>,
    pub(super) ended: Vec<Option<DateTime<Utc>>>,
    pub(super) terminations: Vec<Option<&'a str>>,
    pub(super) delegators: Vec<Uuid>,
    pub(super) representatives: Vec<Uuid>,
    pub(super) from: Vec<DateTime<Utc>>,
    pub(super) to: Vec<DateTime<Utc>>,
    pub(super) on_acceptance: Vec<bool>,
    pub(super) lapses: Vec<Option<DateTime<Utc>>>,
    pub(super) parents: Vec<Option<Uuid>>,
    pub(super) messages: Vec<Option<Vec<u8>>>,
    pub(super) writers: Vec<Option<Uuid>>,
    pub(super) chain: Vec<Uuid>,
}

impl<'a> StepColumns<'a> {
    pub(super) fn of(changes: &'a Changes<'_>) -> Self {
        let mut columns = Self::default();
        for step in &changes.steps {
            let delegation = &step.delegation;
            let is_new = delegation.version == 1;
            let message = changes.message.as_ref().filter(|_| is_new);
            columns.ids.push(delegation.id.0);
            columns.versions.push(delegation.version);
            columns.kinds.push(step.kind.as_str().to_owned());
            columns.instants.push(step.at);
            columns.acting_for.push(step.acting_for.map(|party| party.0));
            columns.reasons.push(step.reason.map(|reason| reason.as_str()));
            columns.related.push(step.related);
            columns.statuses.push(delegation.state.as_str().to_owned());
            columns.ended.push(State::ended_at(delegation.state));
            columns.terminations.push(delegation.state.termination().map(Termination::as_str));
            columns.delegators.push(delegation.delegator.0);
            columns.representatives.push(delegation.representative.0);
            columns.from.push(delegation.period.from());
            columns.to.push(delegation.period.to());
            columns.on_acceptance.push(delegation.starts_on_acceptance);
            columns.lapses.push(delegation.lapses_at);
            columns.parents.push(delegation.links.parent.map(|parent| parent.0));
            columns.messages.push(message.map(|message| message.bytes.clone()));
            columns.writers.push(message.map(|message| message.writer.0));
            if is_new {
                columns.chain = delegation.links.chain.iter().map(|party| party.0).collect();
            }
        }
        columns
    }
}

/// Two columns that belong together.
pub(super) type Pair = (Vec<Uuid>, Vec<String>);

/// What hangs on the steps.
#[derive(Default)]
pub(super) struct PairColumns {
    pub(super) asked: Pair,
    pub(super) granted: Pair,
    pub(super) granted_from: Vec<DateTime<Utc>>,
    pub(super) taken: Pair,
    pub(super) taken_as: Vec<String>,
    pub(super) untold: Pair,
    pub(super) replaced: (Vec<Uuid>, Vec<Uuid>),
}

impl PairColumns {
    pub(super) fn of(changes: &Changes<'_>) -> Self {
        let mut columns = Self::default();
        for step in &changes.steps {
            let id = step.id().0;
            let push = |pair: &mut Pair, text: &str| {
                pair.0.push(id);
                pair.1.push(text.to_owned());
            };
            step.asks.iter().for_each(|uri| push(&mut columns.asked, uri.as_str()));
            step.grants.iter().for_each(|uri| push(&mut columns.granted, uri.as_str()));
            columns.granted_from.extend(step.grants.iter().map(|_| step.grants_from()));
            for uri in &step.takes {
                push(&mut columns.taken, uri.as_str());
                columns.taken_as.push(step.kind.taken_as().to_owned());
            }
            step.untells.iter().for_each(|kind| push(&mut columns.untold, kind.as_str()));
            // Only the step that gives it remembers what it replaces; later steps of it do not do so again.
            if step.gives() {
                for superseded in &step.delegation.links.supersedes {
                    columns.replaced.0.push(superseded.0);
                    columns.replaced.1.push(id);
                }
            }
        }
        columns
    }
}

/// Parties that must be as they were read, and those that change.
#[derive(Default)]
pub(super) struct PartyColumns {
    pub(super) held: Vec<Uuid>,
    pub(super) held_versions: Vec<i64>,
    pub(super) exclusive: Vec<bool>,
    pub(super) changed: Vec<Uuid>,
    pub(super) changed_versions: Vec<i64>,
    pub(super) standings: Vec<String>,
    pub(super) events: Vec<String>,
    pub(super) register_statuses: Vec<Option<i16>>,
}

impl PartyColumns {
    pub(super) fn of(changes: &Changes<'_>) -> Self {
        let mut columns = Self::default();
        for held in &changes.held {
            // A party may be held twice, as actor and as delegator: then the stronger counts.
            match columns.held.iter().position(|party| *party == held.party.0) {
                Some(place) => {
                    if let Some(exclusive) = columns.exclusive.get_mut(place) {
                        *exclusive |= held.exclusive;
                    }
                }
                None => {
                    columns.held.push(held.party.0);
                    columns.held_versions.push(held.version);
                    columns.exclusive.push(held.exclusive);
                }
            }
        }
        for change in &changes.parties {
            columns.changed.push(change.party.0);
            columns.changed_versions.push(change.version);
            columns.standings.push(change.turn.standing().as_str().to_owned());
            columns.events.push(change.turn.as_str().to_owned());
            columns.register_statuses.push(change.register_status.column());
        }
        columns
    }
}

/// Notices, designations and letters.
#[derive(Default)]
pub(super) struct SideColumns {
    pub(super) notice_ids: Vec<Uuid>,
    pub(super) notice_delegations: Vec<Uuid>,
    pub(super) receivers: Vec<Uuid>,
    pub(super) notice_kinds: Vec<String>,
    pub(super) undesignated: (Vec<Uuid>, Vec<Uuid>),
    pub(super) letter_ids: Vec<Uuid>,
    pub(super) letter_kinds: Vec<String>,
    pub(super) letter_receivers: Vec<Uuid>,
    pub(super) letter_delegations: Vec<Uuid>,
}

impl SideColumns {
    pub(super) fn of(changes: &Changes<'_>) -> Self {
        let mut columns = Self::default();
        let told = changes.steps.iter().flat_map(|step| step.tells.iter().map(move |told| (step.id(), told)));
        for (id, (delegation, (receiver, kind))) in changes.notice_ids.iter().zip(told) {
            columns.notice_ids.push(*id);
            columns.notice_delegations.push(delegation.0);
            columns.receivers.push(receiver.0);
            columns.notice_kinds.push(kind.as_str().to_owned());
        }
        for (delegation, employee) in &changes.undesignated {
            columns.undesignated.0.push(delegation.0);
            columns.undesignated.1.push(employee.0);
        }
        for letter in &changes.letters {
            columns.letter_ids.push(letter.id);
            columns.letter_kinds.push(letter.kind.as_str().to_owned());
            columns.letter_receivers.push(letter.receiver.0);
            columns.letter_delegations.push(letter.delegation.0);
        }
        columns
    }
}
