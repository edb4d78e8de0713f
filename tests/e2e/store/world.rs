//! A database with a catalogue, and the commands on it as the service gives them to the store.

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::{
    agreement::Text,
    assurance::LevelOfAssurance,
    delegation::{Delegation, DelegationId, EndedBy, EventKind, Links, NoticeKind, Packages, State, Step},
    ending,
    identifier::{CvrNumber, Identifier, PartyKind, PersonUuid},
    package::{Following, PackageId},
    party::{Party, PartyId, Standing},
    period::Period,
    privilege::{AccessKind, AgeRange, Privilege, PrivilegeUri, Publication, SystemId},
    text::{Description, Message, Name, Title},
};
use fuldmagt_service::clock::{Clock as _, IdSource as _};
use fuldmagt_store::{
    Error, Store,
    catalogue::{CataloguePrivilege, Change, System, Texts},
    command::Command,
    delegation::{Ask, Between, Changes, Facts, Held, HeldPackage, Proof, SealedProof, Wanted},
    party::{NewParty, Registration},
    revision::Revision,
    usage::Usage,
};
use fuldmagt_tests::{
    TestDatabase,
    cluster::open_store,
    database,
    fixtures::{Keyring, People, SequentialIds, SettableClock},
};
use uuid::Uuid;

/// The registered client that sends all commands.
pub(crate) const CLIENT: &str = "front-end";
/// The one RPC of all commands; the store does not look at it.
const RPC: &str = "fuldmagt.v1.Test/Command";
/// A person's UUID that is nobody's.
const NOBODY: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
/// What the store keeps for repeated requests.
const RESPONSE: &[u8] = b"answer";
/// What a signing service returned.
pub(crate) const EVIDENCE: &[u8] = b"evidence that is nowhere else";

/// One database and everything a test needs to use it.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) store: Store,
    pub(crate) keyring: Keyring,
    pub(crate) people: People,
    pub(crate) clock: SettableClock,
    pub(crate) ids: SequentialIds,
    /// Owns the catalogue's one system.
    pub(crate) authority: CvrNumber,
}

/// Something to give.
#[derive(Clone)]
pub(crate) struct Gift {
    pub(crate) from: PartyId,
    pub(crate) to: PartyId,
    pub(crate) privileges: Vec<PrivilegeUri>,
    /// Those that are followed.
    pub(crate) packages: Vec<PackageId>,
    pub(crate) period: Period,
    pub(crate) message: Option<Message>,
}

fn following(package: &PackageId) -> Following {
    let (ages, assurance) = (AgeRange::ANY, LevelOfAssurance::Substantial);
    Following { package: package.clone(), ages, assurance }
}

fn held_package(facts: &Facts, id: &PackageId) -> HeldPackage {
    HeldPackage { package: id.clone(), version: facts.package(id).expect("known").version }
}

impl World {
    /// A fresh database with a system, and no privileges yet.
    pub(crate) async fn new() -> Self {
        let database = database().await;
        let keyring = Keyring::generate();
        let store = database.store(&keyring).await;
        let people = People::default();
        let authority = people.organisation().cvr;
        let (clock, ids) = (SettableClock::default(), SequentialIds::default());
        let world = Self { database, store, keyring, people, clock, ids, authority };
        world.store.check_keys().await.unwrap();
        world.store.ensure_usage_log_partitions(world.now()).await.unwrap();
        let system = System {
            id: system_id(),
            authority: world.authority.clone(),
            title_da: Title::parse("Selvbetjening").unwrap(),
            title_en: Title::parse("Self-service").unwrap(),
            version: 1,
        };
        world.store.put_system(&system, RESPONSE, &world.command(world.ids.random_id())).await.unwrap();
        world
    }

    /// The same world through another store, for example behind a proxy.
    pub(crate) async fn store_at(&self, url: &str, max_connections: u32) -> Store {
        open_store(url, &self.keyring, max_connections).await
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn usage(&self) -> Usage<'static> {
        Usage {
            entry_id: self.ids.row_id(self.now()),
            at: self.now(),
            client: CLIENT,
            rpc: RPC,
            purpose: Some("case handling"),
            actor: None,
            trace_id: None,
        }
    }

    pub(crate) fn command(&self, request_id: Uuid) -> Command<'static> {
        let payload_digest = self.store.keys().index_key().payload_digest(RPC, request_id.as_bytes());
        Command { usage: self.usage(), request_id, payload_digest, channel: "front_end" }
    }

    /// A privilege of the authority, published, for everybody.
    pub(crate) async fn publish(&self, name: &str) -> PrivilegeUri {
        let uri = PrivilegeUri::parse(&format!("urn:dk:example:{name}")).unwrap();
        let privilege = Privilege {
            uri: uri.clone(),
            system: system_id(),
            authority: self.authority.clone(),
            max_period_days: None,
            delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
            representative_kinds: PartyKind::ALL.to_vec(),
            access: AccessKind::Read,
            assurance: LevelOfAssurance::Substantial,
            delegator_ages: AgeRange::ANY,
            max_sub_delegation_depth: 0,
            paper_allowed: false,
            request_allowed: true,
            publication: Publication::Published { from: self.now() - TimeDelta::days(1) },
        };
        let entry = CataloguePrivilege {
            privilege,
            texts: Texts {
                title_da: Title::parse("At se").unwrap(),
                title_en: Title::parse("To see").unwrap(),
                description_da: Description::parse("Må se alt.").unwrap(),
                description_en: Description::parse("May see everything.").unwrap(),
            },
            text_version: 1,
            text_valid_from: self.now(),
            version: 1,
        };
        let command = self.command(self.ids.random_id());
        self.store.put_privilege(&entry, Change::Published, RESPONSE, &command).await.unwrap();
        uri
    }

    /// Registers a party of its own.
    pub(crate) async fn register(
        &self,
        kind: PartyKind,
        organisation: Option<PartyId>,
        identifiers: Vec<Identifier>,
        name: Name,
    ) -> fuldmagt_store::Result<PartyId> {
        let party = Party {
            id: PartyId(self.ids.row_id(self.now())),
            kind,
            organisation,
            standing: Standing::Good,
            created_at: self.now(),
            version: 1,
        };
        let id = party.id;
        let registration = Registration {
            parties: vec![NewParty { party, identifiers, name: Some(name) }],
            response: RESPONSE,
        };
        self.store.register_parties(registration, &self.command(self.ids.random_id())).await?;
        Ok(id)
    }

    /// Registers another person, who is named by all that persons are named by.
    pub(crate) async fn person(&self) -> (PartyId, Identifier) {
        let person = self.people.person();
        let cpr = Identifier::Cpr(person.cpr.clone());
        let identifiers = person.identifiers();
        (self.register(PartyKind::Person, None, identifiers, person.name).await.unwrap(), cpr)
    }

    /// A package that holds the privilege from now on.
    pub(crate) async fn package(&self, id: &str, privilege: &PrivilegeUri) -> PackageId {
        let number: i32 = sqlx::query_scalar("select privilege_id from privilege where uri = $1")
            .bind(privilege.as_str())
            .fetch_one(&self.database.pool)
            .await
            .unwrap();
        for sql in [
            "insert into package (shard, package_id, authority_cvr, title_da, title_en, description_da, description_en)
             select 0, $1, '34051178', 'x', 'x', 'x', 'x' where $2::integer > 0 and $3::timestamptz is not null",
            "insert into package_version (shard, package_id, version_number, published_at, privilege_ids)
             values (0, $1, 1, $3, array[$2])",
            "insert into package_privilege (shard, package_id, privilege_id, member_from) values (0, $1, $2, $3)",
        ] {
            let written = sqlx::query(sql).bind(id).bind(number).bind(self.now());
            written.execute(&self.database.pool).await.unwrap();
        }
        PackageId::parse(id).unwrap()
    }

    pub(crate) fn gift(&self, from: PartyId, to: PartyId, privilege: &PrivilegeUri) -> Gift {
        let period = Period::new(self.now(), self.now() + TimeDelta::days(30)).unwrap();
        Gift { from, to, privileges: vec![privilege.clone()], packages: Vec::new(), period, message: None }
    }

    /// Gives, as a new request.
    pub(crate) async fn give(&self, gift: &Gift) -> fuldmagt_store::Result<Delegation> {
        self.give_as(&self.store, gift, self.ids.random_id()).await.map(|(delegation, _)| delegation)
    }

    /// What the service does for a request id that is new, in its three round trips. Rules aside: they are the domain's.
    pub(crate) async fn give_as(
        &self,
        store: &Store,
        gift: &Gift,
        request_id: Uuid,
    ) -> fuldmagt_store::Result<(Delegation, Revision)> {
        let command = self.command(request_id);
        if let Some(first) = store.first_answer(&command).await? {
            assert!(first.same_payload, "the request is repeated as it was");
            return Err(Error::Conflict(fuldmagt_store::Conflict::RequestId));
        }
        let between = Between::Both(gift.from, gift.to);
        let signer = [Identifier::PersonUuid(PersonUuid::parse(NOBODY).expect("a UUID"))];
        let ask = Ask {
            actor: Some(gift.from),
            between,
            privileges: &gift.privileges,
            packages: Some(Wanted { ids: &gift.packages, at: self.now() }),
            signer: &signer,
            sealed: true,
            ..Ask::default()
        };
        let facts = store.facts(ask).await?;
        let delegation = self.delegation(gift);
        let writer = facts.party_facts(gift.from).expect("known");
        let message = gift.message.as_ref().map(|message| store.seal_message(delegation.id, writer, message));
        let step = Step {
            acting_for: Some(gift.from),
            grants: gift.privileges.clone(),
            follows: gift.packages.iter().map(following).collect(),
            tells: vec![(gift.to, NoticeKind::Given)],
            ..Step::new(delegation.clone(), EventKind::Created, self.now())
        };
        let changes = Changes {
            held: held(&facts, [gift.from, gift.to]),
            packages: gift.packages.iter().map(|id| held_package(&facts, id)).collect(),
            message: message.transpose()?,
            proof: Some(self.proof(store, &delegation, &signer)?),
            ..Changes::new(vec![step], RESPONSE)
        };
        let revision = self.apply(store, changes, &command).await?;
        Ok((delegation, revision))
    }

    /// The delegator's signature on [`agreement`].
    pub(crate) fn proof(
        &self,
        store: &Store,
        delegation: &Delegation,
        signer: &[Identifier],
    ) -> fuldmagt_store::Result<SealedProof> {
        let text = agreement(delegation);
        store.seal_proof(&Proof {
            id: self.ids.row_id(self.now()),
            delegation: delegation.id,
            version: delegation.version,
            signer: delegation.delegator,
            signed_at: self.now(),
            assurance: LevelOfAssurance::Substantial,
            digest: text.digest(),
            text_da: &text.da,
            text_en: &text.en,
            identifiers: signer,
            evidence: EVIDENCE,
        })
    }

    fn delegation(&self, gift: &Gift) -> Delegation {
        Delegation {
            id: DelegationId(self.ids.row_id(self.now())),
            delegator: gift.from,
            representative: gift.to,
            privileges: gift.privileges.clone(),
            taken_out: Vec::new(),
            packages: Packages::following(gift.packages.clone()),
            period: gift.period,
            starts_on_acceptance: false,
            lapses_at: None,
            state: State::Active,
            suspended: false,
            links: Links::default(),
            created_at: self.now(),
            version: 1,
        }
    }

    /// Revokes now, in three round trips.
    pub(crate) async fn revoke(
        &self,
        store: &Store,
        delegation: &Delegation,
    ) -> fuldmagt_store::Result<Revision> {
        let command = self.command(self.ids.random_id());
        assert!(store.first_answer(&command).await?.is_none(), "a new request");
        let facts = self.facts_of(store, delegation.id).await?;
        self.revoke_from(store, &facts, delegation.id, &command).await
    }

    /// What there is to know of a delegation before it is ended.
    pub(crate) async fn facts_of(
        &self,
        store: &Store,
        delegation: DelegationId,
    ) -> fuldmagt_store::Result<Facts> {
        store.facts(Ask { delegations: &[delegation], ..Ask::default() }).await
    }

    /// Revokes now what was read before: the last of the three round trips.
    pub(crate) async fn revoke_from(
        &self,
        store: &Store,
        facts: &Facts,
        delegation: DelegationId,
        command: &Command<'_>,
    ) -> fuldmagt_store::Result<Revision> {
        let tree = facts.tree(delegation).expect("known").clone();
        let delegator = tree.top.delegator;
        let steps = ending::end(tree, EndedBy::Delegator, delegator, None, self.now()).expect("to be ended");
        let changes = Changes { held: held(facts, [delegator]), ..Changes::new(steps, RESPONSE) };
        self.apply(store, changes, command).await
    }

    /// Writes what was decided, with an id for each notice.
    pub(crate) async fn apply(
        &self,
        store: &Store,
        mut changes: Changes<'_>,
        command: &Command<'_>,
    ) -> fuldmagt_store::Result<Revision> {
        changes.notice_ids = (0..changes.notice_count()).map(|_| self.ids.row_id(self.now())).collect();
        store.apply(&changes, command).await
    }

    /// How many rows the table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.database.pool).await.unwrap()
    }
}

/// What the delegator signs.
pub(crate) fn agreement(delegation: &Delegation) -> Text {
    Text {
        da: format!("Aftalen om {}\n", delegation.id),
        en: format!("The agreement about {}\n", delegation.id),
    }
}

/// The parties as they were read; the first has its commands one at a time.
fn held<const N: usize>(facts: &Facts, parties: [PartyId; N]) -> Vec<Held> {
    let known = |party| facts.party(party).expect("known");
    let hold = |(n, party)| if n == 0 { Held::exclusive(known(party)) } else { Held::shared(known(party)) };
    parties.into_iter().enumerate().map(hold).collect()
}

fn system_id() -> SystemId {
    SystemId::parse("self-service").unwrap()
}
