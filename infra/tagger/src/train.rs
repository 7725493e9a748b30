//! Logistic regression over four tags, by `AdaGrad`, with the tagger's own tags as history.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use pii::names::features::{self, Around, Core, Feature, PLACES, Tag};
use pii::names::model::{Bands, Model};
use pii::names::tag::is_open;
use pii::names::words::{self, Gate, REACH, Word, Words};

use crate::data::Labelled;
use crate::random::Random;

/// How training is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) epochs: u64,
    pub(crate) bits: u32,
    pub(crate) rate: f32,
    pub(crate) threshold: f32,
    /// Of a thousand examples, how many are seen without the words themselves.
    pub(crate) blind: u64,
    /// Of a thousand features, how many are left out of an example.
    pub(crate) dropout: u64,
    pub(crate) least: u32,
    pub(crate) decay: f32,
}

/// Marks a feature that names the candidate itself.
const NAMES_WORD: u32 = 1 << 31;

struct Example {
    token: u32,
    first: usize,
    last: usize,
    may: u8,
    weight: f32,
    word: Word,
    previous: Word,
    next: Word,
    core: Core,
}

#[derive(Default)]
struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type Counts = HashMap<u64, u32, BuildHasherDefault<Passed>>;

/// A form of a word, and its features by place.
type Form = (Word, [Vec<Feature>; PLACES]);

/// The forms of many texts, in the order in which they are met first; the first is the end of a text.
struct Forms {
    all: Vec<Form>,
    places: HashMap<u64, usize, BuildHasherDefault<Passed>>,
    lower: String,
}

impl Default for Forms {
    fn default() -> Self {
        let edge = (Word::default(), features_of(&Word::default(), ""));
        Self { all: vec![edge], places: HashMap::default(), lower: String::new() }
    }
}

impl Forms {
    /// Returns the place of a token's form.
    fn at(&mut self, text: &Labelled, at: usize, bands: &impl Fn(&str, u64) -> Bands) -> usize {
        let id = words::id(&text.text, &text.tokens, at);
        let Self { all, places, lower } = self;
        *places.entry(id).or_insert_with(|| {
            let word = words::form(&text.text, &text.tokens[at], id, lower, bands);
            all.push((word, features_of(&word, lower)));
            all.len() - 1
        })
    }
}

fn features_of(word: &Word, lower: &str) -> [Vec<Feature>; PLACES] {
    std::array::from_fn(|place| {
        let mut list = Vec::new();
        features::of_form(word, lower, place, &mut |feature| list.push(feature));
        features::of_look(word, place, &mut |feature| list.push(feature));
        list
    })
}

/// Calls `see` with every token that may be looked at: its window, what is around it, and all features but those that
/// depend on tags.
fn walk(
    words: &mut Words,
    forms: &mut Forms,
    text: &Labelled,
    bands: &impl Fn(&str, u64) -> Bands,
    mut see: impl FnMut(usize, &[Word; PLACES], &[Feature]),
) {
    let mut at_token = vec![0; REACH];
    words.read(&text.text, &text.tokens, |at| {
        let place = forms.at(text, at, bands);
        at_token.push(place);
        forms.all[place].0
    });
    at_token.extend([0; REACH]);
    let mut list = Vec::new();
    for line in &words.lines {
        for token in line.first as usize..line.last as usize {
            let window: [Word; PLACES] = std::array::from_fn(|place| words.words[token + place]);
            let word = window[REACH];
            if word.gate != Gate::Never {
                list.clear();
                for (place, &form) in at_token[token..token + PLACES].iter().enumerate() {
                    list.extend(&forms.all[form].1[place]);
                }
                let around: Around = words.around(&word, token - line.first as usize, line.looks);
                features::of_window(&window, &around, &mut |feature| list.push(feature));
                see(token, &window, &list);
            }
        }
    }
}

/// Trains a model.
pub(crate) fn train(texts: &[&Labelled], names: Vec<(u64, Bands)>, plan: &Plan) -> Model {
    let mut model = Model::new(plan.bits, names);
    let known = |lower: &str, key: u64| model.bands(lower, key);
    let mut counts = Counts::default();
    let mut words = Words::default();
    let mut forms = Forms::default();
    for text in texts {
        let mut tags = (u32::MAX, Tag::Other, Tag::Other);
        let mut last: HashMap<u32, u8> = HashMap::new();
        walk(&mut words, &mut forms, text, &known, |token, window, list| {
            let mut count = |(feature, _): Feature| *counts.entry(feature).or_default() += 1;
            list.iter().copied().for_each(&mut count);
            let token = u32::try_from(token).unwrap_or(u32::MAX);
            let (one, two) = history(tags, token);
            let place = window[REACH].place;
            let before = last.get(&place).copied().unwrap_or(0);
            features::of_tags(&Core::new(window), one, two, before, &mut count);
            let tag = gold(text.may[token as usize]);
            tags = (token, tag, one);
            note(&mut last, place, tag);
        });
    }
    let mut kept: Vec<(u64, u32)> =
        counts.iter().filter(|(_, count)| **count >= plan.least).map(|(&f, &c)| (f, c)).collect();
    kept.sort_unstable();
    let ids: Counts = kept
        .iter()
        .enumerate()
        .map(|(id, &(feature, _))| (feature, u32::try_from(id).unwrap_or(0)))
        .collect();
    drop(counts);

    let mut lists: Vec<u32> = Vec::new();
    let mut documents: Vec<Vec<Example>> = Vec::new();
    for text in texts {
        let mut examples = Vec::new();
        walk(&mut words, &mut forms, text, &known, |token, window, list| {
            let first = lists.len();
            for (feature, names_word) in list {
                if let Some(&id) = ids.get(feature) {
                    lists.push(id | if *names_word { NAMES_WORD } else { 0 });
                }
            }
            examples.push(Example {
                token: u32::try_from(token).unwrap_or(u32::MAX),
                first,
                last: lists.len(),
                may: text.may[token],
                weight: text.weight,
                word: window[REACH],
                previous: window[REACH - 1],
                next: window[REACH + 1],
                core: Core::new(window),
            });
        });
        documents.push(examples);
    }
    let weights = learn(&documents, &lists, &ids, kept.len(), plan);
    pack(&mut model, &kept, &weights, plan);
    model
}

/// Notes what a word was; marks are not remembered.
fn note(last: &mut HashMap<u32, u8>, place: u32, tag: Tag) {
    if place != 0 {
        last.insert(place, tag as u8 + 1);
    }
}

/// Returns the tags in front of a token, when `tags` were those of the last one looked at.
fn history((at, one, two): (u32, Tag, Tag), token: u32) -> (Tag, Tag) {
    match token.wrapping_sub(at) {
        1 => (one, two),
        2 => (Tag::Other, one),
        _ => (Tag::Other, Tag::Other),
    }
}

fn gold(may: u8) -> Tag {
    if may & 1 != 0 { Tag::Other } else { Tag::ALL[(may.trailing_zeros() as usize).min(3)] }
}

fn learn(
    documents: &[Vec<Example>],
    lists: &[u32],
    ids: &Counts,
    count: usize,
    plan: &Plan,
) -> Vec<[f32; 4]> {
    let mut weights = vec![[0.0_f32; 4]; count];
    let mut squares = vec![[0.0_f32; 4]; count];
    let mut sum = vec![[0.0_f32; 4]; count];
    let mut random = Random::new(plan.seed);
    let mut order: Vec<usize> = (0..documents.len()).collect();
    let averaged = plan.epochs.div_ceil(2);
    let share = 1.0 / f32::from(u16::try_from(averaged).unwrap_or(u16::MAX));
    let mut last: HashMap<u32, u8> = HashMap::new();
    let mut active: Vec<u32> = Vec::new();
    for epoch in 0..plan.epochs {
        random.shuffle(&mut order);
        let rate = plan.rate;
        for &document in &order {
            let mut tags = (u32::MAX, Tag::Other, Tag::Other);
            last.clear();
            for example in &documents[document] {
                let (one, two) = history(tags, example.token);
                if !is_open(&example.word, &example.previous, one, &example.next) {
                    continue;
                }
                let blind = random.below(1000) < plan.blind;
                let dropped = plan.dropout * (u64::MAX / 1000);
                active.clear();
                let mut noise = 0;
                for (at, &id) in lists[example.first..example.last].iter().enumerate() {
                    if at % 4 == 0 {
                        noise = random.next();
                    }
                    let lot = noise.rotate_right(16);
                    noise = lot;
                    if blind && id & NAMES_WORD != 0 || lot < dropped {
                        continue;
                    }
                    active.push(id & !NAMES_WORD);
                }
                let before = last.get(&example.word.place).copied().unwrap_or(0);
                features::of_tags(&example.core, one, two, before, &mut |(feature, names_word)| {
                    if !(blind && names_word) {
                        active.extend(ids.get(&feature));
                    }
                });
                let mut total = [0.0_f32; 4];
                for &id in &active {
                    for (total, weight) in total.iter_mut().zip(weights[id as usize]) {
                        *total += weight;
                    }
                }
                let p = softmax(total);
                let tag = chosen(p, plan.threshold);
                if example.may != 0b1111 {
                    let wanted: f32 = (0..4).filter(|&c| example.may & 1 << c != 0).map(|c| p[c]).sum();
                    let gradient: [f32; 4] = std::array::from_fn(|c| {
                        p[c] - if example.may & 1 << c != 0 { p[c] / wanted.max(1e-6) } else { 0.0 }
                    });
                    if gradient.iter().any(|g| g.abs() > 1e-3) {
                        for &id in &active {
                            let (weight, square) = (&mut weights[id as usize], &mut squares[id as usize]);
                            for c in 0..4 {
                                let g = example.weight * gradient[c] + plan.decay * weight[c];
                                square[c] += g * g;
                                weight[c] -= rate * g / (square[c] + 1e-2).sqrt();
                            }
                        }
                    }
                }
                // The first round learns behind the right tags, the others behind its own.
                let told = if epoch == 0 { gold(example.may) } else { tag };
                tags = (example.token, told, one);
                note(&mut last, example.word.place, told);
            }
        }
        if epoch + averaged >= plan.epochs {
            for (sum, weight) in sum.iter_mut().zip(&weights) {
                for (sum, weight) in sum.iter_mut().zip(weight) {
                    *sum += weight * share;
                }
            }
        }
    }
    sum
}

fn softmax(total: [f32; 4]) -> [f32; 4] {
    let most = total.iter().copied().fold(f32::MIN, f32::max);
    let odds = total.map(|sum| (sum - most).exp());
    let all: f32 = odds.iter().sum();
    odds.map(|odds| odds / all)
}

fn chosen(p: [f32; 4], threshold: f32) -> Tag {
    if p[1] >= threshold {
        return Tag::Person;
    }
    let best = [0, 2, 3].into_iter().fold(0, |best, c| if p[c] > p[best] { c } else { best });
    Tag::ALL[best]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "rounded on purpose")]
/// Rounds the weights and puts what weighs most into the table.
fn pack(model: &mut Model, kept: &[(u64, u32)], weights: &[[f32; 4]], plan: &Plan) {
    let relative = |w: &[f32; 4]| [w[1] - w[0], w[2] - w[0], w[3] - w[0]];
    model.scale = 5.0 / 127.0;
    model.threshold = plan.threshold;
    let mut rows: Vec<(f32, u64, [i8; 3])> = kept
        .iter()
        .zip(weights)
        .filter_map(|(&(feature, count), weight)| {
            let rounded = relative(weight).map(|w| (w / model.scale).round().clamp(-127.0, 127.0) as i8);
            let size = relative(weight).iter().map(|w| w.abs()).fold(0.0, f32::max);
            (rounded != [0; 3]).then(|| (size * (count as f32).sqrt(), feature, rounded))
        })
        .collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, feature, rounded) in rows {
        // What finds no room weighs least.
        model.put(feature, rounded);
    }
    model.knots = vec![[0.12, 0.2], [plan.threshold, 0.5], [0.7, 0.75], [1.0, 0.97]];
}
