//! Africa and Oceania.
//!
//! Sources: South African *Identification Act* 68 of 1997, Egyptian civil status number, Ghana Card, Australian ATO (TFN),
//! ABR (ABN) and ASIC (ACN) check rules, Services Australia (Medicare, IHI), Inland Revenue of New Zealand (IRD).

use crate::checks::{is_day, is_uniform, luhn, number, two, weighted};
use crate::schemes::{Scheme, Strength, Value};

use Strength::{Fair, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme::national("id.za.identity", &["9999999999999"], south_african),
    Scheme::national("id.eg.identity", &["99999999999999"], egyptian),
    Scheme::national("id.gh.card", &["AAA9999999999"], ghanaian),
    Scheme::national("id.au.tfn", &["999999999"], tax_file),
    Scheme::national("id.au.abn", &["99999999999"], business),
    Scheme::national("id.au.acn", &["999999999"], company),
    Scheme::national("id.au.medicare", &["9999999999", "99999999999"], medicare),
    Scheme::national("id.nz.ird", &["999999999", "99999999"], inland_revenue),
];

/// Date of birth, serial, citizenship, 8 or 9, Luhn.
fn south_african(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let is_known = is_day(two(digits, 4), two(digits, 2)) && digits[10] < 3 && matches!(digits[11], 8 | 9);
    Strong.when(is_known && luhn(digits) && matches!(value.code.groups, 0xd | 0x6421 | 0x6412))
}

/// Century, date of birth, governorate, serial.
fn egyptian(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let is_born = matches!(digits[0], 2 | 3) && is_day(two(digits, 5), two(digits, 3));
    Weak.when(is_born && matches!(two(digits, 7), 1..=35 | 88) && value.is_plain())
}

fn ghanaian(value: &Value<'_>) -> Option<Strength> {
    Strong.when(value.is_written(0x391, b'-') && value.chars.starts_with(b"GHA"))
}

fn tax_file(value: &Value<'_>) -> Option<Strength> {
    let is_valid = weighted(value.digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11);
    Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x333) && !is_uniform(value.digits))
}

/// Two check digits and nine more, the first less one, modulo 89.
fn business(value: &Value<'_>) -> Option<Strength> {
    let sum = weighted(value.digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    let is_valid = value.digits[0] != 0 && (sum + 89 - 10).is_multiple_of(89);
    Fair.when(is_valid && matches!(value.code.groups, 0xb | 0x2333))
}

fn company(value: &Value<'_>) -> Option<Strength> {
    let rest = weighted(value.digits, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10;
    let is_valid = (10 - rest) % 10 == u32::from(value.digits[8]) && number(value.digits) > 0;
    Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x333))
}

/// Eight digits, a check digit, the card's issue, the person's place on it.
fn medicare(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let is_valid = matches!(digits[0], 2..=6)
        && weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(digits[8])
        && digits[9] != 0;
    match value.code.groups {
        0x451 | 0x4511 => Fair.when(is_valid),
        0xa | 0xb => Weak.when(is_valid),
        _ => None,
    }
}

fn inland_revenue(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    let number = number(digits);
    let body = number / 10;
    let sum = |weights: [u64; 8]| {
        let places = (0..8).map(|place| body / 10_u64.pow(7 - place) % 10);
        let rest = places.zip(weights).map(|(digit, weight)| digit * weight).sum::<u64>() % 11;
        if rest == 0 { 0 } else { 11 - rest }
    };
    let check = match sum([3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => sum([7, 4, 3, 2, 5, 2, 7, 6]),
        check => check,
    };
    let is_valid = (10_000_000..150_000_000).contains(&number) && check == number % 10;
    Weak.when(is_valid && matches!(value.code.groups, 0x9 | 0x8 | 0x333 | 0x233))
}
