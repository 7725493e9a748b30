//! Sweden, Norway, Denmark, Finland and Iceland.
//!
//! Sources: Skatteverket SKV 704 (personnummer, samordningsnummer) and Bolagsverket (organisationsnummer), Norwegian
//! Skatteetaten *fødselsnummer* and Brønnøysund *organisasjonsnummer*, Danish CPR *Personnummeret i CPR*, Finnish DVV
//! *Henkilötunnus* (with the signs of 2023), Þjóðskrá *kennitala*.

use crate::checks::{is_day, luhn, number, two, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Form, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.se.person", &["9999999999", "999999999999"], swedish),
    Scheme::national("id.se.company", &["9999999999"], swedish_company),
    Scheme::national("id.no.person", &["99999999999"], norwegian),
    Scheme::national("id.no.company", &["999999999"], norwegian_company),
    Scheme::national("id.dk.person", &["9999999999"], danish),
    Scheme::national("id.fi.person", &["999999999X", "999999A999X"], finnish),
    Scheme::national("id.fi.company", &["99999999"], finnish_company),
    Scheme::national("id.is.person", &["9999999999"], icelandic),
];

/// Date of birth (the day plus sixty for coordination), serial, Luhn of the last ten.
fn swedish(value: &Value<'_>) -> Option<Strength> {
    let len = value.digits.len();
    let digits = &value.digits[len - 10..];
    let day = two(digits, 4);
    let is_born = is_day(if day > 60 { day - 60 } else { day }, two(digits, 2))
        && (len == 10 || matches!(two(value.digits, 0), 18..=20));
    let is_valid = luhn(digits);
    match (value.code.groups, value.code.separator) {
        (0x64 | 0x84, b'-' | b'+') if is_born => Some(if is_valid { Strong } else { Form }),
        (0xc, _) => Strong.when(is_born && is_valid),
        (0xa, _) => Fair.when(is_born && is_valid),
        _ => None,
    }
}

/// As a person's, but what would be the month is twenty or more.
fn swedish_company(value: &Value<'_>) -> Option<Strength> {
    let is_valid = luhn(value.digits) && value.digits[2] >= 2 && matches!(value.digits[0], 1 | 2 | 5..=9);
    match (value.code.groups, value.code.separator) {
        (0x64, b'-') => Fair.when(is_valid),
        (0xa, _) => Weak.when(is_valid),
        _ => None,
    }
}

/// Date of birth (the day plus forty for D numbers), serial, two check digits modulo 11.
fn norwegian(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let first = weighted(digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    let (day, month) = (two(digits, 0), two(digits, 2));
    let is_born = is_day(if day > 40 { day - 40 } else { day }, if month > 40 { month % 40 } else { month });
    let is_valid = first.is_multiple_of(11) && second.is_multiple_of(11);
    match value.code.groups {
        0xb | 0x65 | 0x632 => if is_valid { Strong } else { Form }.when(is_born),
        _ => None,
    }
}

fn norwegian_company(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let is_valid = (11 - rest) % 11 == u32::from(value.digits[8]) && matches!(value.digits[0], 8 | 9);
    Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x333))
}

/// Date of birth and serial; the sum modulo 11 is no longer kept.
fn danish(value: &Value<'_>) -> Option<Strength> {
    let is_born = is_day(two(value.digits, 0), two(value.digits, 2));
    let is_summed = weighted(value.digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11);
    match (value.code.groups, value.code.separator, is_summed) {
        (0x64, b'-', true) => Fair.when(is_born),
        (0x64, b'-' | b' ', _) | (0xa, _, true) => Weak.when(is_born),
        (0xa, ..) => Form.when(is_born),
        _ => None,
    }
}

/// Date of birth, a sign for the century, serial, check sign modulo 31.
fn finnish(value: &Value<'_>) -> Option<Strength> {
    let is_long = value.chars.len() == 11;
    let is_sign = if is_long {
        b"ABCDEFYXWVU".contains(&value.chars[6]) && value.is_plain()
    } else {
        value.code.groups == 0x64 && matches!(value.code.separator, b'-' | b'+')
    };
    let serial = number(&value.digits[value.chars.len() - 4..value.chars.len() - 1]);
    let rest = (number(&value.digits[..6]) * 1_000 + serial) % 31;
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[usize::try_from(rest).unwrap_or(0)];
    let is_valid = value.chars.last() == Some(&check) && serial >= 2;
    Strong.when(is_sign && is_valid && is_day(two(value.digits, 0), two(value.digits, 2)))
}

fn finnish_company(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[7, 9, 10, 5, 8, 4, 2]) % 11;
    let check = if rest == 0 { 0 } else { 11 - rest };
    Weak.when(value.is_written(0x71, b'-') && check == u32::from(value.digits[7]))
}

/// Date of birth, serial, check digit, century.
fn icelandic(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let rest = weighted(digits, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let day = two(digits, 0);
    let is_valid = (11 - rest) % 11 == u32::from(digits[8]) && matches!(digits[9], 0 | 8 | 9);
    let is_born = is_day(if day > 40 { day - 40 } else { day }, two(digits, 2));
    match (value.code.groups, value.code.separator) {
        (0x64, b'-') => Fair.when(is_valid && is_born),
        (0xa, _) => Weak.when(is_valid && is_born),
        _ => None,
    }
}
