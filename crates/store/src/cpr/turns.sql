-- A page of those whom a copy of the register has something to say about: what happens to them, and who is to be followed
-- to a new number. Their delegations are left to be written. Nothing happens while the copy goes out of use.
-- $1 shard, $2 the copy, $3 the statuses that merge, $4..$9 what each status has happen to whom: status, standing and noted
-- status (0: none) before, turn, standing and noted status after. $10 most parties, $11..$14 instant, client, channel and
-- request id, $15 rpc, $16 and $17 usage entry and trace.
with copy as materialized (
    select s.snapshot_id from cpr_snapshot s
    where s.shard = $1 and s.snapshot_id = $2 and s.state in ('loading', 'current')
    for update skip locked
),
picked as materialized (
    select q.party_id from register_effect q, copy
    where q.shard = $1 and not q.merges
    order by q.party_id limit $10 for update of q skip locked
),
-- In one order everywhere, as every command holds its parties. Each is looked up by its key, here and below, however
-- little the planner knows of tables that have just been filled.
held as materialized (
    select p.*
    from picked k cross join lateral (
        select p.party_id, p.version, p.standing, coalesce(p.register_status, 0) as noted
        from party p
        where p.shard = $1 and p.party_id = k.party_id and p.kind = 'person' and p.standing <> 'ended'
        offset 0 for update
    ) p
),
-- Whoever has another number now stands as that number does, also where it was changed more than once.
found as materialized (
    select h.party_id, h.version, w.turn, w.standing_after, w.noted_after, w.status is not null as is_ruled,
           r.status = any ($3::smallint[]) and w.standing_after is distinct from 'ended' as merges
    from held h
    cross join lateral (
        select i.blind_index from identifier i
        where i.shard = $1 and i.party_id = h.party_id and i.kind = 'cpr' and i.replaced_at is null offset 0
    ) i
    cross join lateral (
        select r.status, r.new_blind_index from cpr_record r
        where r.shard = $1 and r.snapshot_id = $2 and r.blind_index = i.blind_index offset 0
    ) r
    -- To the end of the chain, as far as anybody's number was ever changed; numbers that go in a circle say nothing.
    cross join lateral (
        with recursive chain as (
            select r.status, r.new_blind_index, 0 as changes
            union all
            select n.status, n.new_blind_index, c.changes + 1
            from chain c cross join lateral (
                select n.status, n.new_blind_index from cpr_record n
                where n.shard = $1 and n.snapshot_id = $2 and n.blind_index = c.new_blind_index offset 0
            ) n
            where c.status = any ($3::smallint[]) and c.changes < 8
        )
        select c.status from chain c order by c.changes desc limit 1
    ) n
    left join unnest($4::smallint[], $5::text[], $6::smallint[], $7::text[], $8::text[], $9::smallint[])
        as w (status, standing, noted, turn, standing_after, noted_after)
        on w.status = n.status and w.standing = h.standing and w.noted = h.noted
),
-- Also whose suspension has another reason now: a caseworker who has looked into the one before has not seen it.
turned as (
    update party p
    set standing = f.standing_after, register_status = nullif(f.noted_after, 0), version = f.version + 1
    from found f
    where p.shard = $1 and p.party_id = f.party_id and f.is_ruled
      and (f.turn is not null or f.standing_after = 'suspended')
    returning p.party_id, p.version, f.turn, coalesce(f.turn, 'stays_suspended') as kind
),
noted as (
    update party p set register_status = nullif(f.noted_after, 0)
    from found f
    where p.shard = $1 and p.party_id = f.party_id and f.is_ruled and f.turn is null and f.standing_after <> 'suspended'
    returning 1
),
left_to_do as (
    insert into standing_effect (shard, party_id, version, turn, changed_at, after_id, channel)
    select $1, t.party_id, t.version, t.turn, $11, '00000000-0000-0000-0000-000000000000', $13
    from turned t where t.turn is not null
    returning 1
),
followed as (
    update register_effect q set merges = true from found f
    where q.shard = $1 and q.party_id = f.party_id and f.merges
    returning 1
),
-- As sets: the planner, who takes both for a few rows, would compare each with each.
settled as (
    select k.party_id from picked k except select f.party_id from found f where f.merges
),
done as (
    delete from register_effect q using settled k
    where q.shard = $1 and q.party_id = k.party_id
    returning 1
),
counted as (
    update cpr_snapshot s
    set ended_count = s.ended_count + c.ended, suspended_count = s.suspended_count + c.suspended,
        reinstated_count = s.reinstated_count + c.reinstated
    from (select count(*) filter (where t.turn in ('died', 'party_ended')) as ended,
                 count(*) filter (where t.turn = 'suspended') as suspended,
                 count(*) filter (where t.turn = 'reinstated') as reinstated
          from turned t) c
    where s.shard = $1 and s.snapshot_id = $2 and c.ended + c.suspended + c.reinstated > 0
    returning 1
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, channel, request_id)
    select $1, 'party', t.party_id::text, t.version, t.kind, $11, $12, $13, $14 from turned t
    returning 1
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, delegator_id, outcome, trace_id)
    select $1, $16, row_number() over (order by t.party_id), $11, $12, $15, t.party_id, t.kind, $17 from turned t
    returning 1
),
feed as (
    select advance_feed($1, $11, c.entity_kinds, c.entity_ids, c.versions) as revision
    from (select array_agg('party'::text) as entity_kinds, array_agg(t.party_id::text order by t.party_id) as entity_ids,
                 array_agg(t.version order by t.party_id) as versions, count(*) as n
          from turned t) c,
         (select (select count(*) from noted) + (select count(*) from left_to_do) + (select count(*) from followed)
                 + (select count(*) from done) + (select count(*) from counted) + (select count(*) from happened)
                 + (select count(*) from logged) as n) o
    where c.n > 0 and o.n > 0
)
select (select count(*) from picked) as "picked!", (select feed.revision from feed) as revision
