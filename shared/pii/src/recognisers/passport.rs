//! Passports' numbers.
//!
//! Finds what a label announces as a passport's, and the forms of countries' passports (ICAO 9303: up to nine letters and
//! digits) where words about passports stand near, and the two machine-readable lines. Leaves such forms anywhere else:
//! they are those of parts, orders and flights as well.

use super::Recogniser;
use crate::checks::value as char_value;
use crate::schemes::{Scheme, Schemes, Strength, Value};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

pub(super) const SCHEMES: &[Scheme] = &[Scheme {
    rule: "passport.form",
    kind: Kind::Passport,
    shapes: &[
        "999999999",
        "A9999999",
        "AA9999999",
        "AA999999",
        "A99999999",
        "A999999",
        "AAA999999",
        "A999A9999",
        "99AA99999",
        "AXXXXXXX9",
        "9999999999",
        "AA99999",
    ],
    check,
    topics: Topics::PASSPORT,
}];

struct Passport(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Passport(Schemes::new(&[SCHEMES])))
}

impl Recogniser for Passport {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Passport])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
        for value in doc.labelled().iter().filter(|value| value.label.meets(Topics::PASSPORT)) {
            let Some(score) = (value.digits >= 5).then_some(value.score + 0.01) else { continue };
            let (start, end) = (value.start, value.end);
            findings.push(Finding { kind: Kind::Passport, start, end, score, rule: "passport.label" });
        }
        machine_readable(doc, findings);
    }
}

/// Few passports' numbers have no letter; none is written in groups but the Russian.
fn check(value: &Value<'_>) -> Option<Strength> {
    let is_russian = value.digits.len() == 10;
    Strength::Form.when(if is_russian { matches!(value.code.groups, 0x46 | 0x226) } else { value.is_plain() })
}

/// Length of a line of a passport.
const LINE: usize = 44;

/// `P<UTOERIKSSON<<ANNA<MARIA<<<…` and the line below, which ends in check digits (ICAO 9303-4).
fn machine_readable(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    let bytes = doc.bytes();
    let mut done = 0;
    for at in doc.marks(b'<') {
        if at < done || at == 0 || !matches!(bytes[at - 1], b'P' | b'V') && at < 2 {
            continue;
        }
        let start = at - 1;
        let is_sign = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'<';
        let Some(first) = bytes.get(start..start + LINE) else { break };
        if !matches!(first[0], b'P' | b'V') || !first.iter().all(is_sign) {
            continue;
        }
        done = start + LINE;
        let gap = bytes[done..].iter().take(3).take_while(|byte| byte.is_ascii_whitespace()).count();
        let second = bytes.get(done + gap..done + gap + LINE).filter(|line| line.iter().all(is_sign));
        let is_checked = second.is_some_and(|line| check_digit(&line[..9]) == char_value(line[9]));
        if is_checked {
            done += gap + LINE;
        }
        let score = if is_checked { 0.99 } else { 0.9 };
        findings.push(Finding { kind: Kind::Passport, start, end: done, score, rule: "passport.lines" });
    }
}

/// Weights seven, three, one; letters from ten, fillers nothing.
fn check_digit(signs: &[u8]) -> u32 {
    signs.iter().zip([7, 3, 1].iter().cycle()).map(|(sign, weight)| char_value(*sign) * weight).sum::<u32>()
        % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_s_example_has_its_check_digits() {
        for (signs, check) in [(&b"L898902C3"[..], 6), (b"740812", 2), (b"120415", 9), (b"D23145890", 7)] {
            assert_eq!(check_digit(signs), check);
        }
    }
}
