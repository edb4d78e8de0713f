-- $1 shard, $2 the owner, if only one's, $3 the last id of the page before (empty: none), $4 most rows.
select h.epoch, h.revision, s.system_id as "system_id?", s.authority_cvr as "authority_cvr?",
       s.title_da as "title_da?", s.title_en as "title_en?", s.version as "version?"
from feed_head h
left join lateral (
    select * from system s
    where s.shard = $1 and s.system_id > $3 and ($2::text is null or s.authority_cvr = $2)
    order by s.system_id
    limit $4
) s on true
where h.shard = $1
order by s.system_id
