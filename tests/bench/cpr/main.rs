//! `make bench ARGS=cpr`: a full copy of the CPR register comes in over gRPC, told as ratios to a plain COPY of the same
//! rows into a table of the same shape, on the same Postgres in the same run; with the server's greatest memory, and how
//! much slower checks are meanwhile.
//!
//! It works on loopback only, stops what it started, and leaves nothing but the results.

mod checks;
mod cpu;
mod feed;
mod measure;
mod plain;
#[path = "../speed/server.rs"]
mod server;
mod stage;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;

/// How imports of the CPR register are measured.
#[derive(Debug, clap::Parser)]
#[command(name = "cpr")]
struct Args {
    /// How many records a copy has
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(10_000..=20_000_000))]
    rows: u64,
    /// Another seed gives other people
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often everything is measured; the ratios are medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How long checks are measured before and after an import, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
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

/// `target/release/deps/cpr-hash`: the program lies two folders up, results three.
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
    anyhow::ensure!(server.is_file(), "{} is missing: build it first", server.display());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let measured = runtime.block_on(async {
        let stage = tokio::select! {
            stage = stage::Stage::set_up(&args, &server) => stage?,
            () = interrupted() => anyhow::bail!("interrupted"),
        };
        let measured = tokio::select! {
            measured = measure::measure(&stage, &args) => measured,
            () = interrupted() => Err(anyhow::anyhow!("interrupted")),
        };
        stage.tear_down().await;
        measured
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    let measured = measured?;
    measured.print(&args);
    measured.write(&args, &out.join(format!("cpr-{}.json", args.rows)))
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
