-- $1 shard, $2 the party, $3 the actor, $4 the last delegation of the page before, $5 the page size, $6..$10 usage
-- entry, instant, client, rpc and trace, $11 whether requests are listed, or what was given.
with head as (
    select h.epoch, h.revision,
           exists (select from party a
                   where a.shard = $1 and a.party_id = $3 and $2 = any (acts_for(a))) as allowed
    from feed_head h where h.shard = $1
),
found as (
    select d.delegation_id, d.delegator_id, d.representative_id,
           row_number() over (order by d.delegation_id desc) as position
    from head join delegation d on d.shard = $1 and d.representative_id = $2
    where head.allowed and ($4::uuid is null or d.delegation_id < $4)
      and case when $11::boolean then d.lapses_at is not null
               else d.status not in ('requested', 'declined', 'withdrawn', 'lapsed') end
    order by d.delegation_id desc
    limit $5 + 1
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, actor_id, trace_id,
                           representative_id, delegator_id, delegation_id, outcome)
    select $1::smallint, $6::uuid, 0, $7::timestamptz, $8::text, $9::text, $3::uuid, $10::text,
           case when head.allowed then $2::uuid end, null::uuid, null::uuid,
           case when head.allowed then 'listed' else 'not_found' end
    from head
    union all
    select $1, $6, f.position, $7, $8, $9, $3, $10, f.representative_id, f.delegator_id, f.delegation_id, 'shown'
    from found f where f.position <= $5
)
select head.epoch, head.revision, head.allowed as "allowed!", (select count(*) from found) > $5 as "has_more!",
       (select delegation_row(d) from delegation d where d.shard = $1 and d.delegation_id = f.delegation_id)
           as "delegation: Json<DelegationRow>",
       -- Whoever knows somebody's number can ask them for a delegation, and must not learn their name by it.
       case when exists (select from delegation_privilege g where g.shard = $1 and g.delegation_id = f.delegation_id)
              or exists (select from delegation_package k where k.shard = $1 and k.delegation_id = f.delegation_id)
            then sealed_name($1, f.delegator_id) end as "delegator: Json<SealedName>",
       sealed_name($1, f.representative_id) as "representative: Json<SealedName>"
from head
left join found f on f.position <= $5
order by f.position
