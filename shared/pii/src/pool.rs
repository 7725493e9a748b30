//! What reading needs, kept from one record to the next: most records are a few hundred bytes, and to ask for memory anew
//! would cost as much as some of the recognisers.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use crate::Scratch;

/// Texts of a record whose memory is kept, and tokens of each at most: what a large text took is given back.
const MOST_TEXTS: usize = 4;
const MOST_TOKENS: usize = 1 << 15;

thread_local! {
    static KEPT: RefCell<Vec<Scratch>> = const { RefCell::new(Vec::new()) };
}

/// Scratch for the texts of one record.
pub(crate) struct Pooled(Vec<Scratch>);

impl Pooled {
    /// Takes what the last record of this thread has left, if no other has it.
    pub(crate) fn take() -> Self {
        Self(KEPT.take())
    }
}

impl Deref for Pooled {
    type Target = Vec<Scratch>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.0.truncate(MOST_TEXTS);
        self.0.retain(|scratch| scratch.tokens_kept() <= MOST_TOKENS);
        let mine = std::mem::take(&mut self.0);
        // A thread that ends has nothing to keep it in.
        if let Ok(before) = KEPT.try_with(|kept| kept.replace(mine)) {
            drop(before);
        }
    }
}
