//! The register: the daily copy of the CPR register says that somebody has died, and what they gave ends.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{Days, NaiveDate};
use fuldmagt_proto::v1::{self, DenialReason, import_cpr_snapshot_request::Part};
use sha2::{Digest as _, Sha256};

use super::{
    paper, people,
    step::{prove, refused, tell as say},
    story::Callers,
};
use crate::cli::client::{Client, request_id};

/// The day of the copy that the first run sends. Each later one is of the next day: a copy is never replaced by an older.
const FIRST_DAY: (i32, u32, u32) = (2020, 1, 1);

/// By then all that the copy has happen is written.
const WRITTEN_WITHIN: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Tells it.
///
/// # Errors
/// When an answer is not what it must be.
pub(super) async fn tell(
    callers: &Callers,
    run: u32,
    dead: &v1::Identifier,
    delegation: &str,
) -> anyhow::Result<()> {
    let day = day_of(run)?;
    let records = vec![
        record(&people::karen(), people::KAREN, "01"),
        record(&people::anders(), people::ANDERS, "01"),
        record(std::slice::from_ref(dead), people::OVE, "90"),
    ];
    let rows = i64::try_from(records.len())?;
    let import = request_id();
    let header =
        v1::CprSnapshotHeader { import_id: import.clone(), as_of: day.to_string(), expected_row_count: rows };
    let trailer = v1::CprSnapshotTrailer { row_count: rows, sha256: digest(&records) };
    let chunk = v1::CprSnapshotChunk { sequence: 0, records };
    let parts = [Part::Header(header), Part::Chunk(chunk), Part::Trailer(trailer)];
    let stream = tokio_stream::iter(parts.map(|part| v1::ImportCprSnapshotRequest { part: Some(part) }));
    callers.register.parties().import_cpr_snapshot(stream).await.map_err(refused)?;
    say(format_args!("a copy of {rows} records is in use; it says that {} is dead", people::OVE));
    let decision = paper::ask(callers, dead).await?;
    prove(!decision.granted, "from that instant on, nobody may act for the dead")?;
    let effects = written_out(&callers.register, &import).await?;
    say(format_args!("{} party of ours has ended by it", effects.ended_count));
    let decision = paper::ask(callers, dead).await?;
    prove(
        decision.denial_reason() == DenialReason::Terminated && decision.delegation_id == delegation,
        "what they gave has ended, and the next check says by what",
    )
}

/// What the copy did to the parties that the service knows, once all of it is written.
async fn written_out(register: &Client, import: &str) -> anyhow::Result<v1::CprEffects> {
    let deadline = Instant::now() + WRITTEN_WITHIN;
    loop {
        let request = v1::GetCprImportRequest { import_id: import.to_owned() };
        let answer = register.parties().get_cpr_import(request).await.map_err(refused)?.into_inner();
        let effects = answer.effects.context("the effects of the copy")?;
        if effects.pending_count == 0 {
            return Ok(effects);
        }
        anyhow::ensure!(Instant::now() < deadline, "the copy's effects are not written in time");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn record(identifiers: &[v1::Identifier], name: &str, status: &str) -> v1::CprRecord {
    let cpr = identifiers.iter().find_map(|identifier| match &identifier.value {
        Some(v1::identifier::Value::CprNumber(number)) => Some(number.clone()),
        _ => None,
    });
    v1::CprRecord {
        cpr_number: cpr.unwrap_or_default(),
        status: status.to_owned(),
        name: name.to_owned(),
        ..v1::CprRecord::default()
    }
}

/// The digest of an import of one chunk, as `cpr_snapshot.proto` defines it.
fn digest(records: &[v1::CprRecord]) -> Vec<u8> {
    let mut chunk = Sha256::new();
    for record in records {
        let is_protected = if record.is_protected { "1" } else { "0" };
        let fields = [
            record.cpr_number.as_str(),
            &record.status,
            &record.new_cpr_number,
            is_protected,
            &record.name,
            &record.country_code,
        ];
        for field in fields.into_iter().chain(record.address_lines.iter().map(String::as_str)) {
            chunk.update(field);
            chunk.update([0x1f]);
        }
        chunk.update([0x1e]);
    }
    Sha256::new().chain_update([0; 32]).chain_update(chunk.finalize()).finalize().to_vec()
}

fn day_of(run: u32) -> anyhow::Result<NaiveDate> {
    let (year, month, day) = FIRST_DAY;
    let first = NaiveDate::from_ymd_opt(year, month, day).context("a date")?;
    first.checked_add_days(Days::new(run.into())).context("a date")
}
