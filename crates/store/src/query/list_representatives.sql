-- $1 shard, $2 and $3 the delegator, $4 the authority, $5 the instant, $6 privileges (empty: all), $7..$9 the last
-- entry of the page before, $10 the page size, $11..$16 the usage entry.
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
    select s.party_id, s.standing, s.kind, s.organisation_id
    from identifier i join party s on s.shard = i.shard and s.party_id = i.party_id
    where i.shard = $1 and i.kind = $2 and i.blind_index = $3
),
-- Whom the delegator's delegations in force may be used by: their representatives, and of what an organisation holds the
-- employees that it has designated.
usable as (
    select d.delegation_id, d.depth, d.representative_id as holder_id,
           d.representative_id as party_id, null::timestamptz as designated_at, null::bytea as unit_index
    from subject s
    join delegation d on d.shard = $1 and d.delegator_id = s.party_id
    join party r on r.shard = $1 and r.party_id = d.representative_id
    where d.ended_at is null and d.valid_from <= $5 and $5 < d.valid_to and r.kind <> 'organisation'
    union all
    select d.delegation_id, d.depth, d.representative_id, n.employee_id, n.designated_at,
           n.p_number_index
    from subject s
    join delegation d on d.shard = $1 and d.delegator_id = s.party_id
    join designation n on n.shard = $1 and n.delegation_id = d.delegation_id
    where d.ended_at is null and d.valid_from <= $5 and $5 < d.valid_to
      and n.removed_at is null and n.designated_at <= $5
),
-- What they grant: privileges, and what the packages that they follow hold at the instant.
held as (
    select u.delegation_id, u.depth, u.holder_id, u.party_id, u.designated_at, u.unit_index,
           g.privilege_id, g.valid_from, g.valid_to, g.member_from
    from usable u
    cross join lateral (
        -- What is left of a package that was taken apart begins later than its delegation.
        select g.privilege_id, g.valid_from, g.valid_to, null::timestamptz as member_from from delegation_privilege g
        where g.shard = $1 and g.delegation_id = u.delegation_id and g.ended_at is null
          and g.valid_from <= $5 and $5 < g.valid_to
        union all
        select m.privilege_id, greatest(f.valid_from, m.member_from), least(f.valid_to, m.member_to), m.member_from
        from delegation_package f
        join package_privilege m on m.shard = $1 and m.package_id = f.package_id
        where f.shard = $1 and f.delegation_id = u.delegation_id and f.ended_at is null
          and f.valid_from <= $5 and m.member_from <= $5 and (m.member_to is null or $5 < m.member_to)
    ) g
),
-- Each once, though a privilege may be in several packages of a delegation; and as long as it lasts.
standing as (
    select distinct on (h.delegation_id, h.privilege_id, h.party_id)
           h.*, w.uri, w.published_at, w.hidden_at, w.hide_planned, w.grants_kept, w.republished_at,
           case when h.depth > 0 then standings_above($1, h.delegation_id) else '{}' end as above
    from subject s
    cross join held h
    join wanted w using (privilege_id)
    join party e on e.shard = $1 and e.party_id = h.party_id and h.holder_id in (e.party_id, e.organisation_id)
    left join party o on o.shard = $1 and o.party_id = e.organisation_id
    where s.standing = 'good' and e.standing = 'good' and coalesce(o.standing, 'good') = 'good'
      and w.may_be_used
      and (h.member_from is null
           or reaches_followers(w.grants_kept, w.hidden_at, w.republished_at, h.member_from, $5))
      and ($7::uuid is null or (h.delegation_id, h.privilege_id, h.party_id) > ($7::uuid, $8::integer, $9::uuid))
    order by h.delegation_id, h.privilege_id, h.party_id, h.valid_to desc, h.valid_from
),
-- One more than the page holds, to know whether there is another.
found as (
    select t.*, row_number() over (order by t.delegation_id, t.privilege_id, t.party_id) as position
    from standing t cross join head
    where head.privileges_known and 'good' = all (t.above)
    order by t.delegation_id, t.privilege_id, t.party_id
    limit $10 + 1
),
page as (
    select f.*, i.kind as identifier_kind, i.ciphertext as identifier_ciphertext, k.wrapping_key_id, k.wrapped_key,
           n.party_id as unit_party_id, n.ciphertext as unit_ciphertext, nk.wrapping_key_id as unit_wrapping_key_id,
           nk.wrapped_key as unit_wrapped_key
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
    -- The P number that a designation is limited to, as the employer is named by it.
    left join identifier n on n.shard = $1 and n.kind = 'p_number' and n.blind_index = f.unit_index
    left join party_key nk on nk.shard = $1 and nk.party_id = n.party_id
    where f.position <= $10
),
logged as (
    -- One entry for the question, one for each grant that the answer shows.
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, purpose, trace_id,
                           delegator_id, representative_id, delegation_id, privilege, outcome)
    select $1::smallint, $11::uuid, 0, $12::timestamptz, $13::text, $14::text, $15::text, $16::text, (select party_id from subject), null::uuid, null::uuid, null,
           case when head.privileges_known then 'listed' else 'privilege_not_found' end
    from head
    union all
    select $1, $11, p.position, $12, $13, $14, $15, $16, s.party_id, p.party_id, p.delegation_id, p.uri, 'shown'
    from page p cross join subject s
)
select head.epoch, head.revision, head.privileges_known as "privileges_known!",
       p.delegation_id as "delegation_id?", p.privilege_id as "privilege_id?", p.uri as "uri?",
       p.published_at as "published_at?", p.hidden_at as "hidden_at?",
       p.hide_planned as "hide_planned?", p.grants_kept as "grants_kept?", p.republished_at as "republished_at?",
       p.valid_from as "valid_from?", p.valid_to as "valid_to?", p.party_id as "party_id?",
       p.designated_at as "designated_at?", p.above as "above?",
       p.identifier_kind as "identifier_kind?", p.identifier_ciphertext as "identifier_ciphertext?",
       p.wrapping_key_id as "wrapping_key_id?", p.wrapped_key as "wrapped_key?",
       p.unit_index as "unit_index?", p.unit_party_id as "unit_party_id?", p.unit_ciphertext as "unit_ciphertext?",
       p.unit_wrapping_key_id as "unit_wrapping_key_id?", p.unit_wrapped_key as "unit_wrapped_key?",
       (select count(*) from found) > $10 as "has_more!"
from head left join page p on true
order by p.position
