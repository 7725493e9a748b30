//! Accounts and routing numbers of banks, other than IBANs.
//!
//! Finds what a label announces as an account, sort code, BLZ, IFSC, BSB, CLABE or routing number, the routing numbers of the
//! American Bankers Association by their check digit (ABA *Routing number policy*), CLABEs by theirs, and IFSCs by their form
//! (Reserve Bank of India). Leaves bare runs of digits.

use super::Recogniser;
use crate::checks::weighted;
use crate::schemes::{Scheme, Schemes, Strength, Value};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

use Strength::{Fair, Form, Strong, Weak};

const BANK: Topics = Topics::BANK.with(Topics::ROUTING);

pub(super) const SCHEMES: &[Scheme] = &[
    scheme("bank.routing", &["999999999"], routing),
    scheme("bank.sort_code", &["999999"], sort_code),
    scheme("bank.clabe", &["999999999999999999"], clabe),
    scheme("bank.ifsc", &["AAAA9XXXXXX"], ifsc),
    scheme(
        "bank.account",
        &["99999999", "9999999999", "99999999999", "999999999999", "99999999999999999999"],
        account,
    ),
];

const fn scheme(
    rule: &'static str,
    shapes: &'static [&'static str],
    check: fn(&Value<'_>) -> Option<Strength>,
) -> Scheme {
    Scheme { rule, kind: Kind::BankAccount, shapes, check, topics: BANK }
}

struct BankAccount(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(BankAccount(Schemes::new(&[SCHEMES])))
}

impl Recogniser for BankAccount {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::BankAccount])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
        for value in doc.labelled().iter().filter(|value| value.label.meets(BANK)) {
            // It says more than a label of just any number.
            let (start, end, score) = (value.start, value.end, value.score + 0.01);
            findings.push(Finding { kind: Kind::BankAccount, start, end, score, rule: "bank.label" });
        }
    }
}

/// Federal Reserve district, office, institution, check digit.
fn routing(value: &Value<'_>) -> Option<Strength> {
    let is_district = matches!(value.digits[0] * 10 + value.digits[1], 0..=12 | 21..=32 | 61..=72 | 80);
    let sum = weighted(value.digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    let is_valid = is_district && sum > 0 && sum.is_multiple_of(10);
    match (value.code.groups, value.code.separator) {
        (0x441, b'-') => Fair.when(is_valid),
        (0x9, _) => Weak.when(is_valid),
        _ => None,
    }
}

/// Three pairs, as British and Irish banks write them: a date as often.
fn sort_code(value: &Value<'_>) -> Option<Strength> {
    Form.when(
        matches!(value.code.groups, 0x222 | 0x33 | 0x6) && matches!(value.code.separator, b'-' | b' ' | 0),
    )
}

/// Mexico's eighteen digits, the last from the others with weights three, seven, one.
fn clabe(value: &Value<'_>) -> Option<Strength> {
    let sum: u32 = value.digits[..17]
        .iter()
        .zip([3, 7, 1].iter().cycle())
        .map(|(digit, weight)| u32::from(*digit) * weight % 10)
        .sum();
    Fair.when((10 - sum % 10) % 10 == u32::from(value.digits[17]))
}

/// A bank's four letters, zero, six signs of the branch.
fn ifsc(value: &Value<'_>) -> Option<Strength> {
    let is_branch = value.chars[5..].iter().filter(|byte| byte.is_ascii_digit()).count() >= 3;
    Strong.when(value.digits[4] == 0 && value.chars[4] == b'0' && is_branch && value.is_plain())
}

fn account(value: &Value<'_>) -> Option<Strength> {
    Form.when(value.is_plain() || value.code.groups == 0x44)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_district_has_one_check_digit() {
        for district in (0..=12_u32).chain(21..=32).chain(61..=72) {
            let fitting = (0..10).filter(|last| {
                let digits: Vec<u8> =
                    format!("{district:02}123456{last}").bytes().map(|byte| byte - b'0').collect();
                weighted(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
            });
            assert_eq!(fitting.count(), 1);
        }
    }
}
