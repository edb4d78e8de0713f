//! Whose processor time it was, from `/proc`.

use std::fs;

use serde_json::{Value, json};

/// Ticks of `/proc` in a second: fixed at 100 for programs on every Linux (`USER_HZ`).
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
    /// What they used since they started.
    pub(crate) fn usage(self) -> Usage {
        let own = |pid: u32| stat(&pid.to_string()).map_or(0.0, |stat| stat.own);
        // Those of its sessions that ended are counted by the postmaster.
        let postmaster = stat(&self.postmaster.to_string());
        let sessions = children(self.postmaster).map(|stat| stat.own).sum::<f64>();
        Usage {
            server: own(self.server),
            postgres: sessions + postmaster.map_or(0.0, |stat| stat.own + stat.ended_children),
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

struct Stat {
    parent: u32,
    own: f64,
    ended_children: f64,
}

fn children(parent: u32) -> impl Iterator<Item = Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.bytes().all(|byte| byte.is_ascii_digit()).then(|| stat(&name)).flatten()
    });
    stats.filter(move |stat| stat.parent == parent)
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
