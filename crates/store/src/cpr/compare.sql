-- $1 shard, $2 the copy, $3 the one before. A row for each status and the status before that some number has; by status.
select n.status as "status!", o.status as "previous_status?", count(*) as "row_count!"
from (select blind_index, status from cpr_record where shard = $1 and snapshot_id = $2) n
left join (select blind_index, status from cpr_record where shard = $1 and snapshot_id = $3) o using (blind_index)
group by n.status, o.status
order by n.status
