//! `CatalogueService.PutPackage`.

use fuldmagt_proto::v1::{Package, PackageVersion, PublicationState, PutPackageRequest, PutPackageResponse};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{AUTHORITY_CVR, OTHER_AUTHORITY_CVR, SEE, package};
use fuldmagt_tests::{Refused, World};
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::rpc::fields::Lines;
use crate::rpc::refusals::Refusals;

const PACKAGE: &str = "income";

fn putting(world: &World, package: Package) -> PutPackageRequest {
    PutPackageRequest {
        request_id: world.request_id(),
        package: Some(package),
        ..PutPackageRequest::default()
    }
}

async fn put(world: &World, request: PutPackageRequest) -> Result<PutPackageResponse, Status> {
    world.authority.catalogue().put_package(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_package_begins_without_content_and_changes_keep_what_it_holds() {
    let world = World::with_catalogue().await;
    let proto = package(PACKAGE, AUTHORITY_CVR);
    let answer = world.put_package(proto.clone()).await.unwrap();
    let draft = PublicationState::Draft.into();
    assert_eq!(answer.package.unwrap(), Package { state: draft, etag: "1".to_owned(), ..proto.clone() });
    assert_eq!(answer.impact.unwrap().privileges, 0);
    let held = world.publish_version(world.publishing_version(PACKAGE, &[SEE])).await.package.unwrap();
    let changed = Package {
        title_en: "Another title".to_owned(),
        min_delegator_age_years: 18,
        max_delegator_age_years: 99,
        ..proto
    };
    let request = PutPackageRequest { etag: held.etag.clone(), ..putting(&world, changed.clone()) };
    let answer = put(&world, request).await.unwrap();
    assert_eq!(answer.impact.unwrap().privileges, 1);
    let wanted = Package { state: held.state, current: held.current, etag: "3".to_owned(), ..changed };
    assert_eq!(answer.package.unwrap(), wanted);
    assert_eq!(world.packages().await, [wanted]);
}

#[tokio::test]
async fn an_operator_registers_packages_of_any_authority() {
    let world = World::start().await;
    for (id, cvr) in [("one", AUTHORITY_CVR), ("two", OTHER_AUTHORITY_CVR)] {
        let answer = world.operator.catalogue().put_package(putting(&world, package(id, cvr))).await;
        assert_eq!(answer.unwrap().into_inner().package.unwrap().authority_cvr, cvr);
    }
}

type Edit = fn(&mut Package);

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::start().await;
    let malformed = "PACKAGE_ID_MALFORMED";
    let edits: [(&str, &str, Edit); 18] = [
        ("package_id", "REQUIRED", |p| p.package_id.clear()),
        ("package_id", malformed, |p| p.package_id = "Income".to_owned()),
        ("package_id", malformed, |p| p.package_id = "1a".to_owned()),
        ("package_id", malformed, |p| p.package_id = "år".to_owned()),
        ("package_id", malformed, |p| p.package_id = "a".repeat(65)),
        ("authority_cvr", "REQUIRED", |p| p.authority_cvr.clear()),
        ("authority_cvr", "CVR_CHECKSUM", |p| p.authority_cvr = "12345678".to_owned()),
        ("authority_cvr", "CVR_MALFORMED", |p| p.authority_cvr = "1955210".to_owned()),
        ("min_delegator_age_years", "AGE_OUT_OF_RANGE", |p| p.min_delegator_age_years = -1),
        ("min_delegator_age_years", "AGE_OUT_OF_RANGE", |p| p.min_delegator_age_years = 151),
        ("max_delegator_age_years", "AGE_OUT_OF_RANGE", |p| p.max_delegator_age_years = i32::MAX),
        ("max_delegator_age_years", "AGE_RANGE_REVERSED", |p| {
            (p.min_delegator_age_years, p.max_delegator_age_years) = (18, 17);
        }),
        ("state", "OUTPUT_ONLY", |p| p.state = 2),
        ("state", "OUTPUT_ONLY", |p| p.state = 99),
        ("current", "OUTPUT_ONLY", |p| p.current = Some(PackageVersion::default())),
        ("upcoming", "OUTPUT_ONLY", |p| p.upcoming = Some(PackageVersion::default())),
        ("hide_time", "OUTPUT_ONLY", |p| p.hide_time = Some(Timestamp::default())),
        ("etag", "OUTPUT_ONLY", |p| p.etag = "1".to_owned()),
    ];
    let mut refusals = Refusals::of(putting(&world, package(PACKAGE, AUTHORITY_CVR)))
        .request_id(|request, text| request.request_id = text)
        .etag(|request, text| request.etag = text)
        .field("package", "REQUIRED", |request| request.package = None)
        .text("package.title_da", 200, Lines::One, |request, text| edit(request).title_da = text)
        .text("package.title_en", 200, Lines::One, |request, text| edit(request).title_en = text)
        .text("package.description_da", 2_000, Lines::Several, |request, text| {
            edit(request).description_da = text
        })
        .text("package.description_en", 2_000, Lines::Several, |request, text| {
            edit(request).description_en = text
        });
    for (path, reason, spoil) in edits {
        refusals = refusals.field(&format!("package.{path}"), reason, move |request| spoil(edit(request)));
    }
    refusals
        .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "1".to_owned())
        .because(Code::FailedPrecondition, "OWNER_MISMATCH", |request| {
            edit(request).authority_cvr = OTHER_AUTHORITY_CVR.to_owned();
        })
        .sent_by(&world, async |request| put(&world, request).await)
        .await;
}

fn edit(request: &mut PutPackageRequest) -> &mut Package {
    request.package.as_mut().unwrap()
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_a_fresh_one_is_not() {
    let world = World::start().await;
    world.put_package(package(PACKAGE, AUTHORITY_CVR)).await.unwrap();
    world.put_package(package(PACKAGE, AUTHORITY_CVR)).await.unwrap();
    Refusals::of(PutPackageRequest {
        etag: "2".to_owned(),
        ..putting(&world, package(PACKAGE, AUTHORITY_CVR))
    })
    .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "1".to_owned())
    .because(Code::Aborted, "ETAG_MISMATCH", |request| request.etag = "3".to_owned())
    .sent_by(&world, async |request| put(&world, request).await)
    .await;
}

#[tokio::test]
async fn another_authoritys_package_cannot_be_changed_or_taken_over() {
    let world = World::start().await;
    let request = putting(&world, package(PACKAGE, OTHER_AUTHORITY_CVR));
    world.other_authority.catalogue().put_package(request).await.unwrap();
    let before = world.snapshot().await;
    let mut statuses = Vec::new();
    for (cvr, etag) in
        [(AUTHORITY_CVR, ""), (OTHER_AUTHORITY_CVR, ""), (AUTHORITY_CVR, "1"), (AUTHORITY_CVR, "2")]
    {
        let request = PutPackageRequest { etag: etag.to_owned(), ..putting(&world, package(PACKAGE, cvr)) };
        statuses.push(put(&world, request).await.unwrap_err());
    }
    assert_eq!(Refused::of(&statuses[0]), Refused::because(Code::NotFound, "PACKAGE_NOT_FOUND"));
    statuses.iter().for_each(|status| assert_alike(&statuses[0], status));
    // Not even by an operator: an owner never changes.
    let request = putting(&world, package(PACKAGE, AUTHORITY_CVR));
    let status = world.operator.catalogue().put_package(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::FailedPrecondition, "OWNER_MISMATCH"));
    assert_eq!(world.snapshot().await, before);
}
