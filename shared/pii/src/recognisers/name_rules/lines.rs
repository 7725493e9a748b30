//! Names that lines show: the head of a résumé, lines with contact data, the signature behind a town and a date.

use super::super::places;
use super::super::view::View;
use std::cell::LazyCell;
use std::iter;

use super::{Name, Reader, finding};
use crate::anchors::Anchor;
use crate::latin::bare;
use crate::lexicon::{self, Classes};
use crate::tokens::{Case, TokenKind};
use crate::{Doc, Finding};

/// A line, as its tokens.
#[derive(Debug, Clone, Copy)]
struct Line {
    first: usize,
    last: usize,
}

/// Lines that are looked at for a head.
const HEAD: usize = 6;
/// Addresses that are remembered, and their length in bytes at most.
const MOST_ADDRESSES: usize = 32;
const LONGEST_LOCAL: usize = 48;

pub(super) fn find(doc: &Doc<'_>, reader: Reader<'_>, findings: &mut Vec<Finding>) {
    let lines = read(doc, reader);
    // Few texts have a line that begins with a name.
    let addresses = LazyCell::new(|| addresses(doc));
    let mut head_is_named = false;
    for (place, line) in lines.iter().enumerate() {
        if spaced_out(reader, *line, findings) {
            head_is_named = true;
            continue;
        }
        signed(reader, *line, lines.get(place + 1), findings);
        let Some((name, end)) = leading(reader, *line) else { continue };
        let agrees = agrees(reader, name, &addresses);
        let nearby = &lines[place + 1..lines.len().min(place + HEAD)];
        let has_contact = self::has_contact(reader, line);
        let contact_follows = nearby.iter().any(|line| self::has_contact(reader, line));
        let is_whole = end == line.last || reader.gap(end) >= 3;
        let is_listed = reader.is(end, ",");
        let score = if agrees && (has_contact || contact_follows || is_whole) {
            0.95
        } else if head_is_named && !has_contact {
            0.0
        } else {
            match (has_contact, is_whole, is_listed) {
                // *Lee, Ann* heads nothing but a résumé's first line.
                _ if end > name.last && place > 0 && reader.tokens[name.first].case != Case::Upper => 0.0,
                (true, _, false) if !head_is_named || place > HEAD => 0.75,
                (true, _, true) if place > HEAD => 0.6,
                (false, true, _) if place < 4 && contact_follows => 0.7,
                (false, false, false) if place < 3 && contact_follows => 0.6,
                _ => 0.0,
            }
        };
        if score > 0.0 {
            head_is_named |= score > 0.5 && place < HEAD;
            findings.push(finding(reader.range(name.first, end.max(name.last)), score, "name.line"));
        }
    }
}

fn read(doc: &Doc<'_>, reader: Reader<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut first = 0;
    for last in doc.anchors(Anchor::Break).chain(iter::once(reader.tokens.len())) {
        if last > first {
            lines.push(Line { first, last });
        }
        first = last + 1;
    }
    lines
}

/// Says whether an address or a telephone number stands on a line.
fn has_contact(reader: Reader<'_>, line: &Line) -> bool {
    let mut digits = 0;
    for (at, token) in (line.first..).zip(&reader.tokens[line.first..line.last]) {
        match token.kind {
            // Years of a post are no telephone number.
            TokenKind::Number if is_year(reader.word(at)) => digits = 0,
            TokenKind::Number => digits += token.end - token.start,
            // A sentence, a comma or a bracket ends a number. Most marks are told by their first byte.
            TokenKind::Mark => match reader.text.as_bytes()[token.start as usize] {
                b'@' => return true,
                b'[' | b'(' if reader.word(at + 1) == "at" => return true,
                b',' | b';' | b'|' | b':' => digits = 0,
                0xc2 if reader.word(at) == "·" => digits = 0,
                _ => {}
            },
            TokenKind::Word | TokenKind::Break => digits = 0,
        }
        if digits >= 8 {
            return true;
        }
    }
    false
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && (word.starts_with("19") || word.starts_with("20"))
}

/// Returns the letters of the addresses' local parts and of profile links.
fn addresses(doc: &Doc<'_>) -> String {
    let mut all = String::new();
    let is_local = |c: char| c.is_alphanumeric() || "._-+".contains(c);
    for at in doc.marks(b'@').take(MOST_ADDRESSES) {
        let before = doc.before(at, LONGEST_LOCAL);
        let local = before
            .rfind(|c| !is_local(c))
            .map_or(before, |from| before[from..].trim_start_matches(|c| !is_local(c)));
        all.push('\n');
        all.extend(local.chars().filter(|c| c.is_alphanumeric()).filter_map(bare));
    }
    for mark in [b'(', b'['] {
        for at in doc.marks(mark).take(MOST_ADDRESSES) {
            if doc.after(at + 1, 3).starts_with("at") {
                let before = doc.before(at, LONGEST_LOCAL).trim_end();
                let local = before.rsplit(' ').next().unwrap_or(before);
                all.push('\n');
                all.extend(local.chars().filter(|c| c.is_alphanumeric()).filter_map(bare));
            }
        }
    }
    for profile in ["linkedin.com/in/", "xing.com/profile/", "github.com/"] {
        // Each ends with a slash, and where those stand is known.
        let is_end = |at: &usize| doc.bytes()[..=*at].ends_with(profile.as_bytes());
        for at in doc.marks(b'/').filter(is_end).take(MOST_ADDRESSES) {
            let behind = doc.after(at + 1, LONGEST_LOCAL);
            let slug = behind.split(|c| !is_local(c)).next().unwrap_or(behind);
            all.push('\n');
            all.extend(slug.chars().filter(|c| c.is_alphanumeric()).filter_map(bare));
        }
    }
    all
}

/// Says whether a word of the name stands in an address.
fn agrees(reader: Reader<'_>, name: Name, addresses: &str) -> bool {
    if addresses.is_empty() {
        return false;
    }
    let mut word = String::new();
    (name.first..name.last).any(|at| {
        word.clear();
        word.extend(reader.word(at).chars().filter(|c| c.is_alphanumeric()).filter_map(bare));
        word.chars().count() >= 3 && addresses.contains(word.as_str())
    })
}

/// Reads the name a line begins with, behind marks and *Curriculum Vitae -*, and where it ends with the given names of
/// *LEE, ANN*.
fn leading(reader: Reader<'_>, line: Line) -> Option<(Name, usize)> {
    let mut at = line.first;
    while at < line.last && reader.tokens[at].kind != TokenKind::Word {
        if reader.tokens[at].kind == TokenKind::Number && !reader.is(at + 1, ".") || at > line.first + 6 {
            return None;
        }
        at += 1;
    }
    // What the document is, and a dash.
    let is_heading = |at: usize| reader.tokens[at].classes.meets(Classes::NOT_NAME);
    let words = (at..line.last.min(at + 4)).take_while(|&at| is_heading(at)).count();
    if words > 0 {
        let mark = at + words;
        if !["-", "|", ":", "·", "/"].iter().any(|text| reader.is(mark, text)) {
            return None;
        }
        at = mark + 1;
        while at < line.last && reader.tokens[at].kind == TokenKind::Mark {
            at += 1;
        }
    }
    let name = reader.name(reader.skip_titles(at)).filter(|name| name.last <= line.last)?;
    if name.words + name.initials < 2 {
        let given = reader.is(name.last, ",").then(|| reader.name(name.last + 1)).flatten()?;
        // *Leeds, England* and *Boston, MA* are no names.
        let is_place = reader.tokens[name.first].case != Case::Upper
            && (places::at(View { text: reader.text, tokens: reader.tokens }, name.last + 1).is_some()
                || reader.tokens[name.last + 1].case == Case::Upper && given.initials == 0);
        return (!is_place && given.last == line.last).then_some((name, given.last));
    }
    if reader.is(name.last, ",")
        && reader.tokens[name.first].case == Case::Upper
        && let Some(given) = reader.name(name.last + 1)
        && (given.last == line.last || reader.gap(given.last) >= 3)
    {
        return Some((name, given.last));
    }
    let is_apart = |mark: &&str| reader.is(name.last, mark) && reader.gap(name.last) > 0;
    let ends = name.last == line.last
        || reader.gap(name.last) >= 3
        || ["|", "·", "•", ",", "(", "<", "*", "["].iter().any(|mark| reader.is(name.last, mark))
        || ["-", "/", "_"].iter().any(is_apart);
    ends.then_some((name, name.last))
}

/// *Oslo, 1 May 2025    Ann Lee*, or the name on the next line.
fn signed(reader: Reader<'_>, line: Line, next: Option<&Line>, findings: &mut Vec<Finding>) {
    if line.last - line.first > 24 || !reader.tokens[line.first].is_capital() {
        return;
    }
    let Some(comma) = (line.first + 1..line.last.min(line.first + 4)).find(|&at| reader.is(at, ",")) else {
        return;
    };
    let is_number = |at: usize| reader.tokens[at].kind == TokenKind::Number;
    let Some(date) = (comma + 1..line.last.min(comma + 6)).find(|&at| is_number(at)) else { return };
    let last_number = (date..line.last.min(date + 6)).rev().find(|&at| is_number(at)).unwrap_or(date);
    if last_number + 1 == line.last {
        if let Some(next) = next
            && let Some(name) = reader.name(next.first)
            && name.last == next.last
            && name.words + name.initials >= 2
        {
            findings.push(finding(reader.range(name.first, name.last), 0.85, "name.signature"));
        }
        return;
    }
    let mut first = last_number + 1;
    while first < line.last && reader.tokens[first].kind == TokenKind::Mark {
        first += 1;
    }
    if let Some(name) = reader.name(first)
        && name.last == line.last
        && name.words + name.initials >= 2
        && (first > last_number + 1 || reader.gap(first) >= 2)
    {
        findings.push(finding(reader.range(name.first, name.last), 0.85, "name.signature"));
    }
}

/// *A N N   L E E*
fn spaced_out(reader: Reader<'_>, line: Line, findings: &mut Vec<Finding>) -> bool {
    let count = (line.first..line.last).take_while(|&at| reader.is_initial(at)).count();
    if count < 5 || line.first + count < line.last && reader.gap(line.first + count) < 3 {
        return false;
    }
    let mut word = String::new();
    let mut words = 0;
    for at in line.first..line.first + count {
        if at > line.first && reader.gap(at) > 1 {
            words += 1;
            if is_heading(&word) {
                return false;
            }
            word.clear();
        }
        word.extend(reader.word(at).chars().flat_map(char::to_lowercase));
    }
    if words == 0 || words > 5 || is_heading(&word) {
        return false;
    }
    findings.push(finding(reader.range(line.first, line.first + count), 0.9, "name.spaced"));
    true
}

fn is_heading(word: &str) -> bool {
    lexicon::classes(lexicon::key(word)).meets(Classes::NOT_NAME)
}
