//! Delegations that contain packages: pinned, so that they grant what the package holds now, or followed.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    CreateDelegationRequest, DelegationStatus, DenialReason, ExistingGrants, HidePrivilegeRequest,
    LevelOfAssurance, PartySide, Privilege, PublishPackageVersionRequest,
};
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, SEE, SIGN, SYSTEM, Signable as _, days, followed, package, pinned, privilege,
    timestamp, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

const ALL: &str = "income-all";
const MORE: &str = "income-more";

async fn world() -> World {
    let world = World::with_catalogue().await;
    world.package_of(ALL, &[SEE]).await;
    world
}

#[tokio::test]
async fn a_followed_package_grants_what_it_holds_at_each_instant() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.follow(&from, &to, &[ALL]).await;
    assert_eq!((given.status(), given.privileges.len()), (DelegationStatus::Active, 0));
    assert_eq!(given.packages, followed(&[ALL]));
    let all = [SEE, CHANGE, SIGN];
    assert_eq!(world.granted(&from, &to, &all).await, [SEE]);
    world.a_second_passes().await;
    world.publish_version(world.publishing_version(ALL, &[CHANGE, SEE])).await;
    assert_eq!(world.granted(&from, &to, &all).await, [SEE, CHANGE]);
    world.a_second_passes().await;
    let july = PublishPackageVersionRequest {
        publish_time: timestamp("2026-07-01T00:00:00Z"),
        ..world.publishing_version(ALL, &[CHANGE])
    };
    world.publish_version(july).await;
    assert_eq!(world.granted(&from, &to, &all).await, [SEE, CHANGE]);
    world.move_to("2026-07-01T00:00:00Z".parse().unwrap()).await;
    assert_eq!(world.granted(&from, &to, &all).await, [CHANGE]);
    let decision = world.check(&from, &to, CHANGE).await;
    assert_eq!(decision.delegation_id, given.delegation_id);
    for user in [&from, &to] {
        let seen = world.see(user, &given).await.unwrap();
        assert_eq!((seen.packages, seen.privileges.len()), (followed(&[ALL]), 0));
    }
    for (user, side) in [(&from, PartySide::Given), (&to, PartySide::Held)] {
        let listed = world.listed(user, side).await;
        assert_eq!(listed.iter().map(|one| one.packages.clone()).collect::<Vec<_>>(), [followed(&[ALL])]);
    }
}

#[tokio::test]
async fn a_pinned_package_grants_what_it_held_when_it_was_given() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = CreateDelegationRequest {
        privileges: uris(&[SIGN]),
        packages: vec![pinned(ALL, 1)],
        ..world.giving(&from, &to, &[])
    };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    assert_eq!((given.privileges.clone(), given.packages.len()), (uris(&[SEE, SIGN]), 0));
    world.a_second_passes().await;
    world.publish_version(world.publishing_version(ALL, &[CHANGE])).await;
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [SEE, SIGN]);
    assert_eq!(world.see(&to, &given).await.unwrap().privileges, given.privileges);
}

#[tokio::test]
async fn a_privilege_a_pinned_and_a_followed_package_are_given_together() {
    let world = world().await;
    world.package_of(MORE, &[CHANGE, SEE]).await;
    let (from, to) = (world.person().await, world.person().await);
    // The privilege is in both packages as well.
    let request = CreateDelegationRequest {
        privileges: uris(&[SEE]),
        packages: vec![pinned(MORE, 1), pinned(ALL, 0)],
        ..world.giving(&from, &to, &[])
    };
    let preview = world.preview(request.actor.clone(), request.agreement()).await.unwrap();
    let text = preview.agreement.unwrap();
    for line in [
        "1. At se indkomst\n   Adgang: fuldmagtshaver kan handle på fuldmagtsgivers vegne\n   Må gives videre: nej\n   \
         Rettighed: urn:dk:example:indkomst:se\n",
        "\nPakker i fuldmagten\n1. Al indkomst\n   Pakke: income-all\n   Fuldmagten giver til enhver tid de rettigheder,",
        "\n1.1. At se indkomst\n   Adgang: ",
        "\n2. Al indkomst\n   Pakke: income-more\n   Version: 1\n   Fuldmagten giver de rettigheder, som pakken \
         indeholder nu.",
        "   Alt om indkomst.\n   Også fra tidligere år.\n",
    ] {
        assert!(text.text_da.contains(line), "{line:?} in {}", text.text_da);
    }
    assert!(
        text.text_en
            .contains("\nPackages in the power of attorney\n1. All of income\n   Package: income-all\n")
    );
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    assert_eq!((given.privileges.clone(), given.packages.clone()), (uris(&[SEE, CHANGE]), followed(&[ALL])));
    // What was signed stays in the words of that day.
    world.a_second_passes().await;
    let put =
        fuldmagt_proto::v1::Package { title_da: "Noget andet".to_owned(), ..package(ALL, AUTHORITY_CVR) };
    world.put_package(put).await.unwrap();
    world.publish_version(world.publishing_version(ALL, &[SEE, CHANGE])).await;
    let receipt = world.receipt(to.actor(), &given.delegation_id).await.unwrap();
    assert_eq!(receipt.agreement.unwrap(), text);
}

#[tokio::test]
async fn what_was_signed_is_what_the_package_holds() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let signed = world.signed(world.following(&from, &to, &[ALL])).await;
    world.a_second_passes().await;
    world.publish_version(world.publishing_version(ALL, &[SEE, CHANGE])).await;
    let status = world.try_give(signed).await.unwrap_err();
    let mismatch =
        Refused::because(Code::FailedPrecondition, "SIGNED_TEXT_MISMATCH").naming("signature.digest");
    assert_eq!(Refused::of(&status), mismatch);
    assert_eq!(world.count("delegation_package").await, 0);
}

#[tokio::test]
async fn a_privilege_that_is_hidden_stops_for_those_who_follow_it_too() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    world.follow(&from, &to, &[ALL]).await;
    let hide = |existing: ExistingGrants, validate_only| HidePrivilegeRequest {
        existing_grants: existing.into(),
        validate_only,
        ..world.hiding(SEE)
    };
    let told = async |request| {
        let answer = world.authority.catalogue().hide_privilege(request).await.unwrap().into_inner();
        let impact = answer.impact.unwrap();
        (impact.delegations_in_force, impact.delegations_stopping, impact.packages)
    };
    assert_eq!(told(hide(ExistingGrants::Stop, true)).await, (1, 1, 1));
    assert_eq!(told(hide(ExistingGrants::Keep, true)).await, (1, 0, 1));
    world.a_second_passes().await;
    assert_eq!(told(hide(ExistingGrants::Stop, false)).await, (1, 1, 1));
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::PrivilegeNotPublished);
    // And nobody can follow what cannot be given.
    let status = world.try_give(world.following(&to, &from, &[ALL])).await.unwrap_err();
    let refused = Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED");
    assert_eq!(Refused::of(&status), refused);
}

#[tokio::test]
async fn what_lives_of_a_hidden_package_lives_on() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.follow(&from, &to, &[ALL]).await;
    world.a_second_passes().await;
    world.authority.catalogue().hide_package(world.hiding_package(ALL)).await.unwrap();
    assert_eq!(world.granted(&from, &to, &[SEE]).await, [SEE]);
    let not_found = Refused::because(Code::NotFound, "PACKAGE_NOT_FOUND");
    // It is not followed once more.
    let renew = world.renewing(&from, &given, days("2026-07-16", "2026-08-15"));
    let status = world.try_renew(renew).await.unwrap_err();
    assert_eq!(Refused::of(&status), not_found);
    world.revoke(&from, &given).await.unwrap();
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Revoked);
}

#[tokio::test]
async fn the_signature_must_be_as_sure_as_what_is_followed_demands() {
    let world = world().await;
    let uri = "urn:dk:example:sikker";
    let put = Privilege { level_of_assurance: LevelOfAssurance::High.into(), ..privilege(uri, SYSTEM) };
    world.put_privilege(put).await.unwrap();
    world.publish(uri).await;
    world.package_of(MORE, &[uri]).await;
    let (from, to) = (world.person().await, world.person().await);
    let low = world.following(&from, &to, &[MORE]);
    let status = world.preview(low.actor.clone(), low.agreement()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW"));
    let high = CreateDelegationRequest { actor: from.actor_at(LevelOfAssurance::High), ..low };
    let preview = world.preview(high.actor.clone(), high.agreement()).await.unwrap();
    assert_eq!(preview.minimum_level_of_assurance(), LevelOfAssurance::High);
    let mut signed = world.signed(high).await;
    signed.signature.as_mut().unwrap().level_of_assurance = LevelOfAssurance::Substantial.into();
    let status = world.try_give(signed.clone()).await.unwrap_err();
    let refused = Refused::because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW")
        .naming("signature.level_of_assurance");
    assert_eq!(Refused::of(&status), refused);
    signed.signature.as_mut().unwrap().level_of_assurance = LevelOfAssurance::High.into();
    world.try_give(signed).await.unwrap();
    assert_eq!(world.granted(&from, &to, &[uri]).await, [uri]);
}

#[tokio::test]
async fn the_same_package_is_followed_once_at_a_time() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let first = world.follow(&from, &to, &[ALL]).await;
    let again = world.following(&from, &to, &[ALL]);
    let status = world.try_give(again.clone()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::AlreadyExists, "DELEGATION_OVERLAPS"));
    // A privilege of its own beside it is another thing, and so is what comes after.
    world.give(&from, &to, &[SEE]).await;
    let after = CreateDelegationRequest {
        request_id: world.request_id(),
        period: days("2026-07-16", "2026-07-31"),
        ..again.clone()
    };
    world.try_give(after).await.unwrap();
    world.a_second_passes().await;
    let replacing = CreateDelegationRequest { replace_existing: true, ..again };
    let preview = world.preview(replacing.actor.clone(), replacing.agreement()).await.unwrap();
    assert_eq!(preview.replaced_delegation_ids, [first.delegation_id.as_str()]);
    assert!(preview.agreement.unwrap().text_da.contains("   - alt i pakken income-all\n"));
    let second = world.try_give(replacing).await.unwrap().delegation.unwrap();
    assert_eq!(second.supersedes, [first.delegation_id.as_str()]);
    let old = world.see(&from, &first).await.unwrap();
    assert_eq!((old.status(), old.packages), (DelegationStatus::Superseded, followed(&[ALL])));
}

#[tokio::test]
async fn a_renewal_follows_the_same_packages() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request =
        CreateDelegationRequest { privileges: uris(&[SIGN]), ..world.following(&from, &to, &[ALL]) };
    let old = world.try_give(request).await.unwrap().delegation.unwrap();
    world.a_second_passes().await;
    world.publish_version(world.publishing_version(ALL, &[CHANGE])).await;
    let new = world
        .try_renew(world.renewing(&from, &old, fuldmagt_tests::world::until_day("2026-08-01")))
        .await
        .unwrap();
    assert_eq!((new.privileges.clone(), new.packages.clone()), (uris(&[SIGN]), followed(&[ALL])));
    let old = world.see(&from, &old).await.unwrap();
    assert_eq!(old.superseded_by, new.delegation_id);
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [CHANGE, SIGN]);
    world.advance(TimeDelta::days(40)).await;
    assert_eq!(world.granted(&from, &to, &[CHANGE]).await, [CHANGE]);
}

#[tokio::test]
async fn what_is_followed_moves_and_ends_with_its_party() {
    let world = world().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let moved = world.follow(&absorbed, &other, &[ALL]).await;
    let (whole, _) = world.merge(&survivor, &absorbed).await;
    assert_eq!(world.granted(&whole, &other, &[SEE]).await, [SEE]);
    assert_eq!(world.see(&survivor, &moved).await.unwrap().packages, followed(&[ALL]));

    let (survivor, absorbed) = world.one_person_twice().await;
    let shorter = world.follow(&other, &absorbed, &[ALL]).await;
    let longer = CreateDelegationRequest {
        period: days("2026-06-20", "2026-08-31"),
        ..world.following(&other, &survivor, &[ALL])
    };
    world.try_give(longer).await.unwrap();
    let (_, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(did.duplicate_delegation_ids, [shorter.delegation_id.as_str()]);
    let gone = world.see(&survivor, &shorter).await.unwrap();
    assert_eq!(gone.status(), DelegationStatus::Terminated);
    assert_eq!(world.count("delegation_package where ended_as = 'terminated'").await, 1);
}

#[tokio::test]
async fn what_is_followed_ends_with_an_employment() {
    let world = world().await;
    let (from, organisation) = (world.person().await, world.organisation().await);
    let clerk = world.employee_of(&organisation).await;
    let given = world.follow(&from, &clerk, &[ALL]).await;
    assert_eq!(world.granted(&from, &clerk, &[SEE]).await, [SEE]);
    world.a_second_passes().await;
    world.end_employment(&clerk).await.unwrap();
    assert_eq!(world.granted(&from, &clerk, &[SEE]).await, [] as [&str; 0]);
    assert_eq!(world.see(&from, &given).await.unwrap().status(), DelegationStatus::Terminated);
    assert_eq!(world.count("delegation_package where ended_as = 'terminated'").await, 1);
}

/// Sent again, it is answered as before, whatever has become of the package.
#[tokio::test]
async fn what_was_given_is_told_again_after_its_package_was_hidden() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.signed(world.following(&from, &to, &[ALL])).await;
    let first = world.try_give(request.clone()).await.unwrap();
    world.a_second_passes().await;
    world.authority.catalogue().hide_package(world.hiding_package(ALL)).await.unwrap();
    assert_eq!(world.try_give(request).await.unwrap(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_follow_the_same_package_at_once_one_does() {
    let world = world().await;
    let from = world.person().await;
    for _ in 0..6 {
        let to = world.person().await;
        let (one, other) = (world.following(&from, &to, &[ALL]), world.following(&from, &to, &[ALL]));
        let (one, other) = (world.signed(one).await, world.signed(other).await);
        let (one, other) = tokio::join!(world.try_give(one), world.try_give(other));
        let refused: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
        let [status] = refused.as_slice() else { panic!("{refused:?}") };
        assert_eq!(Refused::of(status), Refused::because(Code::AlreadyExists, "DELEGATION_OVERLAPS"));
        assert_eq!(world.granted(&from, &to, &[SEE]).await, [SEE]);
    }
}

#[tokio::test]
async fn what_is_held_by_a_followed_package_is_not_given_on() {
    let world = world().await;
    let uri = "urn:dk:example:videre";
    world.put_privilege(Privilege { max_sub_delegation_depth: 2, ..privilege(uri, SYSTEM) }).await.unwrap();
    world.publish(uri).await;
    world.package_of(MORE, &[uri]).await;
    let (from, to, third) = (world.person().await, world.person().await, world.person().await);
    let given = world.follow(&from, &to, &[MORE]).await;
    let giving_on = world.giving_on(&to, &given, &third, &[uri]);
    let status = world.preview(giving_on.actor.clone(), giving_on.agreement()).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("privileges[0]", "PRIVILEGE_NOT_DELEGATED"));
    // Nor does the text promise it.
    let receipt = world.receipt(from.actor(), &given.delegation_id).await.unwrap();
    assert!(!receipt.agreement.unwrap().text_da.contains("Må gives videre: ja"));
}

#[tokio::test]
async fn who_holds_something_by_a_package_alone_is_told_the_delegators_name_too() {
    let world = world().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    let by_privilege = world.give(&from, &other, &[SEE]).await;
    let name = world.see(&other, &by_privilege).await.unwrap().delegator_name;
    assert!(!name.is_empty());
    let by_package = world.follow(&from, &to, &[ALL]).await;
    assert_eq!(world.see(&to, &by_package).await.unwrap().delegator_name, name);
    let held = world.listed(&to, PartySide::Held).await;
    let names: Vec<_> = held.iter().map(|delegation| delegation.delegator_name.as_str()).collect();
    assert_eq!(names, [name.as_str()]);
}
