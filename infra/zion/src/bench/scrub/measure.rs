//! What the measuring processes do.

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pii::recognisers::REGISTRY;
use pii::{Doc, Kinds, Policy, Scratch, Scrubber};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::corpus::Reader;
use super::{Only, Told, handler, hostile, patterns};
use crate::bench::watch;
use crate::error::{Context as _, Error, Result};

/// Texts that are read before the clock starts, in bytes.
const BATCH: usize = 1 << 20;
/// What each recogniser sees, in bytes: what is read of a text stays in memory meanwhile.
const SHARED: usize = 4 << 20;
/// Rounds over that; the quickest counts.
const ROUNDS: usize = 3;

/// One process's figures.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Figures {
    pub(super) bytes: u64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_mib: f64,
}

impl Figures {
    /// Of processor time, in millions of bytes.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub(super) fn mb_per_s(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.cpu_seconds.max(1e-9)
    }

    pub(super) fn of(bytes: u64, cpu: Duration) -> Self {
        let peak = watch::peak(std::process::id()).unwrap_or(0);
        Self { bytes, cpu_seconds: cpu.as_secs_f64(), peak_mib: watch::mib(peak) }
    }
}

/// One recogniser's figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) ns_per_byte: f64,
    pub(super) found: u64,
}

/// Processor time of this process, all threads.
pub(super) fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// Measures one thing over the corpus.
pub(super) fn measure(only: Only, corpus: &Path) -> Result<Told> {
    let (mut shares, mut costs) = (Vec::new(), Vec::new());
    let figures = match only {
        Only::Idle => Figures::of(0, Duration::ZERO),
        Only::Whole => each(corpus, &rewriting(Kinds::DEFAULT))?,
        Only::Patterns => each(corpus, &rewriting(patterns()))?,
        Only::Find => {
            let scrubber = Scrubber::new(Policy::Tag);
            let scratch = std::cell::RefCell::new(Scratch::default());
            each(corpus, &move |text: &str| {
                black_box(scrubber.see(text, &mut scratch.borrow_mut()));
            })?
        }
        Only::Recognisers => {
            shares = recognisers(corpus)?;
            Figures::default()
        }
        Only::Hostile => {
            costs = hostile::costs();
            Figures::default()
        }
        Only::Library | Only::Handler => handler::library(),
    };
    Ok(Told { figures, shares, hostile: costs })
}

fn rewriting(kinds: Kinds) -> impl Fn(&str) {
    let scrubber = Scrubber::new(Policy::Tag).with_kinds(kinds);
    move |text| {
        black_box(scrubber.record().text(text));
    }
}

/// Hands every text on; only that is timed.
fn each(corpus: &Path, scrub: &dyn Fn(&str)) -> Result<Figures> {
    let mut reader = Reader::open(corpus)?;
    let (mut bytes, mut time) = (0, Duration::ZERO);
    // The first texts warm caches and tables, and are seen again.
    for text in Reader::open(corpus)?.next(BATCH)? {
        scrub(&text);
    }
    loop {
        let texts = reader.next(BATCH)?;
        if texts.is_empty() {
            return Ok(Figures::of(bytes, time));
        }
        let begun = cpu();
        for text in &texts {
            scrub(text);
        }
        time += cpu().saturating_sub(begun);
        bytes += texts.iter().map(|text| text.len() as u64).sum::<u64>();
    }
}

/// Reading, then each recogniser over texts that are read.
fn recognisers(corpus: &Path) -> Result<Vec<Share>> {
    let texts = Reader::open(corpus)?.next(SHARED)?;
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut scratches: Vec<Scratch> = texts.iter().map(|_| Scratch::default()).collect();
    let mut shares = Vec::new();
    for (name, words) in [("(reading, without words)", false), ("(reading, with words)", true)] {
        let mut one = Scratch::default();
        shares.push(share(name, bytes, || {
            for text in &texts {
                black_box(Doc::read(text, words, &mut one).tokens().len());
            }
            0
        }));
    }
    let docs: Vec<Doc<'_>> =
        texts.iter().zip(&mut scratches).map(|(text, scratch)| Doc::read(text, true, scratch)).collect();
    for entry in REGISTRY {
        let recogniser = (entry.build)();
        let mut findings = Vec::new();
        shares.push(share(entry.name, bytes, || {
            let mut found = 0;
            for doc in &docs {
                findings.clear();
                recogniser.find(doc, &mut findings);
                found += findings.len() as u64;
            }
            found
        }));
    }
    Ok(shares)
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn share(name: &str, bytes: usize, mut work: impl FnMut() -> u64) -> Share {
    let mut quickest = Duration::MAX;
    let mut found = 0;
    for _ in 0..ROUNDS {
        let begun = cpu();
        found = work();
        quickest = quickest.min(cpu().saturating_sub(begun));
    }
    let ns_per_byte = quickest.as_secs_f64() * 1e9 / bytes.max(1) as f64;
    Share { name: name.to_owned(), ns_per_byte: (ns_per_byte * 1000.0).round() / 1000.0, found }
}

/// `zion scrub` over the corpus as JSONL, by the clock, in millions of bytes of text a second.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub(super) fn on_all_cores(corpus: &Path, bytes: u64) -> Result<f64> {
    let what = "run zion scrub on the corpus";
    let lines = corpus.with_extension("jsonl");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&lines).context(what)?);
    let mut reader = Reader::open(corpus)?;
    loop {
        let texts = reader.next(BATCH)?;
        if texts.is_empty() {
            break;
        }
        for text in texts {
            serde_json::to_writer(&mut out, &serde_json::json!({ "text": text })).context(what)?;
            out.write_all(b"\n").context(what)?;
        }
    }
    out.flush().context(what)?;
    let own = std::env::current_exe().context(what)?;
    let begun = Instant::now();
    let status = Command::new(own).arg("scrub").arg(&lines).stdout(Stdio::null()).status().context(what)?;
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::remove_file(&lines).context(what)?;
    // Two means that a text was withheld: one that hides numbers in numbers.
    if !matches!(status.code(), Some(0 | 2)) {
        return Err(Error::new(format!("{what}: {status}")));
    }
    Ok(bytes as f64 / 1e6 / seconds)
}
