-- $1 shard, $2 and $3 the delegator, $4 the authority, $5 the instant, $6 privileges (empty: all), $7 and $8 the last
-- entry of the page before, $9 the page size, $10..$15 the usage entry.
with wanted as (
    select p.privilege_id, p.uri, p.published_at, p.hidden_at, p.hide_planned, p.grants_kept, p.republished_at,
           privilege_may_be_used(p, $5) as may_be_used
    from privilege p
    where p.shard = $1 and p.authority_cvr = $4 and (cardinality($6::text[]) = 0 or p.uri = any ($6))
),
head as (
    select h.epoch, h.revision,
           cardinality($6::text[]) = 0 or cardinality($6::text[]) = (select count(*) from wanted) as privileges_known
    from feed_head h where h.shard = $1
),
subject as (
    select s.party_id, s.standing
    from identifier i join party s on s.shard = i.shard and s.party_id = i.party_id
    where i.shard = $1 and i.kind = $2 and i.blind_index = $3
),
-- One more than the page holds, to know whether there is another.
found as (
    select g.delegation_id, g.privilege_id, w.uri, w.published_at, w.hidden_at, w.hide_planned, w.grants_kept,
           w.republished_at, g.valid_from, g.valid_to, o.party_id,
           row_number() over (order by g.delegation_id, g.privilege_id) as position
    from subject s
    join delegation_privilege g on g.shard = $1 and g.delegator_id = s.party_id
    join wanted w on w.privilege_id = g.privilege_id
    join party o on o.shard = $1 and o.party_id = g.representative_id
    cross join head
    where head.privileges_known and s.standing = 'good' and o.standing = 'good'
      and g.ended_at is null and g.valid_from <= $5 and $5 < g.valid_to
      and w.may_be_used
      and ($7::uuid is null or (g.delegation_id, g.privilege_id) > ($7::uuid, $8::integer))
    order by g.delegation_id, g.privilege_id
    limit $9 + 1
),
page as (
    select f.*, i.kind as identifier_kind, i.ciphertext as identifier_ciphertext, k.wrapping_key_id, k.wrapped_key
    from found f
    left join lateral (
        select i.kind, i.ciphertext from identifier i
        where i.shard = $1 and i.party_id = f.party_id and i.replaced_at is null
        -- A person by CPR number, else UUID, else PID; an organisation by CVR number; an employee by RID, else UUID.
        order by array_position(array['cpr', 'uuid', 'pid', 'cvr', 'rid', 'employee_uuid'], i.kind), i.linked_at,
                 i.blind_index
        limit 1
    ) i on true
    left join party_key k on k.shard = $1 and k.party_id = f.party_id
    where f.position <= $9
),
logged as (
    -- One entry for the question, one for each grant that the answer shows.
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, purpose, trace_id,
                           delegator_id, representative_id, delegation_id, privilege, outcome)
    select $1::smallint, $10::uuid, 0, $11::timestamptz, $12::text, $13::text, $14::text, $15::text, (select party_id from subject), null::uuid, null::uuid, null,
           case when head.privileges_known then 'listed' else 'privilege_not_found' end
    from head
    union all
    select $1, $10, p.position, $11, $12, $13, $14, $15, s.party_id, p.party_id, p.delegation_id, p.uri, 'shown'
    from page p cross join subject s
)
select head.epoch, head.revision, head.privileges_known as "privileges_known!",
       p.delegation_id as "delegation_id?", p.privilege_id as "privilege_id?", p.uri as "uri?",
       p.published_at as "published_at?", p.hidden_at as "hidden_at?",
       p.hide_planned as "hide_planned?", p.grants_kept as "grants_kept?", p.republished_at as "republished_at?",
       p.valid_from as "valid_from?", p.valid_to as "valid_to?", p.party_id as "party_id?",
       p.identifier_kind as "identifier_kind?", p.identifier_ciphertext as "identifier_ciphertext?",
       p.wrapping_key_id as "wrapping_key_id?", p.wrapped_key as "wrapped_key?",
       (select count(*) from found) > $9 as "has_more!"
from head left join page p on true
order by p.position
