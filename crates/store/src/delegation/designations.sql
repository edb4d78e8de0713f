-- $1 shard, $2 the delegation, $3 the actor, $4 the instant, $5 and $6 the last of the page before, $7 the page size, $8..$12
-- usage entry, instant, client, rpc and trace.
with visible as (
    select d.delegation_id, d.delegator_id, d.representative_id,
           d.status = 'active' and $4::timestamptz < d.valid_to as lives
    from delegation d
    join party a on a.shard = $1 and a.party_id = $3
    where d.shard = $1 and d.delegation_id = $2
      and (d.chain || d.delegator_id || d.representative_id) && acts_for(a)
),
-- One more than the page holds, to know whether there is another.
found as (
    select n.employee_id, n.designated_at, n.p_number_index,
           row_number() over (order by n.designated_at, n.employee_id) as position
    from visible v join designation n on n.shard = $1 and n.delegation_id = v.delegation_id
    where v.lives and n.removed_at is null
      and ($5::timestamptz is null or (n.designated_at, n.employee_id) > ($5, $6::uuid))
    order by n.designated_at, n.employee_id
    limit $7 + 1
),
page as (
    select f.*, i.party_id as unit_party_id, i.ciphertext as unit_ciphertext, k.wrapping_key_id, k.wrapped_key
    from found f
    -- The P number that the designation is limited to, as the organisation is named by it.
    left join identifier i on i.shard = $1 and i.kind = 'p_number' and i.blind_index = f.p_number_index
    left join party_key k on k.shard = $1 and k.party_id = i.party_id
    where f.position <= $7
),
logged as (
    -- One entry for the question, one for each employee that the answer tells of.
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, actor_id, trace_id,
                           delegator_id, representative_id, delegation_id, outcome)
    select $1::smallint, $8::uuid, 0, $9::timestamptz, $10::text, $11::text, $3::uuid, $12::text,
           v.delegator_id, v.representative_id, v.delegation_id,
           case when v.delegation_id is null then 'not_found' else 'listed' end
    from feed_head h left join visible v on true
    where h.shard = $1
    union all
    select $1, $8, p.position, $9, $10, $11, $3, $12, v.delegator_id, p.employee_id, v.delegation_id, 'shown'
    from page p cross join visible v
)
select h.epoch, h.revision, exists (select from visible) as "visible!", (select count(*) from found) > $7 as "has_more!",
       p.employee_id as "employee_id?", p.designated_at as "designated_at?", p.p_number_index as "unit_index?",
       p.unit_party_id as "unit_party_id?", p.unit_ciphertext as "unit_ciphertext?",
       p.wrapping_key_id as "unit_wrapping_key_id?", p.wrapped_key as "unit_wrapped_key?"
from feed_head h
left join page p on true
where h.shard = $1
order by p.position
