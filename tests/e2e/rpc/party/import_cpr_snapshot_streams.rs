//! `PartyService.ImportCprSnapshot`: streams that break, go on, and get in each other's way.

use chrono::TimeDelta;
use fuldmagt_proto::v1::CprImportState;
use fuldmagt_tests::world::until;
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::feed::{Copy, Sending, record_tables, records, send};

const TODAY: &str = "2026-06-15";

/// Chunks of four records.
fn copy_in_a_hundred_chunks(world: &World) -> Copy {
    Copy::in_chunks(world, TODAY, &records(400), 4)
}

/// A world, and a copy of which the first 40 chunks have come before the stream broke.
async fn broken() -> (World, Copy) {
    let world = World::start().await;
    let copy = copy_in_a_hundred_chunks(&world);
    let sending = Sending::begin(&world, &copy.messages[..41]).await;
    copy.until_next_chunk(&world, 40).await;
    sending.hang_up();
    until_logged(&world, "interrupted", 1).await;
    (world, copy)
}

/// The import of the copy in use.
async fn copy_in_use(world: &World) -> String {
    let sql = "select import_id::text from cpr_snapshot where state = 'current'";
    sqlx::query_scalar(sql).fetch_one(&world.database.pool).await.unwrap()
}

async fn until_logged(world: &World, outcome: &str, times: usize) {
    until(outcome, async || {
        world.usage().await.iter().filter(|entry| entry.outcome == outcome).count() == times
    })
    .await;
}

fn failed(reason: &str) -> Refused {
    Refused::because(Code::FailedPrecondition, reason)
}

#[tokio::test]
async fn a_broken_stream_goes_on_where_it_was_broken_off() {
    let (world, copy) = broken().await;
    let told = copy.told(&world).await.unwrap();
    assert_eq!((told.state(), told.next_chunk, told.row_count), (CprImportState::Loading, 40, 160));
    let answer = send(&world, copy.beginning_at(40)).await.unwrap();
    assert_eq!((answer.added_count, world.count("cpr_record").await), (400, 400));
    world.until_idle().await;
}

#[tokio::test]
async fn a_stream_may_begin_anew_and_what_is_kept_already_is_skipped() {
    for first in [0, 17, 39] {
        let (world, copy) = broken().await;
        let answer = send(&world, copy.beginning_at(first)).await.unwrap();
        assert_eq!((answer.added_count, world.count("cpr_record").await), (400, 400));
    }
}

#[tokio::test]
async fn a_stream_that_goes_on_too_late_in_the_copy_is_refused() {
    let (world, copy) = broken().await;
    let status = send(&world, copy.beginning_at(41)).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("chunk.sequence", "CHUNK_OUT_OF_ORDER"));
    assert_eq!(copy.told(&world).await.unwrap().state(), CprImportState::Refused);
}

#[tokio::test]
async fn what_is_skipped_must_be_what_was_kept() {
    let (world, mut copy) = broken().await;
    let mut other = records(400);
    other[3].is_protected = !other[3].is_protected;
    let mut others = Copy::in_chunks(&world, TODAY, &other, 4);
    others.header().import_id.clone_from(&copy.import_id);
    let status = others.send(&world).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("trailer.sha256", "DIGEST_MISMATCH"));
    assert_eq!(record_tables(&world).await, 0);
    let status = copy.send(&world).await.unwrap_err();
    assert_eq!(Refused::of(&status), failed("IMPORT_REFUSED"));
    copy.header().expected_row_count = 401;
    let status = copy.send(&world).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::AlreadyExists, "IDEMPOTENCY_MISMATCH"));
}

#[tokio::test]
async fn a_stream_can_break_again_and_again() {
    let (world, copy) = broken().await;
    for (number, next) in [(2, 55), (3, 70), (4, 99)] {
        let from = copy.told(&world).await.unwrap().next_chunk;
        let messages = copy.beginning_at(from);
        let come = usize::try_from(next - from).unwrap();
        let sending = Sending::begin(&world, &messages[..=come]).await;
        copy.until_next_chunk(&world, next).await;
        sending.hang_up();
        until_logged(&world, "interrupted", number).await;
    }
    send(&world, copy.beginning_at(99)).await.unwrap();
    assert_eq!(world.count("cpr_record").await, 400);
}

#[tokio::test]
async fn a_stream_is_cut_off_at_its_deadline_and_the_next_goes_on() {
    let world = World::with(&[("cpr.import_deadline_s", "2")]).await;
    let copy = copy_in_a_hundred_chunks(&world);
    let sending = Sending::begin(&world, &copy.messages[..41]).await;
    copy.until_next_chunk(&world, 40).await;
    let late = sending.unended().await;
    assert_eq!(Refused::of(&late), Refused::because(Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    until_logged(&world, "interrupted", 1).await;
    send(&world, copy.beginning_at(40)).await.unwrap();
}

#[tokio::test]
async fn the_later_stream_of_an_import_takes_it_over_and_the_earlier_one_can_write_nothing() {
    let world = World::start().await;
    let copy = copy_in_a_hundred_chunks(&world);
    let earlier = Sending::begin(&world, &copy.messages[..41]).await;
    copy.until_next_chunk(&world, 40).await;
    let later = Sending::begin(&world, &copy.beginning_at(40)[..11]).await;
    copy.until_next_chunk(&world, 50).await;
    earlier.send(&copy.messages[41..]).await;
    assert_eq!(Refused::of(&earlier.end().await.unwrap_err()), failed("IMPORT_TAKEN_OVER"));
    later.send(&copy.messages[51..]).await;
    later.end().await.unwrap();
    assert_eq!(world.count("cpr_record").await, 400);
}

#[tokio::test]
async fn another_import_is_refused_while_one_is_loading_and_takes_its_place_when_it_has_been_idle() {
    let (world, first) = broken().await;
    let second = copy_in_a_hundred_chunks(&world);
    world.advance(TimeDelta::seconds(600)).await;
    let before = world.snapshot().await;
    assert_eq!(Refused::of(&second.send(&world).await.unwrap_err()), failed("IMPORT_RUNNING"));
    assert_eq!(world.snapshot().await, before);
    let unknown = Refused::because(Code::NotFound, "IMPORT_NOT_FOUND");
    assert_eq!(Refused::of(&second.told(&world).await.unwrap_err()), unknown);

    let idle = Sending::begin(&world, &first.beginning_at(40)[..1]).await;
    until("the stream has begun", async || world.count("cpr_snapshot where attempt = 2").await == 1).await;
    world.advance(TimeDelta::seconds(601)).await;
    second.send(&world).await.unwrap();
    let told = first.told(&world).await.unwrap();
    assert_eq!((told.state(), told.refusal_reason.as_str()), (CprImportState::Refused, "IMPORT_ABANDONED"));
    idle.send(&first.messages[41..]).await;
    assert_eq!(Refused::of(&idle.end().await.unwrap_err()), failed("IMPORT_TAKEN_OVER"));
    assert_eq!(copy_in_use(&world).await, second.import_id);
    assert_eq!(Refused::of(&first.send(&world).await.unwrap_err()), failed("IMPORT_REFUSED"));
    assert_eq!((record_tables(&world).await, world.count("cpr_record").await), (1, 400));
}

#[tokio::test]
async fn a_complete_import_that_was_given_up_before_its_trailer_came_is_not_taken() {
    let world = World::start().await;
    let first = copy_in_a_hundred_chunks(&world);
    let (trailer, others) = first.messages.split_last().unwrap();
    let idle = Sending::begin(&world, others).await;
    first.until_next_chunk(&world, 100).await;
    world.advance(TimeDelta::seconds(601)).await;
    let second = copy_in_a_hundred_chunks(&world);
    second.send(&world).await.unwrap();
    idle.send(std::slice::from_ref(trailer)).await;
    assert_eq!(Refused::of(&idle.end().await.unwrap_err()), failed("IMPORT_TAKEN_OVER"));
    assert_eq!(copy_in_use(&world).await, second.import_id);
    world.until_idle().await;
}

#[tokio::test]
async fn of_many_imports_that_begin_at_once_one_is_taken_and_the_others_are_told() {
    let world = World::start().await;
    let copies: Vec<_> = (0..8).map(|_| Copy::of(&world, TODAY, &records(60))).collect();
    let mut sending = Vec::new();
    for copy in &copies {
        sending.push(Sending::begin(&world, &copy.messages).await);
    }
    let mut taken = 0;
    for sending in sending {
        match sending.end().await {
            Ok(answer) => {
                assert_eq!(answer.added_count, 60);
                taken += 1;
            }
            Err(status) => {
                let told = Refused::of(&status);
                assert!([failed("IMPORT_RUNNING"), failed("SNAPSHOT_NOT_NEWER")].contains(&told), "{told:?}");
            }
        }
    }
    assert_eq!((taken, record_tables(&world).await, world.count("cpr_snapshot").await), (1, 1, 1));
}

#[tokio::test]
async fn of_many_streams_of_one_import_at_once_it_comes_into_use_once() {
    let world = World::start().await;
    let copy = Copy::of(&world, TODAY, &records(400));
    for _ in 0..4 {
        let mut sending = Vec::new();
        for _ in 0..6 {
            sending.push(Sending::begin(&world, &copy.messages).await);
        }
        for sending in sending {
            if let Err(status) = sending.end().await {
                let told = Refused::of(&status);
                assert!([failed("IMPORT_TAKEN_OVER"), failed("IMPORT_RUNNING")].contains(&told), "{told:?}");
            }
        }
    }
    let answer = copy.send(&world).await.unwrap();
    assert_eq!((answer.added_count, world.count("cpr_record").await), (400, 400));
    assert_eq!(world.count("event where kind = 'imported'").await, 1);
    assert_eq!(world.count("change where entity_kind = 'cpr_snapshot'").await, 1);
}
