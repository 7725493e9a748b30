//! Decides, token by token.

use super::features::{self, Around, Core, PLACES, Tag};
use super::join::{Name, join};
use super::model::Model;
use super::words::{self, Gate, HANDLE, Line, REACH, Word, Words};
use crate::tokens::{Token, TokenKind};

/// Tokens that are read at once: what is kept between texts stays bounded, and in a near cache, whatever a text's length.
const SEGMENT: usize = 1 << 13;

/// Below this probability nothing is told.
pub(super) const LEAST: f32 = 0.12;

/// Sums of weights as far below the best other tag's end the matter: the rest of the features rarely weighs half of it.
const HOPELESS: i32 = -120;

/// What speaks for a person, an organisation and a location; the fourth makes four fit a register.
type Sums = [i16; 4];

/// Forms of words that are kept, two to the power of this: more of them find no room in a near cache.
const FORMS: u32 = 13;

/// A form of a word, in one line of the processor's cache: what it is, and what it adds to the sums of the candidates
/// around it, from the second in front of it to the second behind it.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Form {
    id: u64,
    word: Word,
    sums: [Sums; PLACES],
}

/// Looks of words that are kept, two to the power of this: they are far fewer than words.
const LOOKS: u32 = 10;

/// What is known of a word and how it is written, and what that adds to the sums around it.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    /// Plus one.
    look: u32,
    sums: [Sums; PLACES],
}

/// Decisions that are kept, two to the power of this: what is read again after a rewrite has been decided before.
const DECISIONS: u32 = 11;

/// What was decided of a candidate.
#[derive(Debug, Clone, Copy, Default)]
struct Decision {
    /// A hash of all that it was decided by; 0 for none.
    key: u64,
    probability: f32,
    tag: Tag,
}

/// What tagging needs, kept between texts. It serves one model.
#[derive(Debug, Default)]
pub struct Tagger {
    words: Words,
    forms: Vec<Form>,
    looks: Vec<Look>,
    decisions: Vec<Decision>,
    /// What the end of a text adds to the sums around it.
    edge: [Sums; PLACES],
    sums: Vec<Sums>,
    probabilities: Vec<f32>,
    /// Tokens that are worth telling, in order.
    told: Vec<usize>,
    /// Tokens that may be looked at, in order, and room for the others.
    open: Vec<u32>,
    lower: String,
    ids: [u64; AHEAD],
}

/// Tokens whose forms are asked for at once: memory answers many questions in the time of one.
const AHEAD: usize = 32;

/// Says whether a token is looked at, by its neighbours and the tag of the one in front.
#[inline]
pub fn is_open(word: &Word, previous: &Word, before: Tag, next: &Word) -> bool {
    let leads = matches!(next.gate, Gate::Always | Gate::Particle);
    let is_open = match word.gate {
        Gate::Never => false,
        Gate::Always => true,
        Gate::Behind => before == Tag::Person,
        Gate::Particle => before == Tag::Person || leads,
    };
    is_open && previous.shape != HANDLE
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
            self.read(model, text, segment);
            self.tag(model);
            let words = &self.words;
            let is_known = |at: usize| words.at(at).bands.both() != 0;
            join(model, text, segment, (&self.probabilities, &self.told), is_known, names);
            rest = left;
        }
    }

    /// Reads words, and sums up what the forms around each say of it.
    fn read(&mut self, model: &Model, text: &str, tokens: &[Token]) {
        let Self { words, forms, looks, edge, sums, lower, ids, open, .. } = self;
        open.clear();
        open.resize(tokens.len(), 0);
        let mut count = 0;
        if forms.is_empty() {
            forms.resize(1 << FORMS, Form::default());
            looks.resize(1 << LOOKS, Look::default());
            *edge = sums_of(model, looks, &Word::default(), "");
        }
        sums.clear();
        sums.resize(tokens.len() + 4 * REACH, Sums::default());
        for at in 0..REACH {
            add(&mut sums[at..], edge);
            add(&mut sums[tokens.len() + REACH + at..], edge);
        }
        words.read(text, tokens, |at| {
            if at % AHEAD == 0 {
                ask(model, forms, text, tokens, at, ids);
            }
            let id = ids[at % AHEAD];
            let form = &mut forms[place_of(id)];
            if form.id != id {
                let bands = |lower: &str, key| model.bands(lower, key);
                let word = words::form(text, &tokens[at], id, lower, bands);
                *form = Form { id, word, sums: sums_of(model, looks, &word, lower) };
            }
            add(&mut sums[at + REACH..], &form.sums);
            #[expect(clippy::cast_possible_truncation, reason = "a segment is short")]
            let token = at as u32;
            open[count] = token;
            count += usize::from(form.word.gate != Gate::Never);
            form.word
        });
        open.truncate(count);
    }

    fn tag(&mut self, model: &Model) {
        let Self { words, sums, probabilities, told, open, decisions, .. } = self;
        decisions.resize(1 << DECISIONS, Decision::default());
        probabilities.clear();
        probabilities.resize(words.words.len() - 2 * REACH, 0.0);
        told.clear();
        let (mut one, mut two, mut next) = (Tag::Other, Tag::Other, 0);
        let mut line = 0;
        for &token in &*open {
            let token = token as usize;
            // Tokens between two that may be names are nothing that matters.
            (one, two) = match token - next {
                0 => (one, two),
                1 => (Tag::Other, one),
                _ => (Tag::Other, Tag::Other),
            };
            let word = words.words[token + REACH];
            let is_open =
                is_open(&word, &words.words[token + REACH - 1], one, &words.words[token + REACH + 1]);
            let mut tag = Tag::Other;
            if is_open {
                while words.lines[line].last as usize <= token {
                    line += 1;
                }
                let [person, organisation, location, _] = sums[token + 2 * REACH].map(i32::from);
                let mut total = [person, organisation, location];
                let mut probability = 0.0;
                if one != Tag::Person && is_hopeless(total) {
                    tag = decide(model, total).0;
                } else {
                    let window: [Word; PLACES] = std::array::from_fn(|place| words.words[token + place]);
                    let Line { first, looks, .. } = words.lines[line];
                    let around = words.around(&word, token - first as usize, looks);
                    let last = words.last(&word);
                    let key = key_of(&window, around, [one as u8, two as u8, last], total);
                    let known = &mut decisions[(key >> (64 - DECISIONS)) as usize];
                    if known.key != key {
                        let mut add = |(feature, _)| model.add(feature, &mut total);
                        features::of_window(&window, &around, &mut add);
                        features::of_tags(&Core::new(&window), one, two, last, &mut add);
                        let (tag, probability) = decide(model, total);
                        *known = Decision { key, probability, tag };
                    }
                    (tag, probability) = (known.tag, known.probability);
                }
                if probability >= LEAST {
                    probabilities[token] = probability;
                    told.push(token);
                }
                words.set_last(&word, tag as u8 + 1);
            }
            (one, two, next) = (tag, one, token + 1);
        }
    }
}

/// Hashes all that a decision depends on besides the model.
#[inline]
fn key_of(window: &[Word; PLACES], around: Around, tags: [u8; 3], sums: [i32; 3]) -> u64 {
    let word = |place: usize| {
        let word = &window[place];
        u64::from(word.id) << 32 | u64::from(word.full_look())
    };
    let [one, two, last] = tags.map(u64::from);
    let beside = u64::from(around.looks) << 32
        | u64::from(around.cases) << 24
        | u64::from(around.start) << 16
        | u64::from(around.mode) << 12
        | one << 8
        | two << 4
        | last;
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "each has sixteen bits")]
    let [person, organisation, location] = sums.map(|sum| u64::from(sum as u16));
    let said = person << 32 | organisation << 16 | location;
    let key = mixed(word(0) ^ 0x9e37_79b9_7f4a_7c15, word(1) ^ 0xc2b2_ae3d_27d4_eb4f)
        ^ mixed(word(2) ^ 0xbf58_476d_1ce4_e5b9, word(3) ^ 0x94d0_49bb_1331_11eb).rotate_left(21)
        ^ mixed(word(4) ^ 0xd6e8_feb8_6659_fd93, beside ^ 0xa076_1d64_78bd_642f).rotate_left(42);
    mixed(key ^ 0xe703_7ed1_a0b4_28db, said ^ 0x8ebc_6af0_9c88_c6e3) | 1
}

/// Mixes two numbers into one: both halves of their product.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are in it")]
fn mixed(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn place_of(id: u64) -> usize {
    (id >> (64 - FORMS)) as usize
}

/// Tells the next tokens' forms apart, and fetches from memory what is known of them, and of new words, without waiting
/// for one to look for the next.
#[inline]
fn ask(model: &Model, forms: &[Form], text: &str, tokens: &[Token], first: usize, ids: &mut [u64; AHEAD]) {
    for (at, id) in (first..tokens.len()).zip(ids.iter_mut()) {
        *id = words::id(text, tokens, at);
    }
    // A short loop of its own, so that all of them are asked for before the first answer is there.
    let mut new = [0_u64; AHEAD];
    let mut count = 0;
    for (token, id) in tokens[first..].iter().zip(ids.iter()) {
        new[count] = token.key;
        count += usize::from(forms[place_of(*id)].id != *id);
    }
    let fetched = new[..count].iter().fold(0, |all, &key| all ^ model.glance(key));
    std::hint::black_box(fetched);
}

/// Adds what a form says to the sums of the candidates around it.
#[inline]
fn add(sums: &mut [Sums], form: &[Sums; PLACES]) {
    for (sums, more) in sums.iter_mut().zip(form) {
        for (sum, more) in sums.iter_mut().zip(more) {
            *sum = sum.wrapping_add(*more);
        }
    }
}

/// Returns what a form adds to the sums of the candidates around it, the one furthest in front first.
fn sums_of(model: &Model, looks: &mut [Look], word: &Word, lower: &str) -> [Sums; PLACES] {
    let look = word.full_look() + 1;
    let known = &mut looks[(look.wrapping_mul(0x9e37_79b1) >> (32 - LOOKS)) as usize];
    if known.look != look {
        let sums = around(|place, sums| {
            features::of_look(word, place, &mut |(feature, _)| model.add(feature, sums));
        });
        *known = Look { look, sums };
    }
    let mut sums = around(|place, sums| {
        // What never is a candidate says nothing in the middle.
        if place != REACH || word.gate != Gate::Never {
            features::of_form(word, lower, place, &mut |(feature, _)| model.add(feature, sums));
        }
    });
    add(&mut sums, &known.sums);
    sums
}

/// Calls `sum` for each place of the window that a word has for the candidates around it.
#[inline]
fn around(mut sum: impl FnMut(usize, &mut [i32; 3])) -> [Sums; PLACES] {
    std::array::from_fn(|behind| {
        let mut sums = [0; 3];
        // For the one furthest in front, it stands last.
        sum(PLACES - 1 - behind, &mut sums);
        let [person, organisation, location] =
            sums.map(|sum| i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX }));
        [person, organisation, location, 0]
    })
}

/// Says whether the forms in the window alone speak so much against a person's name that nothing else can change it.
#[inline]
fn is_hopeless(total: [i32; 3]) -> bool {
    total[0] < HOPELESS + total[1].max(total[2]).max(0)
}

/// Returns the tag that the sums speak for, and the probability of a person's name; below [`LEAST`] it may be any.
#[inline]
fn decide(model: &Model, total: [i32; 3]) -> (Tag, f32) {
    let [person, organisation, location] = total;
    let mut p = 0.0;
    // The odds of a person alone would be below e^-2.5: no need to know how far.
    #[expect(clippy::cast_precision_loss, reason = "sums are small")]
    if person.min(person - organisation.max(location)) as f32 * model.scale > -2.5 {
        let odds = total.map(|sum| (sum as f32 * model.scale).clamp(-30.0, 30.0).exp());
        p = odds[0] / (1.0 + odds[0] + odds[1] + odds[2]);
    }
    let tag = if p >= model.threshold {
        Tag::Person
    } else if organisation > 0 && organisation >= location {
        Tag::Organisation
    } else if location > 0 {
        Tag::Location
    } else {
        Tag::Other
    };
    (tag, p)
}
