-- Notices have been delivered. Answered with how many by this call, which was read before: a difference is tried again.
-- $1 shard, $2 now, $3 the notices, $4 how many of them are not acknowledged, $5..$8 client, request id, rpc and
-- digest,
-- $9 the answer, $10 and $11 usage entry and trace.
with open as materialized (
    select n.item_id, n.notice_id
    from notice_item n
    where n.shard = $1 and n.notice_id = any ($3::uuid[]) and n.acknowledged_at is null
    -- One order everywhere: two calls that name the same notices wait for each other and do not meet head-on.
    order by n.item_id
    for no key update
),
acknowledged as (
    update notice_item n set acknowledged_at = $2
    -- Not a join, which compares everything with everything in a table that has grown since it was analysed.
    where n.shard = $1 and n.item_id = any (array(select o.item_id from open o))
    returning n.notice_id
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, trace_id, delegator_id, outcome)
    select $1, $10, row_number() over (order by r.receiver_id) - 1, $2, $5, $7, $11, r.receiver_id, 'acknowledged'
    from (select distinct n.receiver_id from notice_item n where n.shard = $1 and n.notice_id = any ($3::uuid[])) r
    returning 1
),
settled as (
    select h.epoch,
           case when (select count(distinct a.notice_id) from acknowledged a) = $4
                     and (select count(*) from logged) >= 0
                then h.revision else refuse_stale() end as revision
    from feed_head h where h.shard = $1
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $5, $6, $7, $8, $9, s.revision, $2 from settled s
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
