//! Addresses that are written out in words.

use std::sync::LazyLock;

use super::super::domains::{self, Ending};
use super::super::words::Words;
use super::local;

const AT: u16 = 1;
const DOT: u16 = 2;
const MAIL: u16 = 4;
const NEVER: u16 = 8;
const PROVIDER: u16 = 16;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let classes = [("at", AT), ("dot", DOT), ("mail", MAIL), ("never", NEVER), ("provider", PROVIDER)];
    Words::read(include_str!("words.txt"), &classes)
});

/// An address.
pub(super) struct Parts {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) score: f32,
    pub(super) rule: &'static str,
}

/// A name of a host.
pub(super) struct Host {
    pub(super) end: usize,
    pub(super) ending: Ending,
    /// Its users write their addresses out.
    pub(super) is_provider: bool,
    /// A dot is written as a word, or with spaces.
    pub(super) written: bool,
}

/// Says whether a word in front of "at" is prose, no mailbox.
pub(super) fn is_prose(word: &str) -> bool {
    WORDS.of(word) & NEVER != 0
}

/// Reads the name of a host that begins at `from`, its dots as marks, codes or words; with spaces around marks when
/// `spaced`.
pub(super) fn host(text: &str, from: usize, spaced: bool) -> Option<Host> {
    let mut host: Option<Host> = None;
    let (mut at, mut written, mut is_provider) = (from, false, false);
    for place in 0..9 {
        let end = domains::label(text, at);
        let glue = |five: &[u8]| five.eq_ignore_ascii_case(b"-dot-") || five.eq_ignore_ascii_case(b"_dot_");
        let end = text.as_bytes()[at..end].windows(5).position(glue).map_or(end, |place| at + place);
        if end == at || text[at..].starts_with('-') {
            break;
        }
        let label = &text[at..end];
        is_provider |= WORDS.of(label) & PROVIDER != 0;
        if place > 0 {
            let ending = domains::ending(label);
            // What begins with a capital behind a full stop is the next sentence.
            let is_next = label.starts_with(char::is_uppercase) && ending < Ending::Either;
            if host.as_ref().is_some_and(|host| host.ending > Ending::Unknown)
                && (is_next || ending == Ending::Never)
            {
                break;
            }
            host = Some(Host { end, ending, is_provider, written });
        }
        let Some((next, is_word)) = dot(text, end, spaced) else { break };
        written |= is_word;
        at = next;
    }
    host
}

/// Returns where the label behind a dot begins, and whether the dot is more than a mark.
fn dot(text: &str, at: usize, spaced: bool) -> Option<(usize, bool)> {
    let rest = &text.as_bytes()[at..];
    match rest {
        [b'.', next, ..] if next.is_ascii_alphanumeric() || *next >= 0x80 => return Some((at + 1, false)),
        [b'%' | b'=' | b'+', b'2', b'E' | b'e', ..] => return Some((at + 3, true)),
        [b' ', b'.', b' ', ..] if spaced => return Some((at + 3, true)),
        [b' ', b'.', ..] | [b'.', b' ', ..] if spaced => return Some((at + 2, true)),
        _ => {}
    }
    let inner = rest.iter().take(3).take_while(|byte| **byte == b' ').count();
    match rest.get(inner)? {
        b'(' | b'[' | b'{' | b'<' => {
            let (word, end) = in_brackets(text, at + inner)?;
            (word == "." || WORDS.of(word) & DOT != 0).then(|| (end + spaces(text, end), true))
        }
        _ => {
            let (word, end) = word(text, at)?;
            (WORDS.of(word) & DOT != 0).then_some((end, true))
        }
    }
}

/// Reads a word between two spaces, dashes or underscores; returns it and what follows the second of them.
fn word(text: &str, at: usize) -> Option<(&str, usize)> {
    let mark = *text.as_bytes().get(at).filter(|byte| matches!(byte, b' ' | b'-' | b'_'))?;
    let from = at + if mark == b' ' { spaces(text, at) } else { 1 };
    let length =
        text[from..].char_indices().take(14).find(|(_, c)| !c.is_alphanumeric()).map(|(length, _)| length)?;
    let end = from + length;
    let width =
        if mark == b' ' { spaces(text, end) } else { usize::from(text.as_bytes().get(end) == Some(&mark)) };
    (length > 0 && width > 0).then(|| (&text[from..end], end + width))
}

fn spaces(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().take(3).take_while(|byte| **byte == b' ').count()
}

/// Reads what stands in the brackets that open at `at`; returns it and the end of the brackets.
fn in_brackets(text: &str, at: usize) -> Option<(&str, usize)> {
    let close = match text.as_bytes()[at] {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        _ => b'>',
    };
    let inner = text.as_bytes()[at + 1..].iter().take(26).position(|byte| *byte == close)?;
    Some((text.get(at + 1..at + 1 + inner)?.trim(), at + inner + 2))
}

/// Reads what hangs on a bracket: `ann [at] example.com`, `ann at example [dot] com`.
pub(super) fn bracketed(text: &str, at: usize) -> Option<Parts> {
    let first = text[at + 1..].trim_start_matches(' ').chars().next()?;
    if !(first.is_alphabetic() || matches!(first, '@' | '.')) {
        return None;
    }
    let (word, end) = in_brackets(text, at)?;
    let class = match word {
        "@" => AT,
        "." => DOT,
        _ => WORDS.of(word),
    };
    if class & DOT != 0 {
        return spaced(text, at);
    }
    // `ann(a)example.fi`, but not `point (a) see.this`.
    let is_letter = matches!(word, "a" | "A")
        && text[..at].ends_with(char::is_alphanumeric)
        && !text[end..].starts_with(' ');
    if class & AT == 0 && !is_letter {
        return None;
    }
    let before = text[..at].trim_end_matches(' ');
    if at - before.len() > 2 {
        return None;
    }
    let host = host(text, end + spaces(text, end), false)?;
    let start = mailbox(text, before.len())?;
    let is_named = is_prose(&text[start..before.len()]) && !before[..start].ends_with([':', '<', '"']);
    let score = match host.ending {
        Ending::Never => return None,
        _ if is_named || (is_letter && host.ending < Ending::Domain && !host.is_provider) => 0.3,
        Ending::Unknown => 0.7,
        _ => 0.98,
    };
    Some(Parts { start, end: host.end, score, rule: "email.written" })
}

/// Returns where a mailbox begins whose dots may be words: `ann [dot] lee`.
fn mailbox(text: &str, end: usize) -> Option<usize> {
    let mut start = local(text, end).filter(|start| *start < end)?;
    for _ in 0..4 {
        let Some(part) = dot_before(text, start) else { break };
        start = local(text, part).filter(|from| *from < part)?;
    }
    Some(start)
}

/// Returns the end of what stands in front of the word for a dot that ends at `at`.
fn dot_before(text: &str, at: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[..at];
    let end = bytes.len() - bytes.iter().rev().take(2).take_while(|byte| **byte == b' ').count();
    let open = match bytes.get(end.checked_sub(1)?)? {
        b')' => b'(',
        b']' => b'[',
        b'}' => b'{',
        _ => {
            let from = word_before(text, at)?;
            let word = text[from..at].trim_matches(' ');
            // "dot" and "punto" in a name are few; "point" and the like are words of sentences.
            return (WORDS.of(word) & DOT != 0 && !matches!(word, "point" | "punt" | "period"))
                .then(|| text[..from].trim_end_matches(' ').len());
        }
    };
    let inner = bytes[..end - 1].iter().rev().take(16).position(|byte| *byte == open)?;
    let from = end - 2 - inner;
    let word = text.get(from + 1..end - 1)?.trim();
    (word == "." || WORDS.of(word) & DOT != 0).then(|| text[..from].trim_end_matches(' ').len())
}

/// Returns where the word begins that ends, with spaces behind, at `at`, and has a space in front.
fn word_before(text: &str, at: usize) -> Option<usize> {
    let trimmed = text[..at].trim_end_matches(' ');
    let width = at - trimmed.len();
    let from = trimmed
        .char_indices()
        .rev()
        .take(16)
        .find(|(_, c)| !c.is_alphanumeric() && *c != '-')
        .map(|(from, c)| from + c.len_utf8())?;
    ((1..=2).contains(&width) && from < trimmed.len() && text[..from].ends_with(' ')).then_some(from)
}

/// Reads what hangs on a word for a dot: `ann at example dot com`, `ann-at-example-dot-com`.
pub(super) fn spaced(text: &str, at: usize) -> Option<Parts> {
    let bytes = text.as_bytes();
    let is_bracket = matches!(bytes[at], b'(' | b'[' | b'{' | b'<');
    let mark = *bytes.get(at.checked_sub(1)?)?;
    if !(matches!(mark, b' ' | b'-' | b'_') || is_bracket) {
        return None;
    }
    let label_end = text[..at].trim_end_matches([' ', '-', '_']).len();
    // The label, then the word for the sign, in front of it the mailbox.
    let label = text[..label_end]
        .char_indices()
        .rev()
        .take(40)
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
        .last()?
        .0;
    let word = word_before(text, label).filter(|word| WORDS.of(text[*word..label].trim_end()) & AT != 0);
    let (from, before) = if let Some(word) = word {
        (label, text[..word].trim_end_matches(' ').len())
    } else {
        // The dashes are the label's as well.
        let is_glue = |four: &[u8]| four.eq_ignore_ascii_case(b"-at-") || four.eq_ignore_ascii_case(b"_at_");
        let place = bytes[label..label_end].windows(4).position(is_glue)?;
        (label + place + 4, label + place)
    };
    let host = host(text, from, false)?;
    if host.ending < Ending::Either {
        return None;
    }
    let start = mailbox(text, before)?;
    let name = &text[start..before];
    let first = &text[from..from + text[from..].find(|c: char| !c.is_alphanumeric()).unwrap_or(0)];
    // "three at the dot com": articles are no hosts, digits only those that are known.
    let is_prose_host =
        is_prose(first) || (first.bytes().all(|byte| byte.is_ascii_digit()) && !host.is_provider);
    let score = match () {
        () if is_prose_host => 0.1,
        () if is_labelled(text, start) => 0.98,
        // "at" is a word of sentences, "arroba" and "-at-" are not.
        () if !word.is_some_and(|word| text[word..label].trim_end().eq_ignore_ascii_case("at")) => 0.97,
        () if is_prose(name) => 0.3,
        () if host.is_provider
            || name.contains(['.', '_', ' '])
            || name.bytes().any(|byte| byte.is_ascii_digit()) =>
        {
            0.92
        }
        () => 0.7,
    };
    Some(Parts { start, end: host.end, score, rule: "email.written" })
}

/// Reads `ann_at_example.com`.
pub(super) fn glued(text: &str, at: usize) -> Option<Parts> {
    let start = local(text, at).filter(|start| *start < at)?;
    let from = at + 4;
    // `ann_at_example_com`
    let label = from
        + text.as_bytes()[from..].iter().take(63).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let underscored =
        [&b"_com"[..], b"_org", b"_net", b"_edu"].iter().any(|end| text.as_bytes()[label..].starts_with(end));
    if underscored && WORDS.of(&text[from..label]) & PROVIDER != 0 {
        return Some(Parts { start, end: label + 4, score: 0.8, rule: "email.written" });
    }
    let host = host(text, from, false)?;
    let is_sure = host.ending == Ending::Domain && (host.is_provider || host.written);
    let score = if is_sure {
        0.9
    } else if host.ending == Ending::Domain {
        0.5
    } else {
        return None;
    };
    Some(Parts { start, end: host.end, score, rule: "email.written" })
}

/// Reads `ann.lee7 at example.com` that hangs on the dot at `at`: for a known provider or behind a label only, since
/// people are at places.
pub(super) fn at_provider(text: &str, at: usize) -> Option<Parts> {
    let bytes = text.as_bytes();
    let label = at
        - bytes[..at]
            .iter()
            .rev()
            .take(24)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
            .count();
    let before = label.checked_sub(4)?;
    if !bytes[before..label].eq_ignore_ascii_case(b" at ") || WORDS.of(text.get(label..at)?) & PROVIDER == 0 {
        return None;
    }
    let host = host(text, label, false)?;
    let start = mailbox(text, before)?;
    let name = &text[start..before];
    let is_handle = name.contains(['.', '_']) || name.bytes().any(|byte| byte.is_ascii_digit());
    if host.ending < Ending::Either || is_prose(name) {
        return None;
    }
    let score = if is_labelled(text, start) {
        0.9
    } else if is_handle {
        0.8
    } else {
        0.4
    };
    Some(Parts { start, end: host.end, score, rule: "email.written" })
}

/// Says whether a word for mail stands right in front.
fn is_labelled(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', ':', '=', '|', '\t', '-', '.']);
    let word =
        before.char_indices().rev().take(20).take_while(|(_, c)| c.is_alphanumeric() || *c == '-').last();
    before.len() < at && word.is_some_and(|(from, _)| WORDS.of(&before[from..]) & MAIL != 0)
}
