-- $1 shard, $2 the party, $3..$9 usage entry: id, instant, client, rpc, purpose, actor and trace. Always one row.
with found as (
    select s.import_id, s.wrapping_key_id, s.wrapped_key, r.blind_index, r.status, r.new_number_ciphertext,
           r.is_protected, r.person_ciphertext
    from identifier i
    join cpr_snapshot s on s.shard = $1 and s.state = 'current'
    join cpr_record r on r.shard = $1 and r.snapshot_id = s.snapshot_id and r.blind_index = i.blind_index
    where i.shard = $1 and i.party_id = $2 and i.kind = 'cpr' and i.replaced_at is null
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, purpose, actor_id, delegator_id, outcome,
                           trace_id)
    select $1, $3, $4, $5, $6, $7, $8, $2,
           case when exists (select from found) then 'register_read' else 'register_not_found' end, $9
    returning entry_id
)
select f.import_id as "import_id?", f.wrapping_key_id, f.wrapped_key, f.blind_index as "blind_index?",
       f.status as "status?", f.new_number_ciphertext, f.is_protected as "is_protected?", f.person_ciphertext
from logged l left join found f on true
