//! What a copy of the CPR register has happen, while others change the same parties.

use fuldmagt_proto::v1::CprEffects;
use fuldmagt_tests::World;
use fuldmagt_tests::world::SEE;
use sqlx::{AssertSqlSafe, Executor as _};

use super::register_effects::{DAYS, copy_of, effects, import, number, said};

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_registered_while_it_is_followed_is_found_by_the_next_look() {
    let world = World::with_catalogue().await;
    let (old, new, other) = (world.person().await, world.person().await, world.person().await);
    world.give(&old, &other, &[SEE]).await;
    // In the way of a merge at first, and not to be found by the number afterwards.
    let standing =
        |standing| format!("update party set standing = '{standing}' where party_id = '{}'", new.id);
    world.sql(&standing("ended")).await;
    let words = [said(&number(&old), "60", &number(&new)), said(&number(&new), "01", "")];
    let copy = import(&world, DAYS[0], &words).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { unresolved_count: 1, ..CprEffects::default() });
    world.sql(&standing("good")).await;
    let hide = "update identifier set blind_index = sha256(blind_index)";
    world.sql(&format!("create table kept as select * from identifier where party_id = '{}'", new.id)).await;
    world.sql(&format!("{hide} where kind = 'cpr' and party_id = '{}'", new.id)).await;
    // The command has been looked up then, and waits.
    let mut held = world.database.pool.begin().await.unwrap();
    held.execute("lock table idempotency in access exclusive mode").await.unwrap();
    world
        .sql(&format!("insert into register_effect (shard, party_id, merges) values (0, '{}', true)", old.id))
        .await;
    world.until_waiting(1).await;
    world
        .sql(
            "update identifier i set blind_index = k.blind_index from kept k
             where i.kind = 'cpr' and k.kind = 'cpr' and i.party_id = k.party_id",
        )
        .await;
    held.rollback().await.unwrap();
    let wanted = CprEffects { unresolved_count: 1, merged_count: 1, ..CprEffects::default() };
    assert_eq!(effects(&world, &copy).await, wanted);
    assert_eq!(world.known_by_number(&number(&old)).await.unwrap().party_id, new.id);
    assert!(world.check(&new, &other, SEE).await.granted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_gives_way_to_a_command_comes_after_it() {
    let world = World::with_catalogue().await;
    let (dead, other) = (world.person().await, world.person().await);
    world.give(&dead, &other, &[SEE]).await;
    import(&world, DAYS[0], &[said(&number(&dead), "01", "")]).await;
    let copy = copy_of(&world, DAYS[1], &[said(&number(&dead), "90", "")]);
    // As a merge by the register does: the party first, then the copy. It never gives way itself.
    let mut command = world.database.pool.begin().await.unwrap();
    command.execute("set local deadlock_timeout = '1min'").await.unwrap();
    let party = format!("select from party where party_id = '{}' for update", dead.id);
    command.execute(AssertSqlSafe(party)).await.unwrap();
    let sending = tokio::spawn({
        let (messages, feed) = (copy.messages.clone(), world.register_feed.clone());
        async move { feed.parties().import_cpr_snapshot(tokio_stream::iter(messages)).await }
    });
    world.until_waiting(1).await;
    command.execute("update cpr_snapshot set merged_count = 1 where state = 'current'").await.unwrap();
    command.commit().await.unwrap();
    sending.await.unwrap().unwrap();
    world.check_denied(&dead, &other, SEE).await;
    assert_eq!(effects(&world, &copy).await, CprEffects { ended_count: 1, ..CprEffects::default() });
    assert_eq!(world.count("cpr_snapshot where state = 'replaced' and merged_count = 1").await, 1);
}
