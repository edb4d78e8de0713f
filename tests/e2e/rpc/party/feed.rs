//! What the tests of imports share: copies of the register, and streams that can be stopped in the middle.

use fuldmagt_proto::v1::{
    self, CprRecord, GetCprImportRequest, ImportCprSnapshotRequest, ImportCprSnapshotResponse,
    import_cpr_snapshot_request::Part,
};
use fuldmagt_tests::World;
use fuldmagt_tests::cpr_register::{Register, messages, note_record};
use fuldmagt_tests::world::until;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

/// Records of a chunk: few, so that a small copy has many chunks.
const CHUNK_RECORDS: usize = 10;

/// A copy of the register on its way.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) import_id: String,
    pub(crate) messages: Vec<ImportCprSnapshotRequest>,
}

impl Copy {
    /// These records, as of that day, under another id.
    pub(crate) fn of(world: &World, as_of: &str, records: &[CprRecord]) -> Self {
        Self::in_chunks(world, as_of, records, CHUNK_RECORDS)
    }

    /// The same in chunks of so many records.
    pub(crate) fn in_chunks(world: &World, as_of: &str, records: &[CprRecord], chunk_records: usize) -> Self {
        records.iter().for_each(note_record);
        let import_id = world.request_id();
        Self { messages: messages(&import_id, as_of, records, chunk_records), import_id }
    }

    pub(crate) fn header(&mut self) -> &mut v1::CprSnapshotHeader {
        match self.messages.first_mut().and_then(|message| message.part.as_mut()) {
            Some(Part::Header(header)) => header,
            other => panic!("no header: {other:?}"),
        }
    }

    pub(crate) fn trailer(&mut self) -> &mut v1::CprSnapshotTrailer {
        match self.messages.last_mut().and_then(|message| message.part.as_mut()) {
            Some(Part::Trailer(trailer)) => trailer,
            other => panic!("no trailer: {other:?}"),
        }
    }

    pub(crate) fn chunk(&mut self, sequence: usize) -> &mut v1::CprSnapshotChunk {
        match self.messages.get_mut(1 + sequence).and_then(|message| message.part.as_mut()) {
            Some(Part::Chunk(chunk)) => chunk,
            other => panic!("no chunk: {other:?}"),
        }
    }

    /// The messages of a stream that goes on from that chunk.
    pub(crate) fn beginning_at(&self, next_chunk: i32) -> Vec<ImportCprSnapshotRequest> {
        let rest = &self.messages[1 + usize::try_from(next_chunk).unwrap()..];
        self.messages[..1].iter().chain(rest).cloned().collect()
    }

    /// Sends all of it.
    pub(crate) async fn send(&self, world: &World) -> Result<ImportCprSnapshotResponse, Status> {
        send(world, self.messages.clone()).await
    }

    /// What the service tells of it.
    pub(crate) async fn told(&self, world: &World) -> Result<v1::CprImport, Status> {
        let request = GetCprImportRequest { import_id: self.import_id.clone() };
        let answer = world.register_feed.parties().get_cpr_import(request).await?;
        Ok(answer.into_inner().cpr_import.expect("an import"))
    }

    /// Waits until everything before that chunk is durable.
    pub(crate) async fn until_next_chunk(&self, world: &World, next_chunk: i32) {
        let is_durable = async || self.told(world).await.is_ok_and(|import| import.next_chunk == next_chunk);
        until("the chunks are durable", is_durable).await;
    }
}

/// The first records of a register.
pub(crate) fn records(count: u64) -> Vec<CprRecord> {
    Register { seed: 1 }.records(count)
}

/// Sends the messages as one stream.
pub(crate) async fn send(
    world: &World,
    messages: Vec<ImportCprSnapshotRequest>,
) -> Result<ImportCprSnapshotResponse, Status> {
    let stream = tokio_stream::iter(messages);
    world.register_feed.parties().import_cpr_snapshot(stream).await.map(Response::into_inner)
}

/// A stream that is being sent, by a client with a thread and a connection of its own: it can die as a process does.
pub(crate) struct Sending {
    messages: mpsc::Sender<ImportCprSnapshotRequest>,
    answer: JoinHandle<Result<ImportCprSnapshotResponse, Status>>,
    client: Option<Runtime>,
}

impl Sending {
    /// Begins with these messages.
    pub(crate) async fn begin(world: &World, first: &[ImportCprSnapshotRequest]) -> Self {
        let (messages, received) = mpsc::channel(1);
        let client = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let feed = world.register_feed.clone();
        let answer = client.spawn(async move {
            let mut parties = feed.reconnected().parties();
            let answer = parties.import_cpr_snapshot(ReceiverStream::new(received)).await;
            answer.map(Response::into_inner)
        });
        let sending = Self { messages, answer, client: Some(client) };
        sending.send(first).await;
        sending
    }

    /// Sends more. When nobody listens any more, there is an answer.
    pub(crate) async fn send(&self, messages: &[ImportCprSnapshotRequest]) {
        for message in messages {
            if self.messages.send(message.clone()).await.is_err() {
                return;
            }
        }
    }

    /// The stream ends, and is answered.
    pub(crate) async fn end(mut self) -> Result<ImportCprSnapshotResponse, Status> {
        // Another one in its place, so that the stream's is dropped.
        self.messages = mpsc::channel(1).0;
        (&mut self.answer).await.expect("no panic")
    }

    /// The stream does not end, and is answered all the same.
    pub(crate) async fn unended(mut self) -> Status {
        let answer = (&mut self.answer).await.expect("no panic");
        answer.expect_err("a stream that has not ended is no copy")
    }

    /// The client dies, and its connection with it.
    pub(crate) fn hang_up(self) {
        assert!(!self.answer.is_finished(), "there was an answer");
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            client.shutdown_background();
        }
    }
}

/// Tables of records that there are.
pub(crate) async fn record_tables(world: &World) -> i64 {
    world.count("pg_inherits where inhparent = 'cpr_record'::regclass").await
}
