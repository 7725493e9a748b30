//! What was found once goes everywhere in the text.
//!
//! Full and near forms of a name follow it: in any case, reversed, with initials, the surname or the forename alone,
//! without marks on letters, joined as a handle (*annlee*, *alee*, `ann_lee`). The way back, too: the letters of an
//! e-mail address or of a profile link name the person whose name stands elsewhere. A word that is a tool, a firm, a
//! town or an everyday word as well follows alone only where a name stands: behind a title, before a possessive, as a
//! whole line.

mod judge;
mod lists;

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use judge::{alone, marked, may_stand_alone, propose};

use crate::latin::bare;
use crate::lexicon::{self, Classes, Passed};
use crate::recognisers::name_rules::Reader;
use crate::resolve::resolve;
use crate::tokens::{Case, TokenKind};
use crate::{Doc, Finding, Kind};

/// Findings from this score on are followed; a name of one word from the other.
const FOLLOWED_FROM: f32 = 0.6;
const WORD_FOLLOWED_FROM: f32 = 0.8;
const TAGGED_FOLLOWED_FROM: f32 = 0.8;
/// What a part of the name is worth, wherever it stands, of a person whom the text is about.
const OWN: f32 = 0.6;
/// Addresses whose letters are looked for, and letters of each at most.
const MOST_ADDRESSES: usize = 64;
const MOST_LETTERS: usize = 32;

/// A small set of keys that may hold others too.
#[derive(Debug, Default)]
struct Filter([u64; 32]);

impl Filter {
    fn put(&mut self, key: u64) {
        self.0[(key >> 6 & 31) as usize] |= 1 << (key & 63);
    }

    fn may_have(&self, key: u64) -> bool {
        self.0[(key >> 6 & 31) as usize] >> (key & 63) & 1 != 0
    }
}

type Map<V> = HashMap<u64, V, BuildHasherDefault<Passed>>;

/// What is known of the people of a text or of a record.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// Words of names, by the key of their bare letters, and whether one stood with others in its name.
    words: Map<bool>,
    /// Names written as one word.
    joined: HashSet<u64, BuildHasherDefault<Passed>>,
    /// A bit for each of both: most words of a text are ruled out by it.
    seen: Filter,
    /// Beginnings and ends of the letters of addresses: which address, and which letters are left.
    letters: Map<(u32, bool)>,
    /// The letters of addresses.
    addresses: Vec<String>,
    /// Whether the text is about them, as the columns of its record say.
    is_own: bool,
    parts: Vec<String>,
}

/// Appends where else the people stand whom the findings name.
pub(crate) fn within(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    let names_someone = |finding: &Finding| {
        matches!(finding.kind, Kind::Name | Kind::Email | Kind::Url | Kind::Username)
            && finding.score >= FOLLOWED_FROM
    };
    if !findings.iter().any(names_someone) {
        return;
    }
    let sure = stand(doc, findings);
    let mut people = People::default();
    let reader = Reader::new(doc);
    for finding in sure.iter().filter(|finding| names_someone(finding)) {
        let text = &doc.text()[finding.start..finding.end];
        match finding.kind {
            // A word the tagger took for a name is often a firm; where it is a name, the tagger finds it again.
            Kind::Name
                if finding.rule == "name.tagger"
                    && finding.score
                        < if text.contains([' ', '-']) { TAGGED_FOLLOWED_FROM } else { 0.95 } => {}
            Kind::Name => people.learn_name(text, finding.score),
            Kind::Email => people.learn_address(text.split(['@', '(', '[', ' ']).next().unwrap_or(text)),
            _ => people.learn_address(slug(text)),
        }
    }
    let known = findings.len();
    people.find_among(reader, sure, findings);
    lists::find(reader, known, findings);
}

/// Returns the findings that stand if no more is found.
fn stand(doc: &Doc<'_>, findings: &[Finding]) -> Vec<Finding> {
    resolve(doc.text(), findings.iter().copied().filter(|finding| finding.score >= 0.5).collect())
}

/// Returns the last part of a profile's path.
pub(crate) fn slug(link: &str) -> &str {
    let known = ["/in/", "/profile/", "github.com/", "gitlab.com/", "behance.net/", "dribbble.com/", "/@"];
    known
        .iter()
        .find_map(|start| link.find(start).map(|at| &link[at + start.len()..]))
        .map_or("", |rest| rest.split(['/', '?', '#']).next().unwrap_or(rest))
}

/// Returns the key of a word's bare letters.
fn key(word: &str) -> u64 {
    key_with(lexicon::KEY, word)
}

/// Returns a key with the bare letters of another piece behind it.
fn key_with(key: u64, piece: &str) -> u64 {
    piece
        .chars()
        .filter_map(bare)
        .fold(key, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the key of the bare letters of the word at `at`: of one in ASCII, which has none to lose, it is the token's.
fn key_at(reader: Reader<'_>, at: usize) -> u64 {
    let token = &reader.tokens[at];
    if token.is_ascii { token.key } else { key(token.text(reader.text)) }
}

impl People {
    /// Says whether nobody is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.letters.is_empty()
    }

    /// Remembers the name of the person whom the text is about: a part of it is theirs even beside what may be a firm.
    pub(crate) fn learn_own(&mut self, name: &str) {
        self.is_own = true;
        self.learn_name(name, 1.0);
    }

    /// Appends where the people stand.
    pub(crate) fn find(&mut self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let sure = stand(doc, findings);
        self.find_among(Reader::new(doc), sure, findings);
    }

    /// Appends where the people stand beside what stands already.
    fn find_among(&mut self, reader: Reader<'_>, mut sure: Vec<Finding>, findings: &mut Vec<Finding>) {
        let known = findings.len();
        self.find_by_addresses(reader, &sure, findings);
        if findings.len() > known {
            for found in &findings[known..] {
                self.learn_name(&reader.text[found.start..found.end], found.score);
            }
            sure.extend_from_slice(&findings[known..]);
            sure = resolve(reader.text, sure);
        }
        self.find_by_names(reader, &sure, findings);
    }

    /// Remembers a name as it was written.
    pub(crate) fn learn_name(&mut self, name: &str, score: f32) {
        self.parts.clear();
        for word in name.split(|c: char| !(c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c))) {
            if word.chars().nth(1).is_none() {
                continue;
            }
            let lower = word.to_lowercase();
            let classes = lexicon::classes(lexicon::key(&lower));
            let is_small = classes.meets(Classes::PARTICLE.with(Classes::NOT_NAME).with(Classes::TITLE));
            // *Ann Lee MBBS MRCP*
            let is_degree = classes.meets(Classes::DEGREE)
                && word.chars().all(char::is_uppercase)
                && name.chars().any(char::is_lowercase);
            if !is_small && !is_degree && self.parts.len() < 8 {
                self.parts.push(lower.chars().filter_map(bare).collect());
            }
        }
        let parts = std::mem::take(&mut self.parts);
        let is_alone = parts.len() < 2;
        if is_alone && score < WORD_FOLLOWED_FROM {
            return;
        }
        for part in &parts {
            let key = key(part);
            self.seen.put(key);
            *self.words.entry(key).or_default() |= !is_alone;
        }
        if let [first, .., last] = parts.as_slice() {
            let initial = |part: &str| part.chars().next().map_or(0, char::len_utf8);
            let (f, l) = (&first[..initial(first)], &last[..initial(last)]);
            let forms = [(first.as_str(), last.as_str()), (last, first), (f, last), (last, f), (first, l)];
            for (front, back) in forms.into_iter().filter(|(front, back)| front.len() + back.len() >= 5) {
                let key = key_with(key(front), back);
                self.seen.put(key);
                self.joined.insert(key);
            }
        }
        self.parts = parts;
    }

    /// Remembers the local part of an address, or a profile's name.
    #[expect(clippy::cast_possible_truncation, reason = "there are few addresses")]
    pub(crate) fn learn_address(&mut self, local: &str) {
        let letters: String =
            local.chars().filter(|c| c.is_alphabetic()).filter_map(bare).take(MOST_LETTERS).collect();
        if letters.chars().count() < 3
            || self.addresses.len() >= MOST_ADDRESSES
            || self.addresses.contains(&letters)
        {
            return;
        }
        let place = self.addresses.len() as u32;
        for (at, c) in letters.char_indices() {
            let (head, tail) = (&letters[..at + c.len_utf8()], &letters[at..]);
            if head.chars().count() >= 3 {
                self.letters.entry(key(head)).or_insert((place, true));
            }
            if tail.chars().count() >= 3 {
                self.letters.entry(key(tail)).or_insert((place, false));
            }
        }
        self.addresses.push(letters);
    }

    /// Finds the names that the letters of addresses are made of.
    fn find_by_addresses(&self, reader: Reader<'_>, sure: &[Finding], findings: &mut Vec<Finding>) {
        if self.letters.is_empty() {
            return;
        }
        let mut behind = 0;
        for at in 0..reader.tokens.len() {
            if at < behind || !reader.may_be_name(at) {
                continue;
            }
            let Some(&(place, is_head)) = self.letters.get(&key_at(reader, at)) else { continue };
            let first = reader.back(at + 1);
            let Some(name) = reader.name(first).filter(|name| name.last > at) else { continue };
            behind = name.last;
            let letters = &self.addresses[place as usize];
            let length = reader.word(at).chars().filter_map(bare).count();
            let count = letters.chars().count();
            let left: String = if is_head {
                letters.chars().skip(length).collect()
            } else {
                letters.chars().take(count.saturating_sub(length)).collect()
            };
            let others = (name.first..name.last)
                .filter(|&other| other != at && reader.tokens[other].kind == TokenKind::Word);
            let explains = |other: usize| {
                let word: String = reader.word(other).chars().filter_map(bare).collect();
                !left.is_empty()
                    && (left.starts_with(&word) || left.ends_with(&word) || word.starts_with(&left))
                    || left.chars().count() <= 3
                        && word.chars().next() == left.chars().next()
                        && !left.is_empty()
            };
            let agrees = others.clone().any(explains);
            let score = match (agrees, left.is_empty()) {
                (true, _) => 0.95,
                (false, true) if length >= 4 && others.count() > 0 => 0.75,
                _ => continue,
            };
            propose(reader, name.first, name.last, score, sure, findings);
        }
    }

    /// Finds the words of known names.
    fn find_by_names(&self, reader: Reader<'_>, sure: &[Finding], findings: &mut Vec<Finding>) {
        if self.words.is_empty() {
            return;
        }
        let everyday = self.everyday(reader);
        let mut at = 0;
        while at < reader.tokens.len() {
            let word = key_at(reader, at);
            if !self.seen.may_have(word) || reader.tokens[at].kind != TokenKind::Word {
                at += 1;
                continue;
            }
            if !self.words.contains_key(&word) {
                if self.joined.contains(&word) {
                    propose(reader, at, at + 1, 0.8, sure, findings);
                }
                at += 1;
                continue;
            }
            let (first, last, words, initials) = self.run(reader, at);
            let score = match words + initials {
                2.. => 0.93,
                _ if everyday.contains(&word) => marked(reader, at),
                _ if self.is_own && may_stand_alone(reader, at) => alone(reader, at).max(OWN),
                _ => alone(reader, at),
            };
            // Part of an address, of a host's or of a file's name: what finds those judges it.
            let goes_on = reader.gap(last) == 0
                && (reader.is(last, "@")
                    || reader.is(last, ".")
                        && reader.gap(last + 1) == 0
                        && reader.tokens.get(last + 1).is_some_and(|token| token.case == Case::Lower));
            if score > 0.0 && !goes_on {
                propose(reader, first, last, score, sure, findings);
            }
            at = last.max(at + 1);
        }
    }

    /// Returns the words of names that the text writes as words of its language too: *the quill*, *a rose*.
    fn everyday(&self, reader: Reader<'_>) -> HashSet<u64, BuildHasherDefault<Passed>> {
        let is_thing = |at: usize| {
            reader.tokens[at].case == Case::Lower
                && reader.gap(at) == 1
                && matches!(
                    reader.word(at - 1),
                    "the"
                        | "a"
                        | "an"
                        | "this"
                        | "some"
                        | "any"
                        | "no"
                        | "our"
                        | "your"
                        | "their"
                        | "public"
                        | "new"
                )
        };
        // Few words of a text are in a name: the others are ruled out first.
        let words = (1..reader.tokens.len()).map(|at| (at, key_at(reader, at)));
        words
            .filter(|&(at, key)| self.seen.may_have(key) && self.words.contains_key(&key) && is_thing(at))
            .map(|(_, key)| key)
            .collect()
    }

    /// Reads known words and initials behind one another around the word at `at`.
    fn run(&self, reader: Reader<'_>, at: usize) -> (usize, usize, usize, usize) {
        let (mut first, mut last, mut words, mut initials) = (at, at + 1, 1, 0);
        let is_stop = |at: usize| reader.is(at, ".") && reader.gap(at) == 0;
        // Initials in front: *A. Lee*, *A. B. Lee*.
        for _ in 0..4 {
            if first >= 2 && is_stop(first - 1) && reader.is_initial(first - 2) && reader.gap(first) <= 1 {
                first -= 2;
                initials += 1;
            } else {
                break;
            }
        }
        for _ in 0..8 {
            let mut next = last;
            let joins =
                ["-", "_", ".", "'"].iter().any(|mark| reader.is(next, mark)) && reader.gap(next) == 0;
            if joins && reader.gap(next + 1) == 0 || reader.is(next, ",") {
                next += 1;
            }
            // *de la*
            let mut word = next;
            while word < next + 3
                && reader.tokens.get(word).is_some_and(|token| token.classes.meets(Classes::PARTICLE))
            {
                word += 1;
            }
            if reader.gap(next) > 1 || reader.is_break(next) {
                break;
            }
            let is_listed = reader.is(last, ",");
            // *Lee, Ann* is one; tools in a row are none.
            let may_be_list = |at: usize| {
                reader
                    .tokens
                    .get(at)
                    .is_some_and(|token| token.classes.meets(Classes::AMBIGUOUS) || !token.is_capital())
            };
            if is_listed && (words + initials > 1 || may_be_list(last - 1) || may_be_list(word)) {
                break;
            }
            if !is_listed && reader.is_initial(next) && (is_stop(next + 1) || reader.is(next + 1, ",")) {
                initials += 1;
                last = next + 1 + usize::from(is_stop(next + 1));
            } else if reader.tokens.get(word).is_some_and(|token| {
                token.kind == TokenKind::Word && self.words.contains_key(&key_at(reader, word))
            }) {
                words += 1;
                last = word + 1;
            } else {
                break;
            }
        }
        (first, last, words, initials)
    }
}

#[cfg(test)]
mod tests;
