//! Every number one may configure: its default with the reason for it, and the range that is accepted.

/// A number with its default and the range that is accepted.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// The configuration key, as written in the file.
    pub key: &'static str,
    /// What holds when nothing is configured.
    pub default: u64,
    /// The least accepted value.
    pub min: u64,
    /// The greatest accepted value.
    pub max: u64,
}

impl Bound {
    const fn new(key: &'static str, default: u64, min: u64, max: u64) -> Self {
        Self { key, default, min, max }
    }
}

/// Database connections of this process. A small Postgres does its best work with a few per core; one RPC uses
/// one at a time, so sixteen keep a handful of cores busy and leave room for other processes on one server.
pub const DATABASE_MAX_CONNECTIONS: Bound = Bound::new("database.max_connections", 16, 1, 500);

/// How long an RPC waits for a free connection, in ms. Shorter than the default deadline, so that the caller
/// is told that the database is busy rather than that the time ran out.
pub const ACQUIRE_TIMEOUT_MS: Bound = Bound::new("database.acquire_timeout_ms", 3_000, 10, 60_000);

/// How long one statement may run, in ms. Every statement here is an index look-up or a small write; one that
/// runs longer is stuck and must not hold its locks.
pub const STATEMENT_TIMEOUT_MS: Bound = Bound::new("database.statement_timeout_ms", 5_000, 10, 600_000);

/// The longest period of a delegation, in days. Two years is what the public solution lets a citizen give; ten
/// years is the most that any privilege has been thought of with.
pub const MAX_PERIOD_DAYS: Bound = Bound::new("rules.max_period_days", 730, 1, 3_650);

/// The age, in years, from which one may give a delegation. Fifteen is when a Danish resident can have MitID and
/// act alone towards the authorities.
pub const MIN_DELEGATOR_AGE_YEARS: Bound = Bound::new("rules.min_delegator_age_years", 15, 0, 120);
/// A request that waits longer than a year is forgotten by both.
pub const REQUEST_LAPSE_DAYS: Bound = Bound::new("rules.request_lapse_days", 30, 1, 366);

/// How many days before its end the parties of a delegation are told that it ends: time enough for a form on paper to
/// be posted, signed and returned.
pub const EXPIRY_NOTICE_DAYS: Bound = Bound::new("rules.expiry_notice_days", 40, 1, 366);

/// For how long an answer may be kept by the asker, in seconds. Zero, because a revocation must hold at the next
/// check; five minutes is the most an authority may trade for speed.
pub const ANSWER_MAX_AGE_S: Bound = Bound::new("rules.answer_max_age_s", 0, 0, 300);

/// Open connections from clients. Each authority keeps a few; a thousand are some 50 MB of buffers.
pub const MAX_CONNECTIONS: Bound = Bound::new("limits.max_connections", 1_000, 1, 100_000);

/// RPCs worked on at the same time by this process. Far more than the database connections, so that short waits
/// queue inside; few enough that a queue is worked off well within a deadline.
pub const MAX_CONCURRENT_REQUESTS: Bound = Bound::new("limits.max_concurrent_requests", 512, 1, 100_000);

/// RPCs at the same time on one connection, so that no client takes all of the above. The usual value of HTTP/2
/// servers.
pub const MAX_CONCURRENT_STREAMS: Bound =
    Bound::new("limits.max_concurrent_streams_per_connection", 100, 1, 10_000);

/// Bytes of one request message. A batch of a thousand questions is some 250 kB; one MiB leaves room. The
/// greatest accepted value is where the RPC library itself would cut, with a less helpful answer.
pub const MAX_REQUEST_BYTES: Bound =
    Bound::new("limits.max_request_bytes", 1024 * 1024, 1024, 4 * 1024 * 1024);

/// How long an RPC may take when the caller sets no deadline, in ms. A person waits at the other end.
pub const DEFAULT_DEADLINE_MS: Bound = Bound::new("limits.default_deadline_ms", 10_000, 100, 600_000);

/// The longest deadline a caller gets, in ms: what holds a place and a connection must end.
pub const MAX_DEADLINE_MS: Bound = Bound::new("limits.max_deadline_ms", 60_000, 100, 600_000);

/// How long running RPCs may take to end at shutdown, in ms. Under the 30 s after which the usual supervisors
/// kill, and above the default deadline.
pub const SHUTDOWN_GRACE_MS: Bound = Bound::new("limits.shutdown_grace_ms", 20_000, 0, 600_000);

/// All of them, for tests and help texts.
pub const ALL: &[Bound] = &[
    DATABASE_MAX_CONNECTIONS,
    ACQUIRE_TIMEOUT_MS,
    STATEMENT_TIMEOUT_MS,
    MAX_PERIOD_DAYS,
    MIN_DELEGATOR_AGE_YEARS,
    EXPIRY_NOTICE_DAYS,
    ANSWER_MAX_AGE_S,
    MAX_CONNECTIONS,
    MAX_CONCURRENT_REQUESTS,
    MAX_CONCURRENT_STREAMS,
    MAX_REQUEST_BYTES,
    DEFAULT_DEADLINE_MS,
    MAX_DEADLINE_MS,
    SHUTDOWN_GRACE_MS,
];
