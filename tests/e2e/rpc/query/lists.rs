//! What `QueryService.ListRepresentatives` and `QueryService.ListDelegators` have in common: one seen from either side.

mod list_delegators;
mod list_representatives;

use fuldmagt_proto::v1::{CreateDelegationRequest, DelegatedPrivilege, Identifier};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, FOREIGN, Registered, SEE, SIGN, days, until_day};

/// Page size of the tests that turn pages.
const PAGE_SIZE: i32 = 2;

/// A page of either list.
struct Page {
    entries: Vec<DelegatedPrivilege>,
    next_page_token: String,
    evaluate_time: Option<prost_types::Timestamp>,
}

/// One who gives, or holds, and what is in force with whom; the delegations of all other states are there too.
struct Scene {
    subject: Registered,
    in_force: Vec<(Registered, &'static str)>,
}

/// `gives`: the subject is the delegator of everything, else the representative.
async fn scene(world: &World, gives: bool) -> Scene {
    let subject = world.person().await;
    let others = [world.person().await, world.person().await, world.person().await];
    let (revoked, renounced) = (world.person().await, world.person().await);
    let (expired, scheduled) = (world.person().await, world.person().await);
    let pair = |other| if gives { (&subject, other) } else { (other, &subject) };
    let given = async |other, privileges: &[&str]| {
        let (from, to) = pair(other);
        world.give(from, to, privileges).await
    };
    given(&others[0], &[SEE, CHANGE]).await;
    given(&others[1], &[SEE]).await;
    given(&others[2], &[FOREIGN, SEE, SIGN]).await;
    let delegation = given(&revoked, &[SEE]).await;
    world.revoke(pair(&revoked).0, &delegation).await.unwrap();
    let delegation = given(&renounced, &[SEE]).await;
    world.renounce(pair(&renounced).1, &delegation).await.unwrap();
    for (other, period) in
        [(&expired, until_day("2026-06-15")), (&scheduled, days("2026-07-01", "2026-08-01"))]
    {
        let (from, to) = pair(other);
        let request = CreateDelegationRequest { period, ..world.giving(from, to, &[SEE]) };
        world.try_give(request).await.unwrap();
    }
    // The other way round is nobody's business here.
    let (from, to) = pair(&others[0]);
    world.give(to, from, &[SIGN]).await;
    world.advance(chrono::TimeDelta::days(1)).await;
    let [first, second, third] = others;
    let in_force =
        vec![(first.clone(), SEE), (first, CHANGE), (second, SEE), (third.clone(), SEE), (third, SIGN)];
    Scene { subject, in_force }
}

impl Scene {
    /// What the list must hold: CPR number and privilege.
    fn wanted(&self) -> Vec<(Option<Identifier>, &'static str)> {
        let mut wanted: Vec<_> =
            self.in_force.iter().map(|(other, privilege)| (other.identifier(), *privilege)).collect();
        wanted.sort_by_key(|entry| format!("{entry:?}"));
        wanted
    }
}

fn told(entries: &[DelegatedPrivilege]) -> Vec<(Option<Identifier>, &str)> {
    let mut told: Vec<_> =
        entries.iter().map(|entry| (entry.party.clone(), entry.privilege.as_str())).collect();
    told.sort_by_key(|entry| format!("{entry:?}"));
    told
}

/// Turns three pages of two; between the first and the second, half an hour passes and something is given.
async fn turn_pages(
    world: &World,
    scene: &Scene,
    page: impl AsyncFn(String) -> Page,
    meanwhile: impl AsyncFn(),
) {
    let (mut entries, mut token, mut sizes) = (Vec::new(), String::new(), Vec::new());
    let mut evaluated = Vec::new();
    loop {
        let next = page(token).await;
        sizes.push(next.entries.len());
        evaluated.push(next.evaluate_time);
        entries.extend(next.entries);
        token = next.next_page_token;
        if token.is_empty() {
            break;
        }
        if sizes.len() == 1 {
            world.advance(chrono::TimeDelta::minutes(30)).await;
            meanwhile().await;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(told(&entries), scene.wanted());
    let order: Vec<_> = entries.iter().map(|entry| entry.delegation_id.clone()).collect();
    assert!(order.is_sorted(), "by delegation");
    assert!(evaluated.iter().all(|instant| *instant == evaluated[0]), "all pages are for one instant");
}
