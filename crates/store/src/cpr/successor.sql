-- $1 shard, $2 a party whose number the register may have replaced. No row: there is nothing to be followed.
select p.party_id, p.kind, p.organisation_id, p.standing, p.created_at, p.version,
       k.wrapping_key_id as party_key_id, k.wrapped_key as party_key, i.blind_index, r.status,
       r.new_blind_index as "new_blind_index!", r.new_number_ciphertext as "new_number_ciphertext!",
       s.import_id, s.wrapping_key_id as "copy_key_id!", s.wrapped_key as "copy_key!", o.party_id as "other_id?"
from party p
join party_key k on k.shard = $1 and k.party_id = p.party_id
join identifier i on i.shard = $1 and i.party_id = p.party_id and i.kind = 'cpr' and i.replaced_at is null
join cpr_snapshot s on s.shard = $1 and s.state = 'current'
join cpr_record r on r.shard = $1 and r.snapshot_id = s.snapshot_id and r.blind_index = i.blind_index
left join identifier o on o.shard = $1 and o.kind = 'cpr' and o.blind_index = r.new_blind_index
    and o.party_id <> p.party_id
where p.shard = $1 and p.party_id = $2 and p.kind = 'person' and p.standing <> 'ended'
  and r.new_blind_index is not null
