-- $1 shard, $2 the party, $3 the actor, $4 the last delegation of the page before, $5 the page size, $6..$10 usage
-- entry, instant, client, rpc and trace.
with head as (
    select h.epoch, h.revision,
           exists (select from party a
                   where a.shard = $1 and a.party_id = $3 and $2 in (a.party_id, a.organisation_id)) as allowed
    from feed_head h where h.shard = $1
),
found as (
    select d.*, row_number() over (order by d.delegation_id desc) as position
    from head join delegation d on d.shard = $1 and d.representative_id = $2
    where head.allowed and ($4::uuid is null or d.delegation_id < $4)
    order by d.delegation_id desc
    limit $5 + 1
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, actor_id, trace_id,
                           representative_id, delegator_id, delegation_id, outcome)
    select $1::smallint, $6::uuid, 0, $7::timestamptz, $8::text, $9::text, $3::uuid, $10::text, case when head.allowed then $2::uuid end, null::uuid, null::uuid,
           case when head.allowed then 'listed' else 'not_found' end
    from head
    union all
    select $1, $6, f.position, $7, $8, $9, $3, $10, f.representative_id, f.delegator_id, f.delegation_id, 'shown'
    from found f where f.position <= $5
)
select head.epoch, head.revision, head.allowed as "allowed!", (select count(*) from found) > $5 as "has_more!",
       f.delegation_id as "delegation_id?", f.delegator_id as "delegator_id?",
       f.representative_id as "representative_id?", f.valid_from as "valid_from?", f.valid_to as "valid_to?",
       f.status as "status?", f.ended_at, f.created_at as "created_at?", f.version as "version?",
       array(select p.uri
             from delegation_privilege g
             join privilege p on p.shard = g.shard and p.privilege_id = g.privilege_id
             where g.shard = $1 and g.delegation_id = f.delegation_id
             order by p.uri) as privileges,
       d.name_ciphertext as delegator_name, dk.wrapping_key_id as "delegator_key_id?",
       dk.wrapped_key as "delegator_key?",
       r.name_ciphertext as representative_name, rk.wrapping_key_id as "representative_key_id?",
       rk.wrapped_key as "representative_key?"
from head
left join found f on f.position <= $5
left join party d on d.shard = $1 and d.party_id = f.delegator_id
left join party_key dk on dk.shard = $1 and dk.party_id = f.delegator_id
left join party r on r.shard = $1 and r.party_id = f.representative_id
left join party_key rk on rk.shard = $1 and rk.party_id = f.representative_id
order by f.position
