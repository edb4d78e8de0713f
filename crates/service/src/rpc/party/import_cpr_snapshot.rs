//! `PartyService.ImportCprSnapshot`.

use fuldmagt_proto::v1::{
    self, ImportCprSnapshotRequest, ImportCprSnapshotResponse, import_cpr_snapshot_request::Part,
};
use prost::Message as _;
use tonic::{Request, Status, Streaming};

use crate::{
    app::{
        App, Call, Error,
        command::{Answer, Channel, Order},
        import_cpr_snapshot::{Begun, Header, Imported, Running, Trailer},
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{Violations, cpr_snapshot},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PartyService/ImportCprSnapshot";

type Parts = Streaming<ImportCprSnapshotRequest>;

/// A stream that breaks is told as the library tells it, everything else as an error of ours.
pub(super) async fn handle(app: &App, request: Request<Parts>) -> Result<ImportCprSnapshotResponse, Status> {
    let call = app.call(caller(&request, RPC)?);
    let mut parts = request.into_inner();
    let (header, encoded) = begin(&mut parts).await?;
    let answer = match app.begin_cpr_import(&call, header).await? {
        Begun::Running(running) => import(app, running, (call, header, encoded), &mut parts).await?,
        Begun::Complete => repeat(app, (call, header, encoded), &mut parts).await?,
    };
    let mut response: ImportCprSnapshotResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

/// A call with its header, parsed and as it was sent.
type Head = (Call, Header, Vec<u8>);

async fn begin(parts: &mut Parts) -> Result<(Header, Vec<u8>), Status> {
    let mut fields = Violations::new();
    let header = match parts.message().await?.and_then(|message| message.part) {
        Some(Part::Header(header)) => {
            let read = fields.read("header", |fields| cpr_snapshot::header(fields, &header));
            read.map(|read| (read, header.encode_to_vec()))
        }
        Some(Part::Chunk(_) | Part::Trailer(_)) | None => {
            fields.read("header", |fields| fields.refuse("REQUIRED", "must be the first message"))
        }
    };
    Ok(fields.finish(|| header)?)
}

async fn import(app: &App, running: Running, head: Head, parts: &mut Parts) -> Result<Answer, Status> {
    let mut running = running;
    loop {
        // Where this fails the stream is broken, and what has come is kept.
        let refusal = match parts.message().await?.map(|message| message.part) {
            Some(Some(Part::Chunk(chunk))) => match place(&chunk) {
                Ok(sequence) => {
                    running = running.chunk(sequence, move || cpr_snapshot::chunk(&chunk)).await?;
                    continue;
                }
                Err(refusal) => refusal,
            },
            Some(Some(Part::Trailer(trailer))) => match last(&trailer, parts).await {
                Ok(read) => {
                    let order = order(app, head, &trailer);
                    return Ok(running.complete(order, read, encode).await?);
                }
                Err(End::Broken(status)) => return Err(status),
                Err(End::Refused(refusal)) => refusal,
            },
            Some(Some(Part::Header(_)) | None) => unexpected(),
            None => cut_short(),
        };
        return Err(running.refuse(refusal).await.into());
    }
}

/// The chunks of an import that was completed before are not looked at: the trailer has their digest.
async fn repeat(app: &App, head: Head, parts: &mut Parts) -> Result<Answer, Status> {
    while let Some(message) = parts.message().await? {
        match message.part {
            Some(Part::Chunk(_)) => {}
            Some(Part::Trailer(trailer)) => {
                let order = order(app, head, &trailer);
                return Ok(app.repeated_cpr_import(&order).await?);
            }
            Some(Part::Header(_)) | None => return Err(unexpected().into()),
        }
    }
    Err(cut_short().into())
}

enum End {
    Broken(Status),
    Refused(Error),
}

/// Reads the trailer, after which nothing comes.
async fn last(trailer: &v1::CprSnapshotTrailer, parts: &mut Parts) -> Result<Trailer, End> {
    let mut fields = Violations::new();
    let read = fields.read("trailer", |fields| cpr_snapshot::trailer(fields, trailer));
    let read = fields.finish(|| read).map_err(End::Refused)?;
    match parts.message().await {
        Ok(None) => Ok(read),
        Ok(Some(_)) => Err(End::Refused(unexpected())),
        Err(status) => Err(End::Broken(status)),
    }
}

fn place(chunk: &v1::CprSnapshotChunk) -> Result<u32, Error> {
    let mut fields = Violations::new();
    let sequence = fields.read("chunk", |fields| {
        fields.read("sequence", |fields| cpr_snapshot::sequence(fields, chunk.sequence))
    });
    fields.finish(|| sequence)
}

fn unexpected() -> Error {
    Error::invalid(
        "part",
        "PART_UNEXPECTED",
        "a header is followed by chunks, and they by one trailer, the last message",
    )
}

fn cut_short() -> Error {
    Error::invalid("trailer", "SNAPSHOT_TRUNCATED", "the stream ended without a trailer")
}

/// Header and trailer stand for all that was sent: the trailer has the digest of the chunks.
fn order(app: &App, (call, header, mut encoded): Head, trailer: &v1::CprSnapshotTrailer) -> Order {
    encoded.extend(trailer.encode_to_vec());
    app.order(call, header.import_id, &encoded, Channel::System)
}

fn encode(imported: &Imported) -> Vec<u8> {
    let comparison = &imported.comparison;
    ImportCprSnapshotResponse {
        cpr_import: Some(to_proto::cpr_import(&imported.import)),
        status_counts: to_proto::cpr_status_counts(&comparison.by_status),
        added_count: to_proto::row_count(comparison.added),
        removed_count: to_proto::row_count(comparison.removed),
        status_changed_count: to_proto::row_count(comparison.changed),
        revision: String::new(),
    }
    .encode_to_vec()
}
