//! Spain and Portugal.
//!
//! Sources: Spanish Ministry of the Interior *Cálculo del dígito de control del NIF/NIE*, Orden EHA/451/2008 (CIF),
//! Portuguese Instituto dos Registos e do Notariado *Cartão de Cidadão*, Portaria 377/2003 (NIF).

use crate::checks::{number, value as char_value, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.es.dni", &["99999999A", "9999999A"], dni),
    Scheme::national("id.es.nie", &["A9999999A"], nie),
    Scheme::national("id.es.cif", &["A9999999X"], cif),
    Scheme::national("id.es.insurance", &["999999999999"], insurance),
    Scheme::national("id.pt.nif", &["999999999", "AA999999999"], nif),
    Scheme::national("id.pt.citizen", &["999999999AA9"], citizen),
    Scheme::national("id.pt.niss", &["99999999999"], niss),
];

const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn letter(number: u64) -> u8 {
    LETTERS[usize::try_from(number % 23).unwrap_or(0)]
}

/// Eight digits (seven for the old) and a letter from them modulo 23.
fn dni(value: &Value<'_>) -> Option<Strength> {
    let body = value.chars.len() - 1;
    let is_valid = letter(number(&value.digits[..body])) == value.chars[body];
    let is_written = value.is_plain()
        || matches!(value.code.groups, 0x81 | 0x71) && matches!(value.code.separator, b'-' | b' ')
        || value.code.groups == 0x2331;
    Fair.when(is_valid && is_written)
}

/// X, Y or Z for 0, 1 or 2 in front of seven digits.
fn nie(value: &Value<'_>) -> Option<Strength> {
    let front = match value.chars[0] {
        b'X' => 0,
        b'Y' => 10_000_000,
        b'Z' => 20_000_000,
        _ => return None,
    };
    Strong.when(letter(front + number(&value.digits[1..8])) == value.chars[8])
}

/// Companies: a letter for the form, seven digits, a digit or letter.
fn cif(value: &Value<'_>) -> Option<Strength> {
    let sum: u32 = value.digits[1..8]
        .iter()
        .enumerate()
        .map(|(place, digit)| u32::from(*digit) * if place % 2 == 0 { 2 } else { 1 })
        .map(|number| number / 10 + number % 10)
        .sum();
    let check = (10 - sum % 10) % 10;
    let last = value.chars[8];
    let is_valid = if last.is_ascii_digit() {
        char_value(last) == check && b"ABCDEFGHJUVNRW".contains(&value.chars[0])
    } else {
        b"JABCDEFGHI"[check as usize] == last && b"KLMNPQRSW".contains(&value.chars[0])
    };
    Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x18 | 0x171))
}

/// Province, serial, and the rest of both modulo 97.
fn insurance(value: &Value<'_>) -> Option<Strength> {
    let serial = number(&value.digits[2..10]);
    let front = number(&value.digits[..2]);
    let body = if serial < 10_000_000 { front * 10_000_000 + serial } else { front * 100_000_000 + serial };
    Weak.when(body % 97 == number(&value.digits[10..]) && (1..=53).contains(&front))
}

fn nif(value: &Value<'_>) -> Option<Strength> {
    let is_long = value.chars.len() == 11;
    let digits = if is_long { &value.digits[2..] } else { value.digits };
    let rest = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest < 2 { 0 } else { 11 - rest };
    let is_valid = check == u32::from(digits[8]) && matches!(digits[0], 1 | 2 | 3 | 5 | 6 | 8 | 9);
    if is_long {
        Strong.when(is_valid && value.chars.starts_with(b"PT"))
    } else {
        Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x333))
    }
}

/// Eight digits, a check digit, two signs of the version and a check of all as Luhn's with letters from ten.
fn citizen(value: &Value<'_>) -> Option<Strength> {
    let sum: u32 = value
        .chars
        .iter()
        .enumerate()
        .map(|(place, byte)| {
            let number = char_value(*byte) * if place % 2 == 0 { 2 } else { 1 };
            if place % 2 == 0 && number > 9 { number - 9 } else { number }
        })
        .sum();
    if sum.is_multiple_of(10) { Strong } else { Weak }.when(value.is_plain() || value.code.groups == 0x813)
}

fn niss(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]);
    Weak.when(
        9 - sum % 10 == u32::from(value.digits[10]) && matches!(value.digits[0], 1 | 2) && value.is_plain(),
    )
}
