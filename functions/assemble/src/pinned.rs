//! A hold-out that an earlier run has made, kept so that models of several runs are measured by the same questions.

use std::collections::{HashMap, HashSet};

use pii::Scrubber;
use records::digest::Digest;
use records::example::Example;
use records::jsonl::{Line, Lines};
use records::split::SideName;
use stage::lineage_file::{LineageIndex, LineageLine};
use stage::manifest::{LONGEST_LINE, Manifest, Object, cannot_be_pinned};
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Body, Get, get_json};

use crate::dataset::residual;

/// The pinned hold-out, and whose it is.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) object: Object,
    pub(crate) run: String,
    /// The content of each row's example, by its source and the row's hash: two sources may read one table.
    rows: HashMap<(String, u64), u64>,
    people: HashSet<u64>,
    /// By which repeated examples are found.
    numbers: Vec<u64>,
    /// Contents whose row is there and may be used, with the place of its source.
    usable: HashMap<u64, usize>,
}

impl Pinned {
    /// Reads the hold-out that the recipe pins, and its lineage; none when it pins none. A line in which the scrubber of
    /// today finds what an earlier one did not know stays unlearnt and is in the hold-out no longer.
    ///
    /// # Errors
    /// `DatasetRejected` when it is not what its manifest says, was hashed under another key, or was split in another way:
    /// somebody could stand on two sides.
    pub(crate) async fn read(
        plan: &PlanFile,
        subject_key: &str,
        scrubber: &Scrubber,
        store: &impl Get,
    ) -> Result<Option<Self>, StageError> {
        let Some(run) = plan.recipe.split.pinned() else { return Ok(None) };
        let gone = |error: StageError| match error.name() {
            ErrorName::Internal => {
                cannot_be_pinned(run, "there is no such run, or it has expired: runs are kept for 90 days")
            }
            _ => error,
        };
        let manifest: Manifest = get_json(store, &keys::manifest(run)).await.map_err(gone)?;
        let index: LineageIndex = get_json(store, &keys::lineage_index(run)).await.map_err(gone)?;
        let side = manifest.holdout_for(&plan.recipe.split);
        let side = side.map_err(|problem| cannot_be_pinned(run, &problem))?;
        if index.lineage.subject_key != subject_key {
            let problem = "people and rows were hashed under another key: the subject key was rotated since";
            return Err(cannot_be_pinned(run, problem));
        }
        let mut pinned = Self {
            object: Object {
                key: keys::dataset(run, SideName::Holdout.as_str()),
                lines: side.lines,
                bytes: side.bytes,
                sha256: side.sha256.clone(),
            },
            run: run.to_owned(),
            rows: HashMap::new(),
            people: HashSet::new(),
            numbers: Vec::new(),
            usable: HashMap::new(),
        };
        pinned.read_rows(index.lineage.digits, store).await?;
        let (mut digest, mut lines) = (Digest::default(), Lines::new(LONGEST_LINE));
        let key = pinned.object.key.clone();
        let mut body = store.open(&key).await?;
        let (mut numbers, mut unclean) = (Vec::new(), HashSet::new());
        let mut each = |line: Line<'_>| -> Result<(), StageError> {
            let example = example(run, &line)?;
            numbers.extend(example.digests());
            if residual(scrubber, &example).is_some() {
                unclean.insert(example.content());
            }
            Ok(())
        };
        while let Some(chunk) = body.chunk().await? {
            digest.update(&chunk);
            lines.feed(&chunk, &mut each)?;
        }
        lines.finish(each)?;
        if digest.finish() != side.sha256 {
            return Err(cannot_be_pinned(run, "its object is not what its manifest says"));
        }
        drop(body);
        pinned.numbers = numbers;
        pinned.rows.retain(|_, content| !unclean.contains(content));
        Ok(Some(pinned))
    }

    async fn read_rows(&mut self, digits: usize, store: &impl Get) -> Result<(), StageError> {
        for prefix in 0..16_u64.pow(u32::try_from(digits).unwrap_or(u32::MAX)) {
            let key = keys::lineage(&self.run, &format!("{prefix:0digits$x}"));
            let (mut lines, mut body) = (Lines::new(LONGEST_LINE), store.open(&key).await?);
            let Self { run, rows, people, .. } = &mut *self;
            let mut each = |line: Line<'_>| -> Result<(), StageError> {
                let Line::Whole(line) = line else {
                    return Err(cannot_be_pinned(run, "its lineage is broken"));
                };
                let line: LineageLine = serde_json::from_slice(line)
                    .map_err(|error| cannot_be_pinned(run, &records::jsonl::problem(&error)))?;
                if line.side == SideName::Holdout.as_str() {
                    let content = u64::from_str_radix(&line.content, 16)
                        .map_err(|_| cannot_be_pinned(run, "its lineage is broken"))?;
                    people.insert(short(line.person()));
                    rows.insert((line.source.clone(), short(&line.key)), content);
                }
                Ok(())
            };
            while let Some(chunk) = body.chunk().await? {
                lines.feed(&chunk, &mut each)?;
            }
            lines.finish(each)?;
        }
        Ok(())
    }

    /// Notes that an example's row is in the hold-out and may still be used; returns the content that it has there.
    pub(crate) fn take(&mut self, example: &Example, source: usize) -> Option<u64> {
        let content = *self.rows.get(&(example.source.clone(), short(&example.key)))?;
        self.usable.insert(content, source);
        Some(content)
    }

    /// Says whether the person of an example is in the hold-out.
    pub(crate) fn has_person(&self, example: &Example) -> bool {
        self.people.contains(&short(example.person()))
    }

    /// Returns the numbers by which what repeats the hold-out is found.
    pub(crate) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// Opens the lines whose rows are there and may be used.
    pub(crate) async fn usable<'a, S: Get>(
        &'a self,
        store: &'a S,
    ) -> Result<UsableLines<'a, impl Body + use<'a, S>>, StageError> {
        let body = store.open(&self.object.key).await?;
        Ok(UsableLines { pinned: self, body, lines: Some(Lines::new(LONGEST_LINE)) })
    }
}

/// Lines of a pinned hold-out, on their way.
pub(crate) struct UsableLines<'a, B> {
    pinned: &'a Pinned,
    body: B,
    lines: Option<Lines>,
}

/// A line whose row is there and may be used.
pub(crate) struct UsableLine {
    pub(crate) line: Vec<u8>,
    pub(crate) example: Example,
    /// The place of its source in the recipe.
    pub(crate) source: usize,
}

impl<B: Body> UsableLines<'_, B> {
    /// Returns the lines of the next chunk; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<UsableLine>>, StageError> {
        let Self { pinned, body, lines } = self;
        let mut usable = Vec::new();
        let mut take = |line: Line<'_>| -> Result<(), StageError> {
            let example = example(&pinned.run, &line)?;
            if let (Some(source), Line::Whole(line)) = (pinned.usable.get(&example.content()), line) {
                let line = [line, b"\n"].concat();
                usable.push(UsableLine { line, example, source: *source });
            }
            Ok(())
        };
        match (body.chunk().await?, lines.take()) {
            (Some(chunk), Some(mut held)) => {
                held.feed(&chunk, &mut take)?;
                *lines = Some(held);
            }
            (None, Some(held)) => held.finish(&mut take)?,
            (_, None) => return Ok(None),
        }
        Ok(Some(usable))
    }
}

/// Reads a line of a hold-out.
fn example(run: &str, line: &Line<'_>) -> Result<Example, StageError> {
    Example::of_chat_line(line).map_err(|problem| cannot_be_pinned(run, &problem))
}

/// The first digits of a keyed hash: no two of a hundred thousand share them but by a chance of one in a billion.
fn short(hash: &str) -> u64 {
    hash.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}
