//! The results: ratios for people, everything for machines.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::Args;
use crate::callers::{BATCH, Call};
use crate::measure::{CONCURRENCIES, FEW, Measurements, OPEN_SHARE, USUAL, name, open_name, pgbench, secure};
use crate::pgbench::Script;
use crate::sample::Sample;
use crate::stage::Facts;

const LABEL_WIDTH: usize = 76;
const TOP_WAITS: usize = 6;

/// One line of the table.
struct Line {
    label: String,
    ratio: f64,
}

fn line(label: impl Into<String>, ratio: f64) -> Line {
    Line { label: label.into(), ratio }
}

/// Prints the ratios.
pub(crate) fn print(measured: &Measurements, facts: &Facts) {
    println!("\nRatios: medians over rounds in which everything had its turn. {}", facts.postgres);
    for (title, lines) in tables(measured) {
        println!("\n{title}");
        for Line { label, ratio } in lines {
            println!("  {label:<LABEL_WIDTH$} {ratio:>8.3}");
        }
    }
    println!("\nWhat holds a check, at {USUAL} calls in flight");
    for (label, share) in shares(measured) {
        println!("  {label:<LABEL_WIDTH$} {:>7.0}%", share * 100.0);
    }
    println!();
}

/// Writes everything that was measured.
pub(crate) fn write(measured: &Measurements, facts: &Facts, args: &Args, out: &Path) -> anyhow::Result<()> {
    let samples: serde_json::Map<String, Value> = measured
        .0
        .iter()
        .map(|(name, samples)| (name.clone(), samples.iter().map(Sample::to_json).collect()))
        .collect();
    let lines = tables(measured).into_iter().flat_map(|(_, lines)| lines);
    let ratios: Vec<Value> = lines.map(|line| json!([line.label, line.ratio])).collect();
    let shares: Vec<Value> = shares(measured).into_iter().map(|share| json!(share)).collect();
    let loaded = &facts.loaded;
    let whole = json!({
        "settings": {
            "delegations": args.delegations,
            "parties": facts.parties,
            "seed": args.seed,
            "seconds": args.seconds,
            "rounds": args.rounds,
            "processors": std::thread::available_parallelism()?.get(),
            "postgres": facts.postgres,
        },
        "load": {
            "rows": loaded.rows,
            "copy_seconds": loaded.copy.as_secs_f64(),
            "index_seconds": loaded.index.as_secs_f64(),
            "vacuum_seconds": loaded.vacuum.as_secs_f64(),
            "database_bytes": facts.database_bytes,
            "listed_representative_holds": facts.listed_holds,
        },
        "ratios": ratios,
        "check_is_held_by": shares,
        "samples": samples,
    });
    let path = out.join("speed.json");
    std::fs::write(&path, serde_json::to_string_pretty(&whole)? + "\n")?;
    println!("Everything that was measured is in {}.", path.display());
    Ok(())
}

fn tables(measured: &Measurements) -> Vec<(&'static str, Vec<Line>)> {
    vec![
        ("Calls per second, against the empty call (grpc.health.v1.Health/Check)", against_empty(measured)),
        ("Latency, against that of the empty call", latency(measured)),
        (
            "Checks per second, against the same SQL in pgbench on the same Postgres",
            against_pgbench(measured),
        ),
        ("Others, against checks per second", others(measured)),
        ("What the machine gives", machine(measured)),
    ]
}

fn against_empty(measured: &Measurements) -> Vec<Line> {
    let mut lines = Vec::new();
    for workers in CONCURRENCIES {
        for (call, what) in [(Call::CheckGranted, "granted"), (Call::CheckDenied, "denied")] {
            let ratio = measured.ratio(&name(call, workers), &name(Call::Empty, workers), Sample::per_second);
            lines.push(line(format!("CheckDelegation, {what}, {workers} in flight"), ratio));
        }
    }
    lines
}

fn latency(measured: &Measurements) -> Vec<Line> {
    let mut lines = Vec::new();
    let quantiles = [("p50", 0.5), ("p99", 0.99)];
    for (call, what) in [(Call::CheckGranted, "granted"), (Call::CheckDenied, "denied")] {
        for (label, share) in quantiles {
            let figure = |sample: &Sample| sample.quantile(share);
            let ratio = measured.ratio(&name(call, 1), &name(Call::Empty, 1), figure);
            lines.push(line(format!("{label}, {what}, one at a time"), ratio));
        }
        for (label, share) in quantiles {
            let figure = |sample: &Sample| sample.quantile(share);
            let ratio = measured.ratio(&open_name(call), &open_name(Call::Empty), figure);
            let share = OPEN_SHARE * 100.0;
            lines.push(line(format!("{label}, {what}, open loop at {share:.0}% of the most checks"), ratio));
        }
    }
    lines
}

fn against_pgbench(measured: &Measurements) -> Vec<Line> {
    let mut lines = Vec::new();
    let pool = pool(measured);
    for workers in [USUAL, CONCURRENCIES[3]] {
        for (call, script, what) in [
            (Call::CheckGranted, Script::CheckGranted, "granted"),
            (Call::CheckDenied, Script::CheckDenied, "denied"),
        ] {
            let ratio = measured.ratio(&name(call, workers), &pgbench(script, pool), Sample::per_second);
            let label =
                format!("{what}, {workers} calls in flight / pgbench on {pool} connections, as the pool");
            lines.push(line(label, ratio));
        }
    }
    let (one, by) = (name(Call::CheckGranted, 1), pgbench(Script::CheckGranted, 1));
    lines.push(line(
        "granted, one at a time / pgbench on one connection",
        measured.ratio(&one, &by, Sample::per_second),
    ));
    lines
}

fn others(measured: &Measurements) -> Vec<Line> {
    let check = name(Call::CheckGranted, USUAL);
    let against = |call| measured.ratio(&name(call, FEW), &check, Sample::per_second);
    vec![
        line(
            format!("BatchCheckDelegations: items of batches of {BATCH}"),
            against(Call::Batch) * BATCH as f64,
        ),
        line("ListDelegators: pages of up to 500, of the busiest representative", against(Call::List)),
        line("PreviewDelegation: three privileges", against(Call::Preview)),
        line("CreateDelegation: three privileges", against(Call::Create)),
        line("RevokeDelegation", against(Call::Revoke)),
        line(
            "CheckDelegation over mTLS, against plaintext",
            measured.ratio(&secure(Call::CheckGranted, USUAL), &check, Sample::per_second),
        ),
        line(
            "empty call over mTLS, against plaintext",
            measured.ratio(&secure(Call::Empty, USUAL), &name(Call::Empty, USUAL), Sample::per_second),
        ),
    ]
}

fn machine(measured: &Measurements) -> Vec<Line> {
    let pool = pool(measured);
    let ratio = |one: String, by: String| measured.ratio(&one, &by, Sample::per_second);
    let (check, commit) = (|n| pgbench(Script::CheckGranted, n), |n| pgbench(Script::Commit, n));
    vec![
        line(
            format!("pgbench: the check's SQL / commits of an empty row, {pool} connections"),
            ratio(check(pool), commit(pool)),
        ),
        line(
            "pgbench: the check's SQL / commits of an empty row, one connection",
            ratio(check(1), commit(1)),
        ),
        line(
            format!("pgbench: the check's SQL, flushed / not flushed, {pool} connections"),
            ratio(check(pool), pgbench(Script::CheckWithoutFlush, pool)),
        ),
        line(format!("pgbench: commits on {pool} connections / on one"), ratio(commit(pool), commit(1))),
    ]
}

/// How many connections pgbench had, as the service has.
fn pool(measured: &Measurements) -> usize {
    let counts = measured.0.keys().filter_map(|name| name.strip_prefix("pgbench Commit@")?.parse().ok());
    counts.max().unwrap_or(0)
}

/// Where processor time and waiting go, as shares.
fn shares(measured: &Measurements) -> Vec<(String, f64)> {
    let check = name(Call::CheckGranted, USUAL);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get()) as f64;
    let of = |part: fn(&Sample) -> f64| {
        measured.median(&check, |sample| part(sample) / sample.elapsed.as_secs_f64() / cores)
    };
    let mut shares = vec![
        ("processors: the service".to_owned(), of(|sample| sample.cpu.server)),
        ("processors: Postgres".to_owned(), of(|sample| sample.cpu.postgres)),
        ("processors: the client that measures".to_owned(), of(|sample| sample.cpu.client)),
    ];
    let busy = measured.median(&check, |sample| sample.waits.busy() as f64 / sample.waits.looks as f64);
    let pool = pool(measured);
    shares.push((format!("database sessions of the pool's {pool} that are busy"), busy / pool as f64));
    let mut waits = BTreeMap::<&str, u64>::new();
    for (name, seen) in measured.of(&check).iter().flat_map(|sample| &sample.waits.for_what) {
        *waits.entry(name).or_default() += seen;
    }
    let all = waits.values().sum::<u64>().max(1) as f64;
    let mut waits: Vec<_> = waits.into_iter().collect();
    waits.sort_by_key(|(_, seen)| Reverse(*seen));
    let top = waits.into_iter().take(TOP_WAITS);
    shares
        .extend(top.map(|(name, seen)| (format!("of the busy ones, waiting for {name}"), seen as f64 / all)));
    shares
}
