//! Driving licences' numbers.
//!
//! Finds what a label announces as a driving licence's, the British driver number, whose form says enough (DVLA, *What the
//! driver number means*), and the forms of other countries where words about licences stand near. Leaves such forms
//! anywhere else.

use super::Recogniser;
use crate::checks::is_day;
use crate::schemes::{Scheme, Schemes, Strength, Value};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

use Strength::{Fair, Form, Strong, Weak};

pub(super) const SCHEMES: &[Scheme] = &[
    scheme("licence.gb", &["AXXXX999999AXXAA", "AXXXX999999AX9AA"], british),
    scheme("licence.kr", &["999999999999"], korean),
    scheme("licence.it", &["AA9999999A", "A9AXXXXXXA"], italian),
    scheme("licence.in", &["AA9999999999999"], indian),
    scheme(
        "licence.form",
        &[
            "A9999999",
            "A99999999",
            "A999999999999",
            "A99999999999999",
            "AA999999A",
            "999999999",
            "99999999",
            "A999999",
            "A9999999999",
        ],
        form,
    ),
];

const fn scheme(
    rule: &'static str,
    shapes: &'static [&'static str],
    check: fn(&Value<'_>) -> Option<Strength>,
) -> Scheme {
    Scheme { rule, kind: Kind::Licence, shapes, check, topics: Topics::LICENCE }
}

struct Licence(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Licence(Schemes::new(&[SCHEMES])))
}

impl Recogniser for Licence {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Licence])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
        for value in doc.labelled().iter().filter(|value| value.label.meets(Topics::LICENCE)) {
            // It says more than a label of just any number.
            let (start, end, score) = (value.start, value.end, value.score + 0.01);
            findings.push(Finding { kind: Kind::Licence, start, end, score, rule: "licence.label" });
        }
    }
}

/// Five signs of the name, the year's ten, the month (women plus fifty), the day, the year's one, two initials, a digit or
/// sign against doubles, two check letters.
fn british(value: &Value<'_>) -> Option<Strength> {
    let digits = &value.digits[5..11];
    let month = u32::from(digits[1] % 5) * 10 + u32::from(digits[2]);
    let day = u32::from(digits[3]) * 10 + u32::from(digits[4]);
    let name = &value.chars[..5];
    let padding = name.iter().rev().take_while(|byte| **byte == b'9').count();
    let is_name = name[..5 - padding].iter().all(u8::is_ascii_uppercase) && padding < 5;
    let is_born = digits[1] < 7 && is_day(day, month);
    let is_initial = value.chars[12] == b'9' || value.chars[12].is_ascii_uppercase();
    Strong.when(is_name && is_born && is_initial)
}

/// Region or year, year, serial, check.
fn korean(value: &Value<'_>) -> Option<Strength> {
    let is_region = matches!(value.digits[0] * 10 + value.digits[1], 11..=28);
    match (value.code.groups, value.code.separator) {
        (0x2262, b'-' | b' ') => Fair.when(is_region),
        (0xc, _) => Form.when(is_region),
        _ => None,
    }
}

/// Province and serial, or `U1` and the newer form without vowels.
fn italian(value: &Value<'_>) -> Option<Strength> {
    let is_new = value.chars.starts_with(b"U1")
        && !value.chars[1..].iter().any(|byte| b"AEIOQU".contains(byte) && *byte != b'U');
    let is_old = value.chars[..2].iter().all(u8::is_ascii_uppercase);
    Weak.when((is_new || is_old) && value.is_plain())
}

/// State, office, year, serial.
fn indian(value: &Value<'_>) -> Option<Strength> {
    let year = u32::from(value.digits[4]) * 10 + u32::from(value.digits[5]);
    Fair.when(matches!(year, 19 | 20) && !value.chars.starts_with(b"IBAN"))
}

fn form(value: &Value<'_>) -> Option<Strength> {
    Form.when(value.is_plain())
}
