/// The values of exactly `N` ASCII digits, or nothing. Looks at no more than `N` bytes.
pub(super) fn digits<const N: usize>(input: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = input.as_bytes().try_into().ok()?;
    bytes.iter().all(u8::is_ascii_digit).then(|| bytes.map(|byte| byte - b'0'))
}

/// Weights of the modulus 11 control of CVR and SE numbers, leftmost digit first; the last belongs to the check
/// digit itself. Source: Erhvervsstyrelsen, "Modulus 11-kontrol".
const WEIGHTS: [u32; 8] = [2, 7, 6, 5, 4, 3, 2, 1];

/// Whether the weighted sum of the digits is divisible by eleven.
pub(super) fn passes_modulus_11(digits: [u8; 8]) -> bool {
    let sum: u32 = digits.into_iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit) * weight).sum();
    sum.is_multiple_of(11)
}

/// Whether every digit is zero, as in the filler that registers print where a number is missing. The control
/// passes for it, yet it names nobody, and two parties that both carried it would look like one.
pub(super) fn is_filler(digits: &[u8]) -> bool {
    digits.iter().all(|digit| *digit == 0)
}
