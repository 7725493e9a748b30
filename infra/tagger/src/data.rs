//! Labelled texts: JSONL with spans in code points, turned into tokens with the tags each may have.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;

use pii::names::features::Tag;
use pii::names::join::is_title;
use pii::names::model::Bands;
use pii::names::words::is_particle;
use pii::tokens::{Case, Token, TokenKind};
use pii::{Doc, Scratch};

use crate::Fault;
use crate::lists::Written;
use crate::random::Random;

/// A file and how far its labels go: `FILE`, `FILE:labels=PERSON+ORG`, `FILE:header-only`,
/// `FILE:weight=0.5`, `FILE:as-is`.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Bits of the tags that the file's labels tell apart; what is unlabelled may be any of the others.
    known: u8,
    /// Unlabelled words that may be names teach nothing.
    header_only: bool,
    /// What a text of it weighs.
    weight: f32,
    /// No copies are made of its texts.
    as_is: bool,
}

impl FromStr for Source {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let mut parts = text.split(':');
        let mut source = Self {
            path: parts.next().unwrap_or_default().into(),
            known: 0b1111,
            header_only: false,
            weight: 1.0,
            as_is: false,
        };
        for part in parts {
            match part.split_once('=') {
                Some(("labels", labels)) => {
                    source.known = labels.split('+').filter_map(tag).fold(1, |known, tag| known | bit(tag));
                }
                Some(("weight", weight)) => {
                    source.weight = weight.parse().map_err(|_| Fault::Option(part.to_owned()))?;
                }
                None if part == "as-is" => source.as_is = true,
                None if part == "header-only" => source.header_only = true,
                _ => return Err(Fault::Option(part.to_owned())),
            }
        }
        Ok(source)
    }
}

#[derive(serde::Deserialize)]
struct Row {
    text: String,
    spans: Vec<Span>,
}

#[derive(serde::Deserialize)]
struct Span {
    start: usize,
    end: usize,
    label: String,
}

/// A text with the tags that each token may have.
pub(crate) struct Labelled {
    /// The place of its file among the sources.
    pub(crate) source: usize,
    /// Folded.
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    /// Bits of [`Tag`], a token.
    pub(crate) may: Vec<u8>,
    /// Byte ranges of people's names.
    pub(crate) names: Vec<(usize, usize)>,
    /// What it weighs.
    pub(crate) weight: f32,
    /// No copies are made of it.
    as_is: bool,
}

/// How a copy is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    Lower,
    Upper,
}

pub(crate) fn bit(tag: Tag) -> u8 {
    1 << tag as u8
}

fn tag(label: &str) -> Option<Tag> {
    match label {
        "PERSON" => Some(Tag::Person),
        "ORG" | "SCHOOL" => Some(Tag::Organisation),
        "LOCATION" | "ADDRESS" => Some(Tag::Location),
        _ => None,
    }
}

/// Reads the sources' texts, in order.
pub(crate) fn read(sources: &[Source], bands: &dyn Fn(u64) -> Bands) -> Result<Vec<Labelled>, Fault> {
    let mut texts = Vec::new();
    for (place, source) in sources.iter().enumerate() {
        let file =
            std::fs::read_to_string(&source.path).map_err(|error| Fault::File(source.path.clone(), error))?;
        for line in file.lines().filter(|line| !line.is_empty()) {
            let row: Row =
                serde_json::from_str(line).map_err(|error| Fault::Row(source.path.clone(), error))?;
            texts.push(label(place, source, &row, bands));
        }
    }
    Ok(texts)
}

/// Appends copies in lower and in upper case of a share of the texts.
pub(crate) fn with_copies(texts: &mut Vec<Labelled>, share: u64, random: &mut Random) {
    for at in 0..texts.len() {
        if texts[at].as_is {
            continue;
        }
        let draw = random.below(1000);
        let writing = match draw {
            _ if draw < share => Writing::Lower,
            _ if draw < 2 * share => Writing::Upper,
            _ => continue,
        };
        let text = &texts[at];
        let changed = changed(&text.text, writing);
        let mut scratch = Scratch::default();
        let doc = Doc::read(&changed, true, &mut scratch);
        // Changing case keeps the tokens unless a character has no single counterpart.
        if doc.tokens().len() == text.tokens.len() && changed.len() == text.text.len() {
            let copy = Labelled {
                source: text.source,
                tokens: doc.tokens().to_vec(),
                may: text.may.clone(),
                names: text.names.clone(),
                weight: text.weight,
                as_is: true,
                text: changed.clone(),
            };
            texts.push(copy);
        }
    }
}

/// Appends copies of a share of the texts with other names in place of people's, the same in each place of a text.
pub(crate) fn with_swaps(
    texts: &mut Vec<Labelled>,
    share: u64,
    written: &Written,
    bands: &dyn Fn(u64) -> Bands,
    random: &mut Random,
) {
    for at in 0..texts.len() {
        if texts[at].as_is || texts[at].names.is_empty() || random.below(1000) >= share {
            continue;
        }
        let text = &texts[at];
        let mut swapped = String::with_capacity(text.text.len());
        let mut others: HashMap<u64, String> = HashMap::new();
        let mut ends = Vec::with_capacity(text.tokens.len());
        let mut copied = 0;
        for (token, &may) in text.tokens.iter().zip(&text.may) {
            let word = token.text(&text.text);
            swapped.push_str(&text.text[copied..token.start as usize]);
            let start = swapped.len();
            let is_name = may == bit(Tag::Person)
                && token.kind == TokenKind::Word
                && word.len() > 2
                && word.chars().all(char::is_alphabetic);
            if is_name && matches!(token.case, Case::Title | Case::Upper | Case::Lower) && !is_particle(word)
            {
                let known = bands(token.key);
                let other = others
                    .entry(token.key)
                    .or_insert_with(|| written.draw(known.forename() >= known.surname(), random));
                match token.case {
                    Case::Upper => swapped.push_str(&other.to_uppercase()),
                    Case::Lower => swapped.push_str(&other.to_lowercase()),
                    _ => swapped.push_str(other),
                }
            } else {
                swapped.push_str(word);
            }
            ends.push((token.start as usize, token.end as usize, start, swapped.len()));
            copied = token.end as usize;
        }
        swapped.push_str(&text.text[copied..]);
        let mut scratch = Scratch::default();
        let doc = Doc::read(&swapped, true, &mut scratch);
        if doc.tokens().len() == text.tokens.len() && doc.text() == swapped {
            let names = text.names.iter().filter_map(|&(start, end)| {
                let first = ends.iter().find(|token| token.0 == start)?;
                let last = ends.iter().find(|token| token.1 == end)?;
                Some((first.2, last.3))
            });
            let copy = Labelled {
                source: text.source,
                names: names.collect(),
                weight: text.weight,
                as_is: false,
                tokens: doc.tokens().to_vec(),
                may: text.may.clone(),
                text: swapped.clone(),
            };
            texts.push(copy);
        }
    }
}

fn changed(text: &str, writing: Writing) -> String {
    let single = |c: char| -> char {
        let mut changed = match writing {
            Writing::Lower => c.to_lowercase().to_string(),
            Writing::Upper => c.to_uppercase().to_string(),
        };
        let first = changed.remove(0);
        if changed.is_empty() && first.len_utf8() == c.len_utf8() { first } else { c }
    };
    text.chars().map(single).collect()
}

fn label(place: usize, source: &Source, row: &Row, bands: &dyn Fn(u64) -> Bands) -> Labelled {
    let mut scratch = Scratch::default();
    let doc = Doc::read(&row.text, true, &mut scratch);
    let offsets: Vec<usize> = row.text.char_indices().map(|(at, _)| at).chain([row.text.len()]).collect();
    let byte = |point: usize| offsets[point.min(offsets.len() - 1)];
    let spans: Vec<(usize, usize, Option<Tag>)> =
        row.spans.iter().map(|span| (byte(span.start), byte(span.end), tag(&span.label))).collect();
    let mut names = Vec::new();
    let mut may = Vec::with_capacity(doc.tokens().len());
    let mut last_span = usize::MAX;
    for token in doc.tokens() {
        let (start, _) = doc.original(token.start as usize, token.end as usize);
        let hit = spans.iter().position(|&(from, to, _)| from <= start && start < to);
        let bits = match hit.and_then(|hit| spans[hit].2) {
            // Some sets call a form of address a name.
            Some(Tag::Person) if is_title(token.text(doc.text())) => 1,
            Some(tag) if source.known & bit(tag) != 0 => bit(tag),
            _ if hit.is_some() => 1 | !source.known & 0b1110,
            _ if source.header_only && token.kind == TokenKind::Word && bands(token.key).both() > 0 => 0b1111,
            _ => 1 | !source.known & 0b1110,
        };
        may.push(bits);
        if bits == bit(Tag::Person) {
            let range = (token.start as usize, token.end as usize);
            match names.last_mut() {
                Some((_, end)) if hit == Some(last_span) => *end = range.1,
                _ => names.push(range),
            }
            last_span = hit.unwrap_or(usize::MAX);
        }
    }
    Labelled {
        source: place,
        text: doc.text().to_owned(),
        tokens: doc.tokens().to_vec(),
        may,
        names,
        weight: source.weight,
        as_is: source.as_is,
    }
}
