-- $1 shard, $2 the party, $3 and $4 the identifier. Always one row.
select p.party_id as "party_id?", p.kind as "kind?", p.organisation_id, p.standing as "standing?",
       p.created_at as "created_at?", p.version as "version?", p.merged_into,
       array(select distinct i.kind from identifier i where i.shard = $1 and i.party_id = $2) as "identifier_kinds!",
       k.wrapping_key_id as "wrapping_key_id?", k.wrapped_key as "wrapped_key?",
       o.ciphertext as "organisation_ciphertext?", ok.wrapping_key_id as "organisation_wrapping_key_id?",
       ok.wrapped_key as "organisation_wrapped_key?",
       (select i.party_id from identifier i where i.shard = $1 and i.kind = $3 and i.blind_index = $4)
           as identifier_names
from feed_head h
left join party p on p.shard = $1 and p.party_id = $2
left join party_key k on k.shard = $1 and k.party_id = p.party_id
-- An employee's organisation: its one CVR number, and the key to read it.
left join identifier o on o.shard = $1 and o.party_id = p.organisation_id and o.kind = 'cvr'
    and o.replaced_at is null
left join party_key ok on ok.shard = $1 and ok.party_id = p.organisation_id
where h.shard = $1
