-- $1 shard, $2 and $3 copy and attempt, $4 the reason, $5 the instant, $6..$10 usage entry, its instant, client, rpc
-- and trace. The call is logged whether the import was still this stream's or not.
with refused as (
    update cpr_snapshot
    set state = 'refused', refusal = $4, ended_at = $5, wrapping_key_id = null, wrapped_key = null
    where shard = $1 and snapshot_id = $2 and attempt = $3 and state = 'loading'
    returning snapshot_id
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, outcome, trace_id)
    values ($1, $6, $7, $8, $9, $4, $10)
    returning entry_id
)
select (select count(*) from refused) as "refused!" from logged
