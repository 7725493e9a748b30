//! The forms of the kinds: what of a value is kept, and what is invented.

use super::{Draw, Surrogates, is_invented, numbers};
use crate::Kind;
use crate::lexicon::{self, Classes};

/// Hosts that are nobody's (RFC 2606).
const HOSTS: [&str; 3] = ["example.com", "example.net", "example.org"];

/// Words inside names that are kept: they say nothing of the person.
const PARTICLES: [&str; 20] = [
    "al", "bin", "da", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la", "le",
    "ter", "van", "von", "y",
];

/// Documentation ranges: RFC 5737, RFC 3849, RFC 7042.
const IPV4: &str = "203.0.113.";
const IPV6: &str = "2001:db8:";
const MAC: &str = "00005E0053";

/// Makes a value of the same form; none where the form is unknown.
pub(super) fn invent(kind: Kind, found: &str, surrogates: &mut Surrogates<'_>) -> Option<String> {
    match kind {
        Kind::Name | Kind::Location | Kind::Username => Some(words(kind, found, surrogates)),
        Kind::Email => Some(email(found, surrogates)),
        Kind::Url => Some(url(found, surrogates)),
        Kind::Address => Some(address(found, surrogates)),
        Kind::Phone => surrogates.fresh(kind, found, |draw| numbers::phone(found, draw)),
        Kind::BirthDate => surrogates.fresh(kind, found, |draw| date(found, draw)),
        Kind::Iban => surrogates.fresh(kind, found, |draw| Some(iban(found, draw))),
        Kind::Bic => surrogates.fresh(kind, found, |draw| Some(bic(found, draw))),
        Kind::Ip => surrogates.fresh(kind, found, |draw| Some(ip(found, draw))),
        Kind::Mac => surrogates.fresh(kind, found, |draw| Some(mac(found, draw))),
        Kind::Ssn
        | Kind::NationalId
        | Kind::Passport
        | Kind::Licence
        | Kind::BankAccount
        | Kind::Card
        | Kind::Imei => surrogates.fresh(kind, found, |draw| numbers::id(found, draw)),
        _ => None,
    }
}

/// Says whether every part of a value is one that [`invent`] makes.
pub(super) fn is_own(kind: Kind, found: &str) -> bool {
    let is_own = match kind {
        Kind::Name | Kind::Location | Kind::Username => are_own_words(found),
        Kind::Email => found.rsplit_once('@').is_some_and(|(local, host)| {
            HOSTS.contains(&host) && are_own_words(local.strip_prefix("mailto:").unwrap_or(local))
        }),
        Kind::Url => is_own_url(found),
        Kind::Address => is_own_address(found),
        Kind::Phone => numbers::is_phone(found),
        Kind::BirthDate => runs(found).any(is_own_year),
        Kind::Iban => found.get(2..4) == Some("00"),
        Kind::Bic => found.get(4..6) == Some("ZZ"),
        Kind::Ip => {
            found.starts_with(IPV6)
                || found
                    .strip_prefix(IPV4)
                    .and_then(|last| last.parse::<u8>().ok())
                    .is_some_and(|last| last % 13 == 0)
        }
        Kind::Mac => {
            let bare: String = found.chars().filter(char::is_ascii_hexdigit).collect();
            bare.to_uppercase().starts_with(MAC)
        }
        Kind::Ssn
        | Kind::NationalId
        | Kind::Passport
        | Kind::Licence
        | Kind::BankAccount
        | Kind::Card
        | Kind::Imei => numbers::is_id(found),
        _ => false,
    };
    // A number of ours may be taken for a number of another kind.
    is_own
        || (kind == Kind::Phone && numbers::is_id(found) && numbers::digits(found).len() >= 9)
        || ((Kind::Ssn..=Kind::Imei).contains(&kind) && numbers::is_phone(found))
}

/// Letters, or digits, behind one another; marks of a letter and apostrophes inside a word belong to it.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter(|piece| piece.starts_with(char::is_alphanumeric))
}

/// Cuts a text into runs of letters, runs of digits, and single other characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let mut end = first.len_utf8();
        let (is_word, is_number) = (first.is_alphabetic(), first.is_numeric());
        let mut chars = rest[end..].chars().peekable();
        while let Some(c) = chars.next() {
            let joined =
                is_word && matches!(c, '\'' | '\u{2019}') && chars.peek().is_some_and(|c| c.is_alphabetic());
            let marked = is_word && ('\u{300}'..='\u{36f}').contains(&c);
            if !(joined || marked || (is_word && c.is_alphabetic()) || (is_number && c.is_numeric())) {
                break;
            }
            end += c.len_utf8();
        }
        let (piece, left) = rest.split_at(end);
        rest = left;
        Some(piece)
    })
}

/// Writes a run anew.
fn run(run: &str, draw: &mut Draw, surrogates: &mut Surrogates<'_>) -> String {
    if is_own_run(run) {
        return run.to_owned();
    }
    let mut chars = run.chars();
    match (chars.next(), chars.next()) {
        (Some(first), _) if first.is_numeric() => number(run.chars().count(), draw),
        (Some(first), None) => {
            let initial = draw.of(&['Q', 'X', 'Z']);
            if first.is_lowercase() { initial.to_ascii_lowercase().to_string() } else { initial.to_string() }
        }
        _ => surrogates.word(run),
    }
}

/// A number of that many digits: short ones are multiples of nine, longer ones begin with zeros.
fn number(digits: usize, draw: &mut Draw) -> String {
    match digits {
        1 => "9".to_owned(),
        2 => format!("{:02}", 9 * (1 + draw.below(11))),
        _ => "00".chars().chain((2..digits).map(|_| draw.digit())).collect(),
    }
}

fn is_own_run(run: &str) -> bool {
    let Some(first) = run.chars().next() else { return true };
    if first.is_numeric() {
        return match run.len() {
            1 => run == "9",
            2 => run.parse::<u8>().is_ok_and(|number| number % 9 == 0),
            _ => run.starts_with("00"),
        };
    }
    if run.chars().count() == 1 {
        return matches!(first, 'Q' | 'X' | 'Z' | 'q' | 'x' | 'z');
    }
    let lower = run.to_lowercase();
    PARTICLES.contains(&run) || is_invented(&lower)
}

fn words(kind: Kind, found: &str, surrogates: &mut Surrogates<'_>) -> String {
    let mut draw = surrogates.draw(kind.as_str(), &found.to_lowercase(), 0);
    pieces(found)
        .map(|piece| {
            if piece.starts_with(char::is_alphanumeric) {
                run(piece, &mut draw, surrogates)
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

/// Own runs alone, and an invented word among them.
fn are_own_words(text: &str) -> bool {
    runs(text).all(is_own_run) && runs(text).any(|run| is_invented(&run.to_lowercase()))
}

fn email(found: &str, surrogates: &mut Surrogates<'_>) -> String {
    let (scheme, address) = found.strip_prefix("mailto:").map_or(("", found), |address| ("mailto:", address));
    let (local, host) = address.rsplit_once('@').unwrap_or_else(|| {
        // Written out: what stands in front of the first bracket or space is the local part.
        let end = address.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')));
        address.split_at(end.unwrap_or(address.len()))
    });
    let host = surrogates.draw("host", &host.to_lowercase(), 0).of(&HOSTS);
    let mut local = words(Kind::Email, local, surrogates);
    local.retain(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'));
    if !are_own_words(&local) {
        // Digits or initials alone: a word keeps it apart from a real one.
        local = surrogates.word(&format!("x{found}")).to_lowercase();
    }
    format!("{scheme}{local}@{host}")
}

/// A link's scheme, and the rest of it.
fn scheme(url: &str) -> (&str, &str) {
    url.find("://").map_or(("", url), |at| url.split_at(at + 3))
}

fn url(found: &str, surrogates: &mut Surrogates<'_>) -> String {
    let (scheme, rest) = scheme(found);
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let www = if host.starts_with("www.") { "www." } else { "" };
    let host = surrogates.draw("host", &host.to_lowercase(), 0).of(&HOSTS);
    let segments = path.split('/').map(|segment| {
        if is_own_segment(segment) { segment.to_owned() } else { surrogates.word(&segment.to_lowercase()) }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    format!("{scheme}{www}{host}{path}")
}

/// What a path says of its site and nobody: `in`, `u`; or an invented word.
fn is_own_segment(segment: &str) -> bool {
    (segment.len() <= 3 && segment.bytes().all(|byte| byte.is_ascii_lowercase())) || is_invented(segment)
}

fn is_own_url(found: &str) -> bool {
    let (_, rest) = scheme(found);
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let mut parts = rest.split('/');
    parts.next().is_some_and(|host| HOSTS.contains(&host)) && parts.all(is_own_segment)
}

/// What an address is made of: words with their digits.
fn is_own_part(part: &str) -> bool {
    let has_digits = part.contains(char::is_numeric);
    if has_digits && part.contains(char::is_alphabetic) {
        return part.chars().all(|c| matches!(c, 'Z' | 'z' | '9'));
    }
    let lower = part.to_lowercase();
    let known = || lexicon::classes(lexicon::key(&lower)).meets(Classes::STREET.with(Classes::COUNTRY));
    // A state's letters, and words in lower case, name nobody's street.
    let is_code = || part.chars().count() <= 3 && part.chars().all(char::is_uppercase);
    if has_digits { is_own_run(part) } else { part == lower || is_code() || is_invented(&lower) || known() }
}

fn address(found: &str, surrogates: &mut Surrogates<'_>) -> String {
    let mut draw = surrogates.draw("address", &found.to_lowercase(), 0);
    let mut made = String::with_capacity(found.len() + 8);
    for part in parts(found) {
        let mixed = part.contains(char::is_numeric) && part.contains(char::is_alphabetic);
        if !part.starts_with(char::is_alphanumeric) || is_own_part(part) {
            made.push_str(part);
        } else if mixed {
            made.extend(part.chars().map(|c| match c {
                c if c.is_numeric() => '9',
                c if c.is_lowercase() => 'z',
                _ => 'Z',
            }));
        } else if part.starts_with(char::is_numeric) {
            made.push_str(&number(part.chars().count(), &mut draw));
        } else {
            made.push_str(&surrogates.word(part));
        }
    }
    made
}

fn is_own_address(found: &str) -> bool {
    let mut parts = parts(found).filter(|part| part.starts_with(char::is_alphanumeric));
    let mut invented = false;
    parts.all(|part| {
        invented |= is_invented(&part.to_lowercase());
        is_own_part(part)
    }) && invented
}

/// Runs of letters and digits together, and single other characters.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let inside = |c: char| c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c);
        let end =
            if inside(first) { rest.find(|c| !inside(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (part, left) = rest.split_at(end);
        rest = left;
        Some(part)
    })
}

/// A year in which nobody alive was born.
fn is_own_year(run: &str) -> bool {
    run.len() == 4 && run.starts_with("190")
}

/// A date of the same form; none without a year in full, which is what keeps it apart from a real one.
fn date(found: &str, draw: &mut Draw) -> Option<String> {
    let mut has_year = false;
    let made = pieces(found).map(|piece| {
        let Ok(number) = piece.parse::<u16>() else { return Some(piece.to_owned()) };
        match piece.len() {
            4 => {
                has_year = true;
                Some(format!("190{}", draw.digit()))
            }
            width @ (1 | 2) => {
                let number = if number > 12 {
                    13 + draw.below(16)
                } else {
                    1 + draw.below(if width == 1 { 9 } else { 12 })
                };
                Some(format!("{number:0width$}"))
            }
            _ => None,
        }
    });
    let made = made.collect::<Option<String>>()?;
    has_year.then_some(made)
}

/// The country stays; check digits of 00 are never right (ISO 13616).
fn iban(found: &str, draw: &mut Draw) -> String {
    let mut place = 0;
    found
        .chars()
        .map(|c| {
            place += usize::from(c.is_alphanumeric());
            match place {
                _ if !c.is_alphanumeric() => c,
                1 | 2 => c,
                3 | 4 => '0',
                _ if c.is_ascii_digit() => draw.digit(),
                _ => 'X',
            }
        })
        .collect()
}

/// Country `ZZ` is nobody's (ISO 3166, user-assigned).
fn bic(found: &str, draw: &mut Draw) -> String {
    let letter = |draw: &mut Draw| char::from(b'A' + u8::try_from(draw.below(26)).unwrap_or(0));
    found.chars().enumerate().map(|(at, _)| if matches!(at, 4 | 5) { 'Z' } else { letter(draw) }).collect()
}

fn ip(found: &str, draw: &mut Draw) -> String {
    if found.contains(':') {
        format!("{IPV6}:{:x}", 1 + draw.below(0xfffe))
    } else {
        format!("{IPV4}{}", 13 * (1 + draw.below(19)))
    }
}

fn mac(found: &str, draw: &mut Draw) -> String {
    let last = format!("{:02X}", draw.below(256));
    let mut digits = MAC.chars().chain(last.chars());
    found.chars().filter_map(|c| if c.is_ascii_hexdigit() { digits.next() } else { Some(c) }).collect()
}
