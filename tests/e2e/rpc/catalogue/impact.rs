//! What a change of a privilege affects: every count, by what it says it counts.

use fuldmagt_proto::v1::{
    self, CreateDelegationRequest, ExistingGrants, HidePrivilegeRequest, PartyKind, Privilege,
    PrivilegeImpact, PublishPrivilegeRequest, PutPrivilegeRequest,
};
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, SEE, SIGN, SYSTEM, days, kinds, package, privilege, timestamp, until_day,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

/// Four delegations of [`SEE`] are in force: one for 10 days and one for 30, between persons, one for a year from a
/// person to an organisation, and one for 30 days from an organisation to a person. One was revoked, one is to come,
/// one has had its privilege and is over, and one is of another privilege.
async fn world() -> World {
    let world = World::with_catalogue().await;
    let (a, b, c) = (world.person().await, world.person().await, world.person().await);
    let organisation = world.organisation().await;
    let give = async |from, to, privileges: &[&str], period| {
        let request = CreateDelegationRequest { period, ..world.giving(from, to, privileges) };
        world.try_give(request).await.unwrap().delegation.unwrap()
    };
    give(&c, &b, &[SEE], until_day("2026-06-15")).await;
    world.move_to("2026-06-16T10:00:00Z".parse().unwrap()).await;
    give(&a, &b, &[SEE], until_day("2026-06-26")).await;
    give(&b, &a, &[SEE, CHANGE], until_day("2026-07-16")).await;
    give(&a, &organisation, &[SEE], until_day("2027-06-16")).await;
    give(&organisation, &a, &[SEE], until_day("2026-07-16")).await;
    let revoked = give(&a, &c, &[SEE], until_day("2026-07-16")).await;
    world.revoke(&a, &revoked).await.unwrap();
    give(&b, &c, &[SEE], days("2026-06-17", "2026-07-16")).await;
    give(&c, &a, &[CHANGE], until_day("2026-07-16")).await;
    world
}

async fn put(world: &World, privilege: Privilege) -> PrivilegeImpact {
    let request = PutPrivilegeRequest {
        request_id: world.request_id(),
        privilege: Some(privilege),
        validate_only: true,
        ..PutPrivilegeRequest::default()
    };
    world.authority.catalogue().put_privilege(request).await.unwrap().into_inner().impact.unwrap()
}

async fn hide(world: &World, time: Option<&str>, existing: ExistingGrants) -> PrivilegeImpact {
    let request = HidePrivilegeRequest {
        hide_time: time.and_then(timestamp),
        existing_grants: existing.into(),
        validate_only: true,
        ..world.hiding(SEE)
    };
    world.authority.catalogue().hide_privilege(request).await.unwrap().into_inner().impact.unwrap()
}

fn in_force(delegations: i64) -> PrivilegeImpact {
    PrivilegeImpact { delegations_in_force: delegations, ..PrivilegeImpact::default() }
}

#[tokio::test]
async fn hiding_stops_what_goes_on_beyond_the_time_unless_it_is_kept() {
    let world = world().await;
    let (stop, keep) = (ExistingGrants::Stop, ExistingGrants::Keep);
    for (time, existing, stopping) in [
        (None, stop, 4),
        (None, keep, 0),
        // The first instant after 26 June in Denmark: the delegation for ten days is over by itself.
        (Some("2026-06-26T21:59:59.999999Z"), stop, 4),
        (Some("2026-06-26T22:00:00Z"), stop, 3),
        (Some("2026-07-16T22:00:00Z"), stop, 1),
        (Some("2026-07-16T22:00:00Z"), keep, 0),
    ] {
        let impact = hide(&world, time, existing).await;
        assert_eq!(
            impact,
            PrivilegeImpact { delegations_stopping: stopping, ..in_force(4) },
            "{time:?} {existing:?}"
        );
    }
}

#[tokio::test]
async fn what_is_hidden_stops_nothing_more_and_publishing_it_brings_back_what_was_stopped() {
    let world = world().await;
    assert_eq!(world.hide(SEE).await.impact.unwrap().delegations_stopping, 4);
    assert_eq!(hide(&world, None, ExistingGrants::Stop).await, in_force(4));
    for (time, resuming) in [(None, 4), (Some("2026-06-26T22:00:00Z"), 3)] {
        let request = PublishPrivilegeRequest {
            publish_time: time.and_then(timestamp),
            validate_only: true,
            ..world.publishing(SEE)
        };
        let answer = world.authority.catalogue().publish_privilege(request).await.unwrap().into_inner();
        assert_eq!(answer.impact.unwrap(), PrivilegeImpact { delegations_resuming: resuming, ..in_force(4) });
    }
    assert_eq!(world.publish(SEE).await.impact.unwrap().delegations_resuming, 4);
    assert_eq!(world.publish(SEE).await.impact.unwrap(), in_force(4));
}

#[tokio::test]
async fn kept_grants_that_are_stopped_later_on_are_counted() {
    let world = world().await;
    let keep = HidePrivilegeRequest { existing_grants: ExistingGrants::Keep.into(), ..world.hiding(SEE) };
    let kept = world.authority.catalogue().hide_privilege(keep).await.unwrap().into_inner();
    assert_eq!(kept.impact.unwrap(), in_force(4));
    assert_eq!(hide(&world, None, ExistingGrants::Stop).await.delegations_stopping, 4);
}

#[tokio::test]
async fn a_shorter_longest_period_counts_what_is_given_for_longer() {
    let world = world().await;
    let capped = |days| Privilege { max_period_days: days, ..privilege(SEE, SYSTEM) };
    // From 16 June, which is not counted, as a gift is measured.
    for (days, beyond) in [(366, 0), (365, 0), (364, 1), (30, 1), (29, 3), (10, 3), (9, 4), (1, 4), (0, 0)] {
        let impact = put(&world, capped(days)).await;
        assert_eq!(
            impact,
            PrivilegeImpact { delegations_beyond_period: beyond, ..in_force(4) },
            "{days} days"
        );
    }
    // Not shortened: what is beyond it was given before.
    world.put_privilege(capped(20)).await.unwrap();
    assert_eq!(put(&world, capped(20)).await, in_force(4));
    assert_eq!(put(&world, capped(25)).await, in_force(4));
    assert_eq!(put(&world, capped(19)).await.delegations_beyond_period, 3);
}

#[tokio::test]
async fn fewer_kinds_count_what_is_between_others() {
    let world = world().await;
    let all = [PartyKind::Person, PartyKind::Organisation, PartyKind::Employee];
    let both = &all[..2];
    for (givers, holders, outside) in [
        (both, &all[..], 0),
        (both, both, 0),
        (&all[..1], &all[..], 1),
        (&all[1..2], &all[..], 3),
        (both, &all[..1], 1),
        (&all[..1], &all[..1], 2),
        (both, &all[2..], 4),
    ] {
        let narrowed = Privilege {
            delegator_kinds: kinds(givers),
            representative_kinds: kinds(holders),
            ..privilege(SEE, SYSTEM)
        };
        let impact = put(&world, narrowed).await;
        assert_eq!(
            impact,
            PrivilegeImpact { delegations_outside_kinds: outside, ..in_force(4) },
            "{givers:?} {holders:?}"
        );
    }
}

#[tokio::test]
async fn fewer_ages_count_who_is_of_an_age_that_is_not_looked_at() {
    let world = world().await;
    let aged = |min, max| Privilege {
        min_delegator_age_years: min,
        max_delegator_age_years: max,
        ..privilege(SEE, SYSTEM)
    };
    let narrowed = PrivilegeImpact { delegations_age_not_known: 3, ..in_force(4) };
    assert_eq!(put(&world, aged(18, 0)).await, narrowed);
    assert_eq!(put(&world, aged(0, 99)).await, narrowed);
    world.put_privilege(aged(18, 66)).await.unwrap();
    assert_eq!(put(&world, aged(15, 70)).await, in_force(4));
    assert_eq!(put(&world, aged(0, 0)).await, in_force(4));
    assert_eq!(put(&world, aged(15, 65)).await, narrowed);
}

#[tokio::test]
async fn packages_that_hold_it_or_will_are_counted() {
    let world = World::with_catalogue().await;
    let packages = async || hide(&world, None, ExistingGrants::Stop).await.packages;
    for id in ["now", "later", "never", "no-more"] {
        world.put_package(package(id, AUTHORITY_CVR)).await.unwrap();
    }
    assert_eq!(packages().await, 0);
    world.publish_version(world.publishing_version("now", &[SEE, CHANGE])).await;
    world.publish_version(world.publishing_version("never", &[CHANGE])).await;
    world.publish_version(world.publishing_version("no-more", &[SEE])).await;
    let later = v1::PublishPackageVersionRequest {
        publish_time: timestamp("2026-07-01T00:00:00Z"),
        ..world.publishing_version("later", &[SEE])
    };
    world.publish_version(later).await;
    assert_eq!(packages().await, 3);
    world.a_second_passes().await;
    world.publish_version(world.publishing_version("no-more", &[SIGN])).await;
    assert_eq!(packages().await, 2);
}

#[tokio::test]
async fn a_privilege_that_nobody_has_affects_nobody() {
    let world = world().await;
    let new = Privilege { max_period_days: 1, ..privilege("urn:dk:example:ny", SYSTEM) };
    assert_eq!(put(&world, new).await, PrivilegeImpact::default());
    assert_eq!(world.hide(SIGN).await.impact.unwrap(), PrivilegeImpact::default());
}

#[tokio::test]
async fn a_privilege_is_hidden_also_when_it_takes_too_long_to_count_who_has_it() {
    let world = World::with(&[("database.statement_timeout_ms", "1000")]).await;
    world.catalogue().await;
    let mut held = world.database.pool.begin().await.unwrap();
    sqlx::query("lock table delegation_privilege in access exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    let judged = HidePrivilegeRequest { validate_only: true, ..world.hiding(SEE) };
    let status = world.authority.catalogue().hide_privilege(judged).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::Unavailable, "DATABASE_UNAVAILABLE"));
    let hidden = world.hide(SEE).await;
    assert_eq!((hidden.privilege.unwrap().state(), hidden.impact), (v1::PublicationState::Hidden, None));
    let put =
        world.put_privilege(Privilege { max_period_days: 1, ..privilege(CHANGE, SYSTEM) }).await.unwrap();
    assert_eq!((put.privilege.unwrap().max_period_days, put.impact), (1, None));
    held.rollback().await.unwrap();
    assert_eq!(hide(&world, None, ExistingGrants::Stop).await, PrivilegeImpact::default());
}
