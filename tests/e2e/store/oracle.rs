//! The statements of check and list against the definition: random worlds, asked at every instant where something
//! begins or ends, and just before and after.

mod model;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::{decision::Decision, privilege::PrivilegeUri};
use fuldmagt_store::{
    query::{DelegatedPrivilege, Direction, ListQuestion, Question},
    usage::Usage,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};

use model::{Model, PARTIES, PRIVILEGES, Plan, Stage};

const CASES: u32 = 64;
/// Smaller worlds are tried as long as that finds any; bounded, because each is asked hundreds of questions.
const MAX_SHRINK_STEPS: u32 = 400;
/// More than any list of these worlds has.
const ALL_ON_ONE_PAGE: u16 = 100;

#[test]
fn check_and_list_say_what_the_whole_history_says_at_every_instant() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new());
    let config = Config {
        cases: CASES,
        max_shrink_iters: MAX_SHRINK_STEPS,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&Plan::any(), |plan| {
        runtime.block_on(async {
            let model = stage.play(&plan).await;
            for at in instants(&model) {
                assert_checks(&stage, &model, at).await?;
            }
            for at in model.boundaries() {
                assert_lists(&stage, &model, at).await?;
            }
            Ok(())
        })
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
    runtime.block_on(stage.world.store.close());
}

/// Every boundary, the microsecond before and the one after.
fn instants(model: &Model) -> BTreeSet<DateTime<Utc>> {
    let around = [-1, 0, 1].map(TimeDelta::microseconds);
    model.boundaries().into_iter().flat_map(|at| around.map(|step| at + step)).collect()
}

/// Asks everything about everybody in one call.
async fn assert_checks(stage: &Stage, model: &Model, at: DateTime<Utc>) -> TestCaseResult {
    let asked: Vec<_> = (0..PARTIES)
        .flat_map(|from| (0..PARTIES).map(move |to| (from, to)))
        .flat_map(|(from, to)| (0..PRIVILEGES).map(move |privilege| (from, to, privilege)))
        .collect();
    let questions: Vec<_> = asked
        .iter()
        .enumerate()
        .map(|(n, &(from, to, privilege))| Question {
            delegator: stage.names[from][n % stage.names[from].len()].clone(),
            representative: stage.names[to][n % stage.names[to].len()].clone(),
            privilege: stage.privileges[privilege].1.clone(),
        })
        .collect();
    let checked = stage.world.store.check(&questions, &stage.world.authority, usage(stage, at)).await;
    let checked = checked.map_err(|error| TestCaseError::fail(format!("{error} at {at}")))?;
    for (&(from, to, privilege), decision) in asked.iter().zip(checked.decisions) {
        let expected = stage.is_the_authoritys(privilege).then(|| model.decide(from, to, privilege, at));
        prop_assert_eq!(decision, expected, "{} to {} for {} at {}", from, to, privilege, at);
    }
    Ok(())
}

async fn assert_lists(stage: &Stage, model: &Model, at: DateTime<Utc>) -> TestCaseResult {
    for subject in 0..PARTIES {
        for direction in [Direction::Representatives, Direction::Delegators] {
            let asked = (direction, subject);
            let mut listed = list(stage, asked, at, ALL_ON_ONE_PAGE).await?;
            prop_assert_eq!(&list(stage, asked, at, 1).await?, &listed, "by pages: {:?} at {}", asked, at);
            listed.sort();
            let expected = granted(stage, model, direction, subject, at);
            prop_assert_eq!(listed, expected, "{:?} of {} at {}", direction, subject, at);
        }
    }
    Ok(())
}

/// What an entry tells, in a form that sorts.
type Entry = (uuid::Uuid, String, PrivilegeUri, DateTime<Utc>, DateTime<Utc>);

fn entry(listed: &DelegatedPrivilege) -> Entry {
    let period = listed.period;
    (
        listed.delegation.0,
        listed.party.expose().to_owned(),
        listed.privilege.clone(),
        period.from(),
        period.to(),
    )
}

/// All pages of that size, in the order of the list.
async fn list(
    stage: &Stage,
    (direction, subject): (Direction, usize),
    at: DateTime<Utc>,
    page_size: u16,
) -> Result<Vec<Entry>, TestCaseError> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let question = ListQuestion {
            direction,
            subject: &stage.names[subject][0],
            privileges: &[],
            authority: &stage.world.authority,
            at,
            page_size,
            after,
        };
        let page = stage.world.store.list(&question, usage(stage, at)).await;
        let page = page.map_err(|error| TestCaseError::fail(format!("{error} at {at}")))?;
        prop_assert!(page.entries.len() <= usize::from(page_size));
        entries.extend(page.entries.iter().map(entry));
        prop_assert!(entries.len() < usize::from(ALL_ON_ONE_PAGE), "the list has an end");
        match page.next_after {
            Some(next) => after = Some(next),
            None => return Ok(entries),
        }
    }
}

/// What checks grant to, or by, the subject.
fn granted(
    stage: &Stage,
    model: &Model,
    direction: Direction,
    subject: usize,
    at: DateTime<Utc>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for other in 0..PARTIES {
        let (from, to) = match direction {
            Direction::Representatives => (subject, other),
            Direction::Delegators => (other, subject),
        };
        for privilege in (0..PRIVILEGES).filter(|privilege| stage.is_the_authoritys(*privilege)) {
            let Decision::Granted { delegation, .. } = model.decide(from, to, privilege, at) else {
                continue;
            };
            let period = model.period_of(delegation);
            let party = stage.names[other][0].expose().to_owned();
            entries.push((
                delegation.0,
                party,
                stage.privileges[privilege].1.clone(),
                period.from(),
                period.to(),
            ));
        }
    }
    entries.sort();
    entries
}

fn usage(stage: &Stage, at: DateTime<Utc>) -> Usage<'static> {
    Usage { at, ..stage.world.usage() }
}
