//! E-mail addresses, plain and written out.
//!
//! Finds `local@domain.tld` with the characters that mail systems allow unquoted (RFC 5322 dot-atom), international
//! letters (RFC 6531), a quoted local part and an address literal (`ann@[192.0.2.1]`); what people write against
//! harvesters: `ann [at] example [dot] com`, `ann(ät)example(punkt)de`, `ann at example dot com`, `ann_at_example.com`,
//! `ann @ example . com`, in some thirty languages; and what programs make of it: `ann%40example.com`, `ann=40…`,
//! `&#64;`, `IMCEANOTES-ann+40example+2Ecom@…`, `ann@example.com@ENRON`.
//!
//! Leaves handles (`@ann`), package versions (`left-pad@1.3.0`), decorators, files (`icon@2x.png`), remotes
//! (`git@example.com:org/repo`), and prose (`meet at the dot com bubble`).
//!
//! Sources: RFC 5321, 5322, 6531 for the forms; `domains/tlds.txt` for the last label; `email/words.txt` for the words.

mod written;

use self::written::Parts;
use super::Recogniser;
use super::domains::Ending;
use super::words::is_unspaced;
use crate::phrases::Phrase;
use crate::{Doc, Finding, Kind, Kinds};

/// How far a look back goes, in bytes: a local part has at most 64, but programs make longer ones.
const LONGEST_LOCAL: usize = 256;

struct Email;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Email)
}

impl Recogniser for Email {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Email])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let (text, bytes) = (doc.text(), doc.bytes());
        let mut push = |found: Option<Parts>| {
            if let Some(Parts { start, end, score, rule }) = found {
                findings.push(Finding { kind: Kind::Email, start, end, score, rule });
            }
        };
        for mark in doc.every_mark() {
            let at = mark.at as usize;
            match mark.byte {
                b'@' => push(sign(text, at)),
                b'(' | b'[' | b'{' | b'<' => push(written::bracketed(text, at)),
                b'_' if is_at_word(bytes, at) => push(written::glued(text, at)),
                b'.' => push(written::at_provider(text, at)),
                _ => {}
            }
        }
        for group in doc.groups() {
            push(encoded(text, group.start as usize));
        }
        for at in doc.phrases(Phrase::Dot) {
            push(written::spaced(text, at));
        }
    }
}

fn is_at_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..at + 4).is_some_and(|word| word.eq_ignore_ascii_case(b"_at_"))
}

/// Reads what hangs on an `@`.
fn sign(text: &str, at: usize) -> Option<Parts> {
    let mut from = at + 1;
    let mut start = local(text, at)?;
    let spaced_left = start == at && text[..at].ends_with(' ');
    if spaced_left {
        start = local(text, at - 1).filter(|start| *start < at - 1)?;
    } else if start == at {
        return None;
    }
    if text[from..].starts_with('[') {
        return literal(text, start, from);
    }
    let spaced_right = text[from..].starts_with(' ');
    from += usize::from(spaced_right);
    let spaced = spaced_left || spaced_right;
    let host = written::host(text, from, spaced_left && spaced_right)?;
    let mail = &text[start..at];
    if is_remote(text, mail, host.end) || is_in_address(text, start) {
        return None;
    }
    let (score, rule) = match (host.ending, spaced) {
        (Ending::Never, _) => return None,
        (Ending::Unknown | Ending::Either, true) if !host.is_provider => (0.3, "email.spaced"),
        (_, true) if written::is_prose(mail.trim_end()) => (0.3, "email.spaced"),
        // A handle with a word in front: `ask @example.com`.
        (_, true) if spaced_left && !spaced_right && !host.written => (0.3, "email.spaced"),
        (_, true) if host.is_provider || host.written || spaced_left => (0.85, "email.spaced"),
        (_, true) => (0.55, "email.spaced"),
        // An account of the fediverse: `@ann@example.social`.
        _ if text[..start].ends_with('@') => (0.6, "email.plain"),
        // Versions and pictures: `core@v2.rc`, `icon@2x.foo`.
        (Ending::Unknown, _) if text.as_bytes()[from].is_ascii_digit() => (0.3, "email.plain"),
        (Ending::Unknown, _) => (0.7, "email.plain"),
        _ => (0.98, "email.plain"),
    };
    Some(Parts { start, end: routed(text, host.end), score, rule })
}

/// Returns where the local part begins that ends at `end`; `end` when there is none.
fn local(text: &str, end: usize) -> Option<usize> {
    if text[..end].ends_with('"') {
        let inner = &text.as_bytes()[end.saturating_sub(66)..end - 1];
        let open = inner.iter().rposition(|byte| matches!(byte, b'"' | b'\n'))?;
        let start = end - 1 - (inner.len() - open);
        return (text.as_bytes()[start] == b'"' && end - start > 2).then_some(start);
    }
    let mut start = end;
    let mut script = None;
    for (at, c) in text[..end].char_indices().rev() {
        let unspaced = is_unspaced(c);
        let joins = c.is_alphanumeric() || "._%+'-&=".contains(c) || ('\u{300}'..='\u{36f}').contains(&c);
        // `邮箱是ann@example.com`: a script without spaces ends where another begins.
        if !joins || end - at > LONGEST_LOCAL || (unspaced && script == Some(false)) {
            break;
        }
        // What stands in front of the last `=` or `&` is a query's.
        if matches!(c, '=' | '&') {
            break;
        }
        if c.is_alphanumeric() {
            script = Some(unspaced);
        }
        start = at;
    }
    // A quotation mark or a full stop in front belongs to the sentence.
    Some(end - text[start..end].trim_start_matches(['\'', '.', '-', '%', '&']).len())
}

/// `ann@[192.0.2.1]`
fn literal(text: &str, start: usize, from: usize) -> Option<Parts> {
    let inner = text.as_bytes()[from + 1..].iter().take(48).position(|byte| *byte == b']')?;
    let address = &text[from + 1..from + 1 + inner];
    let is_address = address.len() >= 7
        && address
            .strip_prefix("IPv6:")
            .unwrap_or(address)
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b == b'.' || b == b':');
    is_address.then_some(Parts { start, end: from + inner + 2, score: 0.95, rule: "email.literal" })
}

/// Says whether this is a version control system's account, not a person's: `git@example.com:org/repo`.
fn is_remote(text: &str, mail: &str, end: usize) -> bool {
    matches!(mail, "git" | "hg" | "svn") && text[end..].starts_with([':', '/'])
}

/// Says whether this is the user in a web address, `https://ann:secret@example.com`, which is found as a whole.
fn is_in_address(text: &str, start: usize) -> bool {
    let before =
        text.as_bytes()[start.saturating_sub(LONGEST_LOCAL)..start].rsplit(u8::is_ascii_whitespace).next();
    before.is_some_and(|before| {
        before.ends_with(b"//") || (before.ends_with(b":") && before.windows(3).any(|three| three == b"://"))
    })
}

/// Takes in the route that mail systems append: `ann@example.com@ENRON`.
fn routed(text: &str, end: usize) -> usize {
    let Some(rest) = text[end..].strip_prefix('@') else { return end };
    let route = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    if (2..=24).contains(&route) { end + 1 + route } else { end }
}

/// Reads what hangs on the code of an `@`: `%40`, `=40`, `+40`, `&#64;`, `\u0040`.
fn encoded(text: &str, at: usize) -> Option<Parts> {
    let bytes = text.as_bytes();
    let before = *bytes.get(at.checked_sub(1)?)?;
    let (end, from) = match before {
        b'%' | b'=' | b'+' if bytes[at..].starts_with(b"40") => (at - 1, at + 2),
        b'#' if bytes[at..].starts_with(b"64;") && bytes[..at].ends_with(b"&#") => (at - 2, at + 3),
        b'x' | b'X' if bytes[at..].starts_with(b"40;") && bytes[..at - 1].ends_with(b"&#") => {
            (at - 3, at + 3)
        }
        b'u' if bytes[at..].starts_with(b"0040") && bytes[..at].ends_with(b"\\u") => (at - 2, at + 4),
        _ => return None,
    };
    let start = local(text, end).filter(|start| *start < end)?;
    let host = written::host(text, from, false)?;
    let is_sure = host.ending >= Ending::Either && text[..end].ends_with(char::is_alphanumeric);
    is_sure.then_some(Parts { start, end: host.end, score: 0.97, rule: "email.encoded" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    fn found(text: &str) -> Vec<String> {
        let mut scratch = Scratch::default();
        let doc = Doc::read(text, false, &mut scratch);
        let mut findings = Vec::new();
        Email.find(&doc, &mut findings);
        findings.retain(|finding| finding.score >= 0.5);
        findings.sort_by_key(|finding| (finding.start, finding.end));
        findings.dedup_by_key(|finding| (finding.start, finding.end));
        findings.iter().map(|finding| doc.text()[finding.start..finding.end].to_owned()).collect()
    }

    /// Every way of writing the sign with every way of writing the dot.
    #[test]
    fn an_address_is_found_however_its_marks_are_written() {
        let ats = [
            "@", " @ ", "(at)", " (at) ", "[at]", " [at] ", "{at}", " AT ", " at ", "(ät)", " [ät] ",
            " arroba ", "<at>", " [ AT ] ", "(@)", " [@] ", "-at-", "_at_",
        ];
        let dots = [
            ".",
            "(dot)",
            " (dot) ",
            "[dot]",
            " [dot] ",
            "{dot}",
            " dot ",
            " DOT ",
            " [punkt] ",
            " punto ",
            "(point)",
            " [.] ",
        ];
        for at in ats {
            for dot in dots {
                let address = format!("ann.lee7{at}gmail{dot}com");
                let is_one_word = !at.contains([' ', '-', '_'])
                    || matches!(at, " (at) " | " [at] " | " [ät] " | " [ AT ] " | " [@] ");
                if dot == "." && !is_one_word && at != " @ " && at != " at " && at != " AT " && at != "_at_" {
                    continue;
                }
                let text = format!("Write to {address}, please.");
                assert!(found(&text).contains(&address), "{text}: {:?}", found(&text));
            }
        }
    }

    #[test]
    fn hostile_marks_cost_no_more_than_their_length() {
        for text in [
            "@".repeat(200_000),
            "a@".repeat(100_000),
            "(at)".repeat(50_000),
            "a dot ".repeat(40_000),
            "%40".repeat(70_000),
            "a.".repeat(100_000),
            "\"@".repeat(100_000),
            "[{(<".repeat(50_000),
        ] {
            assert!(found(&text).len() < text.len() / 4);
        }
    }
}
