-- $1 shard, $2..$5 the delegation: id, version after, status and instant of the end, $6 now, $7..$12 client, actor,
-- acting for, channel, reason and request id, $13 rpc, $14 and $15 digest and answer, $16 and $17 usage entry and trace.
with giver as (
    -- One at a time with the delegator's gifts, as there.
    select p.party_id from delegation d join party p on p.shard = d.shard and p.party_id = d.delegator_id
    where d.shard = $1 and d.delegation_id = $2 for no key update of p
),
ended as (
    update delegation d set status = $4, ended_at = $5, version = $3 from giver
    where d.shard = $1 and d.delegation_id = $2 and d.version = $3::bigint - 1 and d.status = 'active'
      and d.delegator_id = giver.party_id
    returning d.delegation_id, d.delegator_id, d.representative_id, d.version
),
taken as (
    update delegation_privilege g set ended_at = $5 from ended
    where g.shard = $1 and g.delegation_id = ended.delegation_id and g.ended_at is null
    returning g.privilege_id
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, acting_for_id,
                       channel, reason, request_id)
    select $1, 'delegation', $2::uuid::text, ended.version, $4, $5, $7, $8, $9, $10, $11, $12 from ended
    returning version
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, delegator_id, representative_id,
                           delegation_id, outcome, trace_id)
    select $1, $16, $6, $7, $13, $8, ended.delegator_id, ended.representative_id, $2, $4, $17 from ended
    returning entry_id
),
feed as (
    select advance_feed($1, $5, array['delegation'], array[ended.delegation_id::text], array[ended.version]) as revision
    from ended,
         (select count(*) as n from taken) t,
         (select count(*) as n from happened) h,
         (select count(*) as n from logged) l
    where t.n + h.n + l.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $7, $12, $13, $14, $15, feed.revision, $6 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
