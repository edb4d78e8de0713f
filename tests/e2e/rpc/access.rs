//! Who may call what: every RPC of the API, with every certificate.

use std::collections::BTreeSet;

use fuldmagt_tests::world::Client;
use fuldmagt_tests::{Refused, World};
use prost::Message as _;
use tonic::{Code, Status};

/// The roles that may call an RPC: whoever adds an RPC adds it here.
fn allowed(rpc: &str) -> &'static [&'static str] {
    let (service, method) = rpc.rsplit_once('/').unwrap();
    match (service, method) {
        ("/fuldmagt.v1.QueryService", _) => &["authority"],
        ("/fuldmagt.v1.DelegationService", _) => &["front_end"],
        ("/fuldmagt.v1.PartyService", "ImportCprSnapshot" | "GetCprImport") => &["register_feed"],
        ("/fuldmagt.v1.PaperService", "StartPaperDelegation") => &["front_end", "caseworker_system"],
        ("/fuldmagt.v1.PaperService", _) => &["caseworker_system"],
        ("/fuldmagt.v1.NoticeService", _) => &["front_end"],
        ("/fuldmagt.v1.PartyService", "EndEmployment") => &["front_end", "register_feed"],
        ("/fuldmagt.v1.PartyService", "ResolveSuspension") => &["caseworker_system"],
        ("/fuldmagt.v1.PartyService", _) => &["front_end", "caseworker_system", "register_feed"],
        ("/fuldmagt.v1.CatalogueService", "ListSystems" | "ListPrivileges" | "ListPackages") => {
            &["authority", "front_end", "operator"]
        }
        ("/fuldmagt.v1.CatalogueService", _) => &["authority", "operator"],
        _ => panic!("nobody has said who may call {rpc}"),
    }
}

fn roles(world: &World) -> [(&'static str, &Client); 7] {
    [
        ("authority", &world.authority),
        ("front_end", &world.front_end),
        ("caseworker_system", &world.caseworker_system),
        ("print_vendor", &world.print_vendor),
        ("register_feed", &world.register_feed),
        ("operator", &world.operator),
        ("auditor", &world.auditor),
    ]
}

/// The paths of all RPCs, from the API's descriptors.
fn rpcs() -> BTreeSet<String> {
    let files = prost_types::FileDescriptorSet::decode(fuldmagt_proto::FILE_DESCRIPTOR_SET).unwrap().file;
    let mut paths = BTreeSet::new();
    for file in &files {
        for service in &file.service {
            let names = service.method.iter().map(|method| method.name().to_owned());
            paths.extend(names.map(|name| format!("/{}.{}/{name}", file.package(), service.name())));
        }
    }
    assert!(paths.len() >= 18, "{paths:?}");
    paths
}

async fn refused(client: &Client, rpc: &str) -> Status {
    match client.call_empty(rpc).await {
        Err(status) => status,
        Ok(_) => panic!("an empty request to {rpc} is answered"),
    }
}

#[tokio::test]
async fn every_rpc_is_open_to_its_roles_and_closed_to_the_others() {
    let world = World::start().await;
    let before = world.snapshot().await;
    for rpc in rpcs() {
        for (role, client) in roles(&world) {
            let told = Refused::of(&refused(client, &rpc).await);
            if allowed(&rpc).contains(&role) {
                assert_eq!(told.code, Code::InvalidArgument, "{rpc} by {role}");
            } else {
                let wanted = Refused::because(Code::PermissionDenied, "ROLE_MISSING");
                assert_eq!(told, wanted, "{rpc} by {role}");
            }
        }
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn no_rpc_is_open_to_whom_no_certificate_makes_known() {
    let world = World::start().await;
    let before = world.snapshot().await;
    for rpc in rpcs() {
        for (client, reason) in [
            (&world.anonymous, "CERTIFICATE_MISSING"),
            (&world.unregistered, "CERTIFICATE_NOT_REGISTERED"),
            (&world.nameless, "CERTIFICATE_UNREADABLE"),
        ] {
            let told = Refused::of(&refused(client, &rpc).await);
            assert_eq!(told, Refused::because(Code::Unauthenticated, reason), "{rpc}");
        }
    }
    assert_eq!(world.snapshot().await, before);
    assert!(world.usage().await.is_empty());
}

#[tokio::test]
async fn an_rpc_that_there_is_not_is_unimplemented() {
    let world = World::start().await;
    for rpc in ["/fuldmagt.v1.QueryService/Guess", "/fuldmagt.v2.QueryService/CheckDelegation", "/"] {
        let status = refused(&world.authority, rpc).await;
        assert_eq!(status.code(), Code::Unimplemented, "{rpc}");
    }
}
