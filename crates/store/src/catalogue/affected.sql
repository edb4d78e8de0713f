-- $1 shard, $2 the privilege's URI, $3 the instant, $4 when the change counts from, $5 the longest period in days where
-- it gets shorter, $6 and $7 the kinds of party that may give and hold it where they get fewer, $8 whether ages do.
select h.epoch, h.revision,
       count(g.delegation_id) as "in_force!",
       count(g.delegation_id) filter (where g.valid_to > $4) as "reaching!",
       -- As the domain's `check_length`: Danish days, the first not counted.
       count(g.delegation_id) filter (where
           ((g.valid_to - interval '1 microsecond') at time zone 'Europe/Copenhagen')::date
           > (g.valid_from at time zone 'Europe/Copenhagen')::date + $5::integer) as "beyond_period!",
       count(g.delegation_id) filter (where
           ($6::text[] is not null and exists (
               select from party d where d.shard = $1 and d.party_id = g.delegator_id and d.kind <> all ($6)))
           or ($7::text[] is not null and exists (
               select from party r where r.shard = $1 and r.party_id = g.representative_id and r.kind <> all ($7)))
       ) as "outside_kinds!",
       count(g.delegation_id) filter (where
           $8::boolean and exists (
               select from party d where d.shard = $1 and d.party_id = g.delegator_id and d.kind = 'person')
       ) as "of_persons!",
       (select count(distinct m.package_id) from package_privilege m
        where m.shard = $1 and m.privilege_id = p.privilege_id and (m.member_to is null or m.member_to > $3)
       ) as "packages!"
from feed_head h
left join privilege p on p.shard = $1 and p.uri = $2
left join delegation_privilege g
    on g.shard = $1 and g.privilege_id = p.privilege_id and g.ended_at is null
       and g.valid_from <= $3 and $3 < g.valid_to
where h.shard = $1
group by h.epoch, h.revision, p.privilege_id
