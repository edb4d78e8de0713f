//! An import of the CPR register through kills of the service.

use fuldmagt_proto::v1::{
    self, CprImportState, ImportCprSnapshotRequest, ImportCprSnapshotResponse,
    party_service_client::PartyServiceClient,
};
use fuldmagt_service::clock::{IdSource as _, RandomIds};
use fuldmagt_tests::cpr_register::{Register, messages, note_record};
use fuldmagt_tests::fixtures::Keyring;
use fuldmagt_tests::telemetry::note_status;
use fuldmagt_tests::{TestDatabase, database};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use super::api::{Api, reason};
use super::blocker::Blocker;
use super::serving::{Serving, serve};
use super::wait::until_async;

const ROWS: u64 = 300;
const CHUNK_RECORDS: usize = 4;
const CHUNKS: i32 = 75;
/// Before any day that this may run on.
const AS_OF: &str = "2020-01-01";

type Answer = Result<ImportCprSnapshotResponse, Status>;

fn start(database: &TestDatabase, keyring: &Keyring) -> Serving {
    let program = serve(&["--dev-plaintext", "--data-dir", "/nowhere"]);
    Serving::start(
        program.env("FULDMAGT_DATABASE__URL", &database.url).env("FULDMAGT_KEYRING_FILE", keyring.path()),
    )
}

/// A copy that is being sent by one client to one service after the other.
struct Feed {
    import_id: String,
    messages: Vec<ImportCprSnapshotRequest>,
}

impl Feed {
    fn new() -> Self {
        let records = Register { seed: 7 }.records(ROWS);
        records.iter().for_each(note_record);
        let import_id = RandomIds.random_id().to_string();
        Self { messages: messages(&import_id, AS_OF, &records, CHUNK_RECORDS), import_id }
    }

    /// The header and the messages from that chunk on.
    fn beginning_at(&self, next_chunk: i32) -> Vec<ImportCprSnapshotRequest> {
        let rest = &self.messages[1 + usize::try_from(next_chunk).unwrap()..];
        self.messages[..1].iter().chain(rest).cloned().collect()
    }

    /// Sends messages without an end. The stream ends when the sender is dropped.
    async fn begin(
        &self,
        api: &Api,
        first: &[ImportCprSnapshotRequest],
    ) -> (mpsc::Sender<ImportCprSnapshotRequest>, JoinHandle<Answer>) {
        let (sender, received) = mpsc::channel(first.len().max(1));
        let mut parties = PartyServiceClient::new(api.0.clone());
        let stream = ReceiverStream::new(received);
        let answer =
            tokio::spawn(async move { parties.import_cpr_snapshot(stream).await.map(Response::into_inner) });
        for message in first {
            sender.send(message.clone()).await.unwrap();
        }
        (sender, answer)
    }

    async fn send(&self, api: &Api, messages: Vec<ImportCprSnapshotRequest>) -> Answer {
        let mut parties = PartyServiceClient::new(api.0.clone());
        let answer = parties.import_cpr_snapshot(tokio_stream::iter(messages)).await;
        let rpc = "fuldmagt.v1.PartyService/ImportCprSnapshot";
        answer.map(Response::into_inner).inspect_err(|status| note_status(rpc, status))
    }

    async fn told(&self, api: &Api) -> Result<v1::CprImport, Status> {
        let request = v1::GetCprImportRequest { import_id: self.import_id.clone() };
        let answer = PartyServiceClient::new(api.0.clone()).get_cpr_import(request).await?;
        Ok(answer.into_inner().cpr_import.unwrap())
    }
}

async fn count(database: &TestDatabase, what: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("select count(*) from {what}"));
    sqlx::query_scalar(sql).fetch_one(&database.pool).await.unwrap()
}

fn assert_complete(answer: &ImportCprSnapshotResponse) {
    assert_eq!((answer.added_count, answer.removed_count), (ROWS as i64, 0));
    assert_eq!(answer.cpr_import.as_ref().unwrap().state(), CprImportState::Current);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_on_after_the_service_was_killed_while_chunks_came() {
    let (database, keyring, feed) = (database().await, Keyring::generate(), Feed::new());
    let mut next_chunk = 0;
    for kept in [20, 50] {
        let serving = start(&database, &keyring);
        let api = Api::connect(&serving).await;
        let messages = feed.beginning_at(next_chunk);
        let come = 1 + usize::try_from(kept - next_chunk).unwrap();
        let (sender, answer) = feed.begin(&api, &messages[..come]).await;
        until_async("the chunks are durable", async || {
            feed.told(&api).await.is_ok_and(|import| import.next_chunk == kept)
        })
        .await;
        // On their way, or in memory, when the end comes.
        for message in &messages[come..come + 10] {
            sender.send(message.clone()).await.unwrap();
        }
        assert_eq!(serving.kill().signal, Some(9));
        answer.await.unwrap().expect_err("there was nobody left to answer");

        let serving = start(&database, &keyring);
        let told = feed.told(&Api::connect(&serving).await).await.unwrap();
        assert_eq!(told.state(), CprImportState::Loading);
        assert!((kept..=kept + 10).contains(&told.next_chunk), "{told:?}");
        next_chunk = told.next_chunk;
        assert_eq!(count(&database, "cpr_record").await, i64::from(next_chunk) * CHUNK_RECORDS as i64);
        assert_eq!(serving.stop().code, Some(0));
    }
    let serving = start(&database, &keyring);
    let api = Api::connect(&serving).await;
    assert_complete(&feed.send(&api, feed.beginning_at(next_chunk)).await.unwrap());
    assert_eq!(count(&database, "cpr_record").await, ROWS as i64);
    assert_eq!(serving.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_comes_into_use_once_when_the_service_is_killed_at_the_switch() {
    let (database, keyring, feed) = (database().await, Keyring::generate(), Feed::new());
    let serving = start(&database, &keyring);
    let api = Api::connect(&serving).await;
    let (last, others) = feed.messages.split_last().unwrap();
    let (sender, answer) = feed.begin(&api, others).await;
    until_async("the chunks are durable", async || {
        feed.told(&api).await.is_ok_and(|import| import.next_chunk == CHUNKS)
    })
    .await;
    let mut blocker = Blocker::take(&database.url).await;
    sender.send(last.clone()).await.unwrap();
    drop(sender);
    blocker.wait_until_somebody_waits().await;
    assert_eq!(feed.told(&api).await.unwrap().state(), CprImportState::Loading);
    assert_eq!(serving.kill().signal, Some(9));
    answer.await.unwrap().expect_err("there was nobody left to answer");
    // The statement is in the database's hands, which carries it out; the client cannot know, and sends the end again.
    blocker.release().await;

    let serving = start(&database, &keyring);
    let api = Api::connect(&serving).await;
    let mut complete = None;
    until_async("the import is answered", async || {
        match feed.send(&api, feed.beginning_at(CHUNKS)).await {
            Ok(answer) => complete = Some(answer),
            // It was switched between the first look and the second.
            Err(status) => assert_eq!(reason(&status), "IMPORT_TAKEN_OVER"),
        }
        complete.is_some()
    })
    .await;
    assert_complete(&complete.unwrap());
    assert_eq!(count(&database, "event where kind = 'imported'").await, 1);
    assert_eq!(count(&database, "usage_log where outcome = 'imported'").await, 1);
    assert_eq!(count(&database, "cpr_record").await, ROWS as i64);
    assert_eq!(serving.stop().code, Some(0));
}
