use std::fs;
use std::path::PathBuf;

use super::*;

const CONTEXT: &[u8] = b"party";

/// Base64 of 32 times `byte`.
fn base64(byte: u8) -> String {
    STANDARD.encode([byte; KEY_BYTES])
}

fn json(primary: &str, ids: &[(&str, u8)]) -> String {
    let keys: Vec<_> =
        ids.iter().map(|(id, byte)| format!(r#"{{"id":"{id}","key":"{}"}}"#, base64(*byte))).collect();
    format!(
        r#"{{"version":1,"primary":"{primary}","wrapping_keys":[{}],"index_key":"{}","token_key":"{}"}}"#,
        keys.join(","),
        base64(0xa1),
        base64(0xa2),
    )
}

fn parse(json: &str) -> Result<KeyringFile, Error> {
    KeyringFile::parse(json.as_bytes())
}

/// The error of a keyring that is refused, in words.
fn refusal(json: &str) -> String {
    parse(json).unwrap_err().to_string()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    (folder, path)
}

#[test]
fn a_wrapped_key_unwraps_to_the_same_key() {
    let keyring = parse(&json("a", &[("a", 1)])).unwrap();
    let key = DataKey::generate().unwrap();
    let wrapped = keyring.wrap(&key, CONTEXT).unwrap();
    assert_eq!(wrapped.key_id, "a");
    assert_eq!(keyring.unwrap_key(&wrapped, CONTEXT).unwrap().expose_bytes(), key.expose_bytes());
}

#[test]
fn a_wrapped_key_does_not_unwrap_in_another_context_or_changed_or_under_another_key() {
    let keyring = parse(&json("a", &[("a", 1), ("b", 2)])).unwrap();
    let wrapped = keyring.wrap(&DataKey::generate().unwrap(), CONTEXT).unwrap();
    let refused = |wrapped: &WrappedKey, context| {
        matches!(keyring.unwrap_key(wrapped, context), Err(Error::Crypt(crypt::Error::Refused)))
    };
    assert!(refused(&wrapped, b"another party"));
    assert!(refused(&WrappedKey { key_id: "b".to_owned(), ..wrapped.clone() }, CONTEXT));
    for at in 0..wrapped.bytes.len() {
        let mut changed = wrapped.clone();
        changed.bytes[at] ^= 1;
        assert!(refused(&changed, CONTEXT), "byte {at}");
    }
    let unknown = WrappedKey { key_id: "c".to_owned(), ..wrapped };
    assert!(
        matches!(keyring.unwrap_key(&unknown, CONTEXT), Err(Error::UnknownKey { key_id }) if key_id == "c")
    );
}

#[test]
fn after_a_rotation_the_new_key_wraps_and_the_old_one_still_unwraps() {
    let before = parse(&json("a", &[("a", 1)])).unwrap();
    let key = DataKey::generate().unwrap();
    let wrapped = before.wrap(&key, CONTEXT).unwrap();
    let after = parse(&json("b", &[("a", 1), ("b", 2)])).unwrap();
    assert_eq!(after.unwrap_key(&wrapped, CONTEXT).unwrap().expose_bytes(), key.expose_bytes());
    assert_eq!(after.wrap(&key, CONTEXT).unwrap().key_id, "b");
    assert!(after.holds("a") && after.holds("b") && !after.holds("c"));
    assert_eq!(before.index_key_check(), after.index_key_check());
}

#[test]
fn a_wrapping_key_of_the_same_id_in_another_keyring_does_not_unwrap() {
    let wrapped =
        parse(&json("a", &[("a", 1)])).unwrap().wrap(&DataKey::generate().unwrap(), CONTEXT).unwrap();
    let other = parse(&json("a", &[("a", 9)])).unwrap();
    assert!(matches!(other.unwrap_key(&wrapped, CONTEXT), Err(Error::Crypt(crypt::Error::Refused))));
}

#[test]
fn a_generated_keyring_loads_and_is_the_same() {
    let (_folder, path) = place();
    let made = KeyringFile::generate(&path).unwrap();
    let wrapped = made.wrap(&DataKey::generate().unwrap(), CONTEXT).unwrap();
    let loaded = KeyringFile::load(&path).unwrap();
    assert!(loaded.unwrap_key(&wrapped, CONTEXT).is_ok());
    assert_eq!(loaded.index_key_check(), made.index_key_check());
}

#[test]
fn two_generated_keyrings_share_nothing() {
    let ((_a, one), (_b, other)) = (place(), place());
    let (one, other) = (KeyringFile::generate(&one).unwrap(), KeyringFile::generate(&other).unwrap());
    assert!(!other.holds(&one.primary.id));
    assert_ne!(one.index_key_check(), other.index_key_check());
}

#[test]
fn a_keyring_is_never_written_over_another_file_and_leaves_no_draft() {
    let (folder, path) = place();
    fs::write(&path, "something").unwrap();
    assert!(matches!(KeyringFile::generate(&path), Err(Error::Exists { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "something");
    fs::remove_file(&path).unwrap();
    KeyringFile::generate(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_missing_keyring_is_generated_once() {
    let (_folder, path) = place();
    assert!(matches!(KeyringFile::load(&path), Err(Error::Io { .. })));
    let made = KeyringFile::load_or_generate(&path).unwrap();
    let loaded = KeyringFile::load_or_generate(&path).unwrap();
    assert_eq!(made.index_key_check(), loaded.index_key_check());
}

#[test]
fn processes_that_start_at_once_agree_on_one_keyring() {
    let (_folder, path) = place();
    let checks: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| KeyringFile::load_or_generate(&path).unwrap().index_key_check()))
            .collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(checks.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_malformed_keyring_is_not_replaced() {
    let (_folder, path) = place();
    KeyringFile::generate(&path).unwrap();
    fs::write(&path, "{").unwrap();
    assert!(matches!(KeyringFile::load_or_generate(&path), Err(Error::Malformed { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "{");
}

#[cfg(unix)]
#[test]
fn a_keyring_that_others_may_use_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = place();
    KeyringFile::generate(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = KeyringFile::load(&path).unwrap_err();
        assert!(matches!(error, Error::Exposed { mode: found, .. } if found == mode));
        assert!(error.to_string().contains("set it to 0600"));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(KeyringFile::load(&path).is_ok());
}

#[test]
fn a_folder_or_an_endless_file_is_no_keyring() {
    let (folder, path) = place();
    assert!(KeyringFile::load(folder.path()).is_err());
    KeyringFile::generate(&path).unwrap();
    fs::write(&path, vec![b' '; MAX_FILE_BYTES + 1]).unwrap();
    assert!(matches!(KeyringFile::load(&path), Err(Error::NotAKeyring { .. })));
}

#[test]
fn a_keyring_of_another_shape_is_refused() {
    let good = json("a", &[("a", 1), ("b", 2)]);
    assert!(parse(&good).is_ok());
    let with = |from: &str, to: &str| {
        assert!(good.contains(from));
        refusal(&good.replacen(from, to, 1))
    };
    assert_eq!(with(r#""version":1"#, r#""version":2"#), "the keyring has version 2, which is not known");
    assert_eq!(
        with(r#""primary":"a""#, r#""primary":"z""#),
        "the keyring does not hold its primary wrapping key"
    );
    assert_eq!(with(r#""id":"b""#, r#""id":"a""#), "wrapping key number 2 occurs twice");
    assert_eq!(with(&base64(2), &base64(1)), "wrapping key number 2 occurs twice");
    assert_eq!(with(&base64(2), &base64(0xa1)), "wrapping key number 2 occurs twice");
    assert_eq!(with(&base64(0xa1), &base64(0xa2)), "the index key occurs twice");
    for id in ["", "A", "a b", "æ", &"a".repeat(65)] {
        let refused = with(r#""id":"b""#, &format!(r#""id":"{id}""#));
        assert_eq!(refused, "the id of wrapping key number 2 is not 1 to 64 of a-z, 0-9 and -");
    }
    assert!(with(r#""version":1"#, r#""version":1,"version":1"#).starts_with("the keyring is malformed"));
    assert!(with(r#""version":1"#, r#""version":1,"comment":"x""#).starts_with("the keyring is malformed"));
    assert!(with(r#""id":"a""#, r#""id":"a","note":"x""#).starts_with("the keyring is malformed"));
    assert!(with(r#""version":1,"#, "").starts_with("the keyring is malformed"));
    assert!(refusal(&format!("{good}{good}")).starts_with("the keyring is malformed"));
    assert!(refusal("").starts_with("the keyring is malformed"));
}

#[test]
fn a_key_of_another_length_or_alphabet_is_refused() {
    let good = json("a", &[("a", 1)]);
    let keys = [
        String::new(),
        STANDARD.encode([5; 16]),
        STANDARD.encode([5; 31]),
        STANDARD.encode([5; 33]),
        STANDARD.encode([5; 36]),
        STANDARD.encode([5; 64]),
        base64(5).trim_end_matches('=').to_owned(),
        // The last character has bits that stand for nothing.
        base64(5).replace("U=", "V="),
        base64(0xff).replace('/', "_"),
    ];
    for key in keys {
        assert_eq!(
            refusal(&good.replace(&base64(1), &key)),
            "wrapping key number 1 is not 32 bytes in base64"
        );
        assert_eq!(refusal(&good.replace(&base64(0xa1), &key)), "the index key is not 32 bytes in base64");
        assert_eq!(refusal(&good.replace(&base64(0xa2), &key)), "the token key is not 32 bytes in base64");
    }
}

#[test]
fn a_keyring_has_at_least_one_wrapping_key_and_not_too_many() {
    assert!(matches!(parse(&json("a", &[])), Err(Error::KeyCount { count: 0 })));
    let ids: Vec<_> = (0..=60_u8).map(|byte| (format!("key-{byte}"), byte)).collect();
    let listed: Vec<_> = ids.iter().map(|(id, byte)| (id.as_str(), *byte)).collect();
    assert!(parse(&json("key-0", &listed[..MAX_WRAPPING_KEYS])).is_ok());
    assert!(matches!(parse(&json("key-0", &listed)), Err(Error::KeyCount { count: 61 })));
}

#[test]
fn neither_debug_output_nor_errors_show_a_key() {
    let keyring = parse(&json("b", &[("a", 1), ("b", 2)])).unwrap();
    assert_eq!(format!("{keyring:?}"), r#"KeyringFile { primary: "b", older: ["a"], .. }"#);
    // A key where a number belongs, a key as the name of a field, and a key with a character too many.
    let secret = base64(1);
    let good = json("a", &[("a", 1)]);
    for bad in [
        good.replace(r#""version":1"#, &format!(r#""version":"{secret}""#)),
        good.replace(r#""version":1"#, &format!(r#""version":1,"{secret}":1"#)),
        good.replace(&secret, &format!("{secret}!")),
    ] {
        let error = parse(&bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&secret));
    }
}
