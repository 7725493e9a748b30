//! Payment cards' numbers.
//!
//! Finds 12 to 19 digits that satisfy Luhn's sum (ISO/IEC 7812-1), begin as an issuer's numbers do and have one of its
//! lengths, in one run or in the groups that are printed on cards. Leaves other groupings, unless a label says card,
//! and the numbers of nobody: all digits the same.
//!
//! Issuers' ranges are those that the networks publish in their merchants' guides (Visa, Mastercard, American Express,
//! Discover and Diners, JCB, `UnionPay`, Maestro, Mir, `RuPay`, Verve, Troy).

use super::Recogniser;
use crate::checks;
use crate::schemes::{Scheme, Schemes, Strength, Value};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

pub(super) const SCHEMES: &[Scheme] = &[Scheme {
    rule: "card.luhn",
    kind: Kind::Card,
    shapes: &[
        "999999999999",
        "9999999999999",
        "99999999999999",
        "999999999999999",
        "9999999999999999",
        "99999999999999999",
        "999999999999999999",
        "9999999999999999999",
    ],
    check,
    topics: Topics::CARD,
}];

struct Card(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Card(Schemes::new(&[SCHEMES])))
}

impl Recogniser for Card {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Card])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
    }
}

/// Ranges of the first six digits with the lengths that are in use, as bits.
const ISSUERS: &[(u32, u32, u32)] = &[
    (400_000, 499_999, LEN_13 | LEN_16 | LEN_19),
    (510_000, 559_999, LEN_16),
    (222_100, 272_099, LEN_16),
    (340_000, 349_999, LEN_15),
    (370_000, 379_999, LEN_15),
    (300_000, 305_999, LEN_14 | LEN_16 | LEN_19),
    (309_500, 309_599, LEN_14 | LEN_16 | LEN_19),
    (360_000, 369_999, LEN_14 | LEN_16 | LEN_19),
    (380_000, 399_999, LEN_14 | LEN_16 | LEN_19),
    (352_800, 358_999, LEN_16 | LEN_19),
    (601_100, 601_199, LEN_16 | LEN_19),
    (622_126, 622_925, LEN_16 | LEN_19),
    (644_000, 659_999, LEN_16 | LEN_19),
    (620_000, 629_999, LEN_16 | LEN_19),
    (810_000, 817_199, LEN_16 | LEN_19),
    (500_000, 509_999, LEN_12 | LEN_13 | LEN_16 | LEN_19),
    (560_000, 589_999, LEN_12 | LEN_13 | LEN_16 | LEN_19),
    (600_000, 609_999, LEN_16),
    (630_000, 639_999, LEN_12 | LEN_13 | LEN_16 | LEN_19),
    (670_000, 679_999, LEN_12 | LEN_13 | LEN_16 | LEN_19),
    (220_000, 220_499, LEN_16 | LEN_19),
    (979_200, 979_289, LEN_16),
    (180_000, 180_099, LEN_15),
    (213_100, 213_199, LEN_15),
];

const LEN_12: u32 = 1 << 12;
const LEN_13: u32 = 1 << 13;
const LEN_14: u32 = 1 << 14;
const LEN_15: u32 = 1 << 15;
const LEN_16: u32 = 1 << 16;
const LEN_19: u32 = 1 << 19;

fn check(value: &Value<'_>) -> Option<Strength> {
    let digits = value.digits;
    if !checks::luhn(digits) || checks::is_uniform(digits) || !is_issued(digits) {
        return None;
    }
    let len = digits.len();
    match (value.code.groups, value.code.separator) {
        (0x4444 | 0x465 | 0x464 | 0x4_4443, b' ' | b'-' | b'.') => Some(Strength::Strong),
        // Sixteen digits with an issuer's beginning and a right sum: one in twenty of random ones, which are rare.
        (0xf, 0) if matches!(len, 15..) => Some(Strength::Fair),
        (_, 0) if len == 14 => Some(Strength::Fair),
        _ => Some(Strength::Weak),
    }
}

fn is_issued(digits: &[u8]) -> bool {
    let first = digits[..6].iter().fold(0, |number, &digit| number * 10 + u32::from(digit));
    ISSUERS
        .iter()
        .any(|&(from, to, lengths)| (from..=to).contains(&first) && lengths & 1 << digits.len() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_whole_and_its_lengths_are_known() {
        for &(from, to, lengths) in ISSUERS {
            assert!(from <= to && from >= 100_000 && to <= 999_999);
            for first in from..=to {
                for len in (12..=19).filter(|len| lengths & 1 << len != 0) {
                    let mut digits: Vec<u8> =
                        format!("{first:0<len$}").bytes().map(|byte| byte - b'0').collect();
                    assert!(is_issued(&digits));
                    digits[len - 1] = (0..10)
                        .find(|&last| {
                            digits[len - 1] = last;
                            checks::luhn(&digits)
                        })
                        .unwrap();
                    digits.pop();
                }
            }
        }
        for first in [100_000, 200_000, 271_999 + 101, 306_000, 700_000, 900_000] {
            let digits: Vec<u8> = format!("{first:0<16}").bytes().map(|byte| byte - b'0').collect();
            assert!(!is_issued(&digits), "{first}");
        }
    }
}
