-- $1 shard, $2..$9 the package, $10 what was done, $11 the instant, $12..$15 client, actor, channel and request id, $16
-- rpc, $17 and $18 digest and answer. No usage entry: the catalogue holds no personal data.
with put as (
    insert into package (shard, package_id, authority_cvr, title_da, title_en, description_da, description_en,
                         min_age_years, max_age_years)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    returning package_id, version
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel,
                       request_id)
    select $1, 'package', put.package_id, put.version, $10, $11, $12, $13, $14, $15 from put
    returning version
),
feed as (
    select advance_feed($1, $11, array['package'], array[put.package_id], array[put.version]) as revision
    from put, (select count(*) as n from happened) h
    where h.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $12, $15, $16, $17, $18, feed.revision, $11 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
