//! What a package holds, by its versions and by the table for look-ups: random versions, published for now and for
//! later, must always say the same.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::{
    package::PackageId,
    privilege::{AgeRange, PrivilegeUri},
    text::{Description, Title},
};
use fuldmagt_service::clock::IdSource as _;
use fuldmagt_store::{
    catalogue::Texts,
    package::{Change, NewVersion, Package},
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use super::rows::day;
use super::world::World;

const CASES: u32 = 48;
const PRIVILEGES: usize = 4;
/// Few, so that versions count from the same hour now and then.
const HOURS: i64 = 8;

/// A version as the generator plans it: hours since the one before, hours ahead, and what it holds.
type Planned = (i64, i64, BTreeSet<usize>);

/// A version as it was published.
struct Published {
    number: u32,
    at: DateTime<Utc>,
    holds: BTreeSet<usize>,
}

struct Stage {
    world: World,
    privileges: Vec<(i32, PrivilegeUri)>,
}

#[test]
fn what_a_package_holds_is_what_its_current_version_says_at_every_instant() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new());
    let holds = prop::collection::btree_set(0..PRIVILEGES, 1..=PRIVILEGES);
    let ahead = prop_oneof![2 => Just(0), 3 => 0..HOURS];
    let plan = prop::collection::vec((0..3i64, ahead, holds), 1..8);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let tried = TestRunner::new(config).run(&plan, |versions| {
        // Another package each time.
        let id = PackageId::parse(&format!("package-{}", stage.world.ids.random_id())).unwrap();
        runtime.block_on(stage.play(&id, &versions))
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
    runtime.block_on(stage.world.store.close());
}

impl Stage {
    async fn new() -> Self {
        let world = World::new().await;
        let mut privileges = Vec::new();
        for name in ["a", "b", "c", "d"] {
            let uri = world.publish(name).await;
            let number =
                sqlx::query_scalar("select privilege_id from privilege where uri = $1").bind(uri.as_str());
            privileges.push((number.fetch_one(&world.database.pool).await.unwrap(), uri));
        }
        Self { world, privileges }
    }

    async fn play(&self, id: &PackageId, versions: &[Planned]) -> TestCaseResult {
        self.put(id).await;
        let (mut now, mut published) = (day(0), Vec::new());
        for (n, (step, ahead, holds)) in (1..).zip(versions) {
            now += TimeDelta::hours(*step);
            let at = now + TimeDelta::hours(*ahead);
            self.publish(id, n, at, holds).await;
            published.push(Published { number: n, at, holds: holds.clone() });
            // The past is asked again too: it must not change.
            for hour in 0..=now.signed_duration_since(day(0)).num_hours() + HOURS {
                let asked = day(0) + TimeDelta::hours(hour);
                let current = current(&published, asked);
                let wanted = current.map(|version| version.holds.clone()).unwrap_or_default();
                prop_assert_eq!(self.held(id, asked).await, wanted, "at hour {} after version {}", hour, n);
            }
            let found = self.world.store.find_package(id, now, now).await.unwrap();
            let package = found.package.unwrap();
            prop_assert_eq!(
                package.current.map(|version| version.number),
                current(&published, now).map(|version| version.number)
            );
            prop_assert_eq!(package.upcoming.map(|version| version.number), next(&published, now));
        }
        Ok(())
    }

    async fn put(&self, id: &PackageId) {
        let package = Package {
            id: id.clone(),
            authority: self.world.authority.clone(),
            texts: Texts {
                title_da: Title::parse("Alt").unwrap(),
                title_en: Title::parse("All").unwrap(),
                description_da: Description::parse("Alt.").unwrap(),
                description_en: Description::parse("All.").unwrap(),
            },
            delegator_ages: AgeRange::ANY,
            hidden: None,
            current: None,
            upcoming: None,
            version: 1,
        };
        let command = self.world.command(self.world.ids.random_id());
        self.world.store.put_package(&package, Change::Put, b"answer", &command).await.unwrap();
    }

    async fn publish(&self, id: &PackageId, number: u32, at: DateTime<Utc>, holds: &BTreeSet<usize>) {
        let numbers: Vec<i32> = holds.iter().map(|n| self.privileges[*n].0).collect();
        let version = NewVersion {
            package: id,
            number,
            published_at: at,
            privileges: &numbers,
            package_version: i64::from(number) + 1,
        };
        let command = self.world.command(self.world.ids.random_id());
        self.world.store.publish_package_version(version, b"answer", &command).await.unwrap();
    }

    async fn held(&self, id: &PackageId, at: DateTime<Utc>) -> BTreeSet<usize> {
        let numbers: Vec<i32> = sqlx::query_scalar(
            "select privilege_id from package_privilege
             where shard = 0 and package_id = $1 and member_from <= $2 and (member_to is null or $2 < member_to)",
        )
        .bind(id.as_str())
        .bind(at)
        .fetch_all(&self.world.database.pool)
        .await
        .unwrap();
        let place = |number: &i32| self.privileges.iter().position(|(each, _)| each == number).unwrap();
        let held: BTreeSet<usize> = numbers.iter().map(place).collect();
        assert_eq!(held.len(), numbers.len(), "each once");
        held
    }
}

/// The definition: of those whose time has come, the one with the highest number.
fn current(published: &[Published], at: DateTime<Utc>) -> Option<&Published> {
    published.iter().filter(|version| version.at <= at).max_by_key(|version| version.number)
}

/// The version that is the current one at the first instant at which that changes.
fn next(published: &[Published], now: DateTime<Utc>) -> Option<u32> {
    let number = |at| current(published, at).map(|version| version.number);
    let mut times: Vec<_> = published.iter().map(|version| version.at).filter(|at| now < *at).collect();
    times.sort();
    times.into_iter().map(number).find(|then| *then != number(now)).flatten()
}
