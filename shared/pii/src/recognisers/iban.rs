//! International bank account numbers.
//!
//! Finds a country's letters, two check digits and as many characters as the country's numbers have (SWIFT, *IBAN
//! Registry*, release 99), in one run or in groups, in capitals or not, whose value modulo 97 is one (ISO 13616). Behind a
//! label that says IBAN or account sum and length may be wrong: a slip of the pen still names an account. Leaves all else.

use super::Recogniser;
use crate::checks::alphanumeric_mod;
use crate::topics::{Context, Topics};
use crate::{Doc, Finding, Kind, Kinds};

/// Countries and the length of their numbers. Those behind the line have no entry in the registry but use the form.
const COUNTRIES: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
    // Not in the registry.
    (b"AO", 25),
    (b"BF", 28),
    (b"BJ", 28),
    (b"CF", 27),
    (b"CG", 27),
    (b"CI", 28),
    (b"CM", 27),
    (b"CV", 25),
    (b"DZ", 26),
    (b"GA", 27),
    (b"GQ", 27),
    (b"GW", 25),
    (b"IR", 26),
    (b"KM", 27),
    (b"MA", 28),
    (b"MG", 27),
    (b"ML", 28),
    (b"MZ", 25),
    (b"NE", 28),
    (b"SN", 28),
    (b"TD", 27),
    (b"TG", 28),
];

/// Shortest and longest number.
const SHORTEST: usize = 15;
const LONGEST: usize = 34;

struct Iban;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Iban)
}

impl Recogniser for Iban {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Iban])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let bytes = doc.bytes();
        for group in doc.groups().iter().filter(|group| group.digits() >= 2) {
            let at = group.start as usize;
            let Some(start) = country_before(bytes, at) else { continue };
            let Some(len) = length(&bytes[start..]) else { continue };
            let (end, sum, count) = read(bytes, start, at, len);
            if count == len && sum == 1 && !doc.char_at(end).is_some_and(char::is_alphanumeric) {
                findings.push(Finding { kind: Kind::Iban, start, end, score: 0.99, rule: "iban.sum" });
                continue;
            }
            let (end, _, count) = read(bytes, start, at, LONGEST);
            let is_announced =
                || Context::read(doc.text(), start, end).label.meets(Topics::IBAN.with(Topics::BANK));
            if count >= SHORTEST && !doc.char_at(end).is_some_and(char::is_alphanumeric) && is_announced() {
                findings.push(Finding { kind: Kind::Iban, start, end, score: 0.9, rule: "iban.label" });
            }
        }
    }
}

/// Returns where two letters begin that stand in front of the check digits and behind no other word.
fn country_before(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    // `DE 89 3704…`: some write a space behind the country.
    if end > 0 && bytes[end - 1] == b' ' {
        end -= 1;
    }
    let start = end.checked_sub(2)?;
    let is_word = bytes[start..end].iter().all(u8::is_ascii_alphabetic);
    let is_glued = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] >= 0x80);
    (is_word && !is_glued).then_some(start)
}

/// Returns how long the numbers of the country are.
fn length(bytes: &[u8]) -> Option<usize> {
    let country = [bytes[0].to_ascii_uppercase(), bytes[1].to_ascii_uppercase()];
    COUNTRIES.iter().find(|(known, _)| **known == country).map(|(_, len)| *len)
}

/// Reads `len` letters and digits, single spaces, dashes or dots between them. Returns the end, the sum and how many there
/// were.
fn read(bytes: &[u8], start: usize, digits: usize, len: usize) -> (usize, u32, usize) {
    let mut chars = [0; LONGEST];
    (chars[0], chars[1]) = (bytes[start], bytes[start + 1]);
    let mut count = 2;
    let mut end = digits;
    let mut at = digits;
    while count < len {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                // The check digits are digits.
                if count < 4 && !byte.is_ascii_digit() {
                    break;
                }
                chars[count] = *byte;
                count += 1;
                end = at + 1;
            }
            Some(b' ' | b'-' | b'.') if at == end => {}
            _ => break,
        }
        at += 1;
    }
    let sum = alphanumeric_mod(chars[4..count.max(4)].iter().chain(&chars[..4]).copied(), 97);
    (end, sum, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a number of the country with the right check digits.
    fn valid(country: [u8; 2], len: usize) -> String {
        let body = "0".repeat(len - 5) + "7";
        let country = String::from_utf8(country.to_vec()).unwrap();
        let rest = alphanumeric_mod(format!("{body}{country}00").bytes(), 97);
        format!("{country}{:02}{body}", 98 - rest)
    }

    fn finds(text: &str) -> Vec<(usize, usize)> {
        let mut scratch = crate::Scratch::default();
        let mut findings = Vec::new();
        Iban.find(&Doc::read(text, false, &mut scratch), &mut findings);
        findings.iter().map(|finding| (finding.start, finding.end)).collect()
    }

    #[test]
    fn every_country_is_found_and_every_wrong_pair_of_check_digits_is_left() {
        for &(country, len) in COUNTRIES {
            let iban = valid(*country, len);
            assert_eq!(finds(&iban), [(0, len)]);
            assert_eq!(finds(&iban.to_lowercase()), [(0, len)]);
            let grouped =
                iban.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
            assert_eq!(finds(&format!("to {grouped}, now")), [(3, 3 + grouped.len())]);
            let right: u32 = iban[2..4].parse().unwrap();
            for wrong in (0..100).filter(|&wrong| wrong % 97 != right % 97) {
                assert_eq!(finds(&format!("{}{wrong:02}{}", &iban[..2], &iban[4..])), []);
            }
            assert_eq!(finds(&format!("{iban}1")), []);
            assert_eq!(finds(&format!("x{iban}")), []);
        }
    }

    #[test]
    fn countries_stand_once() {
        for (place, (country, len)) in COUNTRIES.iter().enumerate() {
            assert!(COUNTRIES[..place].iter().all(|(other, _)| other != country) && *len <= LONGEST);
        }
    }
}
