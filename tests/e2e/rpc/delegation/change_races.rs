//! Changes that race for the same delegation, each on a connection of its own: they happen one after the other, in one
//! order or the other, and whoever comes too late is told why, or that it is so already.

use std::future::Future;
use std::sync::Arc;

use chrono::TimeDelta;
use fuldmagt_proto::v1::{CreateDelegationRequest, Delegation, DelegationStatus, Period};
use fuldmagt_tests::world::{CHANGE, Registered, SEE, SIGN, rounds, until_day};
use fuldmagt_tests::{Refused, World};
use tokio::task::JoinSet;
use tonic::{Code, Status};

/// How many pairs of parties race beside each other, and how often each in an ordinary run; `FULDMAGT_RACE_ROUNDS` says
/// how often in another.
const LANES: usize = 6;
const ROUNDS: usize = 12;

/// A service with as many connections as there are racers.
async fn world() -> Arc<World> {
    let world = World::with(&[("database.max_connections", "16")]).await;
    world.catalogue().await;
    for privilege in [SEE, CHANGE] {
        world.let_give_on(privilege, 1).await;
    }
    Arc::new(world)
}

/// Three people who have nothing to do with those of another lane.
#[derive(Clone)]
struct Lane {
    world: Arc<World>,
    from: Registered,
    to: Registered,
    third: Registered,
}

/// Runs the rounds in each lane, and looks at everything that is left of them.
async fn race<F: Future<Output = ()> + Send + 'static>(round: fn(Lane) -> F) {
    let world = world().await;
    let mut lanes = JoinSet::new();
    for _ in 0..LANES {
        let lane = Lane {
            from: world.person().await,
            to: world.person().await,
            third: world.person().await,
            world: Arc::clone(&world),
        };
        lanes.spawn(async move {
            for _ in 0..rounds(ROUNDS) {
                // Of this lane and of others: no two commands are at the same instant for long.
                lane.world.clock.advance(TimeDelta::microseconds(7));
                round(lane.clone()).await;
            }
            lane
        });
    }
    while let Some(lane) = lanes.join_next().await {
        let lane = lane.expect("a lane does not panic");
        for to in [&lane.to, &lane.third] {
            for privilege in [SEE, CHANGE] {
                world.assert_never_twice_and_no_gap(&lane.from, to, privilege).await;
            }
        }
    }
    world.assert_nothing_hangs_loose().await;
}

/// Why it was refused; no other than these.
#[track_caller]
fn reason(status: &Status, reasons: &[&str]) {
    let refused = Refused::of(status);
    assert!(reasons.contains(&refused.reason.as_str()), "{refused:?}");
    assert_eq!(refused.code, Code::FailedPrecondition);
}

fn later() -> Option<Period> {
    until_day("2026-08-10")
}

impl Lane {
    /// SEE and CHANGE, and nothing else, from the first to the second.
    async fn given(&self) -> Delegation {
        self.world.revoke_all(&self.from, &self.to).await.expect("it is revoked");
        self.world.revoke_all(&self.from, &self.third).await.expect("it is revoked");
        self.world.give(&self.from, &self.to, &[SEE, CHANGE]).await
    }

    async fn status(&self, delegation: &Delegation) -> DelegationStatus {
        self.world.see(&self.from, delegation).await.expect("the delegator's own").status()
    }

    /// The delegation that a check says yes by, if it does.
    async fn granted(&self, to: &Registered, privilege: &str) -> Option<String> {
        let decision = self.world.check(&self.from, to, privilege).await;
        decision.granted.then_some(decision.delegation_id)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_and_a_renewal() {
    race(|lane| async move {
        let old = lane.given().await;
        let (revoked, renewed) = tokio::join!(
            lane.world.revoke(&lane.from, &old),
            lane.world.try_renew(lane.world.renewing(&lane.from, &old, later()))
        );
        // Too late to revoke is a success too: the old one has ended.
        let revoked = revoked.expect("never refused").delegation.expect("the old one").status();
        match renewed {
            Ok(new) => {
                assert_eq!(
                    (revoked, lane.status(&old).await),
                    (DelegationStatus::Superseded, DelegationStatus::Superseded)
                );
                assert_eq!(lane.granted(&lane.to, SEE).await, Some(new.delegation_id));
            }
            Err(status) => {
                reason(&status, &["DELEGATION_ENDED"]);
                assert_eq!((revoked, lane.granted(&lane.to, SEE).await), (DelegationStatus::Revoked, None));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_replacements_and_a_renewal() {
    race(|lane| async move {
        let old = lane.given().await;
        let replacing = || CreateDelegationRequest {
            replace_existing: true,
            ..lane.world.giving(&lane.from, &lane.to, &[SEE, CHANGE])
        };
        let (a, b, c, renewed) = tokio::join!(
            lane.world.try_give(replacing()),
            lane.world.try_give(replacing()),
            lane.world.try_give(replacing()),
            lane.world.try_renew(lane.world.renewing(&lane.from, &old, later()))
        );
        let mut all = Vec::new();
        for given in [a, b, c] {
            match given {
                Ok(given) => all.push(given.delegation.expect("a delegation")),
                // What was signed names what it replaces, and another was faster.
                Err(status) => reason(&status, &["SIGNED_TEXT_MISMATCH", "DELEGATION_OVERLAPS"]),
            }
        }
        match renewed {
            Ok(new) => all.push(new),
            Err(status) => reason(&status, &["DELEGATION_ENDED", "SIGNED_TEXT_MISMATCH"]),
        }
        assert!(!all.is_empty(), "one of them is first");
        // Each took the place of another one, and one is left.
        let mut replaced: Vec<_> = all.iter().flat_map(|new| new.supersedes.clone()).collect();
        replaced.sort();
        replaced.dedup();
        assert_eq!(replaced.len(), all.len());
        let left: Vec<_> = all.iter().filter(|new| !replaced.contains(&new.delegation_id)).collect();
        assert_eq!(left.len(), 1);
        assert_eq!(lane.granted(&lane.to, SEE).await.as_ref(), Some(&left[0].delegation_id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn giving_on_and_whatever_ends_the_whole() {
    race(|lane| async move {
        let whole = lane.given().await;
        let ending = async {
            match whole.delegation_id.bytes().last().map_or(0, |last| last % 4) {
                0 => drop(lane.world.revoke(&lane.from, &whole).await.expect("it is revoked")),
                1 => drop(lane.world.renounce(&lane.to, &whole).await.expect("it is renounced")),
                2 => drop(lane.world.replace(&lane.from, &lane.to, &[SEE, CHANGE]).await),
                _ => drop(lane.world.revoke_all(&lane.from, &lane.to).await.expect("all is revoked")),
            }
        };
        let giving_on = lane.world.giving_on(&lane.to, &whole, &lane.third, &[SEE]);
        let ((), given_on) = tokio::join!(ending, lane.world.try_give_on(giving_on));
        match given_on {
            Ok(part) => assert_eq!(lane.status(&part).await, DelegationStatus::Terminated),
            Err(status) => reason(&status, &["DELEGATION_NOT_IN_FORCE"]),
        }
        assert_eq!(lane.granted(&lane.third, SEE).await, None, "no orphan");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn giving_a_privilege_on_and_taking_it_out() {
    race(|lane| async move {
        let whole = lane.given().await;
        let giving_on = lane.world.giving_on(&lane.to, &whole, &lane.third, &[SEE, CHANGE]);
        let (taken, given_on) = tokio::join!(
            lane.world.revoke_part(&lane.from, &whole, &[SEE]),
            lane.world.try_give_on(giving_on)
        );
        assert_eq!(taken.expect("it is taken out").privileges, [CHANGE]);
        match given_on {
            Ok(part) => {
                assert_eq!(lane.world.see(&lane.from, &part).await.expect("a part").privileges, [CHANGE]);
                assert_eq!(lane.granted(&lane.third, CHANGE).await, Some(part.delegation_id));
            }
            Err(status) => {
                assert_eq!(Refused::of(&status), Refused::field("privileges[0]", "PRIVILEGE_NOT_DELEGATED"));
            }
        }
        assert_eq!(lane.granted(&lane.third, SEE).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revoking_all_and_giving_more() {
    race(|lane| async move {
        // Every other time there is nothing at first.
        let whole = lane.given().await;
        if whole.delegation_id.bytes().last().is_some_and(|last| last % 2 == 0) {
            lane.world.revoke(&lane.from, &whole).await.expect("it is revoked");
        }
        let (all, given) = tokio::join!(
            lane.world.revoke_all(&lane.from, &lane.to),
            lane.world.try_give(lane.world.giving(&lane.from, &lane.to, &[SIGN]))
        );
        let (all, given) = (all.expect("it is revoked"), given.expect("it is given"));
        let more = given.delegation.expect("a delegation");
        let is_listed = all.delegations.iter().any(|ended| ended.delegation_id == more.delegation_id);
        let lives = lane.granted(&lane.to, SIGN).await == Some(more.delegation_id.clone());
        assert_eq!(is_listed, !lives, "it came before all was revoked, or after");
        assert_eq!(lane.granted(&lane.to, SEE).await, None);
        let revision_of = async |kind: &str| {
            let sql =
                "select max(revision) from change join event using (shard, entity_kind, entity_id, version)
                       where entity_id = $1 and kind = $2";
            let query = sqlx::query_scalar::<_, Option<i64>>(sql).bind(&more.delegation_id).bind(kind);
            query.fetch_one(&lane.world.database.pool).await.expect("a revision")
        };
        let (created, revoked) = (revision_of("created").await, revision_of("revoked").await);
        assert_eq!(revoked.is_some(), !lives);
        assert!(revoked.is_none() || created < revoked);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_a_renunciation_and_taking_out() {
    race(|lane| async move {
        let given = lane.given().await;
        let (revoked, renounced, taken) = tokio::join!(
            lane.world.revoke(&lane.from, &given),
            lane.world.renounce(&lane.to, &given),
            lane.world.revoke_part(&lane.from, &given, &[CHANGE])
        );
        let revoked = revoked.expect("never refused").delegation.expect("a delegation");
        let renounced = renounced.expect("never refused").delegation.expect("a delegation");
        assert_eq!(revoked.status(), renounced.status(), "who came first is told to both");
        assert!(taken.expect("never refused").etag.parse::<u8>().expect("a version") >= 2);
        assert_eq!(lane.status(&given).await, revoked.status());
        for privilege in [SEE, CHANGE] {
            assert_eq!(lane.granted(&lane.to, privilege).await, None);
        }
    })
    .await;
}
