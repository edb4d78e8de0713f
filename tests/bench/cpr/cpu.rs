//! Whose processor time it was, from `/proc`.

use std::fs;

use serde_json::{Value, json};

/// Ticks of `/proc/PID/stat` in a second: fixed at 100 for programs on every Linux (`USER_HZ`).
const TICKS: f64 = 100.0;

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
    /// What they used since they started, threads and sessions that have ended included.
    pub(crate) fn usage(self) -> Usage {
        let own = |pid: u32| stat(&pid.to_string()).map_or(0.0, |stat| stat.own);
        let postmaster = stat(&self.postmaster.to_string());
        let ended = postmaster.map_or(0.0, |stat| stat.own + stat.ended_children);
        let sessions = processes().filter_map(|pid| stat(&pid)).filter(|stat| stat.parent == self.postmaster);
        Usage {
            server: own(self.server),
            postgres: ended + sessions.map(|stat| stat.own).sum::<f64>(),
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

    pub(crate) fn whole(self) -> f64 {
        self.server + self.postgres + self.client
    }

    pub(crate) fn to_json(self) -> Value {
        json!({ "server": self.server, "postgres": self.postgres, "client": self.client })
    }
}

fn processes() -> impl Iterator<Item = String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
}

#[derive(Debug, Clone, Copy)]
struct Stat {
    parent: u32,
    own: f64,
    ended_children: f64,
}

/// Reads `/proc/PID/stat`. The name in it may hold spaces and brackets, so it is read from behind the last bracket.
fn stat(pid: &str) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let seconds = |place: usize| fields.get(place)?.parse::<f64>().ok().map(|ticks| ticks / TICKS);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: seconds(11)? + seconds(12)?,
        ended_children: seconds(13)? + seconds(14)?,
    })
}
