-- $1 shard, $2..$7 the questions' columns, $8 the authority, $9 the instant, $10..$14 the usage entry.
with question as (
    select *
    from unnest($2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::text[], $7::bytea[]) with ordinality
        as q (delegator_kind, delegator_index, representative_kind, representative_index, uri, unit_index, item)
),
found as (
    select q.item, p.privilege_id, p.uri, p.published_at, p.hidden_at, p.hide_planned, p.grants_kept, p.republished_at,
           d.party_id as delegator_id, d.standing as delegator_standing,
           r.party_id as representative_id, r.standing as representative_standing, r.kind as representative_kind,
           o.standing as employer_standing, w.delegation_id, w.holder_id, w.valid_from, w.valid_to, w.ended_at,
           w.ended_as, (w.designation).designated_at, (w.designation).p_number_index as unit_index, w.above,
           coalesce(
               w.in_force and w.nearness = 2 and 'good' = all (w.above)
               and d.standing = 'good' and r.standing = 'good' and coalesce(o.standing, 'good') = 'good'
               and privilege_may_be_used(p, $9), false) as granted
    from question q
    -- Another authority's privilege is not found.
    left join privilege p on p.shard = $1 and p.uri = q.uri and p.authority_cvr = $8
    left join identifier di on di.shard = $1 and di.kind = q.delegator_kind and di.blind_index = q.delegator_index
    left join party d on d.shard = $1 and d.party_id = di.party_id
    left join identifier ri
        on ri.shard = $1 and ri.kind = q.representative_kind and ri.blind_index = q.representative_index
    left join party r on r.shard = $1 and r.party_id = ri.party_id
    left join party o on o.shard = $1 and o.party_id = r.organisation_id
    left join lateral (
        select v.*, u.nearness
        from (
            select g.*,
                   case when g.in_force and g.depth > 0 then standings_above($1, g.delegation_id) else '{}' end as above,
                   case when g.in_force and g.holder_id <> r.party_id
                        then designation_of($1, g.delegation_id, r.party_id) end as designation
            from (
                select g.delegation_id, g.representative_id as holder_id, g.valid_from, g.valid_to, g.ended_at,
                       g.ended_as, g.depth, g.ended_at is null and g.valid_from <= $9 and $9 < g.valid_to as in_force
                from delegation_privilege g
                where g.shard = $1 and g.delegator_id = d.party_id and g.privilege_id = p.privilege_id
                  and g.representative_id = any (array[r.party_id, r.organisation_id])
                union all
                -- As long as the privilege is in a package that is followed.
                select f.delegation_id, f.representative_id, greatest(f.valid_from, m.member_from),
                       least(f.valid_to, m.member_to), f.ended_at, f.ended_as, f.depth,
                       f.ended_at is null and f.valid_from <= $9 and $9 < f.valid_to
                       and m.member_from <= $9 and (m.member_to is null or $9 < m.member_to)
                from delegation_package f
                join package_privilege m
                    on m.shard = $1 and m.package_id = f.package_id and m.privilege_id = p.privilege_id
                where f.shard = $1 and f.delegator_id = d.party_id
                  and f.representative_id = any (array[r.party_id, r.organisation_id])
                  and m.member_from < f.valid_to and (m.member_to is null or f.valid_from < m.member_to)
                  and reaches_followers(p.grants_kept, p.hidden_at, p.republished_at, m.member_from, $9)
            ) g
            -- Not pulled into what is below, where what it says would be found out more than once.
            offset 0
        ) v
        cross join lateral (
            select case when r.kind = 'organisation' then 0
                        when v.holder_id = r.party_id then 2
                        when (v.designation).designated_at is null or (v.designation).designated_at > $9 then 0
                        when (v.designation).p_number_index is null
                             or (v.designation).p_number_index = q.unit_index then 2
                        else 1 end as nearness
        ) u
        -- In force, else next, else last. Of several in force the nearest to a yes, and then what lasts longest.
        order by v.in_force desc,
                 case when v.in_force then u.nearness end desc,
                 case when v.in_force then 'good' = all (v.above) end desc,
                 (v.ended_at is null and $9 < v.valid_from) desc,
                 case when v.ended_at is null and $9 < v.valid_from then v.valid_from end,
                 least(v.valid_to, v.ended_at) desc, v.delegation_id desc, (v.ended_at is not null) desc
        limit 1
    ) w on true
),
answer as (
    select f.*,
           -- Of a sub-delegation: it and those above it.
           case when f.granted and cardinality(f.above) > 0 then line_of($1, f.delegation_id) end as line
    from found f
),
-- The entry of a question, and of each of those above whom its answer names.
entry as (
    select a.*, generate_series(1, coalesce(jsonb_array_length(a.line), 1)) as position from answer a
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, purpose, trace_id,
                           delegator_id, representative_id, delegation_id, privilege, outcome)
    select $1, $10,
           -- They come after the 1,000 questions that there are at most; there are at most 5 of each.
           case when e.position = 1 then e.item - 1 else 1000 + 5 * (e.item - 1) + e.position - 2 end,
           $9, $11, $12, $13, $14, e.delegator_id,
           case when e.position = 1 then e.representative_id
                else (e.line -> (e.position - 2) ->> 'party_id')::uuid end,
           case when e.position = 1 then e.delegation_id
                else (e.line -> (e.position - 2) ->> 'delegation_id')::uuid end,
           e.uri,
           case when e.privilege_id is null then 'privilege_not_found'
                when not e.granted then 'denied'
                when e.position = 1 then 'granted' else 'shown' end
    from entry e
)
select h.epoch, h.revision,
       a.privilege_id as "privilege_id?", a.published_at as "published_at?", a.hidden_at as "hidden_at?",
       a.hide_planned as "hide_planned?", a.grants_kept as "grants_kept?", a.republished_at as "republished_at?",
       a.delegator_standing as "delegator_standing?", a.representative_standing as "representative_standing?",
       a.representative_id as "representative_id?", a.representative_kind as "representative_kind?",
       a.employer_standing as "employer_standing?", a.holder_id as "holder_id?",
       a.delegation_id as "delegation_id?", a.valid_from as "valid_from?", a.valid_to as "valid_to?",
       a.ended_at as "ended_at?", a.ended_as as "ended_as?", a.designated_at as "designated_at?",
       a.unit_index as "unit_index?", a.above as "above?", a.granted as "granted!",
       a.line as "line?: Json<Vec<LinkRow>>"
from answer a cross join feed_head h
where h.shard = $1
order by a.item
