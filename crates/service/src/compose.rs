//! The composition root: where the parts of a service meet. The command line and the tests both start here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fuldmagt_domain::delegation::Rules;
use fuldmagt_store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::clock::{Clock, IdSource, RandomIds, SystemClock};
use crate::config::Config;
use crate::database::Database;
use crate::embedded;
use crate::jobs::database_probe::DatabaseProbe;
use crate::jobs::expiry_notices::ExpiryNotices;
use crate::jobs::lapsed_requests::LapsedRequests;
use crate::jobs::standing_effects::StandingEffects;
use crate::jobs::usage_log_partitions::UsageLogPartitions;
use crate::jobs::{Failure, Jobs, Outcome, Stop};
use crate::rpc;
use crate::server::internal::Internal;
use crate::server::{self, Bound, Health, Services};
use crate::telemetry::{self, PoolSample, Telemetry};

/// Why a service cannot start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network side cannot be set up.
    #[error(transparent)]
    Server(#[from] server::Error),
    /// The private Postgres cannot run.
    #[error(transparent)]
    Embedded(#[from] embedded::Error),
    /// The keys cannot be read or made.
    #[error(transparent)]
    Keyring(#[from] fuldmagt_store::keyring::Error),
    /// The database cannot be used.
    #[error("the database cannot be used: {0}")]
    Store(#[from] fuldmagt_store::Error),
    /// The metrics cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] telemetry::Error),
    /// A background task ended.
    #[error(transparent)]
    Job(#[from] Failure),
    /// The private Postgres ended.
    #[error("the private Postgres ended ({0})")]
    DatabaseDied(String),
    /// The server ended.
    #[error("the gRPC server ended: {0}")]
    ServerDied(String),
    /// A task of the start or the end was lost.
    #[error("a part of the service was lost: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

/// What a service gets from outside, so that tests can choose it.
#[derive(Clone)]
pub struct Parts {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identifiers.
    pub ids: Arc<dyn IdSource>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(RandomIds) }
    }
}

/// The service.
pub struct Service;

impl Service {
    /// Starts all of it, and returns when it answers.
    ///
    /// # Errors
    /// When any part cannot start; the others are ended again.
    pub async fn start(config: Config, parts: Parts) -> Result<Running, Error> {
        // Addresses first: the commonest mistake, and nothing has to be undone.
        let bound = Bound::new(&config).await?;
        let internal = Internal::bind(config.internal_listen).await?;
        let (grpc_addr, internal_addr) = (bound.address(), internal.address);
        let health = Health::new().await?;
        let telemetry = Telemetry::new(&config.telemetry)?;
        let mut jobs = Jobs::default();
        // Before the database, which may take its time to recover: supervisors see that the process lives.
        let serve_internal = internal.serve(health.clone(), telemetry.clone());
        jobs.start("internal-listener", move |stop| until_stopped(serve_internal, stop));

        let database = Database::open(&config).await?;
        if let Err(error) = database.store.ensure_usage_log_partitions(parts.clock.now()).await {
            database.close().await;
            return Err(error.into());
        }
        let app = app(&database.store, &config, &parts);
        let server = match serve(&database.store, &app, bound, &config, (&health, &telemetry)).await {
            Ok(server) => server,
            Err(error) => {
                database.close().await;
                return Err(error);
            }
        };
        let probe = DatabaseProbe {
            store: database.store.clone(),
            health: health.clone(),
            telemetry: telemetry.clone(),
        };
        jobs.start("database-probe", move |stop| probe.run(stop));
        let partitions =
            UsageLogPartitions { store: database.store.clone(), clock: Arc::clone(&parts.clock) };
        jobs.start("usage-log-partitions", move |stop| partitions.run(stop));
        let lapsed = LapsedRequests { app: app.clone() };
        jobs.start("lapsed-requests", move |stop| lapsed.run(stop));
        let expiry_notices = ExpiryNotices { app: app.clone(), days: config.rules.expiry_notice_days };
        jobs.start("expiry-notices", move |stop| expiry_notices.run(stop));
        let effects = StandingEffects { app };
        jobs.start("standing-effects", move |stop| effects.run(stop));

        let shutdown = Shutdown(Arc::new(watch::Sender::new(false)));
        let requested = shutdown.0.subscribe();
        let whole = Whole {
            database,
            server,
            jobs,
            health,
            telemetry: telemetry.clone(),
            grace: config.limits.shutdown_grace,
        };
        let task = tokio::spawn(whole.run(requested));
        Ok(Running { grpc_addr, internal_addr, shutdown, telemetry, task })
    }
}

/// A service that answers. Dropping it asks it to end.
pub struct Running {
    /// Where gRPC is served.
    pub grpc_addr: SocketAddr,
    /// Where metrics, liveness and readiness are served.
    pub internal_addr: SocketAddr,
    shutdown: Shutdown,
    telemetry: Telemetry,
    task: JoinHandle<Result<(), Error>>,
}

impl Running {
    /// A handle that ends it.
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Its metrics.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When it ended without being asked to.
    pub async fn wait(mut self) -> Result<(), Error> {
        (&mut self.task).await?
    }

    /// Ends it and waits until it has ended.
    ///
    /// # Errors
    /// When it had ended before, without being asked to.
    pub async fn stop(self) -> Result<(), Error> {
        self.shutdown.request();
        self.wait().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.request();
    }
}

/// Ends a service.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    /// Asks it to end: what runs is finished, what is new is refused.
    pub fn request(&self) {
        self.0.send_replace(true);
    }
}

async fn serve(
    store: &Store,
    app: &App,
    bound: Bound,
    config: &Config,
    (health, telemetry): (&Health, &Telemetry),
) -> Result<server::Running, Error> {
    let pool = store.clone();
    telemetry.observe_pool(move || {
        let (size, idle) = pool.pool_size();
        PoolSample { size: size.into(), idle: idle as u64 }
    });
    let services =
        Services { routes: rpc::routes(app), health: health.clone(), telemetry: telemetry.clone() };
    let server = bound.serve(config, services)?;
    health.set_ready(true).await;
    Ok(server)
}

/// What all commands and questions work with.
fn app(store: &Store, config: &Config, parts: &Parts) -> App {
    let rules = Rules {
        max_period_days: config.rules.max_period_days,
        min_delegator_age_years: config.rules.min_delegator_age_years,
        request_lapse_days: config.rules.request_lapse_days,
    };
    let (clock, ids) = (Arc::clone(&parts.clock), Arc::clone(&parts.ids));
    let answer_max_age = Duration::from_secs(config.rules.answer_max_age_s.into());
    App::new(store.clone(), clock, ids, rules, answer_max_age)
}

async fn until_stopped(endless: impl Future<Output = std::convert::Infallible>, mut stop: Stop) -> Outcome {
    tokio::select! {
        never = endless => match never {},
        () = stop.requested() => Ok(()),
    }
}

/// Everything that runs, in the hands of the task that ends it.
struct Whole {
    database: Database,
    server: server::Running,
    jobs: Jobs,
    health: Health,
    telemetry: Telemetry,
    grace: Duration,
}

impl Whole {
    async fn run(mut self, mut requested: watch::Receiver<bool>) -> Result<(), Error> {
        let result = tokio::select! {
            // The sender's end is a request too.
            _ = requested.wait_for(|requested| *requested) => Ok(()),
            failure = self.jobs.failed() => Err(Error::Job(failure)),
            status = self.database.died() => Err(Error::DatabaseDied(status)),
            reason = self.server.ended() => Err(Error::ServerDied(reason)),
        };
        match &result {
            Ok(()) => tracing::info!("shutting down"),
            Err(error) => tracing::error!(%error, "the service goes down"),
        }
        self.health.end().await;
        self.server.shut_down(self.grace).await;
        self.jobs.stop().await;
        self.database.close().await;
        tokio::task::spawn_blocking(move || self.telemetry.shut_down()).await?;
        tracing::info!("ended");
        result
    }
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
