-- $1 shard, $2 the delegation, $3 the actor, $4 the last version of the page before, $5 the page size, $6..$10 usage
-- entry, instant, client, rpc and trace.
with visible as (
    select d.delegation_id, d.delegator_id, d.representative_id
    from delegation d
    join party a on a.shard = $1 and a.party_id = $3
    where d.shard = $1 and d.delegation_id = $2
      and (d.chain || d.delegator_id || d.representative_id) && acts_for(a)
),
found as (
    select e.*, row_number() over (order by e.version) as position
    from visible v
    join event e on e.shard = $1 and e.entity_kind = 'delegation' and e.entity_id = $2::uuid::text
    where e.version > $4
    order by e.version
    limit $5 + 1
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, trace_id,
                           delegator_id, representative_id, delegation_id, outcome)
    select $1, $6, $7, $8, $9, $3, $10, v.delegator_id, v.representative_id, v.delegation_id,
           case when v.delegation_id is null then 'not_found' else 'shown' end
    from feed_head h left join visible v on true
    where h.shard = $1
)
select h.epoch, h.revision, exists (select from visible) as "visible!", (select count(*) from found) > $5 as "has_more!",
       f.kind as "kind?", f.occurred_at as "occurred_at?", f.actor_id, f.acting_for_id, f.channel as "channel?",
       f.reason, f.related_id as "related_id?", f.version as "version?"
from feed_head h
left join found f on f.position <= $5
where h.shard = $1
order by f.position
