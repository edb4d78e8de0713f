-- $1 shard, $2 the owner, if only one's, $3 whether only what may be given, $4 the instant, $5 the last id of the page
-- before (empty: none), $6 most rows.
select h.epoch, h.revision, k.package_id as "package_id?", k.authority_cvr as "authority_cvr?",
       k.title_da as "title_da?", k.title_en as "title_en?",
       k.description_da as "description_da?", k.description_en as "description_en?", k.min_age_years, k.max_age_years,
       k.hidden_at, k.hidden_version, k.version as "version?",
       k.current_number as "current_number?", k.current_published_at as "current_published_at?",
       (select array_agg(p.uri order by p.uri) from privilege p
        where p.shard = $1 and p.privilege_id = any (k.current_ids)) as "current_uris?",
       u.version_number as "upcoming_number?", u.published_at as "upcoming_published_at?",
       (select array_agg(p.uri order by p.uri) from privilege p
        where p.shard = $1 and p.privilege_id = any (u.privilege_ids)) as "upcoming_uris?"
from feed_head h
left join lateral (
    select k.*, c.version_number as current_number, c.published_at as current_published_at,
           c.privilege_ids as current_ids
    from package k
    left join lateral (
        select v.version_number, v.published_at, v.privilege_ids
        from package_version v
        where v.shard = $1 and v.package_id = k.package_id and v.published_at <= $4
        order by v.version_number desc
        limit 1
    ) c on true
    where k.shard = $1 and k.package_id > $5
      and ($2::text is null or k.authority_cvr = $2)
      and (not $3 or c.version_number > coalesce(k.hidden_version, 0))
    order by k.package_id
    limit $6
) k on true
left join lateral (
    select v.version_number, v.published_at, v.privilege_ids
    from package_version v
    where v.shard = $1 and v.package_id = k.package_id and v.published_at > $4
      and v.version_number > coalesce(k.current_number, 0)
    order by v.published_at, v.version_number desc
    limit 1
) u on true
where h.shard = $1
order by k.package_id
