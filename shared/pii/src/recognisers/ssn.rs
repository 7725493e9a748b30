//! United States social security numbers.
//!
//! Finds nine digits written 3-2-4 with one sign between the groups, or anyhow where a label says so. Leaves numbers
//! that were never given: area 000, 666 and 900–999, group 00, serial 0000 (Social Security Administration, *Social
//! Security Number Randomization*), and those that its pages name as misused in advertisements. Area 9xx with a taxpayer's
//! group is an ITIN, a national id.

use super::Recogniser;
use crate::schemes::{Scheme, Schemes, Strength, Value};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

pub(super) const SCHEMES: &[Scheme] =
    &[Scheme { rule: "ssn", kind: Kind::Ssn, shapes: &["999999999"], check, topics: Topics::SSN }];

struct Ssn(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Ssn(Schemes::new(&[SCHEMES])))
}

impl Recogniser for Ssn {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Ssn])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
    }
}

fn check(value: &Value<'_>) -> Option<Strength> {
    if !is_given(value.digits) {
        return None;
    }
    match (value.code.groups, value.code.separator) {
        // Written as the card has it. Dots and spaces are rarer, and other numbers are written with them too.
        (0x324, b'-') => Some(Strength::Strong),
        (0x324, b' ' | b'.') => Some(Strength::Fair),
        (0x9, _) if value.code.context(value.text).label.meets(Topics::SSN) => Some(Strength::Fair),
        (0x9 | 0x324, _) | (0x36 | 0x54, b'-') => Some(Strength::Form),
        _ => None,
    }
}

/// Says whether the number may have been given to somebody.
fn is_given(digits: &[u8]) -> bool {
    let number = crate::checks::number(digits);
    let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    let is_never = matches!(area, 0 | 666 | 900..) || group == 0 || serial == 0;
    !is_never && !SHOWN.contains(&number) && !crate::checks::is_uniform(digits)
}

/// Numbers printed on sample cards and in advertisements, and the sequence that stands for any.
const SHOWN: [u64; 4] = [78_051_120, 219_099_999, 457_555_462, 123_456_789];

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(number: u32) -> Vec<u8> {
        format!("{number:09}").bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn every_area_and_every_group_is_judged() {
        for area in 0..1_000 {
            let given = (1..=899).contains(&area) && area != 666;
            assert_eq!(is_given(&digits(area * 1_000_000 + 45_6781)), given, "{area}");
        }
        for group in 0..100 {
            assert_eq!(is_given(&digits(536_000_000 + group * 10_000 + 4321)), group != 0);
        }
    }

    #[test]
    fn every_serial_but_zero_is_given() {
        for serial in 0..10_000 {
            assert_eq!(is_given(&digits(536_900_000 + serial)), serial != 0);
        }
    }
}
