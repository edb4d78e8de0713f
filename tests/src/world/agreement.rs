//! Whether everything that is said of delegations says the same: state, history, feed, grants, notices and answers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use fuldmagt_proto::v1;
use uuid::Uuid;

use super::{PURPOSE, Registered, World};

/// Most questions that are asked at once.
const BATCH: usize = 500;

/// A delegation as its row has it.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Row {
    delegation_id: Uuid,
    delegator_id: Uuid,
    representative_id: Uuid,
    status: String,
    valid_from: DateTime<Utc>,
    valid_to: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    version: i64,
    chain: Vec<Uuid>,
}

/// What happened to it, and at which revision it was told.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Happened {
    delegation_id: Uuid,
    version: i64,
    kind: String,
    occurred_at: DateTime<Utc>,
    acting_for_id: Option<Uuid>,
    revision: Option<i64>,
}

/// One privilege of it, granted or asked for.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Grant {
    delegation_id: Uuid,
    uri: String,
    is_granted: bool,
    is_asked_for: bool,
    ended_at: Option<DateTime<Utc>>,
}

/// One thing that a party hears of it.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Notice {
    delegation_id: Uuid,
    receiver_id: Uuid,
    kind: String,
    is_told: bool,
    is_cancelled: bool,
}

/// All of it, as it is stored.
struct Stored {
    rows: BTreeMap<Uuid, Row>,
    history: BTreeMap<Uuid, Vec<Happened>>,
    grants: BTreeMap<Uuid, Vec<Grant>>,
    notices: BTreeMap<Uuid, Vec<Notice>>,
}

impl World {
    /// Asserts of every delegation that its state is what its history leads to, that each event is in the feed once and
    /// in order, that it grants what it must and nothing else, and that its parties are told of what can be answered.
    /// And of every delegation between two of these persons, that a check answers so.
    ///
    /// Nothing may be written meanwhile.
    pub async fn assert_agreement(&self, persons: &[&Registered]) {
        let stored = self.stored().await;
        self.assert_feed_is_dense().await;
        for (id, row) in &stored.rows {
            let history = stored.history.get(id).map_or(&[][..], Vec::as_slice);
            let grants = stored.grants.get(id).map_or(&[][..], Vec::as_slice);
            let notices = stored.notices.get(id).map_or(&[][..], Vec::as_slice);
            assert_history_leads_to(row, history);
            assert_grants_fit(row, history, grants);
            assert_notices_fit(row, history, notices);
        }
        self.assert_checks_agree(&stored, persons).await;
    }

    async fn stored(&self) -> Stored {
        let pool = &self.database.pool;
        let rows: Vec<Row> = sqlx::query_as("select * from delegation").fetch_all(pool).await.expect("rows");
        let history: Vec<Happened> = sqlx::query_as(
            "select e.entity_id::uuid as delegation_id, e.version, e.kind, e.occurred_at, e.acting_for_id, c.revision
             from event e left join change c using (shard, entity_kind, entity_id, version)
             where e.entity_kind = 'delegation' order by e.entity_id, e.version, c.revision",
        )
        .fetch_all(pool)
        .await
        .expect("events");
        let grants: Vec<Grant> = sqlx::query_as(
            "select delegation_id, p.uri, g.shard is not null as is_granted, r.shard is not null as is_asked_for,
                    g.ended_at
             from delegation_privilege g full join requested_privilege r using (shard, delegation_id, privilege_id)
             join privilege p using (shard, privilege_id)",
        )
        .fetch_all(pool)
        .await
        .expect("grants");
        let notices: Vec<Notice> = sqlx::query_as(
            "select delegation_id, receiver_id, kind, notice_id is not null as is_told,
                    cancelled_at is not null as is_cancelled
             from notice_item",
        )
        .fetch_all(pool)
        .await
        .expect("notices");
        Stored {
            rows: rows.into_iter().map(|row| (row.delegation_id, row)).collect(),
            history: grouped(history, |happened| happened.delegation_id),
            grants: grouped(grants, |grant| grant.delegation_id),
            notices: grouped(notices, |notice| notice.delegation_id),
        }
    }

    /// Every revision up to the head is there, with an event for each of its changes, and a change for each event.
    async fn assert_feed_is_dense(&self) {
        for (what, sql) in [
            (
                "revisions without a change",
                "feed_head h, generate_series(1, h.revision) as r (revision)
              where not exists (select from change c where c.shard = h.shard and c.revision = r.revision)",
            ),
            (
                "changes beyond the head",
                "change c join feed_head h using (shard) where c.revision > h.revision",
            ),
            (
                "changes without an event",
                "change c where not exists (select from event e
              where (e.shard, e.entity_kind, e.entity_id, e.version)
                  = (c.shard, c.entity_kind, c.entity_id, c.version))",
            ),
            (
                "events of a thing that does not exist",
                "event e where e.entity_kind = 'delegation'
              and not exists (select from delegation d where d.delegation_id::text = e.entity_id)",
            ),
        ] {
            assert_eq!(self.count(sql).await, 0, "{what}");
        }
    }

    /// Asks for each privilege that was ever granted or asked for between two of the persons.
    async fn assert_checks_agree(&self, stored: &Stored, persons: &[&Registered]) {
        let now = self.now();
        let persons: BTreeMap<Uuid, &Registered> =
            persons.iter().map(|person| (person.id.parse().expect("a party id"), *person)).collect();
        let good: Vec<Uuid> = sqlx::query_scalar("select party_id from party where standing = 'good'")
            .fetch_all(&self.database.pool)
            .await
            .expect("parties");
        let mut questions = BTreeMap::new();
        for (id, row) in &stored.rows {
            let parties = [row.delegator_id, row.representative_id];
            if !parties.iter().all(|party| persons.contains_key(party)) {
                continue;
            }
            let in_force = row.status == "active" && row.valid_from <= now && now < row.valid_to;
            let in_force = in_force && parties.iter().chain(&row.chain).all(|party| good.contains(party));
            for grant in stored.grants.get(id).into_iter().flatten() {
                let says_yes = in_force && grant.is_granted && grant.ended_at.is_none();
                *questions.entry((parties, grant.uri.clone())).or_insert(false) |= says_yes;
            }
        }
        let questions: Vec<_> = questions.into_iter().collect();
        for batch in questions.chunks(BATCH) {
            let items = batch.iter().map(|(([from, to], privilege), _)| v1::BatchCheckItem {
                delegator: persons[from].identifier(),
                representative: persons[to].identifier(),
                privilege: privilege.clone(),
                p_number: String::new(),
            });
            let request =
                v1::BatchCheckDelegationsRequest { items: items.collect(), purpose: PURPOSE.to_owned() };
            let answer = self.authority.query().batch_check_delegations(request).await.expect("answers");
            let decisions = answer.into_inner().decisions;
            assert_eq!(decisions.len(), batch.len());
            for ((question, says_yes), decision) in batch.iter().zip(decisions) {
                assert_eq!(decision.granted, *says_yes, "{question:?}: {decision:?}");
            }
        }
    }
}

fn grouped<T>(all: Vec<T>, key: impl Fn(&T) -> Uuid) -> BTreeMap<Uuid, Vec<T>> {
    let mut groups: BTreeMap<Uuid, Vec<T>> = BTreeMap::new();
    for one in all {
        groups.entry(key(&one)).or_default().push(one);
    }
    groups
}

/// Where an event leads from a status, if it can happen then. `is_whole`: no privilege is left.
fn next_status(status: Option<&str>, kind: &str, is_whole: bool) -> Option<&'static str> {
    Some(match (status, kind) {
        (None, "created") => "active",
        (None, "requested") => "requested",
        (None, "paper_started") => "paper_started",
        (Some("requested"), "accepted") => "active",
        (Some("requested"), "declined") => "declined",
        (Some("requested"), "withdrawn") => "withdrawn",
        (Some("requested"), "lapsed") => "lapsed",
        (Some("paper_started"), "paper_registered") => "paper_registered",
        (Some("paper_registered"), "paper_approved") => "active",
        (Some("paper_started" | "paper_registered"), "paper_rejected") => "paper_rejected",
        (Some("active"), "revoked") => "revoked",
        (Some("active"), "renounced") => "renounced",
        (Some("active"), "terminated") => "terminated",
        (Some("active"), "superseded") if is_whole => "superseded",
        (
            Some("active"),
            "superseded"
            | "privileges_revoked"
            | "sub_delegated"
            | "suspended"
            | "resumed"
            | "employee_designated"
            | "designation_removed",
        ) => "active",
        _ => return None,
    })
}

fn assert_history_leads_to(row: &Row, history: &[Happened]) {
    let versions: Vec<i64> = history.iter().map(|happened| happened.version).collect();
    assert_eq!(
        versions,
        (1..=row.version).collect::<Vec<_>>(),
        "one event a version, in the feed once: {row:?}"
    );
    let revisions: Vec<_> = history.iter().map(|happened| happened.revision.expect("in the feed")).collect();
    assert!(
        revisions.is_sorted_by(|a, b| a < b),
        "told in the order in which it happened: {row:?} {history:?}"
    );
    // A merge moves everything, whatever its status.
    let was_merged = history.iter().any(|happened| happened.kind == "party_merged");
    let history: Vec<_> = history.iter().filter(|happened| happened.kind != "party_merged").collect();
    let last = history.last().expect("an event");
    let mut status = None;
    for happened in &history {
        let is_whole = happened.version == last.version && row.ended_at.is_some();
        status = next_status(status, &happened.kind, is_whole);
        assert!(status.is_some(), "{} cannot happen then: {row:?} {history:?}", happened.kind);
        let by = match happened.kind.as_str() {
            // A part that is given on is given by who gives it on.
            "created" => Some(row.chain.last().copied().unwrap_or(row.delegator_id)),
            "accepted" | "declined" => Some(row.delegator_id),
            "requested" | "withdrawn" => Some(row.representative_id),
            "lapsed" => None,
            _ => continue,
        };
        assert!(was_merged || happened.acting_for_id == by, "on whose word: {row:?} {happened:?}");
    }
    assert_eq!(status, Some(row.status.as_str()), "{row:?} {history:?}");
    let ended_at = row.ended_at.map(|_| last.occurred_at);
    assert_eq!(row.ended_at, ended_at, "it ended when that happened: {row:?} {last:?}");
}

fn assert_grants_fit(row: &Row, history: &[Happened], grants: &[Grant]) {
    let was_given = history
        .iter()
        .any(|happened| ["created", "accepted", "paper_approved"].contains(&happened.kind.as_str()));
    assert_eq!(grants.iter().any(|grant| grant.is_granted), was_given, "{row:?} {grants:?}");
    let was_asked = grants.iter().any(|grant| grant.is_asked_for);
    for grant in grants.iter().filter(|grant| grant.is_granted) {
        assert!(grant.is_asked_for || !was_asked, "wider than was asked for: {row:?} {grant:?}");
        let ends_in_time = match row.ended_at {
            None => true,
            Some(whole) => grant.ended_at.is_some_and(|ended| ended <= whole),
        };
        assert!(ends_in_time, "a privilege outlives its delegation: {row:?} {grant:?}");
    }
    if row.status == "active" {
        assert!(
            grants.iter().any(|grant| grant.is_granted && grant.ended_at.is_none()),
            "{row:?} {grants:?}"
        );
    }
}

/// A request that can be answered is to be told to who can answer it, and one that cannot be any more is not.
fn assert_notices_fit(row: &Row, history: &[Happened], notices: &[Notice]) {
    let of = |kind: &str| notices.iter().filter(move |notice| notice.kind == kind).collect::<Vec<_>>();
    let happened = |kind: &str| history.iter().any(|happened| happened.kind == kind);
    if happened("party_merged") {
        return;
    }
    let requested = of("requested");
    assert_eq!(requested.len(), usize::from(happened("requested")), "{row:?} {notices:?}");
    for notice in requested {
        assert_eq!(notice.receiver_id, row.delegator_id, "{row:?} {notice:?}");
        let is_settled = row.status != "requested";
        assert_eq!(notice.is_cancelled, is_settled && !notice.is_told, "{row:?} {notice:?}");
    }
    for kind in ["accepted", "declined", "lapsed"] {
        let told: BTreeSet<_> = of(kind).into_iter().map(|notice| notice.receiver_id).collect();
        let wanted: BTreeSet<_> = happened(kind).then_some(row.representative_id).into_iter().collect();
        assert_eq!(told, wanted, "{row:?} {notices:?}");
    }
}
