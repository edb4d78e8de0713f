-- The paper cases that wait, oldest first.
-- $1 shard, $2 the actor, $3 the last delegation of the page before, $4 the page size, $5..$9 usage entry, instant,
-- client, rpc and trace.
with head as (
    select h.epoch, h.revision, a.party_id is not null as known,
           coalesce(a.kind = 'employee' and a.standing = 'good', false) as allowed
    from feed_head h left join party a on a.shard = $1 and a.party_id = $2
    where h.shard = $1
),
found as (
    select d.delegation_id, d.delegator_id, d.representative_id,
           row_number() over (order by d.delegation_id) as position
    from head join delegation d on d.shard = $1 and d.status in ('paper_started', 'paper_registered')
    where head.allowed and ($3::uuid is null or d.delegation_id > $3)
    order by d.delegation_id
    limit $4 + 1
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, actor_id, trace_id,
                           delegator_id, representative_id, delegation_id, outcome)
    select $1::smallint, $5::uuid, 0, $6::timestamptz, $7::text, $8::text, $2::uuid, $9::text,
           null::uuid, null::uuid, null::uuid,
           case when head.allowed then 'listed' when head.known then 'not_allowed' else 'not_found' end
    from head
    union all
    select $1, $5, f.position, $6, $7, $8, $2, $9, f.delegator_id, f.representative_id, f.delegation_id, 'shown'
    from found f where f.position <= $4
)
select head.epoch, head.revision, head.known as "known!", head.allowed as "allowed!",
       (select count(*) from found) > $4 as "has_more!",
       (select delegation_row(d) from delegation d where d.shard = $1 and d.delegation_id = f.delegation_id)
           as "delegation: Json<DelegationRow>",
       (select paper_row(c) from paper_case c where c.shard = $1 and c.delegation_id = f.delegation_id)
           as "paper: Json<PaperRow>"
from head
left join found f on f.position <= $4
order by f.position
