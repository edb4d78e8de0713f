-- $1 shard, $2 and $3 copy and attempt, $4 how many records it has, $5 the copy that it was compared with, $6 the
-- instant, $7..$9 client, channel and import id, $10 rpc, $11 and $12 digest and answer, $13..$15 usage entry, its
-- instant and trace.
with replaced as (
    update cpr_snapshot
    set state = 'replaced', ended_at = $6, wrapping_key_id = null, wrapped_key = null
    where shard = $1 and state = 'current' and snapshot_id = $5
      and exists (select from cpr_snapshot s where s.shard = $1 and s.snapshot_id = $2 and s.attempt = $3
                                               and s.state = 'loading')
    returning snapshot_id
),
switched as (
    -- After the other is replaced: one at a time is current, by a unique index. Where it is not the one that this was
    -- compared with, nothing is replaced and nothing switched.
    update cpr_snapshot set state = 'current', switched_at = $6, progressed_at = $6
    from (select count(*) as n from replaced) r
    where shard = $1 and snapshot_id = $2 and attempt = $3 and state = 'loading'
      and row_count = $4 and expected_row_count = $4
      and r.n = case when $5::integer is null then 0 else 1 end
    returning snapshot_id
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, channel, request_id)
    select $1, 'cpr_snapshot', s.snapshot_id::text, 1, 'imported', $6, $7, $8, $9::uuid from switched s
    union all
    select $1, 'cpr_snapshot', r.snapshot_id::text, 2, 'replaced', $6, $7, $8, $9 from replaced r, switched s
    returning version
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, outcome, trace_id)
    select $1, $13, $14, $7, $10, 'imported', $15 from switched
    returning entry_id
),
feed as (
    select advance_feed($1, $6, c.entity_kinds, c.entity_ids, c.versions) as revision
    from (select array_agg('cpr_snapshot'::text) as entity_kinds,
                 array_agg(e.snapshot_id::text order by e.version) as entity_ids,
                 array_agg(e.version order by e.version) as versions
          from (select snapshot_id, 1::bigint as version from switched
                union all select snapshot_id, 2 from replaced) e) c,
         switched s,
         (select count(*) as n from happened) h,
         (select count(*) as n from logged) l
    where h.n + l.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $7, $9, $10, $11, $12, feed.revision, $6 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
