//! `Label: value`, in the languages that the label list knows.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Kind;
use crate::numbers::Mark;

/// A labelled value on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What the label announces.
    pub kind: Kind,
    /// First byte of the value.
    pub start: u32,
    /// One past the value's last byte.
    pub end: u32,
}

/// Labels are at most this long, in bytes.
const LONGEST_LABEL: usize = 48;

/// The phrases, `[kind]` heads a list, a line or several separated by commas each.
static LABELS: LazyLock<HashMap<&'static str, Kind>> = LazyLock::new(|| {
    let mut labels = HashMap::new();
    let mut kind = None;
    for line in include_str!("labels.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            kind = head.parse().ok();
        } else if let Some(kind) = kind {
            labels.extend(
                line.split(',').map(str::trim).filter(|label| !label.is_empty()).map(|label| (label, kind)),
            );
        }
    }
    labels
});

/// Reads the fields that hang on the colons, tabs and equals signs among `marks`.
#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
pub(crate) fn read(text: &str, marks: &[Mark], fields: &mut Vec<Field>) {
    fields.clear();
    let mut lower = String::new();
    for mark in marks.iter().filter(|mark| matches!(mark.byte, b':' | b'\t' | b'=')) {
        let at = mark.at as usize;
        let Some(kind) = label(text, at, &mut lower) else { continue };
        let rest = &text[at + 1..];
        let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
        let skipped = line.len() - line.trim_start().len();
        let value = line.trim_start();
        let value = value[..end_of_value(value)].trim_end();
        if !value.is_empty() {
            let start = at + 1 + skipped;
            fields.push(Field { kind, start: start as u32, end: (start + value.len()) as u32 });
        }
    }
}

/// A value ends where the next column begins.
fn end_of_value(value: &str) -> usize {
    ["|", "\t", ";", "•", "   "].iter().filter_map(|end| value.find(end)).min().unwrap_or(value.len())
}

/// Returns what the phrase in front of `at` announces: as a whole, or by its last words.
fn label(text: &str, at: usize, lower: &mut String) -> Option<Kind> {
    let mut from = at.saturating_sub(LONGEST_LABEL);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = &text[from..at];
    let before = &before[before
        .rfind(['\n', '\r', '|', '\t', ';', '•', '('])
        .map_or(0, |end| end + before[end..].chars().next().map_or(1, char::len_utf8))..];
    lower.clear();
    lower.extend(before.trim().trim_end_matches(['*', '_', '"', '\'']).chars().flat_map(char::to_lowercase));
    let mut phrase = lower.as_str();
    loop {
        let bare = phrase.trim_start_matches(|c: char| !c.is_alphanumeric());
        if let Some(&kind) = LABELS.get(bare.trim_end_matches('.')) {
            return Some(kind);
        }
        phrase = bare.split_once(' ')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::Numbers;

    #[test]
    fn values_are_told_by_their_labels() {
        let text = "Full Name: Ann Lee | Date of Birth: 1.2.1990\n• Nationalität:\tdeutsch\nTime: 12:30";
        let mut numbers = Numbers::default();
        numbers.read(text.as_bytes());
        let mut fields = Vec::new();
        read(text, &numbers.marks, &mut fields);
        let seen: Vec<_> = fields
            .iter()
            .map(|field| (field.kind, &text[field.start as usize..field.end as usize]))
            .collect();
        assert_eq!(
            seen,
            [(Kind::Name, "Ann Lee"), (Kind::BirthDate, "1.2.1990"), (Kind::Nationality, "deutsch")]
        );
    }
}
