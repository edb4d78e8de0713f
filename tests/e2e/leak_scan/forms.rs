//! The ways in which a secret could be written down.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Bytes of a key of the keyring.
const KEY_BYTES: usize = 32;
/// A shorter part of a secret is found everywhere.
const MIN_PART_CHARS: usize = 10;

/// Every form of the secret, without those that differ in the case of ASCII letters only.
pub(super) fn forms(secret: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    let mut texts = vec![secret.to_owned(), secret.replace('-', "")];
    // `PID:9208-...` without its scheme, the UUID of `CVR:...-UUID:...`.
    texts.extend(
        secret.rsplit_once(':').map(|(_, part)| part).filter(|part| is_telling(part)).map(str::to_owned),
    );
    if let (10, Some((date, serial))) = (secret.len(), secret.split_at_checked(6))
        && secret.bytes().all(|byte| byte.is_ascii_digit())
    {
        texts.push(format!("{date}-{serial}"));
    }
    for text in texts {
        for text in [text.to_lowercase(), text.to_uppercase(), text] {
            forms.insert(percent_encoded(&text, |byte| {
                byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
            }));
            // As gRPC writes a status message.
            forms.insert(percent_encoded(&text, |byte| matches!(byte, b' '..=b'~') && byte != b'%'));
            // As Rust and C write bytes, and as JSON then writes that.
            let escaped = text.as_bytes().escape_ascii().to_string();
            forms.insert(escaped.replace('\\', r"\\").into_bytes());
            forms.insert(escaped.into_bytes());
            forms.insert(text.into_bytes());
        }
    }
    if let Ok(key) = STANDARD.decode(secret)
        && key.len() == KEY_BYTES
    {
        forms.insert(STANDARD_NO_PAD.encode(&key).into_bytes());
        forms.insert(URL_SAFE_NO_PAD.encode(&key).into_bytes());
        forms.insert(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes());
        // As Rust shows an array.
        forms.insert(key.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes());
        forms.insert(key);
    }
    forms
}

fn is_telling(part: &str) -> bool {
    part.chars().count() >= MIN_PART_CHARS
}

fn percent_encoded(text: &str, is_plain: impl Fn(u8) -> bool) -> Vec<u8> {
    let encode = |byte: u8| if is_plain(byte) { vec![byte] } else { format!("%{byte:02X}").into_bytes() };
    text.bytes().flat_map(encode).collect()
}
