//! `DelegationService.PreviewDelegation`: the text to be signed, and that it is refused as the command is.

use chrono::{NaiveDate, TimeDelta};
use fuldmagt_domain::agreement::Text;
use fuldmagt_proto::v1::{
    AgreementText, CreateDelegationRequest, CreateTerms, LevelOfAssurance, PreviewDelegationRequest,
    PreviewDelegationResponse, Privilege, preview_delegation_request::Agreement,
};
use fuldmagt_store::revision::Revision;
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    CHANGE, DRAFT, Registered, SEE, SIGN, SYSTEM, Signable as _, UNKNOWN, days, instant, privilege,
    until_day, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response, Status};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

async fn preview(
    world: &World,
    request: &CreateDelegationRequest,
) -> Result<PreviewDelegationResponse, Status> {
    world.preview(request.actor.clone(), request.agreement()).await
}

async fn text(world: &World, request: &CreateDelegationRequest) -> AgreementText {
    preview(world, request).await.unwrap().agreement.unwrap()
}

#[tokio::test]
async fn the_text_says_who_may_do_what_and_for_how_long() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let answer = preview(&world, &world.giving(&from, &to, &[SEE])).await.unwrap();
    let agreement = answer.agreement.unwrap();
    let da = format!(
        "DIGITAL FULDMAGT
   Fuldmagtsgiver giver fuldmagtshaver fuldmagt til det, der står her.

Fuldmagtsgiver
   Navn: {}
   Type: privatperson
   Id: {}

Fuldmagtshaver
   Navn: {}
   Type: privatperson
   Id: {}

Hvad fuldmagten giver ret til
1. At se indkomst
   Adgang: fuldmagtshaver kan handle på fuldmagtsgivers vegne
   Må gives videre: nej
   Rettighed: {SEE}
   Må se al indkomst.
   Også fra tidligere år.

Hvornår fuldmagten gælder
   Fuldmagten gælder fra underskriften til og med 15. juli 2026.

Godt at vide
   - Fuldmagtsgiver kan når som helst tilbagekalde fuldmagten, helt eller delvist. Det virker med det samme.
   - Fuldmagtshaver kan når som helst opsige fuldmagten.
   - Fuldmagten ophører, hvis fuldmagtsgiver eller fuldmagtshaver dør.
   - Hvis noget af fuldmagten er givet videre, ophører det sammen med den.
   - De myndigheder, som rettighederne hører til, kan se fuldmagten, når de skal vide, om den gælder.
",
        from.name, from.id, to.name, to.id
    );
    assert_eq!(agreement.text_da, da);
    for line in
        ["1. To see income", "   May see all income.", "from the signature on to and including 15 July 2026."]
    {
        assert!(agreement.text_en.contains(line), "{line}");
    }
    let both = Text { da: agreement.text_da, en: agreement.text_en };
    assert_eq!(agreement.digest, both.digest());
    assert_eq!(answer.minimum_level_of_assurance, i32::from(LevelOfAssurance::Substantial));
    assert_eq!(answer.replaced_delegation_ids, Vec::<String>::new());
    let next = world.try_give(world.giving(&from, &to, &[SEE])).await.unwrap().revision;
    let number = |token: &str| Revision::parse(token).unwrap().number;
    assert_eq!(number(&answer.revision) + 1, number(&next));
}

#[tokio::test]
async fn who_has_no_name_is_described_and_an_employee_is_named_with_the_employer() {
    let world = World::with_catalogue().await;
    let (organisation, from) = (world.organisation().await, world.person().await);
    let clerk = world.employee_of(&organisation).await;
    let agreement = text(&world, &world.giving(&from, &clerk, &[SEE])).await;
    let lines = format!(
        "   Navn: {}\n   Type: medarbejder i en virksomhed eller anden organisation\n   Id: {}\n   Ansat hos: {}\n",
        clerk.name, clerk.id, organisation.name
    );
    assert!(agreement.text_da.contains(&lines), "{}", agreement.text_da);

    // The employee who signs for the organisation is not a party, and not named.
    let request =
        CreateDelegationRequest { actor: clerk.actor(), ..world.giving(&organisation, &from, &[SEE]) };
    let agreement = text(&world, &request).await;
    let lines = format!("   Navn: {}\n   Type: virksomhed eller anden organisation\n", organisation.name);
    assert!(agreement.text_da.contains(&lines) && !agreement.text_da.contains(&clerk.name));

    let nameless = world.nameless_person().await;
    let agreement = text(&world, &world.giving(&from, &nameless, &[SEE])).await;
    let lines =
        format!("   Der er ikke registreret noget navn.\n   Type: privatperson\n   Id: {}\n", nameless.id);
    assert!(agreement.text_da.contains(&lines), "{}", agreement.text_da);
}

#[tokio::test]
async fn the_same_is_the_same_text_whenever_it_is_asked_for() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let gift = world.giving(&from, &to, &[CHANGE, SEE]);
    let requests = [
        gift.clone(),
        CreateDelegationRequest { period: days("2026-06-16", "2026-07-01"), ..gift.clone() },
        CreateDelegationRequest { privileges: uris(&[SEE, CHANGE]), ..gift },
    ];
    let mut first = Vec::new();
    for request in &requests {
        first.push(text(&world, request).await);
    }
    assert_eq!(first[0], first[2], "in whatever order the privileges are listed");
    assert_ne!(first[0], first[1]);
    // Meanwhile the start has come.
    world.advance(TimeDelta::hours(23)).await;
    for (request, first) in requests.iter().zip(&first) {
        assert_eq!(text(&world, request).await, *first);
    }
}

#[tokio::test]
async fn what_would_be_replaced_is_named_wholly_or_in_part() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let whole = world.give(&from, &to, &[SEE]).await;
    let part = world.give(&from, &to, &[CHANGE, SIGN]).await;
    world.give(&to, &from, &[SEE]).await;
    let request =
        CreateDelegationRequest { replace_existing: true, ..world.giving(&from, &to, &[SEE, CHANGE]) };
    let answer = preview(&world, &request).await.unwrap();
    let mut ids = vec![whole.delegation_id.clone(), part.delegation_id.clone()];
    ids.sort();
    assert_eq!(answer.replaced_delegation_ids, ids);
    let da = answer.agreement.unwrap().text_da;
    let section = |old: &str, how: &str, uri: &str| {
        format!(
            "   Fuldmagt {old}, som gælder fra 15. juni 2026 kl. 12.00 dansk tid (UTC+2) til og med 15. juli 2026.
   {how}
   - {uri}
"
        )
    };
    let ends = section(&whole.delegation_id, "Den ophører helt, det vil sige for disse rettigheder:", SEE);
    let goes_on =
        section(&part.delegation_id, "Den ophører for disse rettigheder og fortsætter for resten:", CHANGE);
    assert!(da.contains(&ends) && da.contains(&goes_on), "{da}");
}

#[tokio::test]
async fn a_privilege_may_demand_a_high_level_of_assurance() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let uri = "urn:dk:example:høj";
    let careful = Privilege { level_of_assurance: LevelOfAssurance::High.into(), ..privilege(uri, SYSTEM) };
    world.put_privilege(careful).await.unwrap();
    world.publish(uri).await;
    let gift = world.giving(&from, &to, &[SEE, uri]);
    let low = Refused::because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW");
    assert_eq!(Refused::of(&preview(&world, &gift).await.unwrap_err()), low);
    let sure = CreateDelegationRequest { actor: from.actor_at(LevelOfAssurance::High), ..gift };
    let answer = preview(&world, &sure).await.unwrap();
    assert_eq!(answer.minimum_level_of_assurance, i32::from(LevelOfAssurance::High));
}

#[tokio::test]
async fn nothing_changes_and_the_user_is_logged() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let before = world.snapshot().await;
    for (request, outcome) in [
        (world.giving(&from, &to, &[SEE]), "previewed"),
        (world.giving(&from, &to, &[DRAFT]), "PRIVILEGE_NOT_PUBLISHED"),
    ] {
        let answer = preview(&world, &request).await;
        assert_eq!(answer.is_ok(), outcome == "previewed");
        let entry = world.usage().await.pop().unwrap();
        assert_eq!(entry.rpc, "fuldmagt.v1.DelegationService/PreviewDelegation");
        assert_eq!(entry.outcome, outcome);
        let ids = [entry.actor_id, entry.delegator_id, entry.representative_id].map(Option::unwrap);
        assert_eq!(ids.map(|id| id.to_string()), [&from.id, &from.id, &to.id].map(String::clone));
    }
    assert_eq!(world.snapshot().await, before);
}

/// Gifts that no rule but one is against.
async fn refused_gifts(world: &World, from: &Registered, to: &Registered) -> Vec<CreateDelegationRequest> {
    let stranger = world.person().await;
    let child = world.person_born(NaiveDate::from_ymd_opt(2020, 2, 29).unwrap()).await;
    let organisation = world.organisation().await;
    let gift = world.giving(from, to, &[CHANGE]);
    vec![
        CreateDelegationRequest { actor: stranger.actor(), ..gift.clone() },
        CreateDelegationRequest { actor: from.actor_at(LevelOfAssurance::Low), ..gift.clone() },
        CreateDelegationRequest { representative_id: SOME_UUID.to_owned(), ..gift.clone() },
        CreateDelegationRequest { privileges: uris(&[DRAFT]), ..gift.clone() },
        CreateDelegationRequest { privileges: uris(&[UNKNOWN]), ..gift.clone() },
        CreateDelegationRequest { privileges: uris(&[SEE]), ..gift.clone() },
        CreateDelegationRequest { period: until_day("2028-06-16"), ..gift.clone() },
        CreateDelegationRequest { period: until_day("2026-06-14"), ..gift },
        world.giving(&child, to, &[CHANGE]),
        world.giving(from, &organisation, &[SIGN]),
    ]
}

#[tokio::test]
async fn what_the_command_refuses_is_refused_alike() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let mut reasons = Vec::new();
    for request in refused_gifts(&world, &from, &to).await {
        let signature = Some(world.signature(request.actor.as_ref(), &[0; 32]));
        let told = preview(&world, &request).await.unwrap_err();
        let given = world.try_give(CreateDelegationRequest { signature, ..request }).await.unwrap_err();
        if told.code() == Code::InvalidArgument && Refused::of(&told).fields[0].0.starts_with("create.") {
            // The field is in another message.
            let [(path, reason)] = &Refused::of(&told).fields[..] else { panic!("{told:?}") };
            assert_eq!(Refused::of(&given), Refused::field(path.trim_start_matches("create."), reason));
        } else {
            assert_alike(&told, &given);
        }
        reasons.push(Refused::of(&told).reason);
    }
    let all = [
        "PARTY_NOT_FOUND",
        "ASSURANCE_TOO_LOW",
        "PARTY_NOT_FOUND",
        "PRIVILEGE_NOT_PUBLISHED",
        "PRIVILEGE_NOT_FOUND",
        "DELEGATION_OVERLAPS",
        "PERIOD_TOO_LONG",
        "PERIOD_IN_PAST",
        "DELEGATOR_UNDER_AGE",
        "REPRESENTATIVE_KIND_NOT_ALLOWED",
    ];
    assert_eq!(reasons, all);
}

fn gift(request: &mut PreviewDelegationRequest) -> &mut CreateTerms {
    match request.agreement.as_mut().expect("an agreement") {
        Agreement::Create(terms) => terms,
        _ => panic!("a gift"),
    }
}

#[tokio::test]
async fn each_wrong_field_of_a_gift_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let agreement = world.giving(&from, &to, &[SEE]).agreement();
    Refusals::of(PreviewDelegationRequest { actor: from.actor(), agreement: Some(agreement) })
        .actor(|request| &mut request.actor)
        .field("agreement", "REQUIRED", |request| request.agreement = None)
        .within("create")
        .uuid("delegator_id", |request, text| gift(request).delegator_id = text)
        .uuid("representative_id", |request, text| gift(request).representative_id = text)
        .privileges(true, |request, privileges| gift(request).privileges = privileges)
        .wrong_period(|request, period| gift(request).period = period)
        .field("representative_id", "DELEGATOR_IS_REPRESENTATIVE", |request| {
            gift(request).representative_id = gift(request).delegator_id.clone();
        })
        .sent_by(&world, async |request| {
            world.front_end.delegations().preview_delegation(request).await.map(Response::into_inner)
        })
        .await;
}

#[tokio::test]
async fn a_start_that_has_passed_is_no_longer_previewed() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = CreateDelegationRequest {
        period: days("2026-06-16", "2026-07-01"),
        ..world.giving(&from, &to, &[SEE])
    };
    preview(&world, &request).await.unwrap();
    world.move_to(instant("2026-06-16T22:00:00Z")).await;
    let status = preview(&world, &request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("create.period.from_date", "PERIOD_START_IN_PAST"));
}
