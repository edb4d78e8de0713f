-- $1 shard, $2..$6 the questions' columns, $7 the authority, $8 the instant, $9..$13 the usage entry.
with question as (
    select * from unnest($2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::text[]) with ordinality
        as q (delegator_kind, delegator_index, representative_kind, representative_index, uri, item)
),
answer as (
    select q.item, p.privilege_id, p.uri, p.published_at, p.hidden_at, p.hide_planned, p.grants_kept, p.republished_at,
           d.party_id as delegator_id, d.standing as delegator_standing,
           r.party_id as representative_id, r.standing as representative_standing,
           g.delegation_id, g.valid_from, g.valid_to, g.ended_at, g.ended_as,
           coalesce(
               g.ended_at is null and g.valid_from <= $8 and $8 < g.valid_to
               and d.standing = 'good' and r.standing = 'good'
               and privilege_may_be_used(p, $8), false) as granted
    from question q
    -- Another authority's privilege is not found.
    left join privilege p on p.shard = $1 and p.uri = q.uri and p.authority_cvr = $7
    left join identifier di on di.shard = $1 and di.kind = q.delegator_kind and di.blind_index = q.delegator_index
    left join party d on d.shard = $1 and d.party_id = di.party_id
    left join identifier ri
        on ri.shard = $1 and ri.kind = q.representative_kind and ri.blind_index = q.representative_index
    left join party r on r.shard = $1 and r.party_id = ri.party_id
    left join lateral (
        select g.delegation_id, g.valid_from, g.valid_to, g.ended_at, g.ended_as
        from delegation_privilege g
        where g.shard = $1 and g.delegator_id = d.party_id and g.representative_id = r.party_id
          and g.privilege_id = p.privilege_id
        -- In force, else next, else last.
        order by (g.ended_at is null and g.valid_from <= $8 and $8 < g.valid_to) desc,
                 (g.ended_at is null and $8 < g.valid_from) desc,
                 case when g.ended_at is null and $8 < g.valid_from then g.valid_from end,
                 least(g.valid_to, g.ended_at) desc, g.delegation_id desc
        limit 1
    ) g on true
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, purpose, trace_id,
                           delegator_id, representative_id, delegation_id, privilege, outcome)
    select $1, $9, a.item - 1, $8, $10, $11, $12, $13,
           a.delegator_id, a.representative_id, a.delegation_id, a.uri,
           case when a.privilege_id is null then 'privilege_not_found'
                when a.granted then 'granted' else 'denied' end
    from answer a
)
select h.epoch, h.revision,
       a.privilege_id as "privilege_id?", a.published_at as "published_at?", a.hidden_at as "hidden_at?",
       a.hide_planned as "hide_planned?", a.grants_kept as "grants_kept?", a.republished_at as "republished_at?",
       a.delegator_standing as "delegator_standing?", a.representative_standing as "representative_standing?",
       a.delegation_id as "delegation_id?", a.valid_from as "valid_from?", a.valid_to as "valid_to?",
       a.ended_at as "ended_at?", a.ended_as as "ended_as?", a.granted as "granted!"
from answer a cross join feed_head h
where h.shard = $1
order by a.item
