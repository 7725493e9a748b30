//! One row into one clean example.

use std::collections::BTreeMap;

use pii::Scrubber;
use records::example::Example;
use records::jsonl::{Line, problem};
use records::recipe::Source;
use records::row::Row;
use records::subject::SubjectKey;
use records::template::Templates;
use stage::StageError;

/// Everything one source's rows need.
pub(crate) struct RowScrubber<'a> {
    source: &'a Source,
    templates: Templates,
    scrubber: &'a Scrubber,
    subject_key: &'a SubjectKey,
}

impl<'a> RowScrubber<'a> {
    pub(crate) fn new(
        source: &'a Source,
        scrubber: &'a Scrubber,
        subject_key: &'a SubjectKey,
    ) -> Result<Self, StageError> {
        let templates = source.templates().map_err(|error| StageError::internal(error.to_string()))?;
        Ok(Self { source, templates, scrubber, subject_key })
    }

    /// Returns the clean example, or why the row cannot be used. Reasons are few and hold no value.
    pub(crate) fn line(&self, line: &Line<'_>, found: &mut BTreeMap<String, u64>) -> Result<Example, String> {
        let Line::Whole(line) = line else {
            return Err("the row is longer than 1 MiB".to_owned());
        };
        let row = Row::parse(line).map_err(|error| format!("the row is {}", problem(&error)))?;
        let key = row.text(&self.source.key).ok_or_else(|| format!("the row has no {}", self.source.key))?;
        let rendered = self.templates.render(&row).map_err(|error| error.to_string())?;
        let subject = self.source.subject.as_deref().and_then(|column| row.text(column));
        let mut record = self.scrubber.record();
        for (column, kind) in self.source.identities() {
            if let Some(value) = row.text(column) {
                record.know(kind, &value);
            }
        }
        let mut texts = record.texts(&[&rendered.prompt, &rendered.completion]).into_iter();
        let example = Example {
            source: self.source.name.clone(),
            key: self.subject_key.hash(&self.source.table, &key),
            subject: subject.map(|id| self.subject_key.hash("subject", &id)),
            prompt: texts.next().unwrap_or_default(),
            completion: texts.next().unwrap_or_default(),
        };
        if let Some(refusal) = record.refusal() {
            return Err(refusal.to_string());
        }
        for (kind, count) in record.counts() {
            *found.entry(kind.as_str().to_owned()).or_default() += count;
        }
        Ok(example)
    }
}
