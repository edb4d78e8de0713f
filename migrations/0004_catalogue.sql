-- The catalogue, whole: the rules that a privilege is given by, its texts as they were on any day, publication at a
-- time, and packages.

alter table change drop constraint change_entity_kind_check;
alter table change add constraint change_entity_kind_check
    check (entity_kind in ('party', 'system', 'privilege', 'package', 'delegation', 'cpr_snapshot'));
alter table event drop constraint event_entity_kind_check;
alter table event add constraint event_entity_kind_check
    check (entity_kind in ('party', 'system', 'privilege', 'package', 'delegation', 'cpr_snapshot'));

-- Privileges ---------------------------------------------------------------------------------------------------------

alter table privilege
    -- Whether it lets a representative read only, or act. Nothing that is known to be harmless: act.
    add access_kind text collate "C" not null default 'act' check (access_kind in ('read', 'act')),
    -- The least level of assurance of NSIS that it is given at. Nothing is given below substantial.
    add assurance text collate "C" not null default 'substantial' check (assurance in ('substantial', 'high')),
    -- The ages in completed years of persons that may give it, both included.
    add min_age_years smallint check (min_age_years between 0 and 150),
    add max_age_years smallint check (max_age_years between 0 and 150),
    -- How often it may be passed on; 0: not at all.
    add max_sub_delegation_depth smallint not null default 0 check (max_sub_delegation_depth between 0 and 5),
    add paper_allowed boolean not null default false,
    add request_allowed boolean not null default true,
    -- Hidden at an instant that was in the future when that was written: then it counts from that instant on. What was
    -- hidden at once counts as hidden as soon as it is read, whatever the clock of who reads it.
    add hide_planned boolean not null default false,
    -- Hidden, delegations that were given before live on.
    add grants_kept boolean not null default false,
    -- Hidden, and to be available again from this instant on.
    add republished_at timestamptz,
    -- Which text it has now, and since when. The instant of a text from before this was kept is not known.
    add text_version integer not null default 1 check (text_version > 0),
    add text_valid_from timestamptz not null default 'epoch',
    add constraint ages_not_reversed check (min_age_years <= max_age_years),
    add constraint only_hidden_has_details
        check (hidden_at is not null or not (hide_planned or grants_kept or republished_at is not null)),
    add constraint republished_after_hidden check (republished_at >= hidden_at);

-- Whether a privilege may be given at the instant, which is now for who asks, or later.
create function privilege_may_be_given(p privilege, at timestamptz) returns boolean immutable
    return coalesce(p.published_at <= at
                    and (p.hidden_at is null or (p.hide_planned and at < p.hidden_at) or p.republished_at <= at),
                    false);

-- Whether a delegation of the privilege that was given before may be used.
create function privilege_may_be_used(p privilege, at timestamptz) returns boolean immutable
    return coalesce(p.published_at <= at
                    and (p.hidden_at is null or p.grants_kept or (p.hide_planned and at < p.hidden_at)
                         or p.republished_at <= at),
                    false);

-- The texts of a privilege as they were, for whoever must know what was agreed to in the words of that day.
create table privilege_text (
    shard smallint not null,
    privilege_id integer not null,
    text_version integer not null check (text_version > 0),
    title_da text not null,
    title_en text not null,
    description_da text not null,
    description_en text not null,
    valid_from timestamptz not null,
    primary key (shard, privilege_id, text_version),
    foreign key (shard, privilege_id) references privilege (shard, privilege_id)
);
update privilege p set text_valid_from = e.occurred_at
from (select shard, entity_id, max(occurred_at) as occurred_at from event
      where entity_kind = 'privilege' and kind = 'put' group by shard, entity_id) e
where p.shard = e.shard and p.uri = e.entity_id;
insert into privilege_text (shard, privilege_id, text_version, title_da, title_en, description_da, description_en,
                            valid_from)
select shard, privilege_id, text_version, title_da, title_en, description_da, description_en, text_valid_from
from privilege;
create trigger privilege_text_is_written_once before update or delete on privilege_text
    for each row execute function refuse_rewriting();
create trigger privilege_text_is_not_emptied before truncate on privilege_text
    for each statement execute function refuse_rewriting();

-- A text never changes without a version of its own, and a version never comes without another text.
create function guard_privilege_text() returns trigger language plpgsql as $$
declare
    changed boolean := (new.title_da, new.title_en, new.description_da, new.description_en)
        is distinct from (old.title_da, old.title_en, old.description_da, old.description_en);
begin
    if new.text_version <> old.text_version + changed::integer
       or (not changed and new.text_valid_from <> old.text_valid_from) then
        raise exception 'a text changes with its version' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger privilege_text_changes_with_its_version before update on privilege
    for each row execute function guard_privilege_text();

create function keep_privilege_text() returns trigger language plpgsql as $$
begin
    insert into privilege_text (shard, privilege_id, text_version, title_da, title_en, description_da, description_en,
                                valid_from)
    values (new.shard, new.privilege_id, new.text_version, new.title_da, new.title_en, new.description_da,
            new.description_en, new.text_valid_from);
    return null;
end $$;
create trigger first_privilege_text_is_kept after insert on privilege
    for each row execute function keep_privilege_text();
create trigger privilege_text_is_kept after update on privilege
    for each row when (new.text_version <> old.text_version) execute function keep_privilege_text();

-- To count what a change of a privilege affects.
create index grant_of_privilege on delegation_privilege (shard, privilege_id, valid_to) include (valid_from)
    where ended_at is null;

-- Packages -----------------------------------------------------------------------------------------------------------

create table package (
    shard smallint not null references feed_head (shard),
    package_id text collate "C" not null check (package_id ~ '^[a-z][a-z0-9-]{0,63}$'),
    authority_cvr text collate "C" not null check (authority_cvr ~ '^[0-9]{8}$'),
    title_da text not null,
    title_en text not null,
    description_da text not null,
    description_en text not null,
    -- The ages in completed years of persons that may give it, both included.
    min_age_years smallint check (min_age_years between 0 and 150),
    max_age_years smallint check (max_age_years between 0 and 150),
    -- Taken out of use, until a version after this one is the current one.
    hidden_at timestamptz,
    hidden_version integer check (hidden_version > 0),
    version bigint not null default 1 check (version > 0),
    primary key (shard, package_id),
    constraint package_ages_not_reversed check (min_age_years <= max_age_years),
    constraint package_hidden_has_instant check ((hidden_at is null) = (hidden_version is null))
);
create index package_of_authority on package (shard, authority_cvr, package_id);

-- What a package holds. The current version at an instant is the one with the highest number of those that are
-- published by then: one that is published earlier than a version announced before it takes that one's place.
create table package_version (
    shard smallint not null,
    package_id text collate "C" not null,
    version_number integer not null check (version_number > 0),
    -- Now, when it was written, or later.
    published_at timestamptz not null,
    privilege_ids integer[] not null
        check (cardinality(privilege_ids) between 1 and 100 and array_position(privilege_ids, null) is null),
    primary key (shard, package_id, version_number),
    foreign key (shard, package_id) references package (shard, package_id)
);
create trigger package_version_is_written_once before update or delete on package_version
    for each row execute function refuse_rewriting();
create trigger package_version_is_not_emptied before truncate on package_version
    for each statement execute function refuse_rewriting();
alter table package add constraint hidden_version_exists foreign key (shard, package_id, hidden_version)
    references package_version (shard, package_id, version_number);

-- The same by privilege and time, so that what a package holds at an instant, whichever version that is from, is one
-- look-up. Half-open; no end: for good, as far as is known.
create table package_privilege (
    shard smallint not null,
    package_id text collate "C" not null,
    privilege_id integer not null,
    member_from timestamptz not null,
    member_to timestamptz,
    primary key (shard, package_id, privilege_id, member_from),
    foreign key (shard, package_id) references package (shard, package_id),
    foreign key (shard, privilege_id) references privilege (shard, privilege_id),
    constraint membership_not_reversed check (member_from < member_to),
    constraint no_overlapping_membership exclude using gist (
        shard with =, package_id with =, privilege_id with =, tstzrange(member_from, member_to) with &&
    )
);
create index package_holding_privilege on package_privilege (shard, privilege_id, member_to, package_id);
