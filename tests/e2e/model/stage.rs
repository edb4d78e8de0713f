//! The service on which a case is played: fresh people each time, so that the cases know nothing of each other.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::period::Period;
use fuldmagt_proto::v1::{self, PartySide};
use fuldmagt_service::rpc::to_proto;
use fuldmagt_tests::world::{CHANGE, PURPOSE, Registered, SEE, SIGN, Signable};
use fuldmagt_tests::{Refused, World};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tonic::{Response, Status};

use super::command::{Act, Bits, Command, PEOPLE, PRIVILEGES, Terms};
use super::reference::{DEPTHS, Reference, Seconds, Verdict};

/// By the bits of the reference.
const URIS: [&str; PRIVILEGES] = [SEE, CHANGE, SIGN];

/// A running service with the catalogue.
pub(super) struct Stage {
    pub(super) world: World,
}

/// One case: people, what the reference says of them, and the service's names for what the reference numbers.
struct Case<'a> {
    world: &'a World,
    began: DateTime<Utc>,
    people: Vec<Registered>,
    reference: Reference,
    ids: Vec<String>,
}

type Answer = Result<Vec<v1::Delegation>, Status>;

impl Stage {
    pub(super) async fn new() -> Self {
        let world = World::with_catalogue().await;
        for (uri, depth) in URIS.iter().zip(DEPTHS) {
            world.let_give_on(uri, u8::try_from(depth).expect("a small number")).await;
        }
        Self { world }
    }

    /// Plays the commands on fresh people, on the reference and on the service.
    pub(super) async fn play(
        &self,
        commands: Vec<Command>,
    ) -> Result<BTreeMap<String, usize>, TestCaseError> {
        let world = &self.world;
        world.advance(TimeDelta::hours(1)).await;
        let mut people = Vec::with_capacity(PEOPLE);
        for _ in 0..PEOPLE {
            people.push(world.person().await);
        }
        let mut case =
            Case { world, began: world.now(), people, reference: Reference::default(), ids: Vec::new() };
        let mut outcomes = BTreeMap::new();
        for command in commands {
            if let Some(act) = command.made_definite(&case.reference) {
                let outcome = case.perform(&act).await?;
                *outcomes.entry(outcome).or_default() += 1;
                case.assert_checks().await?;
            }
        }
        case.assert_all_seen().await?;
        Ok(outcomes)
    }
}

impl Case<'_> {
    /// Does it on both, compares what comes of it, and lets a second pass, so that each command has an instant of its own.
    /// Tells what came of it.
    async fn perform(&mut self, act: &Act) -> Result<String, TestCaseError> {
        let answer = self.send(act).await;
        let verdict = self.reference.act(act);
        let outcome = self.compare(act, verdict, answer)?;
        self.reference.act(&Act::Wait { seconds: 1 });
        self.world.move_to(self.instant(self.reference.now())).await;
        Ok(outcome)
    }

    fn compare(&mut self, act: &Act, verdict: Verdict, answer: Answer) -> Result<String, TestCaseError> {
        let name = format!("{act:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
        match (verdict, answer) {
            (Verdict::Refused(reasons), Err(status)) => {
                let reason = Refused::of(&status).reason;
                prop_assert!(reasons.contains(reason.as_str()), "{reason} is none of {reasons:?}");
                Ok(format!("{name} {reason}"))
            }
            (Verdict::Done(numbers), Ok(delegations)) => {
                prop_assert_eq!(delegations.len(), numbers.len());
                for (number, delegation) in numbers.into_iter().zip(delegations) {
                    if number == self.ids.len() {
                        self.ids.push(delegation.delegation_id.clone());
                    }
                    self.assert_like(number, &delegation)?;
                }
                Ok(name)
            }
            (verdict, answer) => {
                let answer = answer.map_err(|status| Refused::of(&status).reason);
                Err(TestCaseError::fail(format!("must be {verdict:?}, and is {answer:?}")))
            }
        }
    }

    async fn send(&self, act: &Act) -> Answer {
        let mut client = self.world.front_end.delegations();
        let one = |delegation: Option<v1::Delegation>| delegation.into_iter().collect::<Vec<_>>();
        match *act {
            Act::Wait { .. } => Ok(Vec::new()),
            Act::Give { from, to, terms, replace } => {
                let request = v1::CreateDelegationRequest {
                    replace_existing: replace,
                    period: self.period(terms),
                    ..self.world.giving(&self.people[from], &self.people[to], &uris(terms.bits))
                };
                self.twice(request, async |request| {
                    self.world.try_give(request).await.map(|a| one(a.delegation))
                })
                .await
            }
            Act::GiveOn { by, parent, to, terms } => {
                let parent = self.named(parent);
                let request = v1::SubDelegateRequest {
                    period: self.period(terms),
                    ..self.world.giving_on(&self.people[by], &parent, &self.people[to], &uris(terms.bits))
                };
                self.twice(request, async |request| self.world.try_give_on(request).await.map(|d| vec![d]))
                    .await
            }
            Act::Renew { by, old, terms } => {
                let old = self.named(old);
                let request = self.world.renewing(&self.people[by], &old, self.period(terms));
                self.twice(request, async |request| self.world.try_renew(request).await.map(|d| vec![d]))
                    .await
            }
            Act::Revoke { by, delegation } => {
                let answer = self.world.revoke(&self.people[by], &self.named(delegation)).await;
                answer.map(|answer| one(answer.delegation))
            }
            Act::RevokePart { by, delegation, bits } => {
                let delegation = self.named(delegation);
                let request = self.world.revoking_part(&self.people[by], &delegation, &uris(bits));
                let answer = client.revoke_delegation(request).await.map(Response::into_inner);
                answer.map(|answer| one(answer.delegation))
            }
            Act::RevokeAll { from, to } => {
                let answer = self.world.revoke_all(&self.people[from], &self.people[to]).await;
                answer.map(|answer| answer.delegations)
            }
            Act::Renounce { by, delegation } => {
                let answer = self.world.renounce(&self.people[by], &self.named(delegation)).await;
                answer.map(|answer| one(answer.delegation))
            }
        }
    }

    /// What is signed and done is done once, though it is sent twice.
    async fn twice<R: Signable + Clone>(&self, request: R, send: impl AsyncFn(R) -> Answer) -> Answer {
        let request = self.world.signed(request).await;
        let first = send(request.clone()).await?;
        let again = send(request).await?;
        assert_eq!(first, again, "the same request");
        Ok(again)
    }

    /// A delegation by its id alone.
    fn named(&self, number: usize) -> v1::Delegation {
        v1::Delegation { delegation_id: self.ids[number].clone(), ..v1::Delegation::default() }
    }

    fn instant(&self, seconds: Seconds) -> DateTime<Utc> {
        self.began + TimeDelta::seconds(seconds)
    }

    fn period(&self, terms: Terms) -> Option<v1::Period> {
        let start = terms.start.map(|start| to_proto::timestamp(self.instant(start)));
        Some(v1::Period {
            start: start.map(v1::period::Start::ValidFrom),
            end: Some(v1::period::End::ValidTo(to_proto::timestamp(self.instant(terms.end)))),
        })
    }

    /// Asks everything about everybody in one call.
    async fn assert_checks(&self) -> Result<(), TestCaseError> {
        let mut questions = Vec::new();
        for from in 0..PEOPLE {
            for to in (0..PEOPLE).filter(|to| *to != from) {
                questions.extend((0..PRIVILEGES).map(|bit| (from, to, bit)));
            }
        }
        let items = questions.iter().map(|(from, to, bit)| v1::BatchCheckItem {
            delegator: self.people[*from].identifier(),
            representative: self.people[*to].identifier(),
            privilege: URIS[*bit].to_owned(),
            p_number: String::new(),
        });
        let request =
            v1::BatchCheckDelegationsRequest { items: items.collect(), purpose: PURPOSE.to_owned() };
        let answer = self.world.authority.query().batch_check_delegations(request).await.expect("answers");
        for ((from, to, bit), decision) in questions.into_iter().zip(answer.into_inner().decisions) {
            let wanted = self.reference.granted(from, to, bit).map(|number| self.ids[number].as_str());
            let told = decision.granted.then_some(decision.delegation_id.as_str());
            prop_assert_eq!(told, wanted, "{} for {} on {}: {:?}", to, from, URIS[bit], decision);
        }
        Ok(())
    }

    /// Every delegation is seen as it is, with its history, by who gave it; and nobody has another one.
    async fn assert_all_seen(&self) -> Result<(), TestCaseError> {
        for (person, registered) in self.people.iter().enumerate() {
            let given = self.numbers(|from_whom, _| from_whom == person);
            let held = self.numbers(|_, to_whom| to_whom == person);
            for (side, numbers) in [(PartySide::Given, given), (PartySide::Held, held)] {
                let mut listed = self.world.listed(registered, side).await;
                listed.reverse();
                prop_assert_eq!(listed.len(), numbers.len());
                for (number, delegation) in numbers.into_iter().zip(listed) {
                    self.assert_like(number, &delegation)?;
                }
            }
        }
        for (number, wanted) in self.reference.all().iter().enumerate() {
            let history = self.world.history(&self.people[wanted.from_whom], &self.named(number)).await;
            let kinds: Vec<_> = history.iter().map(v1::DelegationEvent::kind).collect();
            prop_assert_eq!(&kinds, &wanted.events, "{}", number);
            prop_assert!(
                history.iter().map(|event| event.event_time.map(|at| (at.seconds, at.nanos))).is_sorted()
            );
        }
        self.world.assert_nothing_hangs_loose().await;
        Ok(())
    }

    fn numbers(&self, is_one: impl Fn(usize, usize) -> bool) -> Vec<usize> {
        let all = self.reference.all().iter().enumerate();
        all.filter(|(_, d)| is_one(d.from_whom, d.to_whom)).map(|(number, _)| number).collect()
    }

    fn assert_like(&self, number: usize, told: &v1::Delegation) -> Result<(), TestCaseError> {
        let wanted = self.reference.delegation(number);
        let name = |number: usize| self.ids[number].clone();
        let period = Period::new(self.instant(wanted.from), self.instant(wanted.to)).expect("a period");
        let like = v1::Delegation {
            delegation_id: name(number),
            delegator_id: self.people[wanted.from_whom].id.clone(),
            representative_id: self.people[wanted.to_whom].id.clone(),
            privileges: uris(wanted.bits).into_iter().map(str::to_owned).collect(),
            revoked_privileges: uris(wanted.taken_out).into_iter().map(str::to_owned).collect(),
            valid_from: Some(to_proto::timestamp(period.from())),
            valid_to: Some(to_proto::timestamp(period.to())),
            status: self.reference.status(number).into(),
            etag: wanted.events.len().to_string(),
            parent_id: wanted.parent.map(name).unwrap_or_default(),
            depth: i32::try_from(wanted.chain.len()).expect("a small number"),
            supersedes: wanted.supersedes.iter().map(|number| name(*number)).collect(),
            superseded_by: wanted.superseded_by.map(name).unwrap_or_default(),
            // What the reference does not know, or a list tells beside.
            create_time: told.create_time,
            end_time: told.end_time,
            delegator_name: told.delegator_name.clone(),
            representative_name: told.representative_name.clone(),
            termination_reason: told.termination_reason,
            ..v1::Delegation::default()
        };
        prop_assert_eq!(told, &like);
        prop_assert_eq!(told.end_time.is_some(), wanted.ended.is_some());
        Ok(())
    }
}

/// The privileges' names, sorted bytewise.
fn uris(bits: Bits) -> Vec<&'static str> {
    let mut uris: Vec<_> = (0..PRIVILEGES).filter(|bit| bits >> bit & 1 == 1).map(|bit| URIS[bit]).collect();
    uris.sort_unstable();
    uris
}
