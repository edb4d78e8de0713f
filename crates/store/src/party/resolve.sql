-- $1 shard, $2 and $3 the identifiers, $4 the blind index of the employer's CVR number, if any.
with named as (
    select i.party_id, count(*) as matched
    from (select distinct kind, blind_index from unnest($2::text[], $3::bytea[]) as w (kind, blind_index)) w
    join identifier i on i.shard = $1 and i.kind = w.kind and i.blind_index = w.blind_index
    group by i.party_id
    union all
    -- The employer: none of the identifiers is its own.
    select i.party_id, 0 from identifier i where i.shard = $1 and i.kind = 'cvr' and i.blind_index = $4
)
select h.epoch, h.revision, n.matched as "matched?",
       array(select distinct i.kind from identifier i where i.shard = $1 and i.party_id = n.party_id)
           as "identifier_kinds!",
       p.party_id as "party_id?", p.kind as "kind?", p.organisation_id, p.standing as "standing?",
       p.created_at as "created_at?", p.version as "version?"
from feed_head h
left join named n on true
left join party p on p.shard = $1 and p.party_id = n.party_id
where h.shard = $1
order by n.party_id
