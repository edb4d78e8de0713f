//! Drops the databases of tests that are done, or empties them for the next, one after the other, beside the tests that
//! run.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::recycling::Recycling;
use super::url_of;

#[derive(Debug)]
pub(super) struct Reaper {
    done: mpsc::Sender<Done>,
    spare: Arc<Mutex<Vec<String>>>,
}

/// A database whose test is done.
#[derive(Debug)]
struct Done {
    name: String,
    /// What it is called when it is empty, if it is to be used again.
    next_name: Option<String>,
}

impl Reaper {
    pub(super) fn start(template_url: &str, recycling: Recycling) -> Self {
        let (done, names) = mpsc::channel();
        let spare = Arc::default();
        let (template_url, spares) = (template_url.to_owned(), Arc::clone(&spare));
        thread::Builder::new()
            .name("reaper".to_owned())
            .spawn(move || reap(&template_url, &recycling, &names, &spares))
            .expect("a thread");
        Self { done, spare }
    }

    pub(super) fn take(&self, database: &str, next_name: Option<String>) {
        // Without a reaper the database goes with the cluster.
        let _ = self.done.send(Done { name: database.to_owned(), next_name });
    }

    /// An empty database, if there is one.
    pub(super) fn spare(&self) -> Option<String> {
        self.spare.lock().expect("nobody panics with it").pop()
    }
}

fn reap(template_url: &str, recycling: &Recycling, done: &mpsc::Receiver<Done>, spare: &Mutex<Vec<String>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    while let Ok(Done { name, next_name }) = done.recv() {
        if let Some(next_name) = next_name {
            match runtime.block_on(recycling.recycle(&name, &next_name)) {
                Ok(true) => {
                    spare.lock().expect("nobody panics with it").push(next_name);
                    continue;
                }
                // It is called one or the other, according to how far it came.
                Ok(false) | Err(_) => drop_database(&runtime, template_url, &next_name),
            }
        }
        drop_database(&runtime, template_url, &name);
    }
}

fn drop_database(runtime: &tokio::runtime::Runtime, template_url: &str, name: &str) {
    // By force: the test's pool is going away at the same time.
    let dropped = runtime.block_on(async {
        let mut admin = PgConnection::connect(&url_of(template_url, "postgres")).await?;
        admin.execute(AssertSqlSafe(format!("drop database if exists {name} with (force)"))).await?;
        admin.close().await
    });
    // The folder goes with the process in any case.
    drop(dropped);
}
