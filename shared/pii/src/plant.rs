//! Synthetic people, planted into copies of real records to measure what the scrubber finds.
//!
//! A copy gets one piece of each kind: in the place of one that was found there, so that it stands as this table's people
//! stand, or in a sentence of its own where a sentence or a line ends. The copy is read by the same code as the record, and
//! a piece counts as found when each of its letters and digits would be rewritten. The copy is then thrown away.

mod people;

use std::collections::BTreeMap;
use std::ops::Range;

use people::Person;

use crate::known::Known;
use crate::surrogate::Draw;
use crate::{Finding, Kind, Kinds, Policy, Scratch, Scrubber};

/// The kinds that are planted.
pub const PLANTED: Kinds = Kinds::of(&[
    Kind::Name,
    Kind::Email,
    Kind::Phone,
    Kind::Address,
    Kind::Ssn,
    Kind::NationalId,
    Kind::Card,
    Kind::Iban,
]);

/// A longer text is cut here: the measure is of its beginning.
pub const LONGEST_COPY: usize = 16 << 10;

/// Most places in a text that a sentence may be put into.
const MOST_SLOTS: usize = 64;

/// Pieces planted and found, of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pieces that were planted.
    pub planted: u64,
    /// Of these, pieces of which nothing would be left.
    pub found: u64,
}

impl Tally {
    /// Returns the lower bound of the share that is found, by Wilson's score interval of 95% (E. B. Wilson, 1927): what
    /// the share is at least, as far as so many pieces can tell. 0 when nothing was planted.
    pub fn lower_bound(&self) -> f64 {
        // The normal distribution's 97.5% quantile.
        const Z: f64 = 1.959_963_984_540_054;
        if self.planted == 0 {
            return 0.0;
        }
        let (planted, share) = (float(self.planted), self.share());
        let centre = share + Z * Z / (2.0 * planted);
        let spread = Z * (share * (1.0 - share) / planted + Z * Z / (4.0 * planted * planted)).sqrt();
        ((centre - spread) / (1.0 + Z * Z / planted)).max(0.0)
    }

    /// Returns the share that was found; 0 when nothing was planted.
    pub fn share(&self) -> f64 {
        if self.planted == 0 { 0.0 } else { float(self.found) / float(self.planted) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Plants into copies of records.
pub struct Planter<'a> {
    scrubber: &'a Scrubber,
    kinds: Vec<Kind>,
    scratch: Vec<Scratch>,
    tallies: BTreeMap<Kind, Tally>,
}

/// What is done to one text.
struct Edit {
    /// What is taken out; empty where something is put in.
    place: Range<usize>,
    before: String,
    value: String,
    after: String,
    kind: Kind,
}

/// What was planted, where it stands in the copy.
struct Piece {
    text: usize,
    range: Range<usize>,
    kind: Kind,
}

impl<'a> Planter<'a> {
    /// Creates a planter of the kinds that are asked for; whether the scrubber can find them is what is measured.
    pub fn new(scrubber: &'a Scrubber, kinds: Kinds) -> Self {
        let kinds = kinds.iter().filter(|kind| PLANTED.has(*kind)).collect();
        Self { scrubber, kinds, scratch: Vec::new(), tallies: BTreeMap::new() }
    }

    /// Plants one piece of each kind into a copy of a record's texts, and looks for them. The same seed plants the same.
    pub fn plant(&mut self, seed: u64, texts: &[&str]) {
        if texts.is_empty() {
            return;
        }
        let mut draw = Draw::new(seed);
        let texts: Vec<&str> = texts.iter().map(|text| cut(text)).collect();
        let looked = self.look(&texts);
        let mut edits: Vec<Vec<Edit>> = texts.iter().map(|_| Vec::new()).collect();
        // One person has them all, or each is of another.
        let one = (draw.below(2) == 0).then(|| Person::draw(&mut draw));
        for &kind in &self.kinds {
            let other = Person::draw(&mut draw);
            let person = one.as_ref().unwrap_or(&other);
            let (at, edit) = edit(kind, person, &texts, &looked, &mut draw);
            edits[at].push(edit);
        }
        let mut pieces = Vec::new();
        let copies: Vec<String> = texts
            .iter()
            .zip(edits)
            .enumerate()
            .map(|(at, (text, edits))| apply(at, text, edits, &mut pieces))
            .collect();
        let copies: Vec<&str> = copies.iter().map(String::as_str).collect();
        let looked = self.look(&copies);
        for piece in pieces {
            let tally = self.tallies.entry(piece.kind).or_default();
            tally.planted += 1;
            tally.found += u64::from(is_hidden(copies[piece.text], &piece.range, &looked[piece.text]));
        }
    }

    /// Returns what was planted and found so far.
    pub fn into_tallies(self) -> BTreeMap<Kind, Tally> {
        self.tallies
    }

    /// Returns what would be rewritten.
    fn look(&mut self, texts: &[&str]) -> Vec<Vec<Finding>> {
        let scrubber = self.scrubber;
        let shares = texts.len() > 1;
        let (mut seen, _) = scrubber.pass(texts, shares, &mut Known::default(), &mut self.scratch);
        for findings in &mut seen {
            findings.retain(|it| scrubber.is_sure(it) && scrubber.policies().of(it.kind) != Policy::Keep);
        }
        seen
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_COPY);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Says whether each letter and digit of a piece is covered.
fn is_hidden(text: &str, piece: &Range<usize>, findings: &[Finding]) -> bool {
    let mut letters = text[piece.clone()].char_indices().filter(|(_, c)| c.is_alphanumeric());
    letters.all(|(at, _)| {
        let at = piece.start + at;
        let next = findings.partition_point(|finding| finding.end <= at);
        findings.get(next).is_some_and(|finding| finding.start <= at)
    })
}

/// Decides what stands where.
fn edit(
    kind: Kind,
    person: &Person,
    texts: &[&str],
    seen: &[Vec<Finding>],
    draw: &mut Draw,
) -> (usize, Edit) {
    let (carrier, value) = match kind {
        Kind::NationalId => people::national_id(draw),
        kind => (carrier(kind, draw), person.value(kind, draw)),
    };
    let found: Vec<(usize, &Finding)> = seen
        .iter()
        .enumerate()
        .flat_map(|(at, findings)| findings.iter().map(move |finding| (at, finding)))
        .filter(|(_, finding)| finding.kind == kind)
        .collect();
    // A bare id cannot be told from an order's number, whoever looks: it keeps the words that announce it.
    if !found.is_empty() && kind != Kind::NationalId {
        let (at, finding) = draw.of(&found);
        let place = finding.start..finding.end;
        return (at, Edit { place, before: String::new(), value, after: String::new(), kind });
    }
    let at = draw.below(texts.len());
    let slots = slots(texts[at], &seen[at]);
    let slot = draw.of(&slots);
    let (before, after) = carrier.split_once("{}").unwrap_or((carrier, ""));
    let end = slot == texts[at].len();
    let glue =
        if end { ["\n", ""] } else { ["", if texts[at][..slot].ends_with('\n') { "\n" } else { " " }] };
    let (before, after) = (format!("{}{before}", glue[0]), format!("{after}{}", glue[1]));
    (at, Edit { place: slot..slot, before, value, after, kind })
}

/// Where a sentence may begin: behind another, at the beginning of a line, or at the end; never inside a finding.
fn slots(text: &str, findings: &[Finding]) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut slots: Vec<usize> = bytes
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] == b'\n' || pair == b". " || pair == b"? " || pair == b"! ")
        .map(|(at, pair)| if pair[0] == b'\n' { at + 1 } else { at + 2 })
        .filter(|slot| {
            text.is_char_boundary(*slot) && !findings.iter().any(|it| it.start < *slot && *slot < it.end)
        })
        .take(MOST_SLOTS)
        .collect();
    slots.push(text.len());
    slots
}

fn carrier(kind: Kind, draw: &mut Draw) -> &'static str {
    let several: &[&str] = match kind {
        Kind::Email => &[
            "Write to {}.",
            "E-mail: {}",
            "You can reply to {} at any time.",
            "My address is {}.",
            "Copy {} on that.",
        ],
        Kind::Phone => {
            &["Call {} after six.", "Phone: {}", "My number is {}.", "Mobile: {}", "You can reach me at {}."]
        }
        Kind::Address => &["I live at {}.", "Address: {}", "Please send it to {}.", "The office is at {}."],
        Kind::Ssn => &["SSN: {}", "My social security number is {}.", "Social Security No. {}"],
        Kind::Card => &["Card number: {}", "I paid with card {}.", "My card {} was charged twice."],
        Kind::Iban => &["IBAN: {}", "Please transfer it to {}.", "My account is {}."],
        _ => &[
            "{} will join the call.",
            "Please ask {} about it.",
            "I spoke with {} last week.",
            "Contact: {}",
            "Reported by {}.",
            "Thanks, {}",
            "According to {}, this was mended.",
            "Reference: {}, former manager",
            "The interview with {} is on Monday.",
            "{} wrote the first version.",
        ],
    };
    draw.of(several)
}

/// Applies the edits to one text, and notes where the pieces stand.
fn apply(at: usize, text: &str, mut edits: Vec<Edit>, pieces: &mut Vec<Piece>) -> String {
    edits.sort_by_key(|edit| (edit.place.start, edit.place.end));
    let mut copy = String::with_capacity(text.len() + 64 * edits.len());
    let mut done = 0;
    for edit in edits {
        copy.push_str(&text[done..edit.place.start]);
        copy.push_str(&edit.before);
        let start = copy.len();
        copy.push_str(&edit.value);
        pieces.push(Piece { text: at, range: start..copy.len(), kind: edit.kind });
        copy.push_str(&edit.after);
        done = edit.place.end;
    }
    copy.push_str(&text[done..]);
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "The post is in Bonn. Write to ann@corp.com, please.\nWe are a small team. Benefits apply.";

    fn tallies(scrubber: &Scrubber, copies: u64) -> BTreeMap<Kind, Tally> {
        let mut planter = Planter::new(scrubber, PLANTED);
        for seed in 0..copies {
            planter.plant(seed, &["What is it?", TEXT]);
        }
        planter.into_tallies()
    }

    #[test]
    fn what_is_planted_is_found_and_what_is_not_looked_for_is_not() {
        let scrubber = Scrubber::new(Policy::Tag);
        let tallies = tallies(&scrubber, 200);
        assert!(PLANTED.iter().all(|kind| tallies[&kind].planted == 200));
        for kind in [Kind::Email, Kind::Phone] {
            assert!(tallies[&kind].share() > 0.9, "{kind}: {:?}", tallies[&kind]);
        }
    }

    #[test]
    fn a_recogniser_that_is_switched_off_shows() {
        let scrubber = Scrubber::new(Policy::Tag).without_recogniser("email");
        let tally = tallies(&scrubber, 50)[&Kind::Email];
        assert!(tally.planted == 50 && tally.share() < 0.5, "{tally:?}");
    }

    #[test]
    fn the_same_seed_plants_the_same() {
        let scrubber = Scrubber::new(Policy::Tag);
        assert_eq!(tallies(&scrubber, 20), tallies(&scrubber, 20));
    }

    #[test]
    fn any_text_can_be_planted_into() {
        let scrubber = Scrubber::new(Policy::Tag);
        let mut planter = Planter::new(&scrubber, PLANTED);
        let long = "é".repeat(LONGEST_COPY);
        for (seed, text) in (0..).zip(["", ".", "\n\n\n", "日本語。テスト", "a. b? c! ", &long]) {
            planter.plant(seed, &[text]);
        }
        assert_eq!(planter.into_tallies()[&Kind::Name].planted, 6);
    }

    #[test]
    fn the_lower_bound_is_wilson_s() {
        // Newcombe (1998), table I: 81 of 263 is 0.2553 to 0.3662.
        assert!((Tally { planted: 263, found: 81 }.lower_bound() - 0.2553).abs() < 5e-5);
        assert!((Tally { planted: 20, found: 20 }.lower_bound() - 0.8389).abs() < 5e-5);
        assert!(Tally::default().lower_bound() == 0.0 && Tally { planted: 9, found: 0 }.lower_bound() == 0.0);
    }
}
