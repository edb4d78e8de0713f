//! `CatalogueService.PutPrivilege`.

use chrono::{DateTime, Utc};
use fuldmagt_proto::v1::{
    AccessKind, LevelOfAssurance, PartyKind, Privilege, PublicationState, PutPrivilegeRequest,
    PutPrivilegeResponse,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, DRAFT, FOREIGN, HIDDEN, OTHER_SYSTEM, SEE, SYSTEM, instant, kinds, privilege,
    system,
};
use fuldmagt_tests::{Refused, World};
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::rpc::fields::Lines;
use crate::rpc::refusals::Refusals;

const NEW: &str = "urn:dk:example:ny";

fn putting(world: &World, privilege: Privilege) -> PutPrivilegeRequest {
    PutPrivilegeRequest {
        request_id: world.request_id(),
        privilege: Some(privilege),
        ..PutPrivilegeRequest::default()
    }
}

async fn put(world: &World, request: PutPrivilegeRequest) -> Result<PutPrivilegeResponse, Status> {
    world.authority.catalogue().put_privilege(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_privilege_begins_as_a_draft_and_changes_keep_its_state() {
    let world = World::with_catalogue().await;
    let proto = Privilege { max_period_days: 365, ..privilege(NEW, SYSTEM) };
    let first = world.put_privilege(proto.clone()).await.unwrap().privilege.unwrap();
    let draft = PublicationState::Draft.into();
    assert_eq!(first, Privilege { state: draft, etag: "1".to_owned(), text_version: 1, ..proto.clone() });
    let published = world.publish(NEW).await.privilege.unwrap();
    let changed = Privilege { title_en: "Another title".to_owned(), max_period_days: 0, ..proto };
    let request = PutPrivilegeRequest { etag: published.etag.clone(), ..putting(&world, changed.clone()) };
    let second = put(&world, request).await.unwrap().privilege.unwrap();
    let wanted = Privilege {
        state: PublicationState::Published.into(),
        publish_time: published.publish_time,
        etag: "3".to_owned(),
        text_version: 2,
        ..changed
    };
    assert_eq!(second, wanted);
}

#[tokio::test]
async fn kinds_come_back_in_one_order() {
    let world = World::with_catalogue().await;
    let proto = Privilege {
        delegator_kinds: kinds(&[PartyKind::Organisation, PartyKind::Person]),
        representative_kinds: kinds(&[PartyKind::Employee, PartyKind::Person]),
        ..privilege(NEW, SYSTEM)
    };
    let stored = world.put_privilege(proto).await.unwrap().privilege.unwrap();
    assert_eq!(stored.delegator_kinds, kinds(&[PartyKind::Person, PartyKind::Organisation]));
    assert_eq!(stored.representative_kinds, kinds(&[PartyKind::Person, PartyKind::Employee]));
}

#[tokio::test]
async fn what_a_privilege_does_not_say_has_a_careful_meaning() {
    let world = World::with_catalogue().await;
    let unsaid = Privilege { access_kind: 0, level_of_assurance: 0, ..privilege(NEW, SYSTEM) };
    let stored = world.put_privilege(unsaid).await.unwrap().privilege.unwrap();
    assert_eq!(stored.access_kind(), AccessKind::Act);
    assert_eq!(stored.level_of_assurance(), LevelOfAssurance::Substantial);
    assert_eq!((stored.min_delegator_age_years, stored.max_delegator_age_years), (0, 0));
    assert_eq!(
        (stored.max_sub_delegation_depth, stored.paper_allowed, stored.requests_forbidden),
        (0, false, false)
    );
}

#[tokio::test]
async fn every_rule_comes_back_as_it_was_put() {
    let world = World::with_catalogue().await;
    let strict = Privilege {
        max_period_days: 30,
        access_kind: AccessKind::Read.into(),
        level_of_assurance: LevelOfAssurance::High.into(),
        min_delegator_age_years: 18,
        max_delegator_age_years: 66,
        max_sub_delegation_depth: 5,
        paper_allowed: true,
        requests_forbidden: true,
        ..privilege(NEW, SYSTEM)
    };
    let stored = world.put_privilege(strict.clone()).await.unwrap().privilege.unwrap();
    let draft = PublicationState::Draft.into();
    let wanted = Privilege { state: draft, etag: "1".to_owned(), text_version: 1, ..strict };
    assert_eq!(stored, wanted);
    let lax = privilege(NEW, SYSTEM);
    let stored = world.put_privilege(lax.clone()).await.unwrap().privilege.unwrap();
    assert_eq!(stored, Privilege { state: draft, etag: "2".to_owned(), text_version: 1, ..lax });
}

#[tokio::test]
async fn each_text_is_kept_under_its_number_with_the_instant_that_it_came() {
    let world = World::with_catalogue().await;
    let texts = ["Se", "Se mere", "Se mere"]
        .map(|title| Privilege { title_da: title.to_owned(), ..privilege(NEW, SYSTEM) });
    for (put, text_version) in texts.into_iter().zip([1, 2, 2]) {
        let stored = world.put_privilege(put).await.unwrap().privilege.unwrap();
        assert_eq!(stored.text_version, text_version);
        world.a_second_passes().await;
    }
    assert_eq!(world.publish(NEW).await.privilege.unwrap().text_version, 2);
    let kept: Vec<(i32, String, String, DateTime<Utc>)> = sqlx::query_as(
        "select t.text_version, t.title_da, t.description_en, t.valid_from
         from privilege_text t join privilege p using (shard, privilege_id) where p.uri = $1 order by 1",
    )
    .bind(NEW)
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    let description = privilege(NEW, SYSTEM).description_en;
    let text = |number, title: &str, at: &str| (number, title.to_owned(), description.clone(), instant(at));
    assert_eq!(kept, [text(1, "Se", "2026-06-15T10:00:00Z"), text(2, "Se mere", "2026-06-15T10:00:01Z")]);
}

#[tokio::test]
async fn a_shorter_cap_holds_for_what_is_given_from_then_on() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    world.put_privilege(Privilege { max_period_days: 7, ..privilege(SEE, SYSTEM) }).await.unwrap();
    assert!(world.check(&from, &to, SEE).await.granted);
    let other = world.person().await;
    let status = world.try_give(world.giving(&from, &other, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("period", "PERIOD_TOO_LONG"));
}

type Edit = fn(&mut Privilege);

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let edits: [(&str, &str, Edit); 32] = [
        ("system_id", "REQUIRED", |p| p.system_id.clear()),
        ("system_id", "SYSTEM_ID_MALFORMED", |p| p.system_id = "-a".to_owned()),
        ("max_period_days", "MAX_PERIOD_OUT_OF_RANGE", |p| p.max_period_days = -1),
        ("max_period_days", "MAX_PERIOD_OUT_OF_RANGE", |p| p.max_period_days = 36_501),
        ("delegator_kinds", "REQUIRED", |p| p.delegator_kinds.clear()),
        ("delegator_kinds[0]", "REQUIRED", |p| p.delegator_kinds = vec![0]),
        ("delegator_kinds[1]", "KIND_NOT_ALLOWED", |p| p.delegator_kinds = vec![1, 3]),
        ("delegator_kinds[1]", "KIND_DUPLICATE", |p| p.delegator_kinds = vec![2, 2]),
        ("delegator_kinds[0]", "ENUM_UNKNOWN", |p| p.delegator_kinds = vec![4]),
        ("representative_kinds", "REQUIRED", |p| p.representative_kinds.clear()),
        ("representative_kinds[0]", "REQUIRED", |p| p.representative_kinds = vec![0]),
        ("representative_kinds[2]", "KIND_DUPLICATE", |p| p.representative_kinds = vec![3, 1, 3]),
        ("representative_kinds[1]", "ENUM_UNKNOWN", |p| p.representative_kinds = vec![1, i32::MIN]),
        ("state", "OUTPUT_ONLY", |p| p.state = PublicationState::Published.into()),
        ("state", "OUTPUT_ONLY", |p| p.state = 99),
        ("publish_time", "OUTPUT_ONLY", |p| p.publish_time = Some(Timestamp::default())),
        ("hide_time", "OUTPUT_ONLY", |p| p.hide_time = Some(Timestamp::default())),
        ("etag", "OUTPUT_ONLY", |p| p.etag = "1".to_owned()),
        ("system_id", "SYSTEM_ID_MALFORMED", |p| p.system_id = "a".repeat(65)),
        ("access_kind", "ENUM_UNKNOWN", |p| p.access_kind = 3),
        ("access_kind", "ENUM_UNKNOWN", |p| p.access_kind = -1),
        ("level_of_assurance", "ASSURANCE_NOT_ALLOWED", |p| {
            p.level_of_assurance = LevelOfAssurance::Low.into()
        }),
        ("level_of_assurance", "ENUM_UNKNOWN", |p| p.level_of_assurance = 4),
        ("min_delegator_age_years", "AGE_OUT_OF_RANGE", |p| p.min_delegator_age_years = -1),
        ("min_delegator_age_years", "AGE_OUT_OF_RANGE", |p| p.min_delegator_age_years = 151),
        ("max_delegator_age_years", "AGE_OUT_OF_RANGE", |p| p.max_delegator_age_years = i32::MIN),
        ("max_delegator_age_years", "AGE_RANGE_REVERSED", |p| {
            (p.min_delegator_age_years, p.max_delegator_age_years) = (18, 17);
        }),
        ("max_sub_delegation_depth", "SUB_DELEGATION_DEPTH_OUT_OF_RANGE", |p| p.max_sub_delegation_depth = 6),
        ("max_sub_delegation_depth", "SUB_DELEGATION_DEPTH_OUT_OF_RANGE", |p| {
            p.max_sub_delegation_depth = -1
        }),
        ("text_version", "OUTPUT_ONLY", |p| p.text_version = 1),
        ("existing_grants", "OUTPUT_ONLY", |p| p.existing_grants = 1),
        ("republish_time", "OUTPUT_ONLY", |p| p.republish_time = Some(Timestamp::default())),
    ];
    let mut refusals = Refusals::of(putting(&world, privilege(NEW, SYSTEM)))
        .request_id(|request, text| request.request_id = text)
        .etag(|request, text| request.etag = text)
        .field("privilege", "REQUIRED", |request| request.privilege = None)
        .privilege("privilege.privilege", |request, uri| edit(request).privilege = uri)
        .text("privilege.title_da", 200, Lines::One, |request, text| edit(request).title_da = text)
        .text("privilege.title_en", 200, Lines::One, |request, text| edit(request).title_en = text)
        .text("privilege.description_da", 2_000, Lines::Several, |request, text| {
            edit(request).description_da = text;
        })
        .text("privilege.description_en", 2_000, Lines::Several, |request, text| {
            edit(request).description_en = text;
        });
    for (path, reason, spoil) in edits {
        refusals = refusals.field(&format!("privilege.{path}"), reason, move |request| spoil(edit(request)));
    }
    refusals
        .because(Code::NotFound, "SYSTEM_NOT_FOUND", |request| {
            edit(request).system_id = "no-system".to_owned();
        })
        .because(Code::NotFound, "SYSTEM_NOT_FOUND", |request| {
            edit(request).system_id = OTHER_SYSTEM.to_owned();
        })
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "1".to_owned())
        .refused(
            Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privilege.privilege"),
            |request| edit(request).privilege = FOREIGN.to_owned(),
        )
        .sent_by(&world, async |request| put(&world, request).await)
        .await;
}

fn edit(request: &mut PutPrivilegeRequest) -> &mut Privilege {
    request.privilege.as_mut().unwrap()
}

#[tokio::test]
async fn a_privilege_never_moves_to_another_system() {
    let world = World::with_catalogue().await;
    world.put_system(system("another", AUTHORITY_CVR)).await.unwrap();
    let before = world.snapshot().await;
    for uri in [SEE, DRAFT, HIDDEN] {
        let status = world.put_privilege(privilege(uri, "another")).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "OWNER_MISMATCH"));
    }
    let request = putting(&world, privilege(CHANGE, OTHER_SYSTEM));
    let status = world.operator.catalogue().put_privilege(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "OWNER_MISMATCH"));
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn a_stale_etag_is_refused() {
    let world = World::with_catalogue().await;
    // Put and published: the second version.
    Refusals::of(PutPrivilegeRequest { etag: "2".to_owned(), ..putting(&world, privilege(SEE, SYSTEM)) })
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "1".to_owned())
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "3".to_owned())
        .sent_by(&world, async |request| put(&world, request).await)
        .await;
}

#[tokio::test]
async fn another_authoritys_system_and_none_at_all_look_alike() {
    let world = World::with_catalogue().await;
    let unknown = world.put_privilege(privilege(NEW, "no-system")).await.unwrap_err();
    let foreign = world.put_privilege(privilege(NEW, OTHER_SYSTEM)).await.unwrap_err();
    assert_alike(&unknown, &foreign);
}
