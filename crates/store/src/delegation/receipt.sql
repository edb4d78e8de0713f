-- $1 shard, $2 the delegation, $3 the actor, $4..$8 usage entry, instant, client, rpc and trace.
with recursive visible as (
    select d.delegation_id, d.delegator_id, d.representative_id
    from delegation d
    join party a on a.shard = $1 and a.party_id = $3
    where d.shard = $1 and d.delegation_id = $2
      and (d.chain || d.delegator_id || d.representative_id) && acts_for(a)
),
-- The last that was signed. It was signed for once, but for what is to come.
proof as (
    select s.*
    from visible v join signature_proof s on s.shard = $1 and s.delegation_id = v.delegation_id
    order by s.delegation_version desc
    limit 1
),
-- Who signed, and who that turned out to be after each merge.
signer as (
    select p.party_id, p.merged_into from proof join party p on p.shard = $1 and p.party_id = proof.signer_id
    union
    select p.party_id, p.merged_into from signer s join party p on p.shard = $1 and p.party_id = s.merged_into
),
logged as (
    insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, trace_id,
                           delegator_id, representative_id, delegation_id, outcome)
    select $1, $4, $5, $6, $7, $3, $8, v.delegator_id, v.representative_id, v.delegation_id,
           case when v.delegation_id is null then 'not_found'
                when exists (select from proof) then 'shown' else 'no_receipt' end
    from feed_head h left join visible v on true
    where h.shard = $1
)
select h.epoch, h.revision, exists (select from visible) as "visible!",
       p.proof_id as "proof_id?", p.signed_at as "signed_at?", p.level_of_assurance as "level_of_assurance?",
       p.digest as "digest?", p.wrapping_key_id as "key_id?", p.wrapped_key as "key?",
       p.agreement_ciphertext as "agreement?",
       case when $3 in (select party_id from signer) then p.evidence_ciphertext end as evidence,
       coalesce((select s.party_id from signer s where s.merged_into is null), p.signer_id) as "signer_id?"
from feed_head h left join proof p on true
where h.shard = $1
