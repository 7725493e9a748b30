//! What is known of a record's person, found again in all of its texts.
//!
//! Values go wherever they stand whole, in any case and with any marks between their words; telephone numbers by their
//! last digits; names, and the names in addresses and profiles, in all the forms that a text's own names are followed in.

use std::collections::HashMap;

use crate::propagate::{People, slug};
use crate::tokens::{Token, TokenKind};
use crate::{Doc, Finding, Kind, lexicon};

/// A value has at most this many words; a longer one is a text.
const MOST_WORDS: usize = 16;

/// Values that are known, by the key of their first word.
#[derive(Default)]
pub(crate) struct Known {
    values: HashMap<u64, Vec<Value>>,
    /// The last digits of telephone numbers.
    numbers: Vec<String>,
    people: People,
}

struct Value {
    kind: Kind,
    /// Keys of the words behind the first.
    rest: Vec<u64>,
    /// A name of one word: taken for it only where it begins with a capital.
    is_word: bool,
}

impl Known {
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.numbers.is_empty() && self.people.is_empty()
    }

    /// Remembers a value that is known of the record's own person.
    pub(crate) fn learn_own(&mut self, kind: Kind, value: &str) {
        if kind == Kind::Name {
            self.people.learn_own(value);
        }
        self.learn(kind, value, 1.0);
    }

    /// Remembers a value that was found, and how sure it is.
    pub(crate) fn learn(&mut self, kind: Kind, value: &str, score: f32) {
        match kind {
            Kind::Phone => {
                let digits: String = value.chars().filter(char::is_ascii_digit).collect();
                // What a form's field for a number says without one is no number.
                if digits.len() < 7 {
                    return;
                }
                // Country code and trunk prefix are written or left out; the last nine digits stay.
                self.numbers.push(digits[digits.len().saturating_sub(9)..].to_owned());
            }
            Kind::Name => self.people.learn_name(value, score),
            Kind::Email => {
                self.people.learn_address(value.split(['@', '(', '[', ' ']).next().unwrap_or(value));
            }
            Kind::Url => self.people.learn_address(slug(value)),
            Kind::Username => self.people.learn_address(value.trim_start_matches('@')),
            _ => {}
        }
        let lower = value.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let keys: Vec<u64> = words.map(lexicon::key).collect();
        let Some((first, rest)) = keys.split_first() else { return };
        if keys.len() <= MOST_WORDS && lower.chars().filter(|c| c.is_alphanumeric()).count() >= 3 {
            let is_word = kind == Kind::Name && rest.is_empty();
            self.values.entry(*first).or_default().push(Value { kind, rest: rest.to_vec(), is_word });
        }
    }

    /// Appends where the values stand.
    pub(crate) fn find(&mut self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.values(doc, findings);
        if !self.numbers.is_empty() {
            self.numbers(doc, findings);
        }
        if !self.people.is_empty() {
            self.people.find(doc, findings);
        }
    }

    fn values(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let tokens = doc.tokens();
        let key = |token: &Token| match token.kind {
            TokenKind::Word => Some(token.key),
            TokenKind::Number => Some(lexicon::key(token.text(doc.text()))),
            TokenKind::Mark | TokenKind::Break => None,
        };
        for (at, token) in tokens.iter().enumerate() {
            let Some(values) = key(token).and_then(|key| self.values.get(&key)) else { continue };
            let longest = values
                .iter()
                .filter(|value| !value.is_word || token.is_capital())
                .filter_map(|value| {
                    // Words of a value stand behind one another, with marks between, on one line.
                    let mut wanted = value.rest.iter();
                    let mut end = token.end;
                    for next in tokens[at + 1..].iter().take(3 * MOST_WORDS) {
                        if wanted.as_slice().is_empty() || next.kind == TokenKind::Break {
                            break;
                        }
                        if let Some(key) = key(next) {
                            if Some(&key) != wanted.next() {
                                return None;
                            }
                            end = next.end;
                        }
                    }
                    wanted.as_slice().is_empty().then_some((end, value))
                })
                .max_by_key(|(end, _)| *end);
            if let Some((end, value)) = longest {
                findings.push(Finding {
                    kind: value.kind,
                    start: token.start as usize,
                    end: end as usize,
                    score: if value.is_word { 0.8 } else { 0.97 },
                    rule: "record.value",
                });
            }
        }
    }

    fn numbers(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        for &chain in doc.chains() {
            if !(7..=24).contains(&chain.digits) {
                continue;
            }
            let groups = doc.chain(chain);
            let (start, end) = (groups[0].start as usize, groups[groups.len() - 1].end as usize);
            let digits: String = doc.text()[start..end].chars().filter(char::is_ascii_digit).collect();
            if self.numbers.iter().any(|number| digits.ends_with(number.as_str())) {
                let start = start - usize::from(doc.char_before(start) == Some('+'));
                findings.push(Finding { kind: Kind::Phone, start, end, score: 0.97, rule: "record.number" });
            }
        }
    }
}
