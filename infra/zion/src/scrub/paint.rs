//! Colours: what was found, and what stands in its place.

use pii::{Finding, Kind};

const FOUND: &str = "\u{1b}[30;43m";
const TAG: &[u8] = b"\x1b[1;36m";
const PLAIN: &str = "\u{1b}[0m";

/// The text with each finding highlighted.
pub(super) fn found(text: &str, findings: &[Finding]) -> String {
    let mut painted = String::with_capacity(text.len() + findings.len() * 16);
    let mut at = 0;
    for finding in findings {
        for piece in [&text[at..finding.start], FOUND, &text[finding.start..finding.end], PLAIN] {
            painted.push_str(piece);
        }
        at = finding.end;
    }
    painted.push_str(&text[at..]);
    painted
}

/// The output with each tag highlighted; tags that the text had before, too.
pub(super) fn tags(out: &[u8]) -> Vec<u8> {
    let mut painted = Vec::with_capacity(out.len() + out.len() / 8);
    let mut rest = out;
    while let Some(at) = rest.iter().position(|byte| *byte == b'[') {
        painted.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let length = tag(rest).unwrap_or(1);
        if length > 1 {
            painted.extend_from_slice(TAG);
            painted.extend_from_slice(&rest[..length]);
            painted.extend_from_slice(PLAIN.as_bytes());
        } else {
            painted.push(b'[');
        }
        rest = &rest[length..];
    }
    painted.extend_from_slice(rest);
    painted
}

/// The length of the tag that the bytes begin with.
fn tag(bytes: &[u8]) -> Option<usize> {
    // No kind's word and number together are longer.
    let end = bytes.iter().take(40).position(|byte| *byte == b']')?;
    let word = std::str::from_utf8(&bytes[1..end]).ok()?;
    let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let is_kind = |kind: &Kind| {
        let rest = word.strip_prefix(kind.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('_').is_some_and(is_number))
    };
    Kind::ALL.iter().any(is_kind).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_brackets() {
        let painted = String::from_utf8(tags(b"[x] [email] [name_12][[phone] [email_] [")).unwrap();
        let plain = painted.replace("\u{1b}[1;36m", "<").replace(PLAIN, ">");
        assert_eq!(plain, "[x] <[email]> <[name_12]>[<[phone]> [email_] [");
    }
}
