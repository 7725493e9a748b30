//! Keys, tokens, passwords and private keys.
//!
//! | part | finds |
//! |---|---|
//! | here | private keys in PEM, OpenSSH and PGP armour, with their bodies |
//! | [`prefixes`] | what begins as its issuer's tokens do; JSON web tokens |
//! | [`assigned`] | what is assigned to a word that says password, secret, token or key, and looks like one |
//! | [`credentials`] | user and password in an address, behind `curl -u`, web hooks |
//!
//! Leaves what stands for a secret: `xxxx`, `<token>`, `${TOKEN}`, `EXAMPLE`, identifiers of code, file names. The forms
//! are those of the issuers' own documents, as collected by secret scanners (gitleaks, `TruffleHog`, GitHub's list of
//! partners' patterns).

mod assigned;
mod credentials;
mod prefixes;

use super::Recogniser;
use crate::phrases::Phrase;
use crate::{Doc, Finding, Kind, Kinds};

struct Secret;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Secret)
}

impl Recogniser for Secret {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Secret])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        private_keys(doc, findings);
        prefixes::find(doc, findings);
        assigned::find(doc, findings);
        credentials::find(doc, findings);
    }
}

fn finding(start: usize, end: usize, score: f32, rule: &'static str) -> Finding {
    Finding { kind: Kind::Secret, start, end, score, rule }
}

/// Longest private key that is looked for, in bytes: RSA with 16,384 bits has 12,700.
const LONGEST_KEY: usize = 16 << 10;

fn private_keys(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    let text = doc.text();
    let mut done = 0;
    for start in doc.phrases(Phrase::Armour) {
        if start < done {
            continue;
        }
        let header = doc.after(start + 11, 60);
        let Some(key) = header.find("PRIVATE KEY").filter(|key| *key < 40) else { continue };
        let body = start + 11 + key + 11;
        let mut limit = (start + LONGEST_KEY).min(text.len());
        while !text.is_char_boundary(limit) {
            limit -= 1;
        }
        // A key whose end was cut off goes on as far as its lines do.
        let end = match memchr::memmem::find(&doc.bytes()[body..limit], b"-----END ") {
            Some(at) => {
                let line = body + at + 9;
                let rest = doc.after(line, 60);
                line + rest.find("-----").map_or(rest.len(), |close| close + 5)
            }
            None => body + text[body..limit].bytes().take_while(|byte| is_armour(*byte)).count(),
        };
        let letters = text[body..end].bytes().filter(u8::is_ascii_alphanumeric).count();
        if letters >= 40 + 20 {
            findings.push(finding(start, end, 0.99, "secret.private_key"));
            done = end;
        }
    }
}

/// What a key's lines are made of, also where line breaks are written `\n`.
fn is_armour(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=\\- \r\n:,.".contains(&byte)
}

/// Says whether the text looks drawn by lot: not one sign over and over, no run of the alphabet, no word that stands for a
/// secret.
fn is_random(text: &[u8]) -> bool {
    let mut seen = [0u64; 4];
    let mut repeated = 1;
    let mut counted = 1;
    for (place, &byte) in text.iter().enumerate() {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
        if place > 0 {
            repeated = if text[place - 1] == byte { repeated + 1 } else { 1 };
            counted = if text[place - 1].wrapping_add(1) == byte { counted + 1 } else { 1 };
            if repeated >= 6 || counted >= 8 {
                return false;
            }
        }
    }
    let distinct: u32 = seen.iter().map(|bits| bits.count_ones()).sum();
    // A random hexadecimal text of forty has fifteen different signs, one of eight has six.
    let least = (text.len() / 2).clamp(4, 9);
    distinct as usize >= least && !stands_for_one(text)
}

/// Words that stand for a secret.
const STANDINS: &[&str] = &[
    "example",
    "your",
    "xxxx",
    "placeholder",
    "changeme",
    "change_me",
    "dummy",
    "redacted",
    "insert",
    "replace",
    "sample",
    "todo",
    "secret_name",
    "put_",
    "****",
    "....",
];

fn stands_for_one(text: &[u8]) -> bool {
    // Beyond the first bytes a long random text may spell anything.
    let mut lower = [0; 48];
    let len = text.len().min(lower.len());
    lower[..len].copy_from_slice(&text[..len]);
    lower.make_ascii_lowercase();
    STANDINS.iter().any(|word| memchr::memmem::find(&lower[..len], word.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_not_random() {
        for text in [
            "xxxxxxxxxxxxxxxxxxxx",
            "00000000000000000000",
            "abcdefghijklmnopqrst",
            "YOUR_TOKEN_GOES_HERE1",
            "AKIAIOSFODNN7EXAMPLE",
        ] {
            assert!(!is_random(text.as_bytes()), "{text}");
        }
        for text in ["tB7qLx92mZpR4vNc", "deadb33fcafe0a91", "9f8c1b2e7d6a5f40"] {
            assert!(is_random(text.as_bytes()), "{text}");
        }
    }
}
