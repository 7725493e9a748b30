//! The United Kingdom and Ireland.
//!
//! Sources: HMRC *National Insurance Manual* (the letters), NHS Data Dictionary *NHS number*, HMRC *VAT
//! number check*, Revenue of Ireland *PPS number format*.

use crate::checks::{is_day, number, two, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.gb.nino", &["AA999999A"], nino),
    Scheme::national("id.gb.nhs", &["9999999999"], nhs),
    Scheme::national("id.gb.chi", &["9999999999"], chi),
    Scheme::national("id.gb.utr", &["9999999999"], utr),
    Scheme::national("id.gb.vat", &["999999999", "AA999999999"], vat),
    Scheme::national("id.ie.pps", &["9999999A", "9999999AA"], pps),
];

/// Two letters, six digits, a letter from A to D.
fn nino(value: &Value<'_>) -> Option<Strength> {
    let (first, second) = (value.chars[0], value.chars[1]);
    let is_given = !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second)
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&[first, second])
        && (b'A'..=b'D').contains(&value.chars[8]);
    Strong.when(is_given && !matches!(value.code.separator, b'_' | b':'))
}

/// Ten digits, the last one from the others modulo 11.
fn nhs(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let is_valid = (11 - rest) % 11 == u32::from(value.digits[9]) && number(value.digits) > 0;
    let strength = if value.is_written(0x334, b' ') { Fair } else { Weak };
    strength.when(is_valid && matches!(value.code.groups, 0x334 | 0xa))
}

/// Scotland's: the date of birth, a serial, and the check of the NHS number.
fn chi(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let rest = weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let is_valid = (11 - rest) % 11 == u32::from(digits[9]) && is_day(two(digits, 0), two(digits, 2));
    Weak.when(is_valid && matches!(value.code.groups, 0x64 | 0xa))
}

/// Taxpayers' references: the first digit checks the rest.
fn utr(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(&value.digits[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    let check = b"21987654321"[rest as usize] - b'0';
    Weak.when(check == value.digits[0] && matches!(value.code.groups, 0x55 | 0xa | 0x334 | 0x343))
}

/// Nine digits modulo 97, with or without the country.
fn vat(value: &Value<'_>) -> Option<Strength> {
    let is_long = value.chars.len() == 11;
    let digits = if is_long { &value.digits[2..] } else { value.digits };
    let sum = weighted(digits, &[8, 7, 6, 5, 4, 3, 2, 10, 1]);
    let is_valid = (sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97)) && number(digits) > 0;
    if is_long {
        Strong.when(is_valid && value.chars.starts_with(b"GB"))
    } else {
        Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x333 | 0x342))
    }
}

/// Seven digits and a letter from them modulo 23; a second letter counts nine.
fn pps(value: &Value<'_>) -> Option<Strength> {
    let second =
        value.chars.get(8).map_or(0, |letter| if *letter == b'W' { 0 } else { u32::from(letter - b'@') });
    let rest = (weighted(value.digits, &[8, 7, 6, 5, 4, 3, 2]) + second * 9) % 23;
    Fair.when(b"WABCDEFGHIJKLMNOPQRSTUV"[rest as usize] == value.chars[7] && second <= 9)
}
