//! Texts that are made to cost much: what twice as much of each costs. A test that watched the clock would fail for
//! reasons that no change caused; a ratio that is printed can be judged.

use std::hint::black_box;

use pii::{Kinds, Policy, Scratch, Scrubber};
use serde::{Deserialize, Serialize};

use super::measure::cpu;

/// Bytes of the smaller text.
const SMALL: usize = 1 << 18;
/// The best of so many.
const ROUNDS: usize = 3;

const PIECES: &[(&str, &str)] = &[
    (
        "one line of prose",
        "the quick brown Fox met Ann Lee of 12 High Street, call +44 20 7946 0018 or a.b@example.com; ",
    ),
    ("at-signs", "@"),
    ("letters and at-signs", "a@"),
    ("addresses without end", "a@b."),
    ("digits", "7"),
    ("digits and spaces", "7 "),
    ("digits and hyphens", "12-"),
    ("digits and dots", "1.2.3.4."),
    ("round brackets", "("),
    ("square brackets", "["),
    ("brackets in turn", "([{<"),
    ("combining marks", "e\u{301}"),
    ("one letter, many marks", "\u{301}"),
    ("signs without width", "a\u{200b}@\u{200b}"),
    ("signs that fold", "ﬁ①＠"),
    ("labels", "Name: "),
    ("labels and tabs", "Name:\t"),
    ("labels and lines", "Name:\n"),
    ("equals signs", "password="),
    ("quoted labels", "Name: \""),
    ("one name", "Ann "),
    ("names", "Ann Lee "),
    ("initials", "A. "),
    ("addresses", "12 High Street, "),
    ("years", "born 1 "),
    ("links", "https://www."),
    ("colons", "::"),
    ("keys", "-----BEGIN "),
    ("hex", "0x"),
    ("one word", "a"),
    ("capitals", "A"),
    ("dots", "."),
    ("spaces", " "),
    ("lines", "\n"),
];

/// What twice the text costs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) text: String,
    pub(super) ratio: f64,
    pub(super) mb_per_s: f64,
}

/// Measures each.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub(super) fn costs() -> Vec<Cost> {
    let scrubber = Scrubber::new(Policy::Tag).with_kinds(Kinds::ALL);
    let mut scratch = Scratch::default();
    let mut seconds = |text: &str| {
        let best = (0..ROUNDS).map(|_| {
            let begun = cpu();
            black_box(scrubber.see(text, &mut scratch));
            cpu().saturating_sub(begun)
        });
        best.min().unwrap_or_default().as_secs_f64()
    };
    let cost = |&(name, piece): &(&str, &str)| {
        let times = SMALL / piece.len();
        let small = seconds(&piece.repeat(times));
        let large = seconds(&piece.repeat(2 * times));
        // Below a tenth of a millisecond the clock is most of it.
        let ratio = if large < 1e-4 { 2.0 } else { large / small.max(1e-5) };
        let mb_per_s = (2 * times * piece.len()) as f64 / 1e6 / large.max(1e-9);
        Cost { text: name.to_owned(), ratio: (ratio * 100.0).round() / 100.0, mb_per_s }
    };
    PIECES.iter().map(cost).collect()
}
