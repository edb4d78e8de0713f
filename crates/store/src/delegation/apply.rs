//! The one statement that writes what a command does to delegations.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{DelegationId, State, Step, Termination},
    identifier::PNumber,
    package::PackageId,
    paper::Record,
    party::{Party, PartyId},
};
use uuid::Uuid;

use super::{packages::PackageColumns, proof::SealedProof};
use crate::{
    Result, SHARD, Store,
    command::Command,
    party::{PartyChange, Progress},
    revision::Revision,
    usage::About,
};

/// What a command decided, to be written together or not at all.
#[derive(Debug)]
pub struct Changes<'a> {
    /// The parties that it was decided from: they must be so still.
    pub held: Vec<Held>,
    /// The packages that it was decided from: they must be so still.
    pub packages: Vec<HeldPackage>,
    /// Parties whose standing changes.
    pub parties: Vec<PartyChange>,
    /// Delegator and representative, when the steps are about everything that lives between them at an instant: had
    /// anything been given meanwhile, it would be left out.
    pub all_between: Option<(PartyId, PartyId, DateTime<Utc>)>,
    /// How far the turn of a party is written into its delegations.
    pub progress: Option<Progress>,
    /// What happens to delegations, at most one step each, at most one of a new delegation.
    pub steps: Vec<Step>,
    /// The message of the new delegation.
    pub message: Option<SealedMessage>,
    /// The signature.
    pub proof: Option<SealedProof>,
    /// The employee who may use a delegation from now on.
    pub designated: Option<Designated>,
    /// Employees who may no longer use a delegation.
    pub undesignated: Vec<(DelegationId, PartyId)>,
    /// The paper case, as it is after the command.
    pub paper: Option<PaperCase>,
    /// Letters to be posted.
    pub letters: Vec<LetterRequest>,
    /// Whom the call is about, and how it ended, when it touches no delegation.
    pub about: About,
    /// The same for the usage log.
    pub outcome: &'static str,
    /// Ids for the notices, at least one for each that the steps tell of.
    pub notice_ids: Vec<Uuid>,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
}

impl<'a> Changes<'a> {
    /// Steps, and nothing beside.
    #[must_use]
    pub fn new(steps: Vec<Step>, response: &'a [u8]) -> Self {
        Self {
            held: Vec::new(),
            packages: Vec::new(),
            parties: Vec::new(),
            all_between: None,
            progress: None,
            steps,
            message: None,
            proof: None,
            designated: None,
            undesignated: Vec::new(),
            paper: None,
            letters: Vec::new(),
            about: About::default(),
            outcome: "done",
            notice_ids: Vec::new(),
            response,
        }
    }

    /// How many notices the steps tell of.
    #[must_use]
    pub fn notice_count(&self) -> usize {
        self.steps.iter().map(|step| step.tells.len()).sum()
    }
}

/// A party that a command was decided from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The party.
    pub party: PartyId,
    /// Its version as it was read.
    pub version: i64,
    /// Whether other commands about it must wait: so for a delegator. Otherwise it only must not change.
    pub exclusive: bool,
}

impl Held {
    /// A party that must not change meanwhile.
    #[must_use]
    pub const fn shared(party: &Party) -> Self {
        Self { party: party.id, version: party.version, exclusive: false }
    }

    /// A party whose commands go one at a time.
    #[must_use]
    pub const fn exclusive(party: &Party) -> Self {
        Self { party: party.id, version: party.version, exclusive: true }
    }
}

/// A package that a command was decided from: no version of it may have come meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPackage {
    /// The package.
    pub package: PackageId,
    /// Its version as it was read.
    pub version: i64,
}

/// A message under its writer's data key.
#[derive(Clone, Debug)]
pub struct SealedMessage {
    pub(super) writer: PartyId,
    pub(super) bytes: Vec<u8>,
}

/// An employee who may use a delegation.
#[derive(Clone, Debug)]
pub struct Designated {
    /// The delegation.
    pub delegation: DelegationId,
    /// The employee.
    pub employee: PartyId,
    /// The production unit that the employee is limited to.
    pub p_number: Option<PNumber>,
}

/// A paper case as it is after the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperCase {
    /// The delegation.
    pub delegation: DelegationId,
    /// Who handled the paper.
    pub record: Record,
    /// Whether this command registers the form: the privileges that its step leaves are those that were ticked.
    pub registers: bool,
}

/// A letter to be posted.
#[derive(Clone, Copy, Debug)]
pub struct LetterRequest {
    /// The letter's id.
    pub id: Uuid,
    /// What it says.
    pub kind: LetterKind,
    /// To whom.
    pub receiver: PartyId,
    /// About which delegation.
    pub delegation: DelegationId,
}

/// What a letter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// The form to be signed.
    PaperForm,
    /// Who may now do what, and how to object.
    PaperConfirmation,
}

impl LetterKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::PaperForm => "paper_form",
            Self::PaperConfirmation => "paper_confirmation",
        }
    }
}

impl Store {
    /// Writes what a command decided, with events, notices, usage entries, idempotency key and change. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Contention`] when anything that it was decided from has changed meanwhile, and
    /// [`crate::Error::Conflict`] when a constraint decides against it; [`crate::Error::Unavailable`]. Then nothing is
    /// written.
    #[allow(clippy::too_many_lines, reason = "one statement, one line for each of its parameters")]
    pub async fn apply(&self, changes: &Changes<'_>, command: &Command<'_>) -> Result<Revision> {
        let steps = StepColumns::of(changes);
        let pairs = PairColumns::of(changes);
        let parties = PartyColumns::of(changes);
        let packages = PackageColumns::of(changes)?;
        let side = SideColumns::of(changes);
        let proof = changes.proof.as_ref();
        let paper = changes.paper.as_ref();
        let record = paper.map(|paper| &paper.record);
        let form = record.and_then(|record| record.form.as_ref());
        let ticked = paper.and_then(|paper| ticked(changes, paper));
        let progress = changes.progress.as_ref();
        let unit = changes.designated.as_ref().and_then(|designated| designated.p_number.as_ref());
        let unit = unit.map(|number| self.unit_index(number));
        let usage = &command.usage;
        let row = sqlx::query_file!(
            "src/delegation/apply.sql",
            SHARD,
            usage.at,
            usage.client,
            usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            usage.rpc,
            command.payload_digest.as_slice(),
            changes.response,
            usage.entry_id,
            usage.trace_id,
            changes.about.delegator.map(|party| party.0),
            changes.about.representative.map(|party| party.0),
            changes.outcome,
            &parties.held,
            &parties.held_versions,
            &parties.exclusive,
            &parties.changed,
            &parties.changed_versions,
            &parties.standings,
            &parties.events,
            &steps.ids,
            &steps.versions,
            &steps.kinds,
            &steps.instants,
            &steps.acting_for as &[Option<Uuid>],
            &steps.reasons as &[Option<&str>],
            &steps.related as &[Option<Uuid>],
            &steps.statuses,
            &steps.ended as &[Option<DateTime<Utc>>],
            &steps.terminations as &[Option<&str>],
            &steps.delegators,
            &steps.representatives,
            &steps.from,
            &steps.to,
            &steps.on_acceptance,
            &steps.lapses as &[Option<DateTime<Utc>>],
            &steps.parents as &[Option<Uuid>],
            &steps.messages as &[Option<Vec<u8>>],
            &steps.writers as &[Option<Uuid>],
            &steps.chain,
            &pairs.asked.0,
            &pairs.asked.1,
            &pairs.granted.0,
            &pairs.granted.1,
            &pairs.taken.0,
            &pairs.taken.1,
            &pairs.taken_as,
            &pairs.replaced.0,
            &pairs.replaced.1,
            &side.notice_ids,
            &side.notice_delegations,
            &side.receivers,
            &side.notice_kinds,
            &pairs.untold.0,
            &pairs.untold.1,
            proof.map(|proof| proof.id),
            proof.map(|proof| proof.delegation.0),
            proof.map(|proof| proof.version),
            proof.map(|proof| proof.signer.0),
            proof.map(|proof| proof.signed_at),
            proof.map(|proof| proof.assurance.as_str()),
            proof.map(|proof| proof.digest.as_slice()),
            proof.map(|proof| proof.key.key_id.as_str()),
            proof.map(|proof| proof.key.bytes.as_slice()),
            proof.map(|proof| proof.agreement.as_slice()),
            proof.map(|proof| proof.signer_sealed.as_slice()),
            proof.map(|proof| proof.evidence.as_slice()),
            changes.designated.as_ref().map(|designated| designated.delegation.0),
            changes.designated.as_ref().map(|designated| designated.employee.0),
            unit,
            &side.undesignated.0,
            &side.undesignated.1,
            paper.map(|paper| paper.delegation.0),
            record.map(|record| record.started_by.0),
            record.map(|record| record.started_at),
            form.map(|form| form.scan_digest.as_slice()),
            form.map(|form| form.signed_on),
            form.map(|form| form.registered_by.0),
            form.map(|form| form.registered_at),
            record.and_then(|record| record.decided).map(|(by, _)| by.0),
            record.and_then(|record| record.decided).map(|(_, at)| at),
            ticked.as_deref(),
            &side.letter_ids,
            &side.letter_kinds,
            &side.letter_receivers,
            &side.letter_delegations,
            changes.all_between.map(|(delegator, _, _)| delegator.0),
            changes.all_between.map(|(_, representative, _)| representative.0),
            changes.all_between.map(|(_, _, at)| at),
            &parties.register_statuses as &[Option<i16>],
            progress.map(|progress| progress.party.0),
            progress.map(|progress| progress.version),
            progress.map(|progress| progress.turn.as_str()),
            progress.map(|progress| progress.at),
            progress.and_then(|progress| progress.after).map(|after| after.0),
            &pairs.granted_from,
            &packages.held,
            &packages.held_versions,
            &packages.followed.0,
            &packages.followed.1,
            &packages.min_ages as &[Option<i16>],
            &packages.max_ages as &[Option<i16>],
            &packages.assurances,
            &packages.left.0,
            &packages.left.1,
            &packages.left_as,
            &packages.asked.0,
            &packages.asked.1,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}

/// The privileges that were ticked, when a form is registered.
fn ticked(changes: &Changes<'_>, paper: &PaperCase) -> Option<Vec<String>> {
    let step = changes.steps.iter().find(|step| paper.registers && step.id() == paper.delegation)?;
    Some(step.delegation.privileges.iter().map(|uri| uri.as_str().to_owned()).collect())
}

/// The steps, column by column.
#[derive(Default)]
struct StepColumns<'a> {
    ids: Vec<Uuid>,
    versions: Vec<i64>,
    kinds: Vec<String>,
    instants: Vec<DateTime<Utc>>,
    acting_for: Vec<Option<Uuid>>,
    reasons: Vec<Option<&'a str>>,
    related: Vec<Option<Uuid>>,
    statuses: Vec<String>,
    ended: Vec<Option<DateTime<Utc>>>,
    terminations: Vec<Option<&'a str>>,
    delegators: Vec<Uuid>,
    representatives: Vec<Uuid>,
    from: Vec<DateTime<Utc>>,
    to: Vec<DateTime<Utc>>,
    on_acceptance: Vec<bool>,
    lapses: Vec<Option<DateTime<Utc>>>,
    parents: Vec<Option<Uuid>>,
    messages: Vec<Option<Vec<u8>>>,
    writers: Vec<Option<Uuid>>,
    chain: Vec<Uuid>,
}

impl<'a> StepColumns<'a> {
    fn of(changes: &'a Changes<'_>) -> Self {
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
struct PairColumns {
    asked: Pair,
    granted: Pair,
    granted_from: Vec<DateTime<Utc>>,
    taken: Pair,
    taken_as: Vec<String>,
    untold: Pair,
    replaced: (Vec<Uuid>, Vec<Uuid>),
}

impl PairColumns {
    fn of(changes: &Changes<'_>) -> Self {
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
struct PartyColumns {
    held: Vec<Uuid>,
    held_versions: Vec<i64>,
    exclusive: Vec<bool>,
    changed: Vec<Uuid>,
    changed_versions: Vec<i64>,
    standings: Vec<String>,
    events: Vec<String>,
    register_statuses: Vec<Option<i16>>,
}

impl PartyColumns {
    fn of(changes: &Changes<'_>) -> Self {
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
struct SideColumns {
    notice_ids: Vec<Uuid>,
    notice_delegations: Vec<Uuid>,
    receivers: Vec<Uuid>,
    notice_kinds: Vec<String>,
    undesignated: (Vec<Uuid>, Vec<Uuid>),
    letter_ids: Vec<Uuid>,
    letter_kinds: Vec<String>,
    letter_receivers: Vec<Uuid>,
    letter_delegations: Vec<Uuid>,
}

impl SideColumns {
    fn of(changes: &Changes<'_>) -> Self {
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
