//! Names behind titles, phrases and greetings, and below closings.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::{Name, Reader, finding};
use crate::anchors::Anchor;
use crate::lexicon::{Classes, Passed};
use crate::tokens::{self, Case, TokenKind};
use crate::{Doc, Finding};

/// What a phrase announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cue {
    Name,
    FullName,
    Greeting,
    Closing,
    /// What somebody is: *the owner*, *our waitress*.
    Role,
}

/// A phrase: the keys of its tokens but the last, and what it announces.
type Phrase = (Vec<u64>, Cue);

/// The phrases by their last word's key, the longest first.
static PHRASES: LazyLock<HashMap<u64, Vec<Phrase>, BuildHasherDefault<Passed>>> = LazyLock::new(|| {
    let mut phrases = HashMap::<u64, Vec<Phrase>, BuildHasherDefault<Passed>>::default();
    let mut cue = Cue::Name;
    let mut read = Vec::new();
    for line in include_str!("../../cues.txt").lines().filter(|line| !line.starts_with('#')) {
        cue = match line {
            "[name]" => Cue::Name,
            "[full_name]" => Cue::FullName,
            "[greeting]" => Cue::Greeting,
            "[closing]" => Cue::Closing,
            "[role]" => Cue::Role,
            _ => cue,
        };
        for phrase in line.split(',').map(str::trim).filter(|phrase| !phrase.starts_with('[')) {
            tokens::read(phrase, &mut read);
            let mut keys: Vec<_> = read.iter().map(|token| token.key).collect();
            if let Some(last) = keys.pop().filter(|&key| key != 0) {
                phrases.entry(last).or_default().push((keys, cue));
            }
        }
    }
    for list in phrases.values_mut() {
        list.sort_by_key(|(keys, _)| std::cmp::Reverse(keys.len()));
    }
    phrases
});

/// A small set of the phrases' last words: most words of a text are ruled out by it.
pub(crate) struct LastWords([u64; 256]);

impl LastWords {
    /// Says whether a word may be the last of a phrase.
    #[inline]
    pub(crate) fn may_have(&self, key: u64) -> bool {
        self.0[(key >> 6 & 255) as usize] >> (key & 63) & 1 != 0
    }
}

static LAST_WORDS: LazyLock<LastWords> = LazyLock::new(|| {
    let mut set = LastWords([0; 256]);
    for key in PHRASES.keys() {
        set.0[(key >> 6 & 255) as usize] |= 1 << (key & 63);
    }
    set
});

/// Returns the words that may be the last of a phrase.
pub(crate) fn cue_ends() -> &'static LastWords {
    &LAST_WORDS
}

pub(super) fn find(doc: &Doc<'_>, reader: Reader<'_>, findings: &mut Vec<Finding>) {
    let phrases = &*PHRASES;
    let titles = Classes::TITLE.with(Classes::DOTTED_TITLE);
    for at in doc.anchors(Anchor::Cue) {
        let token = reader.tokens[at];
        if token.classes.meets(titles) {
            titled(reader, at, findings);
        }
        for (before, cue) in phrases.get(&token.key).into_iter().flatten() {
            let Some(first) = at.checked_sub(before.len()) else { continue };
            if !before.iter().zip(first..at).all(|(key, at)| reader.tokens[at].key == *key) {
                continue;
            }
            match cue {
                Cue::Name => introduced(reader, at + 1, 1, 0.85, findings),
                Cue::FullName => introduced(reader, at + 1, 2, 0.45, findings),
                Cue::Greeting => greeted(reader, first, at + 1, findings),
                Cue::Closing => signed(reader, first, at + 1, findings),
                Cue::Role => serving(reader, first, at + 1, findings),
            }
        }
    }
}

/// *Dr. Ann Lee*, *Frau Lee*
fn titled(reader: Reader<'_>, at: usize, findings: &mut Vec<Finding>) {
    // *St. Albert* is a church, a parish or a hospital.
    // *B.Eng. Informatics* is a degree.
    let is_glued = at > 0 && reader.gap(at) == 0 && reader.is(at - 1, ".");
    if is_glued || matches!(reader.word(at), "St" | "ST") {
        return;
    }
    let behind = reader.skip_titles(at);
    // Of several titles only the first looks ahead.
    if behind == at || at > 0 && reader.skip_titles(at - 1) > at {
        return;
    }
    if reader.gap(behind) == 1
        && let Some(name) = reader.name(behind)
    {
        // *MS Access*, *DR Congo*
        let first = reader.tokens[name.first];
        let is_other =
            reader.word(at) == "MS" && first.case != Case::Upper || first.classes.meets(Classes::COUNTRY);
        if is_other {
            return;
        }
        // *Judge Denies …*: what somebody is, and does.
        let is_post = reader.word(at).chars().count() > 4 && !reader.is(at + 1, ".");
        let score = match name.words + name.initials {
            2.. => 0.93,
            _ if is_post => 0.65,
            _ => 0.85,
        };
        findings.push(finding(reader.range(name.first, name.last), score, "name.title"));
    }
}

/// *My name is Ann*
fn introduced(reader: Reader<'_>, at: usize, least: usize, score: f32, findings: &mut Vec<Finding>) {
    let at = reader.skip_titles(if reader.is(at, ":") { at + 1 } else { at });
    if reader.gap(at) > 1 {
        return;
    }
    if let Some(name) = reader.name(at)
        && name.words + name.initials >= least
    {
        // *Soy Mexicano* says where somebody is from.
        if name.last == name.first + 1 && reader.tokens[name.first].classes.meets(Classes::DEMONYM) {
            return;
        }
        findings.push(finding(reader.range(name.first, name.last), score, "name.introduced"));
    } else if least == 1
        && let Some((end, 1..=6)) = reader.plain(at, at + 12)
        && !is_file(reader, at, end)
    {
        findings.push(finding(reader.range(at, end), 0.6, "name.introduced"));
    }
}

/// *Our waitress Ann was kind*
fn serving(reader: Reader<'_>, first: usize, at: usize, findings: &mut Vec<Finding>) {
    let owner = first.checked_sub(1).map_or("", |before| reader.word(before)).to_ascii_lowercase();
    let at = if reader.is(at, ",") { at + 1 } else { at };
    if !matches!(owner.as_str(), "the" | "our" | "my" | "your" | "her" | "his" | "their" | "a")
        || reader.tokens[first].is_capital() && reader.tokens[at - 1].is_capital()
        || reader.gap(at) != 1
    {
        return;
    }
    let Some(name) = reader.name(at).filter(|name| name.words <= 3) else { return };
    let classes = reader.tokens[name.first].classes;
    if !classes.meets(Classes::DEMONYM.with(Classes::COUNTRY).with(Classes::MONTH).with(Classes::TOOL))
        && reader.tokens[name.first].case == Case::Title
    {
        findings.push(finding(reader.range(name.first, name.last), 0.75, "name.role"));
    }
}

/// *Dear Ann,*, *Hi Ann and Bo!*
fn greeted(reader: Reader<'_>, first: usize, at: usize, findings: &mut Vec<Finding>) {
    let starts = reader.begins_line(first)
        || reader.tokens[first - 1].kind == TokenKind::Mark
            && !reader.is(first - 1, "'")
            && !reader.is(first - 1, "-");
    if !starts {
        return;
    }
    let mut next = if reader.is(at, ",") { at + 1 } else { at };
    let from = findings.len();
    for _ in 0..6 {
        next = reader.skip_titles(next);
        if reader.gap(next) > 2 {
            break;
        }
        let Some(name) = reader.name(next).filter(|name| name.words <= 4) else { break };
        findings.push(finding(reader.range(name.first, name.last), 0.85, "name.greeting"));
        next = name.last;
        if reader.is_break(next)
            || ["!", ".", ":", "-", "?", "(", ";"].iter().any(|mark| reader.is(next, mark))
        {
            return;
        }
        let joins =
            matches!(reader.word(next), "and" | "&" | "/" | "und" | "et" | "y" | "e" | "och" | "og" | "i");
        if !joins && !reader.is(next, ",") {
            break;
        }
        next += 1;
        if reader.is_break(next) || !joins && !reader.may_be_name(next) {
            return;
        }
    }
    // *Thanks Ann for …* is one name; *Morning News at ten* is none.
    if next < reader.tokens.len() && findings.len() > from + 1 {
        return;
    }
    for found in &mut findings[from..] {
        found.score = 0.45;
    }
}

/// *Regards,* with the name on the next line, or behind it.
fn signed(reader: Reader<'_>, first: usize, at: usize, findings: &mut Vec<Finding>) {
    let starts =
        reader.begins_line(first) || [".", "!", "?", ","].iter().any(|mark| reader.is(first - 1, mark));
    let mut next = at;
    while [",", "!", ".", "-", ";", ":"].iter().any(|mark| reader.is(next, mark)) && next < at + 4 {
        next += 1;
    }
    let is_below = reader.is_break(next);
    if !starts || !is_below && (next == at || !reader.begins_line(first)) {
        return;
    }
    let start = reader.skip_titles(if is_below { next + 1 } else { next });
    if let Some(name) = reader.name(start) {
        if reader.is_break(name.last) {
            let score = if is_below { 0.93 } else { 0.8 };
            findings.push(finding(reader.range(name.first, name.last), score, "name.signature"));
        } else if is_below && ends_signature(reader, name) {
            findings.push(finding(reader.range(name.first, name.last), 0.8, "name.signature"));
        }
    } else if is_below
        && let Some((end, 1..=6)) = reader.plain(start, start + 8)
        && !is_file(reader, start, end)
    {
        findings.push(finding(reader.range(start, end), 0.6, "name.signature"));
    }
}

/// Says whether a file or a host is named: *notes.txt*, *example.com*.
fn is_file(reader: Reader<'_>, first: usize, last: usize) -> bool {
    (first + 1..last).any(|at| reader.is(at, ".") && reader.gap(at) == 0 && reader.gap(at + 1) == 0)
}

/// What may stand behind the name of a signature on its line: a post, a firm, a contact.
fn ends_signature(reader: Reader<'_>, name: Name) -> bool {
    // *Oslo, 1 May 2025*
    let is_dated = reader.tokens.get(name.last + 1).is_some_and(|token| token.kind == TokenKind::Number);
    if reader.is(name.last, ",") && is_dated {
        return false;
    }
    reader.gap(name.last) >= 3
        || matches!(reader.word(name.last), "ext" | "Ext" | "extension" | "tel" | "phone" | "mobile" | "cell")
        || reader
            .tokens
            .get(name.last)
            .is_some_and(|token| token.kind != TokenKind::Word || token.case == Case::None)
}
