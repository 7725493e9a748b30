//! Asia: India, China, Korea, Japan, Taiwan, Hong Kong, Singapore, Malaysia, Thailand, Pakistan, the Emirates, Israel,
//! Saudi Arabia, Kazakhstan, Turkey.
//!
//! Sources: UIDAI (Aadhaar, Verhoeff), Income Tax Department of India (PAN), GSTN (GSTIN), GB 11643-1999 (China), Korean
//! *Resident Registration Act* enforcement rules, Japan's MIC ordinance on the *Individual Number*, the finance
//! ministries' published check rules as collected by python-stdnum.

use crate::checks::{is_day, is_uniform, luhn, two, verhoeff, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Form, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.in.aadhaar", &["999999999999"], aadhaar),
    Scheme::national("id.in.pan", &["AAAAA9999A"], pan),
    Scheme::national("id.in.gstin", &["99AAAAA9999AXAX"], gstin),
    Scheme::national("id.in.voter", &["AAA9999999"], voter),
    Scheme::national("id.cn.resident", &["99999999999999999X"], resident),
    Scheme::national("id.kr.resident", &["9999999999999"], korean),
    Scheme::national("id.kr.business", &["9999999999"], korean_business),
    Scheme::national("id.jp.individual", &["999999999999"], individual),
    Scheme::national("id.tw.citizen", &["A999999999"], taiwanese),
    Scheme::national("id.hk.card", &["A999999X", "AA999999X"], hong_kong),
    Scheme::national("id.sg.nric", &["A9999999A"], nric),
    Scheme::national("id.sg.entity", &["999999999A", "A99AA9999A", "99999999A"], entity),
    Scheme::national("id.my.card", &["999999999999"], malaysian),
    Scheme::national("id.th.citizen", &["9999999999999"], thai),
    Scheme::national("id.pk.card", &["9999999999999"], pakistani),
    Scheme::national("id.ae.card", &["999999999999999"], emirates),
    Scheme::national("id.il.identity", &["999999999"], israeli),
    Scheme::national("id.sa.identity", &["9999999999"], saudi),
    Scheme::national("id.kz.individual", &["999999999999"], kazakh),
    Scheme::national("id.tr.identity", &["99999999999"], turkish),
    Scheme::national("id.tr.tax", &["9999999999"], turkish_tax),
];

fn aadhaar(value: &Value<'_>) -> Option<Strength> {
    let is_valid = value.digits[0] > 1 && verhoeff(value.digits) && !is_uniform(value.digits);
    let is_grouped = value.code.groups == 0x444;
    if is_grouped { Fair } else { Weak }.when(is_valid && (is_grouped || value.is_plain()))
}

/// Five letters, the fourth of which says what the holder is, four digits, a letter.
fn pan(value: &Value<'_>) -> Option<Strength> {
    let is_holder = b"ABCFGHJKLPT".contains(&value.chars[3]);
    if is_holder { Strong } else { Weak }.when(value.is_plain())
}

/// State, PAN, entity, `Z`, check sign.
fn gstin(value: &Value<'_>) -> Option<Strength> {
    let state = two(value.digits, 0);
    Strong.when((matches!(state, 1..=37 | 97 | 99)) && value.chars[13] == b'Z' && value.is_plain())
}

fn voter(value: &Value<'_>) -> Option<Strength> {
    Weak.when(value.is_plain())
}

/// Region, date of birth, serial, ISO 7064 MOD 11-2.
fn resident(value: &Value<'_>) -> Option<Strength> {
    let rest = value.digits[..17].iter().fold(0, |rest, digit| (rest + u32::from(*digit)) * 2 % 11);
    let check = (12 - rest) % 11;
    let last = if value.chars[17] == b'X' { 10 } else { value.value(17) };
    let century = two(value.digits, 6);
    let is_born = matches!(century, 18..=20) && is_day(two(value.digits, 12), two(value.digits, 10));
    Strong.when(check == last && is_born)
}

/// Date of birth, a digit for century and sex, and since October 2020 no check. Foreigners have 5 to 8 there.
fn korean(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    if !is_day(two(digits, 4), two(digits, 2)) || matches!(digits[6], 0 | 9) {
        return None;
    }
    let sum = weighted(&digits[..12], &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    let check = (11 - sum % 11) % 10;
    let foreign = (13 - sum % 11) % 10;
    let is_valid = u32::from(digits[12]) == if digits[6] < 5 { check } else { foreign };
    match (is_valid, value.code.groups, value.code.separator) {
        (true, 0x67, b'-' | b' ') => Some(Strong),
        (true, 0xd, _) | (false, 0x67, b'-') => Some(Fair),
        (false, 0xd, _) => Some(Weak),
        _ => None,
    }
}

fn korean_business(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let sum = weighted(&digits[..9], &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + u32::from(digits[8]) * 5 / 10;
    let is_valid = (10 - sum % 10) % 10 == u32::from(digits[9]) && digits[0] != 0;
    match (value.code.groups, value.code.separator) {
        (0x325, b'-') => Fair.when(is_valid),
        (0xa, _) => Weak.when(is_valid),
        _ => None,
    }
}

fn individual(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest <= 1 { 0 } else { 11 - rest };
    let is_valid = check == u32::from(value.digits[11]) && !is_uniform(value.digits);
    Weak.when(is_valid && matches!(value.code.groups, 0x444 | 0xc))
}

/// A letter for the county, 1 or 2 for citizens and 8 or 9 for residents, and a check digit.
fn taiwanese(value: &Value<'_>) -> Option<Strength> {
    const LETTERS: &[u8; 26] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let place = LETTERS.iter().position(|letter| *letter == value.chars[0])?;
    let county = u32::try_from(place).ok()? + 10;
    let sum = county / 10 + county % 10 * 9 + weighted(&value.digits[1..], &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    Fair.when(sum.is_multiple_of(10) && matches!(value.digits[1], 1 | 2 | 8 | 9) && value.is_plain())
}

/// One or two letters, six digits, a check sign that is written in parentheses.
fn hong_kong(value: &Value<'_>) -> Option<Strength> {
    let len = value.chars.len();
    let front = if len == 8 { 36 * 9 + value.value(0) * 8 } else { value.value(0) * 9 + value.value(1) * 8 };
    let sum = front + weighted(&value.digits[len - 7..len - 1], &[7, 6, 5, 4, 3, 2]);
    let last = value.chars[len - 1];
    let is_valid = (sum + if last == b'A' { 10 } else { value.value(len - 1) }).is_multiple_of(11);
    let is_sign = last == b'A' || last.is_ascii_digit();
    let is_grouped = value.code.separator == b'(';
    if is_grouped { Strong } else { Weak }.when(is_valid && is_sign)
}

/// A letter for the century and status, seven digits, a check letter.
fn nric(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(&value.digits[1..8], &[2, 7, 6, 5, 4, 3, 2]);
    let (shift, letters): (u32, &[u8; 11]) = match value.chars[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return None,
    };
    let rest = ((sum + shift) % 11) as usize;
    let is_valid = letters[if value.chars[0] == b'M' { 10 - rest } else { rest }] == value.chars[8];
    if is_valid { Strong } else { Weak }.when(value.is_plain())
}

/// Businesses: `201434292D`, `T16RF0037C`, `53125226D`.
fn entity(value: &Value<'_>) -> Option<Strength> {
    if !value.is_plain() {
        return None;
    }
    match (value.chars.len(), value.chars[0]) {
        (10, b'R' | b'S' | b'T') => Some(Fair),
        (10, b'1' | b'2') => {
            let sum = weighted(value.digits, &[10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11;
            Fair.when(
                b"ZKCMDNERGWH"[sum as usize] == value.chars[9] && matches!(two(value.digits, 0), 19 | 20),
            )
        }
        (9, b'0'..=b'9') => {
            let sum = weighted(value.digits, &[10, 4, 9, 3, 8, 2, 7, 1]) % 11;
            Weak.when(b"XMKECAWLJDB"[sum as usize] == value.chars[8])
        }
        _ => None,
    }
}

/// Date of birth, place, serial.
fn malaysian(value: &Value<'_>) -> Option<Strength> {
    let is_born = is_day(two(value.digits, 4), two(value.digits, 2)) && two(value.digits, 6) != 0;
    match (value.code.groups, value.code.separator) {
        (0x624, b'-') => Fair.when(is_born),
        (0xc | 0x624, _) => Form.when(is_born),
        _ => None,
    }
}

fn thai(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let province = two(value.digits, 1);
    let is_place = matches!(province, 10..=27 | 30..=49 | 50..=58 | 60..=67 | 70..=77 | 80..=86 | 90..=96);
    let is_valid =
        (11 - sum) % 10 == u32::from(value.digits[12]) && matches!(value.digits[0], 1..=8) && is_place;
    if value.code.groups == 0x14521 { Strong } else { Fair }
        .when(is_valid && matches!(value.code.groups, 0x14521 | 0xd))
}

fn pakistani(value: &Value<'_>) -> Option<Strength> {
    let is_place = matches!(value.digits[0], 1..=8);
    if value.is_written(0x571, b'-') { Strong } else { Form }.when(is_place)
}

/// `784`, year of birth, serial, Luhn. In its own groups the form says enough.
fn emirates(value: &Value<'_>) -> Option<Strength> {
    if !value.chars.starts_with(b"784") || !matches!(two(value.digits, 3), 19 | 20) {
        return None;
    }
    match (value.code.groups, luhn(value.digits)) {
        (0x3471, _) => Some(Strong),
        (0xf, true) => Some(Fair),
        _ => None,
    }
}

fn israeli(value: &Value<'_>) -> Option<Strength> {
    Weak.when(
        luhn(value.digits) && !is_uniform(value.digits) && matches!(value.code.groups, 0x9 | 0x81 | 0x171),
    )
}

fn saudi(value: &Value<'_>) -> Option<Strength> {
    Weak.when(luhn(value.digits) && matches!(value.digits[0], 1 | 2) && value.is_plain())
}

/// Date of birth, century, serial, a check digit in two tries.
fn kazakh(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let first = weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
    let sum = if first == 10 { weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11 } else { first };
    let is_born = is_day(two(digits, 4), two(digits, 2)) && matches!(digits[6], 1..=6);
    Fair.when(sum == u32::from(digits[11]) && is_born && value.is_plain())
}

/// Eleven digits, the last two from the others.
fn turkish(value: &Value<'_>) -> Option<Strength> {
    let digits: Vec<u32> = value.digits.iter().map(|digit| u32::from(*digit)).collect();
    let odd: u32 = digits[..9].iter().step_by(2).sum();
    let even: u32 = digits[1..8].iter().step_by(2).sum();
    let is_valid = digits[0] != 0
        && (odd * 7 + 100 - even) % 10 == digits[9]
        && digits[..10].iter().sum::<u32>() % 10 == digits[10];
    Fair.when(is_valid && value.is_plain())
}

fn turkish_tax(value: &Value<'_>) -> Option<Strength> {
    let sum: u32 = (1..=9)
        .zip(value.digits)
        .map(|(place, digit)| {
            let shifted = (u32::from(*digit) + 10 - place) % 10;
            let raised = (shifted << (10 - place)) % 9;
            if shifted != 0 && raised == 0 { 9 } else { raised }
        })
        .sum();
    Weak.when((10 - sum % 10) % 10 == u32::from(value.digits[9]) && value.is_plain())
}
