//! The same SQL in pgbench: what the database can do when nothing stands before it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use fuldmagt_domain::identifier::Identifier;
use fuldmagt_store::keyring::KeyProvider;
use tokio::process::Command;

use crate::questions::{ASKING, PURPOSE, Question};
use crate::sample::Sample;

/// The very statement of the service.
pub(crate) const CHECK: &str = include_str!("../../../crates/store/src/query/check.sql");
/// Keys of one script. The script holds them all and takes one at random, so that each connection plans one statement
/// and not one for each key.
const KEYS: usize = 1_000;
/// The first second, in which connections are made and the statement is planned, is not counted.
const WARM_UP_SECONDS: u64 = 1;
/// A client may be late to stop by a transaction.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// What pgbench runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    CheckGranted,
    CheckDenied,
    /// The granted questions, without waiting for the log to be on the disk. The service never does this.
    CheckWithoutFlush,
    /// A row without columns into a table without indexes: what a durable commit costs on this machine.
    Commit,
}

/// pgbench, and the scripts.
pub(crate) struct Pgbench {
    folder: PathBuf,
    url: String,
    commit_url: String,
}

impl Pgbench {
    /// Writes the scripts. `commit_url`: a database with a table `nothing`.
    pub(crate) fn new(
        folder: PathBuf,
        urls: (&str, &str),
        keys: &dyn KeyProvider,
        (granted, denied): (&[Question], &[Question]),
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("granted.sql"), check(granted, keys))?;
        std::fs::write(folder.join("denied.sql"), check(denied, keys))?;
        std::fs::write(folder.join("commit.sql"), "insert into nothing default values;\n")?;
        Ok(Self { folder, url: urls.0.to_owned(), commit_url: urls.1.to_owned() })
    }

    /// The statement for granted questions, `$1` its log entry's number and `$2` which of its questions.
    pub(crate) fn granted_script(&self) -> anyhow::Result<String> {
        let text = std::fs::read_to_string(self.folder.join("granted.sql"))?;
        let statement: Vec<_> = text.lines().filter(|line| !line.starts_with('\\')).collect();
        Ok(statement.join("\n").replace(":entry", "$1").replace(":key", "$2").replace(';', ""))
    }

    /// Runs a script on so many connections. Its rate; pgbench tells no percentiles.
    pub(crate) async fn run(
        &self,
        script: Script,
        connections: usize,
        length: Duration,
    ) -> anyhow::Result<Sample> {
        let (file, url) = match script {
            Script::CheckGranted | Script::CheckWithoutFlush => ("granted.sql", &self.url),
            Script::CheckDenied => ("denied.sql", &self.url),
            Script::Commit => ("commit.sql", &self.commit_url),
        };
        let seconds = length.as_secs() + WARM_UP_SECONDS;
        let mut command = Command::new("pgbench");
        command.args(["--no-vacuum", "--protocol=prepared", "--progress=1"]);
        command.arg(format!("--client={connections}")).arg(format!("--jobs={}", connections.min(2)));
        command.arg(format!("--time={seconds}")).arg("--file").arg(self.folder.join(file)).arg(url);
        // So that its sessions are looked at like the service's.
        command.env("PGAPPNAME", "fuldmagt");
        if script == Script::CheckWithoutFlush {
            command.env("PGOPTIONS", "-c synchronous_commit=off");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let limit = Duration::from_secs(seconds) + STOP_LIMIT;
        let output = tokio::time::timeout(limit, command.output()).await.context("pgbench does not end")?;
        let output = output.context("pgbench")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "pgbench: {}\n{said}", output.status);
        let rates: Vec<f64> = said.lines().filter_map(rate).skip(WARM_UP_SECONDS as usize).collect();
        anyhow::ensure!(!rates.is_empty(), "pgbench tells no rates:\n{said}");
        Ok(Sample::of_rate(rates.iter().sum::<f64>() / rates.len() as f64, length))
    }
}

/// The rate in a line such as `progress: 1.0 s, 1234.5 tps, lat 0.8 ms stddev 0.2, 0 failed`.
fn rate(line: &str) -> Option<f64> {
    line.strip_prefix("progress: ")?.split(", ").nth(1)?.strip_suffix(" tps")?.parse().ok()
}

/// Check as a script: its parameters are taken at random from lists in it, and sent as pgbench's own parameters are.
fn check(questions: &[Question], keys: &dyn KeyProvider) -> String {
    let questions = &questions[..KEYS.min(questions.len())];
    let delegators: Vec<_> = questions.iter().map(|question| question.delegator.identifier()).collect();
    let representatives: Vec<_> =
        questions.iter().map(|question| question.representative.identifier()).collect();
    let uris = questions.iter().map(|question| text(question.privilege.uri().as_str()));
    let parameters = [
        "0::smallint".to_owned(),
        one_of(kinds(&delegators), "text"),
        one_of(indexes(&delegators, keys), "bytea"),
        one_of(kinds(&representatives), "text"),
        one_of(indexes(&representatives, keys), "bytea"),
        one_of(uris.collect(), "text"),
        format!("'{}'::text", ASKING.authority().expose()),
        "now()".to_owned(),
        "lpad(to_hex(:entry::bigint), 32, '0')::uuid".to_owned(),
        "'development'::text".to_owned(),
        "'CheckDelegation'::text".to_owned(),
        format!("'{PURPOSE}'::text"),
        "null::text".to_owned(),
    ];
    let statement = CHECK.lines().filter(|line| !line.trim_start().starts_with("--"));
    let mut statement = statement.collect::<Vec<_>>().join("\n");
    // The longest numbers first: $1 is the beginning of $13.
    for (number, parameter) in parameters.iter().enumerate().rev() {
        statement = statement.replace(&format!("${}", number + 1), parameter);
    }
    format!(
        "\\set key random(1, {})\n\\set entry random(1, 9223372036854775807)\n{statement};\n",
        questions.len()
    )
}

/// An array of one: the element of the list that `:key` says.
fn one_of(elements: Vec<String>, of: &str) -> String {
    format!("array[(array[{}]::{of}[])[:key]]", elements.join(","))
}

fn kinds(identifiers: &[Identifier]) -> Vec<String> {
    identifiers.iter().map(|identifier| text(identifier.kind().as_str())).collect()
}

fn indexes(identifiers: &[Identifier], keys: &dyn KeyProvider) -> Vec<String> {
    let index = |identifier: &Identifier| {
        let index = keys.index_key().blind_index(identifier.kind().as_str(), identifier.expose());
        let hex: String = index.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("'\\x{hex}'")
    };
    identifiers.iter().map(index).collect()
}

/// A text without colons, which pgbench would take for its variables.
fn text(plain: &str) -> String {
    format!("E'{}'", plain.replace(':', "\\x3a"))
}

/// Whether the program is at hand.
pub(crate) async fn is_there() -> bool {
    let version = Command::new("pgbench").arg("--version").stdout(Stdio::null()).status().await;
    version.is_ok_and(|status| status.success())
}
