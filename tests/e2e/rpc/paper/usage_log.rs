//! Every call about a paper case is in the usage log.

use fuldmagt_proto::v1::ListPaperDelegationsRequest;
use fuldmagt_tests::World;
use fuldmagt_tests::world::{Case, SEE, UsageEntry};
use uuid::Uuid;

fn id(text: &str) -> Option<Uuid> {
    Some(text.parse().unwrap())
}

async fn entries(world: &World, method: &str) -> Vec<UsageEntry> {
    let rpc = format!("fuldmagt.v1.PaperService/{method}");
    world.usage().await.into_iter().filter(|entry| entry.rpc == rpc).collect()
}

#[tokio::test]
async fn each_step_of_a_case_is_logged_with_its_caseworker_and_both_parties() {
    let world = World::with_paper().await;
    let (from, to) = (world.person().await, world.person().await);
    let case = world.start_paper(&from, &to, &[SEE]).await;
    let (second, third) = (world.caseworker().await, world.caseworker().await);
    let request = world.registering(&second, &case, &[SEE]);
    let answer = world.caseworker_system.paper().register_signed_form(request).await.unwrap();
    let registered = Case { told: answer.into_inner().paper_case.unwrap(), ..case.clone() };
    world.approve(world.approving(&second, &registered)).await.unwrap_err();
    world.approve(world.approving(&third, &registered)).await.unwrap();
    world.reject(world.rejecting(&third, &registered)).await.unwrap_err();
    for (method, actor, outcomes) in [
        ("StartPaperDelegation", &case.started_by, vec!["paper_started"]),
        ("RegisterSignedForm", &second, vec!["paper_registered"]),
        ("ApprovePaperDelegation", &third, vec!["APPROVER_IS_NOT_SECOND", "paper_approved"]),
        ("RejectPaperDelegation", &third, vec!["PAPER_CASE_DECIDED"]),
    ] {
        let logged = entries(&world, method).await;
        assert_eq!(logged.iter().map(|entry| entry.outcome.as_str()).collect::<Vec<_>>(), outcomes);
        let last = logged.last().unwrap();
        assert_eq!((last.client_id.as_str(), last.actor_id), ("caseworker-system", id(&actor.id)));
        assert_eq!(last.delegation_id, id(&case.id()), "{method}");
        if last.outcome.starts_with("paper_") {
            assert_eq!((last.delegator_id, last.representative_id), (id(&from.id), id(&to.id)));
        }
    }
}

#[tokio::test]
async fn a_list_is_logged_with_every_case_that_it_shows_and_without_any_when_it_is_refused() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let case = world.start_paper(&from, &to, &[SEE]).await;
    for actor in [&caseworker, &to] {
        let request =
            ListPaperDelegationsRequest { actor: actor.actor(), page_size: 10, page_token: String::new() };
        let _ = world.caseworker_system.paper().list_paper_delegations(request).await;
    }
    let logged: Vec<_> = entries(&world, "ListPaperDelegations")
        .await
        .into_iter()
        .map(|entry| (entry.outcome, entry.actor_id, entry.delegator_id, entry.delegation_id))
        .collect();
    assert_eq!(
        logged,
        [
            ("listed".to_owned(), id(&caseworker.id), None, None),
            ("shown".to_owned(), id(&caseworker.id), id(&from.id), id(&case.id())),
            ("not_allowed".to_owned(), id(&to.id), None, None),
        ]
    );
}
