-- $1 shard, $2..$25 the privilege, $26 what was done, $27 the instant, $28..$31 client, actor, channel and request id,
-- $32 rpc, $33 and $34 digest and answer. No usage entry: the catalogue holds no personal data. A trigger keeps the
-- texts.
with put as (
    insert into privilege (shard, uri, system_id, authority_cvr, title_da, title_en, description_da, description_en,
                           max_period_days, delegator_kinds, representative_kinds, access_kind, assurance,
                           min_age_years, max_age_years, max_sub_delegation_depth, paper_allowed, request_allowed,
                           published_at, hidden_at, hide_planned, grants_kept, republished_at, text_version,
                           text_valid_from)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25)
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
