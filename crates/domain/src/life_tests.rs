//! What must hold whatever is given, given on, replaced and ended, in whatever order: random commands about few parties,
//! with everything that the steps say written down as the database would.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{Delegation, DelegationId, EndedBy, EventKind, Rules, State, Step, Termination},
    ending::{self, Parts, Tree},
    giving::{self, Gift},
    identifier::CprNumber,
    party::PartyId,
    period::Period,
    privilege::{Privilege, PrivilegeUri},
    renewal,
    sub_delegation::{self, Part},
    testing::{id, now, party, person, privilege},
};

/// Which privileges, each by a bit, and how deep each may be given on.
const DEPTHS: [(&str, u8); 3] = [("urn:dk:a", 3), ("urn:dk:b", 2), ("urn:dk:c", 1)];
const DELEGATORS: u128 = 2;
const PARTIES: u128 = 6;

#[derive(Clone, Debug)]
enum Command {
    Give {
        from: u128,
        to: u128,
        bits: u8,
        when: When,
        replace: bool,
    },
    /// Fitted to what the parent has, or not, which is refused more often than not.
    GiveOn {
        pick: usize,
        to: u128,
        bits: u8,
        when: When,
        fitted: bool,
    },
    Renew {
        pick: usize,
        when: When,
    },
    TakeOut {
        pick: usize,
        bits: u8,
    },
    End {
        pick: usize,
        by: EndedBy,
    },
    EndAll {
        from: u128,
        to: u128,
    },
    Terminate {
        pick: usize,
        why: Termination,
    },
    Wait {
        hours: i64,
    },
}

/// A period in hours from the instant of the command.
#[derive(Clone, Copy, Debug)]
struct When {
    start: i64,
    length: i64,
}

/// What is given to whom for when.
#[derive(Debug)]
struct Terms {
    to: u128,
    privileges: Vec<Privilege>,
    period: Period,
    replace: bool,
}

fn command() -> impl Strategy<Value = Command> {
    let to = || 1..=PARTIES;
    let when = || {
        (prop_oneof![4 => Just(0i64), 1 => -3i64..0, 1 => 1i64..40], 1i64..60)
            .prop_map(|(start, length)| When { start, length })
    };
    let pick = any::<usize>;
    prop_oneof![
        4 => (1..=DELEGATORS, to(), 1u8..8, when(), any::<bool>())
            .prop_map(|(from, to, bits, when, replace)| Command::Give { from, to, bits, when, replace }),
        5 => (pick(), to(), 1u8..8, when(), prop::bool::weighted(0.9))
            .prop_map(|(pick, to, bits, when, fitted)| Command::GiveOn { pick, to, bits, when, fitted }),
        2 => (pick(), when()).prop_map(|(pick, when)| Command::Renew { pick, when }),
        2 => (pick(), 1u8..8).prop_map(|(pick, bits)| Command::TakeOut { pick, bits }),
        2 => (pick(), prop_oneof![Just(EndedBy::Delegator), Just(EndedBy::Representative)])
            .prop_map(|(pick, by)| Command::End { pick, by }),
        1 => (1..=DELEGATORS, to()).prop_map(|(from, to)| Command::EndAll { from, to }),
        1 => (pick(), prop_oneof![Just(Termination::Death), Just(Termination::EmploymentEnded)])
            .prop_map(|(pick, why)| Command::Terminate { pick, why }),
        3 => (1i64..20).prop_map(|hours| Command::Wait { hours }),
    ]
}

/// Everything that was written down.
struct World {
    now: DateTime<Utc>,
    delegations: BTreeMap<DelegationId, Delegation>,
    events: BTreeMap<DelegationId, Vec<(EventKind, Option<uuid::Uuid>)>>,
    /// What was granted of each delegation, and whether it stands.
    grants: BTreeMap<(DelegationId, PrivilegeUri), bool>,
    commands: u128,
}

impl World {
    fn new() -> Self {
        Self {
            now: now(),
            delegations: BTreeMap::new(),
            events: BTreeMap::new(),
            grants: BTreeMap::new(),
            commands: 0,
        }
    }

    fn period(&self, when: When) -> Period {
        let from = self.now + TimeDelta::hours(when.start);
        Period::new(from, from + TimeDelta::hours(when.length)).unwrap()
    }

    /// One of those that live, or now and then of all.
    fn picked(&self, pick: usize) -> Option<Delegation> {
        let all: Vec<_> =
            self.delegations.values().filter(|d| pick.is_multiple_of(8) || d.lives_at(self.now)).collect();
        all.get(pick.checked_rem(all.len())?).map(|picked| Delegation::clone(picked))
    }

    /// The delegation with all beneath it that nobody ended.
    fn tree(&self, top: &Delegation) -> Tree {
        let mut below: Vec<Delegation> = Vec::new();
        let mut above = BTreeSet::from([top.id]);
        // Whatever was given on came after what it is a part of.
        for child in self.delegations.values().filter(|child| child.lives()) {
            if child.links.parent.is_some_and(|parent| above.contains(&parent)) {
                above.insert(child.id);
                below.push(child.clone());
            }
        }
        Tree { top: top.clone(), below }
    }

    fn between(&self, delegator: PartyId, representative: PartyId) -> Vec<Tree> {
        let between = |d: &&Delegation| d.delegator == delegator && d.representative == representative;
        self.delegations.values().filter(between).filter(|d| d.lives()).map(|d| self.tree(d)).collect()
    }

    fn run(&mut self, command: Command) -> Option<Vec<Step>> {
        self.commands += 1;
        let (new, at) = (id(1000 + self.commands), self.now);
        match command {
            Command::Wait { hours } => {
                self.now += TimeDelta::hours(hours);
                None
            }
            Command::Give { from, to, bits, when, replace } => {
                let terms = Terms { to, privileges: privileges(bits), period: self.period(when), replace };
                self.gift(from, terms, |gift| giving::give(gift, Rules::default(), new, at).ok())
            }
            Command::Renew { pick, when } => {
                let old = self.picked(pick)?;
                let (from, to) = (old.delegator.0.as_u128(), old.representative.0.as_u128());
                let privileges = named(&old.privileges);
                let terms = Terms { to, privileges, period: self.period(when), replace: false };
                self.gift(from, terms, |gift| renewal::renew(&old, gift, Rules::default(), new, at).ok())
            }
            Command::GiveOn { pick, to, bits, when, fitted } => {
                let parent = self.picked(pick)?;
                let mut terms =
                    Terms { to, privileges: privileges(bits), period: self.period(when), replace: false };
                if fitted {
                    terms.privileges.retain(|privilege| parent.privileges.contains(&privilege.uri));
                    let from = terms.period.from().max(parent.period.from());
                    terms.period = Period::new(from, terms.period.to().min(parent.period.to())).ok()?;
                }
                self.give_on(parent, terms, new)
            }
            Command::TakeOut { pick, bits } => {
                let (top, uris) = (self.picked(pick)?, uris(bits));
                let parts = Parts {
                    privileges: &uris,
                    packages: &[],
                    holdings: &BTreeMap::new(),
                    announced: &BTreeMap::new(),
                    others: &[],
                };
                ending::take_out(self.tree(&top), parts, top.delegator, None, at).ok()
            }
            Command::End { pick, by } => {
                let top = self.picked(pick)?;
                ending::end(self.tree(&top), by, top.party_that_ends(by), None, at).ok()
            }
            Command::EndAll { from, to } => {
                let all = self.between(party(from), party(to));
                Some(ending::end_all(all, party(from), None, at).concat())
            }
            Command::Terminate { pick, why } => {
                ending::terminate(self.tree(&self.picked(pick)?), why, at, None)
            }
        }
    }

    fn give_on(&self, parent: Delegation, terms: Terms, new: DelegationId) -> Option<Vec<Step>> {
        let (delegator, giver) =
            (person(parent.delegator.0.as_u128()), person(parent.representative.0.as_u128()));
        let part = Part {
            actor: &giver,
            assurance: LevelOfAssurance::High,
            delegator: &delegator,
            giver: &giver,
            representative: &person(terms.to),
            privileges: Some(terms.privileges).filter(|privileges| !privileges.is_empty())?,
            period: terms.period,
            existing: self.between(parent.delegator, party(terms.to)),
            parent,
        };
        sub_delegation::give_on(part, Rules::default(), new, self.now).ok()
    }

    fn gift(
        &self,
        from: u128,
        terms: Terms,
        give: impl FnOnce(Gift<'_>) -> Option<Vec<Step>>,
    ) -> Option<Vec<Step>> {
        let (delegator, representative) = (person(from), person(terms.to));
        give(Gift {
            actor: &delegator,
            assurance: LevelOfAssurance::High,
            delegator: &delegator,
            delegator_cpr: Some(&CprNumber::parse("0501792275").unwrap()),
            representative: &representative,
            privileges: terms.privileges,
            packages: Vec::new(),
            period: terms.period,
            existing: self.between(delegator.id, representative.id),
            replace: terms.replace,
        })
    }

    /// Writes the steps down as the database does, which takes each only on top of what it was decided from.
    fn write(&mut self, steps: &[Step]) -> Result<(), TestCaseError> {
        let ids: BTreeSet<_> = steps.iter().map(Step::id).collect();
        prop_assert_eq!(ids.len(), steps.len(), "one step of each delegation");
        for step in steps {
            let before = self.delegations.insert(step.id(), step.delegation.clone());
            let version = before.as_ref().map_or(0, |before| before.version);
            prop_assert_eq!(step.delegation.version, version + 1);
            if let Some(before) = before {
                prop_assert_eq!(before.state, State::Active, "what has ended stays ended");
                prop_assert_eq!(
                    (before.delegator, before.representative, before.period, before.links.parent),
                    (
                        step.delegation.delegator,
                        step.delegation.representative,
                        step.delegation.period,
                        step.delegation.links.parent
                    )
                );
            }
            for uri in &step.takes {
                prop_assert_eq!(self.grants.insert((step.id(), uri.clone()), false), Some(true));
            }
            for uri in &step.grants {
                prop_assert_eq!(self.grants.insert((step.id(), uri.clone()), true), None);
            }
            self.events.entry(step.id()).or_default().push((step.kind, step.related));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for delegation in self.delegations.values() {
            let events = &self.events[&delegation.id];
            prop_assert_eq!(usize::try_from(delegation.version), Ok(events.len()));
            self.check_grants(delegation)?;
            self.check_parent(delegation)?;
            self.check_links(delegation)?;
        }
        self.check_overlaps()
    }

    /// What stands is what the delegation has, and nothing once it has ended.
    fn check_grants(&self, delegation: &Delegation) -> Result<(), TestCaseError> {
        let grants = self.grants.iter().filter(|((of, _), _)| *of == delegation.id);
        let (stand, gone): (Vec<_>, Vec<_>) = grants.partition(|(_, stands)| **stands);
        let uris = |grants: Vec<(&(DelegationId, PrivilegeUri), &bool)>| {
            grants.into_iter().map(|((_, uri), _)| uri.clone()).collect::<Vec<_>>()
        };
        if delegation.lives() {
            prop_assert!(!delegation.privileges.is_empty());
            prop_assert_eq!(
                (uris(stand), uris(gone)),
                (delegation.privileges.clone(), delegation.taken_out.clone())
            );
        } else {
            prop_assert_eq!(uris(stand), Vec::new());
        }
        Ok(())
    }

    fn check_parent(&self, child: &Delegation) -> Result<(), TestCaseError> {
        let Some(parent) = child.links.parent.map(|parent| &self.delegations[&parent]) else {
            prop_assert_eq!(child.links.chain.len(), 0);
            return Ok(());
        };
        let mut chain = parent.links.chain.clone();
        chain.push(parent.representative);
        prop_assert_eq!(&child.links.chain, &chain);
        prop_assert!(!chain.contains(&child.representative) && child.representative != child.delegator);
        prop_assert_eq!(child.delegator, parent.delegator);
        prop_assert!(parent.period.from() <= child.period.from() && child.period.to() <= parent.period.to());
        if child.lives_at(self.now) {
            prop_assert!(parent.lives_at(self.now), "nothing lives beneath what ended");
            let missing = child.privileges.iter().find(|uri| !parent.privileges.contains(uri));
            prop_assert_eq!(missing, None, "nothing is given on that is not held");
        }
        Ok(())
    }

    /// Whatever was replaced says by what, and the other way round.
    fn check_links(&self, delegation: &Delegation) -> Result<(), TestCaseError> {
        for old in &delegation.links.supersedes {
            let told = (EventKind::Superseded, Some(delegation.id.0));
            prop_assert!(self.events[old].contains(&told));
        }
        prop_assert_eq!(
            delegation.links.superseded_by.is_some(),
            matches!(delegation.state, State::Superseded { .. })
        );
        if let Some(by) = delegation.links.superseded_by {
            prop_assert!(self.delegations[&by].links.supersedes.contains(&delegation.id));
        }
        Ok(())
    }

    /// Of two that nobody ended, between the same two parties and at the same time, none has what the other has.
    fn check_overlaps(&self) -> Result<(), TestCaseError> {
        let living: Vec<_> = self.delegations.values().filter(|d| d.lives()).collect();
        for (place, one) in living.iter().enumerate() {
            for other in living.iter().skip(place + 1) {
                let same = (one.delegator, one.representative) == (other.delegator, other.representative);
                let shared = one.privileges.iter().any(|uri| other.privileges.contains(uri));
                prop_assert!(!(same && shared && one.period.overlaps(&other.period)));
            }
        }
        Ok(())
    }
}

fn uris(bits: u8) -> Vec<PrivilegeUri> {
    privileges(bits).into_iter().map(|privilege| privilege.uri).collect()
}

fn privileges(bits: u8) -> Vec<Privilege> {
    let set = DEPTHS.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    set.map(|(_, (text, depth))| privilege(text, *depth)).collect()
}

fn named(uris: &[PrivilegeUri]) -> Vec<Privilege> {
    privileges(7).into_iter().filter(|privilege| uris.contains(&privilege.uri)).collect()
}

proptest! {
    #[test]
    fn whatever_is_done_in_whatever_order_keeps_the_law(commands in prop::collection::vec(command(), 1..60)) {
        let mut world = World::new();
        for command in commands {
            if let Some(steps) = world.run(command) {
                world.write(&steps)?;
            }
            world.check()?;
        }
    }
}

#[test]
fn the_random_commands_reach_every_kind_of_event_and_depth() {
    let mut runner = TestRunner::deterministic();
    let commands = prop::collection::vec(command(), 40..60);
    let (mut kinds, mut deepest) = (BTreeSet::new(), 0);
    for _ in 0..300 {
        let mut world = World::new();
        for command in commands.new_tree(&mut runner).unwrap().current() {
            if let Some(steps) = world.run(command) {
                world.write(&steps).unwrap();
            }
        }
        kinds.extend(world.events.values().flatten().map(|(kind, _)| kind.as_str()));
        deepest = deepest.max(world.delegations.values().map(|d| d.links.chain.len()).max().unwrap_or(0));
    }
    let reached: Vec<_> = kinds.into_iter().collect();
    let wanted = [
        "created",
        "privileges_revoked",
        "renounced",
        "revoked",
        "sub_delegated",
        "superseded",
        "terminated",
    ];
    assert_eq!((reached.as_slice(), deepest), (&wanted[..], 3));
}
