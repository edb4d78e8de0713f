-- $1 shard, $2 the package's id, $3 the instant, $4 the instant that a new version would count from.
select h.epoch, h.revision, k.package_id as "package_id?", k.authority_cvr as "authority_cvr?",
       k.title_da as "title_da?", k.title_en as "title_en?",
       k.description_da as "description_da?", k.description_en as "description_en?", k.min_age_years, k.max_age_years,
       k.hidden_at, k.hidden_version, k.version as "version?",
       c.version_number as "current_number?", c.published_at as "current_published_at?", c.uris as "current_uris?",
       u.version_number as "upcoming_number?", u.published_at as "upcoming_published_at?", u.uris as "upcoming_uris?",
       l.version_number as "latest_number?", l.published_at as "latest_published_at?", l.uris as "latest_uris?",
       b.uris as "base_uris?", coalesce(b.unavailable, 0) as "base_unavailable!",
       (select count(*) from delegation_package f
        where f.shard = $1 and f.package_id = $2 and f.ended_at is null and f.valid_from <= $3 and $3 < f.valid_to
       ) as "followed_by!"
from feed_head h
left join package k on k.shard = $1 and k.package_id = $2
left join lateral (
    select v.version_number, v.published_at,
           (select array_agg(p.uri order by p.uri) from privilege p
            where p.shard = $1 and p.privilege_id = any (v.privilege_ids)) as uris
    from package_version v
    where v.shard = $1 and v.package_id = k.package_id and v.published_at <= $3
    order by v.version_number desc
    limit 1
) c on true
left join lateral (
    select v.version_number, v.published_at,
           (select array_agg(p.uri order by p.uri) from privilege p
            where p.shard = $1 and p.privilege_id = any (v.privilege_ids)) as uris
    from package_version v
    where v.shard = $1 and v.package_id = k.package_id and v.published_at > $3
      and v.version_number > coalesce(c.version_number, 0)
    order by v.published_at, v.version_number desc
    limit 1
) u on true
left join lateral (
    select v.version_number, v.published_at,
           (select array_agg(p.uri order by p.uri) from privilege p
            where p.shard = $1 and p.privilege_id = any (v.privilege_ids)) as uris
    from package_version v
    where v.shard = $1 and v.package_id = k.package_id
    order by v.version_number desc
    limit 1
) l on true
-- The version that would be the current one then.
left join lateral (
    select array_agg(p.uri order by p.uri) as uris,
           count(*) filter (where not privilege_may_be_given(p, $4)) as unavailable
    from privilege p
    where p.shard = $1 and p.privilege_id = any ((
        select v.privilege_ids from package_version v
        where v.shard = $1 and v.package_id = k.package_id and v.published_at <= $4
        order by v.version_number desc
        limit 1
    )::integer[])
) b on true
where h.shard = $1
