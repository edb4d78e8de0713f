//! `fuldmagt migrate`

use std::process::ExitCode;

use super::config_args::flag;
use super::{ConfigArgs, out, runtime};
use crate::database::Database;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Do without certificates, as `serve --dev-plaintext` does
    #[arg(long)]
    dev_plaintext: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let dev_plaintext =
        args.dev_plaintext.then(|| flag("--dev-plaintext", "dev_plaintext", true.to_string()));
    let config = args.config.load(dev_plaintext.into_iter().collect())?;
    runtime()?.block_on(async {
        let _tracing = telemetry::init(&config.telemetry, telemetry::Extra::default())?;
        Database::open(&config).await?.close().await;
        out::line("The database is up to date.");
        Ok(ExitCode::SUCCESS)
    })
}
