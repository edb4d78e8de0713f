//! `PartyService.MergeParties` at the same time as other commands about the same parties: each comes before, and is moved, or
//! after, and is told so. Nothing is lost, doubled or left behind.

use std::time::Duration;

use fuldmagt_proto::v1::{Delegation, DelegationStatus, LinkIdentifierRequest};
use fuldmagt_service::rpc::to_proto;
use fuldmagt_tests::World;
use fuldmagt_tests::refusal::Refused;
use fuldmagt_tests::world::{CHANGE, HeadStart, Registered, SEE, asking, rounds};
use tonic::{Code, Status};

/// Of each race: enough for every order of the two to happen many times.
const ROUNDS: usize = 100;
/// Many times what a round takes; ends a test that hangs.
const LIMIT: Duration = Duration::from_secs(60);

async fn race(mut round: impl AsyncFnMut()) {
    for _ in 0..rounds(ROUNDS) {
        tokio::time::timeout(LIMIT, round()).await.expect("in time");
    }
}

/// Whether the authority is told yes, by the identifiers that the absorbed party had.
async fn granted(world: &World, from: &Registered, to: &Registered, privilege: &str) -> bool {
    let answer = world.authority.query().check_delegation(asking(from, to, privilege)).await.unwrap();
    answer.into_inner().decision.unwrap().granted
}

#[track_caller]
fn assert_merged(status: &Status) {
    assert_eq!(Refused::of(status), Refused::because(Code::FailedPrecondition, "PARTY_MERGED"));
}

/// Nothing that can be used names a party that is no longer one, and every grant is its delegation's.
pub(super) async fn assert_nothing_left_behind(world: &World) {
    for left in [
        "delegation d join party p on p.party_id in (d.delegator_id, d.representative_id) where p.merged_into is not null",
        "delegation d join party p on p.party_id = any (d.chain) where p.merged_into is not null",
        "delegation d join party p on p.party_id = d.message_by where p.merged_into is not null",
        "identifier i join party p using (party_id) where p.merged_into is not null",
        "notice_item n join party p on p.party_id = n.receiver_id
         where p.merged_into is not null and n.cancelled_at is null and n.acknowledged_at is null",
        "delegation_privilege g join delegation d using (delegation_id)
         where (g.delegator_id, g.representative_id) <> (d.delegator_id, d.representative_id)",
        "change full join event using (shard, entity_kind, entity_id, version)
         where (change.revision is null or event.kind is null) and coalesce(event.client_id, '') <> 'test'",
        "(select revision, lag(revision) over (order by revision) as before
          from (select distinct revision from change) r) c where c.revision <> c.before + 1",
    ] {
        assert_eq!(world.count(left).await, 0, "{left}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_gift_to_the_absorbed_party_is_moved_or_refused() {
    let world = World::with_catalogue().await;
    let from = world.person().await;
    let (mut before, mut after, mut head_start) = (0, 0, HeadStart::default());
    race(async || {
        let (survivor, absorbed) = world.one_person_twice().await;
        let gift = world.giving(&from, &absorbed, &[SEE]);
        let merge = world.try_merge(&survivor, &absorbed);
        let (given, merged) = head_start.race(world.try_give(gift), merge).await;
        head_start.won(given.is_ok());
        let merged = merged.unwrap();
        match given {
            Ok(given) => {
                before += 1;
                let given = given.delegation.unwrap();
                assert_eq!(merged.moved_delegation_ids, std::slice::from_ref(&given.delegation_id));
                assert_eq!(world.see(&from, &given).await.unwrap().representative_id, survivor.id);
                assert!(granted(&world, &from, &absorbed, SEE).await);
                assert!(granted(&world, &from, &survivor, SEE).await);
            }
            Err(status) => {
                after += 1;
                assert_merged(&status);
                assert_eq!(merged.moved_delegation_ids.len(), 0);
            }
        }
    })
    .await;
    assert!(before > 0 && after > 0, "{before} before, {after} after");
    assert_nothing_left_behind(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_gift_to_the_survivor_never_stands_beside_the_same_that_was_moved() {
    let world = World::with_catalogue().await;
    race(async || {
        let (from, (survivor, absorbed)) = (world.person().await, world.one_person_twice().await);
        let held = world.give(&from, &absorbed, &[SEE, CHANGE]).await;
        let gift = world.giving(&from, &survivor, &[SEE]);
        let (given, merged) = tokio::join!(world.try_give(gift), world.try_merge(&survivor, &absorbed));
        let merged = merged.unwrap();
        match given {
            // Both end alike, and what was held before is older.
            Ok(given) => {
                assert_eq!(merged.duplicate_delegation_ids, [given.delegation.unwrap().delegation_id]);
            }
            Err(status) => {
                let refused = Refused::because(Code::AlreadyExists, "DELEGATION_OVERLAPS");
                assert_eq!(Refused::of(&status), refused);
                assert_eq!(merged.duplicate_delegation_ids.len(), 0);
            }
        }
        assert_eq!(merged.moved_delegation_ids, [held.delegation_id]);
        assert!(granted(&world, &from, &survivor, SEE).await);
        let standing =
            format!("delegation_privilege where ended_at is null and delegator_id = '{}'", from.id);
        assert_eq!(world.count(&standing).await, 2);
    })
    .await;
    assert_nothing_left_behind(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_is_never_lost_in_a_merge() {
    let world = World::with_catalogue().await;
    let (from, mut head_start) = (world.person().await, HeadStart::default());
    race(async || {
        let (survivor, absorbed) = world.one_person_twice().await;
        let given = world.give(&from, &absorbed, &[SEE]).await;
        let (revoked, merged) =
            head_start.race(world.revoke(&from, &given), world.try_merge(&survivor, &absorbed)).await;
        let revoked = revoked.unwrap().delegation.unwrap();
        head_start.won(revoked.representative_id == absorbed.id);
        // Both always succeed, in either order; the history tells in which.
        assert_eq!(merged.unwrap().moved_delegation_ids, std::slice::from_ref(&given.delegation_id));
        assert!(!granted(&world, &from, &absorbed, SEE).await);
        assert_eq!(world.event_kinds(&from, &given).await.len(), 3);
    })
    .await;
    assert_nothing_left_behind(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_accepted_request_is_moved_or_accepted_for_the_survivor() {
    let world = World::with_catalogue().await;
    let (from, mut head_start) = (world.person().await, HeadStart::default());
    race(async || {
        let (survivor, absorbed) = world.one_person_twice().await;
        let request = world.request(&absorbed, &from, &[SEE]).await;
        let accept = world.try_accept(world.accepting(&from, &request));
        let merge = world.try_merge(&survivor, &absorbed);
        let (accepted, merged) = head_start.race(accept, merge).await;
        head_start.won(accepted.is_ok());
        assert_eq!(merged.unwrap().moved_delegation_ids, std::slice::from_ref(&request.delegation_id));
        match accepted {
            Ok(_) => {
                let seen = world.see(&from, &request).await.unwrap();
                assert_eq!(
                    (seen.status(), &seen.representative_id),
                    (DelegationStatus::Active, &survivor.id)
                );
                assert!(granted(&world, &from, &absorbed, SEE).await);
            }
            // The etag that it was accepted by is that of before.
            Err(status) => {
                assert_eq!(Refused::of(&status), Refused::because(Code::Aborted, "ETAG_MISMATCH"));
                let seen = world.see(&from, &request).await.unwrap();
                assert_eq!(
                    (seen.status(), &seen.representative_id),
                    (DelegationStatus::Requested, &survivor.id)
                );
                world.accept(&from, &seen).await;
                assert!(granted(&world, &from, &absorbed, SEE).await);
            }
        }
    })
    .await;
    assert_nothing_left_behind(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_given_on_below_the_absorbed_party_has_the_survivor_above_it() {
    let world = World::with_catalogue().await;
    world.let_give_on(SEE, 3).await;
    let (from, middle) = (world.person().await, world.person().await);
    race(async || {
        let ((survivor, absorbed), last) = (world.one_person_twice().await, world.person().await);
        let top = world.give(&from, &absorbed, &[SEE]).await;
        let second = world.give_on(&absorbed, &top, &middle, &[SEE]).await;
        // The command names neither of the two.
        let give_on = world.try_give_on(world.giving_on(&middle, &second, &last, &[SEE]));
        let merge = world.try_merge(&survivor, &absorbed);
        let (given, merged) = tokio::join!(give_on, merge);
        assert_eq!(merged.unwrap().moved_delegation_ids, [top.delegation_id]);
        given.expect("either way it can be given on");
        assert!(world.check(&from, &last, SEE).await.granted);
        world.revoke(&from, &second).await.unwrap();
    })
    .await;
    assert_nothing_left_behind(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_identifier_that_is_linked_meanwhile_names_the_survivor_or_nobody() {
    let world = World::with_catalogue().await;
    race(async || {
        let (survivor, absorbed) = world.one_person_twice().await;
        let further = to_proto::identifier(&world.people.person().identifiers()[1]);
        let link = LinkIdentifierRequest {
            request_id: world.request_id(),
            party_id: absorbed.id.clone(),
            identifier: Some(further.clone()),
            etag: String::new(),
        };
        let mut parties = world.front_end.parties();
        let (linked, merged) =
            tokio::join!(parties.link_identifier(link), world.try_merge(&survivor, &absorbed));
        let moved = merged.unwrap().moved_identifier_count;
        match linked {
            Ok(_) => assert_eq!(moved, 3),
            Err(status) => {
                assert_merged(&status);
                assert_eq!(moved, 2);
            }
        }
    })
    .await;
    assert_nothing_left_behind(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_merges_of_one_party_at_once_have_one_winner() {
    let world = World::with_catalogue().await;
    let from = world.person().await;
    race(async || {
        let (first, absorbed) = world.one_person_twice().await;
        let second = world.one_person_twice().await.0;
        let given: Delegation = world.give(&from, &absorbed, &[SEE]).await;
        let (one, other) =
            tokio::join!(world.try_merge(&first, &absorbed), world.try_merge(&second, &absorbed));
        let (won, lost) = match (one, other) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            both => panic!("one wins: {both:?}"),
        };
        assert_merged(&lost);
        assert_eq!(won.moved_delegation_ids, std::slice::from_ref(&given.delegation_id));
        let winner = won.party.unwrap().party_id;
        assert_eq!(world.see(&from, &given).await.unwrap().representative_id, winner);
    })
    .await;
    assert_nothing_left_behind(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_parties_merged_into_each_other_at_once_are_one() {
    let world = World::with_catalogue().await;
    let from = world.person().await;
    race(async || {
        let (one, other) = world.one_person_twice().await;
        let given = world.give(&from, &one, &[SEE]).await;
        let same = world.give(&from, &other, &[SEE]).await;
        let (first, second) = tokio::join!(world.try_merge(&one, &other), world.try_merge(&other, &one));
        let (won, lost) = match (first, second) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            both => panic!("one wins: {both:?}"),
        };
        assert_merged(&lost);
        // Both end alike: the older lives on, whoever remains.
        assert_eq!(won.duplicate_delegation_ids, [same.delegation_id]);
        let by = world.check(&from, &one, SEE).await;
        assert_eq!((by.granted, by.delegation_id), (true, given.delegation_id));
    })
    .await;
    assert_nothing_left_behind(&world).await;
}
