//! Decides, token by token, and joins tokens to names.

use super::features::{self, Around, Core, PLACES, Tag};
use super::memory::{Memory, Sight};
use super::model::{Model, Sums};
use super::words::{Gate, HANDLE, REACH, Word, Words};
use crate::tokens::{Case, Token, TokenKind};

/// Tokens that are read at once: what is kept between texts stays bounded, whatever a text's length.
const SEGMENT: usize = 1 << 15;

/// Below this probability nothing is told.
const LEAST: f32 = 0.12;

/// Sums of weights as far below the best other tag's end the matter: the rest of the features rarely weighs half of it.
const HOPELESS: i32 = -180;

/// Beside a part of a name, this is enough.
const BESIDE: f32 = 0.25;

/// A name in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Name {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The probability of its best token.
    pub probability: f32,
}

/// What tagging needs, kept between texts.
#[derive(Debug, Default)]
pub struct Tagger {
    words: Words,
    sums: Vec<[Sums; PLACES]>,
    probabilities: Vec<f32>,
    memory: Memory,
}

/// Says whether a token is looked at, by its neighbours and the tag of the one in front.
pub fn is_open(word: &Word, previous: &Word, before: Tag, next: &Word) -> bool {
    match word.gate {
        _ if previous.shape == HANDLE => false,
        Gate::Never => false,
        Gate::Always => true,
        Gate::Behind => before == Tag::Person,
        Gate::Particle => before == Tag::Person || matches!(next.gate, Gate::Always | Gate::Particle),
    }
}

impl Tagger {
    /// Appends the names among `tokens`, in order; those below the threshold too.
    pub fn find(&mut self, model: &Model, text: &str, tokens: &[Token], names: &mut Vec<Name>) {
        let mut rest = tokens;
        while !rest.is_empty() {
            let mut cut = rest.len().min(SEGMENT);
            if cut < rest.len() {
                // At a line break, so that no name is cut; without one, anywhere.
                cut = rest[..cut]
                    .iter()
                    .rposition(|token| token.kind == TokenKind::Break)
                    .map_or(cut, |at| at + 1);
            }
            let (segment, left) = rest.split_at(cut);
            self.tag(model, text, segment);
            let words = &self.words;
            join(model, text, segment, &self.probabilities, |at| words.at(at).bands.both() != 0, names);
            rest = left;
        }
    }

    fn tag(&mut self, model: &Model, text: &str, tokens: &[Token]) {
        let Self { words, sums, probabilities, memory } = self;
        let forgotten = std::cell::RefCell::new(sums);
        words.read(
            text,
            tokens,
            |lower, key| model.bands(lower, key),
            |word, lower| forgotten.borrow_mut().push(sums_of(model, word, lower)),
            || {
                forgotten.borrow_mut().clear();
                memory.clear();
            },
        );
        let sums = forgotten.into_inner();
        probabilities.clear();
        probabilities.resize(tokens.len(), 0.0);
        let (mut one, mut two) = (Tag::Other, Tag::Other);
        for at in 0..words.lines.len() {
            let line = words.lines[at];
            for (token, told) in
                probabilities.iter_mut().enumerate().take(line.last as usize).skip(line.first as usize)
            {
                let slots = &words.slots[token..token + PLACES];
                let word = words.forms[slots[REACH] as usize];
                let mut tag = Tag::Other;
                if is_open(
                    &word,
                    &words.forms[slots[REACH - 1] as usize],
                    one,
                    &words.forms[slots[REACH + 1] as usize],
                ) {
                    let around = Around::new(words, token, token - line.first as usize, line.looks);
                    let last = words.last(&word);
                    (tag, *told) = memory.recall(Sight::new(slots, &around, one, two, last), || {
                        judge(model, words, sums, slots, around, [one, two], last)
                    });
                    words.base(&word).last = tag as u8 + 1;
                }
                (one, two) = (tag, one);
            }
        }
    }
}

/// Returns what the word in the middle of a window is, and how probable a person's name is there.
fn judge(
    model: &Model,
    words: &Words,
    sums: &[[Sums; PLACES]],
    slots: &[u32],
    around: Around,
    [one, two]: [Tag; 2],
    last: u8,
) -> (Tag, f32) {
    let mut total = [0_i32; 3];
    for (place, &slot) in slots.iter().enumerate() {
        for (total, sum) in total.iter_mut().zip(sums[slot as usize][place]) {
            *total += i32::from(sum);
        }
    }
    if one != Tag::Person && is_hopeless(total) {
        return (decide(model, total).0, 0.0);
    }
    let window: [&Word; PLACES] = std::array::from_fn(|place| &words.forms[slots[place] as usize]);
    features::of_window(&window, &around, &mut |feature| model.add(feature, &mut total));
    features::of_tags(&Core::new(&window), one, two, last, &mut |feature| model.add(feature, &mut total));
    decide(model, total)
}

fn sums_of(model: &Model, word: &Word, lower: &str) -> [Sums; PLACES] {
    std::array::from_fn(|place| {
        let mut sums = [0; 3];
        features::of_form(word, lower, place, &mut |feature| model.add(feature, &mut sums));
        sums.map(|sum| i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX }))
    })
}

/// Says whether the forms in the window alone speak so much against a person's name that nothing else can change it.
fn is_hopeless(total: [i32; 3]) -> bool {
    total[0] < HOPELESS + total[1].max(total[2]).max(0)
}

/// What is left of the probability of words that no list of names knows, or of short ones in capitals, when a number
/// follows: *Aadhaar 2341 …*, *MAC 00:…*.
const LABEL: f32 = 0.3;

/// Returns the tag that the sums speak for, and the probability of a person's name.
fn decide(model: &Model, total: [i32; 3]) -> (Tag, f32) {
    #[expect(clippy::cast_precision_loss, reason = "sums are small")]
    let odds = total.map(|sum| (sum as f32 * model.scale).clamp(-30.0, 30.0).exp());
    let p = odds[0] / (1.0 + odds[0] + odds[1] + odds[2]);
    let tag = if p >= model.threshold {
        Tag::Person
    } else if odds[1] > 1.0 && odds[1] >= odds[2] {
        Tag::Organisation
    } else if odds[2] > 1.0 {
        Tag::Location
    } else {
        Tag::Other
    };
    (tag, p)
}

/// Joins tokens that are parts of names, neighbours of which less is asked, and marks between them.
fn join(
    model: &Model,
    text: &str,
    tokens: &[Token],
    probabilities: &[f32],
    is_known: impl Fn(usize) -> bool,
    names: &mut Vec<Name>,
) {
    let is_part = |at: usize| probabilities[at] >= model.threshold;
    let is_letter = |at: usize| tokens[at].end - tokens[at].start == 1 && tokens[at].case == Case::Title;
    let mut at = 0;
    while at < tokens.len() {
        if probabilities[at] < LEAST {
            at += 1;
            continue;
        }
        let sure = is_part(at);
        let first = at;
        let mut last = at;
        while last + 1 < tokens.len() && probabilities[last + 1] >= LEAST && is_part(last + 1) == sure {
            last += 1;
        }
        at = last + 1;
        let (mut first, mut last) = (first, last);
        if sure {
            while first > 0
                && tokens[first - 1].kind == TokenKind::Word
                && probabilities[first - 1] >= BESIDE.min(model.threshold)
                && touches(text, tokens, first - 1)
            {
                first -= 1;
            }
            while last + 1 < tokens.len()
                && tokens[last + 1].kind == TokenKind::Word
                && probabilities[last + 1] >= BESIDE.min(model.threshold)
                && touches(text, tokens, last)
            {
                last += 1;
            }
            // The initials in front: J. R. Cruz.
            while first > 1
                && is_letter(first - 2)
                && tokens[first - 1].text(text) == "."
                && tokens[first - 2].end == tokens[first - 1].start
            {
                first -= 2;
            }
            at = at.max(last + 1);
        }
        // Letters apart are for the rule that puts them together.
        if last - first >= 3 && (first..=last).all(is_letter) {
            continue;
        }
        let mut best = probabilities[first..=last].iter().copied().fold(0.0, f32::max);
        let is_short = |at: usize| tokens[at].case == Case::Upper && tokens[at].end - tokens[at].start <= 4;
        let is_vague = |at: usize| tokens[at].kind != TokenKind::Word || is_short(at) || !is_known(at);
        if last - first < 4 && (first..=last).all(is_vague) && is_label(text, tokens, last) {
            best *= LABEL;
        }
        if let Some((start, end)) =
            trimmed(text, &tokens[first..=last]).filter(|&(start, end)| !is_in_address(text, start, end))
        {
            // A doubtful piece that a sure one took in stays with that one.
            while names.last().is_some_and(|name: &Name| name.end > start) {
                names.pop();
            }
            names.push(Name { start, end, probability: best });
        }
    }
}

/// Says whether a number follows on the same line, few tokens on, or the tag of one.
fn is_label(text: &str, tokens: &[Token], at: usize) -> bool {
    let behind = tokens[at + 1..].iter().take(4).take_while(|token| token.kind != TokenKind::Break);
    behind.into_iter().any(|token| token.text(text).bytes().any(|byte| byte.is_ascii_digit() || byte == b'['))
}

/// Says whether only one space stands behind a token, or nothing.
fn touches(text: &str, tokens: &[Token], at: usize) -> bool {
    matches!(&text[tokens[at].end as usize..tokens[at + 1].start as usize], "" | " ")
}

/// Leaves out marks at both ends, but not the full stop of an initial, and a possessive.
fn trimmed(text: &str, tokens: &[Token]) -> Option<(usize, usize)> {
    let word = |at: usize| tokens[at].text(text);
    let is_part = |token: &Token| token.kind == TokenKind::Word && !is_title(token.text(text));
    let first = tokens.iter().position(is_part)?;
    let mut last = tokens.iter().rposition(is_part)?;
    if last >= first + 2 && word(last) == "s" && word(last - 1) == "'" {
        last = (first..last - 1).rev().find(|&at| tokens[at].kind == TokenKind::Word)?;
    }
    let mut end = tokens[last].end as usize;
    let is_short = word(last).len() == 1 && tokens[last].is_capital() || matches!(word(last), "Jr" | "Sr");
    if is_short
        && tokens.get(last + 1).is_some_and(|token| token.start as usize == end && token.text(text) == ".")
    {
        end += 1;
    }
    Some((tokens[first].start as usize, end))
}

/// Says whether a range is a piece of an e-mail address, which is found as a whole or not at all.
fn is_in_address(text: &str, start: usize, end: usize) -> bool {
    const FAR: usize = 64;
    let bytes = text.as_bytes();
    let inside = |byte: &&u8| byte.is_ascii_alphanumeric() || b".+-_@".contains(byte);
    let glued = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let at_behind = bytes[end..].iter().take(FAR).take_while(inside).position(|&byte| byte == b'@');
    if let Some(at) = at_behind {
        return glued(bytes.get(end + at + 1));
    }
    let at_before = bytes[..start].iter().rev().take(FAR).take_while(inside).position(|&byte| byte == b'@');
    at_before.is_some_and(|at| start > at + 1 && glued(bytes.get(start - at - 2)))
}

/// Says whether a word stands in front of names and is none.
pub fn is_title(word: &str) -> bool {
    TITLES.iter().any(|title| title.eq_ignore_ascii_case(word))
}

/// The usual forms of address, as they stand in front of names.
const TITLES: [&str; 22] = [
    "Mr",
    "Mrs",
    "Ms",
    "Miss",
    "Mx",
    "Dr",
    "Prof",
    "Professor",
    "Sir",
    "Madam",
    "Herr",
    "Frau",
    "Mme",
    "Mlle",
    "Dott",
    "Ing",
    "Sig",
    "Sra",
    "Rev",
    "Hon",
    "Lt",
    "Sgt",
];
