-- The whole life of a delegation: asked for, accepted, replaced, taken apart, given on, terminated; with the proof of
-- what was signed, the notices that parties get, and the employees that may use what an organisation holds.

-- Events and changes -------------------------------------------------------------------------------------------------

-- What else was part of an event: another delegation, or an employee.
alter table event add column related_id uuid;

-- Raised when what a command was decided from has changed meanwhile: the whole statement is undone and tried again.
create function refuse_stale() returns bigint language plpgsql as $$
begin
    raise exception 'decided from what is no longer so' using errcode = 'serialization_failure';
end $$;

-- Locks parties in one order everywhere, and makes sure that they are as the command read them. Exclusive: commands
-- about one delegator go one at a time. Shared: the party must not change meanwhile, others may use it as well.
create function hold_parties(of_shard smallint, party_ids uuid[], versions bigint[], exclusive boolean[])
returns boolean language plpgsql as $$
declare
    wanted record;
begin
    for wanted in
        select * from unnest(party_ids, versions, exclusive) as w (party_id, version, exclusive) order by w.party_id
    loop
        if wanted.exclusive then
            perform from party p
            where p.shard = of_shard and p.party_id = wanted.party_id and p.version = wanted.version
            for no key update;
        else
            perform from party p
            where p.shard = of_shard and p.party_id = wanted.party_id and p.version = wanted.version
            for share;
        end if;
        if not found then
            perform refuse_stale();
        end if;
    end loop;
    return true;
end $$;

-- Parties ------------------------------------------------------------------------------------------------------------

-- The party that this one turned out to be. It keeps its row, so that what names it can be told where it went.
alter table party add column merged_into uuid;
alter table party add constraint merged_party_has_ended check (merged_into is null or standing = 'ended');
alter table party add foreign key (shard, merged_into) references party (shard, party_id);
create index party_merged_into on party (shard, merged_into) where merged_into is not null;
-- Whom a logged-in party may act for: itself and, as long as it is employed, its organisation.
create function acts_for(p party) returns uuid[] immutable
    return array[p.party_id, case when p.standing <> 'ended' then p.organisation_id end];
create index employee_of on party (shard, organisation_id) where organisation_id is not null;

-- An identifier that was replaced still names its party: a CPR number after it was changed.
alter table identifier add column replaced_at timestamptz;
drop index one_cpr_or_cvr_per_party;
create unique index one_cpr_or_cvr_per_party on identifier (shard, party_id, kind)
    where kind in ('cpr', 'cvr') and replaced_at is null;

-- Delegations --------------------------------------------------------------------------------------------------------

alter table delegation drop constraint delegation_status_check;
alter table delegation add constraint delegation_status_check check (status in (
    'requested', 'declined', 'withdrawn', 'lapsed',
    'paper_started', 'paper_registered', 'paper_rejected',
    'active', 'revoked', 'renounced', 'superseded', 'terminated'));
alter table delegation
    -- A request whose period begins when it is accepted.
    add column starts_on_acceptance boolean not null default false,
    -- When a request lapses unless it is answered. Kept when it has been.
    add column lapses_at timestamptz,
    add column termination text collate "C" check (termination in (
        'death', 'parent_ended', 'employment_ended', 'parties_merged', 'duplicate_after_merge', 'party_ended')),
    -- For a sub-delegation: what it is a part of, how deep, and the representatives above it from the top.
    add column parent_id uuid,
    add column depth smallint not null default 0 check (depth between 0 and 5),
    add column chain uuid[] not null default '{}',
    -- The party whose data key seals the message: the one who wrote it.
    add column message_by uuid;
update delegation set message_by = delegator_id where message_ciphertext is not null;
alter table delegation
    drop constraint ended_has_instant,
    add constraint ended_has_instant
        check ((status in ('requested', 'paper_started', 'paper_registered', 'active')) = (ended_at is null)),
    drop constraint not_to_oneself,
    -- After a merge the ended ones may be between a party and itself.
    add constraint not_to_oneself check (delegator_id <> representative_id or ended_at is not null),
    add constraint request_has_lapse check (status <> 'requested' or lapses_at is not null),
    add constraint terminated_has_reason check ((status = 'terminated') = (termination is not null)),
    add constraint sub_delegation_has_parent
        check ((parent_id is not null) = (depth > 0) and cardinality(chain) = depth),
    add constraint message_has_writer check ((message_ciphertext is null) = (message_by is null)),
    -- A delegation cannot be above itself: the parent is there before it, and never changes.
    add constraint parent_of_the_same_delegator
        foreign key (shard, parent_id) references delegation (shard, delegation_id);
create index delegation_parent on delegation (shard, parent_id) where parent_id is not null;
create index delegation_between on delegation (shard, delegator_id, representative_id, delegation_id)
    where ended_at is null;
create index delegation_given_on on delegation (shard, delegator_id, (chain[1]))
    where depth > 0 and ended_at is null;
create index delegation_held_in_force on delegation (shard, representative_id, delegation_id) where ended_at is null;
create index request_received on delegation (shard, delegator_id, delegation_id) where lapses_at is not null;
create index request_made on delegation (shard, representative_id, delegation_id) where lapses_at is not null;
-- The requests that the guards below count: few of all that a busy requester ever made.
create index request_pending on delegation (shard, representative_id, delegator_id) where status = 'requested';
create index request_declined on delegation (shard, representative_id, delegator_id, ended_at) where status = 'declined';
create index request_unanswered on delegation (shard, lapses_at, delegation_id) where status = 'requested';
create index delegation_ends on delegation (shard, valid_to) where status = 'active';
create index paper_case_waits on delegation (shard, delegation_id) where status in ('paper_started', 'paper_registered');

create function guard_delegation() returns trigger language plpgsql as $$
declare
    parent delegation;
begin
    if tg_op = 'UPDATE' then
        if new.parent_id is distinct from old.parent_id or new.depth <> old.depth then
            raise exception 'the parent of a delegation never changes' using errcode = 'restrict_violation';
        end if;
        if old.ended_at is not null and new.ended_at is distinct from old.ended_at then
            raise exception 'what has ended stays ended' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if new.parent_id is not null then
        select * into strict parent from delegation d where d.shard = new.shard and d.delegation_id = new.parent_id;
        if parent.delegator_id <> new.delegator_id or parent.depth + 1 <> new.depth
           or parent.ended_at is not null or parent.status <> 'active'
           or new.valid_from < parent.valid_from or new.valid_to > parent.valid_to
           or new.chain <> parent.chain || parent.representative_id
           or new.representative_id = any (new.chain)
        then
            raise exception 'not a part of its parent'
                using errcode = 'check_violation', constraint = 'sub_delegation_within_parent';
        end if;
    end if;
    return new;
end $$;
create trigger delegation_is_guarded before insert or update on delegation
    for each row execute function guard_delegation();

-- What has ended has no privilege and no sub-delegation that lives on, and a privilege that was taken out is taken out
-- below as well, unless its period there is over: checked when the statement is done, whichever order it wrote in.
create or replace function guard_ended_delegation() returns trigger language plpgsql as $$
begin
    if exists (
        select from delegation d join delegation_privilege g using (shard, delegation_id)
        where d.shard = new.shard and d.delegation_id = new.delegation_id
          and d.ended_at is not null and (g.ended_at is null or g.ended_at > d.ended_at)
    ) then
        raise exception 'a privilege outlives its delegation' using errcode = 'check_violation';
    end if;
    if exists (
        select from delegation d join delegation c on c.shard = d.shard and c.parent_id = d.delegation_id
        where d.shard = new.shard and d.delegation_id = new.delegation_id
          and d.ended_at is not null and c.ended_at is null and c.valid_to > d.ended_at
    ) then
        raise exception 'a sub-delegation outlives its parent' using errcode = 'check_violation';
    end if;
    -- Two questions, not one with "or": each is asked by an index.
    if exists (
        select from delegation c
        join delegation_privilege below on below.shard = c.shard and below.delegation_id = c.delegation_id
        where c.shard = new.shard and c.delegation_id = new.delegation_id and c.parent_id is not null
          and below.ended_at is null and not exists (
            select from delegation_privilege above
            where above.shard = c.shard and above.delegation_id = c.parent_id
              and above.privilege_id = below.privilege_id
              and (above.ended_at is null or above.ended_at >= below.valid_to))
    ) or exists (
        select from delegation c
        join delegation_privilege below on below.shard = c.shard and below.delegation_id = c.delegation_id
        where c.shard = new.shard and c.parent_id = new.delegation_id and below.ended_at is null and not exists (
            select from delegation_privilege above
            where above.shard = c.shard and above.delegation_id = c.parent_id
              and above.privilege_id = below.privilege_id
              and (above.ended_at is null or above.ended_at >= below.valid_to))
    ) then
        raise exception 'a privilege is given on that is no longer held' using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- Bounds on what nobody ended, so that all of it can always be read and ended in one statement: whoever could pile up
-- more would have made something that cannot be taken back. Two parties have a handful between them, and who gives on
-- does so to colleagues. Commands about one delegator go one at a time, so it is counted right; when the statement is
-- done, so that what is replaced does not count.
create function guard_number_of_delegations() returns trigger language plpgsql as $$
begin
    if (select count(*) from delegation d
        where d.shard = new.shard and d.delegator_id = new.delegator_id and d.representative_id = new.representative_id
          and d.ended_at is null and d.valid_to > new.created_at) > 200
    then
        raise exception 'too many delegations between two parties'
            using errcode = 'check_violation', constraint = 'at_most_200_between_two';
    end if;
    -- All beneath what the delegator gave to the first of the chain.
    if new.depth > 0 and (
        select count(*) from delegation d
        where d.shard = new.shard and d.delegator_id = new.delegator_id and d.chain[1] = new.chain[1]
          and d.depth > 0 and d.ended_at is null) > 500
    then
        raise exception 'too many sub-delegations of one representative'
            using errcode = 'check_violation', constraint = 'at_most_500_given_on';
    end if;
    return null;
end $$;
create constraint trigger number_of_delegations_is_guarded after insert on delegation
    deferrable initially deferred for each row execute function guard_number_of_delegations();

-- Everything that lives between two parties is among those that a command knows of, when it ends them all: checked
-- after the delegator is held, so that nothing is given meanwhile.
create function only_these_live(
    of_shard smallint, of_delegator uuid, to_representative uuid, known uuid[], at timestamptz
) returns boolean language plpgsql as $$
begin
    if exists (
        select from delegation d
        where d.shard = of_shard and d.delegator_id = of_delegator and d.representative_id = to_representative
          and d.status = 'active' and d.valid_to > at and d.delegation_id <> all (known)
    ) then
        perform refuse_stale();
    end if;
    return true;
end $$;

-- Guards against harassment by requests. The requester's row is locked, so requests are counted one at a time. A
-- request that has lapsed does not count, whether or not that was written down. From the third decline on, each one
-- begins another 90 days.
create function guard_request() returns trigger language plpgsql as $$
begin
    perform from party p
    where p.shard = new.representative_shard and p.party_id = new.representative_id for no key update;
    if (select count(*) from delegation d
        where d.shard = new.shard and d.representative_id = new.representative_id
          and d.status = 'requested' and d.lapses_at > new.created_at) >= 20
    then
        raise exception 'too many unanswered requests'
            using errcode = 'check_violation', constraint = 'at_most_20_requests';
    end if;
    if (select count(*) from delegation d
        where d.shard = new.shard and d.representative_id = new.representative_id
          and d.delegator_id = new.delegator_id
          and d.status = 'requested' and d.lapses_at > new.created_at) >= 5
    then
        raise exception 'too many unanswered requests to one delegator'
            using errcode = 'check_violation', constraint = 'at_most_5_requests_to_one_delegator';
    end if;
    if (select count(*) >= 3 and max(d.ended_at) > new.created_at - interval '90 days' from delegation d
        where d.shard = new.shard and d.representative_id = new.representative_id
          and d.delegator_id = new.delegator_id and d.status = 'declined')
    then
        raise exception 'declined too often'
            using errcode = 'check_violation', constraint = 'no_request_after_3_declines';
    end if;
    return new;
end $$;
create trigger request_is_guarded before insert on delegation
    for each row when (new.status = 'requested') execute function guard_request();

-- What a request or a paper form asks for. Nothing of it can be used.
create table requested_privilege (
    shard smallint not null,
    delegation_id uuid not null,
    privilege_id integer not null,
    primary key (shard, delegation_id, privilege_id),
    foreign key (shard, delegation_id) references delegation (shard, delegation_id),
    foreign key (shard, privilege_id) references privilege (shard, privilege_id)
);

-- How a grant ended, beside when: a privilege may be taken out of a delegation in another way than the rest ends.
alter table delegation_privilege add column ended_as text collate "C"
    check (ended_as in ('revoked', 'renounced', 'superseded', 'terminated'));
update delegation_privilege g set ended_as = d.status
from delegation d where d.shard = g.shard and d.delegation_id = g.delegation_id and g.ended_at is not null;
alter table delegation_privilege
    drop constraint no_overlapping_grants,
    drop column in_force,
    add constraint ended_grant_says_how check ((ended_at is null) = (ended_as is null)),
    -- When the grant stands in the way of another of the same. Empty when it has ended: then it never does.
    add column stands tstzrange not null generated always as (
        case when ended_at is not null then 'empty'::tstzrange else tstzrange(valid_from, valid_to) end
    ) stored,
    -- No two grants of one privilege between the same two parties overlap.
    add constraint no_overlapping_grants exclude using gist (
        shard with =, delegator_id with =, representative_id with =, privilege_id with =, stands with &&
    )
    -- That this is said keeps the planner from reading a check by this index.
    where (not isempty(stands));
drop index grant_by_parties;
create index grant_by_parties on delegation_privilege (shard, delegator_id, representative_id, privilege_id, valid_to)
    include (delegation_id, valid_from, ended_at, ended_as);

-- Which delegation took the place of which, wholly or in part.
create table supersession (
    shard smallint not null,
    superseded_id uuid not null,
    superseded_by uuid not null,
    primary key (shard, superseded_id, superseded_by),
    foreign key (shard, superseded_id) references delegation (shard, delegation_id),
    foreign key (shard, superseded_by) references delegation (shard, delegation_id),
    constraint not_by_itself check (superseded_id <> superseded_by)
);
create index supersession_by on supersession (shard, superseded_by);

-- The employees that an organisation lets use a delegation that it holds.
create table designation (
    shard smallint not null,
    delegation_id uuid not null,
    employee_id uuid not null,
    designated_at timestamptz not null,
    removed_at timestamptz,
    -- Blind index of the P number that the employee is limited to.
    p_number_index bytea check (length(p_number_index) = 32),
    primary key (shard, delegation_id, employee_id, designated_at),
    foreign key (shard, delegation_id) references delegation (shard, delegation_id),
    foreign key (shard, employee_id) references party (shard, party_id),
    constraint removed_after_designated check (removed_at >= designated_at)
);
create unique index one_designation_at_a_time on designation (shard, delegation_id, employee_id)
    where removed_at is null;
create index designation_of_employee on designation (shard, employee_id, delegation_id);

-- Only an employee of the organisation that holds the delegation can be designated.
create function guard_designation() returns trigger language plpgsql as $$
begin
    if not exists (
        select from delegation d join party e on e.shard = d.shard and e.party_id = new.employee_id
        where d.shard = new.shard and d.delegation_id = new.delegation_id
          and e.organisation_id = d.representative_id
    ) then
        raise exception 'not an employee of the representative' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger designation_is_guarded before insert on designation
    for each row execute function guard_designation();

-- Signatures ---------------------------------------------------------------------------------------------------------

-- What was signed, by whom and how. Outlives the delegation, so nothing refers to it and it has a data key of its own.
create table signature_proof (
    shard smallint not null,
    proof_id uuid not null,
    delegation_id uuid not null,
    -- The version that the delegation had after it was signed for.
    delegation_version bigint not null check (delegation_version > 0),
    signer_id uuid not null,
    signed_at timestamptz not null,
    recorded_at timestamptz not null,
    level_of_assurance text collate "C" not null check (level_of_assurance in ('substantial', 'high')),
    -- SHA-256 of what was signed.
    digest bytea not null check (length(digest) = 32),
    -- What the signature is recognised by: a keyed digest of signer, text, instant and evidence.
    signature_index bytea not null check (length(signature_index) = 32),
    wrapping_key_id text collate "C" not null,
    wrapped_key bytea not null,
    -- Under the proof's data key: text, signer's identifiers, evidence.
    agreement_ciphertext bytea not null,
    signer_ciphertext bytea not null,
    evidence_ciphertext bytea not null,
    primary key (shard, proof_id)
);
-- Who took a delegation back does not find it given again by what they signed then.
create unique index signature_counts_once on signature_proof (shard, signature_index);
create unique index proof_of_delegation on signature_proof (shard, delegation_id, delegation_version);
create index proof_by_age on signature_proof (shard, recorded_at);
create trigger signature_proof_is_written_once before update on signature_proof
    for each row execute function refuse_rewriting();

-- Paper --------------------------------------------------------------------------------------------------------------

create table paper_case (
    shard smallint not null,
    delegation_id uuid not null,
    started_by uuid not null,
    started_at timestamptz not null,
    -- SHA-256 of the scanned form.
    scan_digest bytea check (length(scan_digest) = 32),
    -- The day on which the delegator signed.
    signed_on date,
    registered_by uuid,
    registered_at timestamptz,
    decided_by uuid,
    decided_at timestamptz,
    primary key (shard, delegation_id),
    foreign key (shard, delegation_id) references delegation (shard, delegation_id),
    foreign key (shard, started_by) references party (shard, party_id),
    foreign key (shard, registered_by) references party (shard, party_id),
    foreign key (shard, decided_by) references party (shard, party_id),
    constraint registered_whole check (
        (registered_by is null) = (registered_at is null) and (registered_by is null) = (scan_digest is null)
        and (registered_by is null) = (signed_on is null)),
    constraint decided_whole check ((decided_by is null) = (decided_at is null))
);
-- What the delegator ticked on the form that came back, of what it offered.
alter table requested_privilege add column ticked boolean;

-- Who handled a form stays who handled it: nobody becomes somebody else's second pair of eyes afterwards.
create function guard_paper_case() returns trigger language plpgsql as $$
begin
    if (new.started_by, new.started_at) is distinct from (old.started_by, old.started_at)
       or old.registered_by is not null
          and (new.registered_by, new.registered_at, new.scan_digest, new.signed_on)
              is distinct from (old.registered_by, old.registered_at, old.scan_digest, old.signed_on)
       or old.decided_by is not null
          and (new.decided_by, new.decided_at) is distinct from (old.decided_by, old.decided_at)
    then
        raise exception 'what happened to a form is written once'
            using errcode = 'restrict_violation', constraint = 'paper_case_is_written_once';
    end if;
    return new;
end $$;
create trigger paper_case_is_written_once before update on paper_case
    for each row execute function guard_paper_case();

-- A bound on the letters that one party can have posted to another. The delegator's row is locked, so cases are counted
-- one at a time.
create function guard_paper_start() returns trigger language plpgsql as $$
begin
    perform from party p where p.shard = new.shard and p.party_id = new.delegator_id for no key update;
    if (select count(*) from delegation d
        where d.shard = new.shard and d.delegator_id = new.delegator_id
          and d.representative_id = new.representative_id and d.ended_at is null
          and d.status in ('paper_started', 'paper_registered')) >= 5
    then
        raise exception 'too many paper cases'
            using errcode = 'check_violation', constraint = 'at_most_5_paper_cases_of_a_pair';
    end if;
    return new;
end $$;
create trigger paper_start_is_guarded before insert on delegation
    for each row when (new.status = 'paper_started') execute function guard_paper_start();

-- The paper says what the delegation says: checked when the statement is done, whichever order it wrote in.
create function guard_paper_state() returns trigger language plpgsql as $$
begin
    if not exists (
        select from delegation d join paper_case c using (shard, delegation_id)
        where d.shard = new.shard and d.delegation_id = new.delegation_id
          and case d.status
              when 'paper_started' then c.registered_by is null and c.decided_by is null
              when 'paper_registered' then c.registered_by is not null and c.decided_by is null
              else c.decided_by is not null
          end
    ) then
        raise exception 'a paper delegation without its paper' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger paper_delegation_has_its_paper after insert or update on delegation
    deferrable initially deferred for each row
    when (new.status in ('paper_started', 'paper_registered', 'paper_rejected'))
    execute function guard_paper_state();

-- Four eyes: a paper delegation becomes active only by the word of a caseworker who neither started nor registered it,
-- and neither is the representative nor employed by it.
create function guard_paper() returns trigger language plpgsql as $$
begin
    if not exists (
        select from paper_case c join party approver on approver.shard = c.shard and approver.party_id = c.decided_by
        where c.shard = new.shard and c.delegation_id = new.delegation_id and c.registered_by is not null
          and c.decided_by not in (c.registered_by, c.started_by, new.representative_id)
          and approver.organisation_id is distinct from new.representative_id
    ) then
        raise exception 'approved by the same eyes'
            using errcode = 'check_violation', constraint = 'paper_takes_four_eyes';
    end if;
    return null;
end $$;
create constraint trigger paper_takes_four_eyes after update on delegation
    deferrable initially deferred for each row
    when (old.status in ('paper_started', 'paper_registered') and new.status = 'active')
    execute function guard_paper();

-- Letters that a command asks for; taken up by the letters' own life.
create table letter_request (
    shard smallint not null,
    letter_id uuid not null,
    kind text collate "C" not null check (kind in ('paper_form', 'paper_confirmation')),
    receiver_id uuid not null,
    delegation_id uuid not null,
    requested_at timestamptz not null,
    primary key (shard, letter_id),
    foreign key (shard, receiver_id) references party (shard, party_id),
    foreign key (shard, delegation_id) references delegation (shard, delegation_id)
);

-- Notices ------------------------------------------------------------------------------------------------------------

-- One thing that one party should hear of. Items of one receiver are gathered into a notice when the first is 15
-- minutes old.
create table notice_item (
    shard smallint not null,
    item_id uuid not null,
    receiver_id uuid not null,
    kind text collate "C" not null check (kind in (
        'requested', 'given', 'accepted', 'declined', 'revoked', 'renounced', 'expiring', 'ended_by_death', 'merged',
        'lapsed', 'suspension', 'sub_delegated', 'terminated', 'paper')),
    delegation_id uuid not null,
    occurred_at timestamptz not null,
    -- The notice that it is told in, once it is due.
    notice_id uuid,
    cancelled_at timestamptz,
    acknowledged_at timestamptz,
    primary key (shard, item_id),
    foreign key (shard, receiver_id) references party (shard, party_id),
    foreign key (shard, delegation_id) references delegation (shard, delegation_id),
    constraint cancelled_is_not_told check (cancelled_at is null or notice_id is null),
    constraint acknowledged_was_told check (acknowledged_at is null or notice_id is not null)
);
create index notice_waits on notice_item (shard, receiver_id, occurred_at)
    where notice_id is null and cancelled_at is null;
create index notice_due on notice_item (shard, occurred_at) where notice_id is null and cancelled_at is null;
create index notice_told on notice_item (shard, notice_id) where notice_id is not null;
create index notice_unacknowledged on notice_item (shard, notice_id)
    where notice_id is not null and acknowledged_at is null;
create index notice_of_delegation on notice_item (shard, delegation_id);
-- Each party hears once that a delegation is about to end.
create unique index told_once_of_expiry on notice_item (shard, delegation_id, receiver_id) where kind = 'expiring';

-- What was told in a notice stays in it, and what was cancelled stays cancelled.
create function guard_notice_item() returns trigger language plpgsql as $$
begin
    if old.notice_id is not null and new.notice_id is distinct from old.notice_id
       or old.cancelled_at is not null and new.cancelled_at is distinct from old.cancelled_at
       or old.acknowledged_at is not null and new.acknowledged_at is distinct from old.acknowledged_at
    then
        raise exception 'a notice is told once' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger notice_item_is_told_once before update on notice_item
    for each row execute function guard_notice_item();

-- That a delegation is about to end is written by a job, which no command waits for: so it may be written while the
-- delegation is being ended. A trigger sees what the statement that ends it does not.
create function cancel_expiry_notice() returns trigger language plpgsql as $$
begin
    update notice_item n set cancelled_at = greatest(n.occurred_at, new.ended_at)
    where n.shard = new.shard and n.delegation_id = new.delegation_id and n.kind = 'expiring'
      and n.notice_id is null and n.cancelled_at is null;
    return null;
end $$;
create trigger ended_delegation_is_not_expiring after update on delegation
    for each row when (old.status = 'active' and new.status <> 'active') execute function cancel_expiry_notice();

-- How far a job has come, for those that would else look at the same rows again and again.
create table job_progress (
    shard smallint not null references feed_head (shard),
    job text collate "C" not null,
    done_until timestamptz not null,
    primary key (shard, job)
);

-- A paper case as the store reads it.
create function paper_row(c paper_case) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'delegation_id', c.delegation_id, 'started_by', c.started_by, 'started_at', c.started_at,
        'scan_digest', encode(c.scan_digest, 'hex'), 'signed_on', c.signed_on, 'registered_by', c.registered_by,
        'registered_at', c.registered_at, 'decided_by', c.decided_by, 'decided_at', c.decided_at)
$$;

-- A delegation as the store reads it --------------------------------------------------------------------------------

create function delegation_row(d delegation) returns jsonb language sql stable as $$
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
            select jsonb_agg(jsonb_build_object('uri', p.uri, 'ended_at', g.ended_at) order by p.uri)
            from delegation_privilege g
            join privilege p on p.shard = g.shard and p.privilege_id = g.privilege_id
            where g.shard = d.shard and g.delegation_id = d.delegation_id), '[]'),
        'requested', coalesce((
            select jsonb_agg(jsonb_build_object('uri', p.uri, 'ticked', r.ticked) order by p.uri)
            from requested_privilege r
            join privilege p on p.shard = r.shard and p.privilege_id = r.privilege_id
            where r.shard = d.shard and r.delegation_id = d.delegation_id), '[]'),
        'supersedes', coalesce((
            select jsonb_agg(s.superseded_id order by s.superseded_id) from supersession s
            where s.shard = d.shard and s.superseded_by = d.delegation_id), '[]'),
        'superseded_by', case when d.status = 'superseded' then (
            select s.superseded_by from supersession s
            where s.shard = d.shard and s.superseded_id = d.delegation_id
            order by s.superseded_by desc limit 1) end)
$$;

-- A party's name and the key to it, both sealed.
create function sealed_name(of_shard smallint, of_party uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('name', encode(p.name_ciphertext, 'hex'), 'key_id', k.wrapping_key_id,
                              'key', encode(k.wrapped_key, 'hex'))
    from party p left join party_key k on k.shard = p.shard and k.party_id = p.party_id
    where p.shard = of_shard and p.party_id = of_party
$$;
