//! Addresses of the web.
//!
//! Finds addresses with a scheme or `www.`, and bare names of hosts whose last label is a top-level domain. How surely
//! one of them is personal data is its score: a profile's address, a site on a platform where the first label is a
//! person, an address with a user in it and one that is labelled as somebody's own are (0.9 and more); any other is
//! (0.55 to 0.6) as far as nobody can tell from an address whose site it is, and a link to a page that names a
//! person does name it. What is as likely no address at all stays below 0.5: `Node.js`, `main.rs`, `ASP.NET`, a word
//! behind a full stop without a space.
//!
//! Leaves e-mail addresses, handles, hosts without a domain (`http://localhost`), and what is glued to `@`, `#`, `$`.
//!
//! Sources: RFC 3986 for the form; IANA's list for the last label (`domains/tlds.txt`); `url/hosts.txt`.

use std::sync::LazyLock;

use super::Recogniser;
use super::domains::{self, Ending};
use super::words::{Words, is_unspaced};
use crate::{Doc, Finding, Kind, Kinds};

const PROFILE: u16 = 1;
const PLATFORM: u16 = 2;
const OWN: u16 = 4;
const WORD: u16 = 8;
const ORG: u16 = 16;

static HOSTS: LazyLock<Words> = LazyLock::new(|| {
    let classes = [("profile", PROFILE), ("platform", PLATFORM), ("own", OWN), ("word", WORD), ("org", ORG)];
    Words::read(include_str!("url/hosts.txt"), &classes)
});

/// A host's name has at most 253 bytes; half of it is enough to be one.
const LONGEST_HOST: usize = 128;
/// A longer address is cut: pages put data into them.
const LONGEST: usize = 2048;

struct Url;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Url)
}

impl Recogniser for Url {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Url])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let (text, bytes) = (doc.text(), doc.bytes());
        // Where what was looked at ends.
        let mut done = 0;
        for mark in doc.every_mark() {
            let at = mark.at as usize;
            if at < done {
                continue;
            }
            let found = match mark.byte {
                b':' if bytes[at + 1..].starts_with(b"//") => schemed(text, at),
                b'.' => bare(text, at, &mut done),
                _ => None,
            };
            if let Some(address) = found {
                done = address.end;
                let (score, rule) = judge(text, &address);
                findings.push(Finding {
                    kind: Kind::Url,
                    start: address.start,
                    end: address.end,
                    score,
                    rule,
                });
            }
        }
    }
}

/// An address and its parts.
struct Address {
    start: usize,
    host: usize,
    host_end: usize,
    end: usize,
    ending: Ending,
    /// Where the last label begins.
    last: usize,
    labels: usize,
    has_scheme: bool,
    has_user: bool,
}

/// Reads `scheme://…` around the colon at `at`.
fn schemed(text: &str, at: usize) -> Option<Address> {
    let bytes = text.as_bytes();
    let start = at
        - bytes[..at]
            .iter()
            .rev()
            .take(12)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'+')
            .count();
    // The addresses of databases and queues are secrets, no links.
    let schemes = [
        "http", "https", "ftp", "ftps", "sftp", "ssh", "git", "ws", "wss", "svn", "git+ssh", "feed", "gemini",
    ];
    if !schemes.iter().any(|scheme| text[start..at].eq_ignore_ascii_case(scheme))
        || text[..start].ends_with(['@', '#', '$', '_'])
    {
        return None;
    }
    let mut host = at + 3;
    // `ann:secret@host`
    let authority = bytes[host..]
        .iter()
        .take(LONGEST_HOST)
        .take_while(|byte| !byte.is_ascii_whitespace() && !b"/?#\"<>".contains(byte))
        .count();
    let user = bytes[host..host + authority].iter().rposition(|byte| *byte == b'@');
    host += user.map_or(0, |user| user + 1);
    let mut address = read_host(text, host)?;
    address.start = start;
    address.has_scheme = true;
    address.has_user = user.is_some();
    if address.ending < Ending::Either {
        return None;
    }
    address.end = end(text, address.host_end);
    Some(address)
}

/// Reads a host without a scheme around the full stop at `at`.
fn bare(text: &str, at: usize, done: &mut usize) -> Option<Address> {
    // Back to the beginning of the first label.
    let mut start = at;
    let mut script = None;
    for (place, c) in text[..at].char_indices().rev() {
        let unspaced = is_unspaced(c);
        if !(c.is_alphanumeric() || c == '-' || c == '_')
            || at - place > LONGEST_HOST
            || script.is_some_and(|script| script != unspaced)
        {
            break;
        }
        script = Some(unspaced);
        start = place;
    }
    let address = read_host(text, start);
    *done = address.as_ref().map_or(at + 1, |address| address.host_end);
    let mut address = address?;
    let before = text[..start].chars().next_back();
    if before.is_some_and(|c| "@#$%&=\\/._-+~*^'".contains(c)) || text[address.host_end..].starts_with('@') {
        // A path or an address: the whole of it was looked at.
        *done = end(text, address.host_end).max(*done);
        return None;
    }
    let first = &text[start..at];
    let is_www = first.eq_ignore_ascii_case("www") && address.labels > 2;
    let rest = &text[address.host_end..];
    let has_path = rest.starts_with('/')
        && rest[1..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '@' | '~'));
    let last = &text[address.last..address.host_end];
    // A sentence begins with a capital: `done.My`.
    let is_sentence = last.starts_with(char::is_uppercase)
        && !text[start..address.host_end].chars().all(|c| !c.is_lowercase());
    // ASP.NET
    let is_framework = address.labels == 2 && last == "NET" && !has_path;
    let is_call = is_framework
        || rest.starts_with(['(', '[', '=', '_'])
        || rest.starts_with("::")
        || rest.starts_with(":\"");
    let is_address = match address.ending {
        Ending::Never | Ending::Unknown => false,
        _ if is_sentence || is_call => false,
        _ if is_www => true,
        Ending::Either => has_path || address.labels > 2,
        Ending::Domain => has_path || address.labels > 2 || HOSTS.of(last) & WORD == 0,
    };
    // `main.rs`, `socket.io`: only what is labelled, or stands among somebody's contacts.
    let is_doubtful = address.ending >= Ending::Either && !is_sentence && !is_call;
    if !is_address && !(is_doubtful && (is_own(text, start) || is_among_contacts(text, start, &address))) {
        return None;
    }
    address.start = start;
    address.end = end(text, address.host_end);
    Some(address)
}

/// Reads a host's labels from `from` on; at least two.
fn read_host(text: &str, from: usize) -> Option<Address> {
    let (mut at, mut labels, mut best) = (from, 0, None::<Address>);
    while labels < 12 {
        let end = domains::label(text, at);
        let label = &text[at..end];
        if end == at
            || label.starts_with(['-', '_'])
            || (label.contains('_') && !text[end..].starts_with('.'))
        {
            break;
        }
        labels += 1;
        if labels > 1 {
            let ending = domains::ending(label);
            let before = &text[from..at - 1];
            let parent = before.rsplit('.').next().unwrap_or(before);
            // Names that are registered have no underscore.
            let ending = if parent.contains('_') { Ending::Never } else { ending };
            let is_better = ending >= Ending::Either || best.is_none();
            // Glued on: `example.comm`, `foo.com-and-more` are no domains.
            let is_glued = best.as_ref().is_some_and(|best| best.host_end + 1 == at)
                && !text[end..].starts_with('.')
                && !label.starts_with(char::is_uppercase);
            if is_better || is_glued {
                best = Some(Address {
                    start: from,
                    host: from,
                    host_end: end,
                    end,
                    ending,
                    last: at,
                    labels,
                    has_scheme: false,
                    has_user: false,
                });
            }
        }
        let mut rest = text[end..].chars();
        if rest.next() != Some('.') || !rest.next().is_some_and(char::is_alphanumeric) {
            break;
        }
        at = end + 1;
    }
    // A dash or an underscore behind it: it is cut out of something.
    best.filter(|best| {
        !text[best.host_end..].starts_with(['-', '_'])
            || best.ending >= Ending::Either && text[best.host_end..].starts_with("- ")
    })
}

/// Returns where the address ends whose host ends at `from`: with its port, path, query and fragment, without what
/// belongs to the sentence.
fn end(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    if bytes.get(at) == Some(&b':') {
        let port = bytes[at + 1..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        at += if (2..=5).contains(&port) { port + 1 } else { 0 };
    }
    if !matches!(bytes.get(at), Some(b'/' | b'?' | b'#')) {
        return at;
    }
    let (mut open, mut query) = (0_i32, false);
    // The end is where the last character stands that may be the last one.
    let mut end = at;
    for (place, c) in text[at..].char_indices() {
        let ends = match c {
            '(' => {
                open += 1;
                false
            }
            ')' => {
                open -= 1;
                if open < 0 {
                    break;
                }
                true
            }
            '?' => {
                query = true;
                false
            }
            '.' | ',' | ';' | ':' | '!' | '*' | '~' | '&' | '$' | '@' => false,
            '|' if query => false,
            '<' | '>' | '"' | '\'' | '`' | '{' | '}' | '|' | '\\' | '^' | '[' | ']' => break,
            _ if c.is_ascii_graphic() => true,
            _ if c.is_alphanumeric() && !is_unspaced(c) => true,
            '\u{300}'..='\u{36f}' => true,
            _ => break,
        };
        if place > LONGEST {
            break;
        }
        if ends {
            end = at + place + c.len_utf8();
        }
    }
    end.max(at)
}

/// Says whether an e-mail address is near a name that is long enough to be somebody's.
fn is_among_contacts(text: &str, start: usize, address: &Address) -> bool {
    let bytes = text.as_bytes();
    let near = &bytes[start.saturating_sub(80)..bytes.len().min(address.host_end + 80)];
    address.last - start >= 7 && near.contains(&b'@')
}

fn judge(text: &str, address: &Address) -> (f32, &'static str) {
    let host = &text[address.host..address.host_end];
    let path = text[address.host_end..address.end].trim_start_matches('/');
    let mut parents = host.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| &host[at + 1..]);
    let is_platform = host
        .split_once('.')
        .is_some_and(|(first, _)| !matches!(first, "www" | "docs" | "api" | "support" | "help"))
        && parents.any(|parent| HOSTS.of(parent) & PLATFORM != 0);
    let is_profile = !path.is_empty()
        && (HOSTS.of(host) & PROFILE != 0
            || host
                .char_indices()
                .filter(|(_, c)| *c == '.')
                .any(|(at, _)| HOSTS.of(&host[at + 1..]) & PROFILE != 0));
    // `linkedin.com/company/…`, `github.com/rust-lang/rust` name no person.
    let owner = path.split(['/', '?', '#']).next().unwrap_or(path);
    if is_profile && HOSTS.of(owner) & ORG != 0 {
        return (0.45, "url.project");
    }
    if is_profile {
        return (0.96, "url.profile");
    }
    if is_platform {
        return (0.92, "url.platform");
    }
    if address.has_user || path.starts_with(['~', '@']) || path.contains("/~") {
        return (0.9, "url.user");
    }
    if is_own(text, address.start) {
        return (0.85, "url.own");
    }
    if address.has_scheme || host.len() > 4 && host.as_bytes()[..4].eq_ignore_ascii_case(b"www.") {
        return (0.6, "url.plain");
    }
    // A capital begins a company's name: `Booking.com`.
    let is_brand = path.is_empty()
        && address.labels == 2
        && host.starts_with(char::is_uppercase)
        && host.chars().skip(1).all(|c| !c.is_uppercase());
    if is_brand { (0.45, "url.brand") } else { (0.57, "url.bare") }
}

/// Says whether a label in front calls it somebody's own site.
fn is_own(text: &str, at: usize) -> bool {
    let near = at
        - text.as_bytes()[..at].iter().rev().take(8).take_while(|byte| b" :|\t(<[*".contains(byte)).count();
    let before = &text[..near];
    if !text[before.len()..at].contains([':', '|', '\t']) {
        return false;
    }
    let start = before
        .char_indices()
        .rev()
        .take(24)
        .take_while(|(_, c)| c.is_alphabetic())
        .last()
        .map_or(before.len(), |(at, _)| at);
    HOSTS.of(&before[start..]) & OWN != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    #[test]
    fn hostile_names_cost_no_more_than_their_length() {
        for text in [
            "a.".repeat(200_000),
            "http://".repeat(60_000),
            "a.com/".repeat(60_000),
            "a_b.c-d.".repeat(40_000),
            "https://a@".repeat(40_000),
            format!("a.com/{}", "(".repeat(400_000)),
            "a".repeat(400_000) + ".com",
        ] {
            let mut scratch = Scratch::default();
            let doc = Doc::read(&text, false, &mut scratch);
            let mut findings = Vec::new();
            Url.find(&doc, &mut findings);
            assert!(findings.len() < text.len() / 4);
        }
    }
}
