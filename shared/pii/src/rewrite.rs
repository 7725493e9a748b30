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
pub struct Numbers(HashMap<(Kind, String), usize>);

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
                let next = 1 + numbers.0.keys().filter(|(other, _)| *other == kind).count();
                let found = text[finding.start..finding.end].to_lowercase();
                let number = *numbers.0.entry((kind, found)).or_insert(next);
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
