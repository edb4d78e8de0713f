-- What a copy of the CPR register does to the parties that are known: deaths, suspensions, changed numbers.

-- What has become of the parties, as far as it is written.
alter table cpr_snapshot
    add column ended_count bigint not null default 0 check (ended_count >= 0),
    add column suspended_count bigint not null default 0 check (suspended_count >= 0),
    add column reinstated_count bigint not null default 0 check (reinstated_count >= 0),
    add column renumbered_count bigint not null default 0 check (renumbered_count >= 0),
    add column merged_count bigint not null default 0 check (merged_count >= 0),
    -- A new number that could not be followed, because the parties cannot be one.
    add column unresolved_count bigint not null default 0 check (unresolved_count >= 0);

-- Whom the copy in use has not been asked about yet: all with a status that does something when it came into use, and
-- whoever has learned a CPR number since.
create table register_effect (
    shard smallint not null,
    party_id uuid not null,
    -- Its standing is as the register has it; what is left is the new number.
    merges boolean not null default false,
    primary key (shard, party_id),
    foreign key (shard, party_id) references party (shard, party_id)
);
create index register_effect_merges on register_effect (shard, party_id) where merges;
create index register_effect_waits on register_effect (shard, party_id) where not merges;

-- A number that somebody learns while a copy is in use, or comes into use, is looked up in it.
create function ask_the_register() returns trigger language plpgsql as $$
begin
    if exists (select from cpr_snapshot s where s.shard = new.shard and s.state in ('loading', 'current')) then
        insert into register_effect (shard, party_id) values (new.shard, new.party_id)
        on conflict (shard, party_id) do update set merges = false;
    end if;
    return null;
end $$;
create trigger register_is_asked after insert or update of replaced_at on identifier
    for each row when (new.kind = 'cpr' and new.replaced_at is null) execute function ask_the_register();

-- Puts everybody in the queue for whom a copy may have something to say. How the two are joined is left to the planner:
-- few known parties are looked up, very many are hashed. But the copy is read by its key, which has the status beside it:
-- its rows, with name and address, are many times as long.
create function queue_register_effects(of_shard smallint, of_snapshot integer, acting smallint[])
returns bigint language plpgsql set jit = off set enable_seqscan = off as $$
declare
    queued bigint;
begin
    execute format(
        'insert into register_effect (shard, party_id)
         select p.shard, p.party_id
         from %I r
         join identifier i on i.shard = $1 and i.kind = ''cpr'' and i.blind_index = r.blind_index
                              and i.replaced_at is null
         join party p on p.shard = $1 and p.party_id = i.party_id
         where p.kind = ''person'' and p.standing <> ''ended'' and (r.status = any ($2) or p.register_status is not null)
         on conflict (shard, party_id) do update set merges = false', 'cpr_record_' || of_snapshot)
    using of_shard, acting;
    get diagnostics queued = row_count;
    return queued;
end $$;

-- How a turn came about is told in the history of each delegation, also of those that a job writes.
alter table standing_effect add column channel text collate "C" not null default 'system';
