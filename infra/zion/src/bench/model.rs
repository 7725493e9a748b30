//! What a larger table would take, on paper: what a row was measured to cost, and AWS's limits and list prices.
//!
//! What a row costs is taken from the largest size. One part of the work grows faster than the table: `assemble` reads the
//! numbers by which duplicates are found once for each 1,048,576 of them. At a size that can be measured that is little
//! beside the rest, so it is not told apart there: a byte of those readings is taken to cost what `upload` takes to read,
//! hash and send one.

use std::fmt::Write as _;

use records::example::Example;
use records::recipe::{MOST_APPROVAL_HOURS, MOST_DEADLINE_HOURS};
use serde::Serialize;

use super::rounded;
use super::run::Step;
use super::scale::Size;
use crate::term;

/// Rows of the table that is modelled.
const ROWS: f64 = 1e9;

/// A Lambda function has a whole core at this many MB and a share of it below.
const CORE_MB: f64 = 1769.0;
const LAMBDA_SECONDS: f64 = 900.0;
const HISTORY_EVENTS: f64 = 25_000.0;
/// As `infra/workflow.asl.json` says it: slices and parts at once, hours a run may last.
const SLICES_AT_ONCE: f64 = 4.0;
const PARTS_AT_ONCE: f64 = 8.0;
const RUN_HOURS: u32 = 240;
/// Hours for which a run may ask a provider that takes no more jobs today.
const DAILY_LIMIT_HOURS: u32 = 24;
/// As `plan` and `export` have it: slices at most, bytes of a part, seconds of one call.
const MOST_SLICES: f64 = 500.0;
const PART_BYTES: f64 = 8_388_608.0;
const CALL_SECONDS: f64 = 210.0;
/// As `assemble` has it: numbers held at once.
const HELD: f64 = 1_048_576.0;
/// The largest training file of the provider, sent whole and sent in parts.
const FILE_BYTES: f64 = 536_870_912.0;
const PARTED_FILE_BYTES: f64 = 8_589_934_592.0;
/// Of all examples, those for training.
const TRAIN: f64 = 0.8;

/// US dollars: a GB-second of Lambda (x86), a call; a thousand `PUT`s and `GET`s; a thousand state transitions.
const GB_SECOND: f64 = 0.000_016_666_7;
const CALL: f64 = 0.2e-6;
const PUT: f64 = 0.005e-3;
const GET: f64 = 0.000_4e-3;
const TRANSITION: f64 = 0.025e-3;

/// What was measured of each row.
#[derive(Debug, Clone, Copy, Serialize)]
struct Constants {
    /// Of the table's rows, those that were exported.
    exported: f64,
    /// Of those, the ones that became examples.
    examples: f64,
    bytes_a_row: f64,
    bytes_an_example: f64,
    export_core_us_a_row: f64,
    export_seconds_a_row: f64,
    scrub_core_us_a_row: f64,
    assemble_core_us_a_row: f64,
    core_ns_a_digest_byte: f64,
    upload_core_us_an_example: f64,
    puts_a_part: f64,
    gets_a_part: f64,
    export_mb: f64,
    scrub_mb: f64,
    assemble_mb: f64,
    upload_mb: f64,
}

/// A run of so many rows.
#[derive(Debug, Clone, Serialize)]
struct Run {
    rows: f64,
    slices: f64,
    calls_of_export: f64,
    parts: f64,
    history_events: f64,
    transitions: f64,
    export_hours: f64,
    scrub_hours: f64,
    assemble_hours: f64,
    upload_hours: f64,
    lambda_usd: f64,
    s3_requests_usd: f64,
    transitions_usd: f64,
}

/// A limit, and the table that reaches it.
#[derive(Debug, Clone, Serialize)]
struct Limit {
    limit: &'static str,
    rows: f64,
}

/// The model.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Model {
    constants: Constants,
    runs: Vec<Run>,
    /// The first first.
    limits: Vec<Limit>,
}

impl Model {
    /// Takes the constants from the run over the largest table.
    pub(super) fn of(largest: &Size) -> Self {
        Self::with(Constants::of(largest), count(largest.table_rows))
    }

    fn with(constants: Constants, measured: f64) -> Self {
        let runs = vec![constants.run(measured), constants.run(ROWS)];
        let reached = |limit, takes: &dyn Fn(&Run) -> f64, most| Limit {
            limit,
            rows: least(|rows| takes(&constants.run(rows)) > most),
        };
        let train = |run: &Run| {
            run.rows * constants.exported * constants.examples * TRAIN * constants.bytes_an_example
        };
        let mut limits = vec![
            reached("a training file of 512 MB", &train, FILE_BYTES),
            reached("a training file of 8 GB, sent in parts", &train, PARTED_FILE_BYTES),
            reached("fifteen minutes of assemble", &|run| run.assemble_hours * 3600.0, LAMBDA_SECONDS),
            reached("fifteen minutes of upload", &|run| run.upload_hours * 3600.0, LAMBDA_SECONDS),
            reached("25,000 events of history", &|run| run.history_events, HISTORY_EVENTS),
            reached(
                "the hours of a run that nobody waits in",
                &|run| run.export_hours + run.scrub_hours,
                f64::from(RUN_HOURS - MOST_DEADLINE_HOURS - MOST_APPROVAL_HOURS - DAILY_LIMIT_HOURS),
            ),
        ];
        limits.sort_by(|a, b| a.rows.total_cmp(&b.rows));
        Self { constants, runs, limits }
    }
}

impl Constants {
    fn of(large: &Size) -> Self {
        let step = |stage: &str| {
            let found = large.done.steps.iter().find(|step| step.stage == stage);
            found.map_or([0.0; 4], |step: &Step| {
                [count(step.rows), count(step.bytes), step.work.cpu_seconds, step.seconds]
            })
        };
        let [rows, bytes, export_core, export_seconds] = step("export");
        let [scrubbed, _, scrub_core, _] = step("scrub");
        let [examples, example_bytes, assemble_core, _] = step("assemble");
        let [sent, sent_bytes, upload_core, _] = step("upload");
        let digest_byte = upload_core / sent_bytes.max(1.0);
        let assemble_core = assemble_core - digest_byte * digest_bytes(examples);
        let parts =
            large.done.steps.iter().find(|step| step.stage == "scrub").map_or(1, |step| step.invocations);
        let asked = |take: fn(&Step) -> u64| {
            let sum: u64 = large.done.steps.iter().map(take).sum();
            count(sum) / count(parts)
        };
        let memory = |name: &str| large.memory_mb.get(name).copied().map_or(CORE_MB, count);
        Self {
            exported: rows / count(large.table_rows),
            examples: examples / rows.max(1.0),
            bytes_a_row: bytes / rows.max(1.0),
            bytes_an_example: example_bytes / examples.max(1.0),
            export_core_us_a_row: 1e6 * export_core / rows.max(1.0),
            export_seconds_a_row: export_seconds / rows.max(1.0),
            scrub_core_us_a_row: 1e6 * scrub_core / scrubbed.max(1.0),
            assemble_core_us_a_row: 1e6 * assemble_core / examples.max(1.0),
            core_ns_a_digest_byte: 1e9 * digest_byte,
            upload_core_us_an_example: 1e6 * upload_core / sent.max(1.0),
            puts_a_part: asked(|step| step.work.put_requests),
            gets_a_part: asked(|step| step.work.get_requests),
            export_mb: memory("export"),
            scrub_mb: memory("scrub"),
            assemble_mb: memory("assemble"),
            upload_mb: memory("upload"),
        }
    }

    fn run(&self, rows: f64) -> Run {
        let exported = rows * self.exported;
        let examples = exported * self.examples;
        let parts = (exported * self.bytes_a_row / PART_BYTES).ceil();
        // The database's own pace, as measured, is that of all slices together.
        let export_seconds = (exported * self.export_seconds_a_row)
            .max(alone(exported * self.export_core_us_a_row, self.export_mb) / SLICES_AT_ONCE);
        let slices = (rows / 50_000.0).ceil().min(16.0).max((rows / 525_000.0).ceil()).min(MOST_SLICES);
        let calls = slices * (export_seconds * SLICES_AT_ONCE / slices / CALL_SECONDS).ceil();
        let scrub_core = exported * self.scrub_core_us_a_row;
        let read = digest_bytes(examples);
        let assemble_core = examples * self.assemble_core_us_a_row + read * self.core_ns_a_digest_byte / 1e3;
        let upload_core = examples * TRAIN * self.upload_core_us_an_example;
        let calls_of_all = calls + parts + 40.0;
        // A core second costs the same at any memory: half the core takes twice as long.
        let core_us = exported * self.export_core_us_a_row + scrub_core + assemble_core + upload_core;
        Run {
            rows,
            slices,
            calls_of_export: calls,
            parts,
            // A slice is begun and ended; each of its calls is a task and a choice. The rest of a run is about eighty.
            history_events: slices * 3.0 + calls * 7.0 + 80.0,
            // A part is a child execution of two states.
            transitions: calls * 2.0 + slices + parts * 2.0 + 60.0,
            export_hours: export_seconds / 3600.0,
            scrub_hours: alone(scrub_core, self.scrub_mb) / PARTS_AT_ONCE / 3600.0,
            assemble_hours: alone(assemble_core, self.assemble_mb) / 3600.0,
            upload_hours: alone(upload_core, self.upload_mb) / 3600.0,
            lambda_usd: core_us / 1e6 * CORE_MB / 1024.0 * GB_SECOND + calls_of_all * CALL,
            s3_requests_usd: parts * (self.puts_a_part * PUT + self.gets_a_part * GET),
            transitions_usd: (calls * 2.0 + slices + parts * 2.0 + 60.0) * TRANSITION,
        }
    }
}

/// Bytes of numbers that are read to find the duplicates among so many examples.
fn digest_bytes(examples: f64) -> f64 {
    let numbers = examples * count(Example::DIGESTS as u64);
    (numbers / HELD).ceil() * numbers * 8.0
}

/// Seconds that so many microseconds of a core take in a function of that memory, which works on one thread.
fn alone(core_us: f64, memory_mb: f64) -> f64 {
    core_us / 1e6 / (memory_mb / CORE_MB).min(1.0)
}

/// The smallest table for which this is so, to a hundredth.
fn least(is_so: impl Fn(f64) -> bool) -> f64 {
    let mut rows = 1e3;
    while !is_so(rows) && rows < 1e13 {
        rows *= 1.01;
    }
    rows
}

#[expect(clippy::cast_precision_loss, reason = "a model; 52 bits are more than it has")]
fn count(value: u64) -> f64 {
    value as f64
}

/// What is printed of a run.
type Line = (&'static str, fn(&Run) -> f64);

/// Prints the model.
pub(super) fn print(model: &Model) {
    term::line("");
    term::line(
        "On paper: a core second costs what it cost here, a function has its share of a core, list prices of AWS",
    );
    let table: [Line; 13] = [
        ("rows of the table", |run| run.rows),
        ("slices", |run| run.slices),
        ("calls of export", |run| run.calls_of_export),
        ("parts, each a child execution", |run| run.parts),
        ("events of history", |run| run.history_events),
        ("state transitions", |run| run.transitions),
        ("hours of export, 4 at once", |run| run.export_hours),
        ("hours of scrub, 8 at once", |run| run.scrub_hours),
        ("hours of assemble", |run| run.assemble_hours),
        ("hours of upload", |run| run.upload_hours),
        ("dollars, Lambda", |run| run.lambda_usd),
        ("dollars, requests of S3", |run| run.s3_requests_usd),
        ("dollars, transitions", |run| run.transitions_usd),
    ];
    for (name, value) in table {
        let values = model.runs.iter().fold(String::new(), |mut text, run| {
            let _infallible = write!(text, " {:>18}", shown(value(run)));
            text
        });
        term::line(&format!("  {name:<32}{values}"));
    }
    term::line("");
    term::line("  Limits, the first first, and the rows of the table that reach them");
    for limit in &model.limits {
        term::line(&format!("  {:<42} {:>18}", limit.limit, shown(limit.rows)));
    }
}

fn shown(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts for people, none below zero"
    )]
    if value >= 100.0 { term::number(value.round() as u64) } else { rounded(value).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constants() -> Constants {
        Constants {
            exported: 0.5,
            examples: 1.0,
            bytes_a_row: 1024.0,
            bytes_an_example: 1000.0,
            export_core_us_a_row: 5.0,
            export_seconds_a_row: 20e-6,
            scrub_core_us_a_row: 100.0,
            assemble_core_us_a_row: 30.0,
            core_ns_a_digest_byte: 1.0,
            upload_core_us_an_example: 1.0,
            puts_a_part: 10.0,
            gets_a_part: 10.0,
            export_mb: CORE_MB / 4.0,
            scrub_mb: CORE_MB / 2.0,
            assemble_mb: CORE_MB,
            upload_mb: CORE_MB,
        }
    }

    #[test]
    fn a_run_follows_from_its_constants() {
        let run = constants().run(2e6);
        // 1,000,000 rows of 1 KiB; 20 s, the pace of the database; 100 core seconds of scrub on eight halves of a core.
        assert_eq!((run.slices, run.calls_of_export, run.parts), (16.0, 16.0, 123.0));
        assert!((run.export_hours * 3600.0 - 20.0).abs() < 1e-6);
        assert!((run.scrub_hours * 3600.0 - 25.0).abs() < 1e-6);
        // Nine readings of 72 MB beside 30 s for the rows.
        assert!((run.assemble_hours * 3600.0 - 30.648).abs() < 1e-3);
    }

    #[test]
    fn the_first_limit_comes_first_and_is_reached_where_it_says() {
        let model = Model::with(constants(), 1e6);
        let [first, second, ..] = model.limits.as_slice() else { panic!("no limits") };
        assert!(first.rows <= second.rows);
        assert_eq!(first.limit, "a training file of 512 MB");
        // 512 MiB of 1,000 bytes are 0.8 of half the rows.
        assert!((first.rows / (FILE_BYTES / 1000.0 / 0.4) - 1.0).abs() < 0.011, "{}", first.rows);
    }
}
