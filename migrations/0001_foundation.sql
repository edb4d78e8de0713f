-- The foundation: who there is, what may be delegated, what is delegated, and what happened.
--
-- Every table carries `shard` first in its key, so that the same schema can be spread over several databases by the
-- delegator's party. There is one shard now, number 0. The identifier directory is the exception in meaning, not in
-- shape: its shard will follow from the blind index, so that "one identifier, one party" stays one unique key.
--
-- Texts are compared bytewise everywhere: a case-insensitive collation in an authorisation system is a hole.

create extension if not exists btree_gist;

-- The change feed ----------------------------------------------------------------------------------------------------

create table feed_head (
    shard smallint primary key,
    -- Changes after a restore or a lossy failover, so that an old token cannot validate against reused revisions.
    epoch uuid not null,
    revision bigint not null check (revision >= 0)
);
insert into feed_head (shard, epoch, revision) values (0, gen_random_uuid(), 0);

create table change (
    shard smallint not null references feed_head (shard),
    revision bigint not null check (revision > 0),
    -- Position within the revision: one command may change several things.
    ordinal smallint not null check (ordinal > 0),
    entity_kind text collate "C" not null check (entity_kind in ('party', 'system', 'privilege', 'delegation')),
    entity_id text collate "C" not null,
    version bigint not null check (version > 0),
    occurred_at timestamptz not null,
    primary key (shard, revision, ordinal)
);

-- Events: what happened to each thing; written once ------------------------------------------------------------------

create table event (
    shard smallint not null,
    entity_kind text collate "C" not null check (entity_kind in ('party', 'system', 'privilege', 'delegation')),
    entity_id text collate "C" not null,
    -- The version that the thing has after the event: events of one thing are numbered without gaps.
    version bigint not null check (version > 0),
    kind text collate "C" not null,
    occurred_at timestamptz not null,
    client_id text collate "C" not null,
    actor_id uuid,
    acting_for_id uuid,
    channel text collate "C" not null,
    reason text collate "C",
    request_id uuid not null,
    primary key (shard, entity_kind, entity_id, version)
);

create function refuse_rewriting() returns trigger language plpgsql as $$
begin
    raise exception '% is written once', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger event_is_written_once before update or delete on event
    for each row execute function refuse_rewriting();
create trigger event_is_not_emptied before truncate on event
    for each statement execute function refuse_rewriting();
create trigger change_is_written_once before update or delete on change
    for each row execute function refuse_rewriting();
create trigger change_is_not_emptied before truncate on change
    for each statement execute function refuse_rewriting();

-- The head only ever moves by one, except into a new epoch.
create function guard_feed_head() returns trigger language plpgsql as $$
begin
    if new.epoch = old.epoch and new.revision <> old.revision + 1 then
        raise exception 'the feed head moves by one' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger feed_head_moves_by_one before update on feed_head
    for each row execute function guard_feed_head();

-- The one way to add to the feed, called last in every command's statement. A commit becomes visible before it
-- releases the head's row lock, so the order of revisions is the order of visibility, without gaps.
create function advance_feed(
    of_shard smallint, at timestamptz, entity_kinds text[], entity_ids text[], versions bigint[]
) returns bigint language plpgsql as $$
declare
    next_revision bigint;
begin
    update feed_head set revision = revision + 1 where shard = of_shard returning revision into strict next_revision;
    insert into change (shard, revision, ordinal, entity_kind, entity_id, version, occurred_at)
    select of_shard, next_revision, c.ordinal, c.entity_kind, c.entity_id, c.version, at
    from unnest(entity_kinds, entity_ids, versions) with ordinality as c (entity_kind, entity_id, version, ordinal);
    if not found then
        raise exception 'a revision without a change' using errcode = 'restrict_violation';
    end if;
    return next_revision;
end $$;

-- Parties and their identifiers --------------------------------------------------------------------------------------

create table party (
    shard smallint not null references feed_head (shard),
    party_id uuid not null,
    kind text collate "C" not null check (kind in ('person', 'organisation', 'employee')),
    -- The employer; exactly for an employee.
    organisation_id uuid,
    -- Whether the party may give and hold delegations at present.
    standing text collate "C" not null default 'good' check (standing in ('good', 'suspended', 'ended')),
    name_ciphertext bytea,
    created_at timestamptz not null,
    version bigint not null default 1 check (version > 0),
    primary key (shard, party_id),
    foreign key (shard, organisation_id) references party (shard, party_id),
    constraint employee_has_organisation check ((kind = 'employee') = (organisation_id is not null))
);

-- The data key of a party, wrapped by a key-encryption key. Without this row nothing of the party can be read.
create table party_key (
    shard smallint not null,
    party_id uuid not null,
    -- Which key of the keyring wraps it.
    wrapping_key_id text collate "C" not null,
    wrapped_key bytea not null,
    created_at timestamptz not null,
    primary key (shard, party_id),
    foreign key (shard, party_id) references party (shard, party_id)
);

create table identifier (
    shard smallint not null,
    kind text collate "C" not null
        check (kind in ('cpr', 'pid', 'uuid', 'rid', 'employee_uuid', 'cvr', 'p_number', 'se')),
    -- HMAC-SHA-256 of kind and canonical form under the index key.
    blind_index bytea not null check (length(blind_index) = 32),
    party_id uuid not null,
    -- Under the party's data key.
    ciphertext bytea not null,
    linked_at timestamptz not null,
    -- One identifier names one party.
    primary key (shard, kind, blind_index),
    foreign key (shard, party_id) references party (shard, party_id)
);
create index identifier_of_party on identifier (shard, party_id);
-- A person has one CPR number, an organisation one CVR number, at a time.
create unique index one_cpr_or_cvr_per_party on identifier (shard, party_id, kind) where kind in ('cpr', 'cvr');

-- The catalogue ------------------------------------------------------------------------------------------------------

create table system (
    shard smallint not null references feed_head (shard),
    system_id text collate "C" not null check (system_id ~ '^[a-z][a-z0-9-]{0,63}$'),
    -- CVR number of the owner: public data of an authority, not a person's.
    authority_cvr text collate "C" not null check (authority_cvr ~ '^[0-9]{8}$'),
    title_da text not null,
    title_en text not null,
    version bigint not null default 1 check (version > 0),
    primary key (shard, system_id),
    unique (shard, system_id, authority_cvr)
);

create table privilege (
    shard smallint not null,
    -- Short stand-in for the URI in indexes.
    privilege_id integer generated always as identity,
    uri text collate "C" not null check (length(uri) between 1 and 500),
    system_id text collate "C" not null,
    -- The owner's CVR number, repeated from the system so that one look-up answers "whose is it".
    authority_cvr text collate "C" not null,
    title_da text not null,
    title_en text not null,
    description_da text not null,
    description_en text not null,
    max_period_days integer check (max_period_days between 1 and 36500),
    delegator_kinds text[] not null
        check (cardinality(delegator_kinds) > 0 and delegator_kinds <@ array['person', 'organisation']),
    representative_kinds text[] not null
        check (cardinality(representative_kinds) > 0
               and representative_kinds <@ array['person', 'organisation', 'employee']),
    -- Published from, and hidden from; draft while never published.
    published_at timestamptz,
    hidden_at timestamptz,
    version bigint not null default 1 check (version > 0),
    primary key (shard, privilege_id),
    unique (shard, uri),
    foreign key (shard, system_id, authority_cvr) references system (shard, system_id, authority_cvr),
    constraint hidden_after_published check (hidden_at is null or (published_at is not null and published_at <= hidden_at))
);
create index privilege_of_authority on privilege (shard, authority_cvr, uri);

-- Delegations --------------------------------------------------------------------------------------------------------

create table delegation (
    shard smallint not null,
    delegation_id uuid not null,
    delegator_id uuid not null,
    representative_shard smallint not null default 0,
    representative_id uuid not null,
    status text collate "C" not null default 'active' check (status in ('active', 'revoked', 'renounced')),
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    ended_at timestamptz,
    -- Under the delegator's data key.
    message_ciphertext bytea,
    created_at timestamptz not null,
    version bigint not null default 1 check (version > 0),
    primary key (shard, delegation_id),
    foreign key (shard, delegator_id) references party (shard, party_id),
    foreign key (representative_shard, representative_id) references party (shard, party_id),
    -- What a grant repeats must be the delegation's own.
    constraint delegation_and_parties unique (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to),
    constraint period_not_reversed check (valid_from < valid_to),
    constraint not_to_oneself check (delegator_id <> representative_id),
    constraint ended_has_instant check ((status = 'active') = (ended_at is null))
);
create index delegation_given on delegation (shard, delegator_id, delegation_id);
create index delegation_held on delegation (shard, representative_id, delegation_id);

-- One privilege of one delegation. Repeats parties and period so that a check reads one index.
create table delegation_privilege (
    shard smallint not null,
    delegation_id uuid not null,
    privilege_id integer not null,
    delegator_id uuid not null,
    representative_id uuid not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    -- When this privilege was taken out of the delegation, or the delegation ended.
    ended_at timestamptz,
    -- When the grant is or was in force, as far as the delegation itself decides. Empty: ended before it began.
    in_force tstzrange not null generated always as (
        case when ended_at <= valid_from then 'empty'::tstzrange
             else tstzrange(valid_from, least(valid_to, ended_at)) end
    ) stored,
    primary key (shard, delegation_id, privilege_id),
    foreign key (shard, privilege_id) references privilege (shard, privilege_id),
    foreign key (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to)
        references delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to)
        on update cascade,
    -- No two grants of one privilege between the same two parties overlap.
    constraint no_overlapping_grants exclude using gist (
        shard with =, delegator_id with =, representative_id with =, privilege_id with =, in_force with &&
    )
    -- An empty range overlaps nothing. That this is said keeps the planner from reading a check by this index.
    where (not isempty(in_force))
);
-- Holds all that a check reads of a grant: of the indexes that begin alike it is the one that the planner takes, also
-- for a party with very many delegations.
create index grant_by_parties on delegation_privilege (shard, delegator_id, representative_id, privilege_id, valid_to)
    include (delegation_id, valid_from, ended_at);
create index grant_given on delegation_privilege (shard, delegator_id, delegation_id, privilege_id);
create index grant_held on delegation_privilege (shard, representative_id, delegation_id, privilege_id);

-- An ended delegation has no privilege that lives on: checked when the statement is done, whichever order it wrote in.
create function guard_ended_delegation() returns trigger language plpgsql as $$
begin
    if exists (
        select from delegation d join delegation_privilege g using (shard, delegation_id)
        where d.shard = new.shard and d.delegation_id = new.delegation_id
          and d.ended_at is not null and (g.ended_at is null or g.ended_at > d.ended_at)
    ) then
        raise exception 'a privilege outlives its delegation' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger ended_delegation_ends_its_grants after update on delegation
    deferrable initially deferred for each row when (new.ended_at is not null) execute function guard_ended_delegation();
create constraint trigger grant_ends_with_its_delegation after insert or update on delegation_privilege
    deferrable initially deferred for each row execute function guard_ended_delegation();

-- Idempotency --------------------------------------------------------------------------------------------------------

create table idempotency (
    shard smallint not null,
    client_id text collate "C" not null,
    request_id uuid not null,
    rpc text collate "C" not null,
    -- HMAC-SHA-256 of the request under the index key: a plain hash of a CPR number could be guessed.
    payload_digest bytea not null check (length(payload_digest) = 32),
    -- The first answer, encoded. Carries party ids, never identifiers, names or messages.
    response bytea not null,
    revision bigint not null,
    occurred_at timestamptz not null,
    primary key (shard, client_id, request_id)
);

-- Usage log ----------------------------------------------------------------------------------------------------------

-- Who looked at or changed what about whom, and why. Personal identifiers are party ids, never numbers.
create table usage_log (
    shard smallint not null,
    entry_id uuid not null,
    -- Position within one call: a batch writes an entry per question, a list one per party that it showed.
    item smallint not null default 0,
    occurred_at timestamptz not null,
    client_id text collate "C" not null,
    rpc text collate "C" not null,
    purpose text collate "C",
    actor_id uuid,
    delegator_id uuid,
    representative_id uuid,
    delegation_id uuid,
    privilege text collate "C",
    outcome text collate "C" not null,
    trace_id text collate "C",
    primary key (shard, occurred_at, entry_id, item)
) partition by range (occurred_at);
create trigger usage_log_is_written_once before update or delete on usage_log
    for each row execute function refuse_rewriting();
create trigger usage_log_is_not_emptied before truncate on usage_log
    for each statement execute function refuse_rewriting();

-- Makes the month's partition that `at` falls in, and the next month's. Called at start and daily.
create function ensure_usage_log_partitions(at timestamptz) returns void language plpgsql as $$
declare
    month timestamp := date_trunc('month', at at time zone 'UTC');
    partition text;
begin
    -- One at a time: two processes that start together would both try.
    perform pg_advisory_xact_lock(hashtext('ensure_usage_log_partitions'));
    for step in 0..1 loop
        partition := 'usage_log_' || to_char(month + make_interval(months => step), 'YYYY_MM');
        if to_regclass(partition) is null then
            execute format(
                'create table %I partition of usage_log for values from (%L) to (%L)', partition,
                (month + make_interval(months => step)) at time zone 'UTC',
                (month + make_interval(months => step + 1)) at time zone 'UTC');
            -- Row triggers come with the partition, this one does not. A partition is dropped whole, or not at all.
            execute format(
                'create trigger usage_log_is_not_emptied before truncate on %I
                 for each statement execute function refuse_rewriting()', partition);
        end if;
    end loop;
end $$;

-- Which index key the blind indexes were made with. Starting with another one would register everybody twice.
create table keyring_check (
    shard smallint primary key references feed_head (shard),
    index_key_check bytea not null check (length(index_key_check) = 32)
);
