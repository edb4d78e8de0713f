-- $1 shard, $2 and $3 the two parties. Locked in the order of their ids, as every command holds its parties, and so that only
-- what refers to them may still be written. All that is known of them, as it is once they are locked.
select p.party_id, p.kind, p.organisation_id, p.standing, p.created_at, p.version, p.merged_into, p.register_status,
       p.name_ciphertext, k.wrapping_key_id as "wrapping_key_id?", k.wrapped_key as "wrapped_key?"
from party p left join party_key k on k.shard = p.shard and k.party_id = p.party_id
where p.shard = $1 and p.party_id in ($2, $3)
order by p.party_id
for no key update of p
