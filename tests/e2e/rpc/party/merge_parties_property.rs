//! Links, merges, gifts and revocations at random and at once: whatever the order was, nothing is lost and nothing is there
//! twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use fuldmagt_domain::identifier::Identifier;
use fuldmagt_proto::v1::{
    BatchCheckDelegationsRequest, BatchCheckItem, CreateDelegationRequest, Delegation, DelegationStatus,
    LinkIdentifierRequest, MergePartiesResponse, ResolvePartyRequest, TerminationReason,
};
use fuldmagt_service::rpc::to_proto;
use fuldmagt_tests::World;
use fuldmagt_tests::refusal::Refused;
use fuldmagt_tests::world::{CHANGE, PURPOSE, Registered, SEE, all, instants};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};
use tonic::Status;

use super::merge_parties_at_once::assert_nothing_left_behind;

const CASES: u32 = 32;
/// Smaller plans are tried as long as that finds any; bounded, because what goes wrong at once may not go wrong again.
const MAX_SHRINK_STEPS: u32 = 200;
/// Two persons in three parties each: by CPR number, by PID, by UUID.
const PARTIES: usize = 6;
/// Further identifiers that nobody has yet.
const SPARE: usize = 3;
const PRIVILEGES: [&str; 2] = [SEE, CHANGE];

#[derive(Clone, Debug)]
enum Command {
    Link {
        party: usize,
        spare: usize,
    },
    Merge {
        survivor: usize,
        absorbed: usize,
    },
    Give {
        from: usize,
        to: usize,
        privileges: Vec<usize>,
        days: (i64, i64),
    },
    /// Of those that are given so far.
    Revoke {
        given: usize,
    },
}

impl Command {
    fn any() -> impl Strategy<Value = Self> {
        let privileges = prop::sample::subsequence(vec![0, 1], 1..=2);
        // Who has a CPR number can give: parties 0 and 3, until others learn theirs.
        let from = prop_oneof![3 => Just(0), 3 => Just(3), 1 => 0..PARTIES];
        prop_oneof![
            1 => (0..PARTIES, 0..SPARE).prop_map(|(party, spare)| Self::Link { party, spare }),
            3 => (0..PARTIES, 0..PARTIES).prop_map(|(survivor, absorbed)| Self::Merge { survivor, absorbed }),
            5 => (from, 0..PARTIES, privileges, (0..3i64, 1..4i64)).prop_map(
                |(from, to, privileges, (start, length))| {
                    Self::Give { from, to, privileges, days: (start, start + length) }
                }
            ),
            1 => (0..8usize).prop_map(|given| Self::Revoke { given }),
        ]
    }
}

/// Groups of commands: those of one group are sent at once.
fn any_plan() -> impl Strategy<Value = Vec<Vec<Command>>> {
    prop::collection::vec(prop::collection::vec(Command::any(), 1..5), 1..6)
}

/// What the commands of a plan were answered.
#[derive(Default)]
struct Answered {
    /// With the numbers of the parties.
    given: Vec<(Delegation, usize, usize)>,
    revoked: BTreeSet<String>,
    merged: Vec<(usize, usize, MergePartiesResponse)>,
    /// The identifiers of each party, by number.
    named: Vec<Vec<Identifier>>,
}

impl Answered {
    /// The party that remains of one, by its number.
    fn remaining(&self, party: usize) -> usize {
        let into = self.merged.iter().find(|(_, absorbed, _)| *absorbed == party);
        into.map_or(party, |(survivor, ..)| self.remaining(*survivor))
    }
}

#[allow(clippy::large_enum_variant, reason = "a handful of them in a test")]
enum Outcome {
    Linked(usize, usize),
    Merged(usize, usize, MergePartiesResponse),
    Given(Delegation, usize, usize),
    Revoked(String),
    Refused(Refused),
}

struct Play<'a> {
    world: &'a World,
    parties: Vec<Registered>,
    spare: Vec<Identifier>,
}

impl<'a> Play<'a> {
    async fn new(world: &'a World) -> (Self, Answered) {
        let (mut parties, mut answered) = (Vec::new(), Answered::default());
        for person in [world.people.person(), world.people.person()] {
            for identifier in all(&person) {
                parties.push(world.known_by(std::slice::from_ref(&identifier), "").await);
                answered.named.push(vec![identifier]);
            }
        }
        let spare = (0..SPARE).map(|_| world.people.person().identifiers()[2].clone()).collect();
        (Self { world, parties, spare }, answered)
    }

    async fn send(&self, command: &Command, answered: &Answered) -> Outcome {
        let (world, parties) = (self.world, &self.parties);
        let sent = match command {
            Command::Link { party, spare } => {
                let request = LinkIdentifierRequest {
                    request_id: world.request_id(),
                    party_id: parties[*party].id.clone(),
                    identifier: Some(to_proto::identifier(&self.spare[*spare])),
                    etag: String::new(),
                };
                let linked = world.front_end.reconnected().parties().link_identifier(request).await;
                linked.map(|_| Outcome::Linked(*party, *spare))
            }
            Command::Merge { survivor, absorbed } => {
                let merged = world.try_merge(&parties[*survivor], &parties[*absorbed]).await;
                merged.map(|answer| Outcome::Merged(*survivor, *absorbed, answer))
            }
            Command::Give { from, to, privileges, days } => {
                let privileges: Vec<_> = privileges.iter().map(|number| PRIVILEGES[*number]).collect();
                let at = |days| world.now() + TimeDelta::days(days);
                let request = CreateDelegationRequest {
                    period: instants(at(days.0), at(days.1)),
                    ..world.giving(&parties[*from], &parties[*to], &privileges)
                };
                let given = world.try_give(request).await;
                given.map(|answer| Outcome::Given(answer.delegation.unwrap(), *from, *to))
            }
            Command::Revoke { given } => {
                let Some((delegation, from, _)) = answered.given.get(*given) else {
                    return Outcome::Refused(Refused::because(tonic::Code::NotFound, "DELEGATION_NOT_FOUND"));
                };
                let revoked = world.revoke(&parties[answered.remaining(*from)], delegation).await;
                revoked.map(|_| Outcome::Revoked(delegation.delegation_id.clone()))
            }
        };
        sent.unwrap_or_else(|status: Status| Outcome::Refused(Refused::of(&status)))
    }

    async fn play(&self, plan: &[Vec<Command>], answered: &mut Answered) -> TestCaseResult {
        for group in plan {
            let known = &*answered;
            let sent: Vec<_> = group.iter().map(|command| self.send(command, known)).collect();
            for outcome in all_at_once(sent).await {
                match outcome {
                    Outcome::Linked(party, spare) => {
                        let identifier = self.spare[spare].clone();
                        // Linking what is linked succeeds: it is there once.
                        if !answered.named.iter().any(|named| named.contains(&identifier)) {
                            answered.named[party].push(identifier);
                        }
                    }
                    Outcome::Merged(survivor, absorbed, answer) => {
                        answered.merged.push((survivor, absorbed, answer));
                    }
                    Outcome::Given(delegation, from, to) => answered.given.push((delegation, from, to)),
                    Outcome::Revoked(id) => drop(answered.revoked.insert(id)),
                    Outcome::Refused(refused) => {
                        prop_assert!(EXPECTED.contains(&refused.reason.as_str()), "{refused:?}");
                    }
                }
            }
        }
        Ok(())
    }
}

/// Every refusal that these commands can get.
const EXPECTED: [&str; 10] = [
    "PARTIES_ARE_THE_SAME",
    "PARTY_MERGED",
    "CPR_NUMBERS_DIFFER",
    "DELEGATION_OVERLAPS",
    "DELEGATOR_AGE_UNKNOWN",
    "DELEGATOR_IS_REPRESENTATIVE",
    "DELEGATION_NOT_FOUND",
    "IDENTIFIER_OF_ANOTHER_PARTY",
    "BUSY",
    "DELEGATION_ENDED",
];

async fn all_at_once<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in &mut pinned {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        let done = pinned.iter().all(|(_, output)| output.is_some());
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    pinned.into_iter().filter_map(|(_, output)| output).collect()
}

#[test]
fn links_merges_gifts_and_revocations_at_once_lose_nothing_and_double_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let world = runtime.block_on(World::with_catalogue());
    let config = Config {
        cases: CASES,
        max_shrink_iters: MAX_SHRINK_STEPS,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&any_plan(), |plan| {
        runtime.block_on(async {
            let (play, mut answered) = Play::new(&world).await;
            play.play(&plan, &mut answered).await?;
            assert_parties(&play, &answered).await?;
            assert_delegations(&play, &answered).await?;
            assert_checks(&play, &answered).await
        })
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
    runtime.block_on(async {
        assert_nothing_left_behind(&world).await;
        world.until_idle().await;
    });
    let _entered = runtime.enter();
    drop(world);
}

/// Each identifier names the party that remains of the one that had it.
async fn assert_parties(play: &Play<'_>, answered: &Answered) -> TestCaseResult {
    let absorbed: BTreeSet<_> = answered.merged.iter().map(|(_, absorbed, _)| absorbed).collect();
    prop_assert_eq!(absorbed.len(), answered.merged.len(), "nobody is absorbed twice");
    for (number, named) in answered.named.iter().enumerate() {
        for identifier in named {
            let request = ResolvePartyRequest {
                request_id: play.world.request_id(),
                identifiers: vec![to_proto::identifier(identifier)],
                ..ResolvePartyRequest::default()
            };
            let resolved = play.world.front_end.parties().resolve_party(request).await;
            let resolved = resolved.map_err(|status| TestCaseError::fail(status.to_string()))?;
            let party = resolved.into_inner().party.unwrap();
            prop_assert_eq!(&party.party_id, &play.parties[answered.remaining(number)].id);
        }
    }
    Ok(())
}

/// Each delegation that was answered is there once, is of the parties that remain, and lives unless it was revoked or a merge
/// said that it ended.
async fn assert_delegations(play: &Play<'_>, answered: &Answered) -> TestCaseResult {
    let mut selves = BTreeSet::new();
    let mut duplicates = BTreeSet::new();
    for (_, _, did) in &answered.merged {
        for id in &did.self_delegation_ids {
            prop_assert!(selves.insert(id.clone()), "ended twice");
        }
        duplicates.extend(did.duplicate_delegation_ids.iter().cloned());
    }
    let ids: BTreeSet<_> = answered.given.iter().map(|(given, ..)| given.delegation_id.clone()).collect();
    prop_assert_eq!(ids.len(), answered.given.len());
    let parties: Vec<_> = play.parties.iter().map(|party| format!("'{}'", party.id)).collect();
    let parties = parties.join(", ");
    let stored = format!("delegation where delegator_id in ({parties}) or representative_id in ({parties})");
    prop_assert_eq!(play.world.count(&stored).await, answered.given.len() as i64, "none more, none less");
    for (given, from, to) in &answered.given {
        let [from, to] = [from, to].map(|party| &play.parties[answered.remaining(*party)]);
        let seen =
            play.world.see(to, given).await.map_err(|status| TestCaseError::fail(status.to_string()))?;
        prop_assert_eq!([&seen.delegator_id, &seen.representative_id], [&from.id, &to.id]);
        let id = &given.delegation_id;
        let (is_self, twice, revoked) =
            (selves.contains(id), duplicates.contains(id), answered.revoked.contains(id));
        match (seen.status(), seen.termination_reason()) {
            (DelegationStatus::Terminated, TerminationReason::PartiesMerged) => prop_assert!(is_self),
            (DelegationStatus::Terminated, TerminationReason::DuplicateAfterMerge) => prop_assert!(twice),
            (DelegationStatus::Revoked, _) => prop_assert!(revoked),
            (DelegationStatus::Active | DelegationStatus::Scheduled, _) => {
                prop_assert!(!is_self && !revoked);
                // What it lost, if anything, a merge said.
                prop_assert_eq!(seen.privileges.len() < given.privileges.len(), twice);
            }
            other => prop_assert!(false, "{other:?}"),
        }
        play.world.event_kinds(to, given).await;
    }
    Ok(())
}

/// A check says yes exactly where a delegation is in force.
async fn assert_checks(play: &Play<'_>, answered: &Answered) -> TestCaseResult {
    let mut in_force: BTreeMap<(usize, usize, &str), usize> = BTreeMap::new();
    for (given, from, to) in &answered.given {
        let (from, to) = (answered.remaining(*from), answered.remaining(*to));
        let seen = play.world.see(&play.parties[to], given).await.unwrap();
        for privilege in PRIVILEGES {
            let granted = seen.privileges.iter().any(|uri| uri == privilege);
            if granted && seen.status() == DelegationStatus::Active {
                *in_force.entry((from, to, privilege)).or_default() += 1;
            }
        }
    }
    let mut asked = Vec::new();
    for from in 0..PARTIES {
        for to in (0..PARTIES).filter(|to| *to != from) {
            asked.extend(PRIVILEGES.map(|privilege| (from, to, privilege)));
        }
    }
    let item = |(from, to, privilege): &(usize, usize, &str)| BatchCheckItem {
        delegator: play.parties[*from].identifier(),
        representative: play.parties[*to].identifier(),
        privilege: (*privilege).to_owned(),
        p_number: String::new(),
    };
    let request =
        BatchCheckDelegationsRequest { items: asked.iter().map(item).collect(), purpose: PURPOSE.to_owned() };
    let answer = play.world.authority.query().batch_check_delegations(request).await.unwrap().into_inner();
    for ((from, to, privilege), decision) in asked.into_iter().zip(answer.decisions) {
        let expected = in_force.get(&(answered.remaining(from), answered.remaining(to), privilege));
        prop_assert_eq!(decision.granted.then_some(&1), expected, "{} to {} for {}", from, to, privilege);
    }
    Ok(())
}
