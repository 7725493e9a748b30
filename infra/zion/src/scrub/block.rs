//! One block: what each record of it becomes.

use std::fmt::Write as _;

use pii::spans::{Input, Output, spans};
use pii::{Finding, Kind, Scratch, Scrubber};

use super::input::{Block, Format, Source};
use super::labels::Labels;
use super::tally::{Tally, Withheld};
use super::{json, labels, paint, table};

/// What becomes of a record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    /// It is written, with what is found replaced unless it is to be kept.
    Rewrite { keep: bool, colour: bool },
    /// Only what is found counts.
    Check,
    /// A line for each finding.
    Explain { show: bool, doubtful: bool },
    /// Its findings as JSON.
    Spans,
}

/// Scrubs blocks; shared by all threads.
pub(super) struct Worker<'a> {
    pub(super) scrubber: &'a Scrubber,
    pub(super) mode: Mode,
    /// Counts findings by rule too, which costs a second look.
    pub(super) rules: bool,
}

/// A block that is done.
pub(super) struct Done {
    pub(super) index: u64,
    pub(super) out: Vec<u8>,
    pub(super) tally: Tally,
}

/// Where a text stands, for `--explain`.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    /// Of the text's first character; columns are counted from the text's first character on.
    pub(super) line: u64,
    /// The field, unless the file has none.
    pub(super) field: &'a str,
}

/// A block under way.
pub(super) struct Desk<'a> {
    worker: &'a Worker<'a>,
    scratch: Scratch,
    labels: Labels,
    pub(super) out: Vec<u8>,
    pub(super) tally: Tally,
}

impl Worker<'_> {
    /// Scrubs a block.
    pub(super) fn block(&self, source: &Source, block: &Block) -> Done {
        let out = Vec::with_capacity(block.bytes.len() + block.bytes.len() / 8);
        let mut desk = Desk {
            worker: self,
            scratch: Scratch::default(),
            labels: Labels::default(),
            out,
            tally: Tally::default(),
        };
        desk.tally.bytes = block.bytes.len() as u64;
        let mut bytes = block.bytes.as_slice();
        if block.index == 0
            && let Some(rest) = bytes.strip_prefix("\u{feff}".as_bytes())
        {
            desk.copy("\u{feff}".as_bytes());
            bytes = rest;
        }
        match source.format {
            Format::Text => desk.text(source, block.line, bytes),
            Format::Jsonl => desk.lines(source, block.line, bytes),
            Format::Csv => table::block(&mut desk, source, block, bytes),
        }
        let Desk { mut out, tally, .. } = desk;
        if let Mode::Rewrite { keep: false, colour: true } = self.mode {
            out = paint::tags(&out);
        }
        Done { index: block.index, out, tally }
    }
}

impl Desk<'_> {
    /// Hands bytes on that hold no text; they are left out where no text is written.
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        if matches!(self.worker.mode, Mode::Rewrite { .. }) {
            self.out.extend_from_slice(bytes);
        }
    }

    /// A whole text at once; where one of its lines can't be read, or does not come clean, line by line.
    fn text(&mut self, source: &Source, line: u64, bytes: &[u8]) {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.tally.records += 1;
            let place = Place { file: &source.name, line, field: "" };
            if let Ok(clean) = self.texts(&[text], &[place]) {
                let clean = clean.into_iter().next().flatten();
                self.copy(clean.as_deref().unwrap_or(text).as_bytes());
                return;
            }
            self.tally.records -= 1;
        }
        for (number, bytes) in (line..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            self.tally.records += 1;
            let Ok(text) = std::str::from_utf8(bytes) else {
                self.withhold(number, Withheld::NotUtf8);
                self.copy(if bytes.ends_with(b"\n") { b"\n" } else { b"" });
                continue;
            };
            match self.texts(&[text], &[Place { file: &source.name, line: number, field: "" }]) {
                Ok(clean) => {
                    let clean = clean.into_iter().next().flatten();
                    self.copy(clean.as_deref().unwrap_or(text).as_bytes());
                }
                Err(why) => {
                    self.withhold(number, why);
                    self.copy(if bytes.ends_with(b"\n") { b"\n" } else { b"" });
                }
            }
        }
    }

    fn lines(&mut self, source: &Source, line: u64, bytes: &[u8]) {
        for (number, bytes) in (line..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let body = bytes.trim_ascii_end();
            if body.is_empty() {
                self.copy(bytes);
                continue;
            }
            self.tally.records += 1;
            let done = match std::str::from_utf8(body) {
                Err(_) => Err(Withheld::NotUtf8),
                Ok(body) if matches!(self.worker.mode, Mode::Spans) => self.spans(body),
                Ok(body) => json::line(self, source, number, body),
            };
            match done {
                Ok(()) => self.copy(&bytes[body.len()..]),
                Err(why) => self.withhold(number, why),
            }
        }
    }

    fn spans(&mut self, line: &str) -> Result<(), Withheld> {
        let Input { id, text } = serde_json::from_str(line).map_err(|_| Withheld::NotAText)?;
        let mut findings = self.worker.scrubber.see(&text, &mut self.scratch);
        findings.retain(|finding| self.worker.scrubber.is_sure(finding));
        self.tally.count(&findings, self.worker.scrubber);
        let output = Output { id, spans: spans(&text, &findings) };
        serde_json::to_writer(&mut self.out, &output).map_err(|_| Withheld::NotAText)?;
        self.out.push(b'\n');
        Ok(())
    }

    /// The texts of one record: what each becomes, none where it stays. In modes that write something else, that is
    /// written instead.
    pub(super) fn texts(
        &mut self,
        texts: &[&str],
        places: &[Place<'_>],
    ) -> Result<Vec<Option<String>>, Withheld> {
        match self.worker.mode {
            Mode::Rewrite { keep: false, .. } => self.rewrite(texts, places),
            Mode::Check | Mode::Spans => {
                // What would be rewritten is what counts.
                let kept = texts.iter().map(|_| None).collect();
                self.rewrite(texts, places).map(|_| kept)
            }
            Mode::Rewrite { keep: true, colour } => Ok(self.look(texts, places, |_, text, findings, _| {
                (colour && !findings.is_empty()).then(|| paint::found(text, findings))
            })),
            Mode::Explain { show, doubtful } => {
                Ok(self.look(texts, places, |desk, text, findings, place| {
                    findings.retain(|finding| doubtful || desk.worker.scrubber.is_sure(finding));
                    desk.explain(text, findings, place, show);
                    None
                }))
            }
        }
    }

    fn look(
        &mut self,
        texts: &[&str],
        places: &[Place<'_>],
        mut becomes: impl FnMut(&mut Self, &str, &mut Vec<Finding>, &Place<'_>) -> Option<String>,
    ) -> Vec<Option<String>> {
        let known = self.labels.known(places);
        let mut each = |((text, place), known): ((&&str, &Place<'_>), Option<Kind>)| {
            let mut findings = self.worker.scrubber.see(text, &mut self.scratch);
            if let Some(kind) = known
                && findings.is_empty()
                && self.worker.scrubber.rewritten().has(kind)
            {
                findings.extend(labels::whole(text, kind));
            }
            self.tally.count(&findings, self.worker.scrubber);
            if matches!(self.worker.mode, Mode::Rewrite { .. }) {
                findings.retain(|finding| self.worker.scrubber.is_sure(finding));
            }
            becomes(self, text, &mut findings, place)
        };
        texts.iter().zip(places).zip(known).map(&mut each).collect()
    }

    fn rewrite(&mut self, texts: &[&str], places: &[Place<'_>]) -> Result<Vec<Option<String>>, Withheld> {
        let mut record = self.worker.scrubber.record();
        for (text, kind) in texts.iter().zip(self.labels.known(places)) {
            if let Some(kind) = kind {
                record.know(kind, text);
            }
        }
        let clean = record.texts(texts);
        if record.refusal().is_some() {
            return Err(Withheld::Unclean);
        }
        if self.worker.rules {
            for text in texts {
                let findings = self.worker.scrubber.see(text, &mut self.scratch);
                self.tally.count_rules(&findings, self.worker.scrubber);
            }
        }
        self.tally.count_kinds(record.counts());
        Ok(clean.into_iter().zip(texts).map(|(clean, text)| (clean != **text).then_some(clean)).collect())
    }

    fn explain(&mut self, text: &str, findings: &[Finding], place: &Place<'_>, show: bool) {
        let (mut at, mut line, mut column) = (0, place.line, 1);
        let mut row = String::new();
        for finding in findings {
            for c in text[at..finding.start].chars() {
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            at = finding.start;
            row.clear();
            let Finding { kind, score, rule, .. } = finding;
            // Writing to a string does not fail.
            write!(row, "{}:{line}:{column}: {kind} {score:.2} {rule}", place.file).ok();
            if !self.worker.scrubber.is_sure(finding) {
                row.push_str(", doubtful");
            }
            if !place.field.is_empty() {
                write!(row, ", in {}", place.field).ok();
            }
            if show {
                write!(row, ": {:?}", &text[finding.start..finding.end]).ok();
            }
            row.push('\n');
            self.out.extend_from_slice(row.as_bytes());
        }
    }

    pub(super) fn withhold(&mut self, line: u64, why: Withheld) {
        self.tally.withhold(line, why);
    }
}
