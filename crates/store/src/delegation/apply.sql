-- Everything that a command does to delegations, in one statement.
-- $1 shard, $2 now, $3..$8 client, actor, channel, request id, rpc and digest, $9 the answer, $10 and $11 usage entry and
-- trace, $12..$14 whom the call is about when it touches no delegation: party, other party, outcome.
-- $15..$17 parties to be held: id, version, exclusive. $18..$21 parties that change: id, version after, standing, event.
-- $22..$40 the steps, one per delegation: id, version after, event, instant, acting for, reason, related, status, end,
-- termination, delegator, representative, start, end of the period, start upon acceptance, lapse, parent, sealed message
-- and its writer. $41 the chain of the new one, if it is a sub-delegation.
-- $42..$43 privileges asked for, $44..$45 granted, $46..$48 taken out and how. $49..$50 what is replaced, and by what.
-- $51..$54 notices: id, delegation, receiver, kind. $55..$56 notices that have become pointless.
-- $57..$67 the signature proof: id, delegation, version, signer, instant, level of assurance, digest, wrapping key,
-- wrapped key, sealed agreement, sealed signer; $68 sealed evidence.
-- $69..$71 designation: delegation, employee, P number; $72..$73 designations that are removed.
-- $74..$82 the paper case, whole; $83 privileges that were ticked. $84..$87 letters: id, kind, receiver, delegation.
-- $88..$90 the two parties between which nothing may live, at an instant, that the command does not know of.
-- $91 the register statuses of the parties that change: none to keep it, 0 to forget it. $92..$96 what is left to be written
-- of a turn: party, its version then, turn, instant, the last delegation that it is written for (none: nothing is left).
-- $97 from when the privileges in $44 are granted. $98 and $99 packages to be held: id, version. $100..$104 packages that
-- are followed: delegation, package, ages that the delegator is among, level of assurance. $105..$107 packages that are
-- followed no longer, and how. $108 and $109 packages that are asked for.
with held as materialized (
    select case when hold_parties($1, $15::uuid[], $16::bigint[], $17::boolean[])
                     and hold_packages($1, $98::text[], $99::bigint[])
        then only_these_live($1, $88, $89, $22::uuid[], $90) end as done
),
step as materialized (
    select s.*
    from held, unnest($22::uuid[], $23::bigint[], $24::text[], $25::timestamptz[], $26::uuid[], $27::text[], $28::uuid[],
                $29::text[], $30::timestamptz[], $31::text[], $32::uuid[], $33::uuid[], $34::timestamptz[],
                $35::timestamptz[], $36::boolean[], $37::timestamptz[], $38::uuid[], $39::bytea[], $40::uuid[])
        with ordinality
        as s (delegation_id, version, kind, at, acting_for_id, reason, related_id, status, ended_at, termination,
              delegator_id, representative_id, valid_from, valid_to, starts_on_acceptance, lapses_at, parent_id, message,
              message_by, item)
    where held.done
),
changed_party as (
    update party p
    set version = c.version, standing = c.standing,
        register_status = case when c.register_status is null then p.register_status
                               when c.register_status > 0 then c.register_status end
    from held, unnest($18::uuid[], $19::bigint[], $20::text[], $91::smallint[])
        as c (party_id, version, standing, register_status)
    where held.done and p.shard = $1 and p.party_id = c.party_id and p.version = c.version - 1
    returning p.party_id, p.version
),
created as (
    insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to,
                            message_ciphertext, message_by, created_at, starts_on_acceptance, lapses_at, parent_id, depth,
                            chain)
    select $1, s.delegation_id, s.delegator_id, s.representative_id, s.status, s.valid_from, s.valid_to,
           s.message, s.message_by, s.at, s.starts_on_acceptance, s.lapses_at, s.parent_id,
           cardinality($41::uuid[]), $41
    from step s where s.version = 1
    returning delegation_id
),
updated as (
    update delegation d
    set status = s.status, ended_at = s.ended_at, termination = s.termination, valid_from = s.valid_from,
        valid_to = s.valid_to, starts_on_acceptance = s.starts_on_acceptance, version = s.version
    from step s
    where s.version > 1 and d.shard = $1 and d.delegation_id = s.delegation_id and d.version = s.version - 1
    returning d.delegation_id
),
asked as (
    insert into requested_privilege (shard, delegation_id, privilege_id)
    select $1, s.delegation_id, p.privilege_id
    from unnest($42::uuid[], $43::text[]) as n (delegation_id, uri)
    join step s using (delegation_id) join privilege p on p.shard = $1 and p.uri = n.uri
    returning 1
),
asked_to_follow as (
    insert into requested_package (shard, delegation_id, package_id)
    select $1, s.delegation_id, n.package_id
    from unnest($108::uuid[], $109::text[]) as n (delegation_id, package_id) join step s using (delegation_id)
    returning 1
),
taken as (
    update delegation_privilege g set ended_at = s.at, ended_as = n.ended_as
    from unnest($46::uuid[], $47::text[], $48::text[]) as n (delegation_id, uri, ended_as)
    join step s using (delegation_id) join privilege p on p.shard = $1 and p.uri = n.uri
    where g.shard = $1 and g.delegation_id = s.delegation_id and g.privilege_id = p.privilege_id and g.ended_at is null
    returning 1
),
-- After what they take the place of, so that the two do not overlap.
granted as (
    insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id,
                                      valid_from, valid_to, depth, kept)
    select $1, s.delegation_id, p.privilege_id, s.delegator_id, s.representative_id, n.valid_from, s.valid_to,
           case when s.parent_id is null then 0 else cardinality($41) end, s.kind = 'privileges_revoked'
    from (select count(*) as n from taken) t,
         unnest($44::uuid[], $45::text[], $97::timestamptz[]) as n (delegation_id, uri, valid_from)
    join step s using (delegation_id) join privilege p on p.shard = $1 and p.uri = n.uri
    where t.n >= 0
    returning 1
),
left_packages as (
    update delegation_package f set ended_at = s.at, ended_as = n.ended_as
    from unnest($105::uuid[], $106::text[], $107::text[]) as n (delegation_id, package_id, ended_as)
    join step s using (delegation_id)
    where f.shard = $1 and f.delegation_id = s.delegation_id and f.package_id = n.package_id and f.ended_at is null
    returning 1
),
followed as (
    insert into delegation_package (shard, delegation_id, package_id, delegator_id, representative_id, valid_from,
                                    valid_to, min_age_years, max_age_years, assurance)
    select $1, s.delegation_id, n.package_id, s.delegator_id, s.representative_id, s.valid_from, s.valid_to,
           n.min_age_years, n.max_age_years, n.assurance
    from (select count(*) as n from left_packages) t,
         unnest($100::uuid[], $101::text[], $102::smallint[], $103::smallint[], $104::text[])
             as n (delegation_id, package_id, min_age_years, max_age_years, assurance)
    join step s using (delegation_id)
    where t.n >= 0
    returning 1
),
replaced as (
    insert into supersession (shard, superseded_id, superseded_by)
    select $1, r.superseded_id, r.superseded_by
    from held, unnest($49::uuid[], $50::uuid[]) as r (superseded_id, superseded_by) where held.done
    returning 1
),
proven as (
    insert into signature_proof (shard, proof_id, delegation_id, delegation_version, signer_id, signed_at, recorded_at,
                                 level_of_assurance, digest, wrapping_key_id, wrapped_key, agreement_ciphertext,
                                 signer_ciphertext, evidence_ciphertext, signature_index)
    select $1, $57, $58, $59, $60, $61, $2, $62, $63, $64, $65, $66, $67, $68, $110
    from held where held.done and $57::uuid is not null
    returning 1
),
designated as (
    insert into designation (shard, delegation_id, employee_id, designated_at, p_number_index)
    select $1, s.delegation_id, $70, s.at, $71 from step s where s.delegation_id = $69::uuid
    returning 1
),
undesignated as (
    update designation n set removed_at = greatest(s.at, n.designated_at)
    from unnest($72::uuid[], $73::uuid[]) as w (delegation_id, employee_id) join step s using (delegation_id)
    where n.shard = $1 and n.delegation_id = w.delegation_id and n.employee_id = w.employee_id
      and n.removed_at is null
    returning 1
),
paper as (
    insert into paper_case (shard, delegation_id, started_by, started_at, scan_digest, signed_on, registered_by,
                            registered_at, decided_by, decided_at)
    select $1, $74, $75, $76, $77, $78, $79, $80, $81, $82 from held where held.done and $74::uuid is not null
    on conflict (shard, delegation_id) do update
    set scan_digest = excluded.scan_digest, signed_on = excluded.signed_on, registered_by = excluded.registered_by,
        registered_at = excluded.registered_at, decided_by = excluded.decided_by, decided_at = excluded.decided_at
    returning 1
),
ticked as (
    update requested_privilege r set ticked = p.uri = any ($83::text[])
    from held, privilege p
    where held.done and $83::text[] is not null and r.shard = $1 and r.delegation_id = $74
      and p.shard = $1 and p.privilege_id = r.privilege_id
    returning 1
),
posted as (
    insert into letter_request (shard, letter_id, kind, receiver_id, delegation_id, requested_at)
    select $1, l.letter_id, l.kind, l.receiver_id, l.delegation_id, $2
    from held, unnest($84::uuid[], $85::text[], $86::uuid[], $87::uuid[]) as l (letter_id, kind, receiver_id, delegation_id)
    where held.done
    returning 1
),
left_to_do as (
    insert into standing_effect (shard, party_id, version, turn, changed_at, after_id, channel)
    select $1, $92, $93, $94, $95, $96, $5 from held where held.done and $96::uuid is not null
    on conflict (shard, party_id, version) do update set after_id = excluded.after_id
    returning 1
),
all_done as (
    delete from standing_effect e using held
    where held.done and $96::uuid is null and e.shard = $1 and e.party_id = $92 and e.version = $93
    returning 1
),
untold as (
    update notice_item n set cancelled_at = $2
    from held, unnest($55::uuid[], $56::text[]) as w (delegation_id, kind)
    where held.done and n.shard = $1 and n.delegation_id = w.delegation_id and n.kind = w.kind
      and n.notice_id is null and n.cancelled_at is null
    returning 1
),
told as (
    insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
    select $1, n.item_id, n.receiver_id, n.kind, n.delegation_id, $2
    from held, unnest($51::uuid[], $52::uuid[], $53::uuid[], $54::text[]) as n (item_id, delegation_id, receiver_id, kind)
    where held.done
    returning 1
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, acting_for_id,
                       channel, reason, related_id, request_id)
    select $1::smallint, 'delegation', s.delegation_id::text, s.version, s.kind, s.at, $3::text, $4::uuid,
           s.acting_for_id, $5::text, s.reason, s.related_id, $6::uuid
    from step s
    union all
    select $1, 'party', c.party_id::text, c.version, c.kind, $2, $3, $4, null, $5, null, null, $6
    from held, unnest($18::uuid[], $19::bigint[], $21::text[]) as c (party_id, version, kind) where held.done
    returning 1
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, actor_id, delegator_id, representative_id,
                           delegation_id, outcome, trace_id)
    select $1::smallint, $10::uuid, s.item - 1, $2::timestamptz, $3::text, $7::text, $4::uuid, s.delegator_id, s.representative_id, s.delegation_id, s.kind, $11::text
    from step s
    union all
    select $1, $10, 0, $2, $3, $7, $4, $12::uuid, $13::uuid, null, $14::text, $11
    from held where held.done and cardinality($22::uuid[]) = 0
    returning 1
),
-- The feed head last: everything above is counted before it is asked for. What was decided from has changed meanwhile
-- when fewer rows were there than were read.
feed as (
    select case
        when u.n + c.n = cardinality($22::uuid[]) and p.n = cardinality($18::uuid[])
             and a.n = cardinality($42::uuid[]) and g.n = cardinality($44::uuid[]) and t.n = cardinality($46::uuid[])
             and f.n = cardinality($100::uuid[]) and l.n = cardinality($105::uuid[])
             and w.n = cardinality($108::uuid[]) and x.n = cardinality($72::uuid[]) and o.n >= 0
        then advance_feed($1, $2,
                array_fill('delegation'::text, array[cardinality($22::uuid[])])
                    || array_fill('party'::text, array[cardinality($18::uuid[])]),
                $22::uuid[]::text[] || $18::uuid[]::text[],
                $23::bigint[] || $19::bigint[])
        else refuse_stale() end as revision
    from (select count(*) as n from created) c,
         (select count(*) as n from updated) u,
         (select count(*) as n from changed_party) p,
         (select count(*) as n from asked) a,
         (select count(*) as n from granted) g,
         (select count(*) as n from taken) t,
         (select count(*) as n from followed) f,
         (select count(*) as n from left_packages) l,
         (select count(*) as n from asked_to_follow) w,
         (select count(*) as n from undesignated) x,
         (select (select count(*) from replaced) + (select count(*) from proven) + (select count(*) from designated)
                 + (select count(*) from paper) + (select count(*) from ticked) + (select count(*) from posted)
                 + (select count(*) from left_to_do) + (select count(*) from all_done)
                 + (select count(*) from untold) + (select count(*) from told) + (select count(*) from happened)
                 + (select count(*) from logged) as n) o
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $3, $6, $7, $8, $9, feed.revision, $2 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
