//! Records as they are written out.

use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::data;
use crate::error::Error;
use crate::expand::Writer;
use crate::grammar::Grammar;
use crate::names::Names;
use crate::noise;
use crate::piece::Piece;

/// A labelled stretch of a record's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// One of [`crate::LABELS`].
    pub label: &'static str,
}

/// A made-up text and what is labelled in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// What sort of text it is, and its number.
    pub id: String,
    /// Language code.
    pub lang: &'static str,
    /// The text.
    pub text: String,
    /// What is labelled, in order.
    pub spans: Vec<Span>,
}

/// Makes records; the same seed and number give the same record, whatever was made before.
#[derive(Debug)]
pub struct Generator {
    grammar: Grammar,
    names: Names,
    seed: u64,
}

impl Generator {
    /// Reads the rules.
    ///
    /// # Errors
    /// [`Error::Grammar`] when a data file of this crate cannot be read as rules.
    pub fn new(names: Names, seed: u64) -> Result<Self, Error> {
        Ok(Self { grammar: Grammar::read(&data::FILES)?, names, seed })
    }

    /// Makes a record.
    pub fn record(&self, number: u64) -> Record {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number);
        let genre = draw(&data::GENRES, &mut rng);
        let lang = if genre.all_languages { draw_language(&mut rng) } else { "en" };
        let piece = if genre.rule == "resume.columns" {
            let mut writer = Writer::new(&self.grammar, &self.names, lang, &mut rng);
            writer.rule("resume.side");
            let left = std::mem::take(&mut writer.out);
            writer.rule("resume.main");
            let right = std::mem::take(&mut writer.out);
            let width = rng.random_range(30..48);
            let page = noise::side_by_side(&left, &right, width);
            if rng.random_bool(0.05) { page.lower() } else { page }
        } else {
            let mut writer = Writer::new(&self.grammar, &self.names, lang, &mut rng);
            writer.rule(genre.rule);
            let piece = writer.out;
            noise::spoilt(piece, &mut rng)
        };
        Self::finished(&piece, format!("synthetic-{}-{number}", genre.rule), lang)
    }

    /// Counts offsets in code points.
    fn finished(piece: &Piece, id: String, lang: &'static str) -> Record {
        let mut spans = Vec::with_capacity(piece.marks.len());
        let (mut byte, mut point) = (0, 0);
        for mark in &piece.marks {
            point += piece.text[byte..mark.start].chars().count();
            let start = point;
            point += piece.text[mark.start..mark.end].chars().count();
            byte = mark.end;
            spans.push(Span { start, end: point, label: mark.label });
        }
        Record { id, lang, text: piece.text.clone(), spans }
    }
}

fn draw<'a>(genres: &'a [data::Genre], rng: &mut ChaCha8Rng) -> &'a data::Genre {
    let total: u32 = genres.iter().map(|genre| genre.weight).sum();
    let mut point = rng.random_range(0..total);
    for genre in genres {
        if point < genre.weight {
            return genre;
        }
        point -= genre.weight;
    }
    &genres[0]
}

fn draw_language(rng: &mut ChaCha8Rng) -> &'static str {
    if rng.random_bool(0.45) {
        return "en";
    }
    data::WRITTEN[rng.random_range(0..data::WRITTEN.len())]
}
