//! The whole life of delegations against a small reference: random commands of random people, over gRPC. What fails is made
//! as short as it can be.
//!
//! A few dozen cases are played each time; `FULDMAGT_MODEL_CASES=5000` plays more.

mod command;
mod reference;
mod stage;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use command::Command;
use stage::Stage;

/// Each takes some hundred calls.
const CASES: u32 = 40;
const MAX_COMMANDS: usize = 30;
/// Shorter cases are tried as long as that finds any; bounded, because each is played anew.
const MAX_SHRINK_STEPS: u32 = 300;
/// A stage is left after so many cases: its clock has moved by years, and its usage log has a part for each month.
const CASES_OF_A_STAGE: u32 = 500;

#[test]
fn whatever_people_do_comes_out_as_the_reference_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = std::env::var("FULDMAGT_MODEL_CASES").map_or(CASES, |cases| cases.parse().expect("a number"));
    let outcomes: RefCell<BTreeMap<String, usize>> = RefCell::default();
    let mut left = cases;
    while left > 0 {
        let these = left.min(CASES_OF_A_STAGE);
        left -= these;
        let stage = runtime.block_on(Stage::new());
        let config = Config {
            cases: these,
            max_shrink_iters: MAX_SHRINK_STEPS,
            failure_persistence: None,
            ..Config::default()
        };
        let commands = prop::collection::vec(Command::any(), 1..MAX_COMMANDS);
        let tried = TestRunner::new(config).run(&commands, |commands| {
            for (outcome, count) in runtime.block_on(stage.play(commands))? {
                *outcomes.borrow_mut().entry(outcome).or_default() += count;
            }
            Ok(())
        });
        if let Err(error) = tried {
            panic!("{error}");
        }
        // Stops its connections while there is a runtime.
        runtime.block_on(async { drop(stage) });
    }
    let outcomes = outcomes.into_inner();
    for wanted in ["Give", "GiveOn", "Renew", "Revoke", "RevokePart", "RevokeAll", "Renounce"] {
        assert!(outcomes.contains_key(wanted), "never done: {wanted} {outcomes:?}");
    }
}
