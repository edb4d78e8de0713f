-- $1 shard, $2 the delegation, $3 the actor, $4..$8 usage entry, instant, client, rpc and trace.
with visible as (
    select d.*,
           -- Whoever knows somebody's number can ask them for a delegation, and must not learn their name by it.
           d.delegator_id <> all (acts_for(a))
               and not exists (select from delegation_privilege g
                               where g.shard = d.shard and g.delegation_id = d.delegation_id)
               and not exists (select from delegation_package k
                               where k.shard = d.shard and k.delegation_id = d.delegation_id) as delegator_is_unnamed
    from delegation d
    join party a on a.shard = $1 and a.party_id = $3
    where d.shard = $1 and d.delegation_id = $2
      and (d.chain || d.delegator_id || d.representative_id) && acts_for(a)
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
       (select delegation_row(d) from delegation d where d.shard = $1 and d.delegation_id = v.delegation_id)
           as "delegation: Json<DelegationRow>",
       case when not v.delegator_is_unnamed then sealed_name($1, v.delegator_id) end as "delegator: Json<SealedName>",
       sealed_name($1, v.representative_id) as "representative: Json<SealedName>",
       v.message_ciphertext as message, v.message_by as "message_by?",
       k.wrapping_key_id as "message_key_id?", k.wrapped_key as "message_key?"
from feed_head h
left join visible v on true
left join party_key k on k.shard = $1 and k.party_id = v.message_by
where h.shard = $1
