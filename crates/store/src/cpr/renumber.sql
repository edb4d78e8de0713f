-- $1 shard, $2 and $3 the party and its version after, $4 the blind index of the number that was replaced, $5 and $6 blind
-- index and cipher text of the new one, $7 the instant, $8..$10 client, channel and request id, $11 rpc, $12 and $13 digest
-- and answer, $14 and $15 usage entry and trace.
with changed as (
    update party set version = $3
    where shard = $1 and party_id = $2 and version = $3::bigint - 1 and standing <> 'ended'
    returning party_id, version
),
replaced as (
    update identifier i set replaced_at = $7
    from changed
    where i.shard = $1 and i.kind = 'cpr' and i.blind_index = $4 and i.party_id = changed.party_id and i.replaced_at is null
    returning 1
),
-- After the other, as a person has one at a time. A number that comes back is the person's already.
linked as (
    insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
    select $1, 'cpr', $5, changed.party_id, $6, $7 from changed, (select count(*) as n from replaced) r where r.n = 1
    on conflict (shard, kind, blind_index) do update set replaced_at = null
        where identifier.party_id = excluded.party_id
    returning 1
),
counted as (
    update cpr_snapshot s set renumbered_count = s.renumbered_count + 1 from changed
    where s.shard = $1 and s.state = 'current'
    returning 1
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, channel, reason, request_id)
    select $1, 'party', changed.party_id::text, changed.version, 'renumbered', $7, $8, $9, 'cpr', $10 from changed
    returning 1
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, delegator_id, outcome, trace_id)
    select $1, $14, $7, $8, $11, changed.party_id, 'renumbered', $15 from changed
    returning 1
),
feed as (
    select case when l.n = 1 and o.n >= 0
        then advance_feed($1, $7, array['party'], array[changed.party_id::text], array[changed.version])
        else refuse_stale() end as revision
    from changed,
         (select count(*) as n from linked) l,
         (select (select count(*) from counted) + (select count(*) from happened) + (select count(*) from logged) as n) o
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $8, $10, $11, $12, $13, feed.revision, $7 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
