-- $1 shard, $2..$9 the parties' columns and those of their keys, $10..$13 the identifiers' columns, $14 the instant,
-- $15..$18 client, actor, channel and request id, $19 rpc, $20 and $21 digest and answer, $22 and $23 usage entry and
-- trace.
with new_party as (
    select * from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bytea[], $7::timestamptz[], $8::text[],
                         $9::bytea[]) with ordinality
        as n (party_id, kind, organisation_id, standing, name_ciphertext, created_at, wrapping_key_id, wrapped_key, item)
),
registered as (
    insert into party (shard, party_id, kind, organisation_id, standing, name_ciphertext, created_at)
    select $1, n.party_id, n.kind, n.organisation_id, n.standing, n.name_ciphertext, n.created_at from new_party n
    returning party_id, version
),
keyed as (
    insert into party_key (shard, party_id, wrapping_key_id, wrapped_key, created_at)
    select $1, n.party_id, n.wrapping_key_id, n.wrapped_key, $14 from new_party n
    returning party_id
),
named as (
    insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
    select $1, i.kind, i.blind_index, i.party_id, i.ciphertext, $14
    from unnest($10::uuid[], $11::text[], $12::bytea[], $13::bytea[]) as i (party_id, kind, blind_index, ciphertext)
    -- In one order everywhere, so that two that want the same identifiers wait for, and do not block, each other.
    order by i.kind, i.blind_index
    returning party_id
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel,
                       request_id)
    select $1, 'party', r.party_id::text, r.version, 'registered', $14, $15, $16, $17, $18 from registered r
    returning version
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, actor_id, delegator_id, outcome, trace_id)
    select $1, $22, n.item - 1, $14, $15, $19, $16, n.party_id, 'registered', $23 from new_party n
    returning entry_id
),
feed as (
    select advance_feed($1, $14, c.entity_kinds, c.entity_ids, c.versions) as revision
    from (select array_agg('party'::text) as entity_kinds,
                 array_agg(r.party_id::text order by n.item) as entity_ids,
                 array_agg(r.version order by n.item) as versions
          from registered r join new_party n using (party_id)) c,
         (select count(*) as n from keyed) k,
         (select count(*) as n from named) i,
         (select count(*) as n from happened) h,
         (select count(*) as n from logged) l
    where k.n + i.n + h.n + l.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $15, $18, $19, $20, $21, feed.revision, $14 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
