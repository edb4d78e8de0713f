//! The database that every world is played in.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    decision::{Ended, How},
    delegation::DelegationId,
    identifier::{Identifier, PNumber, PartyKind},
    party::PartyId,
    period::Period,
    privilege::{ExistingGrants, PrivilegeUri, Publication},
};
use fuldmagt_service::clock::IdSource as _;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::model::{Delegation, Designated, Membership, Model};
use super::plan::{PACKAGES, PRIVILEGES, Plan, PlannedDelegation, PlannedDesignation, PlannedEnd, instant};
use crate::store::world::World;

const OTHER_AUTHORITY: &str = "
    insert into system (shard, system_id, authority_cvr, title_da, title_en)
    values (0, 'other', '34051178', 'x', 'x');
    insert into privilege (shard, uri, system_id, authority_cvr, title_da, title_en, description_da, description_en,
                           delegator_kinds, representative_kinds)
    values (0, 'urn:dk:example:other', 'other', '34051178', 'x', 'x', 'x', 'x', '{person}', '{person}')";

/// The database with the parties, privileges and packages that every world is played with.
pub(super) struct Stage {
    pub(super) world: World,
    parties: Vec<PartyId>,
    /// What each party is named by; first what lists name it by.
    pub(super) names: Vec<Vec<Identifier>>,
    /// Numbers and URIs.
    pub(super) privileges: Vec<(i32, PrivilegeUri)>,
    /// The organisation's production units.
    pub(super) units: Vec<PNumber>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        let [one, other] = [world.people.person(), world.people.person()];
        let organisation = world.people.organisation();
        let employees = [(); 2].map(|()| world.people.employee_of(&organisation));
        let units = vec![world.people.p_number(), world.people.p_number()];
        let mut names = vec![one.identifiers(), other.identifiers(), organisation.identifiers()];
        names[2].extend(units.iter().cloned().map(Identifier::PNumber));
        names.extend(employees.iter().map(|employee| employee.identifiers()));
        let kinds = [PartyKind::Person, PartyKind::Person, PartyKind::Organisation];
        let kinds = kinds.into_iter().chain([PartyKind::Employee; 2]);
        let called = [one.name, other.name, organisation.name];
        let called = called.into_iter().chain(employees.map(|employee| employee.name));
        let mut parties: Vec<PartyId> = Vec::new();
        for (kind, (name, named_by)) in kinds.zip(called.zip(&names)) {
            let employer = (kind == PartyKind::Employee).then(|| parties[2]);
            parties.push(world.register(kind, employer, named_by.clone(), name).await.unwrap());
        }
        let mut uris = vec![world.publish("one").await, world.publish("two").await];
        sqlx::raw_sql(OTHER_AUTHORITY).execute(&world.database.pool).await.unwrap();
        uris.push(PrivilegeUri::parse("urn:dk:example:other").unwrap());
        let mut privileges = Vec::new();
        for uri in uris {
            let number = sqlx::query_scalar("select privilege_id from privilege where uri = $1");
            let number = number.bind(uri.as_str()).fetch_one(&world.database.pool).await.unwrap();
            privileges.push((number, uri));
        }
        for package in 0..PACKAGES {
            let sql =
                "insert into package (shard, package_id, authority_cvr, title_da, title_en, description_da,
                                            description_en)
                       values (0, $1, '34051178', 'x', 'x', 'x', 'x')";
            sqlx::query(sql).bind(package_id(package)).execute(&world.database.pool).await.unwrap();
        }
        Self { world, parties, names, privileges, units }
    }

    pub(super) fn is_the_authoritys(&self, privilege: usize) -> bool {
        privilege + 1 < PRIVILEGES
    }

    /// Replaces the world that was played before. What the schema refuses (an overlap) does not happen.
    pub(super) async fn play(&self, plan: &Plan) -> Model {
        let forgotten =
            "delete from designation; delete from delegation_package; delete from delegation_privilege;
                         delete from delegation; delete from package_privilege";
        self.run(forgotten.to_owned()).await;
        for (party, standing) in self.parties.iter().zip(plan.standings) {
            let standing = standing.as_str();
            self.run(format!("update party set standing = '{standing}' where party_id = '{party}'")).await;
        }
        for ((number, _), publication) in self.privileges.iter().zip(plan.publications) {
            let (from, to, is_planned, keeps, again) = columns(publication);
            let text = |at: Option<DateTime<Utc>>| at.map_or("null".to_owned(), |at| format!("'{at}'"));
            self.run(format!(
                "update privilege set published_at = {}, hidden_at = {}, hide_planned = {is_planned},
                                      grants_kept = {keeps}, republished_at = {} where privilege_id = {number}",
                text(from),
                text(to),
                text(again)
            ))
            .await;
        }
        let (standings, publications) = (plan.standings, plan.publications);
        let mut model = Model { standings, publications, memberships: Vec::new(), delegations: Vec::new() };
        for planned in &plan.memberships {
            let from = instant(planned.from);
            let to = planned.hours.map(|hours| instant(planned.from + hours));
            let member = Membership { package: planned.package, privilege: planned.privilege, from, to };
            model.memberships.extend(self.join(member).await);
        }
        for planned in &plan.delegations {
            let delegation = self.delegate(planned, &model).await;
            model.delegations.extend(delegation);
        }
        for planned in &plan.designations {
            self.designate(planned, &mut model).await;
        }
        model
    }

    async fn run(&self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.world.database.pool).await.unwrap();
    }

    async fn join(&self, member: Membership) -> Option<Membership> {
        let sql = "insert into package_privilege (shard, package_id, privilege_id, member_from, member_to)
                   values (0, $1, $2, $3, $4)";
        let written = sqlx::query(sql)
            .bind(package_id(member.package))
            .bind(self.privileges[member.privilege].0)
            .bind(member.from)
            .bind(member.to)
            .execute(&self.world.database.pool)
            .await;
        let taken = taken(written, &["no_overlapping_membership", "package_privilege_pkey"]);
        taken.then_some(member)
    }

    /// The delegation, if the schema took it.
    async fn delegate(&self, planned: &PlannedDelegation, model: &Model) -> Option<Delegation> {
        let delegation = self.planned(planned, model)?;
        let mut transaction = self.world.database.pool.begin().await.unwrap();
        let written = self.insert(&delegation, planned, model, &mut transaction).await;
        let refusals = ["no_overlapping_grants", "no_overlapping_packages", "sub_delegation_within_parent"];
        if !taken(written, &refusals) {
            transaction.rollback().await.unwrap();
            return None;
        }
        // Seen when all is written: a privilege that is given on and was taken out above.
        match transaction.commit().await {
            Ok(()) => Some(delegation),
            Err(error) => {
                let told = error.as_database_error().expect("the schema's word").message();
                assert_eq!(told, "a privilege is given on that is no longer held");
                None
            }
        }
    }

    fn planned(&self, planned: &PlannedDelegation, model: &Model) -> Option<Delegation> {
        let living: Vec<usize> =
            (0..model.delegations.len()).filter(|n| !model.delegations[*n].has_ended).collect();
        let parent = planned.parent.filter(|_| !living.is_empty()).map(|parent| *parent.get(&living));
        let mut period = Period::new(instant(planned.start), instant(planned.start + planned.hours)).unwrap();
        let (mut from, mut privileges, mut packages) =
            (planned.from, planned.privileges.clone(), planned.packages.clone());
        if let Some(parent) = parent.map(|parent| &model.delegations[parent]) {
            // A part of it, if they have anything in common.
            let (start, end) = (period.from().max(parent.period.from()), period.to().min(parent.period.to()));
            period = Period::new(start, end).ok()?;
            from = parent.from;
            privileges.retain(|given| parent.privileges.iter().any(|(above, _)| above == given));
            packages.clear();
        }
        if planned.to == from || privileges.is_empty() && packages.is_empty() {
            return None;
        }
        let whole = match planned.end {
            PlannedEnd::Whole(status, hour) => {
                Some(Ended { at: instant(hour), how: How::parse(status).expect("ended") })
            }
            PlannedEnd::None | PlannedEnd::FirstPrivilege(_) | PlannedEnd::FirstPackage(_) => None,
        };
        // What is taken out of a delegation is revoked.
        let taken_out = |hour: Option<i64>| hour.map(|hour| Ended { at: instant(hour), how: How::Revoked });
        let (of_privilege, of_package) = match planned.end {
            PlannedEnd::FirstPrivilege(hour) => (taken_out(Some(hour)), None),
            PlannedEnd::FirstPackage(hour) => (None, taken_out(Some(hour))),
            PlannedEnd::None | PlannedEnd::Whole(..) => (None, None),
        };
        let with_end = |all: Vec<usize>, first: Option<Ended>| {
            let ended = |n| whole.or(first.filter(|_| n == 0));
            all.into_iter().enumerate().map(|(n, given)| (given, ended(n))).collect()
        };
        Some(Delegation {
            id: DelegationId(self.world.ids.row_id(period.from())),
            from,
            to: planned.to,
            period,
            has_ended: whole.is_some(),
            parent,
            privileges: with_end(privileges, of_privilege),
            packages: with_end(packages, of_package),
            designations: Vec::new(),
        })
    }

    async fn insert(
        &self,
        delegation: &Delegation,
        planned: &PlannedDelegation,
        model: &Model,
        at: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        let (status, ended_at) = match planned.end {
            PlannedEnd::Whole(status, hour) => (status, Some(instant(hour))),
            PlannedEnd::None | PlannedEnd::FirstPrivilege(_) | PlannedEnd::FirstPackage(_) => {
                ("active", None)
            }
        };
        let mut line = model.line(delegation);
        line.pop();
        let chain: Vec<Uuid> = line.iter().map(|above| self.parties[above.to].0).collect();
        let (from, to) = (self.parties[delegation.from].0, self.parties[delegation.to].0);
        let depth = i16::try_from(chain.len()).unwrap();
        let (valid_from, valid_to) = (delegation.period.from(), delegation.period.to());
        sqlx::query(
            "insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to,
                                     ended_at, termination, created_at, parent_id, depth, chain)
             values (0, $1, $2, $3, $4, $5, $6, $7, $8, $5, $9, $10, $11)",
        )
        .bind(delegation.id.0)
        .bind(from)
        .bind(to)
        .bind(status)
        .bind(valid_from)
        .bind(valid_to)
        .bind(ended_at)
        .bind((status == "terminated").then_some("death"))
        .bind(delegation.parent.map(|parent| model.delegations[parent].id.0))
        .bind(depth)
        .bind(chain)
        .execute(&mut *at)
        .await?;
        let repeated = (delegation.id.0, from, to, valid_from, valid_to, depth);
        for (privilege, ended) in &delegation.privileges {
            let sql = grant_sql("delegation_privilege (privilege_id, ");
            grant(&sql, repeated, *ended).bind(self.privileges[*privilege].0).execute(&mut *at).await?;
        }
        for (package, ended) in &delegation.packages {
            let sql = grant_sql("delegation_package (package_id, ");
            grant(&sql, repeated, *ended).bind(package_id(*package)).execute(&mut *at).await?;
        }
        Ok(())
    }

    async fn designate(&self, planned: &PlannedDesignation, model: &mut Model) {
        let held: Vec<usize> = (0..model.delegations.len())
            .filter(|n| model.delegations[*n].to == super::plan::ORGANISATION)
            .collect();
        if held.is_empty() {
            return;
        }
        let delegation = &mut model.delegations[*planned.delegation.get(&held)];
        let designated = Designated {
            employee: planned.employee,
            from: instant(planned.at),
            removed: planned.removed_after.map(|hours| instant(planned.at + hours)),
            unit: planned.unit,
        };
        let index = designated.unit.map(|unit| {
            let unit = self.units[unit].expose();
            self.world.store.keys().index_key().blind_index("p_number", unit).to_vec()
        });
        let written = sqlx::query(
            "insert into designation (shard, delegation_id, employee_id, designated_at, removed_at, p_number_index)
             values (0, $1, $2, $3, $4, $5)",
        )
        .bind(delegation.id.0)
        .bind(self.parties[designated.employee].0)
        .bind(designated.from)
        .bind(designated.removed)
        .bind(index)
        .execute(&self.world.database.pool)
        .await;
        if taken(written, &["one_designation_at_a_time", "designation_pkey"]) {
            delegation.designations.push(designated);
        }
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// What a grant repeats of its delegation.
type Repeated = (Uuid, Uuid, Uuid, DateTime<Utc>, DateTime<Utc>, i16);

fn grant_sql(into: &str) -> String {
    format!(
        "insert into {into} shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, depth, ended_at,
                            ended_as)
         values ($9, 0, $1, $2, $3, $4, $5, $6, $7, $8)"
    )
}

fn grant(
    sql: &str,
    (id, from, to, valid_from, valid_to, depth): Repeated,
    ended: Option<Ended>,
) -> Query<'_> {
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .bind(id)
        .bind(from)
        .bind(to)
        .bind(valid_from)
        .bind(valid_to)
        .bind(depth)
        .bind(ended.map(|ended| ended.at))
        .bind(ended.map(|ended| ended.how.as_str()))
}

fn package_id(package: usize) -> String {
    format!("package-{package}")
}

/// Whether the schema took it. Otherwise one of these constraints was against it.
fn taken<T>(written: Result<T, sqlx::Error>, refusals: &[&str]) -> bool {
    let Err(error) = written else { return true };
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    assert!(constraint.is_some_and(|constraint| refusals.contains(&constraint)), "{error}");
    false
}

type PublicationColumns = (Option<DateTime<Utc>>, Option<DateTime<Utc>>, bool, bool, Option<DateTime<Utc>>);

fn columns(publication: Publication) -> PublicationColumns {
    match publication {
        Publication::Draft => (None, None, false, false, None),
        Publication::Published { from } => (Some(from), None, false, false, None),
        Publication::Hidden { from, to, is_planned, existing, again } => {
            (Some(from), Some(to), is_planned, existing == ExistingGrants::Keep, again)
        }
    }
}
