//! `make bench`: the service under load, told as ratios to an empty call on the same server, and to the very same SQL
//! in pgbench on the same Postgres.
//!
//! Everything is measured in one run, in rounds, so that what slows the machine down slows all of it. It works on
//! loopback only, stops what it started, and leaves nothing but the results.

mod callers;
mod closed;
mod cpu;
mod measure;
mod mtls;
mod open;
mod pgbench;
mod questions;
mod report;
mod sample;
mod server;
mod stage;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;

use measure::Measurements;
use stage::Stage;

/// How the service is measured.
#[derive(Debug, clap::Parser)]
#[command(name = "speed")]
struct Args {
    /// How many delegations are loaded; as many parties
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    delegations: u32,
    /// Another seed gives another population
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long each measurement takes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often everything is measured; the ratios are medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// The program to measure [default: the one built beside this]
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Where results go [default: bench/ in the target folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    fn length(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// `target/release/deps/speed-hash`: the program lies two folders up, results three.
fn target_profile() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().nth(2).ok_or_else(|| anyhow::anyhow!("no target folder"))?;
    Ok(folder.to_owned())
}

fn main() -> anyhow::Result<()> {
    let mut args = Args::parse();
    let profile = target_profile()?;
    let server = args.server.take().unwrap_or_else(|| profile.join("fuldmagt"));
    let out = args.out.take().unwrap_or_else(|| profile.join("../bench"));
    std::fs::create_dir_all(&out)?;
    let out = out.canonicalize()?;
    anyhow::ensure!(server.is_file(), "{} is missing: build it first", server.display());
    // The machine is small: more threads here would only take its cores from what is measured.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(async {
        let stage = tokio::select! {
            stage = Stage::set_up(&args, &server, &out) => stage?,
            () = interrupted() => anyhow::bail!("interrupted"),
        };
        let measured = tokio::select! {
            measured = Measurements::take(&stage, &args) => measured,
            () = interrupted() => Err(anyhow::anyhow!("interrupted")),
        };
        let facts = stage.facts();
        stage.tear_down().await;
        measured.map(|measured| (measured, facts))
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    let (measurements, facts) = measured?;
    report::print(&measurements, &facts);
    report::write(&measurements, &facts, &args, &out)?;
    measurements.assert_right_answers()
}

async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
