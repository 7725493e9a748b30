//! What is assigned to a word that says it is secret.

use std::sync::LazyLock;

use super::{finding, is_random, stands_for_one};
use crate::phrases::Phrase;
use crate::{Doc, Finding};

/// How much a word says about what is assigned to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A password: a person's choice, short, of any signs.
    Password,
    /// A key or token: drawn by lot, long.
    Token,
    /// The head of a request that carries one.
    Header,
}

/// The ends of names, in lower case without `_` and `-`.
const NAMES: &[(&str, Says)] = &[
    ("password", Says::Password),
    ("passwd", Says::Password),
    ("passphrase", Says::Password),
    ("passcode", Says::Password),
    ("passwort", Says::Password),
    ("kennwort", Says::Password),
    ("motdepasse", Says::Password),
    ("contraseña", Says::Password),
    ("contrasena", Says::Password),
    ("senha", Says::Password),
    ("hasło", Says::Password),
    ("haslo", Says::Password),
    ("wachtwoord", Says::Password),
    ("lösenord", Says::Password),
    ("adgangskode", Says::Password),
    ("salasana", Says::Password),
    ("пароль", Says::Password),
    ("parola", Says::Password),
    ("şifre", Says::Password),
    ("heslo", Says::Password),
    ("pwd", Says::Password),
    ("pass", Says::Password),
    ("pw", Says::Password),
    ("secret", Says::Token),
    ("token", Says::Token),
    ("apikey", Says::Token),
    ("accesskey", Says::Token),
    ("secretkey", Says::Token),
    ("privatekey", Says::Token),
    ("authkey", Says::Token),
    ("encryptionkey", Says::Token),
    ("signingkey", Says::Token),
    ("masterkey", Says::Token),
    ("accountkey", Says::Token),
    ("licensekey", Says::Token),
    ("sharedkey", Says::Token),
    ("clientsecret", Says::Token),
    ("accesskeyid", Says::Token),
    ("credential", Says::Token),
    ("credentials", Says::Token),
    ("authorization", Says::Header),
    ("xapikey", Says::Header),
    ("apitoken", Says::Header),
    ("xauthtoken", Says::Header),
];

/// The same names backwards, as they are compared.
static BACKWARDS: LazyLock<Vec<(String, &str, Says)>> =
    LazyLock::new(|| NAMES.iter().map(|&(name, says)| (name.chars().rev().collect(), name, says)).collect());

/// Longest name and value that are looked at.
const LONGEST_NAME: usize = 40;
const LONGEST_VALUE: usize = 512;

pub(super) fn find(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    let mut name = String::with_capacity(LONGEST_NAME);
    for at in doc.marks(b'=').chain(doc.marks(b':')) {
        let Some(says) = name_before(doc, at, &mut name) else { continue };
        findings.extend(value(doc, at + 1, says));
    }
    // In a sentence: *my password is …*.
    for at in doc.phrases(Phrase::Password) {
        findings.extend(value(doc, at + 11, Says::Password).map(|found| Finding { score: 0.7, ..found }));
    }
}

/// Returns what the name in front of `at` says, if anything.
fn name_before(doc: &Doc<'_>, at: usize, name: &mut String) -> Option<Says> {
    let bytes = doc.bytes();
    let mut end = at;
    // `:=`, `=>`'s left side, quotes and brackets around the name, spaces.
    while end > 0 && b" \"'`]):*\t".contains(&bytes[end - 1]) && at - end < 8 {
        end -= 1;
    }
    // Only a few letters end such a name: most marks end here.
    if !matches!(
        bytes[..end].last()?.to_ascii_lowercase(),
        b'd' | b'e' | b't' | b'a' | b'o' | b's' | b'w' | b'n' | b'y' | b'l' | 0x80..
    ) {
        return None;
    }
    let before = doc.before(end, LONGEST_NAME);
    name.clear();
    for c in before.chars().rev() {
        match c {
            '_' | '-' | '.' | ' ' => {}
            _ if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ if c.is_alphanumeric() => name.extend(c.to_lowercase()),
            _ => break,
        }
        // Most names are told to be none by the first two letters.
        if name.len() == 2 && !BACKWARDS.iter().any(|(known, ..)| known.starts_with(name.as_str())) {
            return None;
        }
    }
    // What every visitor is sent is no secret.
    if ["frsc", "frsx", "cilbup"].iter().any(|public| name.contains(public)) {
        return None;
    }
    BACKWARDS
        .iter()
        .filter(|(backwards, ..)| name.starts_with(backwards.as_str()))
        .max_by_key(|(_, known, _)| known.len())
        .filter(|(_, known, _)| is_word_start(before, known))
        .map(|(.., says)| *says)
}

/// `bypass:` and `compass=` are no passwords: a short name stands by itself or behind `_`, `-`, `.`, a small letter.
fn is_word_start(before: &str, known: &str) -> bool {
    if known.len() > 4 {
        return true;
    }
    let name = before.trim_end();
    let Some(start) = name.len().checked_sub(known.len()).filter(|start| name.is_char_boundary(*start))
    else {
        return true;
    };
    let (front, word) = name.split_at(start);
    !front.ends_with(|c: char| c.is_alphanumeric())
        || word.starts_with(char::is_uppercase) && front.ends_with(char::is_lowercase)
}

fn value(doc: &Doc<'_>, from: usize, says: Says) -> Option<Finding> {
    let line = doc.after(from, LONGEST_VALUE);
    let trimmed = line.trim_start_matches([' ', '\t', '=', '>', ':']);
    let mut start = from + line.len() - trimmed.len();
    let mut rest = trimmed;
    let quote = rest.chars().next().filter(|c| "\"'`".contains(*c));
    if let Some(quote) = quote {
        start += 1;
        rest = &rest[1..];
        rest = &rest[..rest.find(quote).unwrap_or(rest.len())];
    }
    let mut has_scheme = false;
    if says == Says::Header {
        for scheme in
            ["Bearer ", "Basic ", "Token ", "Api-Token ", "ApiKey ", "bearer ", "basic ", "token ", "Digest "]
        {
            if let Some(body) = rest.strip_prefix(scheme) {
                has_scheme = true;
                start += scheme.len();
                rest = body.trim_start();
                start += body.len() - rest.len();
            }
        }
    }
    let end = match quote {
        Some(_) if says == Says::Password => rest.len(),
        _ => rest.find(|c: char| c.is_whitespace() || "\"'`,;<>|)]}&".contains(c)).unwrap_or(rest.len()),
    };
    let word = rest[..end].trim_end_matches(['.', ',', '!', '?', '\\']);
    // A mark that ends a password belongs to it where a digit or sign stands in front of it; the sentence ends otherwise.
    let word = if says == Says::Password && rest[word.len()..end].starts_with('!') {
        &rest[..=word.len()]
    } else {
        word
    };
    let score = match says {
        Says::Password => password(word, quote.is_some())?,
        Says::Token => token(word, 16)?,
        Says::Header if has_scheme => carried(word)?,
        Says::Header => token(word, 10)?,
    };
    Some(finding(start, start + word.len(), score, "secret.assigned"))
}

/// Returns how much a word looks like a password.
fn password(word: &str, is_quoted: bool) -> Option<f32> {
    let bytes = word.as_bytes();
    if !(4..=128).contains(&word.len()) || is_code(word) || stands_for_one(bytes) {
        return None;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let signs = bytes.iter().filter(|byte| b"!@#$%^&*+=~?".contains(byte)).count();
    let is_mixed = word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    match (letters, digits, signs) {
        (1.., 1.., _) if word.len() >= 6 => Some(0.9),
        (1.., _, 1..) if word.len() >= 6 => Some(0.85),
        (1.., 0, 0) if is_quoted && word.len() >= 6 && is_mixed && !word.contains(' ') => Some(0.6),
        (0, 4.., _) if word.len() >= 4 => Some(0.55),
        (1.., 1.., _) => Some(0.5),
        _ => None,
    }
}

/// Returns how much a word behind *Bearer* or *Basic* looks like what they carry.
fn carried(word: &str) -> Option<f32> {
    let bytes = word.as_bytes();
    let is_carried = bytes.len() >= 8 && !is_code(word) && !stands_for_one(bytes) && changes(bytes) >= 3;
    is_carried.then_some(0.85)
}

/// Returns how much a word looks like a key drawn by lot.
fn token(word: &str, least: usize) -> Option<f32> {
    let bytes = word.as_bytes();
    let is_made_of = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=.~@!#$%".contains(byte));
    if bytes.len() < least || !is_made_of || is_code(word) || !is_random(bytes) {
        return None;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    // Names of code have words in them: few digits, and those at the end.
    let inner = bytes[..bytes.len() - 2].iter().filter(|byte| byte.is_ascii_digit()).count();
    (digits >= 3 && letters >= 1 && inner >= 2 && digits * 20 >= bytes.len() && changes(bytes) >= 5)
        .then_some(0.85)
}

/// Counts how often letters of one case, letters of the other and digits follow one another.
fn changes(bytes: &[u8]) -> usize {
    let class = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase(), byte.is_ascii_lowercase());
    bytes.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count()
}

/// What code and templates write in the place of a secret.
fn is_code(word: &str) -> bool {
    word.starts_with(['$', '<', '{', '[', '%', '*', '&', '('])
        || word.contains("${")
        || word.contains("{{")
        || word.contains("://")
        || word.contains("()")
        || is_version(word)
        || word.contains('(') && word.contains('.')
        || [
            "process.env",
            "os.environ",
            "System.get",
            "getenv",
            "self.",
            "this.",
            "config.",
            "env.",
            "null",
            "None",
            "true",
            "false",
            "string",
            "undefined",
            "var.",
            "secrets.",
            "params",
        ]
        .iter()
        .any(|start| word.starts_with(start))
        || word.bytes().all(|byte| byte == b'x' || byte == b'X' || byte == b'*' || byte == b'.')
        || std::path::Path::new(word)
            .extension()
            .is_some_and(|extension| FILES.iter().any(|file| extension == *file))
}

/// `jackson-0.11.2`: a package's name and version.
fn is_version(word: &str) -> bool {
    let mut parts = word.rsplit('.');
    let are_numbers = parts.by_ref().take(2).all(|part| {
        part.len() < 4
            && part
                .rsplit('-')
                .next()
                .is_some_and(|end| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()))
    });
    are_numbers && word.contains('.')
}

const FILES: &[&str] = &[
    "pem", "key", "txt", "json", "yml", "yaml", "js", "ts", "py", "go", "rs", "cer", "crt", "p12", "jks",
    "html", "xml", "keytab",
];
