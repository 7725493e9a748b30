//! Labelled texts: JSONL with spans in code points, turned into tokens with the tags each may have.

use std::path::PathBuf;
use std::str::FromStr;

use pii::names::features::Tag;
use pii::names::model::Bands;
use pii::tokens::{Token, TokenKind};
use pii::{Doc, Scratch};

use crate::Fault;
use crate::random::Random;

/// A file and how far its labels go: `FILE`, `FILE:labels=PERSON+ORG`, `FILE:header-only`, `FILE:copies=2`.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Bits of the tags that the file's labels tell apart; what is unlabelled may be any of the others.
    known: u8,
    /// Unlabelled words that may be names teach nothing.
    header_only: bool,
}

impl FromStr for Source {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let mut parts = text.split(':');
        let mut source =
            Self { path: parts.next().unwrap_or_default().into(), known: 0b1111, header_only: false };
        for part in parts {
            match part.split_once('=') {
                Some(("labels", labels)) => {
                    source.known = labels.split('+').filter_map(tag).fold(1, |known, tag| known | bit(tag));
                }
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
                text: changed.clone(),
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
    Labelled { source: place, text: doc.text().to_owned(), tokens: doc.tokens().to_vec(), may, names }
}
