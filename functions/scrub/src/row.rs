//! One row into one clean example.

use pii::plant::Planter;
use pii::{Finding, Kind, Record, Scrubber};
use records::example::Example;
use records::jsonl::{Line, problem};
use records::quality::{Keep, Quality, Unfit};
use records::recipe::Source;
use records::row::Row;
use records::subject::SubjectKey;
use records::template::{Rendered, Templates};
use stage::arrows::PartRef;
use stage::scrub_file::Doubtful;
use stage::{ErrorName, StageError};

use crate::batch::{Batch, Done};
use crate::carried::{Became, Earlier};

/// Copies a part that people are planted into: with 200 pieces of a kind, all of them found, recall is above 0.98.
const COPIES: u64 = 200;

/// Everything one part's rows need.
pub(crate) struct RowScrubber {
    source: Source,
    templates: Templates,
    quality: Quality,
    scrubber: Scrubber,
    subject_key: SubjectKey,
    earlier: Option<Earlier>,
    /// Rows of the part that are scrubbed.
    rows: u64,
}

/// Where a row's sample begins: the same in every run and every replay.
struct Sample {
    seed: u64,
    copies: u64,
}

impl RowScrubber {
    pub(crate) fn new(
        source: Source,
        quality: Quality,
        scrubber: Scrubber,
        subject_key: SubjectKey,
        part: &PartRef,
        earlier: Option<Earlier>,
    ) -> Result<Self, StageError> {
        let templates = source.templates().map_err(|error| StageError::internal(error.to_string()))?;
        let rows = part.carried.as_ref().map_or(part.rows, |carried| carried.read).max(1);
        Ok(Self { source, templates, quality, scrubber, subject_key, earlier, rows })
    }

    /// Scrubs a batch.
    pub(crate) fn batch(&self, batch: &Batch) -> Result<Done, StageError> {
        let mut done = Done::default();
        let mut planter = Planter::new(&self.scrubber, self.scrubber.rewritten());
        for line in batch.lines() {
            let row = done.rows;
            done.rows += 1;
            if let (Some(earlier), Line::Whole(key @ [b'"', ..])) = (&self.earlier, &line) {
                self.take_over(earlier, key, row, &mut done)?;
                continue;
            }
            match self.line(&line, row, &mut planter, &mut done) {
                Ok(example) => {
                    done.unchanged += u64::from(self.earlier.as_ref().is_some_and(|it| it.has(&example)));
                    done.example(&example)?;
                }
                Err(reason) => {
                    let row_of = match &line {
                        Line::Whole(line) => Row::parse(line).ok(),
                        Line::TooLong => None,
                    };
                    let key = row_of
                        .as_ref()
                        .and_then(|row| row.raw(&self.source.key).zip(row.text(&self.source.key)));
                    let key = key.map(|(raw, text)| (raw, self.key_hash(&text)));
                    done.quarantined(row, reason, key, false);
                }
            }
        }
        done.planted = planter.into_tallies();
        Ok(done)
    }

    /// Takes over what the earlier run made of a row, by its key, a JSON string.
    fn take_over(&self, earlier: &Earlier, key: &[u8], row: u64, done: &mut Done) -> Result<(), StageError> {
        let lost = || {
            let text = format!(
                "a row of {} is to be taken over, and the earlier run has not got it: start the recipe once with {{\"full\": true}}",
                self.source.table
            );
            StageError::new(ErrorName::CountsDiffer, text)
        };
        let json = std::str::from_utf8(key).map_err(|_| lost())?;
        let text: String = serde_json::from_str(json).map_err(|_| lost())?;
        let hash = self.key_hash(&text);
        match earlier.of(&hash).ok_or_else(lost)? {
            Became::Example(line, digests) => {
                done.taken_over(line, digests);
                done.key(json);
            }
            Became::Nothing(reason) => done.quarantined(row, reason.to_owned(), Some((json, hash)), true),
        }
        done.kept += 1;
        Ok(())
    }

    fn key_hash(&self, key: &str) -> String {
        self.subject_key.hash(&self.source.table, key)
    }

    /// Returns the clean example, or why the row cannot be used. Reasons are few and hold no value.
    fn line(
        &self,
        line: &Line<'_>,
        row: u64,
        planter: &mut Planter<'_>,
        done: &mut Done,
    ) -> Result<Example, String> {
        let Line::Whole(line) = line else {
            return Err("the row is longer than 1 MiB".to_owned());
        };
        let values = Row::parse(line).map_err(|error| format!("the row is {}", problem(&error)))?;
        let key =
            values.text(&self.source.key).ok_or_else(|| format!("the row has no {}", self.source.key))?;
        let Rendered { prompt, completion } =
            self.templates.render(&values).map_err(|error| error.to_string())?;
        let hashed = |label: &str, column: &Option<String>| {
            let value = column.as_deref().and_then(|column| values.text(column));
            value.map(|value| self.subject_key.hash(label, &value))
        };
        let mut record = self.scrubber.record();
        for (column, kind) in self.source.identities() {
            for value in values.texts(column) {
                record.know(kind, &value);
            }
        }
        let mut texts = record.texts(&[&prompt, &completion]).into_iter();
        let example = Example {
            source: self.source.name.clone(),
            key: self.key_hash(&key),
            subject: hashed("subject", &self.source.subject),
            group: hashed("group", &self.source.group),
            prompt: texts.next().unwrap_or_default(),
            completion: texts.next().unwrap_or_default(),
        };
        if let Some(refusal) = record.refusal() {
            return Err(refusal.to_string());
        }
        let quality = &self.quality;
        if !quality.keeps(Keep::Secrets) && record.counts().contains_key(&Kind::Secret) {
            return Err(Unfit::Secret.to_string());
        }
        quality.check(&example.prompt, &example.completion).map_err(|unfit| unfit.to_string())?;
        for (kind, count) in record.counts() {
            *done.found.entry(*kind).or_default() += count;
        }
        for finding in record.doubtful().iter().flatten() {
            *done.doubtful.entry(finding.kind).or_default() += 1;
        }
        if let Some(sample) = self.sample(&example.key) {
            review(&record, &example, row, done);
            for copy in 0..sample.copies {
                planter.plant(sample.seed.wrapping_add(copy), &[&prompt, &completion]);
            }
        }
        done.key(values.raw(&self.source.key).unwrap_or_default());
        Ok(example)
    }

    /// Chooses about [`COPIES`] rows of a part by the hash of their keys; of a smaller part each row, several times.
    fn sample(&self, key: &str) -> Option<Sample> {
        let seed = key.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok())?;
        (seed % self.rows < COPIES).then(|| Sample { seed, copies: COPIES.div_ceil(self.rows) })
    }
}

/// Notes what was too doubtful to be rewritten, by its place in the clean text.
fn review(record: &Record<'_>, example: &Example, row: u64, done: &mut Done) {
    let texts = [("prompt", &example.prompt), ("completion", &example.completion)];
    for ((name, text), findings) in texts.into_iter().zip(record.doubtful()) {
        let points = |at: usize| text.get(..at).map_or(0, |text| text.chars().count()) as u64;
        done.review.extend(findings.iter().map(|&Finding { kind, start, end, score, rule }| Doubtful {
            row,
            example: done.examples,
            text: name.to_owned(),
            start: points(start),
            end: points(end),
            kind: kind.as_str().to_owned(),
            score,
            rule: rule.to_owned(),
        }));
    }
}
