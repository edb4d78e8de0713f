-- $1 shard, $2 actor, $3 the delegation, $4 the employee's id or, without it, $5 and $6 what the employee is named by, $7 blind
-- index of the production unit, if any. Always one row.
with target as (
    select d.* from delegation d where d.shard = $1 and d.delegation_id = $3
),
employee as (
    select $4::uuid as party_id where $4 is not null
    union all
    select i.party_id from identifier i where $4 is null and i.shard = $1 and i.kind = $5::text and i.blind_index = $6::bytea
),
wanted_party as (
    select $2::uuid as party_id
    union select e.party_id from employee e
    union select t.delegator_id from target t
    union select t.representative_id from target t
)
select h.epoch, h.revision,
       (select delegation_row(d) from delegation d where d.shard = $1 and d.delegation_id = $3)
           as "delegation: Json<DelegationRow>",
       (select coalesce(jsonb_agg(jsonb_build_object(
            'party_id', p.party_id, 'kind', p.kind, 'organisation_id', p.organisation_id, 'standing', p.standing,
            'created_at', p.created_at, 'version', p.version)), '[]')
        from wanted_party w join party p on p.shard = $1 and p.party_id = w.party_id) as "parties!: Json<Vec<PartyRow>>",
       (select e.party_id from employee e) as "employee_id?",
       (select n.party_id from identifier n where n.shard = $1 and n.kind = 'p_number' and n.blind_index = $7::bytea)
           as "unit_of?",
       -- What it grants, by itself or by the packages that it follows, now or later.
       exists (
           select from delegation_privilege g
           join privilege p on p.shard = $1 and p.privilege_id = g.privilege_id
           where g.shard = $1 and g.delegation_id = $3 and g.ended_at is null and p.assurance = 'high'
       ) or exists (
           select from delegation_package f
           join package_privilege m on m.shard = $1 and m.package_id = f.package_id
           join privilege p on p.shard = $1 and p.privilege_id = m.privilege_id
           where f.shard = $1 and f.delegation_id = $3 and f.ended_at is null and p.assurance = 'high'
             and (m.member_to is null or f.valid_from < m.member_to) and m.member_from < f.valid_to
       ) as "demands_high!",
       n.designated_at as "designated_at?", n.removed_at as "removed_at?", n.p_number_index as "unit_index?"
from feed_head h
left join lateral (
    select n.designated_at, n.removed_at, n.p_number_index
    from employee e join designation n on n.shard = $1 and n.delegation_id = $3 and n.employee_id = e.party_id
    order by n.designated_at desc
    limit 1
) n on true
where h.shard = $1
