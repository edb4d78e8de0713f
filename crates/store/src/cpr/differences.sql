-- $1 shard, $2 and $3 every status and standing that do not go together, $4 the last party of the page before, $5 how many
-- parties. One join of all that are known with the whole register; the copy is found first, so that no other is read.
select s.import_id, s.wrapping_key_id as "wrapping_key_id!", s.wrapped_key as "wrapped_key!",
       p.party_id, p.standing, r.status, r.blind_index, r.new_number_ciphertext
from cpr_snapshot s
join cpr_record r
  on r.shard = $1
 and r.snapshot_id = (select c.snapshot_id from cpr_snapshot c where c.shard = $1 and c.state = 'current')
join identifier i on i.shard = $1 and i.kind = 'cpr' and i.blind_index = r.blind_index
join party p on p.shard = $1 and p.party_id = i.party_id
join unnest($2::smallint[], $3::text[]) as w (status, standing) on w.status = r.status and w.standing = p.standing
where s.shard = $1 and s.state = 'current' and ($4::uuid is null or i.party_id > $4)
order by i.party_id
limit $5::integer
