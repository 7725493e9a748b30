//! What was decided before, by all that a decision looks at.
//!
//! A text that was rewritten is read again, and most of its words stand where they stood: what was decided there holds,
//! and the table, which is larger than the nearest caches, is not asked again.

use super::features::{Around, PLACES, Tag};

/// Decisions that are kept: some texts' worth, small enough to stay in a near cache.
const KEPT: usize = 1 << 12;

/// All that a decision looks at: the forms of the window, and what the text and the tags in front say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sight {
    slots: [u32; PLACES],
    around: u64,
}

impl Sight {
    /// Puts it together. `slots` are the window's, `last` is what the word was when it was last seen, plus one.
    pub fn new(slots: &[u32], around: &Around, one: Tag, two: Tag, last: u8) -> Self {
        let tags = one as u64 | (two as u64) << 2 | u64::from(last) << 4;
        let mut sight = Self { slots: [0; PLACES], around: around.number() << 8 | tags };
        for (to, from) in sight.slots.iter_mut().zip(slots) {
            *to = *from;
        }
        sight
    }

    fn place(&self) -> usize {
        let mixed = self.slots.iter().fold(self.around, |hash, slot| {
            (hash ^ u64::from(*slot)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        (mixed >> 20) as usize % KEPT
    }
}

/// The last decisions.
#[derive(Debug, Default)]
pub struct Memory(Vec<(Sight, Tag, f32)>);

impl Memory {
    /// Forgets all: forms have other places from here on.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns what was decided at this sight, or decides.
    pub fn recall(&mut self, sight: Sight, decide: impl FnOnce() -> (Tag, f32)) -> (Tag, f32) {
        // No sight is the empty one: its own word is in it.
        self.0.resize(KEPT, (Sight::default(), Tag::Other, 0.0));
        let kept = &mut self.0[sight.place()];
        if kept.0 != sight {
            let (tag, probability) = decide();
            *kept = (sight, tag, probability);
        }
        (kept.1, kept.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decided_is_not_decided_again() {
        let mut memory = Memory::default();
        let sight = Sight { slots: [1; PLACES], around: 7 };
        assert_eq!(memory.recall(sight, || (Tag::Person, 0.5)), (Tag::Person, 0.5));
        assert_eq!(memory.recall(sight, || (Tag::Other, 0.1)), (Tag::Person, 0.5));
        memory.clear();
        assert_eq!(memory.recall(sight, || (Tag::Other, 0.1)), (Tag::Other, 0.1));
    }
}
