//! What was found, and what was withheld: counts and line numbers, never text.

use std::collections::BTreeMap;

use pii::{Finding, Kind, Scrubber};
use serde::Serialize;

use crate::term;

/// Lines that are named for each reason; the rest is counted.
const NAMED: usize = 5;

/// Why a line is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Withheld {
    /// Bytes that are no text: what they say can't be looked through.
    NotUtf8,
    NotJson,
    /// For `--spans`: no `id` and `text`.
    NotAText,
    /// It was made to hide numbers in numbers, and is not clean after several passes.
    Unclean,
}

impl Withheld {
    fn words(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not UTF-8",
            Self::NotJson => "not JSON",
            Self::NotAText => "no {\"id\",\"text\"} of strings",
            Self::Unclean => "not clean after several passes",
        }
    }
}

/// Counts over any number of blocks and files.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    pub(super) bytes: u64,
    /// Lines of JSONL, records of CSV, blocks of text.
    pub(super) records: u64,
    kinds: BTreeMap<Kind, u64>,
    rules: BTreeMap<&'static str, u64>,
    /// Seen, and too doubtful to be rewritten. Counted where rules are.
    doubtful: BTreeMap<Kind, u64>,
    withheld: BTreeMap<Withheld, Lines>,
}

#[derive(Debug, Default, Serialize)]
struct Lines {
    count: u64,
    first: Vec<u64>,
}

impl Tally {
    /// Counts what was seen by kind and rule.
    pub(super) fn count(&mut self, findings: &[Finding], scrubber: &Scrubber) {
        for finding in findings.iter().filter(|finding| scrubber.is_sure(finding)) {
            *self.kinds.entry(finding.kind).or_default() += 1;
        }
        self.count_rules(findings, scrubber);
    }

    /// Counts what was seen by rule, and what is doubtful.
    pub(super) fn count_rules(&mut self, findings: &[Finding], scrubber: &Scrubber) {
        for finding in findings {
            if scrubber.is_sure(finding) {
                *self.rules.entry(finding.rule).or_default() += 1;
            } else {
                *self.doubtful.entry(finding.kind).or_default() += 1;
            }
        }
    }

    pub(super) fn count_kinds(&mut self, counts: &BTreeMap<Kind, u64>) {
        for (kind, count) in counts {
            *self.kinds.entry(*kind).or_default() += count;
        }
    }

    pub(super) fn withhold(&mut self, line: u64, why: Withheld) {
        let lines = self.withheld.entry(why).or_default();
        lines.count += 1;
        if lines.first.len() < NAMED {
            lines.first.push(line);
        }
    }

    /// Takes another's counts.
    pub(super) fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.records += other.records;
        self.count_kinds(&other.kinds);
        for (rule, count) in other.rules {
            *self.rules.entry(rule).or_default() += count;
        }
        for (kind, count) in other.doubtful {
            *self.doubtful.entry(kind).or_default() += count;
        }
        for (why, lines) in other.withheld {
            let into = self.withheld.entry(why).or_default();
            into.count += lines.count;
            let room = NAMED - into.first.len();
            into.first.extend(lines.first.into_iter().take(room));
        }
    }

    /// How much was found.
    pub(super) fn found(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// How many lines are not written.
    pub(super) fn withheld(&self) -> u64 {
        self.withheld.values().map(|lines| lines.count).sum()
    }

    /// Says on standard error what was withheld of a file.
    pub(super) fn complain(&self, file: &str) {
        for (why, lines) in &self.withheld {
            let named: Vec<String> = lines.first.iter().map(u64::to_string).collect();
            let more = if lines.count > named.len() as u64 { ", …" } else { "" };
            let word = if lines.count == 1 { "line" } else { "lines" };
            term::complain(&format!(
                "{file}: withheld {} {word}: {} (number {}{more})",
                term::number(lines.count),
                why.words(),
                named.join(", ")
            ));
        }
    }

    /// The counts for people.
    pub(super) fn table(&self) -> String {
        let mut rows = vec![format!(
            "{} found in {} records, {} bytes",
            term::number(self.found()),
            term::number(self.records),
            term::number(self.bytes)
        )];
        rows.extend(self.kinds.iter().map(|(kind, count)| row("kind", kind.as_str(), *count)));
        rows.extend(self.rules.iter().map(|(rule, count)| row("rule", rule, *count)));
        rows.extend(self.doubtful.iter().map(|(kind, count)| row("doubtful", kind.as_str(), *count)));
        rows.join("\n")
    }
}

fn row(what: &str, name: &str, count: u64) -> String {
    format!("  {what:<9} {name:<24} {:>10}", term::number(count))
}
