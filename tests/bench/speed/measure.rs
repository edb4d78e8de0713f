//! What is measured, in which order: rounds in which everything has its turn.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::Args;
use crate::callers::{Call, Callers};
use crate::pgbench::Script;
use crate::sample::{Sample, Waited};
use crate::stage::Stage;
use crate::{closed, open};

/// Calls in flight in the closed loop.
pub(crate) const CONCURRENCIES: [usize; 4] = [1, 8, 32, 64];
/// Where most that is compared by throughput is compared: twice as many as the service has database connections.
pub(crate) const USUAL: usize = 32;
/// Calls in flight of what is heavy or takes one lock.
pub(crate) const FEW: usize = 8;
/// Of the greatest throughput of checks, so much is the rate of the open loop.
pub(crate) const OPEN_SHARE: f64 = 0.5;
/// Until connections are made, statements planned and pages in memory.
const WARM_UP: Duration = Duration::from_secs(2);
/// How often it is looked what the server's database sessions wait for.
const WAITS_INTERVAL: Duration = Duration::from_millis(20);

/// One thing to measure.
enum Step {
    Plain(Call, usize),
    Secure(Call, usize),
    Pgbench(Script, usize),
}

impl Step {
    fn name(&self) -> String {
        match self {
            Self::Plain(call, workers) => name(*call, *workers),
            Self::Secure(call, workers) => secure(*call, *workers),
            Self::Pgbench(script, connections) => pgbench(*script, *connections),
        }
    }
}

/// The name of a closed loop's samples.
pub(crate) fn name(call: Call, workers: usize) -> String {
    format!("{call:?}@{workers}")
}

/// The same over mTLS.
pub(crate) fn secure(call: Call, workers: usize) -> String {
    format!("mTLS {call:?}@{workers}")
}

/// The name of an open loop's samples.
pub(crate) fn open_name(call: Call) -> String {
    format!("open {call:?}")
}

/// The name of pgbench's samples.
pub(crate) fn pgbench(script: Script, connections: usize) -> String {
    format!("pgbench {script:?}@{connections}")
}

/// All samples, by name: one for each round.
#[derive(Debug, Default)]
pub(crate) struct Measurements(pub(crate) BTreeMap<String, Vec<Sample>>);

impl Measurements {
    /// Measures everything, round by round.
    pub(crate) async fn take(stage: &Stage, args: &Args) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for call in [Call::Empty, Call::CheckGranted, Call::CheckDenied, Call::Batch, Call::List] {
            closed::run(&stage.plain, call, USUAL, WARM_UP.min(args.length())).await;
            closed::run(&stage.secure, call, USUAL, WARM_UP.min(args.length()) / 2).await;
        }
        for round in 1..=args.rounds {
            for step in steps(stage.service_connections()) {
                eprintln!("round {round} of {}: {}", args.rounds, step.name());
                let sample = take(stage, &step, args.length()).await?;
                all.add(step.name(), sample);
            }
        }
        let rate = OPEN_SHARE * all.most_checks();
        for round in 1..=args.rounds {
            for call in [Call::Empty, Call::CheckGranted, Call::CheckDenied] {
                eprintln!("round {round} of {}: {}", args.rounds, open_name(call));
                let sample = open::run(&stage.plain, call, rate, args.length()).await;
                all.add(open_name(call), sample);
            }
        }
        Ok(all)
    }

    fn add(&mut self, name: String, sample: Sample) {
        self.0.entry(name).or_default().push(sample);
    }

    /// Checks a second, at the concurrency where there are most.
    pub(crate) fn most_checks(&self) -> f64 {
        let rate = |workers| self.median(&name(Call::CheckGranted, workers), Sample::per_second);
        CONCURRENCIES.into_iter().map(rate).fold(0.0, f64::max)
    }

    /// The median of a figure over the rounds; not a number when it was not measured.
    pub(crate) fn median(&self, name: &str, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(self.of(name).iter().map(figure).collect())
    }

    /// The median over the rounds of one figure divided by the other of the same round.
    pub(crate) fn ratio(&self, name: &str, by: &str, figure: impl Fn(&Sample) -> f64) -> f64 {
        let pairs = self.of(name).iter().zip(self.of(by));
        median(pairs.map(|(one, other)| figure(one) / figure(other)).collect())
    }

    pub(crate) fn of(&self, name: &str) -> &[Sample] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// A service that is fast and wrong has not been measured.
    pub(crate) fn assert_right_answers(&self) -> anyhow::Result<()> {
        for (name, samples) in &self.0 {
            let wrong: u64 = samples.iter().map(|sample| sample.wrong).sum();
            let first = samples.iter().find_map(|sample| sample.first_wrong.as_deref());
            anyhow::ensure!(
                wrong == 0,
                "{name}: {wrong} answers are wrong, the first: {}",
                first.unwrap_or("?")
            );
        }
        Ok(())
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => figures[odd / 2],
        even => f64::midpoint(figures[even / 2 - 1], figures[even / 2]),
    }
}

/// One round. What is compared stands side by side.
fn steps(connections: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for workers in CONCURRENCIES {
        for call in [Call::Empty, Call::CheckGranted, Call::CheckDenied] {
            steps.push(Step::Plain(call, workers));
        }
    }
    for script in [Script::CheckGranted, Script::CheckDenied, Script::CheckWithoutFlush, Script::Commit] {
        steps.push(Step::Pgbench(script, connections));
    }
    steps.extend([Step::Pgbench(Script::CheckGranted, 1), Step::Pgbench(Script::Commit, 1)]);
    steps.extend([Step::Plain(Call::Batch, FEW), Step::Plain(Call::List, FEW)]);
    steps.extend([Call::Preview, Call::Create, Call::Revoke].map(|call| Step::Plain(call, FEW)));
    steps.extend([Step::Secure(Call::Empty, USUAL), Step::Secure(Call::CheckGranted, USUAL)]);
    steps
}

async fn take(stage: &Stage, step: &Step, length: Duration) -> anyhow::Result<Sample> {
    let watched = stage.watched(matches!(step, Step::Secure(..)));
    let before = watched.usage();
    let waits = Waits::watch(&stage.pool);
    let mut sample = match step {
        Step::Plain(call, workers) => run(&stage.plain, *call, *workers, length).await,
        Step::Secure(call, workers) => run(&stage.secure, *call, *workers, length).await,
        Step::Pgbench(script, connections) => stage.pgbench.run(*script, *connections, length).await?,
    };
    sample.waits = waits.end().await;
    sample.cpu = watched.usage().since(before);
    Ok(sample)
}

async fn run(callers: &Arc<Callers>, call: Call, workers: usize, length: Duration) -> Sample {
    closed::run(callers, call, workers, length).await
}

/// Looks again and again what the database's sessions wait for.
struct Waits(JoinHandle<()>, Arc<Mutex<Waited>>);

impl Waits {
    fn watch(pool: &PgPool) -> Self {
        let seen = Arc::new(Mutex::new(Waited::default()));
        let (pool, waited) = (pool.clone(), Arc::clone(&seen));
        let look = async move {
            loop {
                tokio::time::sleep(WAITS_INTERVAL).await;
                let rows = sqlx::query_as::<_, (String, i64)>(
                    "select coalesce(wait_event_type || ' ' || wait_event, 'nothing: it runs'), count(*)
                     from pg_stat_activity where application_name = 'fuldmagt' and state = 'active' group by 1",
                );
                let Ok(rows) = rows.fetch_all(&pool).await else { return };
                let mut waited = waited.lock().expect("no panic");
                waited.looks += 1;
                for (name, sessions) in rows {
                    *waited.for_what.entry(name).or_insert(0) += sessions.unsigned_abs();
                }
            }
        };
        Self(tokio::spawn(look), seen)
    }

    async fn end(self) -> Waited {
        self.0.abort();
        let _ = self.0.await;
        std::mem::take(&mut *self.1.lock().expect("no panic"))
    }
}
