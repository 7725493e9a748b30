//! Users and passwords on a line of command and in addresses.

use super::{finding, stands_for_one};
use crate::phrases::Phrase;
use crate::{Doc, Finding};

/// Longest user and password together, and longest address behind them.
const LONGEST: usize = 160;
const LONGEST_ADDRESS: usize = 400;

pub(super) fn find(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    let mut done = 0;
    for at in doc.marks(b'@') {
        if let Some(found) = in_address(doc, at, done) {
            done = at;
            findings.push(found);
        }
    }
    for at in doc.phrases(Phrase::Curl) {
        findings.extend(behind_option(doc, at + 5));
    }
    for slash in doc.marks(b'/').filter(|slash| doc.bytes()[..*slash].ends_with(b"hooks.slack.com")) {
        let host = slash - 15;
        let path = doc.after(host + 16, 160);
        let len =
            path.find(|c: char| !(c.is_ascii_alphanumeric() || "/_-".contains(c))).unwrap_or(path.len());
        if path[..len]
            .split('/')
            .filter(|part| part.len() >= 8 && part.bytes().any(|byte| byte.is_ascii_digit()))
            .count()
            >= 2
        {
            let web = ["https://", "http://"].iter().find(|it| doc.bytes()[..host].ends_with(it.as_bytes()));
            let start = host - web.map_or(0, |scheme| scheme.len());
            findings.push(finding(start, host + 16 + len, 0.97, "secret.hook"));
        }
    }
}

/// `scheme://user:password@host`: the user and the password.
fn in_address(doc: &Doc<'_>, at: usize, done: usize) -> Option<Finding> {
    let bytes = doc.bytes();
    let from = at.saturating_sub(LONGEST).max(done);
    let back = bytes[from..at]
        .iter()
        .rev()
        .take_while(|byte| !byte.is_ascii_whitespace() && !b"\"'<>/".contains(byte))
        .count();
    let start = at - back;
    if back < 4 || !bytes[..start].ends_with(b"://") {
        return None;
    }
    let colon = bytes[start..at].iter().position(|byte| *byte == b':')?;
    let password = &bytes[start + colon + 1..at];
    if is_standin(password) {
        return None;
    }
    // What a page is fetched with is of no use without its password.
    let web = ["https://", "http://"].iter().find(|scheme| bytes[..start].ends_with(scheme.as_bytes()));
    let Some(scheme) = web else { return Some(finding(start, at, 0.97, "secret.address")) };
    let rest = doc.after(at, LONGEST_ADDRESS);
    let len = rest.find(|c: char| c.is_whitespace() || "\"'<>`|".contains(c)).unwrap_or(rest.len());
    let len = rest[..len].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}']).len();
    Some(finding(start - scheme.len(), at + len, 0.97, "secret.address"))
}

/// `-u user:password`, `--user`.
fn behind_option(doc: &Doc<'_>, from: usize) -> Option<Finding> {
    let line = doc.after(from, 600);
    let (option, len) =
        ["-u ", "--user "].iter().find_map(|option| Some((line.find(option)?, option.len())))?;
    if !line[..option].ends_with(' ') && option > 0 {
        return None;
    }
    let rest = &line[option + len..];
    let value = rest.trim_start();
    let at = from + option + len + rest.len() - value.len();
    let quote = value.chars().next().filter(|c| "\"'".contains(*c));
    let end = match quote {
        // `"user":"password"`: the value ends where a space follows the quote.
        Some(quote) => value[1..]
            .match_indices(quote)
            .map(|(end, _)| end + 2)
            .find(|end| value[*end..].chars().next().is_none_or(char::is_whitespace))
            .unwrap_or(value.len()),
        None => value.find(char::is_whitespace).unwrap_or(value.len()),
    };
    let word = value[..end].trim_matches(['"', '\'']);
    let start = at + value[..end].find(word).unwrap_or(0);
    let (user, password) = word.split_once(':')?;
    let (user, password) = (user.trim_matches(['"', '\'']), password.trim_matches(['"', '\'']));
    // The key may be the user, with no password.
    let secret = if password.is_empty() { user } else { password };
    (!is_standin(secret.as_bytes()) && !user.starts_with(['<', '[', '{', '$']))
        .then(|| finding(start, start + word.len(), 0.9, "secret.option"))
}

fn is_standin(word: &[u8]) -> bool {
    word.len() < 3
        || matches!(word.first(), Some(b'$' | b'<' | b'[' | b'%' | b'*'))
        || word.starts_with(b"{{")
        || word.windows(2).any(|pair| pair == b"${" || pair == b"$(")
        || [
            &b"password"[..],
            b"pass",
            b"passwd",
            b"pwd",
            b"token",
            b"secret",
            b"test",
            b"yyy",
            b"xxx",
            b"user",
            b"...",
        ]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
        || word.iter().all(|byte| matches!(byte, b'x' | b'X' | b'*' | b'.'))
        || stands_for_one(word)
}
