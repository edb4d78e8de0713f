-- What becomes of a party's delegations when its standing changes, or when two parties turn out to be one person.

-- The status in the CPR register for which the party was suspended. It stays when a caseworker reinstates the party, so
-- that the same status does not suspend it again, and goes when the register says something else.
alter table party add column register_status smallint;
create index party_with_register_status on party (shard, party_id) where register_status is not null;

-- The standing of a party decides every check at once. What is still to be written into the history of its delegations,
-- for a party with very many of them.
create table standing_effect (
    shard smallint not null,
    party_id uuid not null,
    -- The party's version after its standing changed: what happened first is written first.
    version bigint not null check (version > 1),
    turn text collate "C" not null
        check (turn in ('died', 'employment_ended', 'party_ended', 'suspended', 'reinstated')),
    changed_at timestamptz not null,
    -- The last delegation that it is written for; they go by id.
    after_id uuid not null,
    primary key (shard, party_id, version),
    foreign key (shard, party_id) references party (shard, party_id)
);
create index standing_effect_waits on standing_effect (shard, changed_at, party_id, version);

-- What a party gave itself and has not ended, by id.
create index delegation_given_in_force on delegation (shard, delegator_id, delegation_id)
    where ended_at is null and parent_id is null;
-- Letters and notices to a party.
create index letter_request_to on letter_request (shard, receiver_id);
create index notice_to on notice_item (shard, receiver_id) where cancelled_at is null and acknowledged_at is null;
