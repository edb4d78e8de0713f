//! Whether the service is ready: for load balancers by `grpc.health.v1`, for supervisors by HTTP.

use std::sync::Arc;

use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use super::methods::Methods;
use super::{Error, descriptors};

/// The state of the service, told to all who ask. It begins as not ready.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    services: Arc<[String]>,
    state: Arc<watch::Sender<State>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NotReady,
    Ready,
    /// There is no way back from here.
    Ending,
}

impl Health {
    /// Not ready yet.
    ///
    /// # Errors
    /// When the API's descriptors cannot be read.
    pub async fn new() -> Result<Self, Error> {
        let mut services = Methods::read(&descriptors())?.services().to_vec();
        // The name for the process as a whole.
        services.push(String::new());
        let health = Self {
            reporter: HealthReporter::new(),
            services: services.into(),
            state: Arc::new(watch::Sender::new(State::NotReady)),
        };
        health.report(ServingStatus::NotServing).await;
        Ok(health)
    }

    /// Whether RPCs can be answered.
    pub fn is_ready(&self) -> bool {
        *self.state.borrow() == State::Ready
    }

    /// Tells that the service can, or cannot, answer. After [`Health::end`] it stays as it is.
    pub async fn set_ready(&self, ready: bool) {
        let new = if ready { State::Ready } else { State::NotReady };
        if self.change(new) {
            tracing::info!(ready, "readiness changed");
            self.report(if ready { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
        }
    }

    /// Tells that the service is ending.
    pub async fn end(&self) {
        if self.change(State::Ending) {
            self.report(ServingStatus::NotServing).await;
        }
    }

    fn change(&self, new: State) -> bool {
        self.state.send_if_modified(|state| {
            let changes = *state != new && *state != State::Ending;
            if changes {
                *state = new;
            }
            changes
        })
    }

    async fn report(&self, status: ServingStatus) {
        for service in self.services.iter() {
            self.reporter.set_service_status(service, status).await;
        }
    }

    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ending_service_never_becomes_ready_again() {
        let health = Health::new().await.unwrap();
        assert!(!health.is_ready());
        health.set_ready(true).await;
        assert!(health.is_ready());
        health.end().await;
        health.set_ready(true).await;
        assert!(!health.is_ready());
    }
}
