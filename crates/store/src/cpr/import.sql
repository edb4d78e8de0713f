-- $1 shard, $2 client, $3 the import's id. Always one row.
select h.epoch, h.revision,
       s.snapshot_id as "snapshot_id?", s.as_of as "as_of?", s.state as "state?",
       s.expected_row_count as "expected_row_count?", s.row_count as "row_count?", s.next_chunk as "next_chunk?",
       s.progressed_at as "progressed_at?", s.refusal,
       c.snapshot_id as "current_id?", c.as_of as "current_as_of?", c.row_count as "current_row_count?",
       s.ended_count as "ended?", s.suspended_count as "suspended?", s.reinstated_count as "reinstated?",
       s.renumbered_count as "renumbered?", s.merged_count as "merged?", s.unresolved_count as "unresolved?",
       case when s.state = 'current'
           then (select count(*) from register_effect q where q.shard = $1)
                + (select count(distinct e.party_id) from standing_effect e where e.shard = $1)
       end as pending
from feed_head h
left join cpr_snapshot s on s.shard = $1 and s.client_id = $2 and s.import_id = $3
left join cpr_snapshot c on c.shard = $1 and c.state = 'current'
where h.shard = $1
