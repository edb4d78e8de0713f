//! A random world: as the generator plans it, as rows in the database, and as a history to decide from.

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::{
    decision::{Asked, Circumstances, Decision, Ended, Grant, How, decide},
    delegation::DelegationId,
    identifier::{Identifier, PartyKind},
    party::{PartyId, Standing},
    period::Period,
    privilege::{ExistingGrants, PrivilegeUri, Publication},
};
use fuldmagt_service::clock::IdSource as _;
use proptest::prelude::*;
use proptest::sample::subsequence;
use sqlx::AssertSqlSafe;

use crate::store::rows::{self, DelegationRow};
use crate::store::world::World;

/// Two persons, an organisation, an employee of it.
pub(super) const PARTIES: usize = 4;
/// The last is another authority's.
pub(super) const PRIVILEGES: usize = 3;
/// Enough that three of one privilege between the same two follow each other now and then.
const MAX_DELEGATIONS: usize = 10;
/// Few, so that things begin and end at the same instant now and then.
const HOURS: i64 = 9;

/// A world as the generator plans it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    standings: [Standing; PARTIES],
    publications: [Publication; PRIVILEGES],
    delegations: Vec<PlannedDelegation>,
}

#[derive(Clone, Debug)]
struct PlannedDelegation {
    from: usize,
    /// How many parties further on the representative is: never the delegator.
    to: usize,
    privileges: Vec<usize>,
    start: i64,
    hours: i64,
    end: PlannedEnd,
}

#[derive(Clone, Debug)]
enum PlannedEnd {
    None,
    /// Of all of it, with that status, at that hour.
    Whole(&'static str, i64),
    /// Of its first privilege alone.
    FirstPrivilege(i64),
}

impl Plan {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let standing = prop_oneof![8 => Just(Standing::Good), 1 => Just(Standing::Suspended), 1 => Just(Standing::Ended)];
        let hour = 0..HOURS;
        let publication = prop_oneof![
            6 => Just(Publication::Published { from: instant(0) }),
            1 => Just(Publication::Draft),
            2 => hour.clone().prop_map(|from| Publication::Published { from: instant(from) }),
            4 => (hour.clone(), hour.clone(), any::<bool>(), any::<bool>(), prop::option::of(hour)).prop_map(hidden),
        ];
        let delegations = prop::collection::vec(planned_delegation(), 0..=MAX_DELEGATIONS);
        (prop::array::uniform4(standing), prop::array::uniform3(publication), delegations)
            .prop_map(|(standings, publications, delegations)| Self { standings, publications, delegations })
    }
}

/// When it is published, how many hours later it is hidden, whether that was planned and whether grants are kept, and
/// how many hours later still it comes back.
fn hidden((from, hours, is_planned, keeps, again): (i64, i64, bool, bool, Option<i64>)) -> Publication {
    Publication::Hidden {
        from: instant(from),
        to: instant(from + hours),
        is_planned,
        existing: if keeps { ExistingGrants::Keep } else { ExistingGrants::Stop },
        again: again.map(|later| instant(from + hours + later)),
    }
}

fn planned_delegation() -> impl Strategy<Value = PlannedDelegation> {
    let hour = 0..HOURS + 3;
    let end = prop_oneof![
        4 => Just(PlannedEnd::None),
        3 => hour.clone().prop_map(|at| PlannedEnd::Whole("revoked", at)),
        2 => hour.clone().prop_map(|at| PlannedEnd::Whole("renounced", at)),
        1 => hour.prop_map(PlannedEnd::FirstPrivilege),
    ];
    // Most between the same two, so that histories arise.
    let from = prop_oneof![3 => Just(0), 1 => 0..PARTIES];
    let to = prop_oneof![3 => Just(1), 1 => 1..PARTIES];
    let privileges = subsequence((0..PRIVILEGES).collect::<Vec<_>>(), 1..=PRIVILEGES);
    (from, to, privileges, 0..HOURS, 1..=4i64, end).prop_map(|(from, to, privileges, start, hours, end)| {
        PlannedDelegation { from, to: (from + to) % PARTIES, privileges, start, hours, end }
    })
}

/// The database with the parties and privileges that every world is played with.
pub(super) struct Stage {
    pub(super) world: World,
    parties: Vec<PartyId>,
    /// What each party is named by; first what lists name it by.
    pub(super) names: Vec<Vec<Identifier>>,
    /// Numbers and URIs.
    pub(super) privileges: Vec<(i32, PrivilegeUri)>,
}

/// A world as it was played: the history.
#[derive(Debug)]
pub(super) struct Model {
    standings: [Standing; PARTIES],
    publications: [Publication; PRIVILEGES],
    grants: Vec<(usize, usize, usize, Grant)>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        let [one, other] = [world.people.person(), world.people.person()];
        let organisation = world.people.organisation();
        let employee = world.people.employee_of(&organisation);
        let names =
            vec![one.identifiers(), other.identifiers(), organisation.identifiers(), employee.identifiers()];
        let kinds = [PartyKind::Person, PartyKind::Person, PartyKind::Organisation, PartyKind::Employee];
        let mut parties: Vec<PartyId> = Vec::new();
        for (n, name) in [one.name, other.name, organisation.name, employee.name].into_iter().enumerate() {
            let employer = (kinds[n] == PartyKind::Employee).then(|| parties[2]);
            parties.push(world.register(kinds[n], employer, names[n].clone(), name).await.unwrap());
        }
        let mut privileges = Vec::new();
        for name in ["one", "two"] {
            let uri = world.publish(name).await;
            let number =
                sqlx::query_scalar("select privilege_id from privilege where uri = $1").bind(uri.as_str());
            privileges.push((number.fetch_one(&world.database.pool).await.unwrap(), uri));
        }
        let other_authority = "insert into system (shard, system_id, authority_cvr, title_da, title_en)
                               values (0, 'other', '34051178', 'x', 'x');
                               insert into privilege (shard, uri, system_id, authority_cvr, title_da, title_en,
                                   description_da, description_en, delegator_kinds, representative_kinds)
                               values (0, 'urn:dk:example:other', 'other', '34051178', 'x', 'x', 'x', 'x', '{person}',
                                       '{person}')";
        sqlx::raw_sql(other_authority).execute(&world.database.pool).await.unwrap();
        let uri = PrivilegeUri::parse("urn:dk:example:other").unwrap();
        let number =
            sqlx::query_scalar("select privilege_id from privilege where uri = $1").bind(uri.as_str());
        privileges.push((number.fetch_one(&world.database.pool).await.unwrap(), uri));
        Self { world, parties, names, privileges }
    }

    pub(super) fn is_the_authoritys(&self, privilege: usize) -> bool {
        privilege + 1 < PRIVILEGES
    }

    /// Replaces the world that was played before. What the schema refuses (an overlap) does not happen.
    pub(super) async fn play(&self, plan: &Plan) -> Model {
        self.run("delete from delegation_privilege; delete from delegation".to_owned()).await;
        for (party, standing) in self.parties.iter().zip(plan.standings) {
            self.run(format!(
                "update party set standing = '{}' where party_id = '{party}'",
                standing.as_str()
            ))
            .await;
        }
        for ((number, _), publication) in self.privileges.iter().zip(plan.publications) {
            self.set(*number, publication).await;
        }
        let mut model =
            Model { standings: plan.standings, publications: plan.publications, grants: Vec::new() };
        for planned in &plan.delegations {
            model.grants.extend(self.delegate(planned).await);
        }
        model
    }

    async fn set(&self, privilege: i32, publication: Publication) {
        let (from, to, again, is_planned, existing) = match publication {
            Publication::Draft => (None, None, None, false, ExistingGrants::Stop),
            Publication::Published { from } => (Some(from), None, None, false, ExistingGrants::Stop),
            Publication::Hidden { from, to, is_planned, existing, again } => {
                (Some(from), Some(to), again, is_planned, existing)
            }
        };
        sqlx::query(
            "update privilege set published_at = $2, hidden_at = $3, republished_at = $4, hide_planned = $5,
                                  grants_kept = $6
             where privilege_id = $1",
        )
        .bind(privilege)
        .bind(from)
        .bind(to)
        .bind(again)
        .bind(is_planned)
        .bind(existing == ExistingGrants::Keep)
        .execute(&self.world.database.pool)
        .await
        .unwrap();
    }

    async fn run(&self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.world.database.pool).await.unwrap();
    }

    /// The grants, if the schema took them.
    async fn delegate(&self, planned: &PlannedDelegation) -> Vec<(usize, usize, usize, Grant)> {
        let (status, ended_at) = match planned.end {
            PlannedEnd::Whole(status, hour) => (status, Some(instant(hour))),
            PlannedEnd::None | PlannedEnd::FirstPrivilege(_) => ("active", None),
        };
        let period = Period::new(instant(planned.start), instant(planned.start + planned.hours)).unwrap();
        let row = DelegationRow {
            id: self.world.ids.row_id(instant(planned.start)),
            from: self.parties[planned.from].0,
            to: self.parties[planned.to].0,
            valid: (period.from(), period.to()),
            status,
            ended_at,
        };
        let mut transaction = self.world.database.pool.begin().await.unwrap();
        row.insert(&mut *transaction).await.unwrap();
        let mut grants = Vec::new();
        for (n, &privilege) in planned.privileges.iter().enumerate() {
            let taken_out = match planned.end {
                PlannedEnd::FirstPrivilege(hour) if n == 0 => Some(instant(hour)),
                PlannedEnd::None | PlannedEnd::Whole(..) | PlannedEnd::FirstPrivilege(_) => None,
            };
            let written: rows::Written = row
                .grant_until(self.privileges[privilege].0, ended_at.or(taken_out), &mut *transaction)
                .await;
            if let Err(error) = written {
                let constraint =
                    error.as_database_error().and_then(|error| error.constraint()).map(str::to_owned);
                assert_eq!(constraint.as_deref(), Some("no_overlapping_grants"), "{error}");
                transaction.rollback().await.unwrap();
                return Vec::new();
            }
            // A privilege that is taken out of a delegation is revoked.
            let ended = taken_out.map(|at| Ended { at, how: How::Revoked });
            let whole = || ended_at.map(|at| Ended { at, how: How::parse(status).expect("ended") });
            let grant = Grant { delegation: DelegationId(row.id), period, ended: ended.or_else(whole) };
            grants.push((planned.from, planned.to, privilege, grant));
        }
        transaction.commit().await.unwrap();
        grants
    }
}

impl Model {
    /// The definition: the domain's decision over the whole history.
    pub(super) fn decide(&self, from: usize, to: usize, privilege: usize, at: DateTime<Utc>) -> Decision {
        let history: Vec<Grant> = self
            .grants
            .iter()
            .filter(|(f, t, p, _)| (*f, *t, *p) == (from, to, privilege))
            .map(|(.., grant)| *grant)
            .collect();
        let circumstances = Circumstances {
            delegator: self.standings[from],
            representative: self.standings[to],
            publication: self.publications[privilege],
        };
        decide(&history, circumstances, Asked::Now(at))
    }

    pub(super) fn period_of(&self, delegation: DelegationId) -> Period {
        self.grants.iter().find(|(.., grant)| grant.delegation == delegation).expect("of this world").3.period
    }

    /// Every instant at which something begins or ends; at least one.
    pub(super) fn boundaries(&self) -> Vec<DateTime<Utc>> {
        let of_grant = |grant: &Grant| {
            [Some(grant.period.from()), Some(grant.period.to()), grant.ended.map(|ended| ended.at)]
        };
        let of_publication = |publication: &Publication| match *publication {
            Publication::Draft => [None, None, None],
            Publication::Published { from } => [Some(from), None, None],
            Publication::Hidden { from, to, again, .. } => [Some(from), Some(to), again],
        };
        let grants = self.grants.iter().flat_map(|(.., grant)| of_grant(grant));
        let publications = self.publications.iter().flat_map(of_publication);
        let mut all: Vec<_> = grants.chain(publications).flatten().chain([instant(0)]).collect();
        all.sort();
        all.dedup();
        all
    }
}

fn instant(hour: i64) -> DateTime<Utc> {
    rows::day(0) + TimeDelta::hours(hour)
}
