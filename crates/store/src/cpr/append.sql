-- $1 shard, $2 and $3 copy and attempt, $4 and $5 the next chunk before and after, $6 how many records there are then,
-- $7 the digest then, $8 the instant, $9 how long the COPY that follows may take, in milliseconds.
update cpr_snapshot set next_chunk = $5, row_count = $6, digest = $7, progressed_at = $8
where shard = $1 and snapshot_id = $2 and attempt = $3 and next_chunk = $4 and state = 'loading'
returning set_config('statement_timeout', $9, true) as "timeout!"
