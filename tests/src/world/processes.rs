//! Further processes of the service over a world's database.

use std::sync::Arc;
use std::time::Duration;

use fuldmagt_domain::cpr_status::Effects;
use fuldmagt_domain::delegation::Rules;
use fuldmagt_service::app::{App, import_cpr_snapshot};
use fuldmagt_service::clock::RandomIds;
use fuldmagt_service::compose::{Parts, Running, Service};

use super::{World, config};
use crate::cluster::open_store;

/// Connections of a further process.
const CONNECTIONS: u32 = 4;

/// What it believes of a copy of the CPR register: anything that is not empty.
fn cpr() -> import_cpr_snapshot::Settings {
    let (idle, effects) = (Duration::from_secs(600), Effects::default());
    import_cpr_snapshot::Settings { min_rows: 1, min_percent_of_current: 0, idle, effects }
}

impl World {
    /// The application of another process, without its network side and its background tasks. By the world's clock; the
    /// ids are its own.
    pub async fn another_app(&self) -> App {
        let store = open_store(&self.database.url, &self.keyring, CONNECTIONS).await;
        let clock = Arc::new(self.clock.clone());
        App::new(store, clock, Arc::new(RandomIds), Rules::default(), Duration::ZERO, cpr())
    }

    /// Another process, whole. By the world's clock; the ids are its own.
    pub async fn another_process(&self) -> Running {
        let parts = Parts { clock: Arc::new(self.clock.clone()), ids: Arc::new(RandomIds) };
        let config = config(&self.database, &self.keyring, &self.folder, &[]);
        Service::start(config, parts).await.expect("another process starts")
    }
}
