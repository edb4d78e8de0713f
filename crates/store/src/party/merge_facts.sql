-- $1 shard, $2 the survivor, $3 the absorbed party, $4 the delegations, all of them locked.
select (select coalesce(jsonb_agg(delegation_row(d) order by d.delegation_id), '[]')
        from delegation d where d.shard = $1 and d.delegation_id = any ($4::uuid[]))
           as "delegations!: Json<Vec<DelegationRow>>",
       (select coalesce(jsonb_agg(jsonb_build_object(
            'delegation_id', d.delegation_id, 'message', encode(d.message_ciphertext, 'hex'))), '[]')
        from delegation d
        where d.shard = $1 and d.delegation_id = any ($4::uuid[]) and d.message_by = $3)
           as "messages!: Json<Vec<MessageRow>>",
       (select coalesce(jsonb_agg(jsonb_build_object(
            'party_id', i.party_id, 'kind', i.kind, 'blind_index', encode(i.blind_index, 'hex'),
            'ciphertext', encode(i.ciphertext, 'hex'), 'is_replaced', i.replaced_at is not null)
            order by i.kind, i.blind_index), '[]')
        from identifier i where i.shard = $1 and i.party_id in ($2, $3))
           as "identifiers!: Json<Vec<IdentifierRow>>",
       -- What the register says: the number of the one was replaced by one that the other has, or had before it was changed again.
       exists (
           select from identifier a
           join identifier b on b.shard = $1 and b.party_id = $2 and b.kind = 'cpr'
           join cpr_snapshot c on c.shard = $1 and c.state = 'current'
           join cpr_record r on r.shard = $1 and r.snapshot_id = c.snapshot_id and r.blind_index = a.blind_index
           where a.shard = $1 and a.party_id = $3 and a.kind = 'cpr' and a.replaced_at is null
             and r.new_blind_index = b.blind_index
       ) as "is_replaced!"
