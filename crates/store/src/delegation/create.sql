-- $1 shard, $2..$7 the delegation and its sealed message, $8 the instant, $9 the privileges' numbers, $10..$13 client,
-- actor, channel and request id, $14 rpc, $15 and $16 digest and answer, $17 and $18 usage entry and trace.
with giver as (
    -- A delegator's gifts and revocations go one at a time: of two grants that exclude each other, each would wait for
    -- the other, a deadlock that Postgres takes a second to see. The foreign key takes a lock on this row in any case.
    select party_id from party where shard = $1 and party_id = $3 for no key update
),
given as (
    insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to,
                            message_ciphertext, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning shard, delegation_id, version
),
granted as (
    insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id,
                                      valid_from, valid_to)
    select $1, $2, p.privilege_id, giver.party_id, $4, $5, $6 from giver, unnest($9::integer[]) p (privilege_id)
    returning privilege_id
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, acting_for_id,
                       channel, request_id)
    values ($1, 'delegation', $2::uuid::text, 1, 'created', $8, $10, $11, $3, $12, $13)
    returning version
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, delegator_id, representative_id,
                           delegation_id, outcome, trace_id)
    values ($1, $17, $8, $10, $14, $11, $3, $4, $2, 'created', $18)
    returning entry_id
),
-- The feed head last: everything above is counted before it is asked for.
feed as (
    select advance_feed($1, $8, array['delegation'], array[given.delegation_id::text], array[given.version]) as revision
    from given,
         (select count(*) as n from granted) g,
         (select count(*) as n from happened) h,
         (select count(*) as n from logged) l
    where g.n + h.n + l.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $10, $13, $14, $15, $16, feed.revision, $8 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
