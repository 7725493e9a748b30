//! Numbers that are told by shape and check digits: tables of schemes, and what a match is worth.

use crate::codes::{Code, LONGEST, Shape};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind};

/// How much a number's form and check digits say by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Any run of that many characters.
    Form,
    /// One check digit: of ten runs one.
    Weak,
    /// A check digit and more, such as a date: of a hundred runs one.
    Fair,
    /// Letters in their places and check digits: hardly ever by chance.
    Strong,
}

impl Strength {
    /// Returns the strength if a check holds.
    pub(crate) fn when(self, holds: bool) -> Option<Self> {
        holds.then_some(self)
    }
}

/// Returns how sure it is that a code is what its scheme says.
pub(crate) fn score(text: &str, code: &Code, strength: Strength, topics: Topics) -> f32 {
    let context = code.context(text);
    if context.label.meets(topics) {
        return match strength {
            // Any run of digits behind a word: the word must be written as a label.
            Strength::Form if !context.is_marked && code.is_numeric() => 0.6,
            Strength::Form => 0.86,
            Strength::Weak => 0.95,
            Strength::Fair => 0.97,
            Strength::Strong => 0.98,
        };
    }
    if context.near.meets(topics) || context.after.meets(topics) {
        return match strength {
            Strength::Form if code.is_numeric() => 0.4,
            Strength::Form => 0.55,
            Strength::Weak => 0.8,
            Strength::Fair => 0.9,
            Strength::Strong => 0.95,
        };
    }
    let other = Topics::OTHER.with(Topics::PHONE);
    let is_other = context.label.meets(other) || (strength < Strength::Fair && context.near.meets(other));
    let score = match strength {
        Strength::Form if code.is_alone => 0.3,
        Strength::Form => 0.1,
        Strength::Weak if code.is_alone => 0.55,
        Strength::Weak if context.far.meets(topics) => 0.6,
        Strength::Weak => 0.3,
        Strength::Fair if code.is_alone => 0.75,
        Strength::Fair => 0.62,
        Strength::Strong => 0.9,
    };
    if is_other && strength < Strength::Strong { score / 2.0 } else { score }
}

/// A number's characters, in upper case, with the values of its digits.
pub(crate) struct Value<'a> {
    /// Letters and digits.
    pub(crate) chars: &'a [u8],
    /// Each one's value, 0 for a letter.
    pub(crate) digits: &'a [u8],
    /// The code they are from.
    pub(crate) code: &'a Code,
    /// The text it is from.
    pub(crate) text: &'a str,
}

/// A kind of number: how it looks and how it is checked.
pub(crate) struct Scheme {
    /// The rule's name.
    pub(crate) rule: &'static str,
    /// What is found.
    pub(crate) kind: Kind,
    /// The shapes it is written in.
    pub(crate) shapes: &'static [&'static str],
    /// Returns how much a number says by itself; nothing if it is none.
    pub(crate) check: fn(&Value<'_>) -> Option<Strength>,
    /// What a label of it is about.
    pub(crate) topics: Topics,
}

impl Scheme {
    /// Creates a scheme of a national number.
    pub(crate) const fn national(
        rule: &'static str,
        shapes: &'static [&'static str],
        check: fn(&Value<'_>) -> Option<Strength>,
    ) -> Self {
        let topics =
            Topics::NATIONAL.with(Topics::TAX).with(Topics::SSN).with(Topics::HEALTH).with(Topics::MEMBER);
        Self { rule, kind: Kind::NationalId, shapes, check, topics }
    }
}

impl Value<'_> {
    /// Says whether the groups are these (four bits a group) with this sign between.
    pub(crate) fn is_written(&self, groups: u32, separator: u8) -> bool {
        self.code.groups == groups && self.code.separator == separator
    }

    /// Says whether it is one group.
    pub(crate) fn is_plain(&self) -> bool {
        self.code.separator == 0
    }

    /// Returns a letter's or digit's value, letters from ten.
    pub(crate) fn value(&self, at: usize) -> u32 {
        crate::checks::value(self.chars[at])
    }
}

/// Says whether a number is one that people write for any: all digits the same, or counting up or down.
fn is_sample(value: &Value<'_>) -> bool {
    let steps = |step: u8| value.digits.windows(2).all(|pair| (pair[0] + step) % 10 == pair[1]);
    value.code.is_numeric() && (steps(0) || steps(1) || steps(9))
}

/// Schemes by the length of their numbers.
pub(crate) struct Schemes([Vec<(Shape, &'static Scheme)>; LONGEST + 1]);

impl Schemes {
    pub(crate) fn new(tables: &[&'static [Scheme]]) -> Self {
        let mut by_length = [const { Vec::new() }; LONGEST + 1];
        for scheme in tables.iter().copied().flatten() {
            for shape in scheme.shapes {
                let shape = Shape::new(shape);
                let schemes: &mut Vec<_> = &mut by_length[shape.len];
                schemes.push((shape, scheme));
            }
        }
        Self(by_length)
    }

    /// Appends what the schemes say of the document's codes: the best of each code.
    pub(crate) fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        for code in doc.codes() {
            let mut schemes =
                self.0[code.len].iter().filter(|(shape, _)| shape.has(code.len, code.digits)).peekable();
            if schemes.peek().is_none() {
                continue;
            }
            let compact = code.compact(doc.text());
            let chars = compact.bytes();
            let mut digits = [0; LONGEST];
            for (digit, byte) in digits.iter_mut().zip(chars) {
                *digit = if byte.is_ascii_digit() { byte - b'0' } else { 0 };
            }
            let value = Value { chars, digits: &digits[..chars.len()], code, text: doc.text() };
            let seen = schemes.filter_map(|(_, scheme)| {
                let strength = (scheme.check)(&value)?;
                let is_odd = strength == Strength::Weak && b"*/:._".contains(&code.separator);
                let is_announced = code.context(doc.text()).label.meets(scheme.topics);
                if !is_announced && (is_odd || (strength < Strength::Strong && is_sample(&value))) {
                    return None;
                }
                let score = score(doc.text(), code, strength, scheme.topics);
                Some(Finding {
                    kind: scheme.kind,
                    start: code.start,
                    end: code.end,
                    score,
                    rule: scheme.rule,
                })
            });
            findings.extend(seen.max_by(|a, b| a.score.total_cmp(&b.score)));
        }
    }
}
