-- $1 shard, $2 and $3 the party and its version after, $4..$6 the identifier: kind, blind index and cipher text, $7 the
-- instant, $8..$11 client, actor, channel and request id, $12 rpc, $13 and $14 digest and answer, $15 and $16 usage
-- entry and trace.
with changed as (
    update party set version = $3
    where shard = $1 and party_id = $2 and version = $3::bigint - 1
    returning party_id, version
),
linked as (
    insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
    select $1, $4, $5, changed.party_id, $6, $7 from changed
    returning kind
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel, reason,
                       request_id)
    select $1, 'party', changed.party_id::text, changed.version, 'identifier_linked', $7, $8, $9, $10, $4, $11
    from changed
    returning version
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, delegator_id, outcome, trace_id)
    select $1, $15, $7, $8, $12, $9, changed.party_id, 'identifier_linked', $16 from changed
    returning entry_id
),
feed as (
    select advance_feed($1, $7, array['party'], array[changed.party_id::text], array[changed.version]) as revision
    from changed,
         (select count(*) as n from linked) i,
         (select count(*) as n from happened) h,
         (select count(*) as n from logged) l
    where i.n + h.n + l.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $8, $11, $12, $13, $14, feed.revision, $7 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
