//! Rows that are scrubbed together on one core, and what they become.

use std::collections::BTreeMap;
use std::ops::Range;

use pii::Kind;
use pii::plant::Tally;
use records::example::Example;
use records::jsonl::Line;
use serde::Serialize;
use stage::StageError;
use stage::scrub_file::{Doubtful, Quarantined};

/// A batch is closed at this size: large enough that handing it over costs nothing, small enough that a few of them,
/// and what they become, are a few megabytes.
const BATCH_BYTES: usize = 256 << 10;

/// Lines of a part, behind one another.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// None for a line that was too long.
    lines: Vec<Option<Range<usize>>>,
}

impl Batch {
    pub(crate) fn push(&mut self, line: &Line<'_>) {
        let line = match line {
            Line::Whole(line) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(line);
                Some(start..self.bytes.len())
            }
            Line::TooLong => None,
        };
        self.lines.push(line);
    }

    /// Returns the batch, and begins anew, if it is full.
    pub(crate) fn take_if_full(&mut self) -> Option<Self> {
        let full = self.bytes.len() >= BATCH_BYTES || self.lines.len() >= BATCH_BYTES / 16;
        full.then(|| std::mem::take(self))
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines.iter().map(|line| {
            let line = line.clone().and_then(|line| self.bytes.get(line));
            line.map_or(Line::TooLong, Line::Whole)
        })
    }
}

/// What a batch became.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) rows: u64,
    pub(crate) examples: u64,
    pub(crate) example_lines: Vec<u8>,
    pub(crate) digests: Vec<u8>,
    /// The key of each example's row, as the database wrote it.
    pub(crate) keys: Vec<u8>,
    /// The key of each row that cannot be used, where it has one.
    pub(crate) unusable_keys: Vec<u8>,
    /// Rows taken over.
    pub(crate) kept: u64,
    /// Rows that were read again for nothing.
    pub(crate) unchanged: u64,
    /// Rows that cannot be used; their lines are those of the batch, from 0, and of no part yet.
    pub(crate) quarantined: Vec<Quarantined>,
    /// Numbers of row and example are those of the batch, from 0.
    pub(crate) review: Vec<Doubtful>,
    pub(crate) reasons: BTreeMap<String, u64>,
    pub(crate) found: BTreeMap<Kind, u64>,
    pub(crate) doubtful: BTreeMap<Kind, u64>,
    pub(crate) planted: BTreeMap<Kind, Tally>,
}

impl Done {
    pub(crate) fn example(&mut self, example: &Example) -> Result<(), StageError> {
        json_line(example, &mut self.example_lines)?;
        for digest in example.digests() {
            self.digests.extend_from_slice(&digest.to_be_bytes());
        }
        self.examples += 1;
        Ok(())
    }

    /// Notes the key of an example's row, a JSON text of one line.
    pub(crate) fn key(&mut self, key: &str) {
        self.keys.extend_from_slice(key.as_bytes());
        self.keys.push(b'\n');
    }

    /// Takes an example over, with its digests.
    pub(crate) fn taken_over(&mut self, line: &[u8], digests: &[u8]) {
        self.example_lines.extend_from_slice(line);
        self.digests.extend_from_slice(digests);
        self.examples += 1;
    }

    /// Notes a row that cannot be used, with its key, a JSON text of one line, and the key's hash; and whether an earlier run
    /// has found so.
    pub(crate) fn quarantined(
        &mut self,
        line: u64,
        reason: String,
        key: Option<(&str, String)>,
        taken_over: bool,
    ) {
        *self.reasons.entry(reason.clone()).or_default() += 1;
        if let Some((key, _)) = &key {
            self.unusable_keys.extend_from_slice(key.as_bytes());
            self.unusable_keys.push(b'\n');
        }
        let key = key.map(|(_, hash)| hash);
        self.quarantined.push(Quarantined { part: String::new(), line, reason, key, taken_over });
    }

    /// Returns the pointers to the rows that cannot be used, of which the first is row `first` of its part, from 0.
    pub(crate) fn quarantine_lines(&self, part: &str, first: u64) -> Result<Vec<u8>, StageError> {
        let mut lines = Vec::new();
        for row in &self.quarantined {
            let line = first + row.line + 1;
            json_line(&Quarantined { part: part.to_owned(), line, ..row.clone() }, &mut lines)?;
        }
        Ok(lines)
    }
}

pub(crate) fn json_line(value: &impl Serialize, lines: &mut Vec<u8>) -> Result<(), StageError> {
    serde_json::to_writer(&mut *lines, value)
        .map_err(|error| StageError::internal("a line cannot be written as JSON").caused_by(error))?;
    lines.push(b'\n');
    Ok(())
}
