//! Drops the databases of tests that are done, one after the other, beside the tests that run.

use std::sync::mpsc;
use std::thread;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

#[derive(Debug)]
pub(super) struct Reaper(mpsc::Sender<String>);

impl Reaper {
    pub(super) fn start(admin_url: String) -> Self {
        let (done, names) = mpsc::channel();
        thread::Builder::new()
            .name("reaper".to_owned())
            .spawn(move || reap(&admin_url, &names))
            .expect("a thread");
        Self(done)
    }

    pub(super) fn take(&self, database: &str) {
        // Without a reaper the database goes with the cluster.
        let _ = self.0.send(database.to_owned());
    }
}

fn reap(admin_url: &str, names: &mpsc::Receiver<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    while let Ok(name) = names.recv() {
        // By force: the test's pool is going away at the same time.
        let dropped = runtime.block_on(async {
            let mut admin = PgConnection::connect(admin_url).await?;
            admin.execute(AssertSqlSafe(format!("drop database {name} with (force)"))).await?;
            admin.close().await
        });
        // The folder goes with the process in any case.
        drop(dropped);
    }
}
