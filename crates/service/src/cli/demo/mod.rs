//! `fuldmagt demo`: the main job, end to end, told as a story. The service is the real one, on a Postgres of its own;
//! everything it is asked goes over the wire with client certificates.

mod catalogue;
mod company;
mod gift;
mod paper;
mod people;
mod register;
mod request;
mod step;
mod story;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;

use super::{client::Connection, dev_certs, out, runtime};
use crate::{
    clock::SystemClock,
    compose::{Parts, Running, Service},
    config::{Config, Sources},
    embedded::{self, Embedded},
};

/// Run the whole story: give, check, revoke; request and accept; a company with employees; paper; a death
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Keep the data in this folder [default: demo in the service's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Remove what earlier demos kept, and end
    #[arg(long)]
    clean: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = match &args.data_dir {
        Some(folder) => std::path::absolute(folder)?,
        None => default_folder()?,
    };
    if args.clean {
        return clean(&folder);
    }
    runtime()?.block_on(tell(&folder))
}

async fn tell(folder: &Path) -> anyhow::Result<ExitCode> {
    out::line("fuldmagt demo: delegations, from the gift to the end");
    let certs = folder.join("certs");
    dev_certs::make_missing(&certs).context("certificates for the demo")?;
    let service = start(folder, &certs).await?;
    let connect = |client: &str| Connection {
        server: format!("https://localhost:{}", service.grpc_addr.port()),
        certs: Some(certs.clone()),
        client: Some(client.to_owned()),
        json: false,
    };
    let told = story::tell(folder, &connect).await;
    // Also after a wrong answer: nothing is left running.
    service.stop().await.context("the service did not end as it should").and(told)?;
    out::line("");
    out::line("Every answer was as it must be, and nothing is left running.");
    out::line(format_args!("The data is kept in {}; `make demo-clean` removes it.", folder.display()));
    Ok(ExitCode::SUCCESS)
}

async fn start(folder: &Path, certs: &Path) -> anyhow::Result<Running> {
    let data_dir = folder.join("data");
    let data_dir = data_dir.to_str().context("the folder's name is not UTF-8")?;
    let listen = "127.0.0.1:0";
    let values = [("data_dir", data_dir), ("listen", listen), ("internal_listen", listen)];
    let sources = Sources { file: Some(certs.join("fuldmagt.toml")), ..Sources::of(&values) };
    let config = Config::load(&sources)?;
    let parts = Parts { clock: Arc::new(SystemClock), ..Parts::default() };
    Service::start(config, parts).await.context("the service does not start")
}

fn default_folder() -> anyhow::Result<PathBuf> {
    let data_dir =
        embedded::default_data_dir().context("neither XDG_DATA_HOME nor HOME is set: use --data-dir")?;
    Ok(data_dir.join("demo"))
}

fn clean(folder: &Path) -> anyhow::Result<ExitCode> {
    if !folder.exists() {
        out::line(format_args!("There is nothing in {}.", folder.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let data = folder.join("data");
    if data.exists() {
        Embedded::remove(&data).context("the demo's data cannot be removed")?;
    }
    std::fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    out::line(format_args!("Removed {}.", folder.display()));
    Ok(ExitCode::SUCCESS)
}
