-- Everything that a merge moves, with its events and the change. What it was decided from is locked.
-- $1 shard, $2 now, $3..$8 client, actor, channel, request id, rpc and digest, $9 the answer, $10 and $11 usage entry and
-- trace. $12 and $13 the survivor and its version after, $14 its name, if it learns one. $15 and $16 the absorbed party.
-- $17..$24 the steps, one per delegation: id, version after, event, instant, reason, status, end, termination.
-- $25 and $26 their parties after. $27..$30 identifiers that move: kind, blind index, cipher text, whether it is replaced by
-- the survivor's. $31 and $32 messages that move. $33..$36 notices: id, delegation, receiver, kind. $37 and $38 notices
-- that have become pointless. $39 and $40 the survivor's standing after, and the register status that it comes from. $41 whether
-- that is a suspension that its delegations do not know of yet.
with step as materialized (
    select * from unnest($17::uuid[], $18::bigint[], $19::text[], $20::timestamptz[], $21::text[], $22::text[],
                         $23::timestamptz[], $24::text[], $25::uuid[], $26::uuid[]) with ordinality
        as s (delegation_id, version, kind, at, reason, status, ended_at, termination, delegator_id, representative_id,
              item)
),
message as materialized (
    select * from unnest($31::uuid[], $32::bytea[]) as m (delegation_id, ciphertext)
),
moved as (
    update delegation d
    set delegator_id = s.delegator_id, representative_id = s.representative_id,
        chain = array_replace(d.chain, $15::uuid, $12::uuid), status = s.status, ended_at = s.ended_at,
        termination = s.termination, version = s.version,
        message_ciphertext = coalesce(m.ciphertext, d.message_ciphertext),
        message_by = case when m.ciphertext is null then d.message_by else $12 end
    from step s left join message m using (delegation_id)
    where d.shard = $1 and d.delegation_id = s.delegation_id and d.version = s.version - 1
    returning 1
),
named as (
    update identifier i
    set party_id = $12, ciphertext = n.ciphertext, replaced_at = case when n.is_replaced then $2 else i.replaced_at end
    from unnest($27::text[], $28::bytea[], $29::bytea[], $30::boolean[]) as n (kind, blind_index, ciphertext, is_replaced)
    where i.shard = $1 and i.kind = n.kind and i.blind_index = n.blind_index and i.party_id = $15
    returning 1
),
remains as (
    update party p
    set version = $13, name_ciphertext = coalesce($14, p.name_ciphertext), standing = $39, register_status = $40
    where p.shard = $1 and p.party_id = $12 and p.version = $13::bigint - 1
    returning 1
),
absorbed as (
    update party p
    set version = $16, standing = 'ended', merged_into = $12, name_ciphertext = null, register_status = null
    where p.shard = $1 and p.party_id = $15 and p.version = $16::bigint - 1
    returning 1
),
-- Whoever was merged into the absorbed party is the survivor now.
before as (
    update party p set merged_into = $12 where p.shard = $1 and p.merged_into = $15
    returning 1
),
-- Nothing is sealed under it any more.
unlocked as (
    delete from party_key k where k.shard = $1 and k.party_id = $15
    returning 1
),
-- A suspension that the survivor takes over is written into its delegations as any other.
rests as (
    insert into standing_effect (shard, party_id, version, turn, changed_at, after_id, channel)
    select $1, $12, $13, 'suspended', $2, '00000000-0000-0000-0000-000000000000', $5 where $41
    returning 1
),
-- What is left to be written of a suspension: the survivor's standing counts now.
done as (
    delete from standing_effect e where e.shard = $1 and e.party_id = $15
    returning 1
),
-- The register asked for it, or need not be asked any more.
asked as (
    delete from register_effect q where q.shard = $1 and q.party_id = $15
    returning q.merges
),
followed as (
    update cpr_snapshot c set merged_count = c.merged_count + 1
    from asked a where a.merges and c.shard = $1 and c.state = 'current'
    returning 1
),
-- What was to be told to the absorbed party. Of a delegation between the two each was to hear of the end: once is enough.
heard as (
    update notice_item n
    set receiver_id = case when t.again then n.receiver_id else $12 end,
        cancelled_at = case when (t.again or t.pointless) and n.notice_id is null then $2 else n.cancelled_at end,
        -- A notice is to one party: what is in one already is not told again with the rest of it.
        acknowledged_at = case when t.again and n.notice_id is not null then $2 else n.acknowledged_at end
    from (select o.item_id,
                 o.kind = 'expiring' and exists (
                     select from notice_item s
                     where s.shard = $1 and s.delegation_id = o.delegation_id and s.kind = 'expiring'
                       and s.receiver_id = $12) as again,
                 (o.delegation_id, o.kind) in (select * from unnest($37::uuid[], $38::text[])) as pointless
          from notice_item o
          where o.shard = $1 and o.receiver_id = $15 and o.cancelled_at is null and o.acknowledged_at is null) t
    where n.shard = $1 and n.item_id = t.item_id
    returning 1
),
untold as (
    update notice_item n set cancelled_at = $2
    from unnest($37::uuid[], $38::text[]) as w (delegation_id, kind)
    where n.shard = $1 and n.delegation_id = w.delegation_id and n.kind = w.kind and n.receiver_id <> $15
      and n.notice_id is null and n.cancelled_at is null
    returning 1
),
told as (
    insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
    select $1, n.item_id, n.receiver_id, n.kind, n.delegation_id, $2
    from unnest($33::uuid[], $34::uuid[], $35::uuid[], $36::text[]) as n (item_id, delegation_id, receiver_id, kind)
    returning 1
),
posted as (
    update letter_request l set receiver_id = $12 where l.shard = $1 and l.receiver_id = $15
    returning 1
),
happened as (
    insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, actor_id, channel, reason,
                       related_id, request_id)
    select $1::smallint, 'delegation', s.delegation_id::text, s.version, s.kind, s.at, $3::text, $4::uuid, $5::text,
           s.reason, null::uuid, $6::uuid
    from step s
    union all
    select $1, 'party', e.party_id::text, e.version, e.kind, $2, $3, $4, $5, null, e.related_id, $6
    from (values ($12::uuid, $13::bigint, 'merged', $15::uuid), ($15, $16::bigint, 'absorbed', $12))
        as e (party_id, version, kind, related_id)
    returning 1
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, actor_id, delegator_id, representative_id,
                           delegation_id, outcome, trace_id)
    select $1::smallint, $10::uuid, 0, $2::timestamptz, $3::text, $7::text, $4::uuid, $12::uuid, $15::uuid, null::uuid,
           'merged', $11::text
    union all
    select $1, $10, s.item, $2, $3, $7, $4, s.delegator_id, s.representative_id, s.delegation_id, s.kind, $11
    from step s
    returning 1
),
-- The feed head last, once everything above is counted.
feed as (
    select case
        when m.n = cardinality($17::uuid[]) and i.n = cardinality($27::text[]) and p.n = 2 and o.n >= 0
        then advance_feed($1, $2,
                array_fill('delegation'::text, array[cardinality($17::uuid[])]) || array['party', 'party'],
                $17::uuid[]::text[] || array[$12::uuid, $15::uuid]::text[],
                $18::bigint[] || array[$13::bigint, $16::bigint])
        else refuse_stale() end as revision
    from (select count(*) as n from moved) m,
         (select count(*) as n from named) i,
         (select (select count(*) from remains) + (select count(*) from absorbed) as n) p,
         (select (select count(*) from before) + (select count(*) from unlocked) + (select count(*) from done)
                 + (select count(*) from rests) + (select count(*) from asked) + (select count(*) from followed)
                 + (select count(*) from heard) + (select count(*) from untold) + (select count(*) from told)
                 + (select count(*) from posted) + (select count(*) from happened) + (select count(*) from logged)
                 as n) o
)
insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
select $1, $3, $6, $7, $8, $9, feed.revision, $2 from feed
returning revision, (select epoch from feed_head where shard = $1) as "epoch!"
