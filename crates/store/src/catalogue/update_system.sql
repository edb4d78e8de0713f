-- $1 shard, $2..$5 the system: id, owner and titles, $6 the instant, $7..$10 client, actor, channel and request id,
-- $11 rpc, $12 and $13 digest and answer, $14 the version after. No usage entry: the catalogue holds no personal data.
with put as (
    update system set title_da = $4, title_en = $5, version = $14
    -- The owner never changes, so it is compared and not set.
    where shard = $1 and system_id = $2 and authority_cvr = $3 and version = $14::bigint - 1
    returning system_id, version
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel,
                       request_id)
    select $1, 'system', put.system_id, put.version, 'put', $6, $7, $8, $9, $10 from put
    returning version
),
feed as (
    select advance_feed($1, $6, array['system'], array[put.system_id], array[put.version]) as revision
    from put, (select count(*) as n from happened) h
    where h.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $7, $10, $11, $12, $13, feed.revision, $6 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
