-- $1 shard, $2 and $3 client and import id, $4 the day it is as of, $5 how many records are announced, $6 and $7 the
-- wrapped key, $8 the instant, $9 since when another import must be idle to be given up.
with given_up as (
    update cpr_snapshot
    set state = 'refused', refusal = 'IMPORT_ABANDONED', ended_at = $8, wrapping_key_id = null, wrapped_key = null
    where shard = $1 and state = 'loading' and progressed_at < $9
    returning snapshot_id
),
begun as (
    -- After the other is given up: one at a time is loading, by a unique index.
    insert into cpr_snapshot (shard, client_id, import_id, as_of, expected_row_count, wrapping_key_id, wrapped_key,
                              started_at, progressed_at)
    select $1, $2, $3, $4, $5, $6, $7, $8, $8 from (select count(*) as n from given_up) g
    returning snapshot_id
)
select begun.snapshot_id as "snapshot_id!" from begun, create_cpr_records(begun.snapshot_id) as made
