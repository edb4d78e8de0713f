//! Designating while the delegation or the employment ends: whoever comes first, nobody uses what is over.

use fuldmagt_proto::v1::DelegationEventKind;
use fuldmagt_tests::world::SEE;
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::designate_employee::{Company, company};

const ROUNDS: usize = 20;

#[tokio::test]
async fn a_delegation_that_is_revoked_meanwhile_is_used_by_nobody() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    world.revoke(&from, &held).await.unwrap();
    for round in 0..ROUNDS {
        world.a_second_passes().await;
        let held = world.give(&from, &organisation, &[SEE]).await;
        let (designated, revoked) = tokio::join!(
            world.try_designate(world.designating(&manager, &held, &employee)),
            world.revoke(&from, &held)
        );
        assert!(revoked.is_ok(), "{round}: {revoked:?}");
        let kinds = world.event_kinds(&from, &held).await;
        match designated {
            Ok(_) => assert_eq!(kinds[1], DelegationEventKind::EmployeeDesignated, "{round}"),
            Err(status) => {
                let ended = Refused::because(Code::FailedPrecondition, "DELEGATION_ENDED");
                assert_eq!((Refused::of(&status), kinds.len()), (ended, 2), "{round}");
            }
        }
        assert_eq!(kinds.last(), Some(&DelegationEventKind::Revoked), "{round}");
        assert!(!world.check(&from, &employee, SEE).await.granted);
        world.assert_nothing_hangs_loose().await;
    }
}

#[tokio::test]
async fn who_leaves_meanwhile_uses_nothing_and_no_designation_stands() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, held, .. } = company(&world).await;
    for round in 0..ROUNDS {
        let employee = world.employee_of(&organisation).await;
        let (designated, left) = tokio::join!(
            world.try_designate(world.designating(&manager, &held, &employee)),
            world.end_employment(&employee)
        );
        assert!(left.is_ok(), "{round}: {left:?}");
        if let Err(status) = designated {
            let gone = Refused::because(Code::FailedPrecondition, "PARTY_NOT_IN_GOOD_STANDING");
            assert_eq!(Refused::of(&status), gone, "{round}");
        }
        assert!(!world.check(&from, &employee, SEE).await.granted, "{round}");
    }
    // What the end of the employment did not see was looked for once more.
    world.until_sql("select count(*) from standing_effect", 0).await;
    assert_eq!(world.count("designation where removed_at is null").await, 0);
    let removed = world.count("event where kind = 'designation_removed'").await;
    assert_eq!(removed, world.count("designation").await);
    world.assert_nothing_hangs_loose().await;
}
