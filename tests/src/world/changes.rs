//! Delegations that are replaced, renewed, taken apart and given on.

use chrono::{DateTime, Days, Utc};
use fuldmagt_domain::period::danish_date;
use fuldmagt_proto::v1;
use sqlx::AssertSqlSafe;
use tonic::{Response, Status};
use uuid::Uuid;

use super::{Registered, World, until_day, uris};

/// How long a part is given on when nothing else is said: less than the whole lasts.
const PART_DAYS: u64 = 20;

impl World {
    /// The party gives the other the privileges, from now on, in place of whatever overlaps.
    pub async fn replace(&self, from: &Registered, to: &Registered, privileges: &[&str]) -> v1::Delegation {
        let request =
            v1::CreateDelegationRequest { replace_existing: true, ..self.giving(from, to, privileges) };
        self.try_give(request).await.expect("it is given").delegation.expect("a delegation")
    }

    /// The user revokes some of the delegation's privileges.
    pub fn revoking_part(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
        privileges: &[&str],
    ) -> v1::RevokeDelegationRequest {
        v1::RevokeDelegationRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            privileges: uris(privileges),
            ..v1::RevokeDelegationRequest::default()
        }
    }

    /// The user revokes some of the delegation's privileges.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn revoke_part(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
        privileges: &[&str],
    ) -> Result<v1::Delegation, Status> {
        let request = self.revoking_part(user, delegation, privileges);
        let answer = self.front_end.delegations().revoke_delegation(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// The delegator revokes all that the representative has.
    pub fn revoking_all(&self, from: &Registered, to: &Registered) -> v1::RevokeAllDelegationsRequest {
        v1::RevokeAllDelegationsRequest {
            request_id: self.request_id(),
            actor: from.actor(),
            delegator_id: from.id.clone(),
            representative_id: to.id.clone(),
            reason: v1::EndReason::Unspecified.into(),
        }
    }

    /// The delegator revokes all that the representative has.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn revoke_all(
        &self,
        from: &Registered,
        to: &Registered,
    ) -> Result<v1::RevokeAllDelegationsResponse, Status> {
        let request = self.revoking_all(from, to);
        self.front_end.delegations().revoke_all_delegations(request).await.map(Response::into_inner)
    }

    /// The user renews the delegation.
    pub fn renewing(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
        period: Option<v1::Period>,
    ) -> v1::RenewDelegationRequest {
        v1::RenewDelegationRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            period,
            ..v1::RenewDelegationRequest::default()
        }
    }

    /// Renews; the actor signs first, unless the request is signed.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_renew(&self, request: v1::RenewDelegationRequest) -> Result<v1::Delegation, Status> {
        let request = self.once_signed(request).await;
        let answer = self.front_end.delegations().renew_delegation(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// The user gives some of the delegation's privileges on, from now on.
    pub fn giving_on(
        &self,
        user: &Registered,
        parent: &v1::Delegation,
        to: &Registered,
        privileges: &[&str],
    ) -> v1::SubDelegateRequest {
        let last_day = danish_date(self.now()) + Days::new(PART_DAYS);
        v1::SubDelegateRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            parent_id: parent.delegation_id.clone(),
            representative_id: to.id.clone(),
            privileges: uris(privileges),
            period: until_day(&last_day.to_string()),
            ..v1::SubDelegateRequest::default()
        }
    }

    /// Gives on; the actor signs first, unless the request is signed.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_give_on(&self, request: v1::SubDelegateRequest) -> Result<v1::Delegation, Status> {
        let request = self.once_signed(request).await;
        let answer = self.front_end.delegations().sub_delegate(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// The user gives some of the delegation's privileges on, from now on.
    pub async fn give_on(
        &self,
        user: &Registered,
        parent: &v1::Delegation,
        to: &Registered,
        privileges: &[&str],
    ) -> v1::Delegation {
        self.try_give_on(self.giving_on(user, parent, to, privileges)).await.expect("it is given on")
    }

    /// Lets the privilege be given on, that deep.
    pub async fn let_give_on(&self, privilege: &str, depth: u8) {
        let sql = "update privilege set max_sub_delegation_depth = $1 where uri = $2";
        let done = sqlx::query(sql).bind(i16::from(depth)).bind(privilege).execute(&self.database.pool).await;
        assert_eq!(done.expect("the privilege can be changed").rows_affected(), 1);
    }
}

/// What must never be, and how it is found.
const LOOSE: [(&str, &str); 8] = [
    (
        "a version without an event, or an event without a version",
        "select from delegation d where d.version <> (
             select count(*) from event e where e.entity_kind = 'delegation' and e.entity_id = d.delegation_id::text
               and e.version between 1 and d.version)
         or exists (select from event e where e.entity_id = d.delegation_id::text and e.version > d.version)",
    ),
    (
        "an event that is not in the feed once",
        "select from event e where 1 <> (
             select count(*) from change c
             where (c.shard, c.entity_kind, c.entity_id, c.version) = (e.shard, e.entity_kind, e.entity_id, e.version))",
    ),
    (
        "a revision without a change",
        "select from feed_head h, generate_series(1, h.revision) as r (revision)
         where not exists (select from change c where c.revision = r.revision)",
    ),
    (
        "what lives beneath what has ended",
        "select from delegation child join delegation parent on parent.delegation_id = child.parent_id
         where parent.ended_at is not null and child.ended_at is null and child.valid_to > parent.ended_at",
    ),
    (
        "what is given on and not held",
        "select from delegation child join delegation_privilege g using (shard, delegation_id)
         where child.parent_id is not null and g.ended_at is null and not exists (
             select from delegation_privilege above
             where above.delegation_id = child.parent_id and above.privilege_id = g.privilege_id
               and (above.ended_at is null or above.ended_at >= child.valid_to))",
    ),
    (
        "a grant that outlives its delegation, or none of one that lives",
        "select from delegation d where d.status not in ('requested', 'declined', 'withdrawn', 'lapsed')
           and (d.ended_at is null) <> exists (
             select from delegation_privilege g where g.delegation_id = d.delegation_id and g.ended_at is null)",
    ),
    (
        "a status that is not what happened last",
        "select from delegation d join event e on e.entity_id = d.delegation_id::text and e.version = d.version
         where d.ended_at is not null and e.kind <> d.status",
    ),
    (
        "a replacement that one of the two does not know of",
        "select from event e
         full join supersession s on s.superseded_id::text = e.entity_id and s.superseded_by = e.related_id
         where (e.kind = 'superseded' or e.kind is null) and (s.shard is null or e.shard is null)",
    ),
];

/// One grant of one privilege, and between which revisions it stood.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Stood {
    delegation_id: Uuid,
    valid_from: DateTime<Utc>,
    valid_to: DateTime<Utc>,
    ended_as: Option<String>,
    granted_at: i64,
    ended_at: Option<i64>,
}

impl World {
    /// Asserts of everything that was written that state, history, feed and links say the same, and that nothing lives
    /// beneath what has ended.
    pub async fn assert_nothing_hangs_loose(&self) {
        for (what, sql) in LOOSE {
            let found: i64 =
                sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from ({sql}) as loose")))
                    .fetch_one(&self.database.pool)
                    .await
                    .expect(what);
            assert_eq!(found, 0, "{what}");
        }
    }

    /// Asserts that at no revision two grants of the privilege between the two overlapped in time, and that wherever one
    /// was replaced, the next one began to stand at the same revision. Tells how many there were.
    ///
    /// Where a part was taken out, the clock must have moved before the next command: that it ended is found in the
    /// history by its instant.
    pub async fn assert_never_twice_and_no_gap(
        &self,
        from: &Registered,
        to: &Registered,
        privilege: &str,
    ) -> usize {
        let sql = "with told as (
                       select e.entity_id::uuid as delegation_id, e.kind, e.occurred_at, c.revision
                       from event e join change c using (shard, entity_kind, entity_id, version)
                       where e.entity_kind = 'delegation'
                   )
                   select g.delegation_id, g.valid_from, g.valid_to, g.ended_as, granted.revision as granted_at,
                          case when g.ended_at = d.ended_at
                               then (select max(t.revision) from told t where t.delegation_id = g.delegation_id)
                               else (select min(t.revision) from told t
                                     where t.delegation_id = g.delegation_id and t.occurred_at = g.ended_at
                                       and t.kind not in ('created', 'accepted', 'sub_delegated'))
                          end as ended_at
                   from delegation_privilege g join privilege p using (shard, privilege_id)
                   join delegation d using (shard, delegation_id)
                   join told granted on granted.delegation_id = g.delegation_id and granted.kind in ('created', 'accepted')
                   where g.delegator_id = $1::uuid and g.representative_id = $2::uuid and p.uri = $3
                   order by granted.revision";
        let query = sqlx::query_as(sql).bind(&from.id).bind(&to.id).bind(privilege);
        let all: Vec<Stood> = query.fetch_all(&self.database.pool).await.expect("grants");
        for (place, one) in all.iter().enumerate() {
            assert_eq!(one.ended_as.is_some(), one.ended_at.is_some(), "{one:?}");
            for later in all.iter().skip(place + 1) {
                let apart = one.valid_to <= later.valid_from || later.valid_to <= one.valid_from;
                let before = one.ended_at.is_some_and(|ended| ended <= later.granted_at);
                assert!(apart || before, "twice at one revision: {one:?} {later:?}");
            }
            if one.ended_as.as_deref() == Some("superseded") {
                let is_next = |next: &Stood| {
                    next.delegation_id != one.delegation_id && Some(next.granted_at) == one.ended_at
                };
                let next = all.iter().any(is_next);
                assert!(next, "a gap: {one:?} {all:?}");
            }
        }
        all.len()
    }
}
