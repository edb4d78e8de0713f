-- $1 shard, $2 the privilege's URI, $3 the instant, $4 when the change counts from, $5 the longest period in days where
-- it gets shorter, $6 and $7 the kinds of party that may give and hold it where they get fewer, $8 whether ages do.
select h.epoch, h.revision, t.in_force + f.in_force as "in_force!", t.reaching + f.reaching as "reaching!",
       t.beyond_period + f.beyond_period as "beyond_period!", w.outside_kinds + v.outside_kinds as "outside_kinds!",
       w.of_persons + v.of_persons as "of_persons!",
       (select count(distinct m.package_id) from package_privilege m
        where m.shard = $1 and m.privilege_id = p.privilege_id and (m.member_to is null or m.member_to > $3)
       ) as "packages!"
from feed_head h
left join privilege p on p.shard = $1 and p.uri = $2
-- Times alone, from the index: a privilege that everybody has must still be hidden in time.
cross join lateral (
    select count(*) as in_force, count(*) filter (where g.valid_to > $4) as reaching,
           -- As the domain's `check_length`: Danish days, the first not counted.
           count(*) filter (where $5::integer is not null and
               ((g.valid_to - interval '1 microsecond') at time zone 'Europe/Copenhagen')::date
               > (g.valid_from at time zone 'Europe/Copenhagen')::date + $5) as beyond_period
    from delegation_privilege g
    where g.shard = $1 and g.privilege_id = p.privilege_id and g.ended_at is null
      and g.valid_from <= $3 and $3 < g.valid_to
) t
-- The same of those that follow a package which holds it, and do not grant it besides.
cross join lateral (
    select count(*) as in_force, count(*) filter (where b.valid_to > $4) as reaching,
           count(*) filter (where $5::integer is not null and
               ((b.valid_to - interval '1 microsecond') at time zone 'Europe/Copenhagen')::date
               > (b.valid_from at time zone 'Europe/Copenhagen')::date + $5) as beyond_period
    from followers_with($1, p.privilege_id, $3) b
) f
-- Who gives and who holds, only where that is asked.
cross join lateral (
    select count(*) filter (where d.kind <> all ($6::text[]) or r.kind <> all ($7::text[])) as outside_kinds,
           count(*) filter (where $8::boolean and d.kind = 'person') as of_persons
    from delegation_privilege g
    join party d on d.shard = $1 and d.party_id = g.delegator_id
    join party r on r.shard = $1 and r.party_id = g.representative_id
    where ($6::text[] is not null or $7::text[] is not null or $8::boolean)
      and g.shard = $1 and g.privilege_id = p.privilege_id and g.ended_at is null
      and g.valid_from <= $3 and $3 < g.valid_to
) w
cross join lateral (
    select count(*) filter (where d.kind <> all ($6::text[]) or r.kind <> all ($7::text[])) as outside_kinds,
           count(*) filter (where $8::boolean and d.kind = 'person') as of_persons
    from followers_with($1, p.privilege_id, $3) b
    cross join lateral (
        select d.kind from party d where d.shard = $1 and d.party_id = b.delegator_id limit 1) d
    cross join lateral (
        select r.kind from party r where r.shard = $1 and r.party_id = b.representative_id limit 1) r
    where $6::text[] is not null or $7::text[] is not null or $8::boolean
) v
where h.shard = $1
