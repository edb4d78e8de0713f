-- Packages that a delegation follows: it grants what the package holds at each instant, "all, including future". And what
-- a check needs to know of sub-delegations and designations.

-- A grant repeats the depth as well, so that a check looks at the delegation itself of a sub-delegation only.
alter table delegation_privilege
    drop constraint delegation_privilege_shard_delegation_id_delegator_id_repr_fkey,
    add column depth smallint not null default 0;
update delegation_privilege g set depth = d.depth
from delegation d where d.shard = g.shard and d.delegation_id = g.delegation_id and d.depth > 0;
alter table delegation
    drop constraint delegation_and_parties,
    -- What a grant repeats must be the delegation's own.
    add constraint delegation_and_parties
        unique (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, depth);
alter table delegation_privilege
    add constraint grant_of_its_delegation
        foreign key (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, depth)
        references delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, depth)
        on update cascade;
drop index grant_by_parties;
create index grant_by_parties on delegation_privilege (shard, delegator_id, representative_id, privilege_id, valid_to)
    include (delegation_id, valid_from, ended_at, ended_as, depth);

create table delegation_package (
    shard smallint not null,
    delegation_id uuid not null,
    package_id text collate "C" not null,
    delegator_id uuid not null,
    representative_id uuid not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    depth smallint not null default 0,
    -- When this package was taken out of the delegation, or the delegation ended; and how.
    ended_at timestamptz,
    ended_as text collate "C" check (ended_as in ('revoked', 'renounced', 'superseded', 'terminated')),
    -- When it stands in the way of another of the same. Empty when it has ended: then it never does.
    stands tstzrange not null generated always as (
        case when ended_at is not null then 'empty'::tstzrange else tstzrange(valid_from, valid_to) end
    ) stored,
    primary key (shard, delegation_id, package_id),
    foreign key (shard, package_id) references package (shard, package_id),
    foreign key (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, depth)
        references delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, depth)
        on update cascade,
    constraint ended_package_says_how check ((ended_at is null) = (ended_as is null)),
    -- The same package is not followed twice at once between the same two parties.
    constraint no_overlapping_packages exclude using gist (
        shard with =, delegator_id with =, representative_id with =, package_id with =, stands with &&
    )
    where (not isempty(stands))
);
create index package_by_parties on delegation_package (shard, delegator_id, representative_id, package_id, valid_to)
    include (delegation_id, valid_from, ended_at, ended_as, depth);
create index package_given on delegation_package (shard, delegator_id, delegation_id, package_id);
create index package_held on delegation_package (shard, representative_id, delegation_id, package_id);
create index package_followed on delegation_package (shard, package_id, valid_to) where ended_at is null;

-- A package ends with its delegation at the latest, as a privilege does.
create function guard_ended_package() returns trigger language plpgsql as $$
begin
    if exists (
        select from delegation d join delegation_package f using (shard, delegation_id)
        where d.shard = new.shard and d.delegation_id = new.delegation_id
          and d.ended_at is not null and (f.ended_at is null or f.ended_at > d.ended_at)
    ) then
        raise exception 'a package outlives its delegation' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger ended_delegation_ends_its_packages after update on delegation
    deferrable initially deferred for each row when (new.ended_at is not null) execute function guard_ended_package();
create constraint trigger package_ends_with_its_delegation after insert or update on delegation_package
    deferrable initially deferred for each row execute function guard_ended_package();

-- As before, asked only of those that it can be about: few of the many grants. And never by the index of what is granted of a
-- privilege, which the planner takes while it knows nothing of the table, and which grows with the table: so the end is not
-- asked for as that index says it.
create or replace function guard_ended_delegation() returns trigger language plpgsql as $$
begin
    if exists (
        select from delegation d join delegation_privilege g using (shard, delegation_id)
        where d.shard = new.shard and d.delegation_id = new.delegation_id
          and d.ended_at is not null and (g.ended_at is null or g.ended_at > d.ended_at)
    ) then
        raise exception 'a privilege outlives its delegation' using errcode = 'check_violation';
    end if;
    if new.ended_at is not null then
        if exists (
            select from delegation d join delegation c on c.shard = d.shard and c.parent_id = d.delegation_id
            where d.shard = new.shard and d.delegation_id = new.delegation_id
              and d.ended_at is not null and c.ended_at is null and c.valid_to > d.ended_at
        ) then
            raise exception 'a sub-delegation outlives its parent' using errcode = 'check_violation';
        end if;
        if exists (
            select from delegation c
            join delegation_privilege below on below.shard = c.shard and below.delegation_id = c.delegation_id
            where c.shard = new.shard and c.parent_id = new.delegation_id
              and coalesce(below.ended_at, 'infinity') = 'infinity' and not exists (
                select from delegation_privilege above
                where above.shard = c.shard and above.delegation_id = c.parent_id
                  and above.privilege_id = below.privilege_id
                  and coalesce(above.ended_at, 'infinity') >= below.valid_to)
        ) then
            raise exception 'a privilege is given on that is no longer held' using errcode = 'check_violation';
        end if;
    end if;
    if new.depth > 0 and exists (
        select from delegation c
        join delegation_privilege below on below.shard = c.shard and below.delegation_id = c.delegation_id
        where c.shard = new.shard and c.delegation_id = new.delegation_id
          and coalesce(below.ended_at, 'infinity') = 'infinity' and not exists (
            select from delegation_privilege above
            where above.shard = c.shard and above.delegation_id = c.parent_id
              and above.privilege_id = below.privilege_id
              and coalesce(above.ended_at, 'infinity') >= below.valid_to)
    ) then
        raise exception 'a privilege is given on that is no longer held' using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- Of rare grants: called where they are met, so that a plain check has no part in them. ------------------------------------

-- The standings of the representatives above a sub-delegation, and of the employers of those that are employees.
create function standings_above(of_shard smallint, of_delegation uuid) returns text[] language sql stable as $$
    select array_agg(s.standing)
    from delegation d
    join party p on p.shard = of_shard and p.party_id = any (d.chain)
    left join party o on o.shard = of_shard and o.party_id = p.organisation_id
    cross join lateral (values (p.standing), (o.standing)) as s (standing)
    where d.shard = of_shard and d.delegation_id = of_delegation and s.standing is not null
$$;

-- An employee's designation for a delegation, as long as nobody has removed it.
create function designation_of(of_shard smallint, of_delegation uuid, of_employee uuid)
returns designation language sql stable as $$
    select n from designation n
    where n.shard = of_shard and n.delegation_id = of_delegation and n.employee_id = of_employee
      and n.removed_at is null
$$;

-- A sub-delegation and all that are above it, from the top, each with what its representative is named by and the key
-- to that, both sealed.
create function line_of(of_shard smallint, of_delegation uuid) returns jsonb language sql stable as $$
    with recursive line as (
        select d.delegation_id, d.representative_id, d.depth, d.parent_id from delegation d
        where d.shard = of_shard and d.delegation_id = of_delegation
        union all
        select d.delegation_id, d.representative_id, d.depth, d.parent_id
        from line join delegation d on d.shard = of_shard and d.delegation_id = line.parent_id
    )
    select jsonb_agg(jsonb_build_object(
               'delegation_id', l.delegation_id, 'party_id', l.representative_id, 'kind', i.kind,
               'identifier', encode(i.ciphertext, 'hex'), 'key_id', k.wrapping_key_id, 'key', encode(k.wrapped_key, 'hex'))
           order by l.depth)
    from line l
    left join lateral (
        select i.kind, i.ciphertext from identifier i
        where i.shard = of_shard and i.party_id = l.representative_id and i.replaced_at is null
        -- A person by CPR number, else UUID, else PID; an organisation by CVR number; an employee by RID, else UUID.
        order by array_position(array['cpr', 'uuid', 'pid', 'cvr', 'rid', 'employee_uuid'], i.kind), i.linked_at,
                 i.blind_index
        limit 1
    ) i on true
    -- A line is short, which the planner does not know: the limit keeps it from reading all keys.
    left join lateral (
        select k.wrapping_key_id, k.wrapped_key from party_key k
        where k.shard = of_shard and k.party_id = l.representative_id
        limit 1
    ) k on true
$$;
