-- $1 shard, $2..$5 the system: id, owner and titles, $6 the instant, $7..$10 client, actor, channel and request id,
-- $11 rpc, $12 and $13 digest and answer. No usage entry: the catalogue holds no personal data.
with put as (
    insert into system (shard, system_id, authority_cvr, title_da, title_en) values ($1, $2, $3, $4, $5)
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
