-- Has both parties of each delegation that is about to end told of it, once.
-- $1 shard, $2 now, $3 how many days before the end, $4 ids for the items, two for each delegation, $5 most
-- delegations.
--
-- Every end up to `done_until` has been looked at. A delegation that is written later and ends before then has a
-- shorter period than those that are told of, but for the clocks of two machines and a start that may lie a little
-- before now: so the last ten minutes are looked at once more.
with progress as (
    select coalesce((select j.done_until from job_progress j where j.shard = $1 and j.job = 'expiry_notices'),
                    '-infinity'::timestamptz) as done_until,
           $2::timestamptz + make_interval(hours => 24 * $3::integer) as horizon
),
candidate as materialized (
    select c.delegation_id, c.valid_to
    from progress p
    cross join lateral (
        select d.delegation_id, d.valid_to
        from delegation d
        where d.shard = $1 and d.status = 'active' and d.valid_to <= p.horizon
          and d.valid_to > greatest(p.done_until - interval '10 minutes', $2)
          and d.valid_to - d.valid_from > make_interval(hours => 24 * $3)
          and not exists (select from notice_item n
                          where n.shard = $1 and n.delegation_id = d.delegation_id and n.kind = 'expiring')
        order by d.valid_to, d.delegation_id
        limit $5
    ) c
),
-- Who ends one of them at this moment is waited for; who ends one later finds the item, and cancels it.
ending as materialized (
    select d.delegation_id, d.delegator_id, d.representative_id,
           row_number() over (order by d.valid_to, d.delegation_id) as place
    from (select c.delegation_id from candidate c order by c.delegation_id) c
    cross join lateral (
        select d.delegation_id, d.delegator_id, d.representative_id, d.valid_to
        from delegation d
        where d.shard = $1 and d.delegation_id = c.delegation_id and d.status = 'active'
        for share
    ) d
),
told as (
    insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
    select $1, ($4::uuid[])[(2 * e.place - r.side)::integer], r.party_id, 'expiring', e.delegation_id, $2
    from ending e cross join lateral (values (1, e.delegator_id), (0, e.representative_id)) r (side, party_id)
    on conflict (shard, delegation_id, receiver_id) where kind = 'expiring' do nothing
    returning 1
),
moved as (
    insert into job_progress (shard, job, done_until)
    select $1, 'expiry_notices',
           case when (select count(*) from candidate) < $5 then p.horizon
                else (select max(c.valid_to) from candidate c) end
    from progress p
    -- Where there never was anything to tell of, nothing is written.
    where exists (select from candidate) or p.done_until > '-infinity'
    on conflict (shard, job) do update set done_until = greatest(job_progress.done_until, excluded.done_until)
)
select (select count(*) from candidate) as "looked_at!", (select count(*) from told) as "told!"
