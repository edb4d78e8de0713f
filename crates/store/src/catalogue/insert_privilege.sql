-- $1 shard, $2..$13 the privilege, $14 what was done, $15 the instant, $16..$19 client, actor, channel and request id,
-- $20 rpc, $21 and $22 digest and answer. No usage entry: the catalogue holds no personal data.
with put as (
    insert into privilege (shard, uri, system_id, authority_cvr, title_da, title_en, description_da, description_en,
                           max_period_days, delegator_kinds, representative_kinds, published_at, hidden_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    returning uri, version
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel,
                       request_id)
    select $1, 'privilege', put.uri, put.version, $14, $15, $16, $17, $18, $19 from put
    returning version
),
feed as (
    select advance_feed($1, $15, array['privilege'], array[put.uri], array[put.version]) as revision
    from put, (select count(*) as n from happened) h
    where h.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $16, $19, $20, $21, $22, feed.revision, $15 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
