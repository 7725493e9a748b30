//! One pass, left to right: nothing is replaced twice.

use std::collections::HashMap;

use crate::{Finding, Kind};

/// What stands in the place of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The kind in brackets: `[name]`.
    Tag,
    /// The kind and a number that the same text keeps within a record: `[name_1]`.
    Numbered,
}

/// The numbers given out within one record.
#[derive(Default)]
pub struct Numbers {
    given: HashMap<(Kind, String), usize>,
    last: HashMap<Kind, usize>,
}

/// Rewrites `text`. The findings must be in order and free of overlaps, as [`resolve`](crate::resolve::resolve)
/// leaves them.
pub fn rewrite(text: &str, findings: &[Finding], policy: Policy, numbers: &mut Numbers) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    for finding in findings {
        clean.push_str(&text[at..finding.start]);
        let kind = finding.kind;
        match policy {
            Policy::Tag => {
                clean.push('[');
                clean.push_str(kind.as_str());
                clean.push(']');
            }
            Policy::Numbered => {
                let found = text[finding.start..finding.end].to_lowercase();
                let last = numbers.last.entry(kind).or_default();
                let number = *numbers.given.entry((kind, found)).or_insert_with(|| {
                    *last += 1;
                    *last
                });
                for piece in ["[", kind.as_str(), "_", &number.to_string(), "]"] {
                    clean.push_str(piece);
                }
            }
        }
        at = finding.end;
    }
    clean.push_str(&text[at..]);
    clean
}
