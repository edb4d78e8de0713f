-- $1 shard, $2 the package's id, $3 the version's number, $4 when it counts from, $5 its privileges' numbers, $6 the
-- package's version after, $7 the instant, $8..$11 client, actor, channel and request id, $12 rpc, $13 and $14 digest
-- and answer. No usage entry: the catalogue holds no personal data.
with put as (
    update package set version = $6 where shard = $1 and package_id = $2 and version = $6::bigint - 1
    returning package_id, version
),
published as (
    insert into package_version (shard, package_id, version_number, published_at, privilege_ids)
    select $1, put.package_id, $3, $4, $5 from put
    returning version_number
),
-- From its instant on the version decides alone what the package holds: what an announced one would have changed later
-- does not come, and what is held or would end then goes on or ends by this one.
gone as (
    delete from package_privilege m using published
    where m.shard = $1 and m.package_id = $2 and m.member_from >= $4
    returning m.privilege_id
),
decided as (
    update package_privilege m set member_to = case when m.privilege_id <> all ($5::integer[]) then $4 end
    from published
    where m.shard = $1 and m.package_id = $2 and m.member_from < $4 and (m.member_to is null or m.member_to >= $4)
    returning m.privilege_id
),
-- After the two, because memberships that overlap are refused.
added as (
    insert into package_privilege (shard, package_id, privilege_id, member_from)
    select $1, $2, p.privilege_id, $4
    from published, unnest($5::integer[]) p (privilege_id), (select count(*) as n from gone) g
    where g.n >= 0 and p.privilege_id not in (select d.privilege_id from decided d)
    returning privilege_id
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel,
                       request_id)
    select $1, 'package', put.package_id, put.version, 'version_published', $7, $8, $9, $10, $11 from put
    returning version
),
feed as (
    select advance_feed($1, $7, array['package'], array[put.package_id], array[put.version]) as revision
    from put, (select count(*) as n from added) a, (select count(*) as n from happened) h
    where a.n >= 0 and h.n > 0
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $8, $11, $12, $13, $14, feed.revision, $7 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
