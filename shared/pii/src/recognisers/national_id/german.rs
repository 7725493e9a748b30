//! Germany, Austria and Switzerland.
//!
//! Sources: Bundeszentralamt für Steuern *Informationen zur steuerlichen Identifikationsnummer*, Deutsche
//! Rentenversicherung *Versicherungsnummer* (VKVV § 2), GKV-Spitzenverband *Krankenversichertennummer*, KBV *Arztnummer*, ICAO
//! 9303 (documents), Austrian *Sozialversicherungsnummer* (ASVG § 30c), Swiss ZAS *AHV number* and BFS *UID*.

use crate::checks::{is_day, mod_11_10, two, value as char_value, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.de.tax", &["99999999999"], tax),
    Scheme::national("id.de.pension", &["99999999A999"], pension),
    Scheme::national("id.de.health", &["A999999999"], health),
    Scheme::national("id.de.doctor", &["999999999"], doctor),
    Scheme::national("id.de.card", &["AXXXXXXX9", "AXXXXXXXX9"], card),
    Scheme::national("id.de.vat", &["AA999999999"], vat),
    Scheme::national("id.at.insurance", &["9999999999"], insurance),
    Scheme::national("id.at.vat", &["AAA99999999"], austrian_vat),
    Scheme::national("id.ch.ahv", &["9999999999999"], ahv),
    Scheme::national("id.ch.uid", &["AAA999999999"], uid),
];

/// Eleven digits, ISO 7064 MOD 11,10; of the first ten, none more often than three times.
fn tax(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let mut counts = [0; 10];
    digits[..10].iter().for_each(|digit| counts[usize::from(*digit)] += 1);
    let is_valid = digits[0] != 0 && mod_11_10(digits) && counts.iter().all(|count| *count <= 3);
    let is_grouped = value.is_written(0x2333, b' ');
    if is_grouped { Fair } else { Weak }.when(is_valid && (is_grouped || value.is_plain()))
}

/// Area, date of birth, the name's first letter, serial, check digit.
fn pension(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let letter = u32::from(value.chars[8] - b'@');
    let sum = |number: u32| number / 10 + number % 10;
    let weights = [2, 1, 2, 5, 7, 1, 2, 1];
    let front: u32 =
        digits[..8].iter().zip(weights).map(|(digit, weight)| sum(u32::from(*digit) * weight)).sum();
    let back = sum(letter / 10 * 2) + letter % 10 + sum(u32::from(digits[9]) * 2) + u32::from(digits[10]);
    // The day may be raised by fifty where serials ran out.
    let day = two(digits, 2);
    let is_valid = (front + back) % 10 == u32::from(digits[11])
        && is_day(if day > 50 { day - 50 } else { day }, two(digits, 4));
    Strong.when(is_valid)
}

/// A letter and nine digits, the last one from the others as Luhn would, the letter being two digits.
fn health(value: &Value<'_>) -> Option<Strength> {
    let letter = u32::from(value.chars[0] - b'@');
    let sum = |number: u32| number / 10 + number % 10;
    let body = letter / 10 + sum(letter % 10 * 2);
    let rest: u32 = value.digits[1..9]
        .iter()
        .enumerate()
        .map(|(place, digit)| sum(u32::from(*digit) * if place % 2 == 0 { 1 } else { 2 }))
        .sum();
    Fair.when((body + rest) % 10 == u32::from(value.digits[9]))
}

/// Doctors' numbers: six digits, a check digit, two for the speciality.
fn doctor(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(&value.digits[..6], &[4, 9, 4, 9, 4, 9]);
    Weak.when((10 - sum % 10) % 10 == u32::from(value.digits[6]) && value.is_plain())
}

/// Identity cards and passports: signs without vowels, ICAO's check digit at the end, the number being nine signs.
fn card(value: &Value<'_>) -> Option<Strength> {
    let is_made_of =
        value.chars.iter().all(|byte| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte));
    let last = value.chars.len() - 1;
    let sum: u32 = value.chars[..last]
        .iter()
        .zip([7, 3, 1].iter().cycle())
        .map(|(byte, weight)| char_value(*byte) * weight)
        .sum();
    let is_old = value.chars[0] == b'T'
        && value.digits[1..].iter().zip(&value.chars[1..]).all(|(_, byte)| byte.is_ascii_digit());
    let is_valid = sum % 10 == u32::from(value.digits[last]) || (is_old && last == 8);
    Weak.when(is_made_of && is_valid && value.is_plain())
}

/// `DE` and nine digits, ISO 7064 MOD 11,10.
fn vat(value: &Value<'_>) -> Option<Strength> {
    Strong.when(value.chars.starts_with(b"DE") && value.digits[2] != 0 && mod_11_10(&value.digits[2..]))
}

/// Serial, check digit, date of birth; month 13 where serials ran out.
fn insurance(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let sum = weighted(&digits[..3], &[3, 7, 9]) + weighted(&digits[4..], &[5, 8, 4, 2, 1, 6]);
    let month = two(digits, 6);
    let is_valid =
        sum % 11 == u32::from(digits[3]) && is_day(two(digits, 4), if month > 12 { 1 } else { month });
    Fair.when(is_valid && digits[0] != 0 && matches!(value.code.groups, 0xa | 0x46 | 0x4222))
}

fn austrian_vat(value: &Value<'_>) -> Option<Strength> {
    let digits = &value.digits[3..];
    let sum: u32 = digits[..7]
        .iter()
        .enumerate()
        .map(|(place, digit)| u32::from(*digit) * if place % 2 == 0 { 1 } else { 2 })
        .map(|number| number / 10 + number % 10)
        .sum();
    Strong.when(value.chars.starts_with(b"ATU") && (106 - sum) % 10 == u32::from(digits[7]))
}

/// `756`, nine digits, the check of EAN-13. In its own groups the form says enough.
fn ahv(value: &Value<'_>) -> Option<Strength> {
    if !value.chars.starts_with(b"756") {
        return None;
    }
    let is_valid = weighted(value.digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10);
    let is_grouped = value.code.groups == 0x3442 && matches!(value.code.separator, b'.' | b' ' | b'-');
    match (is_valid, is_grouped) {
        (true, true) => Some(Strong),
        (true, false) | (false, true) => Some(Fair),
        _ => None,
    }
}

fn uid(value: &Value<'_>) -> Option<Strength> {
    let digits = &value.digits[3..];
    let rest = weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4]) % 11;
    Strong.when(value.chars.starts_with(b"CHE") && (11 - rest) % 11 == u32::from(digits[8]))
}
