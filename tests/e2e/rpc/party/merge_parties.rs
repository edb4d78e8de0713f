//! `PartyService.MergeParties`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    self, CreateDelegationRequest, Delegation, DelegationEventKind, DelegationStatus, DenialReason,
    GetDelegationRequest, IdentifierKind, LinkIdentifierRequest, MergePartiesRequest, ResolvePartyRequest,
    TerminationReason,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, SIGN, all, asking, instants};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

/// Gives for as many days from now.
async fn give_for(world: &World, from: &Registered, to: &Registered, days: (i64, i64)) -> Delegation {
    let at = |days| world.now() + TimeDelta::days(days);
    let request = CreateDelegationRequest {
        period: instants(at(days.0), at(days.1)),
        ..world.giving(from, to, &[SEE])
    };
    world.try_give(request).await.unwrap().delegation.unwrap()
}

/// Asks by each of the party's identifiers; all get the same answer.
async fn granted(world: &World, from: &Registered, to: &Registered) -> bool {
    let mut answers = Vec::new();
    for delegator in &from.identifiers {
        for representative in &to.identifiers {
            let mut request = asking(from, to, SEE);
            request.delegator = Some(delegator.clone());
            request.representative = Some(representative.clone());
            let answer = world.authority.query().check_delegation(request).await.unwrap().into_inner();
            answers.push(answer.decision.unwrap().granted);
        }
    }
    answers.dedup();
    let [answer] = answers.as_slice() else { panic!("identifiers of one party disagree: {answers:?}") };
    *answer
}

#[tokio::test]
async fn everything_of_the_absorbed_party_is_the_survivors() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let given = world.give(&absorbed, &other, &[SEE]).await;
    let held = world.give(&other, &absorbed, &[SEE, CHANGE]).await;
    let ended = world.give(&absorbed, &other, &[SIGN]).await;
    world.revoke(&absorbed, &ended).await.unwrap();
    let revision = world.feed_revision().await;
    let (whole, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(world.feed_revision().await, revision + 1);

    let party = did.party.unwrap();
    assert_eq!((party.party_id.as_str(), party.etag.as_str()), (survivor.id.as_str(), "2"));
    let kinds = [IdentifierKind::CprNumber, IdentifierKind::Pid, IdentifierKind::Uuid].map(i32::from);
    assert_eq!((party.identifier_kinds, did.moved_identifier_count), (kinds.to_vec(), 2));
    let mut all_of_them = [&given, &held, &ended].map(|delegation| delegation.delegation_id.clone());
    all_of_them.sort();
    assert_eq!(did.moved_delegation_ids, all_of_them);
    assert_eq!((did.duplicate_delegation_ids.len(), did.self_delegation_ids.len()), (0, 0));

    assert!(granted(&world, &whole, &other).await);
    assert!(granted(&world, &other, &whole).await);
    for (delegation, status) in [
        (&given, DelegationStatus::Active),
        (&held, DelegationStatus::Active),
        (&ended, DelegationStatus::Revoked),
    ] {
        let seen = world.see(&survivor, delegation).await.unwrap();
        assert_eq!(seen.status(), status);
        assert!([&seen.delegator_id, &seen.representative_id].contains(&&survivor.id));
        let history = world.event_kinds(&other, delegation).await;
        assert_eq!(history.last(), Some(&DelegationEventKind::PartyMerged));
    }
    // The other party hears of what lives, the person of what they did not know by this party.
    let merged = |delegation: &Delegation| ("merged".to_owned(), delegation.delegation_id.clone());
    let heard = world.waiting_notices(&other).await;
    assert_eq!(heard.iter().filter(|(kind, _)| kind == "merged").count(), 2);
    assert!(heard.contains(&merged(&given)) && heard.contains(&merged(&held)));
    let given_to_them = ("given".to_owned(), held.delegation_id.clone());
    assert_eq!(world.waiting_notices(&survivor).await, [given_to_them]);
    assert_eq!(world.waiting_notices(&absorbed).await, []);
}

#[tokio::test]
async fn names_and_messages_are_read_after_the_merge_and_the_old_key_is_gone() {
    let world = World::with_catalogue().await;
    let (person, other) = (world.people.person(), world.person().await);
    let [cpr, _, uuid] = all(&person);
    let survivor = world.known_by(&[uuid], "").await;
    let absorbed = world.known_by(&[cpr], person.name.expose()).await;
    let message = world.people.message();
    let request = CreateDelegationRequest {
        message: message.expose().to_owned(),
        ..world.giving(&absorbed, &other, &[SEE])
    };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    world.merge(&survivor, &absorbed).await;
    let seen = world.see(&other, &given).await.unwrap();
    assert_eq!(
        (seen.message.as_str(), seen.delegator_name.as_str()),
        (message.expose(), person.name.expose())
    );
    let keys = world.count(&format!("party_key where party_id = '{}'", absorbed.id)).await;
    let names = format!("party where party_id = '{}' and name_ciphertext is not null", absorbed.id);
    assert_eq!((keys, world.count(&names).await), (0, 0));
}

#[tokio::test]
async fn the_grant_that_lasts_longer_lives_on_and_of_two_that_end_alike_the_older() {
    let world = World::with_catalogue().await;
    for (survivors, absorbeds, lives) in [((0, 10), (5, 11), 1), ((0, 11), (5, 10), 0), ((0, 10), (5, 10), 0)]
    {
        let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
        let first = give_for(&world, &other, &survivor, survivors).await;
        let second = give_for(&world, &other, &absorbed, absorbeds).await;
        let (whole, did) = world.merge(&survivor, &absorbed).await;
        let both = [&first, &second];
        let loser = both[1 - lives];
        assert_eq!(did.duplicate_delegation_ids, std::slice::from_ref(&loser.delegation_id));
        let ended = world.see(&other, loser).await.unwrap();
        assert_eq!(ended.status(), DelegationStatus::Terminated);
        assert_eq!(ended.termination_reason(), TerminationReason::DuplicateAfterMerge);
        let lived = world.see(&other, both[lives]).await.unwrap();
        assert!([DelegationStatus::Active, DelegationStatus::Scheduled].contains(&lived.status()));
        assert_eq!(granted(&world, &other, &whole).await, lives == 0);
        let moved = if lives == 1 { vec![second.delegation_id.clone()] } else { vec![] };
        assert_eq!(did.moved_delegation_ids, moved);
    }
}

#[tokio::test]
async fn only_the_privilege_that_is_there_twice_gives_way() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let wide = world.give(&other, &absorbed, &[SEE, CHANGE]).await;
    let narrow = give_for(&world, &other, &survivor, (0, 100)).await;
    let (whole, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(did.duplicate_delegation_ids, std::slice::from_ref(&wide.delegation_id));
    let seen = world.see(&other, &wide).await.unwrap();
    assert_eq!((seen.privileges, seen.revoked_privileges), (vec![CHANGE.to_owned()], vec![SEE.to_owned()]));
    assert_eq!(seen.status, i32::from(DelegationStatus::Active));
    let by = world.check(&other, &whole, SEE).await;
    assert_eq!((by.granted, by.delegation_id), (true, narrow.delegation_id));
    assert!(world.check(&other, &whole, CHANGE).await.granted);
}

#[tokio::test]
async fn what_the_two_delegated_to_each_other_ends() {
    let world = World::with_catalogue().await;
    let (survivor, absorbed) = world.one_person_twice().await;
    let one = world.give(&absorbed, &survivor, &[SEE]).await;
    let other = world.give(&absorbed, &survivor, &[CHANGE]).await;
    world
        .sql(
            "insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
               select 0, gen_random_uuid(), p, 'expiring', d.delegation_id, now()
               from delegation d cross join lateral unnest(array[d.delegator_id, d.representative_id]) p",
        )
        .await;
    let (_, did) = world.merge(&survivor, &absorbed).await;
    let mut both = [one.delegation_id.clone(), other.delegation_id.clone()];
    both.sort();
    assert_eq!((did.self_delegation_ids.as_slice(), did.moved_delegation_ids.len()), (&both[..], 0));
    for delegation in [&one, &other] {
        let ended = world.see(&survivor, delegation).await.unwrap();
        assert_eq!(ended.termination_reason(), TerminationReason::PartiesMerged);
        let history = world.event_kinds(&survivor, delegation).await;
        assert_eq!(history, [DelegationEventKind::Created, DelegationEventKind::Terminated]);
    }
    // They hear that it ended, and of nothing that has become pointless.
    let heard = world.waiting_notices(&survivor).await;
    assert!(heard.iter().all(|(kind, _)| kind == "merged"), "{heard:?}");
    assert_eq!((heard.len(), world.waiting_notices(&absorbed).await.len()), (2, 0));
}

#[tokio::test]
async fn requests_of_both_stay_and_what_the_two_asked_of_each_other_ends() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let same =
        [world.request(&survivor, &other, &[SEE]).await, world.request(&absorbed, &other, &[SEE]).await];
    let received = world.request(&other, &absorbed, &[SEE]).await;
    let of_each_other = world.request(&survivor, &absorbed, &[SEE]).await;
    let (_, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(did.self_delegation_ids, std::slice::from_ref(&of_each_other.delegation_id));
    assert_eq!(did.duplicate_delegation_ids.len(), 0);
    let ended = world.see(&survivor, &of_each_other).await.unwrap();
    assert_eq!(ended.status(), DelegationStatus::Terminated);
    assert_eq!(ended.termination_reason(), TerminationReason::PartiesMerged);
    // The survivor answers what the absorbed party was asked, and is given what it asked for.
    let received = world.see(&survivor, &received).await.unwrap();
    let accepted = world.accept(&survivor, &received).await;
    assert_eq!(accepted.delegator_id, survivor.id);
    assert!(world.check(&survivor, &other, SEE).await.granted);
    let asked = world.see(&other, &same[1]).await.unwrap();
    let accepted = world.accept(&other, &asked).await;
    assert_eq!(accepted.representative_id, survivor.id);
    let seen = world.see(&survivor, &same[0]).await.unwrap();
    assert_eq!(seen.status(), DelegationStatus::Requested);
    let status = world.try_accept(world.accepting(&survivor, &ended)).await.unwrap_err();
    let refused = Refused::because(Code::FailedPrecondition, "REQUEST_TERMINATED");
    assert_eq!(Refused::of(&status), refused);
}

#[tokio::test]
async fn what_was_given_on_follows_and_ends_where_somebody_would_stand_above_themselves() {
    let world = World::with_catalogue().await;
    world.let_give_on(SEE, 3).await;
    let ((survivor, absorbed), from) = (world.one_person_twice().await, world.person().await);
    let (middle, last, another) = (world.person().await, world.person().await, world.person().await);
    // From -> survivor -> middle -> absorbed -> last, and from another beside it: another -> absorbed -> last.
    let top = world.give(&from, &survivor, &[SEE]).await;
    let second = world.give_on(&survivor, &top, &middle, &[SEE]).await;
    let third = world.give_on(&middle, &second, &absorbed, &[SEE]).await;
    let fourth = world.give_on(&absorbed, &third, &last, &[SEE]).await;
    let beside = world.give(&another, &absorbed, &[SEE]).await;
    let below = world.give_on(&absorbed, &beside, &last, &[SEE]).await;
    assert!(world.check(&from, &last, SEE).await.granted);
    let (_, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(did.self_delegation_ids, std::slice::from_ref(&third.delegation_id));
    assert_eq!(did.moved_delegation_ids, std::slice::from_ref(&beside.delegation_id));
    for (delegation, reason) in
        [(&third, TerminationReason::PartiesMerged), (&fourth, TerminationReason::ParentEnded)]
    {
        let ended = world.see(&from, delegation).await.unwrap();
        assert_eq!(ended.termination_reason(), reason);
    }
    assert_eq!(world.check_denied(&from, &last, SEE).await, DenialReason::Terminated);
    assert!(world.check(&from, &middle, SEE).await.granted);
    assert!(world.check(&another, &last, SEE).await.granted);
    let kinds = world.event_kinds(&last, &below).await;
    assert_eq!(kinds, [DelegationEventKind::Created, DelegationEventKind::PartyMerged]);
    // Above it stands the survivor, who may take it back.
    world.revoke(&survivor, &below).await.unwrap();
}

#[tokio::test]
async fn the_absorbed_partys_id_is_told_where_it_went_however_often_it_is_merged() {
    let world = World::with_catalogue().await;
    let people = [world.people.person(), world.people.person(), world.people.person()];
    let mut parties = Vec::new();
    for (number, person) in people.iter().enumerate() {
        let [cpr, pid, uuid] = all(person);
        let named = if number == 2 { vec![cpr] } else { vec![pid, uuid] };
        parties.push(world.known_by(&named, "").await);
    }
    let [first, second, last] = parties.as_slice() else { panic!("three") };
    let other = world.person().await;
    world.merge(second, first).await;
    world.merge(last, second).await;
    let merged = Refused::because(Code::FailedPrecondition, "PARTY_MERGED");
    let told_where = |status: &Status| {
        assert_eq!(Refused::of(status), merged);
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.metadata.get("surviving_id"), Some(&last.id));
    };
    for gone in [first, second] {
        told_where(&world.try_give(world.giving(gone, &other, &[SEE])).await.unwrap_err());
        told_where(&world.try_give(world.giving(&other, gone, &[SEE])).await.unwrap_err());
        told_where(&world.try_merge(gone, &other).await.unwrap_err());
        told_where(&world.try_merge(&other, gone).await.unwrap_err());
        told_where(&world.try_merge(last, gone).await.unwrap_err());
        let link = LinkIdentifierRequest {
            request_id: world.request_id(),
            party_id: gone.id.clone(),
            identifier: other.identifier(),
            etag: String::new(),
        };
        told_where(&world.front_end.parties().link_identifier(link).await.unwrap_err());
        let resolve = ResolvePartyRequest {
            request_id: world.request_id(),
            identifiers: gone.identifiers.clone(),
            ..ResolvePartyRequest::default()
        };
        let resolved = world.front_end.parties().resolve_party(resolve).await.unwrap().into_inner();
        assert_eq!(resolved.party.unwrap().party_id, last.id);
    }
    // Linking what named the absorbed party changes nothing: it names the survivor.
    let link = LinkIdentifierRequest {
        request_id: world.request_id(),
        party_id: last.id.clone(),
        identifier: first.identifier(),
        etag: String::new(),
    };
    let linked = world.front_end.parties().link_identifier(link).await.unwrap().into_inner().party.unwrap();
    assert_eq!((linked.party_id.as_str(), linked.etag.as_str()), (last.id.as_str(), "2"));
}

#[tokio::test]
async fn the_absorbed_party_sees_nothing_any_more() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let given = world.give(&absorbed, &other, &[SEE]).await;
    world.merge(&survivor, &absorbed).await;
    let get = async |id: &str| {
        let request = GetDelegationRequest { actor: absorbed.actor(), delegation_id: id.to_owned() };
        world.front_end.delegations().get_delegation(request).await
    };
    let unseen = get(&given.delegation_id).await.unwrap_err();
    assert_alike(&unseen, &get(SOME_UUID).await.unwrap_err());
}

#[tokio::test]
async fn two_cpr_numbers_are_two_persons() {
    let world = World::with_catalogue().await;
    let (one, other) = (world.person().await, world.person().await);
    let before = world.snapshot().await;
    let refused = Refused::because(Code::FailedPrecondition, "CPR_NUMBERS_DIFFER");
    assert_eq!(Refused::of(&world.try_merge(&one, &other).await.unwrap_err()), refused);
    assert_eq!(world.snapshot().await, before);
    world.until_idle().await;
}

#[tokio::test]
async fn a_merge_sent_twice_gets_its_first_answer_and_happens_once() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    world.give(&absorbed, &other, &[SEE]).await;
    let request = MergePartiesRequest {
        request_id: world.request_id(),
        surviving_id: survivor.id.clone(),
        absorbed_id: absorbed.id.clone(),
    };
    let merge = |request| {
        let mut client = world.front_end.parties();
        async move { client.merge_parties(request).await.map(Response::into_inner) }
    };
    let (first, second) = tokio::join!(merge(request.clone()), merge(request.clone()));
    assert_eq!(first.unwrap(), second.unwrap());
    let before = world.snapshot().await;
    let again = merge(request.clone()).await.unwrap();
    assert_eq!((again.moved_delegation_ids.len(), again.moved_identifier_count), (1, 2));
    assert_eq!(world.snapshot().await, before);
    let another = MergePartiesRequest { absorbed_id: other.id.clone(), ..request };
    let refused = Refused::because(Code::AlreadyExists, "IDEMPOTENCY_MISMATCH");
    assert_eq!(Refused::of(&merge(another).await.unwrap_err()), refused);
    assert_eq!(world.count("event where kind in ('merged', 'absorbed')").await, 2);
}

#[tokio::test]
async fn a_merge_that_would_touch_too_much_is_refused() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    world.give(&absorbed, &other, &[SEE]).await;
    world
        .sql(
            "insert into delegation (shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to,
                                     ended_at, created_at)
             select 0, gen_random_uuid(), delegator_id, representative_id, 'revoked', valid_from, valid_to, valid_from,
                    created_at
             from delegation, generate_series(1, 1000)",
        )
        .await;
    let before = world.snapshot().await;
    let refused = Refused::because(Code::FailedPrecondition, "PARTY_TOO_LARGE_TO_MERGE");
    assert_eq!(Refused::of(&world.try_merge(&survivor, &absorbed).await.unwrap_err()), refused);
    assert_eq!(world.snapshot().await, before);
    world.sql("delete from delegation where delegation_id in (select delegation_id from delegation where status = 'revoked' limit 1)").await;
    let (_, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(did.moved_delegation_ids.len(), 1_000);
    world.until_idle().await;
}

#[tokio::test]
async fn every_field_is_checked() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), organisation) = (world.one_person_twice().await, world.organisation().await);
    let employee = world.employee_of(&organisation).await;
    let dead = world.known_by(&all(&world.people.person())[1..], "").await;
    world.sql(&format!("update party set standing = 'ended' where party_id = '{}'", dead.id)).await;
    let good = MergePartiesRequest {
        request_id: world.request_id(),
        surviving_id: survivor.id.clone(),
        absorbed_id: absorbed.id.clone(),
    };
    let not_person = |refusals: Refusals<MergePartiesRequest>, id: &str| {
        let (as_survivor, as_absorbed) = (id.to_owned(), id.to_owned());
        refusals
            .because(Code::FailedPrecondition, "PARTY_IS_NOT_PERSON", move |r: &mut MergePartiesRequest| {
                r.surviving_id.clone_from(&as_survivor);
            })
            .because(Code::FailedPrecondition, "PARTY_IS_NOT_PERSON", move |r: &mut MergePartiesRequest| {
                r.absorbed_id.clone_from(&as_absorbed);
            })
    };
    let (dead_survivor, dead_absorbed) = (dead.id.clone(), dead.id.clone());
    let refusals = Refusals::of(good)
        .request_id(|r, text| r.request_id = text)
        .uuid("surviving_id", |r, text| r.surviving_id = text)
        .uuid("absorbed_id", |r, text| r.absorbed_id = text)
        .field("absorbed_id", "PARTIES_ARE_THE_SAME", |r| r.absorbed_id.clone_from(&r.surviving_id))
        .field("absorbed_id", "PARTIES_ARE_THE_SAME", |r| r.absorbed_id = r.surviving_id.to_uppercase())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |r| r.surviving_id = SOME_UUID.to_owned())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |r| r.absorbed_id = SOME_UUID.to_owned())
        .because(Code::FailedPrecondition, "PARTY_HAS_ENDED", move |r| {
            r.surviving_id.clone_from(&dead_survivor)
        })
        .because(Code::FailedPrecondition, "PARTY_HAS_ENDED", move |r| {
            r.absorbed_id.clone_from(&dead_absorbed)
        });
    not_person(not_person(refusals, &organisation.id), &employee.id)
        .sent_by(&world, async |request| world.front_end.parties().merge_parties(request).await)
        .await;
}

#[tokio::test]
async fn a_merge_is_logged_with_both_parties_and_every_delegation() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let given = world.give(&absorbed, &other, &[SEE]).await;
    let entries = world.usage().await.len();
    world.merge(&survivor, &absorbed).await;
    let usage = world.usage().await;
    let logged: Vec<_> = usage[entries..]
        .iter()
        .map(|entry| {
            let text = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
            let parties = (text(entry.delegator_id), text(entry.representative_id));
            (parties, text(entry.delegation_id), entry.outcome.as_str())
        })
        .collect();
    let (survivor, other) = (survivor.id, other.id);
    assert_eq!(
        logged,
        [
            ((survivor.clone(), absorbed.id), String::new(), "merged"),
            ((survivor, other), given.delegation_id, "party_merged")
        ]
    );
}

#[tokio::test]
async fn who_may_not_act_is_not_told_more_by_the_absorbed_id() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let given = world.give(&other, &absorbed, &[SEE]).await;
    world.merge(&survivor, &absorbed).await;
    // The survivor renounces what the absorbed party was given; the absorbed party cannot.
    let status = world.renounce(&absorbed, &given).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    let renounced = world.renounce(&survivor, &given).await.unwrap().delegation.unwrap();
    assert_eq!(renounced.status(), v1::DelegationStatus::Renounced);
    assert_eq!(world.check_denied(&other, &survivor, SEE).await, DenialReason::Renounced);
}
