//! Answers to one request that race on connections of their own: one wins, the other is told why, and everything that is
//! said afterwards says the same.
//!
//! `FULDMAGT_RACE_ROUNDS` has it done more often than in an ordinary run.

use std::collections::BTreeMap;
use std::sync::Arc;

use fuldmagt_proto::v1::{
    AcceptDelegationRequest, DeclineDelegationRequest, Delegation, DelegationStatus, WithdrawRequestRequest,
};
use fuldmagt_tests::world::{CHANGE, Client, HeadStart, Registered, SEE, rounds};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

/// Rounds of each race in an ordinary run.
const ROUNDS: usize = 300;
/// Rounds that go on at the same time, each between two parties of its own.
const LANES: usize = 6;
/// Requests between the same two: a third decline would be the last for ninety days. Where the first of them was
/// accepted, the second takes its place.
const REQUESTS_OF_A_PAIR: usize = 2;

/// How one of the racers answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Racer {
    Accepts,
    /// One of the two privileges, in place of an older delegation of it.
    AcceptsPart,
    Declines,
    Withdraws,
}

/// An answer, signed if it must be, and not yet sent.
enum Answer {
    Accept(Box<AcceptDelegationRequest>),
    Decline(DeclineDelegationRequest),
    Withdraw(WithdrawRequestRequest),
}

impl Racer {
    async fn answer(self, world: &World, from: &Registered, to: &Registered, request: &Delegation) -> Answer {
        match self {
            Self::Accepts | Self::AcceptsPart => {
                let part = (self == Self::AcceptsPart).then(|| SEE.to_owned());
                let accept = AcceptDelegationRequest {
                    privileges: part.into_iter().collect(),
                    replace_existing: true,
                    ..world.accepting(from, request)
                };
                Answer::Accept(Box::new(world.signed(accept).await))
            }
            Self::Declines => Answer::Decline(world.declining(from, request)),
            Self::Withdraws => Answer::Withdraw(world.withdrawing(to, request)),
        }
    }

    fn leads_to(self) -> DelegationStatus {
        match self {
            Self::Accepts | Self::AcceptsPart => DelegationStatus::Active,
            Self::Declines => DelegationStatus::Declined,
            Self::Withdraws => DelegationStatus::Withdrawn,
        }
    }

    /// What the loser is told when this one has won.
    fn reason_for_the_other(self) -> &'static str {
        match self {
            Self::Accepts | Self::AcceptsPart => "REQUEST_ANSWERED",
            Self::Declines => "REQUEST_DECLINED",
            Self::Withdraws => "REQUEST_WITHDRAWN",
        }
    }
}

impl Answer {
    async fn sent_by(self, client: Client) -> Result<Delegation, Status> {
        let mut client = client.delegations();
        let delegation = match self {
            Self::Accept(request) => client.accept_delegation(*request).await?.into_inner().delegation,
            Self::Decline(request) => client.decline_delegation(request).await?.into_inner().delegation,
            Self::Withdraw(request) => client.withdraw_request(request).await?.into_inner().delegation,
        };
        Ok(delegation.expect("a delegation"))
    }
}

/// What is left of a lane's rounds.
#[derive(Default)]
struct Ran {
    parties: Vec<Registered>,
    /// How often the one and the other have won.
    wins: [usize; 2],
}

/// The rounds of one lane.
async fn lane(world: Arc<World>, racers: [Racer; 2], rounds: usize) -> Ran {
    let clients = [world.front_end.reconnected(), world.front_end.reconnected()];
    let (mut ran, mut head_start) = (Ran::default(), HeadStart::default());
    for round in 0..rounds {
        if round % REQUESTS_OF_A_PAIR == 0 {
            ran.parties.extend([world.person().await, world.person().await]);
        }
        let [.., from, to] = ran.parties.as_slice() else { panic!("two parties") };
        let request = world.request(to, from, &[SEE, CHANGE]).await;
        let first = racers[0].answer(&world, from, to, &request).await;
        let second = racers[1].answer(&world, from, to, &request).await;
        let (one, other) =
            head_start.race(first.sent_by(clients[0].clone()), second.sent_by(clients[1].clone())).await;
        head_start.won(one.is_ok());
        match (one, other) {
            (Ok(won), Err(lost)) => ran.wins[0] += judge(&request, racers[0], &won, &lost),
            (Err(lost), Ok(won)) => ran.wins[1] += judge(&request, racers[1], &won, &lost),
            both => panic!("one wins and the other does not: {both:?}"),
        }
    }
    ran
}

/// One win, if it was won and lost as it must be.
fn judge(request: &Delegation, winner: Racer, won: &Delegation, lost: &Status) -> usize {
    assert_eq!((&won.delegation_id, won.status()), (&request.delegation_id, winner.leads_to()));
    assert_eq!(won.etag, "2");
    let all_or_part =
        if winner == Racer::AcceptsPart { &request.privileges[..1] } else { &request.privileges[..] };
    assert_eq!(won.privileges, all_or_part);
    let reason = winner.reason_for_the_other();
    assert_eq!(Refused::of(lost), Refused::because(Code::FailedPrecondition, reason));
    1
}

/// Runs the race in several lanes, looks whether everything agrees, and tells how often each has won.
async fn race(racers: [Racer; 2]) -> [usize; 2] {
    let world = World::with(&[("database.max_connections", "16")]).await;
    world.catalogue().await;
    let world = Arc::new(world);
    let rounds = rounds(ROUNDS).div_ceil(LANES);
    let lanes: Vec<_> = (0..LANES).map(|_| tokio::spawn(lane(Arc::clone(&world), racers, rounds))).collect();
    let (mut parties, mut wins) = (Vec::new(), [0, 0]);
    for lane in lanes {
        let ran = lane.await.expect("each round ends as it must");
        parties.extend(ran.parties);
        wins = [wins[0] + ran.wins[0], wins[1] + ran.wins[1]];
    }
    world.assert_agreement(&parties.iter().collect::<Vec<_>>()).await;
    assert_as_many_as_won(&world, racers, wins).await;
    wins
}

/// What is stored is what the winners were told.
async fn assert_as_many_as_won(world: &World, racers: [Racer; 2], wins: [usize; 2]) {
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for (racer, won) in racers.into_iter().zip(wins) {
        let kind = match racer {
            Racer::Accepts | Racer::AcceptsPart => "accepted",
            Racer::Declines => "declined",
            Racer::Withdraws => "withdrawn",
        };
        *wanted.entry(kind).or_default() += won;
    }
    for kind in ["accepted", "declined", "withdrawn", "lapsed"] {
        let happened = world.count(&format!("event where kind = '{kind}'")).await;
        assert_eq!(happened, wanted.get(kind).copied().unwrap_or_default() as i64, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_acceptance_and_a_withdrawal_of_one_request() {
    let wins = race([Racer::Accepts, Racer::Withdraws]).await;
    assert!(wins.iter().all(|won| *won > 0), "each comes first now and then: {wins:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_acceptance_and_a_decline_of_one_request() {
    let wins = race([Racer::Accepts, Racer::Declines]).await;
    assert!(wins.iter().all(|won| *won > 0), "each comes first now and then: {wins:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_acceptances_of_one_request() {
    let wins = race([Racer::Accepts, Racer::AcceptsPart]).await;
    assert!(wins.iter().all(|won| *won > 0), "each comes first now and then: {wins:?}");
}
