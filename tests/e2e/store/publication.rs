//! Whether a privilege may be given or used, in SQL and in the domain: random publications, asked at every hour.

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::privilege::{ExistingGrants, Publication};
use fuldmagt_tests::database;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::rows::{day, privilege};

const CASES: u32 = 200;
const HOURS: i64 = 6;

fn at(hour: i64) -> DateTime<Utc> {
    day(0) + TimeDelta::hours(hour)
}

fn publication() -> impl Strategy<Value = Publication> {
    let hour = 0..HOURS;
    let hidden = (hour.clone(), hour.clone(), any::<[bool; 2]>(), prop::option::of(hour.clone()));
    prop_oneof![
        1 => Just(Publication::Draft),
        2 => hour.prop_map(|from| Publication::Published { from: at(from) }),
        9 => hidden.prop_map(|(from, hours, [is_planned, keeps], again)| Publication::Hidden {
            from: at(from),
            to: at(from + hours),
            is_planned,
            existing: if keeps { ExistingGrants::Keep } else { ExistingGrants::Stop },
            again: again.map(|later| at(from + hours + later)),
        }),
    ]
}

#[test]
fn the_schemas_functions_say_what_the_domain_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (database, number) = runtime.block_on(async {
        let database = database().await;
        let number = privilege("a", &database.pool).await;
        (database, number)
    });
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let tried = TestRunner::new(config).run(&publication(), |publication| {
        let (from, to, again, is_planned, keeps) = match publication {
            Publication::Draft => (None, None, None, false, false),
            Publication::Published { from } => (Some(from), None, None, false, false),
            Publication::Hidden { from, to, is_planned, existing, again } => {
                (Some(from), Some(to), again, is_planned, existing == ExistingGrants::Keep)
            }
        };
        let asked: Vec<DateTime<Utc>> = (-1..3 * HOURS).map(at).collect();
        let told: Vec<(bool, bool)> = runtime.block_on(async {
            sqlx::query(
                "update privilege set published_at = $2, hidden_at = $3, republished_at = $4, hide_planned = $5,
                                      grants_kept = $6
                 where privilege_id = $1",
            )
            .bind(number)
            .bind(from)
            .bind(to)
            .bind(again)
            .bind(is_planned)
            .bind(keeps)
            .execute(&database.pool)
            .await
            .unwrap();
            sqlx::query_as(
                "select privilege_may_be_given(p, a.at), privilege_may_be_used(p, a.at)
                 from unnest($1::timestamptz[]) with ordinality a (at, n), privilege p order by a.n",
            )
            .bind(&asked)
            .fetch_all(&database.pool)
            .await
            .unwrap()
        });
        for (at, told) in asked.into_iter().zip(told) {
            prop_assert_eq!(told, (publication.covers(at), publication.usable_now(at)), "at {}", at);
        }
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}
