-- $1 shard, $2 and $3 every status and standing that do not go together, $4 the last party of the page before, $5 how
-- many parties.
select s.import_id, s.wrapping_key_id as "wrapping_key_id!", s.wrapped_key as "wrapped_key!",
       d.party_id as "party_id!", d.standing as "standing!", d.status as "status!", d.blind_index as "blind_index!",
       d.new_number_ciphertext
from cpr_differences($1, $2, $3, $4, $5) d
join cpr_snapshot s on s.shard = $1 and s.state = 'current'
order by d.party_id
