-- What the rules need to know for a command about delegations: one statement, one state, one row.
-- $1 shard, $2 actor, $3 further parties, $4 delegations, $5 and $6 the two parties between which everything that lives is
-- wanted, $7 whether those are the delegator and, without $6, the representative of the delegations in $4, $8 privileges,
-- $9 and $10 the signer's identifiers, $11 whether sealed names, numbers and keys are wanted, $12 whether what the
-- delegations in $4 grant or ask for is wanted beside $8. $13 packages and $14 the instant at which they, and those that
-- the delegations in $4 have to do with, are wanted: with what they hold then and later; none: no packages.
with recursive target as (
    select d.* from delegation d where d.shard = $1 and d.delegation_id = any ($4::uuid[])
),
pair as (
    select $5::uuid as delegator_id, $6::uuid as representative_id where $5 is not null
    union
    select t.delegator_id, coalesce($6, t.representative_id) from target t where $7
),
top as (
    select t.delegation_id from target t
    union
    select d.delegation_id
    from pair join delegation d on d.shard = $1 and d.delegator_id = pair.delegator_id
        and d.representative_id = pair.representative_id and d.ended_at is null
),
-- What was given on from them, at any depth, and lives.
below as (
    select d.delegation_id, t.delegation_id as top_id
    from top t join delegation d on d.shard = $1 and d.parent_id = t.delegation_id and d.ended_at is null
    union all
    select d.delegation_id, b.top_id
    from below b join delegation d on d.shard = $1 and d.parent_id = b.delegation_id and d.ended_at is null
),
wanted_package as (
    select w.package_id from unnest($13::text[]) w (package_id) where $14::timestamptz is not null
    union
    select f.package_id from target t
    join delegation_package f on f.shard = $1 and f.delegation_id = t.delegation_id where $14 is not null
    union
    select r.package_id from target t
    join requested_package r on r.shard = $1 and r.delegation_id = t.delegation_id where $14 is not null
),
membership as materialized (
    select m.package_id, m.privilege_id, m.member_from
    from wanted_package w join package_privilege m on m.shard = $1 and m.package_id = w.package_id
    where m.member_to is null or m.member_to > $14
),
wanted_party as (
    select $2::uuid as party_id
    union select unnest($3::uuid[])
    union select delegator_id from pair
    union select representative_id from pair
    union select t.delegator_id from target t
    union select t.representative_id from target t
)
select h.epoch, h.revision,
       (select coalesce(jsonb_agg(jsonb_build_object(
            'party_id', p.party_id, 'kind', p.kind, 'organisation_id', p.organisation_id, 'standing', p.standing,
            'created_at', p.created_at, 'version', p.version, 'merged_into', p.merged_into,
            'name', case when $11 then encode(p.name_ciphertext, 'hex') end,
            'cpr', case when $11 then (
                select encode(i.ciphertext, 'hex') from identifier i
                where i.shard = $1 and i.party_id = p.party_id and i.kind = 'cpr' and i.replaced_at is null) end,
            'key_id', case when $11 then k.wrapping_key_id end,
            'key', case when $11 then encode(k.wrapped_key, 'hex') end,
            'employer', case when $11 then sealed_name($1, p.organisation_id) end)), '[]')
        from wanted_party w join party p on p.shard = $1 and p.party_id = w.party_id
        left join party_key k on k.shard = $1 and k.party_id = p.party_id) as "parties!: Json<Vec<PartyFact>>",
       (select coalesce(jsonb_agg(jsonb_build_object('top_id', b.top_id, 'delegation', delegation_row(d))
                                  order by d.delegation_id), '[]')
        from (select t.delegation_id, null::uuid as top_id from top t union all select * from below) b
        join delegation d on d.shard = $1 and d.delegation_id = b.delegation_id)
            as "delegations!: Json<Vec<TreeRow>>",
       (select coalesce(jsonb_agg(to_jsonb(p)), '[]')
        from (select p.privilege_id from privilege p where p.shard = $1 and p.uri = any ($8::text[])
              union
              select g.privilege_id from target t
              join delegation_privilege g on g.shard = $1 and g.delegation_id = t.delegation_id where $12
              union
              select r.privilege_id from target t
              join requested_privilege r on r.shard = $1 and r.delegation_id = t.delegation_id where $12
              union
              select m.privilege_id from membership m) w
        join privilege p on p.shard = $1 and p.privilege_id = w.privilege_id)
            as "privileges!: Json<Vec<CatalogueRow>>",
       (select coalesce(jsonb_agg(to_jsonb(k) || jsonb_build_object(
            'current', (
                select v.version_number from package_version v
                where v.shard = $1 and v.package_id = k.package_id and v.published_at <= $14
                order by v.version_number desc limit 1),
            'memberships', (
                select coalesce(jsonb_agg(jsonb_build_object('uri', p.uri, 'from', m.member_from)
                                          order by p.uri, m.member_from), '[]')
                from membership m join privilege p on p.shard = $1 and p.privilege_id = m.privilege_id
                where m.package_id = k.package_id))), '[]')
        from wanted_package w join package k on k.shard = $1 and k.package_id = w.package_id)
            as "packages!: Json<Vec<PackageFact>>",
       (select coalesce(jsonb_agg(paper_row(c)), '[]')
        from target t join paper_case c on c.shard = $1 and c.delegation_id = t.delegation_id)
            as "papers!: Json<Vec<PaperRow>>",
       (select coalesce(jsonb_agg(i.party_id order by w.item), '[]')
        from unnest($9::text[], $10::bytea[]) with ordinality w (kind, blind_index, item)
        left join identifier i on i.shard = $1 and i.kind = w.kind and i.blind_index = w.blind_index)
            as "signers!: Json<Vec<Option<Uuid>>>"
from feed_head h where h.shard = $1
