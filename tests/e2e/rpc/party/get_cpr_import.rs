//! `PartyService.GetCprImport`.

use fuldmagt_proto::v1::{self, CprImport, CprImportState, GetCprImportRequest, GetCprImportResponse};
use fuldmagt_tests::World;
use fuldmagt_tests::world::timestamp;
use tonic::{Code, Response, Status};

use super::feed::{Copy, Sending, records};
use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

async fn get(world: &World, request: GetCprImportRequest) -> Result<GetCprImportResponse, Status> {
    world.register_feed.parties().get_cpr_import(request).await.map(Response::into_inner)
}

#[tokio::test]
async fn an_import_tells_how_far_it_has_come() {
    let world = World::start().await;
    let copy = Copy::of(&world, "2026-06-15", &records(300));
    let sending = Sending::begin(&world, &copy.messages[..18]).await;
    copy.until_next_chunk(&world, 17).await;
    let request = GetCprImportRequest { import_id: copy.import_id.to_uppercase() };
    let told = get(&world, request.clone()).await.unwrap();
    let import = CprImport {
        import_id: copy.import_id.clone(),
        as_of: "2026-06-15".to_owned(),
        state: CprImportState::Loading.into(),
        expected_row_count: 300,
        row_count: 170,
        next_chunk: 17,
        progress_time: timestamp("2026-06-15T10:00:00Z"),
        refusal_reason: String::new(),
    };
    assert_eq!(told.cpr_import, Some(import.clone()));
    sending.send(&copy.messages[18..]).await;
    let answer = sending.end().await.unwrap();
    let complete =
        CprImport { state: CprImportState::Current.into(), row_count: 300, next_chunk: 30, ..import };
    let after = get(&world, request).await.unwrap();
    assert_eq!(after.cpr_import, Some(complete));
    assert_eq!(after.effects, Some(v1::CprEffects::default()), "nobody is known");
    assert_eq!(after.revision, answer.revision, "the switch is the last change");
    assert_ne!(told.revision, after.revision);
}

#[tokio::test]
async fn each_wrong_field_is_refused_and_what_is_asked_changes_nothing_and_is_of_nobody() {
    let world = World::start().await;
    let copy = Copy::of(&world, "2026-06-15", &records(20));
    copy.send(&world).await.unwrap();
    let entries = world.usage().await.len();
    Refusals::of(GetCprImportRequest { import_id: copy.import_id })
        .uuid("import_id", |request, text| request.import_id = text)
        .because(Code::NotFound, "IMPORT_NOT_FOUND", |request| request.import_id = SOME_UUID.to_owned())
        .sent_by(&world, async |request| get(&world, request).await)
        .await;
    assert_eq!(world.usage().await.len(), entries);
}

#[tokio::test]
async fn another_clients_import_looks_like_one_that_there_is_not() {
    let world = World::start().await;
    let copy = Copy::of(&world, "2026-06-15", &records(20));
    copy.send(&world).await.unwrap();
    world.sql("update cpr_snapshot set client_id = 'another-feed'").await;
    let alike = |import_id: &str| get(&world, GetCprImportRequest { import_id: import_id.to_owned() });
    let (foreign, unknown) = (alike(&copy.import_id).await, alike(SOME_UUID).await);
    fuldmagt_tests::refusal::assert_alike(&foreign.unwrap_err(), &unknown.unwrap_err());
}
