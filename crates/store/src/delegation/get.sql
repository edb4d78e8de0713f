-- $1 shard, $2 the delegation, $3 the actor, $4..$8 usage entry, instant, client, rpc and trace.
with visible as (
    select d.*
    from delegation d
    join party a on a.shard = $1 and a.party_id = $3
    where d.shard = $1 and d.delegation_id = $2
      and (d.delegator_id in (a.party_id, a.organisation_id) or d.representative_id in (a.party_id, a.organisation_id))
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, trace_id,
                           delegator_id, representative_id, delegation_id, outcome)
    select $1, $4, $5, $6, $7, $3, $8, v.delegator_id, v.representative_id, v.delegation_id,
           case when v.delegation_id is null then 'not_found' else 'shown' end
    from feed_head h left join visible v on true
    where h.shard = $1
)
select h.epoch, h.revision,
       v.delegation_id as "delegation_id?", v.delegator_id as "delegator_id?",
       v.representative_id as "representative_id?", v.valid_from as "valid_from?", v.valid_to as "valid_to?",
       v.status as "status?", v.ended_at, v.created_at as "created_at?", v.version as "version?",
       v.message_ciphertext as message,
       array(select p.uri
             from delegation_privilege g
             join privilege p on p.shard = g.shard and p.privilege_id = g.privilege_id
             where g.shard = $1 and g.delegation_id = v.delegation_id
             order by p.uri) as privileges,
       d.name_ciphertext as delegator_name, dk.wrapping_key_id as "delegator_key_id?",
       dk.wrapped_key as "delegator_key?",
       r.name_ciphertext as representative_name, rk.wrapping_key_id as "representative_key_id?",
       rk.wrapped_key as "representative_key?"
from feed_head h
left join visible v on true
left join party d on d.shard = $1 and d.party_id = v.delegator_id
left join party_key dk on dk.shard = $1 and dk.party_id = v.delegator_id
left join party r on r.shard = $1 and r.party_id = v.representative_id
left join party_key rk on rk.shard = $1 and rk.party_id = v.representative_id
where h.shard = $1
