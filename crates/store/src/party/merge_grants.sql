-- $1 shard, $2..$5 the grants that end: delegation, privilege, when and how. Before anything moves, so that no two stand for
-- the same at any moment.
update delegation_privilege g set ended_at = n.ended_at, ended_as = n.ended_as
from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::text[]) as n (delegation_id, uri, ended_at, ended_as)
join privilege p on p.shard = $1 and p.uri = n.uri
where g.shard = $1 and g.delegation_id = n.delegation_id and g.privilege_id = p.privilege_id and g.ended_at is null
