//! Which examples repeat an earlier one.

use std::collections::HashSet;

use stage::arrows::PartRef;
use stage::{ErrorName, StageError, keys};
use store::{Body as _, Get};

/// Digests held at once: about 9 MB, however many examples there are.
const MOST_HELD: u64 = 262_144;
/// Bytes of one digest, as `scrub` writes them.
const DIGEST: usize = 16;

/// One bit an example, in the dataset's order.
#[derive(Default)]
pub(crate) struct Duplicates {
    bits: Vec<u64>,
}

impl Duplicates {
    /// Marks every example whose content stood earlier in the dataset's order.
    ///
    /// The digests are read once for every 262,144 examples, each time for another share of them, so that memory does
    /// not grow with the table.
    pub(crate) async fn mark(
        run: &str,
        parts: &[PartRef],
        examples: u64,
        store: &impl Get,
    ) -> Result<Self, StageError> {
        let words = usize::try_from(examples.div_ceil(64)).unwrap_or(usize::MAX);
        let mut marked = Self { bits: vec![0; words] };
        let shares = examples.div_ceil(MOST_HELD).max(1);
        for share in 0..shares {
            let mut seen = HashSet::new();
            let mut at = 0;
            for part in parts {
                let key = keys::scrubbed_digests(run, &part.table, part.slice, part.part);
                let mut held = Vec::new();
                let mut body = store.open(&key).await?;
                while let Some(chunk) = body.chunk().await? {
                    held.extend_from_slice(&chunk);
                    let whole = held.len() - held.len() % DIGEST;
                    for digest in held[..whole].chunks_exact(DIGEST) {
                        let digest = digest.iter().fold(0, |value, byte| (value << 8) | u128::from(*byte));
                        if digest % u128::from(shares) == u128::from(share) && !seen.insert(digest) {
                            marked.set(at, &key)?;
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
    pub(crate) fn contains(&self, at: u64) -> bool {
        let word = usize::try_from(at / 64).ok().and_then(|word| self.bits.get(word));
        word.is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn set(&mut self, at: u64, key: &str) -> Result<(), StageError> {
        let word = usize::try_from(at / 64).ok().and_then(|word| self.bits.get_mut(word));
        let word = word.ok_or_else(|| {
            StageError::new(ErrorName::CountsDiffer, format!("{key} holds more digests than its report says"))
        })?;
        *word |= 1 << (at % 64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use store::{Class, Memory, Put as _};

    use super::*;

    async fn marked(parts: &[&[u128]]) -> Vec<u64> {
        let store = Memory::default();
        let mut refs = Vec::new();
        for (part, digests) in (0..).zip(parts) {
            let bytes: Vec<u8> = digests.iter().flat_map(|digest| digest.to_be_bytes()).collect();
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
            });
        }
        let examples = parts.iter().map(|digests| digests.len() as u64).sum();
        let duplicates = Duplicates::mark("r", &refs, examples, &store).await.unwrap();
        (0..examples).filter(|at| duplicates.contains(*at)).collect()
    }

    #[tokio::test]
    async fn the_first_of_equal_examples_stays_across_parts() {
        assert_eq!(marked(&[&[1, 2, 1], &[], &[3, 2, 2, 4]]).await, [2, 4, 5]);
        assert!(marked(&[]).await.is_empty());
    }

    #[tokio::test]
    async fn a_table_that_needs_several_shares_is_marked_alike() {
        // Every digest twice, far apart, over three shares of the space.
        let half: Vec<u128> = (0..300_000_u128).map(|n| n * 0x9e37_79b9_7f4a_7c15).collect();
        let marked = marked(&[&half, &half]).await;
        assert_eq!(marked.len(), 300_000);
        assert_eq!((marked[0], marked[299_999]), (300_000, 599_999));
    }
}
