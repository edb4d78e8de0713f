//! How often an operation goes to the database: counted on the wire.

use fuldmagt_domain::privilege::PrivilegeUri;
use fuldmagt_service::clock::IdSource as _;
use fuldmagt_store::{
    Store,
    delegation::{DesignationsQuestion, Employee},
    query::{Direction, ListQuestion, Question},
};
use fuldmagt_tests::postgres_proxy::PostgresProxy;

use super::world::World;

/// The store behind the proxy, with one connection, so that what is prepared once is prepared.
struct Counted<'a> {
    world: &'a World,
    store: Store,
    proxy: PostgresProxy,
}

impl<'a> Counted<'a> {
    async fn new(world: &'a World) -> Self {
        let proxy = PostgresProxy::before(&world.database.url).await;
        let store = world.store_at(&proxy.url, 1).await;
        Self { world, store, proxy }
    }

    /// Round trips of an operation once its statements are prepared: those of the second time.
    async fn turns<F: Future>(&self, mut operation: impl FnMut() -> F) -> usize {
        operation().await;
        let before = self.proxy.turns();
        operation().await;
        self.proxy.turns() - before
    }
}

#[tokio::test]
async fn a_check_of_one_question_or_a_thousand_takes_one_round_trip() {
    let world = World::new().await;
    let privilege = world.publish("trips").await;
    let ((from, delegator), (to, representative)) = (world.person().await, world.person().await);
    world.give(&world.gift(from, to, &privilege)).await.unwrap();
    let counted = Counted::new(&world).await;
    for questions in [1, 1_000] {
        let question = Question {
            delegator: delegator.clone(),
            representative: representative.clone(),
            privilege: privilege.clone(),
            p_number: None,
        };
        let questions = vec![question; questions];
        let check =
            || async { counted.store.check(&questions, &world.authority, world.usage()).await.unwrap() };
        assert_eq!(counted.turns(check).await, 1, "{} questions", questions.len());
    }
}

#[tokio::test]
async fn a_page_of_a_list_takes_one_round_trip() {
    let world = World::new().await;
    let privilege = world.publish("trips").await;
    let (from, subject) = world.person().await;
    world.give(&world.gift(from, world.person().await.0, &privilege)).await.unwrap();
    let counted = Counted::new(&world).await;
    for direction in [Direction::Representatives, Direction::Delegators] {
        let question = ListQuestion {
            direction,
            subject: &subject,
            privileges: &[],
            authority: &world.authority,
            at: world.now(),
            page_size: 100,
            after: None,
        };
        let list = || async { counted.store.list(&question, world.usage()).await.unwrap() };
        assert_eq!(counted.turns(list).await, 1, "{direction:?}");
    }
}

#[tokio::test]
async fn to_show_a_delegation_takes_one_round_trip() {
    let world = World::new().await;
    let privilege = world.publish("trips").await;
    let from = world.person().await.0;
    let delegation = world.give(&world.gift(from, world.person().await.0, &privilege)).await.unwrap();
    let counted = Counted::new(&world).await;
    let usage = fuldmagt_store::usage::Usage { actor: Some(from), ..world.usage() };
    let show = || async {
        // Another entry for each look.
        let usage = fuldmagt_store::usage::Usage { entry_id: world.usage().entry_id, ..usage };
        let visible = counted.store.delegation_for(delegation.id, usage).await.unwrap();
        assert!(visible.shown.is_some());
    };
    assert_eq!(counted.turns(show).await, 1);
}

#[tokio::test]
async fn to_give_a_delegation_takes_three_round_trips() {
    let world = World::new().await;
    let privileges: [PrivilegeUri; 2] = [world.publish("one").await, world.publish("two").await];
    let from = world.person().await.0;
    let mut gifts = Vec::new();
    for _ in 0..2 {
        let mut gift = world.gift(from, world.person().await.0, &privileges[0]);
        gift.privileges = privileges.to_vec();
        gift.message = Some(world.people.message());
        gifts.push(gift);
    }
    let counted = Counted::new(&world).await;
    let give = || {
        let (gift, request_id) = (gifts.pop().expect("one each time"), world.ids.random_id());
        let (world, store) = (counted.world, &counted.store);
        async move { world.give_as(store, &gift, request_id).await.unwrap() }
    };
    assert_eq!(counted.turns(give).await, 3);
}

#[tokio::test]
async fn to_give_and_to_check_what_follows_a_package_takes_as_many() {
    let world = World::new().await;
    let privilege = world.publish("trips").await;
    let package = world.package("all", &privilege).await;
    let (from, delegator) = world.person().await;
    let mut representatives = Vec::new();
    for _ in 0..2 {
        representatives.push(world.person().await);
    }
    let representative = representatives[0].1.clone();
    let counted = Counted::new(&world).await;
    let give = || {
        let to = representatives.pop().expect("one each time").0;
        let mut gift = world.gift(from, to, &privilege);
        (gift.privileges, gift.packages) = (Vec::new(), vec![package.clone()]);
        let (request_id, store, world) = (world.ids.random_id(), &counted.store, &world);
        async move { world.give_as(store, &gift, request_id).await.unwrap() }
    };
    assert_eq!(counted.turns(give).await, 3);
    let question = Question { delegator, representative, privilege: privilege.clone(), p_number: None };
    let check = || async {
        let question = std::slice::from_ref(&question);
        counted.store.check(question, &world.authority, world.usage()).await.unwrap()
    };
    assert_eq!(counted.turns(check).await, 1);
}

#[tokio::test]
async fn to_revoke_a_delegation_takes_three_round_trips() {
    let world = World::new().await;
    let privilege = world.publish("trips").await;
    let from = world.person().await.0;
    let mut delegations = Vec::new();
    for _ in 0..2 {
        delegations.push(world.give(&world.gift(from, world.person().await.0, &privilege)).await.unwrap());
    }
    let counted = Counted::new(&world).await;
    let revoke = || {
        let delegation = delegations.pop().expect("one each time");
        let (world, store) = (counted.world, &counted.store);
        async move { world.revoke(store, &delegation).await.unwrap() }
    };
    assert_eq!(counted.turns(revoke).await, 3);
}

#[tokio::test]
async fn what_a_designation_is_decided_from_and_a_page_of_them_take_one_round_trip_each() {
    let world = World::new().await;
    let privilege = world.publish("trips").await;
    let (from, named) = world.person().await;
    let delegation = world.give(&world.gift(from, world.person().await.0, &privilege)).await.unwrap();
    let counted = Counted::new(&world).await;
    let employee = Employee::By(named);
    let facts = || async {
        let facts = counted.store.designation_facts(from, delegation.id, &employee, None).await.unwrap();
        assert!(facts.delegation.is_some());
    };
    assert_eq!(counted.turns(facts).await, 1);
    let question =
        DesignationsQuestion { delegation: delegation.id, at: world.now(), page_size: 100, after: None };
    let list = || async {
        let usage = fuldmagt_store::usage::Usage { actor: Some(from), ..world.usage() };
        assert!(counted.store.designations(question, usage).await.unwrap().visible);
    };
    assert_eq!(counted.turns(list).await, 1);
}
