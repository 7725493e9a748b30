//! What an earlier run made of the rows that were not read again.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use bytes::Bytes;
use memchr::memchr_iter;
use records::digest::sha256;
use records::example::Example;
use records::subject::SubjectKey;
use serde::Deserialize;
use stage::arrows::{Carried, PartRef};
use stage::scrub_file::{Planted, Quarantined, ScrubReport};
use stage::{ErrorName, StageError, keys};
use store::{Get, get_json, get_lines};

/// Bytes of one example's numbers.
const DIGESTS: usize = Example::DIGESTS * size_of::<u64>();

/// A part of an earlier run, by the keyed hashes of its rows' keys: about as large as a part of rows.
#[derive(Debug)]
pub(crate) struct Earlier {
    examples: Bytes,
    digests: Bytes,
    /// Each example's line, and its number.
    places: HashMap<String, (Range<usize>, usize)>,
    quarantined: HashMap<String, String>,
    report: ScrubReport,
}

/// What a row became in the earlier run.
pub(crate) enum Became<'a> {
    /// An example: its line with the line's end, and its digests.
    Example(&'a [u8], &'a [u8]),
    /// Nothing, for a reason.
    Nothing(&'a str),
}

impl Earlier {
    /// Reads what a part takes over.
    ///
    /// # Errors
    /// `DatasetRejected` when it was made under another key or by another version; `CountsDiffer` when it is not what its
    /// report says, or gone since the export has looked.
    pub(crate) async fn read(
        part: &PartRef,
        Carried { run, slice, part: number, .. }: &Carried,
        subject_key: &SubjectKey,
        store: &impl Get,
    ) -> Result<Self, StageError> {
        let of = |key: fn(&str, &str, u32, u32) -> String| key(run, &part.table, *slice, *number);
        let gone = |error: StageError| match error.name() {
            ErrorName::Internal => {
                let text =
                    format!("what run {run} has left is lost: start the recipe once with {{\"full\": true}}");
                StageError::new(ErrorName::CountsDiffer, text).caused_by(error)
            }
            _ => error,
        };
        let report: ScrubReport = get_json(store, &of(keys::scrubbed_report)).await.map_err(gone)?;
        if report.subject_key != subject_key.id() || report.scrubber_version != pii::VERSION {
            let text = format!(
                "run {run} was hashed under another key, or scrubbed by another version: start the recipe once with {{\"full\": true}}"
            );
            return Err(StageError::new(ErrorName::DatasetRejected, text));
        }
        let key = of(keys::scrubbed_part);
        let examples = store.get(&key).await.map_err(gone)?;
        let digests = store.get(&of(keys::scrubbed_digests)).await.map_err(gone)?;
        let quarantined = if report.quarantined.is_empty() {
            Vec::new()
        } else {
            get_lines::<Quarantined>(store, &of(keys::quarantine_part)).await.map_err(gone)?
        };
        let other = || {
            let text =
                format!("{key} is not what its report says: start the recipe once with {{\"full\": true}}");
            StageError::new(ErrorName::CountsDiffer, text)
        };
        if sha256(&examples) != report.sha256 {
            return Err(other());
        }
        let places = places(&examples).ok_or_else(other)?;
        let lines = places.len();
        if lines as u64 != report.examples || digests.len() != lines * DIGESTS {
            return Err(other());
        }
        let quarantined =
            quarantined.into_iter().filter_map(|it| it.key.map(|key| (key, it.reason))).collect();
        Ok(Self { examples, digests, places, quarantined, report })
    }

    /// Finds what the row of a key became.
    pub(crate) fn of(&self, key: &str) -> Option<Became<'_>> {
        if let Some((line, number)) = self.places.get(key) {
            let digests = self.digests.get(number * DIGESTS..(number + 1) * DIGESTS)?;
            return Some(Became::Example(self.examples.get(line.clone())?, digests));
        }
        self.quarantined.get(key).map(|reason| Became::Nothing(reason))
    }

    /// Says whether a row that was read again came to what was there.
    pub(crate) fn has(&self, example: &Example) -> bool {
        let number = self.places.get(&example.key).map(|(_, number)| number * DIGESTS);
        let content = number.and_then(|at| self.digests.get(at..at + size_of::<u64>()));
        content.is_some_and(|content| content == example.content().to_be_bytes())
    }

    /// What earlier runs planted into copies of rows of which `part` keeps some, by the same version.
    pub(crate) fn planted(&self, part: &PartRef) -> BTreeMap<String, Planted> {
        let keeps = part.carried.as_ref().is_some_and(|it| !it.again && it.read < part.rows);
        let mut sums: BTreeMap<String, Planted> = BTreeMap::new();
        for (kind, tally) in [&self.report.planted, &self.report.inherited].into_iter().flatten() {
            if keeps {
                *sums.entry(kind.clone()).or_default() += *tally;
            }
        }
        sums
    }
}

/// Finds each line by the hash of its row's key.
fn places(examples: &[u8]) -> Option<HashMap<String, (Range<usize>, usize)>> {
    #[derive(Deserialize)]
    struct Key {
        key: String,
    }
    let (mut places, mut from) = (HashMap::new(), 0);
    for (number, end) in memchr_iter(b'\n', examples).enumerate() {
        let Key { key } = serde_json::from_slice(&examples[from..end]).ok()?;
        places.insert(key, (from..end + 1, number));
        from = end + 1;
    }
    (from == examples.len()).then_some(places)
}
