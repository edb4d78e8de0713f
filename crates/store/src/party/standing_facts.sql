-- $1 shard, $2 the party, $3 who looks into it, if anybody, $4 now, $5 the last delegation that is done, $6 most delegations
-- and $7 most designations. Always one row.
with recursive head as (
    select h.epoch, h.revision from feed_head h where h.shard = $1
),
-- What the party gave, asked for or holds, and is not over; by id, one more than is wanted. What was given on from what it
-- gave is found below that.
candidate as (
    (select d.delegation_id from delegation d
     where d.shard = $1 and d.delegator_id = $2 and d.parent_id is null and d.ended_at is null and d.delegation_id > $5
       and case d.status when 'active' then d.valid_to > $4 when 'requested' then d.lapses_at > $4 else true end
     order by d.delegation_id limit $6 + 1)
    union all
    (select d.delegation_id from delegation d
     where d.shard = $1 and d.representative_id = $2 and d.ended_at is null and d.delegation_id > $5
       and case d.status when 'active' then d.valid_to > $4 when 'requested' then d.lapses_at > $4 else true end
     order by d.delegation_id limit $6 + 1)
),
top as (
    select c.delegation_id from candidate c order by c.delegation_id limit $6
),
below as (
    select d.delegation_id, t.delegation_id as top_id
    from top t join delegation d on d.shard = $1 and d.parent_id = t.delegation_id and d.ended_at is null
    union all
    select d.delegation_id, b.top_id
    from below b join delegation d on d.shard = $1 and d.parent_id = b.delegation_id and d.ended_at is null
),
designated as (
    select n.delegation_id from designation n
    where n.shard = $1 and n.employee_id = $2 and n.removed_at is null
    order by n.delegation_id limit $7 + 1
)
select head.epoch, head.revision,
       (select coalesce(jsonb_agg(jsonb_build_object(
            'party_id', p.party_id, 'kind', p.kind, 'organisation_id', p.organisation_id, 'standing', p.standing,
            'created_at', p.created_at, 'version', p.version, 'merged_into', p.merged_into,
            'register_status', p.register_status)), '[]')
        from party p where p.shard = $1 and p.party_id in ($2, $3)) as "parties!: Json<Vec<PartyFact>>",
       (select coalesce(jsonb_agg(jsonb_build_object('top_id', b.top_id, 'delegation', delegation_row(d))
                                  order by d.delegation_id), '[]')
        from (select t.delegation_id, null::uuid as top_id from top t union all select * from below) b
        join delegation d on d.shard = $1 and d.delegation_id = b.delegation_id)
            as "delegations!: Json<Vec<TreeRow>>",
       (select coalesce(jsonb_agg(delegation_row(d) order by d.delegation_id), '[]')
        from (select w.delegation_id from designated w order by w.delegation_id limit $7) w
        join delegation d on d.shard = $1 and d.delegation_id = w.delegation_id)
            as "designations!: Json<Vec<DelegationRow>>",
       (select max(t.delegation_id::text) from top t)::uuid as last_id,
       (select count(*) from candidate) > $6 as "more_delegations!",
       (select count(*) from designated) > $7 as "more_designations!"
from head
