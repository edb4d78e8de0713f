//! The gRPC server and the internal HTTP listener: everything between the network and the RPCs.
//!
//! A request passes, from the outside in: telemetry, deadline, the bound on requests at the same time, the bound on a
//! message, identity, drain, fallback; then the RPC. None of these knows what any RPC means.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

mod deadline;
mod drain;
mod fallback;
mod health;
mod identity;
mod incoming;
pub(crate) mod internal;
mod message_size;
pub(crate) mod methods;
mod overload;
pub mod refusal;
pub(crate) mod step;
mod tls;

#[cfg(test)]
mod tests;

pub use deadline::Deadline;
pub use health::Health;
pub use identity::Identity;
pub use incoming::ConnectionInfo;

use crate::config::{Access, Config, Limits};
use crate::telemetry::{Observe, Telemetry};
use deadline::Deadlines;
use drain::Drain;
use fallback::Fallback;
use message_size::MessageSize;
use methods::Methods;
use overload::Overload;
use step::StepLayer;

/// A ping on a silent connection, so that one whose client is gone gives its place back.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long the answer to that ping may take.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// A handshake is two round trips; who takes longer holds a place for nothing.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Headers of one request. Ours are some hundred bytes; trace state and tokens of others may come on top.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// Streams that a client opens and resets before we looked at them (CVE-2023-44487).
const MAX_PENDING_RESET_STREAMS: usize = 20;
/// After the last RPC, how long connections may take to close: what is left then only watches health.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// Why the server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate file cannot be read.
    #[error("{path}: {message}")]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// The registry of clients cannot be read.
    #[error(transparent)]
    Clients(#[from] crate::clients::Error),
    /// The development client's constants are wrong.
    #[error("the development client cannot be made: {0}")]
    DevelopmentClient(#[from] fuldmagt_domain::identifier::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(tonic::transport::Error),
    /// The API's descriptors cannot be read.
    #[error("the descriptors of the API cannot be read: {0}")]
    Descriptors(#[from] prost::DecodeError),
    /// Reflection cannot be set up.
    #[error("reflection cannot be set up: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// What the server is made of, beside its configuration.
pub struct Services {
    /// The RPCs of the API.
    pub routes: Routes,
    /// Whether the service is ready.
    pub health: Health,
    /// The metrics.
    pub telemetry: Telemetry,
}

/// A server that has its address and whose certificates have been read, but that answers nobody yet.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    server: Server,
    identity: Identity,
    methods: Arc<Methods>,
}

impl Bound {
    /// Reads certificates and clients, and takes the address.
    ///
    /// # Errors
    /// When a file is wrong or the address is taken.
    pub async fn new(config: &Config) -> Result<Self, Error> {
        let (identity, server) = match &config.access {
            Access::DevPlaintext => {
                let client = crate::clients::development_client()?;
                (Identity::Fixed(Arc::new(client)), Server::builder())
            }
            Access::Mtls { tls, clients_file } => {
                let registry = crate::clients::Registry::read(clients_file)?;
                let tls = tls::config(tls)?.timeout(HANDSHAKE_TIMEOUT);
                (
                    Identity::Registered(Arc::new(registry)),
                    Server::builder().tls_config(tls).map_err(Error::Tls)?,
                )
            }
        };
        let (listener, address) = bind(config.listen).await?;
        let methods = Arc::new(Methods::read(&descriptors())?);
        Ok(Self { listener, address, server: tuned(server, &config.limits), identity, methods })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer.
    ///
    /// # Errors
    /// When reflection cannot be set up.
    pub fn serve(self, config: &Config, services: Services) -> Result<Running, Error> {
        let drain = Drain::default();
        let mut routes = services.routes.add_service(services.health.service());
        if config.reflection {
            routes = routes.add_service(reflection()?);
        }
        let limits = &config.limits;
        let observe = Observe { telemetry: services.telemetry.clone(), methods: self.methods };
        let deadlines = Deadlines {
            default: limits.default_deadline,
            max: limits.max_deadline,
            import: config.cpr.import_deadline,
        };
        let server = self
            .server
            .layer(StepLayer(observe))
            .layer(StepLayer(deadlines))
            .layer(StepLayer(Overload::new(limits.max_concurrent_requests)))
            .layer(StepLayer(MessageSize { max_bytes: limits.max_request_bytes }))
            .layer(StepLayer(self.identity))
            .layer(StepLayer(drain.clone()))
            .layer(StepLayer(Fallback));

        let (closed, watch_closed) = watch::channel(false);
        let (stopped, watch_stopped) = watch::channel(false);
        let (accepted, connections) = incoming::queue();
        tokio::spawn(incoming::accept(
            self.listener,
            limits.max_connections,
            services.telemetry,
            accepted,
            watch_closed,
        ));
        let stop = signal(watch_stopped);
        let connections = ReceiverStream::new(connections);
        let task = tokio::spawn(server.serve_with_incoming_shutdown(routes.prepare(), connections, stop));
        Ok(Running { address: self.address, drain, closed, stopped, task })
    }
}

async fn signal(mut on: watch::Receiver<bool>) {
    // An error means that the handle is gone, which is a signal too.
    let _ = on.wait_for(|on| *on).await;
}

/// A server that answers.
pub struct Running {
    address: SocketAddr,
    drain: Drain,
    closed: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resolves when the server ends without being asked to, with the reason.
    pub async fn ended(&mut self) -> String {
        match (&mut self.task).await {
            Ok(Ok(())) => "it ended by itself".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Ends it: accepts no connection and no RPC any more, gives what runs up to `grace` to finish, and closes.
    pub async fn shut_down(mut self, grace: Duration) {
        self.closed.send_replace(true);
        self.drain.begin();
        let left = self.drain.wait(grace).await;
        if left > 0 {
            tracing::warn!(left, "RPCs are cut off: they did not finish within the time for shutdown");
        }
        self.stopped.send_replace(true);
        if tokio::time::timeout(CLOSE_LIMIT, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Takes an address.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let bound = TcpListener::bind(address).await.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| Error::Bind { address, source })
}

fn tuned(server: Server, limits: &Limits) -> Server {
    server
        .accept_http1(false)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESET_STREAMS))
        .max_concurrent_streams(limits.max_concurrent_streams_per_connection)
}

/// The API's own descriptors, and those of the services around it.
fn descriptors() -> [&'static [u8]; 3] {
    [
        fuldmagt_proto::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    ]
}

fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>, Error> {
    Ok(tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(fuldmagt_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?)
}
