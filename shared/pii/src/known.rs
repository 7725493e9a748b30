//! What is known of a record's person, found again in all of its texts.

use std::collections::HashMap;

use crate::tokens::{Token, TokenKind};
use crate::{Doc, Finding, Kind, lexicon};

/// A value has at most this many words; a longer one is a text.
const MOST_WORDS: usize = 16;

/// Values that are known, by the key of their first word.
#[derive(Default)]
pub(crate) struct Known {
    values: HashMap<u64, Vec<Value>>,
    /// The last digits of telephone numbers.
    numbers: Vec<(Kind, String)>,
}

struct Value {
    kind: Kind,
    /// Keys of the words behind the first.
    rest: Vec<u64>,
    /// A part of a name: taken for it only where it begins with a capital.
    is_part: bool,
}

impl Known {
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.numbers.is_empty()
    }

    /// Remembers a value.
    pub(crate) fn learn(&mut self, kind: Kind, value: &str) {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        if kind == Kind::Phone {
            // What a form's field for a number says without one is no number.
            if digits.len() < 7 {
                return;
            }
            // Country code and trunk prefix are written or left out; the last nine digits stay.
            self.numbers.push((kind, digits[digits.len().saturating_sub(9)..].to_owned()));
        }
        let lower = value.to_lowercase();
        let words: Vec<&str> =
            lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        if words.is_empty()
            || words.len() > MOST_WORDS
            || lower.chars().filter(|c| c.is_alphanumeric()).count() < 3
        {
            return;
        }
        let keys: Vec<u64> = words.iter().map(|word| lexicon::key(word)).collect();
        if kind == Kind::Name {
            // Family name first, too; and each part by itself, if it is no initial.
            if keys.len() == 2 {
                self.add(keys[1], Value { kind, rest: vec![keys[0]], is_part: false });
            }
            for (word, key) in words.iter().zip(&keys).filter(|_| keys.len() > 1) {
                if word.chars().count() >= 3 {
                    self.add(*key, Value { kind, rest: Vec::new(), is_part: true });
                }
            }
        }
        self.add(
            keys[0],
            Value { kind, is_part: kind == Kind::Name && keys.len() == 1, rest: keys[1..].to_vec() },
        );
    }

    fn add(&mut self, first: u64, value: Value) {
        self.values.entry(first).or_default().push(value);
    }

    /// Appends where the values stand.
    pub(crate) fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
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
                .filter(|value| !value.is_part || token.is_capital())
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
                let (score, rule) = if value.is_part { (0.8, "record.part") } else { (0.97, "record.value") };
                findings.push(Finding {
                    kind: value.kind,
                    start: token.start as usize,
                    end: end as usize,
                    score,
                    rule,
                });
            }
        }
        if self.numbers.is_empty() {
            return;
        }
        for &chain in doc.chains() {
            if !(7..=24).contains(&chain.digits) {
                continue;
            }
            let groups = doc.chain(chain);
            let (start, end) = (groups[0].start as usize, groups[groups.len() - 1].end as usize);
            let digits: String = doc.text()[start..end].chars().filter(char::is_ascii_digit).collect();
            if let Some((kind, _)) = self.numbers.iter().find(|(_, number)| digits.ends_with(number.as_str()))
            {
                let start = start - usize::from(doc.char_before(start) == Some('+'));
                findings.push(Finding { kind: *kind, start, end, score: 0.97, rule: "record.number" });
            }
        }
    }
}
