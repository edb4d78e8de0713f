//! The cluster's folder, and that nothing of it is left.

use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits until the test process is gone: then its end of the pipe is closed, and the input ends. The server has been
/// told to stop by then where the system can do that (`setpriv --pdeathsig`); it is told again where it cannot. Its pid
/// file goes when it does; the wait is bounded to 30 seconds, about which a fast shutdown could not care less.
const WATCHER: &str = r#"
cat >/dev/null
pid_file=$1/data/postgres/postmaster.pid
kill -INT "$(head -n 1 "$pid_file")"
tries=0
while [ -e "$pid_file" ] && [ "$tries" -lt 600 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
rm -rf -- "$1"
"#;

/// A folder that is removed when this process has ended, however it ended.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    /// Locked while this process lives: who can lock it may remove the folder.
    _alive: File,
    /// Owns the other end of the pipe. Not waited for: it outlives us.
    _watcher: Child,
}

impl Home {
    /// Makes one. A watcher removes it, however this process ends.
    pub fn make() -> Self {
        let base = base();
        // One at a time, so that no other process takes our folder for a forgotten one before it is locked.
        let gate = File::create(base.join("gate")).expect("the gate can be opened");
        gate.lock().expect("the gate can be locked");
        sweep(&base);
        let folder = tempfile::Builder::new()
            .prefix("run-")
            .permissions(Permissions::from_mode(0o711))
            .tempdir_in(&base)
            .expect("a folder can be made")
            .keep();
        let alive = File::create(folder.join("alive")).expect("a file can be made");
        alive.lock().expect("a new file can be locked");
        let watcher = watch(&folder);
        Self { folder, _alive: alive, _watcher: watcher }
    }

    /// Where a cluster's data folder is to be.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }
}

/// The folder of all test runs of this user. The server's user must be able to pass, so it is not below the target
/// folder, which may be in a closed home.
fn base() -> PathBuf {
    let uid = std::fs::metadata("/proc/self").expect("there is a /proc").uid();
    let base = std::env::temp_dir().join(format!("fuldmagt-tests-{uid}"));
    let made = DirBuilder::new().mode(0o755).create(&base);
    let found = std::fs::symlink_metadata(&base)
        .unwrap_or_else(|error| panic!("{}: {error}, {made:?}", base.display()));
    assert!(found.is_dir() && found.uid() == uid, "{} is somebody else's", base.display());
    base
}

/// Removes what killed runs left. What cannot be removed now (a server that is still going down) is for the next run.
fn sweep(base: &Path) {
    for entry in std::fs::read_dir(base).expect("the folder can be listed").flatten() {
        let folder = entry.path();
        if !folder.is_dir() {
            continue;
        }
        let is_forgotten = match File::open(folder.join("alive")) {
            Ok(alive) => alive.try_lock().is_ok(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        if is_forgotten {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

fn watch(folder: &Path) -> Child {
    Command::new("sh")
        .args(["-c", WATCHER, "watcher"])
        .arg(folder)
        .current_dir("/")
        // In a group of its own, so that Ctrl-C spares it.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a shell")
}
