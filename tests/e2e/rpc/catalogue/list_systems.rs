//! `CatalogueService.ListSystems`.

use fuldmagt_proto::v1::ListSystemsRequest;
use fuldmagt_tests::world::{AUTHORITY_CVR, Client, OTHER_SYSTEM, SYSTEM, system};
use fuldmagt_tests::{Refused, World};

use crate::rpc::refusals::Refusals;

async fn page(client: &Client, page_size: i32, page_token: String) -> (Vec<String>, String) {
    let request = ListSystemsRequest { page_size, page_token };
    let page = client.catalogue().list_systems(request).await.unwrap().into_inner();
    (page.systems.into_iter().map(|system| system.system_id).collect(), page.next_page_token)
}

#[tokio::test]
async fn an_authority_sees_its_own_systems_an_operator_and_a_front_end_all() {
    let world = World::with_catalogue().await;
    world.put_system(system("another", AUTHORITY_CVR)).await.unwrap();
    for (client, wanted) in [
        (&world.authority, &["another", SYSTEM][..]),
        (&world.other_authority, &[OTHER_SYSTEM]),
        (&world.operator, &["another", OTHER_SYSTEM, SYSTEM]),
        (&world.front_end, &["another", OTHER_SYSTEM, SYSTEM]),
    ] {
        let (ids, next) = page(client, 500, String::new()).await;
        assert!(wanted.is_sorted());
        assert_eq!(
            (ids.as_slice(), next.as_str()),
            (wanted.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>().as_slice(), "")
        );
    }
}

#[tokio::test]
async fn three_pages_of_two_show_each_system_once() {
    let world = World::start().await;
    let wanted: Vec<_> = (1..=5).map(|n| format!("system-{n}")).collect();
    for id in wanted.iter().rev() {
        world.put_system(system(id, AUTHORITY_CVR)).await.unwrap();
    }
    let (mut found, mut sizes, mut token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let (ids, next) = page(&world.authority, 2, token).await;
        sizes.push(ids.len());
        found.extend(ids);
        token = next;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((sizes, found), (vec![2, 2, 1], wanted));
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    world.put_system(system("another", AUTHORITY_CVR)).await.unwrap();
    let (_, good) = page(&world.authority, 1, String::new()).await;
    let (_, operators) = page(&world.operator, 1, String::new()).await;
    let foreign = [operators, format!("{good}A"), good[1..].to_owned()];
    let request = ListSystemsRequest { page_size: 1, page_token: good };
    Refusals::of(request.clone())
        .page_size(|request, size| request.page_size = size)
        .page_token(&foreign, |request, token| request.page_token = token)
        .sent_by(&world, async |request| world.authority.catalogue().list_systems(request).await)
        .await;
    let status = world.other_authority.catalogue().list_systems(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("page_token", "PAGE_TOKEN_INVALID"));
}
