-- $1 shard, $2..$5 the packages that are followed no longer: delegation, package, when and how. As merge_grants.sql.
update delegation_package f set ended_at = n.ended_at, ended_as = n.ended_as
from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::text[]) as n (delegation_id, package_id, ended_at, ended_as)
where f.shard = $1 and f.delegation_id = n.delegation_id and f.package_id = n.package_id and f.ended_at is null
