//! Connections from clients, bounded in number.
//!
//! Over the bound a new connection is closed at once rather than left in the kernel's queue: client libraries then
//! see UNAVAILABLE, wait, and try elsewhere, while a queue would only look like a service that hangs.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tonic::transport::server::Connected;

use super::identity::Known;
use crate::telemetry::{Counted, Telemetry};

/// Accepted connections that the server has not taken yet. It takes them at once; this only spares a wake-up.
const QUEUE_LENGTH: usize = 16;
/// Out of file descriptors, say: there is no use in trying again at once.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(50);

/// What a connection tells of itself to each request on it.
#[derive(Debug, Clone)]
pub struct ConnectionInfo {
    /// Where it comes from.
    pub remote_addr: Option<SocketAddr>,
    pub(crate) client: Known,
}

/// A connection, with its place among those allowed.
pub(crate) struct Connection {
    stream: TcpStream,
    info: ConnectionInfo,
    _place: OwnedSemaphorePermit,
    _counted: Counted,
}

/// Accepts connections until `closed` is true, then closes the listening socket. The receiver stays open, because its
/// end would be the server's end.
pub(crate) async fn accept(
    listener: TcpListener,
    max_connections: usize,
    telemetry: Telemetry,
    accepted: mpsc::Sender<io::Result<Connection>>,
    mut closed: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(max_connections));
    loop {
        let found = tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => break,
            found = listener.accept() => found,
        };
        let (stream, remote_addr) = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_ERROR_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(max_connections, "a connection was closed: there are as many as allowed");
            continue;
        };
        // Answers are small and complete; waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY cannot be set");
        }
        let info = ConnectionInfo { remote_addr: Some(remote_addr), client: Known::default() };
        let connection = Connection { stream, info, _place: place, _counted: telemetry.connection() };
        if accepted.send(Ok(connection)).await.is_err() {
            return;
        }
    }
    drop(listener);
    accepted.closed().await;
}

/// The queue between accepting and serving.
pub(crate) fn queue() -> (mpsc::Sender<io::Result<Connection>>, mpsc::Receiver<io::Result<Connection>>) {
    mpsc::channel(QUEUE_LENGTH)
}

impl Connected for Connection {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
