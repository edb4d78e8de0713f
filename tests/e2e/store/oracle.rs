//! The statements of check and list against the definition: random worlds, asked at every instant where something
//! begins or ends, and just before and after.

mod model;
mod plan;
mod stage;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::{decision::Decision, identifier::PNumber, privilege::PrivilegeUri};
use fuldmagt_store::{
    query::{self, DelegatedPrivilege, Direction, ListQuestion},
    usage::Usage,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};

use model::{Model, Question};
use plan::{DELEGATORS, ORGANISATION, PARTIES, PRIVILEGES, Plan, UNITS};
use stage::Stage;

const CASES: u32 = 64;
/// Smaller worlds are tried as long as that finds any; bounded, because each is asked hundreds of questions.
const MAX_SHRINK_STEPS: u32 = 400;
/// More than any list of these worlds has.
const ALL_ON_ONE_PAGE: u16 = 200;

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
                let yes = assert_checks(&stage, &model, at).await?;
                assert_lists(&stage, &model, &yes, at).await?;
            }
            Ok(())
        })
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
    runtime.block_on(stage.world.store.close());
}

/// The microsecond before every boundary, and the one after.
fn instants(model: &Model) -> BTreeSet<DateTime<Utc>> {
    let around = [-1, 1].map(TimeDelta::microseconds);
    model.boundaries().into_iter().flat_map(|at| around.map(|step| at + step)).collect()
}

/// Everything that can be asked about everybody; of employees also where they act.
fn everything() -> Vec<Question> {
    let mut all = Vec::new();
    for from in 0..DELEGATORS {
        for to in 0..PARTIES {
            let units = if to > ORGANISATION { UNITS } else { 0 };
            for privilege in 0..PRIVILEGES {
                let unit = [None].into_iter().chain((0..units).map(Some));
                all.extend(unit.map(|unit| Question { from, to, privilege, unit }));
            }
        }
    }
    all
}

/// Asks everything in one call. Returns what is answered with yes.
async fn assert_checks(
    stage: &Stage,
    model: &Model,
    at: DateTime<Utc>,
) -> Result<BTreeSet<Question>, TestCaseError> {
    let asked = everything();
    let name = |party: usize, n: usize| stage.names[party][n % stage.names[party].len()].clone();
    let questions = asked.iter().enumerate().map(|(n, question)| query::Question {
        delegator: name(question.from, n),
        representative: name(question.to, n),
        privilege: stage.privileges[question.privilege].1.clone(),
        p_number: question.unit.map(|unit| stage.units[unit].clone()),
    });
    let questions: Vec<_> = questions.collect();
    let checked = stage.world.store.check(&questions, &stage.world.authority, usage(stage, at)).await;
    let checked = checked.map_err(|error| TestCaseError::fail(format!("{error} at {at}")))?;
    let mut yes = BTreeSet::new();
    for (question, answer) in asked.into_iter().zip(checked.answers) {
        if !stage.is_the_authoritys(question.privilege) {
            prop_assert_eq!(answer, None);
            continue;
        }
        let answer = answer.expect("the authority's");
        let expected = model.decide(question, at);
        prop_assert_eq!(&answer.decision, &expected, "{:?} at {}", question, at);
        let is_granted = matches!(expected, Decision::Granted { .. });
        prop_assert_eq!(is_granted, model.is_yes(question, at), "{:?} at {}", question, at);
        if let Decision::Granted { delegation, .. } = expected {
            yes.insert(question);
            let decided = model.delegations.iter().find(|it| it.id == delegation).expect("of this world");
            let line = model.line(decided);
            let line = line.iter().filter(|_| line.len() > 1);
            let line: Vec<_> = line.map(|it| (it.id, stage.names[it.to][0].clone())).collect();
            let told: Vec<_> =
                answer.line.into_iter().map(|link| (link.delegation, link.representative)).collect();
            prop_assert_eq!(told, line, "{:?} at {}", question, at);
        } else {
            prop_assert_eq!(answer.line, vec![]);
        }
    }
    Ok(yes)
}

/// Lists tell what each delegation grants by itself, and all lists together exactly what checks say yes to.
async fn assert_lists(
    stage: &Stage,
    model: &Model,
    yes: &BTreeSet<Question>,
    at: DateTime<Utc>,
) -> TestCaseResult {
    for direction in [Direction::Representatives, Direction::Delegators] {
        let mut listed_yes = BTreeSet::new();
        for subject in 0..PARTIES {
            let asked = (direction, subject);
            let mut listed = list(stage, asked, at, ALL_ON_ONE_PAGE).await?;
            prop_assert_eq!(&list(stage, asked, at, 1).await?, &listed, "by pages: {:?} at {}", asked, at);
            listed.sort();
            let expected = granted(stage, model, asked, at);
            prop_assert_eq!(&listed, &expected, "{:?} of {} at {}", direction, subject, at);
            listed_yes.extend(listed.iter().flat_map(|entry| questions(stage, asked, entry)));
        }
        prop_assert_eq!(&listed_yes, yes, "{:?} at {}", direction, at);
    }
    Ok(())
}

/// What an entry tells, in a form that sorts.
type Entry = (uuid::Uuid, String, PrivilegeUri, DateTime<Utc>, DateTime<Utc>, Option<String>);

fn entry(listed: &DelegatedPrivilege) -> Entry {
    let period = listed.period;
    let unit = listed.p_number.as_ref().map(|number| number.expose().to_owned());
    let party = listed.party.expose().to_owned();
    (listed.delegation.0, party, listed.privilege.clone(), period.from(), period.to(), unit)
}

/// The questions that an entry says yes to.
fn questions(stage: &Stage, (direction, subject): (Direction, usize), entry: &Entry) -> Vec<Question> {
    let other = stage.names.iter().position(|names| names[0].expose() == entry.1).expect("somebody");
    let (from, to) = pair(direction, subject, other);
    let privilege = stage.privileges.iter().position(|(_, uri)| *uri == entry.2).expect("a privilege");
    let told = entry.5.as_ref().map(|unit| unit_of(stage, unit));
    let all = everything().into_iter().filter(|it| (it.from, it.to, it.privilege) == (from, to, privilege));
    all.filter(|it| told.is_none() || it.unit == told).collect()
}

fn unit_of(stage: &Stage, number: &str) -> usize {
    stage.units.iter().position(|unit| unit.expose() == number).expect("a unit")
}

const fn pair(direction: Direction, subject: usize, other: usize) -> (usize, usize) {
    match direction {
        Direction::Representatives => (subject, other),
        Direction::Delegators => (other, subject),
    }
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

/// What each delegation by itself grants to, or by, the subject; to employees anywhere, else where it does.
fn granted(
    stage: &Stage,
    model: &Model,
    (direction, subject): (Direction, usize),
    at: DateTime<Utc>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for delegation in &model.delegations {
        for other in 0..PARTIES {
            let (from, to) = pair(direction, subject, other);
            for privilege in (0..PRIVILEGES).filter(|privilege| stage.is_the_authoritys(*privilege)) {
                let mut units = [None].into_iter().chain((0..UNITS).map(Some));
                let granted = units.find_map(|unit| {
                    let question = Question { from, to, privilege, unit };
                    model.decide_by(delegation, question, at).map(|period| (period, unit))
                });
                let Some((period, unit)) = granted else { continue };
                let unit = unit
                    .map(|unit| stage.units[unit].clone())
                    .as_ref()
                    .map(PNumber::expose)
                    .map(str::to_owned);
                let party = stage.names[other][0].expose().to_owned();
                let uri = stage.privileges[privilege].1.clone();
                entries.push((delegation.id.0, party, uri, period.from(), period.to(), unit));
            }
        }
    }
    entries.sort();
    entries
}

fn usage(stage: &Stage, at: DateTime<Utc>) -> Usage<'static> {
    Usage { at, ..stage.world.usage() }
}
