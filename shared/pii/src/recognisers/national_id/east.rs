//! Central, eastern and south-eastern Europe.
//!
//! Sources: Polish *PESEL* (law of 24 September 2010) and *NIP*, *REGON* (GUS), Czech law 133/2000 (rodné číslo), Estonian
//! *isikukood* EVS 585, Lithuanian *asmens kodas*, Latvian *personas kods*, Romanian OUG 97/2005 (CNP), Bulgarian ГРАО (ЕГН),
//! Hungarian law XX of 1996, Croatian *OIB* (ISO 7064), Yugoslav JMBG of 1976, Greek *ΑΦΜ* and *ΑΜΚΑ*, Russian ФНС (ИНН) and ПФР
//! (СНИЛС), Ukrainian *РНОКПП*.

use crate::checks::{is_day, is_uniform, luhn, mod_11_10, number, two, value as char_value, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Form, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.pl.pesel", &["99999999999"], pesel),
    Scheme::national("id.pl.nip", &["9999999999"], nip),
    Scheme::national("id.pl.regon", &["999999999"], regon),
    Scheme::national("id.pl.card", &["AAA999999"], polish_card),
    Scheme::national("id.cz.birth", &["9999999999", "999999999"], birth_number),
    Scheme::national("id.cz.company", &["99999999"], ico),
    Scheme::national("id.baltic.person", &["99999999999"], baltic),
    Scheme::national("id.lv.person", &["99999999999"], latvian),
    Scheme::national("id.ro.cnp", &["9999999999999"], romanian),
    Scheme::national("id.bg.egn", &["9999999999"], bulgarian),
    Scheme::national("id.hu.taj", &["999999999"], hungarian_insurance),
    Scheme::national("id.hu.tax", &["9999999999"], hungarian_tax),
    Scheme::national("id.hr.oib", &["99999999999"], croatian),
    Scheme::national("id.yu.jmbg", &["9999999999999"], yugoslav),
    Scheme::national("id.gr.afm", &["999999999"], greek_tax),
    Scheme::national("id.gr.amka", &["99999999999"], greek_insurance),
    Scheme::national("id.ru.inn", &["999999999999", "9999999999"], russian_tax),
    Scheme::national("id.ru.snils", &["99999999999"], snils),
    Scheme::national("id.ua.tax", &["9999999999"], ukrainian),
];

/// Date of birth, the month plus twenty a century, serial, check digit.
fn pesel(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let is_valid = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10);
    Fair.when(is_valid && is_day(two(digits, 4), two(digits, 2) % 20) && value.is_plain())
}

fn nip(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
    let is_valid = rest == u32::from(value.digits[9]) && number(value.digits) > 0;
    match (value.code.groups, value.code.separator) {
        (0x3322 | 0x3223, b'-') => Fair.when(is_valid),
        (0xa | 0x3322 | 0x3223, _) => Weak.when(is_valid),
        _ => None,
    }
}

fn regon(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10;
    Weak.when(rest == u32::from(value.digits[8]) && value.is_plain() && number(value.digits) > 0)
}

/// Three letters, a check digit, five digits.
fn polish_card(value: &Value<'_>) -> Option<Strength> {
    let weights = [7, 3, 1, 0, 7, 3, 1, 7, 3];
    let sum: u32 = value.chars.iter().zip(weights).map(|(byte, weight)| char_value(*byte) * weight).sum();
    Weak.when(sum % 10 == u32::from(value.digits[3]) && matches!(value.code.groups, 0x9 | 0x36))
}

/// Date of birth, women's months plus fifty, serial; divisible by eleven since 1954.
fn birth_number(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let month = two(digits, 2) % 50;
    let is_born = is_day(two(digits, 4), if month > 20 { month - 20 } else { month });
    let is_valid = digits.len() == 9 || number(digits).is_multiple_of(11);
    match (value.code.groups, value.code.separator) {
        (0x64, b'/') => Strong.when(is_born && is_valid),
        (0x63, b'/') => Fair.when(is_born),
        (0xa, _) => Fair.when(is_born && is_valid),
        (0x64, _) => Weak.when(is_born && is_valid),
        _ => None,
    }
}

fn ico(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    Form.when((11 - rest) % 10 == u32::from(value.digits[7]) && value.is_plain())
}

/// Estonia and Lithuania: century and sex, date of birth, serial, a check digit in two tries.
fn baltic(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let first = weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let sum = if first == 10 { weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10 } else { first };
    let is_born = matches!(digits[0], 1..=8) && is_day(two(digits, 5), two(digits, 3));
    Fair.when(sum == u32::from(digits[10]) && is_born && value.is_plain())
}

/// Date of birth, century, serial, check digit; or 32 and no date.
fn latvian(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let sum = 1101 - weighted(digits, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let is_born = is_day(two(digits, 0), two(digits, 2)) && digits[6] < 3;
    let is_valid = sum % 11 % 10 == u32::from(digits[10]) && is_born;
    match (value.code.groups, value.code.separator, two(digits, 0)) {
        (0x65, b'-', 32) => Some(Weak),
        (0x65, b'-', _) => Strong.when(is_valid),
        (0xb, ..) => Fair.when(is_valid),
        _ => None,
    }
}

/// Century and sex, date of birth, county, serial, check digit.
fn romanian(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let rest = weighted(digits, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let is_born =
        digits[0] != 0 && is_day(two(digits, 5), two(digits, 3)) && matches!(two(digits, 7), 1..=52 | 70);
    Strong.when((if rest == 10 { 1 } else { rest }) == u32::from(digits[12]) && is_born && value.is_plain())
}

/// Date of birth, the month plus twenty or forty by century, serial, check digit.
fn bulgarian(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let rest = weighted(digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    Fair.when(rest == u32::from(digits[9]) && is_day(two(digits, 4), two(digits, 2) % 20) && value.is_plain())
}

fn hungarian_insurance(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10;
    Weak.when(
        sum == u32::from(value.digits[8])
            && matches!(value.code.groups, 0x9 | 0x333)
            && number(value.digits) > 0,
    )
}

fn hungarian_tax(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
    Weak.when(value.digits[0] == 8 && sum == u32::from(value.digits[9]) && value.is_plain())
}

fn croatian(value: &Value<'_>) -> Option<Strength> {
    Weak.when(mod_11_10(value.digits) && value.is_plain())
}

/// Date of birth, region, serial, check digit; still in use from Slovenia to North Macedonia.
fn yugoslav(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let rest = weighted(digits, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let is_valid = rest != 1 && (11 - rest) % 11 == u32::from(digits[12]);
    let is_born = is_day(two(digits, 0), two(digits, 2)) && matches!(digits[4], 0 | 8 | 9);
    Strong.when(is_valid && is_born && value.is_plain())
}

fn greek_tax(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[256, 128, 64, 32, 16, 8, 4, 2]);
    Weak.when(sum % 11 % 10 == u32::from(value.digits[8]) && value.is_plain() && number(value.digits) > 0)
}

fn greek_insurance(value: &Value<'_>) -> Option<Strength> {
    let is_born = is_day(two(value.digits, 0), two(value.digits, 2));
    Fair.when(luhn(value.digits) && is_born && value.is_plain())
}

fn russian_tax(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let check = |weights: &[u32]| weighted(digits, weights) % 11 % 10;
    let is_long = digits.len() == 12;
    let is_valid = if is_long {
        check(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == u32::from(digits[10])
            && check(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == u32::from(digits[11])
    } else {
        check(&[2, 4, 10, 3, 5, 9, 4, 6, 8]) == u32::from(digits[9])
    };
    if is_long { Fair } else { Weak }.when(is_valid && value.is_plain() && two(digits, 0) != 0)
}

/// Nine digits and their sum modulo 101, written 3-3-3 2.
fn snils(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    let is_valid = u64::from(sum) == number(&value.digits[9..]) && !is_uniform(value.digits);
    match value.code.groups {
        0x3332 => Strong.when(is_valid),
        0xb => Fair.when(is_valid),
        _ => None,
    }
}

fn ukrainian(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    // The first weight is minus one.
    let sum = weighted(digits, &[10, 5, 7, 9, 4, 6, 10, 5, 7]) % 11 % 10;
    Weak.when(sum == u32::from(digits[9]) && value.is_plain() && number(digits) > 0)
}
