//! Two caseworkers decide on one case at once, on connections of their own: one wins, the other is told why, and
//! everything that is said afterwards says the same.
//!
//! `FULDMAGT_RACE_ROUNDS` has it done more often than in an ordinary run.

use std::sync::Arc;

use fuldmagt_proto::v1::{
    ApprovePaperDelegationRequest, DelegationEventKind, DelegationStatus, PaperCase,
    RejectPaperDelegationRequest, StartPaperDelegationRequest,
};
use fuldmagt_tests::world::{Case, Client, HeadStart, Registered, SEE, rounds};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

/// Rounds of each race in an ordinary run.
const ROUNDS: usize = 200;
/// Rounds that go on at the same time, each between two parties of its own.
const LANES: usize = 4;
/// Cases of the same two parties, one after the other: each that is approved takes the place of the one before.
const CASES_OF_A_PAIR: usize = 20;
/// What one of the racers does.
#[derive(Clone)]
enum Decision {
    Approve(ApprovePaperDelegationRequest),
    Reject(RejectPaperDelegationRequest),
}

impl Decision {
    async fn send(self, client: &Client) -> Result<PaperCase, Status> {
        let mut client = client.paper();
        let case = match self {
            Self::Approve(request) => client.approve_paper_delegation(request).await?.into_inner().paper_case,
            Self::Reject(request) => client.reject_paper_delegation(request).await?.into_inner().paper_case,
        };
        Ok(case.expect("a case"))
    }

    /// What the one that comes too late is told.
    fn too_late(&self) -> Refused {
        match self {
            Self::Approve(_) => Refused::because(Code::Aborted, "ETAG_MISMATCH"),
            Self::Reject(_) => Refused::because(Code::FailedPrecondition, "PAPER_CASE_DECIDED"),
        }
    }

    fn leads_to(&self) -> (DelegationStatus, DelegationEventKind) {
        match self {
            Self::Approve(_) => (DelegationStatus::Active, DelegationEventKind::PaperApproved),
            Self::Reject(_) => (DelegationStatus::PaperRejected, DelegationEventKind::PaperRejected),
        }
    }
}

/// Everybody in a lane.
struct People {
    starter: Registered,
    registrar: Registered,
    deciders: [Registered; 2],
}

impl People {
    async fn of(world: &World) -> Self {
        let municipality = world.organisation().await;
        let caseworker = async || world.employee_of(&municipality).await;
        let (starter, registrar) = (caseworker().await, caseworker().await);
        Self { starter, registrar, deciders: [caseworker().await, caseworker().await] }
    }

    /// A case whose form is registered.
    async fn case(&self, world: &World, from: &Registered, to: &Registered) -> Case {
        let mut client = world.caseworker_system.paper();
        let request: StartPaperDelegationRequest = world.starting(&self.starter, from, to, &[SEE]);
        let told = client.start_paper_delegation(request).await.unwrap().into_inner().paper_case.unwrap();
        let case = Case { told, started_by: self.starter.clone() };
        let request = world.registering(&self.registrar, &case, &[SEE]);
        let told = client.register_signed_form(request).await.unwrap().into_inner().paper_case.unwrap();
        Case { told, ..case }
    }
}

/// The rounds of one lane; how often the one and the other has won.
async fn lane(world: Arc<World>, second_rejects: bool, rounds: usize) -> [usize; 2] {
    let clients = [world.caseworker_system.reconnected(), world.caseworker_system.reconnected()];
    let people = People::of(&world).await;
    let (mut wins, mut head_start) = ([0; 2], HeadStart::default());
    let mut pair = (world.person().await, world.person().await);
    for round in 0..rounds {
        if round % CASES_OF_A_PAIR == 0 {
            pair = (world.person().await, world.person().await);
        }
        let case = people.case(&world, &pair.0, &pair.1).await;
        let approve = |decider: usize| {
            let request = world.approving(&people.deciders[decider], &case);
            Decision::Approve(ApprovePaperDelegationRequest { replace_existing: true, ..request })
        };
        let second = if second_rejects {
            Decision::Reject(world.rejecting(&people.deciders[1], &case))
        } else {
            approve(1)
        };
        let decisions = [approve(0), second];
        let [first, second] = decisions.clone();
        let (one, other) = head_start.race(first.send(&clients[0]), second.send(&clients[1])).await;
        head_start.won(one.is_ok());
        let (winner, won, lost) = match (one, other) {
            (Ok(won), Err(lost)) => (0, won, lost),
            (Err(lost), Ok(won)) => (1, won, lost),
            both => panic!("one wins and the other does not: {both:?}"),
        };
        wins[winner] += 1;
        assert_eq!(Refused::of(&lost), decisions[1 - winner].too_late());
        let (status, kind) = decisions[winner].leads_to();
        let won = won.delegation.unwrap();
        assert_eq!((won.status(), won.etag.as_str()), (status, "3"));
        let last = world.events_of(&pair.0, &won.delegation_id).await.pop().unwrap();
        assert_eq!((last.kind(), last.etag.as_str()), (kind, "3"));
        assert_eq!(last.actor_id, people.deciders[winner].id);
    }
    wins
}

/// Runs all rounds; how often the one and the other has won. What is written agrees with what was told.
async fn race(second_rejects: bool) -> [usize; 2] {
    let world = Arc::new(World::with_paper().await);
    let rounds = rounds(ROUNDS) / LANES;
    let lanes: Vec<_> =
        (0..LANES).map(|_| tokio::spawn(lane(Arc::clone(&world), second_rejects, rounds))).collect();
    let mut wins = [0; 2];
    for lane in lanes {
        let won = lane.await.expect("a lane");
        wins = [wins[0] + won[0], wins[1] + won[1]];
    }
    let approved = if second_rejects { wins[0] } else { wins[0] + wins[1] };
    for (rows, wanted) in [
        ("letter_request where kind = 'paper_confirmation'", approved),
        ("event where kind = 'paper_approved'", approved),
        ("event where kind = 'paper_rejected'", wins[0] + wins[1] - approved),
        ("delegation_privilege", approved),
        ("paper_case where decided_by is null", 0),
        (
            "delegation d where version <> (select max(version) from event e
             where e.entity_kind = 'delegation' and e.entity_id = d.delegation_id::text)",
            0,
        ),
    ] {
        assert_eq!(world.count(rows).await, wanted as i64, "{rows}");
    }
    wins
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_caseworkers_who_approve_at_once_one_does() {
    let wins = race(false).await;
    assert!(wins.iter().all(|won| *won > 0), "{wins:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_case_that_is_approved_and_rejected_at_once_is_one_of_the_two() {
    let wins = race(true).await;
    assert!(wins.iter().all(|won| *won > 0), "{wins:?}");
}
