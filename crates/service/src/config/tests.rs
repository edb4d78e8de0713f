use std::io::Write as _;

use super::*;

fn sources(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
    Sources {
        environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        ..Sources::of(flags)
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn development(more: &[(&str, &str)]) -> Sources {
    let mut values = vec![("dev_plaintext", "true"), ("data_dir", "/nowhere")];
    values.extend_from_slice(more);
    Sources::of(&values)
}

fn refusal(sources: &Sources) -> String {
    Config::load(sources).unwrap_err().to_string()
}

#[track_caller]
fn assert_refused(key: &str, value: &str, words: &str) {
    let message = refusal(&development(&[(key, value)]));
    assert!(message.contains(key) && message.contains("given"), "{message}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn the_defaults_are_usable_in_development() {
    let config = Config::load(&development(&[])).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8443");
    assert_eq!(config.internal_listen.to_string(), "127.0.0.1:9464");
    assert!(matches!(config.access, Access::DevPlaintext));
    assert!(config.reflection);
    assert_eq!(config.keyring_file, config.data_dir.join("keyring.json"));
    assert_eq!(
        config.rules,
        Rules {
            max_period_days: 730,
            min_delegator_age_years: 15,
            request_lapse_days: 30,
            expiry_notice_days: 40,
            answer_max_age_s: 0
        }
    );
    assert_eq!(config.limits.max_request_bytes, 1024 * 1024);
}

#[test]
fn every_default_is_within_its_own_range() {
    for bound in bound::ALL {
        assert!((bound.min..=bound.max).contains(&bound.default), "{}", bound.key);
    }
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file_which_wins_over_the_defaults() {
    let file = file(
        "dev_plaintext = true\ndata_dir = '/nowhere'\n[limits]\nmax_connections = 1\nmax_concurrent_requests = 1\n\
         default_deadline_ms = 101\n",
    );
    let mut sources = sources(
        &[("FULDMAGT_LIMITS__MAX_CONNECTIONS", "2"), ("FULDMAGT_LIMITS__MAX_CONCURRENT_REQUESTS", "2")],
        &[("limits.max_connections", "3")],
    );
    sources.file = Some(file.path().to_owned());
    let limits = Config::load(&sources).unwrap().limits;
    assert_eq!(limits.max_connections, 3);
    assert_eq!(limits.max_concurrent_requests, 2);
    assert_eq!(limits.default_deadline, Duration::from_millis(101));
    assert_eq!(limits.max_deadline, Duration::from_millis(bound::MAX_DEADLINE_MS.default));
}

#[test]
fn the_message_names_the_key_and_where_the_value_came_from() {
    let file = file("dev_plaintext = true\n[rules]\nmax_period_days = 0\n");
    let mut sources = sources(
        &[("FULDMAGT_LIMITS__MAX_CONNECTIONS", "0"), ("FULDMAGT_DATA_DIR", "/nowhere")],
        &[("limits.max_deadline_ms", "5")],
    );
    sources.file = Some(file.path().to_owned());
    let message = refusal(&sources);
    for part in [
        format!("rules.max_period_days (file {}): must be from 1 to 3650, not 0", file.path().display()),
        "limits.max_connections (environment variable FULDMAGT_LIMITS__MAX_CONNECTIONS): must be from"
            .to_owned(),
        "limits.max_deadline_ms (flag given): must be from".to_owned(),
    ] {
        assert!(message.contains(&part), "{part}\nis not in\n{message}");
    }
}

#[test]
fn an_unknown_key_in_the_file_is_refused() {
    for text in ["lisen = '127.0.0.1:1'", "[limits]\nlisen = 1"] {
        let file = file(text);
        let mut sources = development(&[]);
        sources.file = Some(file.path().to_owned());
        let message = refusal(&sources);
        assert!(message.contains("lisen (file") && message.contains("no such key"), "{message}");
    }
}

#[test]
fn an_unknown_environment_variable_with_our_prefix_is_refused() {
    for name in ["FULDMAGT_LISEN", "FULDMAGT_LIMITS__LISEN", "FULDMAGT_CONFIGS"] {
        let mut sources = development(&[]);
        sources.environment.push((name.into(), "1".into()));
        let message = refusal(&sources);
        assert!(message.contains(&format!("environment variable {name}")), "{message}");
        assert!(message.contains("no such key"), "{message}");
    }
}

#[test]
fn other_programs_variables_and_the_two_exceptions_are_left_alone() {
    let mut sources = development(&[]);
    for name in ["PATH", "FULDMAGT", "FULDMAGT_CONFIG", "FULDMAGT_TEST_DATABASE"] {
        sources.environment.push((name.into(), "1".into()));
    }
    Config::load(&sources).unwrap();
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_refused_without_quoting_it() {
    let mut sources = development(&[]);
    sources.file = Some("/nowhere/fuldmagt.toml".into());
    assert!(refusal(&sources).contains("file /nowhere/fuldmagt.toml: cannot be read"));

    let file = file("[database]\nurl = \"postgres://u:hemmelig@h\n");
    sources.file = Some(file.path().to_owned());
    let message = refusal(&sources);
    assert!(message.contains("line 2") && !message.contains("hemmelig"), "{message}");
}

#[test]
fn plaintext_is_refused_on_any_address_but_loopback() {
    for address in ["0.0.0.0:8443", "192.0.2.1:8443", "[::]:8443"] {
        assert_refused("listen", address, "loopback addresses only");
    }
    for address in ["127.0.0.1:0", "127.1.2.3:1", "[::1]:8443"] {
        Config::load(&development(&[("listen", address)])).unwrap();
    }
}

#[test]
fn plaintext_together_with_certificates_is_refused() {
    for key in ["tls.certificate", "tls.key", "tls.client_ca", "clients_file"] {
        assert_refused(key, "/dev/null", "not used with dev_plaintext");
    }
}

#[test]
fn without_plaintext_the_certificates_and_the_clients_are_required() {
    let message = refusal(&Sources::of(&[("data_dir", "/nowhere")]));
    for key in ["tls.certificate", "tls.key", "tls.client_ca", "clients_file"] {
        assert!(message.contains(&format!("{key} (default): is required")), "{message}");
    }
    let message = refusal(&Sources::of(&[("tls.key", "/nowhere/key.pem")]));
    assert!(message.contains("tls.key (flag given): /nowhere/key.pem cannot be read"), "{message}");
}

#[test]
fn with_certificates_reflection_is_off_until_it_is_asked_for() {
    let files = [
        ("tls.certificate", "/dev/null"),
        ("tls.key", "/dev/null"),
        ("tls.client_ca", "/dev/null"),
        ("clients_file", "/dev/null"),
        ("listen", "0.0.0.0:0"),
        ("data_dir", "/nowhere"),
    ];
    assert!(!Config::load(&Sources::of(&files)).unwrap().reflection);
    let mut asked = files.to_vec();
    asked.push(("reflection", "true"));
    assert!(Config::load(&Sources::of(&asked)).unwrap().reflection);
}

#[test]
fn each_wrong_value_is_refused() {
    assert_refused("listen", "localhost", "no address with a port");
    assert_refused("internal_listen", "9464", "must be a string");
    assert_refused("dev_plaintext", "yes", "must be a boolean");
    assert_refused("telemetry.log_format", "xml", "none of: human, json");
    assert_refused("telemetry.log_filter", "info,a=b=c", "no filter");
    assert_refused("telemetry.otlp_endpoint", "https://collector:4317", "no URL such as");
    assert_refused("telemetry.otlp_endpoint", "collector", "no URL such as");
    assert_refused("limits.max_connections", "-1", "must be");
    assert_refused("limits.max_connections", "many", "must be");
    assert_refused("limits", "1", "must be");
}

#[test]
fn each_number_is_refused_outside_its_range() {
    for bound in bound::ALL {
        let words = format!("must be from {} to {}", bound.min, bound.max);
        assert_refused(bound.key, &(bound.max + 1).to_string(), &words);
        if bound.min > 0 {
            assert_refused(bound.key, &(bound.min - 1).to_string(), &words);
        }
    }
}

#[test]
fn a_default_deadline_longer_than_the_longest_is_refused() {
    let message = refusal(&development(&[("limits.max_deadline_ms", "9000")]));
    assert!(message.contains("limits.default_deadline_ms"), "{message}");
}

#[test]
fn the_database_url_is_shown_nowhere() {
    let config = Config::load(&development(&[("database.url", "postgres://u:hemmelig@h/d")])).unwrap();
    assert!(!format!("{config:?}").contains("hemmelig"));
    let message = refusal(&development(&[("database.url", "mysql://u:hemmelig@h/d")]));
    assert!(message.contains("database.url") && !message.contains("hemmelig"), "{message}");
    let message = refusal(&development(&[("database.url", "4711")]));
    assert!(message.contains("database.url") && !message.contains("4711"), "{message}");
}

#[test]
fn the_effect_of_a_status_can_be_another_and_the_other_rows_stay() {
    use fuldmagt_domain::cpr_status::{CprStatus, Effect, Effects};
    let config = Config::load(&development(&[])).unwrap();
    assert_eq!(config.cpr.effects, Effects::default());
    assert_eq!((config.cpr.min_rows, config.cpr.min_percent_of_current), (1, 95));
    assert_eq!(config.cpr.import_idle, Duration::from_secs(600));
    assert_eq!(config.cpr.import_deadline, Duration::from_secs(3_600));

    let file =
        file("dev_plaintext = true\ndata_dir = '/nowhere'\n[cpr.effects]\n80 = 'suspend'\n50 = 'merge'\n");
    let mut sources = sources(&[("FULDMAGT_CPR__EFFECTS__70", "nothing")], &[("cpr.effects.01", "suspend")]);
    sources.file = Some(file.path().to_owned());
    let effects = Config::load(&sources).unwrap().cpr.effects;
    let wanted = [
        (CprStatus::Emigrated, Effect::Suspend),
        (CprStatus::DeletedDuplicate, Effect::Merge),
        (CprStatus::Disappeared, Effect::Nothing),
        (CprStatus::Denmark, Effect::Suspend),
    ];
    let expected =
        wanted.iter().fold(Effects::default(), |all, (status, effect)| all.with(*status, *effect).unwrap());
    assert_eq!(effects, expected);
}

#[test]
fn an_unknown_status_or_effect_is_refused() {
    assert_refused("cpr.effects.02", "end", "not a status of the CPR register");
    assert_refused("cpr.effects.dead", "end", "not a status of the CPR register");
    assert_refused("cpr.effects.90", "ends", "not an effect");
    assert_refused("cpr.effects.90", "", "not an effect");
    assert_refused("cpr.effects.90", "1", "must be a string");
    assert_refused("cpr.effects.90", "merge", "only a status with a new number");
    assert_refused("cpr.effects", "end", "must be");
    assert_refused("cpr.effect", "end", "no such key");
    let twice = refusal(&development(&[("cpr.effects.1", "end"), ("cpr.effects.01", "end")]));
    assert!(twice.contains("cpr.effects.1 (flag given): the status has two rows"), "{twice}");
}
