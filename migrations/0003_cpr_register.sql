-- The CPR register: a daily full copy, loaded beside the one in use and put in its place in one step.

-- Changes of the register are told in the feed as well.
alter table change drop constraint change_entity_kind_check;
alter table change add constraint change_entity_kind_check
    check (entity_kind in ('party', 'system', 'privilege', 'package', 'delegation', 'cpr_snapshot'));
alter table event drop constraint event_entity_kind_check;
alter table event add constraint event_entity_kind_check
    check (entity_kind in ('party', 'system', 'privilege', 'package', 'delegation', 'cpr_snapshot'));

-- One full copy. Its row stays when its records are gone.
create table cpr_snapshot (
    shard smallint not null references feed_head (shard),
    -- Names the table of its records.
    snapshot_id integer generated always as identity,
    -- Who sends it, under which id of theirs: what is sent again is found by it.
    client_id text collate "C" not null,
    import_id uuid not null,
    -- The day that the register is told as of.
    as_of date not null,
    state text collate "C" not null default 'loading'
        check (state in ('loading', 'current', 'replaced', 'refused')),
    expected_row_count bigint not null check (expected_row_count > 0),
    -- What is durable so far, and the chunk that comes next.
    row_count bigint not null default 0 check (row_count between 0 and expected_row_count),
    next_chunk integer not null default 0 check (next_chunk >= 0),
    -- Of the chunks so far, each with the one before.
    digest bytea not null default decode(repeat('00', 32), 'hex') check (length(digest) = 32),
    -- Counts the streams that have sent parts of it. The latest may write, an earlier one that still runs may not.
    attempt integer not null default 1 check (attempt > 0),
    -- The key of its records, wrapped by a key that is not in the database. Without it nothing of them can be read.
    wrapping_key_id text collate "C",
    wrapped_key bytea,
    started_at timestamptz not null,
    progressed_at timestamptz not null,
    -- When it came into use, and when it went out of use or was refused.
    switched_at timestamptz,
    ended_at timestamptz,
    -- Why it was refused.
    refusal text collate "C",
    primary key (shard, snapshot_id),
    constraint one_cpr_import_per_id unique (shard, client_id, import_id),
    constraint cpr_key_is_whole check ((wrapping_key_id is null) = (wrapped_key is null)),
    -- What is out of use cannot be read any more.
    constraint cpr_key_while_in_use check ((state in ('loading', 'current')) = (wrapped_key is not null)),
    constraint cpr_refusal_has_reason check ((state = 'refused') = (refusal is not null)),
    constraint cpr_switched_has_instant check ((state in ('current', 'replaced')) = (switched_at is not null)),
    constraint cpr_ended_has_instant check ((state in ('replaced', 'refused')) = (ended_at is not null)),
    constraint cpr_switched_is_complete
        check (state not in ('current', 'replaced') or row_count = expected_row_count)
);
create unique index one_current_cpr_snapshot on cpr_snapshot (shard) where state = 'current';
create unique index one_loading_cpr_snapshot on cpr_snapshot (shard) where state = 'loading';

-- A copy is loaded, then used or refused, then replaced; and never by one that is not newer.
create function guard_cpr_snapshot() returns trigger language plpgsql as $$
begin
    if new.state <> old.state and (old.state, new.state) not in (
        ('loading', 'current'), ('loading', 'refused'), ('current', 'replaced')
    ) then
        raise exception 'a CPR snapshot does not go from % to %', old.state, new.state
            using errcode = 'restrict_violation';
    end if;
    if old.state <> 'loading' and (new.row_count, new.next_chunk, new.digest, new.as_of)
        is distinct from (old.row_count, old.next_chunk, old.digest, old.as_of) then
        raise exception 'a CPR snapshot is loaded once' using errcode = 'restrict_violation';
    end if;
    if new.state = 'current' and old.state = 'loading' and exists (
        select from cpr_snapshot s
        where s.shard = new.shard and s.state in ('current', 'replaced') and s.as_of >= new.as_of
    ) then
        raise exception 'a CPR snapshot is replaced by a newer one' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger cpr_snapshot_has_one_life before update on cpr_snapshot
    for each row execute function guard_cpr_snapshot();

-- One number in one copy. A copy's records are a table of their own, so that they are loaded without an index, and gone
-- by dropping it. No foreign key to the copy: it would be looked up for each of some million rows, all alike.
create table cpr_record (
    shard smallint not null,
    snapshot_id integer not null,
    -- As in `identifier`: that of the CPR number.
    blind_index bytea not null,
    status smallint not null,
    -- The number that the person has now, where it is another.
    new_blind_index bytea,
    new_number_ciphertext bytea,
    -- Whether name and address are protected.
    is_protected boolean not null,
    -- Name and address, under the copy's key.
    person_ciphertext bytea,
    constraint cpr_blind_indexes_are_whole check (length(blind_index) = 32 and length(new_blind_index) = 32),
    constraint cpr_status_known check (status in (1, 3, 5, 7, 20, 30, 50, 60, 70, 80, 90)),
    constraint cpr_new_number_is_whole check ((new_blind_index is null) = (new_number_ciphertext is null)),
    constraint cpr_new_number_with_status
        check (case when status = 60 then new_blind_index is not null
                    else new_blind_index is null or status = 50 end)
) partition by list (snapshot_id);

-- Makes the table of a copy's records, and tells its name. Readers of the others are not disturbed.
create function create_cpr_records(of_snapshot integer) returns text language plpgsql as $$
declare
    name text := 'cpr_record_' || of_snapshot;
begin
    -- It is looked after when it is complete; until then that would only take the loader's time.
    execute format('create table %I (like cpr_record including constraints) with (autovacuum_enabled = false)', name);
    execute format('alter table cpr_record attach partition %I for values in (%s)', name, of_snapshot);
    return name;
end $$;

-- Gives a complete copy its primary key, or fails with unique_violation when it has a number twice. Does nothing the
-- second time.
create function index_cpr_records(of_snapshot integer) returns void language plpgsql as $$
declare
    name text := 'cpr_record_' || of_snapshot;
    key text := name || '_pkey';
begin
    -- One at a time: two streams of one import may both have come to its end.
    perform pg_advisory_xact_lock(hashtext('index_cpr_records'));
    if to_regclass(key) is not null then
        return;
    end if;
    -- A sort in memory, for a night's one large index.
    perform set_config('maintenance_work_mem', '256MB', true);
    -- Of the key (shard, snapshot_id, blind_index) the first two are the same in all rows of this table: without them
    -- an index is made in half the time, because Postgres sorts by the first bytes of its first column. In two steps: a
    -- statement that reads other copies waits for the second only, which takes no time. The status comes with it so
    -- that two copies are compared without their rows.
    execute format('create unique index %I on %I (blind_index) include (status)', key, name);
    execute format('alter table %I add constraint %I primary key using index %I', name, key, key);
    execute format('alter table %I reset (autovacuum_enabled)', name);
end $$;

-- How many numbers of a complete copy have a status, and which one they had in the copy before (none: they were not
-- there), by status. Reads both by their keys, side by side: there are no statistics yet from which the planner could
-- know that this is the least work.
create function compare_cpr_records(of_snapshot integer, before integer)
returns table (status smallint, previous_status smallint, row_count bigint) language plpgsql
set enable_hashjoin = off set enable_nestloop = off set jit = off as $$
begin
    if to_regclass('cpr_record_' || before) is null then
        return query execute format(
            'select n.status, null::smallint, count(*) from %I n group by n.status order by n.status',
            'cpr_record_' || of_snapshot);
    else
        return query execute format(
            'select n.status, o.status, count(*) from %I n left join %I o using (blind_index)
             group by n.status, o.status order by n.status',
            'cpr_record_' || of_snapshot, 'cpr_record_' || before);
    end if;
end $$;

-- Drops the records of all copies that are out of use, and tells how many copies those were. Their key is gone already,
-- so it does no harm when this comes late: it gives up after a moment where somebody still reads.
create function drop_cpr_records(of_shard smallint) returns integer language plpgsql as $$
declare
    name text;
    dropped integer := 0;
begin
    perform set_config('lock_timeout', '2s', true);
    for name in
        select c.relname
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
             join cpr_snapshot s on c.relname = 'cpr_record_' || s.snapshot_id
        where i.inhparent = 'cpr_record'::regclass and s.shard = of_shard and s.state in ('replaced', 'refused')
    loop
        execute format('drop table %I', name);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;
