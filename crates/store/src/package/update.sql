-- $1 shard, $2..$9 the package, $10 what was done, $11 the instant, $12..$15 client, actor, channel and request id, $16
-- rpc, $17 and $18 digest and answer, $19 the version after, $20 and $21 when and with which version it is hidden. No
-- usage entry: the catalogue holds no personal data.
with put as (
    update package
    set title_da = $4, title_en = $5, description_da = $6, description_en = $7, min_age_years = $8, max_age_years = $9,
        hidden_at = $20, hidden_version = $21, version = $19
    -- The owner never changes, so it is compared and not set.
    where shard = $1 and package_id = $2 and authority_cvr = $3 and version = $19::bigint - 1
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
