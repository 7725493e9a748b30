//! Which examples repeat an earlier one, word for word or nearly.

use std::collections::HashSet;

use records::example::Example;
use stage::arrows::PartRef;
use stage::{ErrorName, StageError, keys};
use store::{Body as _, Get};

use crate::usable::Usable;

/// Numbers held at once: about 19 MB, however many examples there are.
const MOST_HELD: u64 = 1 << 20;
/// Bytes of one example's numbers, as `scrub` writes them.
const DIGESTS: usize = Example::DIGESTS * size_of::<u64>();

/// How an example repeats an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicate {
    /// Word for word.
    Exact,
    /// Nearly, see [`records::near`].
    Near,
}

/// One bit an example, in the dataset's order.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(examples: u64) -> Self {
        Self(vec![0; usize::try_from(examples.div_ceil(64)).unwrap_or(usize::MAX)])
    }

    fn has(&self, at: u64) -> bool {
        let word = usize::try_from(at / 64).ok().and_then(|word| self.0.get(word));
        word.is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Sets a bit; none when there is no such example.
    fn set(&mut self, at: u64) -> Option<()> {
        let word = usize::try_from(at / 64).ok().and_then(|word| self.0.get_mut(word))?;
        *word |= 1 << (at % 64);
        Some(())
    }
}

/// What repeats an earlier example.
pub(crate) struct Duplicates {
    exact: Bits,
    near: Bits,
}

impl Duplicates {
    /// Marks every example that may be used whose content, or one of whose bands, stood earlier in the dataset's order.
    ///
    /// The numbers are read once for every 1,048,576 of them, each time for another share, so that memory does not grow
    /// with the table.
    pub(crate) async fn mark(
        run: &str,
        parts: &[PartRef],
        examples: u64,
        usable: &Usable,
        pinned: &[u64],
        store: &impl Get,
    ) -> Result<Self, StageError> {
        let mut marked = Self { exact: Bits::new(examples), near: Bits::new(examples) };
        let shares = (examples * Example::DIGESTS as u64).div_ceil(MOST_HELD).max(1);
        for share in 0..shares {
            // One set for both: content and bands are hashes of 64 bits, and none is another's but by chance.
            // What repeats the pinned hold-out repeats an earlier example, too.
            let mut seen: HashSet<u64> =
                pinned.iter().copied().filter(|number| number % shares == share).collect();
            let mut at = 0;
            for part in parts {
                let key = keys::scrubbed_digests(run, &part.table, part.slice, part.part);
                let mut held = Vec::new();
                let mut body = store.open(&key).await?;
                while let Some(chunk) = body.chunk().await? {
                    held.extend_from_slice(&chunk);
                    let whole = held.len() - held.len() % DIGESTS;
                    for example in held[..whole].chunks_exact(DIGESTS) {
                        let (numbers, _) = example.as_chunks();
                        let numbers = numbers.iter().map(|bytes| u64::from_be_bytes(*bytes));
                        // Who has withdrawn must not take somebody else's equal text along.
                        let numbers = numbers.enumerate().filter(|_| !usable.withdrawn(at));
                        for (band, number) in numbers {
                            if number % shares == share && !seen.insert(number) {
                                let bits = if band == 0 { &mut marked.exact } else { &mut marked.near };
                                bits.set(at).ok_or_else(|| too_many(&key))?;
                            }
                        }
                        at += 1;
                    }
                    held.drain(..whole);
                }
            }
            if at != examples {
                let text = format!("{at} digests for {examples} examples: start a new run");
                return Err(StageError::new(ErrorName::CountsDiffer, text));
            }
        }
        Ok(marked)
    }

    /// Says whether example `at` repeats an earlier one.
    pub(crate) fn of(&self, at: u64) -> Option<Duplicate> {
        let near = self.near.has(at).then_some(Duplicate::Near);
        if self.exact.has(at) { Some(Duplicate::Exact) } else { near }
    }
}

fn too_many(key: &str) -> StageError {
    StageError::new(ErrorName::CountsDiffer, format!("{key} holds more digests than its report says"))
}

#[cfg(test)]
mod tests {
    use store::{Class, Memory, Put as _};

    use super::*;

    type Numbers = [u64; Example::DIGESTS];

    /// An example of its own: `n` is its content, its bands are no other's.
    fn own(n: u64) -> Numbers {
        std::array::from_fn(|at| n * Example::DIGESTS as u64 + at as u64)
    }

    /// Another content that shares one band with `n`.
    fn near(n: u64) -> Numbers {
        let mut numbers = own(n + 1_000_000);
        numbers[3] = own(n)[3];
        numbers
    }

    async fn marked(parts: &[&[Numbers]]) -> Vec<(u64, Duplicate)> {
        marked_of(parts, &Usable::default()).await
    }

    async fn marked_of(parts: &[&[Numbers]], usable: &Usable) -> Vec<(u64, Duplicate)> {
        let store = Memory::default();
        let mut refs = Vec::new();
        for (part, digests) in (0..).zip(parts) {
            let bytes: Vec<u8> = digests.iter().flatten().flat_map(|number| number.to_be_bytes()).collect();
            store
                .put(&keys::scrubbed_digests("r", "t", 0, part), bytes.into(), Class::Derived)
                .await
                .unwrap();
            refs.push(PartRef {
                table: "t".to_owned(),
                slice: 0,
                part,
                key: String::new(),
                rows: 0,
                bytes: 0,
                carried: None,
            });
        }
        let examples = parts.iter().map(|digests| digests.len() as u64).sum();
        let duplicates = Duplicates::mark("r", &refs, examples, usable, &[], &store).await.unwrap();
        (0..examples).filter_map(|at| Some((at, duplicates.of(at)?))).collect()
    }

    #[tokio::test]
    async fn the_first_of_equal_examples_stays_across_parts() {
        use Duplicate::{Exact, Near};
        let parts: [&[Numbers]; 3] =
            [&[own(1), own(2), own(1)], &[], &[own(3), own(2), near(3), own(2), own(4)]];
        assert_eq!(marked(&parts).await, [(2, Exact), (4, Exact), (5, Near), (6, Exact)]);
        assert!(marked(&[]).await.is_empty());
    }

    #[tokio::test]
    async fn a_withdrawn_example_takes_no_equal_one_along() {
        let usable = Usable::without(&[0, 4]);
        let parts: [&[Numbers]; 2] = [&[own(1), own(2), own(1)], &[own(3), own(2), own(2), near(1)]];
        assert_eq!(marked_of(&parts, &usable).await, [(5, Duplicate::Exact), (6, Duplicate::Near)]);
    }

    #[tokio::test]
    async fn a_table_that_needs_several_shares_is_marked_alike() {
        // Every example twice, far apart, over three shares of the numbers.
        let half: Vec<Numbers> = (1..=150_000).map(own).collect();
        let marked = marked(&[&half, &half]).await;
        assert_eq!(marked.len(), 150_000);
        assert_eq!((marked[0], marked[149_999]), ((150_000, Duplicate::Exact), (299_999, Duplicate::Exact)));
    }
}
