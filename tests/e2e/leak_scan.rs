//! The search for personal data and keys in everything that the services said while they were tested.
//!
//! `.ci/test` runs it after the suite, over the folder `FULDMAGT_TEST_OUTPUT`: `secrets.txt` holds, one a line, what must
//! not be found; each other file is output, and the part of its name before the first dot says of which kind.

mod forms;
mod numbers;
mod scanner;

use std::collections::BTreeMap;
use std::path::Path;

use fuldmagt_service::clock::{Clock as _, SystemClock};

use scanner::{Finding, Scanner};

const SECRETS: &str = "secrets.txt";
/// A screenful: the first ones tell where the hole is.
const MAX_SHOWN: usize = 20;

/// What a whole run says at least, so that the search cannot succeed on nothing: of each kind of output the lines, and
/// texts that do no harm and are found by the same search.
const EXPECTED: [(&str, usize, &[&str]); 5] = [
    (
        "logs",
        5_000,
        &["fuldmagt.v1.QueryService/CheckDelegation", "front-end", "ready to accept connections"],
    ),
    ("spans", 1_000, &["fuldmagt.v1.QueryService/CheckDelegation", "front-end"]),
    ("metrics", 100, &["rpc_server_duration_seconds", "CheckDelegation"]),
    ("statuses", 300, &["QueryService/CheckDelegation", "InvalidArgument", "CPR_DATE_INVALID"]),
    ("answers", 100, &["proves: the list says what the checks say", "NO_DELEGATION"]),
];
/// Persons, organisations and keys that a whole run makes at least.
const MIN_SECRETS: usize = 1_000;

/// What was found, or not found, in a folder.
struct Searched {
    secrets: usize,
    /// Lines by kind of output.
    lines: BTreeMap<String, usize>,
    /// The harmless texts found, by kind of output.
    harmless: BTreeMap<String, Vec<&'static str>>,
    findings: Vec<Finding>,
}

fn search(folder: &Path) -> Searched {
    let secrets = std::fs::read_to_string(folder.join(SECRETS)).unwrap_or_default();
    let harmless = EXPECTED.iter().flat_map(|(_, _, texts)| texts.iter().copied());
    let scanner = Scanner::new(&secrets, harmless, SystemClock.now().timestamp());
    let mut searched = Searched {
        secrets: scanner.secrets(),
        lines: BTreeMap::new(),
        harmless: BTreeMap::new(),
        findings: Vec::new(),
    };
    for entry in std::fs::read_dir(folder).expect("the folder can be listed") {
        let entry = entry.expect("the folder can be listed");
        let name = entry.file_name().into_string().expect("names are text");
        if name == SECRETS {
            continue;
        }
        let kind = name.split('.').next().unwrap_or_default().to_owned();
        let output = std::fs::read(entry.path()).expect("output can be read");
        let scanned = scanner.scan(&name, &output);
        *searched.lines.entry(kind.clone()).or_default() += scanned.lines;
        searched.harmless.entry(kind).or_default().extend(scanned.harmless);
        searched.findings.extend(scanned.findings);
    }
    searched
}

/// What a whole run must have said, and did not.
fn missing(searched: &Searched) -> Vec<String> {
    let mut missing = Vec::new();
    if searched.secrets < MIN_SECRETS {
        missing.push(format!("{} secrets instead of {MIN_SECRETS}", searched.secrets));
    }
    for (kind, least, texts) in EXPECTED {
        let lines = searched.lines.get(kind).copied().unwrap_or_default();
        if lines < least {
            missing.push(format!("{lines} lines of {kind} instead of {least}"));
        }
        let found = searched.harmless.get(kind).map_or(&[][..], Vec::as_slice);
        let absent = texts.iter().filter(|text| !found.contains(text));
        missing.extend(absent.map(|text| format!("`{text}` in {kind}")));
    }
    missing
}

#[test]
#[ignore = "searches what the whole suite said; .ci/test runs it afterwards"]
fn nothing_personal_in_any_output() {
    let folder =
        std::env::var_os("FULDMAGT_TEST_OUTPUT").expect("FULDMAGT_TEST_OUTPUT is set (`make test` does)");
    let searched = search(Path::new(&folder));
    let missing = missing(&searched);
    assert!(missing.is_empty(), "the suite said too little to be searched; missing:\n{}", missing.join("\n"));
    let shown: Vec<String> = searched.findings.iter().take(MAX_SHOWN).map(Finding::to_string).collect();
    assert!(shown.is_empty(), "{} findings, the first:\n{}", searched.findings.len(), shown.join("\n"));
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const NAME: &str = "Løvenhart Egernsund-Åløkke";
    const CPR: &str = "1503524711";
    const UUID: &str = "7b1f6d2c-30a2-4f4e-9a0c-1d8e5c2b7a41";
    const KEY: [u8; 32] = *b"\x01\xf2 every key has thirty-two by\xff\xfe";

    /// Searches one line of log, with the secrets above.
    fn findings(line: &str) -> Vec<Finding> {
        let folder = tempfile::tempdir().unwrap();
        let secrets = [NAME, CPR, UUID, &STANDARD.encode(KEY), "13748136"].join("\n");
        std::fs::write(folder.path().join(SECRETS), secrets).unwrap();
        std::fs::write(folder.path().join("logs.jsonl"), format!("a line before\n{line}\n")).unwrap();
        search(folder.path()).findings
    }

    #[test]
    fn a_planted_number_name_or_key_is_found_however_it_is_written() {
        let hex: String = KEY.iter().map(|byte| format!("{byte:02X}")).collect();
        for planted in [
            CPR.to_owned(),
            "150352-4711".to_owned(),
            format!("{{\"cpr\":\"{CPR}\"}}"),
            format!("party_{CPR}_x"),
            // Nobody's, and a number all the same.
            "the number 2512489996.".to_owned(),
            "2512489996".to_owned(),
            "(251248-9996)".to_owned(),
            NAME.to_owned(),
            NAME.to_uppercase(),
            NAME.to_lowercase(),
            "L%C3%B8venhart%20Egernsund-%C3%85l%C3%B8kke".to_owned(),
            "l%c3%b8venhart Egernsund-%c3%85l%c3%b8kke".to_owned(),
            r"b'L\xc3\xb8venhart Egernsund-\xc3\x85l\xc3\xb8kke'".to_owned(),
            r"{'message':'L\\xc3\\xb8venhart Egernsund-\\xc3\\x85l\\xc3\\xb8kke'}".to_owned(),
            UUID.to_uppercase(),
            UUID.replace('-', ""),
            STANDARD.encode(KEY),
            STANDARD.encode(KEY).trim_end_matches('=').replace('+', "-").replace('/', "_"),
            hex,
            format!("{KEY:?}"),
            "cvr=13748136,".to_owned(),
        ] {
            let found = findings(&planted);
            assert!(!found.is_empty(), "{planted} is not found");
            assert!(
                found.iter().all(|finding| finding.to_string().starts_with("logs.jsonl:2: ")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_not_found() {
        let now = SystemClock.now();
        for harmless in [
            "2026-06-15T12:00:00.123456Z [31464]".to_owned(),
            // No such day.
            "3113489996 9912489996".to_owned(),
            // Part of something longer.
            "02512489996 25124899961 a2512489996 2512489996b 251248-99961 1251248-9996".to_owned(),
            "sum 0.2512489996 2512489996.5".to_owned(),
            format!("tv_sec: {}", now.timestamp()),
            format!("{} 0x13748136a 137481367 1.13748136", now.timestamp_nanos_opt().unwrap()),
            format!("1{CPR} {CPR}0 0.{CPR}"),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(),
            "Løvenhart Egernsund".to_owned(),
        ] {
            let found = findings(&harmless);
            assert!(found.is_empty(), "{harmless}: {found:?}");
        }
    }

    #[test]
    fn a_search_that_finds_nothing_because_there_is_nothing_is_no_success() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = missing(&search(folder.path()));
        assert!(nothing.len() > EXPECTED.len(), "{nothing:?}");

        let secrets: String = (0..MIN_SECRETS).map(|n| format!("somebody number {n}\n")).collect();
        std::fs::write(folder.path().join(SECRETS), secrets).unwrap();
        for (kind, least, texts) in EXPECTED {
            let lines = format!("{}\n", texts.join(" ")).repeat(least);
            std::fs::write(folder.path().join(format!("{kind}.jsonl")), lines).unwrap();
        }
        assert_eq!(missing(&search(folder.path())), [""; 0]);
        std::fs::remove_file(folder.path().join("spans.jsonl")).unwrap();
        let missing = missing(&search(folder.path()));
        assert!(!missing.is_empty() && missing.iter().all(|what| what.contains("spans")), "{missing:?}");
    }
}
