//! The generated population, loaded past the store, is what the store would have written.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use fuldmagt_domain::decision::Decision;
use fuldmagt_domain::delegation::{EventKind, Packages, Step};
use fuldmagt_domain::identifier::PartyKind;
use fuldmagt_service::clock::{Clock as _, IdSource as _};
use fuldmagt_store::Store;
use fuldmagt_store::delegation::{Ask, Between, Changes, Held};
use fuldmagt_store::query::{Direction, ListQuestion, Question};
use fuldmagt_store::usage::Usage;
use fuldmagt_tests::fixtures::{Keyring, SequentialIds, SettableClock};
use fuldmagt_tests::population::{Delegation, PartyNumber, Population, PrivilegeNumber, describe, load};
use fuldmagt_tests::{TestDatabase, database};

const DELEGATIONS: usize = 3_000;
const PAGE_SIZE: u16 = 500;

struct Loaded {
    database: TestDatabase,
    store: Store,
    population: Arc<Population>,
    ids: SequentialIds,
}

impl Loaded {
    async fn new() -> Self {
        let database = database().await;
        let keyring = Keyring::generate();
        let before = describe(&database.pool).await;
        assert!(before.len() > 100, "the schema is seen");
        let population = Arc::new(Population::new(7, DELEGATIONS, SettableClock::default().now()));
        load(&population, &database.pool, &keyring.keys()).await.unwrap();
        assert_eq!(before, describe(&database.pool).await, "the schema is as it was");
        let store = database.store(&keyring).await;
        store.check_keys().await.unwrap();
        store.ensure_usage_log_partitions(population.now()).await.unwrap();
        Self { database, store, population, ids: SequentialIds::default() }
    }

    fn usage(&self) -> Usage<'static> {
        let at = self.population.now();
        Usage {
            entry_id: self.ids.row_id(at),
            at,
            client: "authority",
            rpc: "fuldmagt.v1.Test/Question",
            purpose: Some("case"),
            actor: None,
            trace_id: None,
        }
    }

    async fn count(&self, from: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {from}"));
        sqlx::query_scalar(sql).fetch_one(&self.database.pool).await.unwrap()
    }

    async fn assert_checks(&self, privilege: PrivilegeNumber) {
        // Of what an organisation holds, it and its employee.
        let parties = |delegation: &Delegation| {
            let user = delegation.user().filter(|user| *user != delegation.representative);
            let representatives = [Some(delegation.representative), user];
            representatives.into_iter().flatten().map(|to| (delegation.delegator, to)).collect::<Vec<_>>()
        };
        let asked: Vec<_> = self.population.delegations.iter().take(600).flat_map(parties).collect();
        let questions: Vec<_> = asked.iter().map(|&(from, to)| question(from, to, privilege)).collect();
        let checked =
            self.store.check(&questions, &privilege.authority(), self.usage()).await.unwrap().answers;
        let mut granted = BTreeSet::new();
        for (&(from, to), answer) in asked.iter().zip(checked) {
            let is_granted = matches!(answer.unwrap().decision, Decision::Granted { .. });
            assert_eq!(is_granted, self.in_force(from, to, privilege), "{from:?} to {to:?}");
            granted.extend(is_granted.then(|| to.kind().as_str()));
        }
        assert_eq!(granted, BTreeSet::from(["employee", "person"]));
    }

    /// Whether any delegation that the one may use for the other gives the privilege now.
    fn in_force(&self, from: PartyNumber, to: PartyNumber, privilege: PrivilegeNumber) -> bool {
        self.population.delegations.iter().any(|delegation| {
            delegation.delegator == from
                && delegation.user() == Some(to)
                && delegation.privileges().any(|given| given == privilege)
                && delegation.is_in_force(self.population.now())
        })
    }

    async fn assert_lists(&self) {
        let (representative, _) = self.population.busiest_representative();
        let authority = PrivilegeNumber(0).authority();
        let mut expected = BTreeSet::new();
        for (place, delegation) in self.population.delegations.iter().enumerate() {
            if delegation.user() == Some(representative) && delegation.is_in_force(self.population.now()) {
                let privileges = self.population.privileges_of(delegation, &authority);
                let party = delegation.delegator.identifier().expose().to_owned();
                expected.extend(
                    privileges.map(|privilege| {
                        (self.population.delegation_id(place), privilege.uri(), party.clone())
                    }),
                );
            }
        }
        assert!(expected.len() > 50 && expected.len() < PAGE_SIZE.into(), "{}", expected.len());
        let question = ListQuestion {
            direction: Direction::Delegators,
            subject: &representative.identifier(),
            privileges: &[],
            authority: &authority,
            at: self.population.now(),
            page_size: PAGE_SIZE,
            after: None,
        };
        let listed = self.store.list(&question, self.usage()).await.unwrap();
        let listed = listed.entries.into_iter();
        let listed: BTreeSet<_> = listed
            .map(|entry| (entry.delegation, entry.privilege, entry.party.expose().to_owned()))
            .collect();
        assert_eq!(listed, expected);
    }

    /// Somebody of each kind is found by each identifier, and its name opens.
    async fn assert_parties(&self) {
        let kinds = [PartyKind::Person, PartyKind::Organisation, PartyKind::Employee];
        for kind in kinds {
            let delegation = self.population.delegations.iter().find(|d| d.representative.kind() == kind);
            let party = delegation.expect("each kind holds something").representative;
            let found = self.store.find_parties(&party.identifiers()).await.unwrap();
            assert_eq!(found.found.len(), 1);
            assert_eq!(found.found[0].party.id, self.population.party_id(party));
            assert_eq!(found.found[0].matched, party.identifiers().len());
            let employer = party.organisation().map(|employer| self.population.party_id(employer));
            assert_eq!(found.organisation.map(|party| party.id), employer);
        }
        let place = 0;
        let delegator = self.population.party_id(self.population.delegations[place].delegator);
        let usage = Usage { actor: Some(delegator), ..self.usage() };
        let seen = self
            .store
            .delegation_for(self.population.delegation_id(place), usage)
            .await
            .unwrap()
            .shown
            .unwrap();
        assert!(seen.delegator_name.is_some() && seen.representative_name.is_some());
        assert!(seen.message.is_some(), "the first delegation has a message");
    }

    /// The feed is dense, ends at the head, and goes on by a command of the store.
    async fn assert_feed(&self) {
        let head = self.store.head().await.unwrap();
        assert_eq!(self.count("change").await, head.number);
        assert_eq!(self.count("event").await, head.number);
        let last: i64 = sqlx::query_scalar("select max(revision) from change")
            .fetch_one(&self.database.pool)
            .await
            .unwrap();
        assert_eq!(last, head.number);
        let revision = self.give().await;
        assert_eq!((revision.epoch, revision.number), (head.epoch, head.number + 1));
    }

    async fn give(&self) -> fuldmagt_store::revision::Revision {
        let free = self.population.without_delegations();
        let mut persons = free.iter().filter(|party| party.kind() == PartyKind::Person);
        let mut person = || self.population.party_id(*persons.next().unwrap());
        let (from, to) = (person(), person());
        let privileges = vec![PrivilegeNumber(0).uri()];
        let ask = Ask { between: Between::Both(from, to), sealed: true, ..Ask::default() };
        let facts = self.store.facts(ask).await.unwrap();
        let delegator = facts.party_facts(from).unwrap();
        assert!(delegator.cpr().unwrap().is_some(), "the delegator's number opens");
        let now = self.population.now();
        let delegation = fuldmagt_domain::delegation::Delegation {
            id: fuldmagt_domain::delegation::DelegationId(self.ids.row_id(now)),
            delegator: from,
            representative: to,
            privileges: privileges.clone(),
            taken_out: Vec::new(),
            packages: Packages::default(),
            period: fuldmagt_domain::period::Period::new(now, now + TimeDelta::days(1)).unwrap(),
            starts_on_acceptance: false,
            lapses_at: None,
            state: fuldmagt_domain::delegation::State::Active,
            suspended: false,
            links: fuldmagt_domain::delegation::Links::default(),
            created_at: now,
            version: 1,
        };
        let created = Step { grants: privileges, ..Step::new(delegation, EventKind::Created, now) };
        let held = facts.parties().map(Held::exclusive).collect();
        let changes = Changes { held, ..Changes::new(vec![created], b"") };
        let command = fuldmagt_store::command::Command {
            usage: self.usage(),
            request_id: self.ids.random_id(),
            payload_digest: [0; 32],
            channel: "self_service",
        };
        self.store.apply(&changes, &command).await.unwrap()
    }
}

fn question(from: PartyNumber, to: PartyNumber, privilege: PrivilegeNumber) -> Question {
    Question {
        delegator: from.identifier(),
        representative: to.identifier(),
        privilege: privilege.uri(),
        p_number: None,
    }
}

#[tokio::test]
async fn the_store_reads_the_population_as_its_own() {
    let loaded = Loaded::new().await;
    for table in ["usage_log", "idempotency"] {
        assert_eq!(loaded.count(table).await, 0, "{table}");
    }
    assert_eq!(loaded.count("delegation").await, DELEGATIONS as i64);
    loaded.assert_checks(PrivilegeNumber(0)).await;
    loaded.assert_checks(PrivilegeNumber(1)).await;
    loaded.assert_lists().await;
    loaded.assert_parties().await;
    loaded.assert_feed().await;
    loaded.store.close().await;
}
