//! What was given on ends with what it is a part of, and by the word of everybody above; and there is no way round it.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    Delegation, DelegationEventKind, DelegationStatus, DenialReason, RevokeDelegationResponse,
    TerminationReason,
};
use fuldmagt_tests::world::{CHANGE, Registered, SEE, until_day, uris};
use fuldmagt_tests::{Refused, World};
use sqlx::AssertSqlSafe;
use tonic::{Code, Status};

/// From the first to the second, given on to the third and from there to the fourth; SEE and CHANGE all the way.
struct Chain {
    world: World,
    people: [Registered; 4],
    delegations: [Delegation; 3],
}

async fn chain() -> Chain {
    let world = World::with_catalogue().await;
    for privilege in [SEE, CHANGE] {
        world.let_give_on(privilege, 2).await;
    }
    let people = [world.person().await, world.person().await, world.person().await, world.person().await];
    let whole = world.give(&people[0], &people[1], &[SEE, CHANGE]).await;
    let part = world.give_on(&people[1], &whole, &people[2], &[SEE, CHANGE]).await;
    let deep = world.give_on(&people[2], &part, &people[3], &[SEE, CHANGE]).await;
    world.a_second_passes().await;
    Chain { world, people, delegations: [whole, part, deep] }
}

impl Chain {
    /// The three as the first delegator sees them.
    async fn seen(&self) -> [Delegation; 3] {
        let [whole, part, deep] = &self.delegations;
        let seen = async |delegation| self.world.see(&self.people[0], delegation).await.unwrap();
        [seen(whole).await, seen(part).await, seen(deep).await]
    }

    async fn statuses(&self) -> [DelegationStatus; 3] {
        self.seen().await.map(|delegation| delegation.status())
    }

    /// Whether each representative may act, by the privilege.
    async fn granted(&self, privilege: &str) -> [bool; 3] {
        let [from, representatives @ ..] = &self.people;
        let mut granted = [false; 3];
        for (granted, to) in granted.iter_mut().zip(representatives) {
            *granted = self.world.check(from, to, privilege).await.granted;
        }
        granted
    }

    /// How many changes the last revision has.
    async fn changes(&self) -> i64 {
        self.world.count("change where revision = (select revision from feed_head)").await
    }
}

use DelegationStatus::{Active, Expired, Renounced, Revoked, Superseded, Terminated};

#[tokio::test]
async fn whatever_ends_the_whole_ends_the_parts_at_the_same_revision() {
    for how in [Revoked, Renounced, Superseded] {
        let chain = chain().await;
        let (world, [from, to, ..], whole) = (&chain.world, &chain.people, &chain.delegations[0]);
        assert_eq!(chain.granted(SEE).await, [true; 3]);
        match how {
            Revoked => drop(world.revoke(from, whole).await.unwrap()),
            Renounced => drop(world.renounce(to, whole).await.unwrap()),
            _ => drop(world.replace(from, to, &[SEE, CHANGE]).await),
        }
        assert_eq!(chain.statuses().await, [how, Terminated, Terminated]);
        assert_eq!(chain.changes().await, if how == Superseded { 4 } else { 3 });
        assert_eq!(chain.granted(CHANGE).await, [how == Superseded, false, false]);
        let [_, part, deep] = chain.seen().await;
        for (ended, holder) in [(&part, &chain.people[2]), (&deep, &chain.people[3])] {
            assert_eq!(ended.termination_reason(), TerminationReason::ParentEnded);
            let last = world.history(holder, ended).await.pop().unwrap();
            assert_eq!(last.kind(), DelegationEventKind::Terminated);
            assert_eq!(last.termination_reason(), TerminationReason::ParentEnded);
            assert_eq!(world.check_denied(from, holder, SEE).await, DenialReason::Terminated);
        }
    }
}

#[tokio::test]
async fn what_is_taken_out_of_the_whole_is_taken_out_of_the_parts() {
    let chain = chain().await;
    let (world, [from, to, ..]) = (&chain.world, &chain.people);
    world.revoke_part(from, &chain.delegations[0], &[SEE]).await.unwrap();
    assert_eq!((chain.changes().await, chain.statuses().await), (3, [Active; 3]));
    for seen in chain.seen().await {
        assert_eq!((seen.privileges, seen.revoked_privileges), (uris(&[CHANGE]), uris(&[SEE])));
    }
    assert_eq!((chain.granted(SEE).await, chain.granted(CHANGE).await), ([false; 3], [true; 3]));
    // The rest of the part alone, and then of the whole: nothing is left beneath.
    world.a_second_passes().await;
    world.revoke_part(to, &chain.delegations[1], &[SEE, CHANGE]).await.unwrap();
    assert_eq!(chain.statuses().await, [Active, Revoked, Terminated]);
    assert_eq!(chain.granted(CHANGE).await, [true, false, false]);
}

#[tokio::test]
async fn a_part_that_keeps_nothing_ends() {
    let world = World::with_catalogue().await;
    world.let_give_on(SEE, 1).await;
    let (from, to, colleague) = (world.person().await, world.person().await, world.person().await);
    let whole = world.give(&from, &to, &[SEE, CHANGE]).await;
    let part = world.give_on(&to, &whole, &colleague, &[SEE]).await;
    world.a_second_passes().await;
    // Replaced by another way to have it.
    world.replace(&from, &to, &[SEE]).await;
    assert_eq!(world.see(&from, &whole).await.unwrap().status(), Active);
    assert_eq!(world.see(&colleague, &part).await.unwrap().status(), Terminated);
    assert!(!world.check(&from, &colleague, SEE).await.granted);
}

#[tokio::test]
async fn everybody_above_takes_a_part_back_and_nobody_beneath_or_beside_does() {
    for above in 0..3 {
        let chain = chain().await;
        let (world, people, deep) = (&chain.world, &chain.people, &chain.delegations[2]);
        let stranger = world.person().await;
        for user in [&people[3], &stranger] {
            let status = world.revoke(user, deep).await.unwrap_err();
            assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
        }
        world.revoke(&people[above], deep).await.unwrap();
        assert_eq!(chain.statuses().await, [Active, Active, Revoked]);
        let last = world.history(&people[3], deep).await.pop().unwrap();
        assert_eq!((&last.actor_id, &last.acting_for_id), (&people[above].id, &people[above].id));
        assert_eq!(chain.granted(SEE).await, [true, true, false]);
    }
}

#[tokio::test]
async fn who_is_beneath_does_not_take_back_what_is_above() {
    let chain = chain().await;
    let (world, people) = (&chain.world, &chain.people);
    for (user, delegation) in [(1, 0), (2, 0), (2, 1), (3, 1)] {
        let refused: Result<RevokeDelegationResponse, Status> =
            world.revoke(&people[user], &chain.delegations[delegation]).await;
        assert_eq!(
            Refused::of(&refused.unwrap_err()),
            Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND")
        );
    }
    assert_eq!(chain.granted(SEE).await, [true; 3]);
}

#[tokio::test]
async fn to_renounce_a_part_leaves_the_whole() {
    let chain = chain().await;
    let (world, people) = (&chain.world, &chain.people);
    world.renounce(&people[2], &chain.delegations[1]).await.unwrap();
    assert_eq!(chain.statuses().await, [Active, Renounced, Terminated]);
    assert_eq!(chain.granted(SEE).await, [true, false, false]);
    // The delegator and who gave it on hear of it.
    let told: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select receiver_id from notice_item where kind = 'renounced' order by receiver_id",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    let mut wanted: Vec<uuid::Uuid> =
        [&people[0], &people[1]].map(|person| person.id.parse().unwrap()).into();
    wanted.sort();
    assert_eq!(told, wanted);
    // There is room for another.
    world.give_on(&people[1], &chain.delegations[0], &people[3], &[SEE]).await;
    assert_eq!(chain.granted(SEE).await, [true, false, true]);
}

#[tokio::test]
async fn what_has_run_out_beneath_is_left_as_it_is() {
    let chain = chain().await;
    let (world, [from, to, ..]) = (&chain.world, &chain.people);
    let other = world.person().await;
    let request = fuldmagt_proto::v1::SubDelegateRequest {
        period: until_day("2026-06-16"),
        ..world.giving_on(to, &chain.delegations[0], &other, &[SEE])
    };
    let short = world.try_give_on(request).await.unwrap();
    world.advance(TimeDelta::days(2)).await;
    world.revoke(from, &chain.delegations[0]).await.unwrap();
    assert_eq!(chain.statuses().await, [Revoked, Terminated, Terminated]);
    let seen = world.see(&other, &short).await.unwrap();
    assert_eq!((seen.status(), seen.etag.as_str()), (Expired, "1"));
    assert_eq!(world.check_denied(from, &other, SEE).await, DenialReason::Expired);
}

#[tokio::test]
async fn the_whole_runs_out_with_its_parts() {
    let chain = chain().await;
    chain.world.advance(TimeDelta::days(31)).await;
    assert_eq!(chain.statuses().await, [Expired; 3]);
    assert_eq!(chain.granted(SEE).await, [false; 3]);
}

/// What the database says to a statement that must fail: the SQLSTATE and, where it has one, the constraint.
async fn refused(world: &World, statement: &str) -> (String, Option<String>) {
    let before = world.snapshot().await;
    let failed = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&world.database.pool).await;
    let error = failed.expect_err(statement);
    let error = error.as_database_error().expect("an error of the database");
    assert_eq!(world.snapshot().await, before, "{statement}");
    (error.code().expect("a code").into_owned(), error.constraint().map(str::to_owned))
}

#[tokio::test]
async fn the_database_has_no_circle_and_no_orphan_whoever_writes() {
    let chain = chain().await;
    let world = &chain.world;
    let [whole, part, deep] =
        chain.delegations.each_ref().map(|delegation| delegation.delegation_id.as_str());
    let [from, to, third, fourth] = chain.people.each_ref().map(|person| person.id.as_str());
    let stranger = world.person().await;
    let within = (String::from("23514"), Some("sub_delegation_within_parent".to_owned()));
    let insert = |delegator: &str, representative: &str, parent: &str, chain: &[&str], period: &str| {
        format!(
            "insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to,
                                     created_at, parent_id, depth, chain)
             select 0, gen_random_uuid(), '{delegator}', '{representative}', {period}, created_at, '{parent}', {}, '{{{}}}'
             from delegation where delegation_id = '{parent}'",
            chain.len(),
            chain.join(","),
        )
    };
    let same = "valid_from, valid_to";
    for statement in [
        // Back to somebody above, or to the one who gives on.
        insert(from, to, part, &[to, third], same),
        insert(from, third, part, &[to, third], same),
        // Of another delegator, with another chain, or not as deep.
        insert(&stranger.id, fourth, part, &[to, third], same),
        insert(from, &stranger.id, part, &[to, &stranger.id], same),
        insert(from, &stranger.id, part, &[to], same),
        // Beyond the parent's period.
        insert(from, &stranger.id, part, &[to, third], "valid_from - interval '1 second', valid_to"),
        insert(from, &stranger.id, part, &[to, third], "valid_from, valid_to + interval '1 second'"),
    ] {
        assert_eq!(refused(world, &statement).await, within, "{statement}");
    }
    let to_oneself = insert(from, from, part, &[to, third], same);
    assert_eq!(refused(world, &to_oneself).await.1.as_deref(), Some("not_to_oneself"));
    // A parent never changes: so nothing can be put beneath itself.
    for (child, parent) in [(whole, deep), (part, deep), (deep, whole), (whole, whole)] {
        let statement = format!("update delegation set parent_id = '{parent}', depth = depth + 1, chain = chain || representative_id
                                 where delegation_id = '{child}'");
        assert_eq!(refused(world, &statement).await.0, "23001", "{statement}");
    }
    let unbound = format!(
        "update delegation set parent_id = null, depth = 0, chain = '{{}}' where delegation_id = '{deep}'"
    );
    assert_eq!(refused(world, &unbound).await.0, "23001");
    // No part outlives the whole, nor any privilege of it.
    let noon = world.now();
    let end = |id: &str| {
        format!(
            "begin;
             update delegation set status = 'revoked', ended_at = '{noon}', version = version + 1 where delegation_id = '{id}';
             update delegation_privilege set ended_at = '{noon}', ended_as = 'revoked' where delegation_id = '{id}';
             commit"
        )
    };
    for parent in [whole, part] {
        assert_eq!(refused(world, &end(parent)).await.0, "23514");
    }
    let taken = format!(
        "update delegation_privilege set ended_at = '{noon}', ended_as = 'revoked' where delegation_id = '{part}'"
    );
    assert_eq!(refused(world, &taken).await.0, "23514");
    let wider = format!(
        "insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id,
                                           valid_from, valid_to, depth)
         select d.shard, d.delegation_id, p.privilege_id, d.delegator_id, d.representative_id, d.valid_from, d.valid_to,
                d.depth
         from delegation d, privilege p where d.delegation_id = '{deep}' and p.uri = 'urn:dk:example:indkomst:underskriv'"
    );
    assert_eq!(refused(world, &wider).await.0, "23514");
    // Nothing is given on from what has ended.
    world.sql(&end(deep)).await;
    let late = insert(from, &stranger.id, deep, &[to, third, fourth], same);
    assert_eq!(refused(world, &late).await, within);
}
