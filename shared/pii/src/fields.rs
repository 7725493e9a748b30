//! `Label: value`, in the languages that the label list knows.
//!
//! A label is told by the words in front of a colon, a tab or an equals sign (*Full name: Ann Lee*, `"full_name": "Ann
//! Lee"`, `firstName=Ann`), by the tag of an element (`<name>Ann Lee</name>`), or at a line's start by what stands
//! behind it: two spaces, a dash, a bar, a row of dots, or nothing, when the value is on the next line. The list is
//! general knowledge of forms, résumés, signatures, tickets and logs; case and marks on letters do not matter.

mod labels;

use crate::Kind;
use crate::numbers::Mark;
use labels::{LABELS, Label, MOST_WORDS, hash};

/// A labelled value on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What the label announces.
    pub kind: Kind,
    /// First byte of the label.
    pub label: u32,
    /// First byte of the value.
    pub start: u32,
    /// One past the value's last byte.
    pub end: u32,
    /// The label announces it at times only: *From:*, *Contact:*.
    pub is_loose: bool,
}

/// Labels are at most this long, in bytes.
const LONGEST_LABEL: usize = 64;

/// No value is longer, in bytes: a line of a thousand labels must not be read a thousand times.
const LONGEST_VALUE: usize = 512;

/// Reads the fields that hang on `marks` and on the starts of lines.
pub(crate) fn read(text: &str, marks: &[Mark], fields: &mut Vec<Field>) {
    fields.clear();
    for mark in marks {
        let at = mark.at as usize;
        match mark.byte {
            b':' | b'\t' | b'=' => {
                // Most colons stand in times and addresses of the web.
                if at == 0 || text.as_bytes()[at - 1].is_ascii_digit() || text[at + 1..].starts_with("//") {
                    continue;
                }
                if let Some((label, start)) = before(text, at) {
                    push(text, fields, label, start, at + 1, mark.byte);
                }
            }
            b'<' => {
                if let Some((label, end)) = ahead(text, at + 1, |rest| rest.starts_with('>')) {
                    push(text, fields, label, at, end + 1, b'<');
                }
            }
            _ => {}
        }
    }
    let on_marks = fields.len();
    let mut at = 0;
    while at < text.len() {
        let end = line_end(text, at);
        line(text, at, end, fields);
        at = end + 1;
    }
    if fields.len() > on_marks {
        fields.sort_by_key(|field| (field.start, field.label));
    }
    cut_at_the_next(text, fields);
}

/// Returns where the line ends that `at` is on.
fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |end| at + end)
}

/// Reads the label at a line's start that no mark follows.
fn line(text: &str, at: usize, end: usize, fields: &mut Vec<Field>) {
    let line = &text[at..end];
    let lead = line.len() - line.trim_start_matches(is_ornament).len();
    if lead > 12 && !line[..lead].bytes().all(|byte| byte == b' ') || lead == line.len() {
        return;
    }
    let Some((label, stop)) = ahead(text, at + lead, parts) else { return };
    let rest = &text[stop..end];
    let bare = rest.trim_start_matches([' ', '.', '|', '-', '*', '→', ':', '\t']);
    if !bare.trim().is_empty() {
        if !rest.trim_start_matches(['*', ')']).starts_with([':', '\t']) && !label.strict {
            push(text, fields, label, at + lead, end - bare.len(), b' ');
        }
        return;
    }
    // The value stands on the next line that says anything, at most one empty line away.
    let mut next = end;
    for _ in 0..2 {
        let from = next + 1;
        if label.strict && !rest.contains(':') || from >= text.len() {
            return;
        }
        next = line_end(text, from);
        if !text[from..next].trim().is_empty() {
            if ahead(text, from, parts).is_none() {
                push(text, fields, label, at + lead, from, b' ');
            }
            return;
        }
    }
}

/// Says whether a character may stand in front of a line's first word: bullets and dashes, which begin many a line, are
/// told without the tables of letters.
fn is_ornament(c: char) -> bool {
    matches!(c, '\u{2000}'..='\u{206f}') || !c.is_alphanumeric()
}

/// Says whether a label may end here.
fn parts(rest: &str) -> bool {
    let bare = rest.trim_start_matches(['*', ')', '"']);
    let spaces = bare.len() - bare.trim_start_matches(' ').len();
    let bare = &bare[spaces..];
    spaces >= 2
        || bare.is_empty()
        || bare.starts_with([':', '\t', '\n', '\r', '|', '→'])
        || bare.starts_with("..") && spaces <= 1
        || spaces == 1 && bare.starts_with("- ")
}

/// Adds the value at `from`, if there is one on its line.
#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
fn push(text: &str, fields: &mut Vec<Field>, label: Label, at: usize, from: usize, mark: u8) {
    let Some(kind) = label.kind else { return };
    let field = |start: usize, end: usize| Field {
        kind,
        label: at as u32,
        start: start as u32,
        end: end as u32,
        is_loose: label.strict,
    };
    let mut most = text.len().min(from + LONGEST_VALUE);
    while !text.is_char_boundary(most) {
        most -= 1;
    }
    let rest = &text[from..most];
    let line = &rest[..memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len())];
    let value = line.trim_start().trim_start_matches(['*', '_', '>', ':', '=', '\t', ' ']);
    let start = from + line.len() - value.len();
    let value = match value.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) if value[1..].contains(char::from(*quote)) => {
            let inner = &value[1..];
            let end = inner.find(char::from(*quote)).unwrap_or(inner.len());
            return fields.extend((end > 0).then(|| field(start + 1, start + 1 + end)));
        }
        _ => value,
    };
    let closing = match mark {
        b'<' => b'<',
        b'=' => b'&',
        _ => b'|',
    };
    let bytes = value.as_bytes();
    let end = (0..bytes.len()).find(|&at| match bytes[at] {
        b'|' | b'\t' => true,
        b' ' => bytes[at + 1..].starts_with(b"  ") || bytes[at + 1..].starts_with("· ".as_bytes()),
        b';' => kind != Kind::Name,
        0xe2 => bytes[at..].starts_with("•".as_bytes()),
        byte => byte == closing,
    });
    let value = value[..end.unwrap_or(value.len())].trim_end().trim_end_matches("**").trim_end();
    if !value.is_empty() {
        fields.push(field(start, start + value.len()));
    }
}

/// A value ends where the next label on its line begins.
#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
fn cut_at_the_next(text: &str, fields: &mut Vec<Field>) {
    for at in 1..fields.len() {
        let next = fields[at].label;
        let field = &mut fields[at - 1];
        if field.start < next && next < field.end {
            let value = &text[field.start as usize..next as usize];
            let value = value.trim_end_matches([' ', ',', ';', '/', '-', '|', '(', '·']);
            field.end = field.start + value.len() as u32;
        }
    }
    fields.retain(|field| field.start < field.end);
    fields.dedup_by_key(|field| field.start);
}

/// Returns the label in front of `at` and where it begins.
fn before(text: &str, at: usize) -> Option<(Label, usize)> {
    let labels = &*LABELS;
    let bytes = text.as_bytes();
    let mut least = at.saturating_sub(LONGEST_LABEL);
    while !text.is_char_boundary(least) {
        least += 1;
    }
    let mut end = skip_back(text, at, least);
    if end > least && bytes[end - 1] == b')' {
        end = skip_back(text, least + text[least..end].rfind('(')?, least);
    }
    let mut found: Option<(Label, usize)> = None;
    let mut sum = 0_u64;
    for place in 0..MOST_WORDS {
        let start = word_start(text, least, end);
        if start == end {
            break;
        }
        let word = hash(&text[start..end]);
        if !(if place == 0 { labels.may_end(word) } else { labels.may_have(word) }) {
            break;
        }
        sum = sum.wrapping_add(word);
        let alone = stands_alone(text, start);
        if let Some(label) = labels.get(sum)
            && (alone || !label.whole)
        {
            found = Some((label, start));
        }
        if alone {
            break;
        }
        let gap = &text[least..start];
        let inner = gap.trim_end_matches(['-', '_', '.', '/', '\'', '°', 'º', '&', ' ']);
        end = least + inner.len();
        if start - end > 3 {
            break;
        }
    }
    found.filter(|(label, _)| label.kind.is_some())
}

/// Goes back over what may stand between a label and its mark.
fn skip_back(text: &str, at: usize, least: usize) -> usize {
    let kept = text[least..at].trim_end_matches([' ', '*', '_', '"', '\'', '`', '.', '°', 'º', '#']);
    let kept = kept.trim_end_matches(|c: char| c.is_ascii_digit());
    least + kept.trim_end_matches([' ', '_', '-']).len()
}

/// Returns where the word that ends at `end` begins: `firstName` is two words.
fn word_start(text: &str, least: usize, end: usize) -> usize {
    let mut start = end;
    let mut behind_is_lower = false;
    let mut behind_is_upper = false;
    for c in text[least..end].chars().rev() {
        if !c.is_alphabetic() && !('\u{300}'..='\u{36f}').contains(&c) {
            break;
        }
        let is_lower = c.is_lowercase();
        if is_lower && behind_is_upper {
            break;
        }
        behind_is_upper = !is_lower && behind_is_lower && c.is_uppercase();
        behind_is_lower = is_lower;
        start -= c.len_utf8();
    }
    start
}

/// Says whether nothing that belongs to the phrase stands in front of `start`.
fn stands_alone(text: &str, start: usize) -> bool {
    let before = &text[..start];
    let mut back = before.chars().rev();
    match back.next() {
        None => true,
        Some(' ') => match back.next() {
            None | Some(' ') => true,
            // Words of another script, and what leads a sentence to the label.
            Some(c) if c.is_alphanumeric() => {
                let word =
                    before[..before.len() - 1].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
                !c.is_ascii() || word.len() == 1 || LEADS.iter().any(|lead| lead.eq_ignore_ascii_case(word))
            }
            Some(c) => !matches!(c, '\'' | '°' | 'º' | '/' | '&'),
        },
        Some('_' | '-' | '\'' | '/' | '.') => !back.next().is_some_and(char::is_alphanumeric),
        Some(c) => !c.is_alphanumeric(),
    }
}

/// Words in front of a label that don't belong to it.
const LEADS: [&str; 16] = [
    "hello", "hi", "and", "or", "the", "a", "my", "your", "his", "her", "their", "our", "with", "is", "with",
    "und",
];

/// Reads a label from `at` on; it must end where `may_end` says. Returns it and where it ends.
fn ahead(text: &str, at: usize, may_end: impl Fn(&str) -> bool) -> Option<(Label, usize)> {
    let labels = &*LABELS;
    let mut found: Option<(Label, usize)> = None;
    let mut sum = 0_u64;
    let mut from = at;
    for place in 0..MOST_WORDS {
        let rest = &text[from..];
        let ascii = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let length = match rest.as_bytes().get(ascii) {
            Some(0x80..) => rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len()),
            _ => ascii,
        };
        let length = length.min(LONGEST_LABEL);
        let word = rest.get(..length).filter(|word| !word.is_empty())?;
        let word = hash(word);
        if !(if place == 0 { labels.may_begin(word) } else { labels.may_have(word) }) {
            break;
        }
        sum = sum.wrapping_add(word);
        let mut end = from + length;
        if let Some(label) = labels.get(sum) {
            let mut stop = end;
            let behind = text[stop..].trim_start_matches(['.', ' ']);
            // *Address(es)*, *Phone (home)*: what is in brackets belongs to the label.
            if let Some(inner) = behind.strip_prefix('(')
                && let Some(close) = inner.bytes().take(24).position(|byte| byte == b')')
            {
                stop = text.len() - inner.len() + close + 1;
                // *Surname(s) / First name(s)*
                if close <= 2 {
                    end = stop;
                }
            }
            if may_end(&text[stop..]) || may_end(&text[end..]) {
                found = Some((label, stop));
                end = stop;
            }
        }
        let gap = &text[end..];
        let next = gap.trim_start_matches(['-', '_', '.', '/', '\'', '°', 'º', '&', ' ']);
        if gap.len() - next.len() > 4 || !next.starts_with(char::is_alphabetic) {
            break;
        }
        from = text.len() - next.len();
    }
    found.filter(|(label, _)| label.kind.is_some())
}
