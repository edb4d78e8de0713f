//! What is measured, round by round, and what is told of it.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{Days, NaiveDate};
use fuldmagt_service::clock::{Clock as _, SystemClock};
use serde_json::json;
use sqlx::Executor as _;

use crate::Args;
use crate::cpu::Usage;
use crate::plain::{Rows, Took};
use crate::stage::Stage;

const LABEL_WIDTH: usize = 76;
const MIB: f64 = 1024.0;

/// One round.
#[derive(Debug, Clone, Copy)]
struct Round {
    plain: Took,
    plain_cpu: Usage,
    /// An import in the place of an equally large copy.
    import: Duration,
    import_cpu: Usage,
    /// The same, while checks are asked.
    import_with_checks: Duration,
    checks_before: f64,
    checks_meanwhile: f64,
    slowest_check: Duration,
}

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    /// The very first import, which replaces nothing.
    first: Duration,
    rounds: Vec<Round>,
    /// Of the server's process, in KiB.
    peak_before_kib: u64,
    peak_kib: u64,
    postgres: String,
}

/// Each import is of a day of its own.
struct Calendar(NaiveDate);

impl Calendar {
    fn next(&mut self) -> NaiveDate {
        self.0 = self.0 + Days::new(1);
        self.0
    }
}

pub(crate) async fn measure(stage: &Stage, args: &Args) -> anyhow::Result<Measured> {
    let mut days = Calendar(SystemClock.now().date_naive() - Days::new(1_000));
    let peak_before_kib = peak_memory_kib(stage.watched().server)?;
    eprintln!("The first copy ...");
    let (first, _) = stage.copy.send(stage.feed.clone(), days.next()).await?;
    let rows = Rows::take(&stage.folder, &stage.pool).await?;
    let mut rounds = Vec::new();
    for number in 1..=args.rounds {
        eprintln!("Round {number} of {} ...", args.rounds);
        let cpu = || stage.watched().usage();
        let (plain, plain_cpu) = rows.copy(&stage.pool, cpu).await?;
        let before = cpu();
        let import = send(stage, args, days.next()).await?;
        let import_cpu = cpu().since(before);
        let asking = stage.checks.ask();
        tokio::time::sleep(Duration::from_secs(args.seconds)).await;
        let before = asking.stop().await?;
        let asking = stage.checks.ask();
        let import_with_checks = send(stage, args, days.next()).await?;
        let meanwhile = asking.stop().await?;
        let round = Round {
            plain,
            plain_cpu,
            import,
            import_cpu,
            import_with_checks,
            checks_before: before.per_second,
            checks_meanwhile: meanwhile.per_second,
            slowest_check: meanwhile.slowest,
        };
        eprintln!("{round:.2?}");
        rounds.push(round);
    }
    Ok(Measured {
        first,
        rounds,
        peak_before_kib,
        peak_kib: peak_memory_kib(stage.watched().server)?,
        postgres: sqlx::query_scalar("select version()").fetch_one(&stage.pool).await?,
    })
}

/// The same copy as of another day: every number stays, none changes.
async fn send(stage: &Stage, args: &Args, as_of: NaiveDate) -> anyhow::Result<Duration> {
    stage.pool.execute("checkpoint").await?;
    let (took, answer) = stage.copy.send(stage.feed.clone(), as_of).await?;
    let counted: i64 = answer.status_counts.iter().map(|count| count.row_count).sum();
    let changed = answer.added_count + answer.removed_count + answer.status_changed_count;
    anyhow::ensure!(counted as u64 == args.rows && changed == 0, "the answer's counts are wrong");
    Ok(took)
}

/// The most memory that the process has had in use (`VmHWM`), in KiB.
fn peak_memory_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("a peak")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

impl Measured {
    fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    fn ratios(&self) -> Vec<(&'static str, f64)> {
        let plain = |round: &Round| round.plain.copy.as_secs_f64();
        let keyed = |round: &Round| (round.plain.copy + round.plain.key).as_secs_f64();
        vec![
            (
                "import in the place of an equal copy / plain COPY",
                self.median(|r| r.import.as_secs_f64() / plain(r)),
            ),
            ("first import / plain COPY", self.first.as_secs_f64() / self.median(plain)),
            (
                "processor time of import / of plain COPY, all processes",
                self.median(|r| r.import_cpu.whole() / r.plain_cpu.whole()),
            ),
            ("import / plain COPY and its primary key", self.median(|r| r.import.as_secs_f64() / keyed(r))),
            (
                "import while checks are asked / import",
                self.median(|r| r.import_with_checks.as_secs_f64() / r.import.as_secs_f64()),
            ),
            ("checks before / checks meanwhile", self.median(|r| r.checks_before / r.checks_meanwhile)),
        ]
    }

    pub(crate) fn print(&self, args: &Args) {
        println!("\n{} records, medians of {} rounds. {}", args.rows, args.rounds, self.postgres);
        for (label, ratio) in self.ratios() {
            println!("  {label:<LABEL_WIDTH$} {ratio:>8.2}");
        }
        let slowest = self.median(|round| round.slowest_check.as_secs_f64());
        println!("  {:<LABEL_WIDTH$} {slowest:>8.2} s", "slowest check meanwhile");
        println!(
            "  {:<LABEL_WIDTH$} {:>8.0} MiB",
            "the server's greatest memory",
            self.peak_kib as f64 / MIB
        );
        let before = self.peak_before_kib as f64 / MIB;
        println!("  {:<LABEL_WIDTH$} {before:>8.0} MiB\n", "the same before the first import");
    }

    pub(crate) fn write(&self, args: &Args, path: &Path) -> anyhow::Result<()> {
        let rounds = self.rounds.iter().map(|round| {
            json!({
                "plain_copy_seconds": round.plain.copy.as_secs_f64(),
                "plain_key_seconds": round.plain.key.as_secs_f64(),
                "plain_copy_cpu_seconds": round.plain_cpu.to_json(),
                "import_cpu_seconds": round.import_cpu.to_json(),
                "import_seconds": round.import.as_secs_f64(),
                "import_with_checks_seconds": round.import_with_checks.as_secs_f64(),
                "checks_before_per_second": round.checks_before,
                "checks_meanwhile_per_second": round.checks_meanwhile,
                "slowest_check_seconds": round.slowest_check.as_secs_f64(),
            })
        });
        let whole = json!({
            "rows": args.rows,
            "seed": args.seed,
            "processors": std::thread::available_parallelism()?.get(),
            "postgres": self.postgres,
            "first_import_seconds": self.first.as_secs_f64(),
            "peak_memory_kib": self.peak_kib,
            "peak_memory_before_kib": self.peak_before_kib,
            "ratios": self.ratios(),
            "rounds": rounds.collect::<Vec<_>>(),
        });
        std::fs::write(path, serde_json::to_string_pretty(&whole)? + "\n")?;
        println!("Everything that was measured is in {}.", path.display());
        Ok(())
    }
}
