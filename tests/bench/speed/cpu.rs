//! Whose processor time it was, from `/proc`.

use std::fs;

use serde_json::{Value, json};

/// Ticks of `/proc/PID/stat` in a second: fixed at 100 for programs on every Linux (`USER_HZ`).
const TICKS: f64 = 100.0;
const NANOS: f64 = 1e9;

/// Seconds of processor time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) server: f64,
    pub(crate) postgres: f64,
    pub(crate) client: f64,
}

/// The processes that are watched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) server: u32,
    pub(crate) postmaster: u32,
}

impl Watched {
    /// What they used since they started.
    pub(crate) fn usage(self) -> Usage {
        // Those of its sessions that ended are counted by the postmaster.
        let ended = stat(&self.postmaster.to_string()).map_or(0.0, |stat| stat.ended_children);
        let sessions: f64 = children(self.postmaster).map(|pid| run_time(&pid)).sum();
        let own = |pid: u32| run_time(&pid.to_string());
        Usage {
            server: own(self.server),
            postgres: own(self.postmaster) + sessions + ended,
            client: own(std::process::id()),
        }
    }
}

impl Usage {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            client: self.client - before.client,
        }
    }

    pub(crate) fn to_json(self) -> Value {
        json!({ "server": self.server, "postgres": self.postgres, "client": self.client })
    }
}

/// How long the threads of a process have run, exactly: ticks miss who sleeps before they strike.
fn run_time(pid: &str) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let nanos = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanos.sum::<f64>() / NANOS
}

fn children(parent: u32) -> impl Iterator<Item = String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let pids = pids.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    pids.filter(move |pid| stat(pid).is_some_and(|stat| stat.parent == parent))
}

struct Stat {
    parent: u32,
    ended_children: f64,
}

/// Reads `/proc/PID/stat`. The name in it may hold spaces and brackets, so it is read from behind the last bracket.
fn stat(pid: &str) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let seconds = |place: usize| fields.get(place)?.parse::<f64>().ok().map(|ticks| ticks / TICKS);
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ended_children: seconds(13)? + seconds(14)? })
}
