//! Mobile devices' numbers.
//!
//! Finds fifteen digits (sixteen with a version) that satisfy Luhn's sum and begin with a reporting body's two digits
//! (3GPP TS 23.003, GSMA TS.06), where a label or words about devices stand near, or in their own groups. Leaves bare runs.

use super::Recogniser;
use crate::checks::{is_uniform, luhn};
use crate::schemes::{Scheme, Schemes, Strength, Value};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

pub(super) const SCHEMES: &[Scheme] = &[Scheme {
    rule: "imei",
    kind: Kind::Imei,
    shapes: &["999999999999999", "9999999999999999"],
    check,
    topics: Topics::IMEI,
}];

struct Imei(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Imei(Schemes::new(&[SCHEMES])))
}

impl Recogniser for Imei {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Imei])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
    }
}

fn check(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    if is_uniform(digits) || !is_body(digits[0] * 10 + digits[1]) {
        return None;
    }
    match (digits.len(), value.code.groups) {
        (15, 0x2661 | 0x861) => if luhn(digits) { Strength::Strong } else { Strength::Form }.when(true),
        (15, 0xf) => if luhn(digits) { Strength::Weak } else { Strength::Form }.when(true),
        (16, 0x2662 | 0x862) => Some(Strength::Fair),
        (16, 0xf) => Some(Strength::Form),
        _ => None,
    }
}

/// Bodies that give out numbers, and those that gave them out.
fn is_body(first: u8) -> bool {
    matches!(first, 0..=1 | 10 | 30 | 33 | 35 | 44 | 45 | 49..=54 | 86 | 91 | 98 | 99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_is_known() {
        let known: Vec<u8> = (0..100).filter(|first| is_body(*first)).collect();
        assert_eq!(known, [0, 1, 10, 30, 33, 35, 44, 45, 49, 50, 51, 52, 53, 54, 86, 91, 98, 99]);
    }
}
