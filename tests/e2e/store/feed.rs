//! The change feed under load: dense, gap-free, in the order of visibility.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fuldmagt_domain::{identifier::PartyKind, party::PartyId, privilege::PrivilegeUri};
use fuldmagt_service::clock::IdSource as _;
use fuldmagt_store::{Conflict, Error};
use sqlx::{Connection as _, PgConnection};

use super::rows::{advance_feed, event};
use super::world::World;

const WRITERS: usize = 16;
/// Of each writer; every fourth is rolled back.
const COMMANDS: usize = 128;
/// Many times what it takes; ends a test that hangs.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_beside_sixteen_writers_sees_every_revision_once_and_in_order() {
    let world = Arc::new(World::new().await);
    let privilege = world.publish("feed").await;
    let before = head(&world).await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read(world.database.url.clone(), before, Arc::clone(&done)));

    let writers: Vec<_> =
        (0..WRITERS).map(|n| tokio::spawn(write(Arc::clone(&world), n, privilege.clone()))).collect();
    let work = async {
        let mut committed = 0;
        for writer in writers {
            committed += writer.await.expect("the writer does not panic");
        }
        done.store(true, Ordering::SeqCst);
        (committed, reader.await.expect("the reader does not panic"))
    };
    let (committed, last_read) = tokio::time::timeout(LIMIT, work).await.expect("in time");

    // One command of each writer comes before those that are counted.
    assert_eq!(committed, (WRITERS * (1 + COMMANDS * 3 / 4)) as i64);
    assert_eq!(head(&world).await, before + committed);
    assert_eq!(last_read, before + committed);
    assert_eq!(world.count("change").await, world.count("event").await);
    let apart = "change full join event using (shard, entity_kind, entity_id, version)
                 where change.revision is null or event.kind is null";
    assert_eq!(world.count(apart).await, 0, "each change has its event, and each event its change");
}

async fn head(world: &World) -> i64 {
    world.store.head().await.unwrap().number
}

/// Registers somebody, then gives to new people and revokes again. Returns how many commands were committed.
async fn write(world: Arc<World>, writer: usize, privilege: PrivilegeUri) -> i64 {
    let (delegator, identifier) = world.person().await;
    let (mut committed, mut representative, mut delegation) = (1, delegator, None);
    for n in 0..COMMANDS {
        match n % 8 {
            3 => roll_back(&world, writer, n).await,
            7 => {
                let name = world.people.person().name;
                let taken = world.register(PartyKind::Person, None, vec![identifier.clone()], name).await;
                assert!(matches!(taken, Err(Error::Conflict(Conflict::Identifier))), "{taken:?}");
            }
            0 | 4 => representative = world.person().await.0,
            1 | 5 => {
                let gift = world.gift(delegator, representative, &privilege);
                delegation = Some(world.give(&gift).await.unwrap());
            }
            _ => {
                let delegation = delegation.take().expect("given before");
                world.revoke(&world.store, &delegation).await.unwrap();
            }
        }
        committed += i64::from(n % 4 != 3);
    }
    committed
}

/// What a command does, up to and including the feed head, and then not.
async fn roll_back(world: &World, writer: usize, n: usize) {
    let party = PartyId(world.ids.random_id()).0.as_u128();
    let mut transaction = world.database.pool.begin().await.unwrap();
    event(party, 1, &mut *transaction).await.unwrap();
    let revision = advance_feed(party, 1, &mut *transaction).await.unwrap();
    assert!(revision > 0, "writer {writer}, command {n}");
    transaction.rollback().await.unwrap();
}

/// Polls until the writers are done and everything is read. Returns the last revision.
async fn read(url: String, mut cursor: i64, done: Arc<AtomicBool>) -> i64 {
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let mut ordinal = 0;
    loop {
        // Asked before the poll: what was committed before the writers were done is seen by a poll that begins after.
        let is_last = done.load(Ordering::SeqCst);
        let changes: Vec<(i64, i16, bool)> = sqlx::query_as(
            "select c.revision, c.ordinal, e.version is not null
             from change c left join event e using (shard, entity_kind, entity_id, version)
             where c.shard = 0 and c.revision > $1 order by c.revision, c.ordinal",
        )
        .bind(cursor)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        for (revision, position, has_event) in changes {
            if revision == cursor {
                assert_eq!(position, ordinal + 1, "the changes of revision {revision} are dense");
            } else {
                assert_eq!((revision, position), (cursor + 1, 1), "the next revision");
            }
            assert!(has_event, "revision {revision} is seen with its event");
            (cursor, ordinal) = (revision, position);
        }
        if is_last {
            return cursor;
        }
        tokio::task::yield_now().await;
    }
}
