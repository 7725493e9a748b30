//! France, Belgium, the Netherlands, Luxembourg and Italy.
//!
//! Sources: INSEE (NIR, SIREN), the French tax office (numéro fiscal, TVA), Belgian *Registre national* (law of 8 August 1983), Dutch
//! register *BSN* and Belastingdienst *btw-id*, Luxembourg's law of 19 June 2013, Italian decree of 12 March 1974 (codice fiscale) and
//! Agenzia delle Entrate (partita IVA).

use crate::checks::{alphanumeric_mod, is_day, is_uniform, luhn, number, two, verhoeff, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Form, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.fr.nir", &["999999X99999999"], nir),
    Scheme::national("id.fr.tax", &["9999999999999"], fiscal),
    Scheme::national("id.fr.siren", &["999999999", "99999999999999"], siren),
    Scheme::national("id.fr.vat", &["AAXX999999999"], french_vat),
    Scheme::national("id.be.register", &["99999999999"], register),
    Scheme::national("id.be.vat", &["AA9999999999", "9999999999"], belgian_vat),
    Scheme::national("id.nl.bsn", &["999999999"], bsn),
    Scheme::national("id.nl.vat", &["AA999999999A99"], dutch_vat),
    Scheme::national("id.lu.register", &["9999999999999"], luxembourg),
    Scheme::national("id.it.fiscal", &["AAAAAAXXAXXAXXXA"], fiscal_code),
    Scheme::national("id.it.vat", &["99999999999", "AA99999999999"], italian_vat),
    Scheme::national("id.it.card", &["AA99999AA", "AA9999999", "9999999AA"], italian_card),
];

/// Sex, year, month, department, commune, serial and a key modulo 97; Corsica's departments have letters.
fn nir(value: &Value<'_>) -> Option<Strength> {
    let month = two(value.digits, 3);
    let is_known =
        matches!(value.digits[0], 1 | 2 | 3 | 4 | 7 | 8) && matches!(month, 1..=12 | 20 | 30..=42 | 50..=99);
    let corsica = match value.chars[6] {
        b'A' => 1_000_000,
        b'B' => 2_000_000,
        b'0'..=b'9' => 0,
        _ => return None,
    };
    let key = 97 - (number(&value.digits[..13]) - corsica.min(number(&value.digits[..13]))) % 97;
    let is_valid = key == number(&value.digits[13..]);
    match value.code.groups {
        0x0122_2332 if is_known => Some(if is_valid { Strong } else { Fair }),
        0xd2 | 0xf => Strong.when(is_known && is_valid),
        _ => Fair.when(is_known && is_valid),
    }
}

/// Thirteen digits, the last three the rest of the others modulo 511.
fn fiscal(value: &Value<'_>) -> Option<Strength> {
    let is_valid = value.digits[0] < 4 && number(&value.digits[..10]) % 511 == number(&value.digits[10..]);
    if value.code.groups == 0x22333 { Fair } else { Weak }.when(is_valid && number(value.digits) > 0)
}

fn siren(value: &Value<'_>) -> Option<Strength> {
    let is_known = matches!(value.code.groups, 0x9 | 0x333 | 0xe | 0x3335);
    Weak.when(luhn(value.digits) && is_known && !is_uniform(value.digits))
}

fn french_vat(value: &Value<'_>) -> Option<Strength> {
    let is_french = value.chars.starts_with(b"FR");
    let siren = number(&value.digits[4..]);
    let key = number(&value.digits[2..4]);
    let is_numeric = value.chars[2].is_ascii_digit() && value.chars[3].is_ascii_digit();
    Strong.when(
        is_french && if is_numeric { (12 + 3 * (siren % 97)) % 97 == key } else { luhn(&value.digits[4..]) },
    )
}

/// Date of birth, serial, and 97 less the rest of both; a 2 in front for those born from 2000 on.
fn register(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let body = number(&digits[..9]);
    let key = number(&digits[9..]);
    let is_valid = [body, 2_000_000_000 + body].iter().any(|body| 97 - body % 97 == key);
    // Months of twenty and forty are those of people who are not residents.
    let is_born = matches!(two(digits, 4), 0..=31) && matches!(two(digits, 2) % 20, 0..=12);
    match value.code.groups {
        0x22232 if is_born => Some(if is_valid { Strong } else { Form }),
        0xb | 0x632 => Fair.when(is_born && is_valid),
        _ => None,
    }
}

fn belgian_vat(value: &Value<'_>) -> Option<Strength> {
    let is_long = value.chars.len() == 12;
    let digits = if is_long { &value.digits[2..] } else { value.digits };
    let is_valid = 97 - number(&digits[..8]) % 97 == number(&digits[8..]) && digits[0] < 2;
    match (is_long, value.code.groups) {
        (true, _) => Strong.when(is_valid && value.chars.starts_with(b"BE")),
        (false, 0x433) => Fair.when(is_valid),
        (false, _) => Weak.when(is_valid && value.is_plain()),
    }
}

fn bsn(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    let is_valid =
        sum % 11 == u32::from(value.digits[8]) % 11 && !is_uniform(value.digits) && number(value.digits) > 0;
    Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x333 | 0x423 | 0x4221))
}

/// `NL`, nine digits, `B`, two digits: modulo 97 with letters from ten, or the old test of eleven.
fn dutch_vat(value: &Value<'_>) -> Option<Strength> {
    let is_form = value.chars.starts_with(b"NL") && value.chars[11] == b'B';
    let is_valid = alphanumeric_mod(value.chars.iter().copied(), 97) == 1
        || weighted(&value.digits[2..], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == u32::from(value.digits[10]);
    if is_valid { Strong } else { Fair }.when(is_form)
}

/// Date of birth, serial, Luhn's check digit and Verhoeff's, each of the first eleven.
fn luxembourg(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let mut other = [0; 12];
    other[..11].copy_from_slice(&digits[..11]);
    other[11] = digits[12];
    let is_born = matches!(two(digits, 0), 18..=20) && is_day(two(digits, 6), two(digits, 4));
    Strong.when(is_born && luhn(&digits[..12]) && verhoeff(&other))
}

/// Letters of the names, year, month as a letter, day (women plus forty), municipality, check letter. Digits may stand as
/// letters where two people would share a code.
fn fiscal_code(value: &Value<'_>) -> Option<Strength> {
    const ODD: [u32; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
        14, 16, 10, 22, 25, 24, 23,
    ];
    let is_replaced =
        |place: usize| value.chars[place].is_ascii_digit() || b"LMNPQRSTUV".contains(&value.chars[place]);
    if ![6, 7, 9, 10, 12, 13, 14].into_iter().all(is_replaced) || !b"ABCDEHLMPRST".contains(&value.chars[8]) {
        return None;
    }
    let sum: u32 = (0..15)
        .map(|place| {
            let sign = value.value(place);
            let even = if sign > 9 { sign - 10 } else { sign };
            if place % 2 == 0 { ODD[sign as usize] } else { even }
        })
        .sum();
    let is_valid = u32::from(value.chars[15] - b'A') == sum % 26;
    Some(if is_valid { Strong } else { Fair })
}

fn italian_vat(value: &Value<'_>) -> Option<Strength> {
    let is_long = value.chars.len() == 13;
    let digits = if is_long { &value.digits[2..] } else { value.digits };
    let is_valid =
        luhn(digits) && number(&digits[..7]) > 0 && matches!(number(&digits[7..10]), 0..=121 | 888 | 999);
    if is_long {
        Strong.when(is_valid && value.chars.starts_with(b"IT"))
    } else {
        Weak.when(is_valid && (value.is_plain() || value.code.separator == b'_'))
    }
}

fn italian_card(value: &Value<'_>) -> Option<Strength> {
    Form.when(value.is_plain() || value.code.groups == 0x27)
}
