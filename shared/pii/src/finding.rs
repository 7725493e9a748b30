//! A kind, a byte range, a score and the rule that saw it.

use crate::Kind;

/// One piece of personal data in a text. Holds where it stands, never what it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// First byte. Always at a character's boundary.
    pub start: usize,
    /// One past the last byte. Always at a character's boundary.
    pub end: usize,
    /// How sure the rule is: 0 to 1.
    pub score: f32,
    /// The rule that saw it.
    pub rule: &'static str,
}

impl Finding {
    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Says whether nothing is covered.
    pub fn is_empty(&self) -> bool {
        self.end == self.start
    }

    /// Says whether a byte is covered by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}
