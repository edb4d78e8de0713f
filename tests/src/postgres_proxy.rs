//! A proxy between a client and Postgres that counts round trips.
//!
//! A turn is a Sync message (`S`, the end of an extended query) or a simple query (`Q`): after either, a client of the
//! wire protocol waits for `ReadyForQuery`. Source: PostgreSQL's documentation, "Frontend/Backend Protocol".
//!
//! A Sync that ends nothing is counted apart: with it, the pool looks whether a connection that it gets back still
//! works. The answer has left by then.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

/// Every message but the first begins with its type (1 byte) and its length (4 bytes, itself included).
const LENGTH_BYTES: usize = 4;
/// Longer than anything a test sends.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Ends with the test's runtime.
#[derive(Debug)]
pub struct PostgresProxy {
    /// Where it listens, for the store.
    pub url: String,
    counts: Arc<Counts>,
    _folder: tempfile::TempDir,
}

#[derive(Debug, Default)]
struct Counts {
    turns: AtomicUsize,
    pings: AtomicUsize,
}

impl PostgresProxy {
    /// Listens on a socket of its own, before the database of that URL.
    pub async fn before(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().expect("the URL is one");
        let socket_name = format!(".s.PGSQL.{}", options.get_port());
        let server = PathBuf::from(options.get_socket().expect("a URL with a socket")).join(&socket_name);
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(&socket_name)).expect("a socket");
        let counts = Arc::new(Counts::default());
        let real = server.parent().expect("a folder").display().to_string();
        let ours = url.replacen(&real, &folder.path().display().to_string(), 1);
        assert_ne!(url, ours, "the URL leads to the proxy");
        tokio::spawn(accept(listener, server, Arc::clone(&counts)));
        Self { url: ours, counts, _folder: folder }
    }

    /// Round trips that somebody waited for, since the proxy was made.
    pub fn turns(&self) -> usize {
        self.counts.turns.load(Ordering::SeqCst)
    }

    /// How often a connection was looked at when the pool got it back. Behind the answer, so it may come late.
    pub fn pings(&self) -> usize {
        self.counts.pings.load(Ordering::SeqCst)
    }
}

async fn accept(listener: UnixListener, server: PathBuf, counts: Arc<Counts>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&server).await.expect("the server listens");
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
        tokio::spawn(forward(from_client, to_server, Arc::clone(&counts)));
    }
}

/// Message by message to the server, until the client hangs up.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    counts: Arc<Counts>,
) -> std::io::Result<()> {
    // The first has no type.
    forward_body(&mut from, &mut to).await?;
    let mut has_begun = false;
    loop {
        let kind = from.read_u8().await?;
        match kind {
            b'S' if !has_begun => counts.pings.fetch_add(1, Ordering::SeqCst),
            b'S' | b'Q' => counts.turns.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
        has_begun = !matches!(kind, b'S' | b'Q');
        to.write_u8(kind).await?;
        forward_body(&mut from, &mut to).await?;
    }
}

async fn forward_body(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> std::io::Result<()> {
    let length = from.read_u32().await?;
    let mut body = vec![0; (length as usize).saturating_sub(LENGTH_BYTES)];
    assert!(body.len() <= MAX_MESSAGE_BYTES, "a message of {length} bytes");
    from.read_exact(&mut body).await?;
    to.write_u32(length).await?;
    to.write_all(&body).await
}
