//! User names and handles.
//!
//! Finds `@ann_lee` with what a handle may hold (letters, digits, `_`, inner `.` and `-`), a list of hers
//! (`@ann_lee/friends`), an account of the fediverse (`@ann@example.social`), and what a label announces: `GitHub:
//! annlee`, `Skype: live:ann`, `username=ann`, `"login": "ann"`.
//!
//! Leaves e-mail addresses and domains, decorators and annotations (`@Override`, `@app.route(…)`), rules of style sheets
//! (`@media`), tags of comments (`@param`), scopes of packages (`@angular/core`), prices (`@5`), and accounts that are no
//! person's (`root`, `admin`).
//!
//! Sources: the services' own rules for handles (15 to 39 characters); general knowledge for the words
//! (`username/words.txt`).

use std::sync::LazyLock;

use super::Recogniser;
use super::domains::{self, Ending};
use super::words::{Words, is_unspaced};
use crate::{Doc, Finding, Kind, Kinds};

const SITE: u16 = 1;
const USER: u16 = 2;
const LOG: u16 = 4;
const GENERIC: u16 = 8;
const CODE: u16 = 16;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let classes = [("site", SITE), ("user", USER), ("log", LOG), ("generic", GENERIC), ("code", CODE)];
    Words::read(include_str!("username/words.txt"), &classes)
});

/// No service allows longer names.
const LONGEST: usize = 40;

struct Username;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Username)
}

impl Recogniser for Username {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Username])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let text = doc.text();
        for mark in doc.every_mark() {
            let at = mark.at as usize;
            let found = match mark.byte {
                b'@' => handle(text, at),
                b':' | b'=' | b'\t' => labelled(text, at, mark.byte),
                _ => None,
            };
            if let Some((start, end, score, rule)) = found {
                findings.push(Finding { kind: Kind::Username, start, end, score, rule });
            }
        }
    }
}

type Found = (usize, usize, f32, &'static str);

/// Reads `@ann_lee`.
fn handle(text: &str, at: usize) -> Option<Found> {
    let before = text[..at].chars().next_back();
    if before.is_some_and(|c| {
        (c.is_alphanumeric() && !is_unspaced(c))
            || "_.-/@+=%$&#\\~!".contains(c) && c != '.'
            || c == '.' && at > 1 && !text[..at - 1].ends_with(' ')
    }) {
        return None;
    }
    let mut end = name(text, at + 1)?;
    let word = &text[at + 1..end];
    let bytes = text.as_bytes();
    if !word.bytes().any(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        || !word.is_ascii() && word.len() < 4
    {
        return None;
    }
    // An account of the fediverse.
    if bytes.get(end) == Some(&b'@') {
        let host = host(text, end + 1)?;
        return Some((at, host, 0.99, "username.fediverse"));
    }
    // A domain, a package, a decorator that is called.
    let is_domain = word.rsplit_once('.').is_some_and(|(_, last)| domains::ending(last) >= Ending::Either);
    if is_domain
        || matches!(bytes.get(end), Some(b'(' | b'{' | b'[' | b'=' | b':'))
            && bytes.get(end + 1).is_some_and(|byte| !byte.is_ascii_whitespace())
    {
        return None;
    }
    if WORDS.of(word.split(['.', '-']).next().unwrap_or(word)) & CODE != 0 && before != Some(' ')
        || WORDS.of(word) & CODE != 0
    {
        return None;
    }
    let mut score = 0.93;
    if bytes.get(end) == Some(&b'/') && bytes.get(end + 1).is_some_and(u8::is_ascii_alphabetic) {
        // A list of hers, or a package of a scope: the latter is quoted or behind a command.
        let is_package = matches!(before, Some('"' | '\'' | '`')) || behind_command(text, at);
        if is_package {
            return None;
        }
        end = end
            + 1
            + bytes[end + 1..]
                .iter()
                .take(25)
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
                .count();
        score = 0.6;
    }
    // An annotation has a line to itself and a capital, or lines of code behind it.
    let indent = bytes[..at].iter().rev().take(16).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let alone = at == indent || matches!(bytes[at - indent - 1], b'\n' | b'}' | b';');
    let is_last = matches!(bytes[end..], [b'\n', ..] | [b'\r' | b' ', b'\n', ..]);
    if alone
        && is_last
        && word.starts_with(char::is_uppercase)
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    {
        score = 0.4;
    }
    Some((at, end, score, "username.handle"))
}

/// Returns the end of a handle that begins at `at`.
fn name(text: &str, at: usize) -> Option<usize> {
    let mut end = at;
    for c in text[at..].chars().take(LONGEST + 1) {
        let next = end + c.len_utf8();
        let joins = c.is_ascii_alphanumeric() || c == '_' || (c.is_alphanumeric() && !is_unspaced(c));
        let is_inner = matches!(c, '.' | '-')
            && end > at
            && text[next..].starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !(joins || is_inner) {
            break;
        }
        end = next;
    }
    (end > at && end - at <= LONGEST).then_some(end)
}

/// Returns the end of the host that begins at `at`, if it is one.
fn host(text: &str, at: usize) -> Option<usize> {
    let (mut end, mut from, mut known) = (at, at, None);
    for place in 0..5 {
        end = domains::label(text, from);
        if end == from {
            break;
        }
        if place > 0 && domains::ending(&text[from..end]) >= Ending::Either {
            known = Some(end);
        }
        if !text[end..].starts_with('.') {
            break;
        }
        from = end + 1;
    }
    known.filter(|known| *known <= end)
}

/// Says whether a package manager's command or an import stands in front.
fn behind_command(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end();
    let start = before
        .char_indices()
        .rev()
        .take(12)
        .take_while(|(_, c)| c.is_ascii_alphabetic())
        .last()
        .map_or(before.len(), |(at, _)| at);
    matches!(
        &before[start..],
        "npm"
            | "install"
            | "add"
            | "i"
            | "yarn"
            | "pnpm"
            | "npx"
            | "import"
            | "from"
            | "require"
            | "package"
            | "dlx"
            | "uses"
    )
}

/// Reads the value behind a label that ends at `at`.
fn labelled(text: &str, at: usize, mark: u8) -> Option<Found> {
    let bytes = text.as_bytes();
    let label_end = at
        - bytes[..at]
            .iter()
            .rev()
            .take(3)
            .take_while(|byte| matches!(byte, b' ' | b'"' | b'\'' | b'*' | b')'))
            .count();
    let label = label_end
        - bytes[..label_end]
            .iter()
            .rev()
            .take(24)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || **byte >= 0x80)
            .count();
    let word = text.get(label..label_end)?;
    if word.is_empty() {
        return None;
    }
    let mut class = WORDS.of(word);
    // "GitHub handle", "user name", "LINE ID".
    if class == 0
        && matches!(word.to_ascii_lowercase().as_str(), "name" | "id" | "handle" | "account" | "username")
    {
        let front = text[..label].trim_end_matches(' ');
        let from = front
            .char_indices()
            .rev()
            .take(20)
            .take_while(|(_, c)| c.is_alphanumeric())
            .last()
            .map_or(front.len(), |(at, _)| at);
        class = match WORDS.of(&front[from..]) {
            found if found & SITE != 0 => SITE,
            found if found & LOG != 0 && word.eq_ignore_ascii_case("name") => USER,
            _ => 0,
        };
    }
    if class & (SITE | USER | LOG) == 0 || (class & (SITE | USER) == 0 && mark != b'=') {
        return None;
    }
    let start = at
        + 1
        + bytes[at + 1..]
            .iter()
            .take(20)
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'*' | b'<'))
            .count();
    let (end, score) = value(text, start, class, mark)?;
    Some((start, end, score, "username.labelled"))
}

/// Returns the first few bytes of a text.
fn head(text: &str) -> &str {
    let mut end = text.len().min(24);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Judges what stands behind a label.
fn value(text: &str, start: usize, class: u16, mark: u8) -> Option<(usize, f32)> {
    let is_part = |c: char| {
        (c.is_alphanumeric() && !is_unspaced(c)) || matches!(c, '_' | '.' | '-' | '@' | ':' | '#' | '/' | '+')
    };
    let length: usize = text[start..].chars().take(72).take_while(|c| is_part(*c)).map(char::len_utf8).sum();
    let value = text[start..start + length].trim_end_matches(['.', ':', '-', '/', '#']);
    let end = start + value.len();
    let rest = head(&text[start + length..]);
    let bare = value.strip_prefix("live:").unwrap_or(value).trim_start_matches(['@', '.']);
    let is_address = value.contains("://") || value.contains('/') || bare.contains('@') || bare.contains(':');
    if bare.chars().count() < 2
        || bare.len() > 64
        || is_address
        || WORDS.of(bare) & GENERIC != 0
        || !bare.contains(char::is_alphabetic)
    {
        return None;
    }
    // A domain is an address of the web.
    let is_domain = bare.rsplit_once('.').is_some_and(|(_, last)| domains::ending(last) == Ending::Domain);
    if is_domain && !value.starts_with("live:") {
        return None;
    }
    // One word and no more: a sentence about a service has others behind it.
    let is_whole = rest
        .trim_start_matches([' ', '"', '\'', '*', '>'])
        .starts_with(['\n', '\r', '|', ',', ';', ')', '·', '•', '}', ']', '&', '(', '/', '\t', '—', '-'])
        || rest.trim().is_empty()
        || rest.starts_with(['"', '\'', '&', '?', '<'])
        || rest.starts_with("  ");
    let is_marked = value.starts_with('@')
        || bare.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
    let is_lower = !bare.chars().any(char::is_uppercase);
    let score = match (class & SITE != 0, is_whole, is_marked) {
        (_, true, true) => 0.93,
        (true, true, false) if is_lower && bare.len() > 3 => 0.75,
        (true, true, false) => 0.4,
        (true, false, true) if value.starts_with('@') => 0.9,
        (true, false, _) => return None,
        (false, true, false) => {
            if is_lower {
                0.85
            } else {
                0.6
            }
        }
        (false, false, true) => 0.8,
        (false, false, false) => {
            if mark == b'=' {
                0.8
            } else {
                0.3
            }
        }
    };
    Some((end, score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    #[test]
    fn hostile_marks_cost_no_more_than_their_length() {
        for text in [
            "@".repeat(300_000),
            "@a".repeat(100_000),
            "user=".repeat(60_000),
            "x:".repeat(100_000),
            "\t".repeat(300_000),
            "@".to_owned() + &"a".repeat(400_000),
        ] {
            let mut scratch = Scratch::default();
            let doc = Doc::read(&text, false, &mut scratch);
            let mut findings = Vec::new();
            Username.find(&doc, &mut findings);
            assert!(findings.len() <= text.len() / 2);
        }
    }
}
