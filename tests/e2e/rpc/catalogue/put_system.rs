//! `CatalogueService.PutSystem`.

use fuldmagt_proto::v1::{PutSystemRequest, System};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{AUTHORITY_CVR, OTHER_AUTHORITY_CVR, OTHER_SYSTEM, SYSTEM, system};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::Lines;
use crate::rpc::refusals::Refusals;

fn putting(world: &World, system: System) -> PutSystemRequest {
    PutSystemRequest { request_id: world.request_id(), system: Some(system), etag: String::new() }
}

#[tokio::test]
async fn a_system_is_registered_and_its_titles_change() {
    let world = World::start().await;
    let first = world.put_system(system(SYSTEM, AUTHORITY_CVR)).await.unwrap().system.unwrap();
    assert_eq!(first, System { etag: "1".to_owned(), ..system(SYSTEM, AUTHORITY_CVR) });
    let renamed = System { title_da: "Årsopgørelsen".to_owned(), ..system(SYSTEM, AUTHORITY_CVR) };
    let request = PutSystemRequest { etag: first.etag, ..putting(&world, renamed.clone()) };
    let second = world.authority.catalogue().put_system(request).await.unwrap().into_inner().system.unwrap();
    assert_eq!(second, System { etag: "2".to_owned(), ..renamed });
}

#[tokio::test]
async fn an_operator_registers_systems_of_any_authority() {
    let world = World::start().await;
    for (id, cvr) in [("one", AUTHORITY_CVR), ("two", OTHER_AUTHORITY_CVR)] {
        let answer = world.operator.catalogue().put_system(putting(&world, system(id, cvr))).await;
        assert_eq!(answer.unwrap().into_inner().system.unwrap().authority_cvr, cvr);
    }
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::start().await;
    let edit =
        |edit: fn(&mut System)| move |request: &mut PutSystemRequest| edit(request.system.as_mut().unwrap());
    let malformed = "SYSTEM_ID_MALFORMED";
    Refusals::of(putting(&world, system("a-system-1", AUTHORITY_CVR)))
        .request_id(|request, text| request.request_id = text)
        .etag(|request, text| request.etag = text)
        .field("system", "REQUIRED", |request| request.system = None)
        .field("system.system_id", "REQUIRED", edit(|system| system.system_id.clear()))
        .field("system.system_id", malformed, edit(|system| system.system_id = "TastSelv".to_owned()))
        .field("system.system_id", malformed, edit(|system| system.system_id = "1a".to_owned()))
        .field("system.system_id", malformed, edit(|system| system.system_id = "år".to_owned()))
        .field("system.system_id", malformed, edit(|system| system.system_id = "a".repeat(65)))
        .field("system.authority_cvr", "REQUIRED", edit(|system| system.authority_cvr.clear()))
        .field(
            "system.authority_cvr",
            "CVR_CHECKSUM",
            edit(|system| system.authority_cvr = "12345678".to_owned()),
        )
        .field(
            "system.authority_cvr",
            "CVR_MALFORMED",
            edit(|system| system.authority_cvr = "1955210".to_owned()),
        )
        .text("system.title_da", 200, Lines::One, |request, text| {
            request.system.as_mut().unwrap().title_da = text;
        })
        .text("system.title_en", 200, Lines::One, |request, text| {
            request.system.as_mut().unwrap().title_en = text;
        })
        .field("system.etag", "OUTPUT_ONLY", edit(|system| system.etag = "1".to_owned()))
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "1".to_owned())
        .because(
            Code::FailedPrecondition,
            "OWNER_MISMATCH",
            edit(|system| system.authority_cvr = OTHER_AUTHORITY_CVR.to_owned()),
        )
        .sent_by(&world, async |request| world.authority.catalogue().put_system(request).await)
        .await;
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_a_fresh_one_is_not() {
    let world = World::start().await;
    world.put_system(system(SYSTEM, AUTHORITY_CVR)).await.unwrap();
    world.put_system(system(SYSTEM, AUTHORITY_CVR)).await.unwrap();
    Refusals::of(PutSystemRequest { etag: "2".to_owned(), ..putting(&world, system(SYSTEM, AUTHORITY_CVR)) })
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "1".to_owned())
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "3".to_owned())
        .sent_by(&world, async |request| world.authority.catalogue().put_system(request).await)
        .await;
}

#[tokio::test]
async fn another_authoritys_system_cannot_be_changed_or_taken_over() {
    let world = World::with_catalogue().await;
    let before = world.snapshot().await;
    for cvr in [AUTHORITY_CVR, OTHER_AUTHORITY_CVR] {
        let status = world.put_system(system(OTHER_SYSTEM, cvr)).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "SYSTEM_NOT_FOUND"));
    }
    // Not even by an operator: an owner never changes.
    let request = putting(&world, system(OTHER_SYSTEM, AUTHORITY_CVR));
    let status = world.operator.catalogue().put_system(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "OWNER_MISMATCH"));
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn whoever_guesses_at_etags_of_another_authority_learns_nothing() {
    let world = World::with_catalogue().await;
    let mut statuses = Vec::new();
    for etag in ["", "1", "2"] {
        let request = PutSystemRequest {
            etag: etag.to_owned(),
            ..putting(&world, system(OTHER_SYSTEM, AUTHORITY_CVR))
        };
        statuses.push(world.authority.catalogue().put_system(request).await.unwrap_err());
    }
    assert_alike(&statuses[0], &statuses[1]);
    assert_alike(&statuses[0], &statuses[2]);
}
