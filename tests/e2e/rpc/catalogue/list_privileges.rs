//! `CatalogueService.ListPrivileges`.

use fuldmagt_proto::v1::{ListPrivilegesRequest, Privilege, PublicationState};
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, Client, DRAFT, FOREIGN, HIDDEN, OTHER_SYSTEM, SEE, SIGN, SYSTEM, privilege, system,
};
use fuldmagt_tests::{Refused, World};

use crate::rpc::refusals::Refusals;

fn listing(system_id: &str) -> ListPrivilegesRequest {
    ListPrivilegesRequest { system_id: system_id.to_owned(), page_size: 500, page_token: String::new() }
}

async fn page(client: &Client, request: ListPrivilegesRequest) -> (Vec<Privilege>, String) {
    let page = client.catalogue().list_privileges(request).await.unwrap().into_inner();
    (page.privileges, page.next_page_token)
}

async fn uris(client: &Client, request: ListPrivilegesRequest) -> Vec<String> {
    page(client, request).await.0.into_iter().map(|privilege| privilege.privilege).collect()
}

#[tokio::test]
async fn an_authority_sees_its_own_an_operator_all_a_front_end_what_is_published() {
    let world = World::with_catalogue().await;
    let own = [SEE, SIGN, CHANGE, DRAFT, HIDDEN];
    for (client, system_id, wanted) in [
        (&world.authority, "", &own[..]),
        (&world.authority, SYSTEM, &own),
        (&world.authority, OTHER_SYSTEM, &[]),
        (&world.other_authority, "", &[FOREIGN]),
        (&world.operator, "", &[SEE, SIGN, CHANGE, DRAFT, HIDDEN, FOREIGN]),
        (&world.operator, OTHER_SYSTEM, &[FOREIGN]),
        (&world.front_end, "", &[SEE, SIGN, CHANGE, FOREIGN]),
        (&world.front_end, SYSTEM, &[SEE, SIGN, CHANGE]),
        (&world.front_end, "no-system", &[]),
    ] {
        // Bytewise: `æ` comes after all of ASCII.
        assert!(wanted.is_sorted());
        assert_eq!(uris(client, listing(system_id)).await, wanted);
    }
}

#[tokio::test]
async fn a_privilege_is_listed_as_it_was_put() {
    let world = World::with_catalogue().await;
    let (all, _) = page(&world.authority, listing("")).await;
    let draft = all.iter().find(|entry| entry.privilege == DRAFT).unwrap();
    let wanted = Privilege {
        state: PublicationState::Draft.into(),
        etag: "1".to_owned(),
        text_version: 1,
        ..privilege(DRAFT, SYSTEM)
    };
    assert_eq!(draft, &wanted);
    let states: Vec<_> = all.iter().map(Privilege::state).collect();
    let published = PublicationState::Published;
    assert_eq!(states, [published, published, published, PublicationState::Draft, PublicationState::Hidden]);
}

#[tokio::test]
async fn three_pages_of_two_show_each_privilege_once() {
    let world = World::with_catalogue().await;
    let (mut found, mut sizes, mut page_token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let request = ListPrivilegesRequest { page_size: 2, page_token, ..listing("") };
        let (privileges, next) = page(&world.authority, request).await;
        sizes.push(privileges.len());
        found.extend(privileges.into_iter().map(|privilege| privilege.privilege));
        page_token = next;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(found, [SEE, SIGN, CHANGE, DRAFT, HIDDEN]);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    world.put_system(system("another", AUTHORITY_CVR)).await.unwrap();
    let one = ListPrivilegesRequest { page_size: 1, ..listing("") };
    let (_, good) = page(&world.authority, one.clone()).await;
    let narrowed = ListPrivilegesRequest { system_id: SYSTEM.to_owned(), ..one.clone() };
    let foreign = [
        page(&world.authority, narrowed).await.1,
        page(&world.operator, one.clone()).await.1,
        page(&world.front_end, one.clone()).await.1,
        good.to_lowercase(),
    ];
    assert!(foreign.iter().all(|token| !token.is_empty()));
    let request = ListPrivilegesRequest { page_token: good, ..one };
    Refusals::of(request.clone())
        .page_size(|request, size| request.page_size = size)
        .page_token(&foreign, |request, token| request.page_token = token)
        .field("page_token", "PAGE_TOKEN_INVALID", |request| request.system_id = "another".to_owned())
        .field("system_id", "SYSTEM_ID_MALFORMED", |request| request.system_id = "No System".to_owned())
        .field("system_id", "SYSTEM_ID_MALFORMED", |request| request.system_id = "a".repeat(65))
        .sent_by(&world, async |request| world.authority.catalogue().list_privileges(request).await)
        .await;
    let status = world.other_authority.catalogue().list_privileges(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("page_token", "PAGE_TOKEN_INVALID"));
}
