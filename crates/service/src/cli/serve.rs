//! `fuldmagt serve`

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::config_args::flag;
use super::{ConfigArgs, EXIT_SIGNAL, out, runtime};
use crate::compose::{Parts, Running, Service};
use crate::config::{Access, Config};
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Serve gRPC on this address [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Serve metrics and health by HTTP on this address [default: 127.0.0.1:9464]
    #[arg(long, value_name = "ADDRESS")]
    internal_listen: Option<String>,
    /// Serve without TLS, and let every caller do everything: for development, on loopback only
    #[arg(long)]
    dev_plaintext: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut flags = Vec::new();
    flags.extend(args.listen.map(|address| flag("--listen", "listen", address)));
    flags.extend(args.internal_listen.map(|address| flag("--internal-listen", "internal_listen", address)));
    if args.dev_plaintext {
        flags.push(flag("--dev-plaintext", "dev_plaintext", true.to_string()));
    }
    let config = args.config.load(flags)?;
    runtime()?.block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let plaintext = matches!(config.access, Access::DevPlaintext);
    let _tracing = telemetry::init(&config.telemetry, telemetry::Extra::default())?;
    let mut signals = Signals::new()?;
    let running = tokio::select! {
        started = Service::start(config, Parts::default()) => started?,
        () = signals.next() => {
            out::note("fuldmagt: told to stop before it had started");
            return Ok(ExitCode::from(EXIT_SIGNAL));
        }
    };
    tracing::info!(grpc = %running.grpc_addr, internal = %running.internal_addr, "ready");
    if plaintext {
        tell_how_to_call(&running);
    }
    until_ended(running, signals).await
}

/// In development, the next thing that anybody wants to know.
fn tell_how_to_call(running: &Running) {
    let (grpc, internal) = (running.grpc_addr, running.internal_addr);
    out::line(format_args!(
        "fuldmagt serves gRPC without TLS at {grpc}; everybody on this machine may do everything. Try:"
    ));
    out::line(format_args!(
        "  fuldmagt list given cvr:34051178 --server http://{grpc}     (and check, give, revoke: --help)"
    ));
    out::line(format_args!(
        "  grpcurl -plaintext {grpc} list                              (reflection is on)"
    ));
    out::line(format_args!(
        "  curl http://{internal}/metrics                              (also /livez and /readyz)"
    ));
    out::line("Ctrl-C ends it.");
}

async fn until_ended(running: Running, mut signals: Signals) -> anyhow::Result<ExitCode> {
    let shutdown = running.shutdown();
    let mut ended = Box::pin(running.wait());
    tokio::select! {
        result = &mut ended => {
            result?;
            return Ok(ExitCode::SUCCESS);
        }
        () = signals.next() => shutdown.request(),
    }
    tokio::select! {
        result = ended => {
            result?;
            Ok(ExitCode::SUCCESS)
        }
        () = signals.next() => {
            out::note("fuldmagt: told to stop again, so it stops at once");
            // Not by returning: that would wait for what still runs. A private Postgres shuts down by itself when
            // we are gone.
            std::process::exit(EXIT_SIGNAL.into())
        }
    }
}

/// What tells us to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
