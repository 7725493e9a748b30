//! One pass, left to right: nothing is replaced twice.

use std::collections::HashMap;

use crate::policy::Policies;
use crate::surrogate::Surrogates;
use crate::{Finding, Kind, Policy};

/// The numbers given out within one record.
#[derive(Default)]
pub(crate) struct Numbers {
    given: HashMap<(Kind, String), usize>,
    last: HashMap<Kind, usize>,
}

impl Numbers {
    /// Returns what was found's number: the same for the same text, whatever its case and spacing, and for a part of a
    /// name that was whole before.
    fn number(&mut self, kind: Kind, found: &str) -> usize {
        let mut words: Vec<String> = found
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let whole = words.join(" ");
        if let Some(&number) = self.given.get(&(kind, whole.clone())) {
            return number;
        }
        let last = self.last.entry(kind).or_default();
        *last += 1;
        let number = *last;
        if kind == Kind::Name {
            // The first who bears a part of a name is meant by it; an initial means nobody.
            words.retain(|word| word.chars().count() > 1);
            for word in words {
                self.given.entry((kind, word)).or_insert(number);
            }
        }
        self.given.insert((kind, whole), number);
        number
    }
}

/// Rewrites `text`. The findings must be in order and free of overlaps, as [`resolve`](crate::resolve::resolve)
/// leaves them.
pub(crate) fn rewrite(
    text: &str,
    findings: &[Finding],
    policies: &Policies,
    numbers: &mut Numbers,
    surrogates: &mut Surrogates<'_>,
) -> String {
    let mut clean = String::with_capacity(text.len() + 16);
    let mut at = 0;
    for finding in findings {
        clean.push_str(&text[at..finding.start]);
        let (kind, found) = (finding.kind, &text[finding.start..finding.end]);
        match policies.of(kind) {
            Policy::Keep => clean.push_str(found),
            Policy::Tag | Policy::Drop => tag(&mut clean, kind),
            Policy::Numbered => {
                let number = numbers.number(kind, found).to_string();
                for piece in ["[", kind.as_str(), "_", &number, "]"] {
                    clean.push_str(piece);
                }
            }
            Policy::Surrogate => match surrogates.of(kind, found) {
                Some(surrogate) => clean.push_str(&surrogate),
                None => tag(&mut clean, kind),
            },
        }
        at = finding.end;
    }
    clean.push_str(&text[at..]);
    clean
}

fn tag(clean: &mut String, kind: Kind) {
    for piece in ["[", kind.as_str(), "]"] {
        clean.push_str(piece);
    }
}
