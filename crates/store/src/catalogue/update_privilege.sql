-- $1 shard, $2..$25 the privilege, $26 what was done, $27 the instant, $28..$31 client, actor, channel and request id,
-- $32 rpc, $33 and $34 digest and answer, $35 the version after. No usage entry: the catalogue holds no personal data.
-- A trigger keeps the texts.
with put as (
    update privilege
    set title_da = $5, title_en = $6, description_da = $7, description_en = $8, max_period_days = $9,
        delegator_kinds = $10, representative_kinds = $11, access_kind = $12, assurance = $13, min_age_years = $14,
        max_age_years = $15, max_sub_delegation_depth = $16, paper_allowed = $17, request_allowed = $18,
        published_at = $19, hidden_at = $20, hide_planned = $21, grants_kept = $22, republished_at = $23,
        text_version = $24, text_valid_from = $25, version = $35
    -- System and owner never change, so they are compared and not set.
    where shard = $1 and uri = $2 and system_id = $3 and authority_cvr = $4 and version = $35::bigint - 1
    returning uri, version
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel,
                       request_id)
    select $1, 'privilege', put.uri, put.version, $26, $27, $28, $29, $30, $31 from put
    returning version
),
feed as (
    select advance_feed($1, $27, array['privilege'], array[put.uri], array[put.version]) as revision
    from put, (select count(*) as n from happened) h
    where h.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $28, $31, $32, $33, $34, feed.revision, $27 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
