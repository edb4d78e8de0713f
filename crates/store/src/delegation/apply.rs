//! The one statement that writes what a command does to delegations.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Changes, PaperCase,
    columns::{PairColumns, PartyColumns, SideColumns, StepColumns},
    packages::PackageColumns,
};
use crate::{Result, SHARD, Store, command::Command, revision::Revision};

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
            proof.map(|proof| proof.index.as_slice()),
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
