-- $1 shard, $2 the owner and $3 the system, if only one's, $4 whether only what may be given, $5 the instant, $6 the last
-- URI of the page before (empty: none), $7 most rows.
select h.epoch, h.revision, p.uri as "uri?", p.system_id as "system_id?", p.authority_cvr as "authority_cvr?",
       p.title_da as "title_da?", p.title_en as "title_en?",
       p.description_da as "description_da?", p.description_en as "description_en?", p.max_period_days,
       p.delegator_kinds as "delegator_kinds?", p.representative_kinds as "representative_kinds?",
       p.access_kind as "access_kind?", p.assurance as "assurance?", p.min_age_years, p.max_age_years,
       p.max_sub_delegation_depth as "max_sub_delegation_depth?", p.paper_allowed as "paper_allowed?",
       p.request_allowed as "request_allowed?", p.published_at, p.hidden_at, p.hide_planned as "hide_planned?",
       p.grants_kept as "grants_kept?", p.republished_at, p.text_version as "text_version?",
       p.text_valid_from as "text_valid_from?", p.version as "version?"
from feed_head h
left join lateral (
    select * from privilege p
    where p.shard = $1 and p.uri > $6
      and ($2::text is null or p.authority_cvr = $2)
      and ($3::text is null or p.system_id = $3)
      and (not $4 or privilege_may_be_given(p, $5))
    order by p.uri
    limit $7
) p on true
where h.shard = $1
order by p.uri
