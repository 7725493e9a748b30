//! The Americas.
//!
//! Sources: IRS *Individual taxpayer identification number* (groups), CMS *National provider identifier standard* and
//! *Understanding the Medicare beneficiary identifier format*, DEA registration numbers, Service Canada *SIN*, Receita
//! Federal (CPF, CNPJ with letters from 2026), SAT *RFC* and RENAPO *CURP*, AFIP (CUIT), SII (RUT), SUNAT (RUC), the
//! Ecuadorian and Dominican civil registers.

use crate::checks::{is_day, is_uniform, luhn, luhn_sum, two, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Form, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.us.itin", &["999999999"], itin),
    Scheme::national("id.us.ein", &["999999999"], ein),
    Scheme::national("id.us.npi", &["9999999999"], npi),
    Scheme::national("id.us.mbi", &["9AX9AX9AA99"], mbi),
    Scheme::national("id.us.dea", &["AA9999999", "A99999999"], dea),
    Scheme::national("id.ca.sin", &["999999999"], sin),
    Scheme::national("id.br.cpf", &["99999999999"], cpf),
    Scheme::national("id.br.cnpj", &["XXXXXXXXXXXX99"], cnpj),
    Scheme::national("id.br.pis", &["99999999999"], pis),
    Scheme::national("id.mx.curp", &["AAAA999999AAAAAAX9"], curp),
    Scheme::national("id.mx.rfc", &["AAAA999999XXX", "AAA999999XXX"], rfc),
    Scheme::national("id.ar.cuit", &["99999999999"], cuit),
    Scheme::national("id.cl.rut", &["9999999X", "99999999X"], rut),
    Scheme::national("id.pe.ruc", &["99999999999"], ruc),
    Scheme::national("id.ec.cedula", &["9999999999"], ecuador),
    Scheme::national("id.do.cedula", &["99999999999"], dominican),
];

/// Area 9xx with the groups that are given to taxpayers.
fn itin(value: &Value<'_>) -> Option<Strength> {
    let group = two(value.digits, 3);
    let is_given = value.digits[0] == 9 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    match (value.code.groups, value.code.separator) {
        (0x324, b'-') => Strong.when(is_given),
        (0x324, b' ') => Fair.when(is_given),
        (0x9, _) | (0x36 | 0x54, b'-') => Weak.when(is_given),
        _ => None,
    }
}

fn ein(value: &Value<'_>) -> Option<Strength> {
    Form.when(value.is_written(0x27, b'-'))
}

/// Luhn's sum with the prefix 80840 in front.
fn npi(value: &Value<'_>) -> Option<Strength> {
    let is_valid = matches!(value.digits[0], 1 | 2) && (luhn_sum(value.digits) + 24).is_multiple_of(10);
    Weak.when(is_valid && matches!(value.code.groups, 0xa | 0x433) && !is_uniform(&value.digits[..9]))
}

/// Eleven signs in fixed places, without the letters that look like digits.
fn mbi(value: &Value<'_>) -> Option<Strength> {
    let is_made_of = !value.chars.iter().any(|byte| b"SLOIBZ".contains(byte)) && value.digits[0] != 0;
    Strong.when(is_made_of && (value.is_plain() || value.is_written(0x434, b'-')))
}

/// Prescribers: two letters, the second from the name, six digits and a check digit.
fn dea(value: &Value<'_>) -> Option<Strength> {
    let digits = &value.digits[2..];
    let sum = weighted(digits, &[1, 2, 1, 2, 1, 2]);
    let is_kind = b"ABCDEFGHJKLMPRSTUX".contains(&value.chars[0])
        && (value.chars[1] == b'9' || value.chars[1].is_ascii_uppercase());
    Weak.when(is_kind && sum % 10 == u32::from(digits[6]) && value.is_plain())
}

/// Luhn's sum; none begins with 0 or 8.
fn sin(value: &Value<'_>) -> Option<Strength> {
    let is_valid = luhn(value.digits) && !matches!(value.digits[0], 0 | 8) && !is_uniform(value.digits);
    match (value.code.groups, value.code.separator) {
        (0x333, b' ' | b'-') => Fair.when(is_valid),
        (0x9, _) => Weak.when(is_valid),
        _ => None,
    }
}

/// Returns whether the last two digits follow from those before, modulo 11, with weights from `from` down.
fn two_checks(digits: &[u32], from: u32) -> bool {
    let check = |digits: &[u32]| {
        let weights = (2..=from).cycle();
        let rest = digits.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11;
        if rest < 2 { 0 } else { 11 - rest }
    };
    let body = digits.len() - 2;
    check(&digits[..body]) == digits[body] && check(&digits[..=body]) == digits[body + 1]
}

fn cpf(value: &Value<'_>) -> Option<Strength> {
    let digits: [u32; 11] = std::array::from_fn(|place| u32::from(value.digits[place]));
    let is_valid = two_checks(&digits, 11) && !is_uniform(value.digits);
    // In its own groups the form says enough for a label, and a right sum leaves no doubt.
    match value.code.groups {
        0x3332 if is_valid => Some(Strong),
        0x3332 | 0x92 if value.code.separator == b'*' => Form.when(true),
        0xb | 0x92 => Fair.when(is_valid),
        _ => None,
    }
}

/// Twelve letters or digits, each its code less that of zero, and two check digits.
fn cnpj(value: &Value<'_>) -> Option<Strength> {
    let signs: [u32; 14] = std::array::from_fn(|place| u32::from(value.chars[place] - b'0'));
    let is_valid = two_checks(&signs, 9) && !is_uniform(value.digits) && value.digits[0..8] != [0; 8];
    match value.code.groups {
        0x23342 => Strong.when(is_valid),
        0xe => Fair.when(is_valid),
        _ => None,
    }
}

fn pis(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest < 2 { 0 } else { 11 - rest };
    let is_valid = check == u32::from(value.digits[10]) && !is_uniform(value.digits);
    if value.code.groups == 0x3521 { Fair } else { Weak }.when(is_valid)
}

/// Letters of the names, date of birth, sex, state, consonants.
fn curp(value: &Value<'_>) -> Option<Strength> {
    let is_born = is_day(two(value.digits, 8), two(value.digits, 6));
    Strong.when(is_born && b"HMX".contains(&value.chars[10]))
}

/// Letters of the names, date of birth or foundation, three signs.
fn rfc(value: &Value<'_>) -> Option<Strength> {
    let at = value.chars.len() - 9;
    let is_born = is_day(two(value.digits, at + 4), two(value.digits, at + 2));
    let is_checked = value.chars.last().is_some_and(|last| last.is_ascii_digit() || *last == b'A');
    if at == 4 { Strong } else { Fair }.when(is_born && is_checked)
}

fn cuit(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = match 11 - rest {
        11 => 0,
        10 => 9,
        check => check,
    };
    let is_kind = matches!(two(value.digits, 0), 20 | 23 | 24..=27 | 30 | 33 | 34);
    let is_valid = check == u32::from(value.digits[10]) && is_kind;
    if value.code.groups == 0x281 { Strong } else { Fair }
        .when(is_valid && matches!(value.code.groups, 0x281 | 0xb))
}

/// Seven or eight digits and a check sign modulo 11, `K` for ten.
fn rut(value: &Value<'_>) -> Option<Strength> {
    let body = value.chars.len() - 1;
    let sum = value.digits[..body]
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7].iter().cycle())
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum::<u32>();
    let check = b"0K987654321"[(sum % 11) as usize];
    let is_valid = check == value.chars[body] && value.digits[..body].iter().any(|digit| *digit != 0);
    match value.code.groups {
        0x2331 | 0x1331 if value.code.separator == b'*' => Strong.when(is_valid),
        0x81 | 0x71 if value.code.separator == b'-' => Fair.when(is_valid),
        _ => Weak.when(is_valid && value.is_plain()),
    }
}

fn ruc(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let is_kind = matches!(two(value.digits, 0), 10 | 15 | 17 | 20);
    Weak.when((11 - rest) % 10 == u32::from(value.digits[10]) && is_kind && value.is_plain())
}

fn ecuador(value: &Value<'_>) -> Option<Strength> {
    let is_place = matches!(two(value.digits, 0), 1..=24 | 30) && value.digits[2] < 6;
    Weak.when(luhn(value.digits) && is_place && matches!(value.code.groups, 0xa | 0x91))
}

fn dominican(value: &Value<'_>) -> Option<Strength> {
    let is_grouped = value.code.groups == 0x371;
    if is_grouped { Fair } else { Weak }
        .when(luhn(value.digits) && (is_grouped || value.is_plain()) && !is_uniform(value.digits))
}
