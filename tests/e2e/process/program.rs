//! The program as a child process, and everything that it says.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use super::wait::{LIMIT, until_some};
use fuldmagt_tests::output::note_output;

/// Where the log lines of all programs go, for the search at the end.
const LOGS: &str = "logs.program.txt";
/// Where their answers go.
const ANSWERS: &str = "answers.program.txt";

/// A command line that is not running yet.
pub(crate) struct Program {
    command: Command,
    input: String,
    is_personal: bool,
}

/// The program, with these arguments and nothing of our environment.
pub(crate) fn fuldmagt(args: impl IntoIterator<Item: AsRef<OsStr>>) -> Program {
    Program::new(&built(), args)
}

/// Beside the test executable's folder: it is built with `--bins`.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("this process has an executable");
    let folder = test.parent().and_then(Path::parent).expect("it is in target/<profile>/deps");
    let path = folder.join("fuldmagt");
    assert!(
        path.is_file(),
        "{} is missing: build it with `cargo build --workspace --bins` (`make test` does)",
        path.display()
    );
    path
}

/// The program, killed by the kernel when the thread that starts it ends, where there is a `setpriv` to ask for that: what
/// a test leaves behind when it is cut off would disturb the next ones.
fn dying_with_us(path: &Path) -> Command {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&folders).map(|folder| folder.join("setpriv"));
    let Some(setpriv) = candidates.find(|candidate| candidate.is_file()) else { return Command::new(path) };
    let mut command = Command::new(setpriv);
    command.arg("--pdeathsig=KILL").arg("--").arg(path);
    command
}

impl Program {
    /// Any program, with nothing of our environment but where programs are.
    pub(crate) fn new(path: &Path, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        let mut command = dying_with_us(path);
        command.args(args).env_clear().current_dir("/");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, input: String::new(), is_personal: false }
    }

    /// With an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With something to read: less than a pipe holds.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = text.to_owned();
        self
    }

    /// Its standard output tells a person's data to that person, and is no leak.
    pub(crate) fn answering_in_person(mut self) -> Self {
        self.is_personal = true;
        self
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.spawn().expect("the program can be started");
        // Closed at the end of the statement, so that the input ends. Who reads nothing may have ended before.
        let _ = child.stdin.take().expect("its input is ours").write_all(self.input.as_bytes());
        let out = Said::by(child.stdout.take().expect("its output is ours"));
        let err = Said::by(child.stderr.take().expect("its output is ours"));
        Running { child, out, err, is_personal: self.is_personal }
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Finished {
        self.start().wait()
    }
}

/// A program that runs. It is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    out: Said,
    err: Said,
    is_personal: bool,
}

/// How a program ended, and what it had said.
#[derive(Debug)]
pub(crate) struct Finished {
    /// `None`: by a signal.
    pub(crate) code: Option<i32>,
    /// Which signal ended it.
    pub(crate) signal: Option<i32>,
    /// Its answer.
    pub(crate) out: String,
    /// Its log, and what went wrong.
    pub(crate) err: String,
}

impl Running {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of its log, and returns it.
    pub(crate) fn wait_for(&self, wanted: &str) -> String {
        self.err.wait_for(wanted)
    }

    /// Sends it a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, &[self.pid()]);
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Finished {
        let status = until_some("the program ends", || self.child.try_wait().expect("it is our child"));
        let (out, err) = (self.out.all(), self.err.all());
        Finished { code: status.code(), signal: status.signal(), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Neither fails but for a child that has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        note_output(LOGS, &self.err.all());
        if !self.is_personal {
            note_output(ANSWERS, &self.out.all());
        }
    }
}

/// Sends processes a signal, all in one moment.
pub(crate) fn signal(name: &str, pids: &[u32]) {
    let status = Command::new("kill").arg(format!("-{name}")).args(pids.iter().map(u32::to_string)).status();
    assert!(status.expect("there is a kill").success(), "{pids:?} cannot be sent {name}");
}

/// What comes out of one pipe, line by line.
struct Said {
    text: Arc<Text>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Text {
    so_far: Mutex<SoFar>,
    more: Condvar,
}

#[derive(Default)]
struct SoFar {
    text: String,
    has_ended: bool,
}

impl Said {
    fn by(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::<Text>::default();
        let written = Arc::clone(&text);
        let reader = std::thread::spawn(move || written.follow(BufReader::new(pipe)));
        Self { text, reader: Some(reader) }
    }

    fn wait_for(&self, wanted: &str) -> String {
        let line = |text: &str| text.lines().find(|line| line.contains(wanted)).map(str::to_owned);
        let waiting = |so_far: &mut SoFar| line(&so_far.text).is_none() && !so_far.has_ended;
        let waited = self.text.more.wait_timeout_while(self.text.so_far(), LIMIT, waiting);
        // A copy: a panic while it is locked would be a second one in the reader.
        let text = waited.expect("the reader does not panic").0.text.clone();
        line(&text).unwrap_or_else(|| panic!("`{wanted}` was never said:\n{text}"))
    }

    /// Everything, once the other end is closed.
    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        self.text.so_far().text.clone()
    }
}

impl Text {
    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().expect("the reader does not panic")
    }

    fn follow(&self, mut pipe: impl BufRead) {
        let mut line = Vec::new();
        // A pipe that cannot be read is as good as closed.
        while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            self.so_far().text.push_str(&String::from_utf8_lossy(&line));
            self.more.notify_all();
            line.clear();
        }
        self.so_far().has_ended = true;
        self.more.notify_all();
    }
}
