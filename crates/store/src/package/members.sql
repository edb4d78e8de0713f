-- $1 shard, $2 privileges, $3 the instant from which the package is to hold them, $4 the package.
with wanted as (
    select w.item, p
    from unnest($2::text[]) with ordinality w (uri, item)
    left join privilege p on p.shard = $1 and p.uri = w.uri
),
-- Who has it by the package up to then goes on having it.
joining as (
    select array_agg((w.p).privilege_id) as privilege_ids
    from wanted w
    where not exists (
        select from package_privilege m
        where m.shard = $1 and m.package_id = $4 and m.privilege_id = (w.p).privilege_id
          and m.member_from < $3 and (m.member_to is null or m.member_to >= $3))
)
select (w.p).privilege_id as "privilege_id?", (w.p).authority_cvr as "authority_cvr?",
       privilege_may_be_given(w.p, $3) as "may_be_given!",
       coalesce((w.p).privilege_id <> all (f.privilege_ids), true) as "fits_followers!"
from wanted w
cross join (select not_for_followers($1, $4, j.privilege_ids, $3) as privilege_ids from joining j) f
order by w.item
