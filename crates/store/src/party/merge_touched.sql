-- $1 shard, $2 the survivor, $3 the absorbed party, $4 most rows that are told. Every delegation that the merge touches:
-- those of the absorbed party and all below them, ended or not; what has not ended between the survivor and another party of
-- those, and what has not ended below that.
with recursive own as (
    select d.delegation_id, d.delegator_id, d.representative_id, d.ended_at
    from delegation d where d.shard = $1 and d.delegator_id = $3
    union
    select d.delegation_id, d.delegator_id, d.representative_id, d.ended_at
    from delegation d where d.shard = $1 and d.representative_id = $3
),
under as (
    select o.delegation_id from own o
    union
    select d.delegation_id from under u join delegation d on d.shard = $1 and d.parent_id = u.delegation_id
),
beside as (
    select d.delegation_id
    from (select distinct o.representative_id from own o where o.delegator_id = $3 and o.ended_at is null) o
    join delegation d on d.shard = $1 and d.delegator_id = $2 and d.representative_id = o.representative_id
        and d.ended_at is null
    union
    select d.delegation_id
    from (select distinct o.delegator_id from own o where o.representative_id = $3 and o.ended_at is null) o
    join delegation d on d.shard = $1 and d.delegator_id = o.delegator_id and d.representative_id = $2
        and d.ended_at is null
    union
    select d.delegation_id from beside b join delegation d on d.shard = $1 and d.parent_id = b.delegation_id and d.ended_at is null
)
select delegation_id as "delegation_id!"
from (select u.delegation_id from under u union select b.delegation_id from beside b) touched
order by delegation_id
limit $4
