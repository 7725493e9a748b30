//! Telephone numbers.
//!
//! Finds runs of 7 to 15 digits (ITU-T E.164) that are written as people write numbers: with a leading `+` or `00`,
//! with an area code in parentheses, or in groups. Leaves dates, years, prices, versions, ids without groups and
//! numbers glued to letters.

use regex::Regex;

use super::{Recogniser, pattern};
use crate::{Doc, Finding, Kind, Kinds};

struct Phone {
    run: Regex,
    not_phone: Regex,
}

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Phone {
        run: pattern(r"(?:\+|\b00)?\(?\d{1,4}\)?(?:[ .\-/\u{a0}\u{2011}\u{2013}]{0,2}\(?\d{1,8}\)?){1,7}"),
        // ISO and European dates, ranges of years, times, IPv4 addresses.
        not_phone: pattern(
            r"^(?:(?:19|20)\d{2}[\-./](?:0?[1-9]|1[0-2])[\-./]\d{1,2}|\d{1,2}[\-./]\d{1,2}[\-./](?:19|20)?\d{2}|(?:19|20)\d{2}\s?[\-–/ ]\s?(?:19|20)\d{2}|\d{1,3}(?:\.\d{1,3}){3})(?:\D|$)",
        ),
    })
}

impl Recogniser for Phone {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Phone])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let text = doc.text();
        for found in self.run.find_iter(text) {
            let number = found.as_str().trim_end_matches([' ', '.', '-', '/', '(', '\u{a0}', '\u{2013}']);
            let (start, end) = (found.start(), found.start() + number.len());
            let Some((score, rule)) = self.judge(number, before(text, start), after(text, end)) else {
                continue;
            };
            findings.push(Finding { kind: Kind::Phone, start, end, score, rule });
        }
    }
}

impl Phone {
    fn judge(&self, number: &str, before: Option<char>, after: Option<char>) -> Option<(f32, &'static str)> {
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let glued =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '$' | '€' | '£' | '=' | '%');
        if !(7..=15).contains(&digits) || before.is_some_and(glued) || after.is_some_and(glued) {
            return None;
        }
        if number.starts_with('+') || number.starts_with("00") {
            return Some((0.9, "phone.international"));
        }
        if self.not_phone.is_match(number) {
            return None;
        }
        if number.contains('(') && digits >= 9 {
            return Some((0.85, "phone.area_code"));
        }
        let groups: Vec<_> =
            number.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
        // Thousands separators: 12.500.000 or 12 500 000.
        let thousands =
            groups.len() >= 2 && groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
        match groups.len() {
            2..=6 if digits >= 9 && (!thousands || number.starts_with('0')) => Some((0.75, "phone.grouped")),
            1 if number.starts_with('0') && (10..=11).contains(&digits) => Some((0.6, "phone.trunk_prefix")),
            _ => None,
        }
    }
}

fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

fn after(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}
