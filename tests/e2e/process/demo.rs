//! `fuldmagt demo`, as a newcomer runs it.

use fuldmagt_service::embedded::{Embedded, Settings};
use fuldmagt_tests::fixtures::{note_keys, note_secret};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::folder::Folder;
use super::program::{Finished, fuldmagt};
use super::serving::note_private_keys;

/// What names the people of the story, in its first two runs. Their names are on the screen: there they are the story, not
/// a leak.
const IDENTIFIERS: [&str; 10] = [
    "2512489996",
    "6b1f6d2c-30a2-4f4e-9a0c-1d8e5c2b7a41",
    "PID:9208-2002-2-000000000042",
    "0501792275",
    "0101705000",
    "0201705000",
    "CVR:99999918-RID:1",
    "CVR:99999918-RID:2",
    "Kære Anders, tak fordi du hjælper mig med skatten.",
    "Kære Karen, så kan jeg ordne din årsopgørelse.",
];
const ALL_IS_WELL: &str = "Every answer was as it must be, and nothing is left running.";

/// From now on the grants that are given are taken away again in the same moment.
const FORGET_GRANTS: &str = "
    create function forget() returns trigger language plpgsql as
        $$ begin new.ended_at := new.valid_from; new.ended_as := 'revoked'; return new; end $$;
    create trigger forget before insert on delegation_privilege for each row execute function forget();";

fn demo(folder: &Folder, args: &[&str]) -> Finished {
    let ended = fuldmagt([&["demo", "--data-dir", &folder.arg("demo")], args].concat()).run();
    if folder.at("demo").exists() {
        note_keys(&folder.at("demo/data/keyring.json"));
        note_private_keys(&folder.at("demo/certs"));
    }
    IDENTIFIERS.into_iter().for_each(note_secret);
    ended
}

#[test]
fn the_demo_tells_its_story_twice_on_the_data_that_it_keeps_and_can_be_removed() {
    let folder = Folder::new();
    for (run, how) in ["registered as party", "known from an earlier run as party"].iter().enumerate() {
        let told = demo(&folder, &[]);
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.out.contains(ALL_IS_WELL), "{}", told.out);
        assert_eq!(told.out.matches(how).count(), 2, "run {run}:\n{}", told.out);
        for step in 1..=12 {
            assert!(told.out.contains(&format!("\n{step}. ")), "step {step} is missing:\n{}", told.out);
        }
        assert_eq!(folder.processes(), [0; 0]);
    }
    let cleaned = demo(&folder, &["--clean"]);
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    assert!(!folder.at("demo").exists());
    assert_eq!(demo(&folder, &["--clean"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fails_when_an_answer_is_wrong_and_leaves_nothing_running() {
    let folder = Folder::new();
    assert_eq!(demo(&folder, &[]).code, Some(0));
    // The kept data is made to give a wrong answer: what is given is forgotten.
    let database = Embedded::start(&Settings::new(folder.at("demo/data"))).unwrap();
    let mut session = PgConnection::connect(database.url()).await.unwrap();
    session.execute(FORGET_GRANTS).await.unwrap();
    session.close().await.unwrap();
    database.stop().await;

    let told = demo(&folder, &[]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("this is not so: what was given is granted"), "{}", told.err);
    assert!(!told.out.contains(ALL_IS_WELL), "{}", told.out);
    assert_eq!(folder.processes(), [0; 0]);
}
