-- Delegations that follow packages: given, asked for, taken apart; and what a package that is followed may take up.

-- What is kept of a package that is followed no longer is granted from then on, and not from the delegation's start: so a
-- grant repeats all of its delegation but the start.
alter table delegation_privilege drop constraint grant_of_its_delegation;
alter table delegation_package drop constraint delegation_package_shard_delegation_id_delegator_id_repres_fkey;
alter table delegation
    drop constraint delegation_and_parties,
    add constraint delegation_and_parties unique (shard, delegation_id, delegator_id, representative_id, valid_to, depth);
alter table delegation_privilege add constraint grant_of_its_delegation
    foreign key (shard, delegation_id, delegator_id, representative_id, valid_to, depth)
    references delegation (shard, delegation_id, delegator_id, representative_id, valid_to, depth) on update cascade;
-- Left of a package that is followed no longer: it is not given on, as nothing of a package is.
alter table delegation_privilege add column kept boolean not null default false;
alter table delegation_package add constraint package_of_its_delegation
    foreign key (shard, delegation_id, delegator_id, representative_id, valid_to, depth)
    references delegation (shard, delegation_id, delegator_id, representative_id, valid_to, depth) on update cascade;

-- Nothing is granted before its delegation begins: checked when the statement is done, whichever order it wrote in.
create function guard_start_of_grant() returns trigger language plpgsql as $$
begin
    if exists (
        select from delegation d
        where d.shard = new.shard and d.delegation_id = new.delegation_id and new.valid_from < d.valid_from
    ) then
        raise exception 'a grant begins before its delegation' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger grant_begins_with_its_delegation after insert or update of valid_from on delegation_privilege
    deferrable initially deferred for each row execute function guard_start_of_grant();
create constraint trigger package_begins_with_its_delegation after insert or update of valid_from on delegation_package
    deferrable initially deferred for each row execute function guard_start_of_grant();

create function refuse_another_start() returns trigger language plpgsql as $$
begin
    raise exception 'the start of what was given never changes' using errcode = 'restrict_violation';
end $$;
create trigger start_never_changes before update of valid_from on delegation
    for each row when (old.status not in ('requested', 'paper_started', 'paper_registered')
                       and new.valid_from <> old.valid_from)
    execute function refuse_another_start();

-- What the delegator is known to fulfil: all that was demanded of them when they followed the package. Their age is not
-- kept, but ages that it was among; for an organisation none.
alter table delegation_package
    add column min_age_years smallint check (min_age_years between 0 and 150),
    add column max_age_years smallint check (max_age_years between 0 and 150),
    add column assurance text collate "C" not null default 'substantial' check (assurance in ('substantial', 'high')),
    add constraint followed_ages_not_reversed check (min_age_years <= max_age_years);

-- What a request asks to follow. Nothing of it can be used.
create table requested_package (
    shard smallint not null,
    delegation_id uuid not null,
    package_id text collate "C" not null,
    primary key (shard, delegation_id, package_id),
    foreign key (shard, delegation_id) references delegation (shard, delegation_id),
    foreign key (shard, package_id) references package (shard, package_id)
);

-- Whether who follows a package has by it a privilege that it holds from an instant on. Hidden with "delegations that were
-- given before live on", a privilege was given to nobody who would come to it afterwards.
create function reaches_followers(grants_kept boolean, hidden_at timestamptz, republished_at timestamptz,
                                  member_from timestamptz, at timestamptz) returns boolean immutable
    return not grants_kept or member_from < hidden_at or coalesce(republished_at <= at, false);

-- Of these privileges those that somebody who follows the package, and does so beyond the instant from which the package
-- is to hold them, may not be known to have given: then they would have something that they were never able to give. The
-- terms of all who follow are few, however many follow.
create function not_for_followers(of_shard smallint, of_package text, of_privileges integer[], from_instant timestamptz)
returns integer[] language sql stable as $$
    with terms as (
        select distinct d.kind as delegator_kind, r.kind as representative_kind, f.min_age_years, f.max_age_years,
               f.assurance,
               -- As the domain's `check_length`: Danish days, the first not counted.
               ((f.valid_to - interval '1 microsecond') at time zone 'Europe/Copenhagen')::date
                   - (f.valid_from at time zone 'Europe/Copenhagen')::date as days
        from delegation_package f
        -- The limits keep the planner from reading all parties for the few that it believes in.
        cross join lateral (
            select p.kind from party p where p.shard = of_shard and p.party_id = f.delegator_id limit 1) d
        cross join lateral (
            select p.kind from party p where p.shard = of_shard and p.party_id = f.representative_id limit 1) r
        where f.shard = of_shard and f.package_id = of_package and f.ended_at is null and f.valid_to > from_instant
    )
    select coalesce(array_agg(p.privilege_id), '{}')
    from privilege p
    where p.shard = of_shard and p.privilege_id = any (of_privileges) and exists (
        select from terms t
        where not privilege_may_be_given(p, from_instant)
           or t.delegator_kind <> all (p.delegator_kinds)
           or t.representative_kind <> all (p.representative_kinds)
           or (t.delegator_kind = 'person'
               and (coalesce(t.min_age_years, 0) < p.min_age_years or coalesce(t.max_age_years, 150) > p.max_age_years))
           or (p.assurance = 'high' and t.assurance <> 'high')
           or t.days > p.max_period_days)
$$;

-- Who follows a package never gets by it what they may not have given. Whoever follows it holds the package's row, and a
-- new version changes it: so each sees the other, or is tried again.
create function guard_followers() returns trigger language plpgsql as $$
begin
    if not_for_followers(new.shard, new.package_id, (
           select array_agg(m.privilege_id) from package_privilege m
           where m.shard = new.shard and m.package_id = new.package_id and m.member_from = new.published_at
       ), new.published_at) <> '{}'
    then
        raise exception 'a version with a privilege that not all who follow the package may have given'
            using errcode = 'check_violation', constraint = 'version_fits_followers';
    end if;
    return null;
end $$;
create trigger version_fits_followers after insert on package_version
    for each row execute function guard_followers();

-- The delegations in force at an instant that follow a package which holds the privilege then, each once, and do not
-- grant it besides.
create function followers_with(of_shard smallint, of_privilege integer, asked_at timestamptz)
returns table (delegation_id uuid, delegator_id uuid, representative_id uuid, valid_from timestamptz, valid_to timestamptz)
language sql stable as $$
    select distinct on (f.delegation_id)
           f.delegation_id, f.delegator_id, f.representative_id, f.valid_from, f.valid_to
    from package_privilege m
    cross join lateral (
        select f.* from delegation_package f
        where f.shard = of_shard and f.package_id = m.package_id
          and f.ended_at is null and f.valid_from <= asked_at and asked_at < f.valid_to
        offset 0) f
    left join lateral (
        select g.ended_at is null and g.valid_from <= asked_at and asked_at < g.valid_to as in_force
        from delegation_privilege g
        where g.shard = of_shard and g.delegation_id = f.delegation_id and g.privilege_id = of_privilege
        limit 1) g on true
    where m.shard = of_shard and m.privilege_id = of_privilege
      and m.member_from <= asked_at and (m.member_to is null or asked_at < m.member_to)
      and g.in_force is not true
    order by f.delegation_id
$$;

-- Makes sure that packages are as a command read them, and stay so until it is done.
create function hold_packages(of_shard smallint, package_ids text[], versions bigint[]) returns boolean
language plpgsql as $$
declare
    wanted record;
begin
    for wanted in select * from unnest(package_ids, versions) as w (package_id, version) order by w.package_id
    loop
        perform from package k
        where k.shard = of_shard and k.package_id = wanted.package_id and k.version = wanted.version
        for share;
        if not found then
            perform refuse_stale();
        end if;
    end loop;
    return true;
end $$;

-- A delegation as the store reads it.
create or replace function delegation_row(d delegation) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'delegation_id', d.delegation_id, 'delegator_id', d.delegator_id, 'representative_id', d.representative_id,
        'status', d.status, 'valid_from', d.valid_from, 'valid_to', d.valid_to, 'ended_at', d.ended_at,
        'created_at', d.created_at, 'version', d.version, 'starts_on_acceptance', d.starts_on_acceptance,
        'lapses_at', d.lapses_at, 'termination', d.termination, 'parent_id', d.parent_id, 'depth', d.depth,
        'chain', to_jsonb(d.chain),
        'suspended', exists (
            select from party p where p.shard = d.shard and p.standing = 'suspended'
              and p.party_id = any (d.chain || d.delegator_id || d.representative_id)),
        'grants', coalesce((
            select jsonb_agg(jsonb_build_object('uri', p.uri, 'ended_at', g.ended_at, 'kept', g.kept)
                             order by p.uri)
            from delegation_privilege g
            join privilege p on p.shard = g.shard and p.privilege_id = g.privilege_id
            where g.shard = d.shard and g.delegation_id = d.delegation_id), '[]'),
        'packages', coalesce((
            select jsonb_agg(jsonb_build_object('package_id', f.package_id, 'ended_at', f.ended_at) order by f.package_id)
            from delegation_package f
            where f.shard = d.shard and f.delegation_id = d.delegation_id), '[]'),
        'requested', coalesce((
            select jsonb_agg(jsonb_build_object('uri', p.uri, 'ticked', r.ticked) order by p.uri)
            from requested_privilege r
            join privilege p on p.shard = r.shard and p.privilege_id = r.privilege_id
            where r.shard = d.shard and r.delegation_id = d.delegation_id), '[]'),
        'requested_packages', coalesce((
            select jsonb_agg(r.package_id order by r.package_id) from requested_package r
            where r.shard = d.shard and r.delegation_id = d.delegation_id), '[]'),
        'supersedes', coalesce((
            select jsonb_agg(s.superseded_id order by s.superseded_id) from supersession s
            where s.shard = d.shard and s.superseded_by = d.delegation_id), '[]'),
        'superseded_by', case when d.status = 'superseded' then (
            select s.superseded_by from supersession s
            where s.shard = d.shard and s.superseded_id = d.delegation_id
            order by s.superseded_by desc limit 1) end)
$$;
