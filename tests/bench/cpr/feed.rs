//! The feed: a copy that was encoded beforehand, so that what is measured is the service and not the making of people.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::{BufMut as _, Bytes};
use chrono::NaiveDate;
use fuldmagt_proto::v1::{self, import_cpr_snapshot_request::Part};
use fuldmagt_service::clock::{IdSource as _, RandomIds};
use fuldmagt_tests::cpr_register::{Chain, Register, message};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

/// As many records as a chunk may have.
const CHUNK_RECORDS: u64 = 1_000;
/// Messages that are read ahead.
const QUEUE: usize = 16;
const RPC: &str = "/fuldmagt.v1.PartyService/ImportCprSnapshot";

/// The chunks of a copy in a file, each after its length, and what the trailer says of them.
pub(crate) struct Copy {
    path: PathBuf,
    rows: u64,
    chain: Chain,
}

impl Copy {
    pub(crate) fn write(path: &Path, rows: u64, seed: u64) -> anyhow::Result<Self> {
        let register = Register { seed };
        let mut file = BufWriter::new(File::create(path)?);
        let mut chain = Chain::default();
        for (sequence, first) in (0..).zip((0..rows).step_by(CHUNK_RECORDS as usize)) {
            let places = first..rows.min(first + CHUNK_RECORDS);
            let records: Vec<_> = places.map(|place| register.record(place)).collect();
            chain.push(&records);
            let encoded = message(Part::Chunk(v1::CprSnapshotChunk { sequence, records })).encode_to_vec();
            file.write_all(&u32::try_from(encoded.len())?.to_be_bytes())?;
            file.write_all(&encoded)?;
        }
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        Ok(Self { path: path.to_owned(), rows, chain })
    }

    /// Sends it as of that day, and tells how long it took until it was in use.
    pub(crate) async fn send(
        &self,
        channel: Channel,
        as_of: NaiveDate,
    ) -> anyhow::Result<(Duration, v1::ImportCprSnapshotResponse)> {
        let (sender, messages) = mpsc::channel(QUEUE);
        let header = v1::CprSnapshotHeader {
            import_id: RandomIds.random_id().to_string(),
            as_of: as_of.to_string(),
            expected_row_count: self.rows as i64,
        };
        let trailer = v1::CprSnapshotTrailer { row_count: self.rows as i64, sha256: self.chain.bytes() };
        let (first, last) = (message(Part::Header(header)), message(Part::Trailer(trailer)));
        let path = self.path.clone();
        let begun = Instant::now();
        let reader = tokio::task::spawn_blocking(move || read(&path, &first, &last, &sender));
        let mut grpc = tonic::client::Grpc::new(channel);
        grpc.ready().await.context("the server is there")?;
        let request = Request::new(ReceiverStream::new(messages));
        let answer = grpc.client_streaming(request, RPC.parse()?, Encoded).await;
        let took = begun.elapsed();
        let answer = answer.map_err(|status| anyhow::anyhow!("{}: {}", status.code(), status.message()))?;
        reader.await??;
        Ok((took, answer.into_inner()))
    }
}

fn read(
    path: &Path,
    first: &v1::ImportCprSnapshotRequest,
    last: &v1::ImportCprSnapshotRequest,
    sender: &mpsc::Sender<Bytes>,
) -> anyhow::Result<()> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    sender.blocking_send(first.encode_to_vec().into())?;
    let mut length = [0; 4];
    while file.read_exact(&mut length).is_ok() {
        let mut encoded = vec![0; u32::from_be_bytes(length) as usize];
        file.read_exact(&mut encoded)?;
        sender.blocking_send(encoded.into())?;
    }
    sender.blocking_send(last.encode_to_vec().into())?;
    Ok(())
}

/// Messages that are encoded already, and an answer that is not decoded yet.
#[derive(Clone, Copy)]
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = v1::ImportCprSnapshotResponse;
    type Encoder = Self;
    type Decoder = <ProstCodec<(), v1::ImportCprSnapshotResponse> as Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        *self
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<(), v1::ImportCprSnapshotResponse>::default().decoder()
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}
