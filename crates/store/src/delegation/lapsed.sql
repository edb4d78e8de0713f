-- $1 shard, $2 now, $3 and $4 instant and delegation of the last request of the batch before, $5 the batch's size.
select d.delegation_id, d.lapses_at as "lapses_at!"
from delegation d
where d.shard = $1 and d.status = 'requested' and d.lapses_at <= $2 and (d.lapses_at, d.delegation_id) > ($3, $4)
order by d.lapses_at, d.delegation_id
limit $5
