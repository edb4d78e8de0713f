-- Gathers what is due into notices, and returns those that are not acknowledged.
-- $1 shard, $2 now, $3 most notices, $4 as many ids for new ones, ascending, $5 most items of a notice, $6 most items
-- of the answer, $7..$10 usage entry, client, rpc and trace.
--
-- A receiver's first item that waits is the receiver's turn: who has it locked gathers, everybody else passes by, so
-- that no item is in two notices. Nothing here waits for a lock: what a command is about to cancel is left out.
with told as materialized (
    select n.notice_id, count(*) as items
    from notice_item n
    where n.shard = $1 and n.notice_id is not null and n.acknowledged_at is null
    group by n.notice_id
    order by n.notice_id
    limit $3
),
-- The oldest items that are due, some of which may be of the same receiver.
due as materialized (
    select n.item_id, n.receiver_id, n.occurred_at
    from notice_item n
    where n.shard = $1 and n.notice_id is null and n.cancelled_at is null
      and n.occurred_at <= $2::timestamptz - interval '15 minutes'
    order by n.occurred_at, n.item_id
    limit $6
),
turn as materialized (
    select n.item_id, n.receiver_id, n.occurred_at
    from notice_item n
    where n.shard = $1 and n.notice_id is null and n.cancelled_at is null
      and n.item_id = any (array(
          select f.item_id
          from (select distinct on (receiver_id) * from due order by receiver_id, occurred_at, item_id) f
          order by f.occurred_at, f.item_id
          limit greatest($3 - (select count(*) from told), 0)))
    for update skip locked
),
gathered as materialized (
    select t.receiver_id, t.occurred_at as first_at, t.item_id as first_id, i.item_id
    from turn t
    cross join lateral (
        select n.item_id
        from notice_item n
        where n.shard = $1 and n.receiver_id = t.receiver_id and n.notice_id is null and n.cancelled_at is null
          and n.occurred_at >= t.occurred_at and n.occurred_at < t.occurred_at + interval '15 minutes'
        order by n.occurred_at, n.item_id
        limit $5
        for update skip locked
    ) i
),
-- Oldest first: those told before, then the new ones, as long as there is room for their items.
page as materialized (
    select l.notice_id, l.receiver_id
    from (select n.*, sum(n.items) over (order by n.place) - n.items as items_before
          from (select t.notice_id, null::uuid as receiver_id, t.items, row_number() over (order by t.notice_id) as place
                from told t
                union all
                select ($4::uuid[])[(row_number() over (order by g.first_at, g.first_id))::integer], g.receiver_id,
                       count(*), (select count(*) from told) + row_number() over (order by g.first_at, g.first_id)
                from gathered g
                group by g.receiver_id, g.first_at, g.first_id) n) l
    where l.items_before < $6
),
-- Each item is looked for among those gathered, and not those gathered among the items: as good a plan as there is of a
-- table that has grown since it was analysed, of which a join on the key compares everything with everything.
closed as (
    update notice_item n
    set notice_id = (select p.notice_id from page p where p.receiver_id = n.receiver_id)
    -- Locked as they are: waiting. To say so again would have every item that waits looked at for each of them.
    where n.shard = $1
      and n.item_id = any (array(select g.item_id from gathered g join page p on p.receiver_id = g.receiver_id))
    returning n.notice_id, n.receiver_id, n.item_id, n.kind, n.delegation_id, n.occurred_at
),
item as materialized (
    select * from closed
    union all
    select n.*
    from page p
    cross join lateral (
        select n.notice_id, n.receiver_id, n.item_id, n.kind, n.delegation_id, n.occurred_at
        from notice_item n
        where n.shard = $1 and n.notice_id = p.notice_id and n.acknowledged_at is null
        offset 0
    ) n
),
logged as (
    insert into usage_log (shard, entry_id, item, occurred_at, client_id, rpc, trace_id, delegator_id, outcome)
    select $1, $7, row_number() over (order by r.receiver_id) - 1, $2, $8, $9, $10, r.receiver_id, 'shown'
    from (select distinct receiver_id from item) r
)
select h.epoch, h.revision, i.notice_id as "notice_id?", i.receiver_id as "receiver_id?", i.kind as "kind?",
       i.delegation_id as "delegation_id?", i.occurred_at as "occurred_at?"
from feed_head h left join item i on true
where h.shard = $1
order by i.notice_id, i.occurred_at, i.item_id
