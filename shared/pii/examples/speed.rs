//! Measures how fast texts are read and judged: `speed [PART] <texts.jsonl`, megabytes a second of CPU time on one core,
//! for each recogniser and for sets of kinds, or for those whose name holds `PART`.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::time::Duration;

use pii::recognisers::REGISTRY;
use pii::spans::Input;
use pii::{Doc, Kind, Kinds, Policy, Scratch, Scrubber};

/// The texts are joined and repeated until there is this much.
const LEAST: usize = 50 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut texts = Vec::new();
    for line in stdin().lock().lines() {
        texts.push(serde_json::from_str::<Input>(&line?)?.text);
    }
    let size: usize = texts.iter().map(String::len).sum();
    let rounds = LEAST.div_ceil(size.max(1));
    let mut out = stdout().lock();
    writeln!(out, "{} texts, {size} bytes, {rounds} rounds", texts.len())?;
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let mut scratch = Scratch::default();
    let mut report = |name: &str, run: &mut dyn FnMut(&str, &mut Scratch) -> usize| {
        if !name.contains(&wanted) {
            return Ok(());
        }
        let (begin, mut found) = (cpu()?, 0);
        for _ in 0..rounds {
            found = texts.iter().map(|text| run(text, &mut scratch)).sum();
        }
        let spent = cpu()?.saturating_sub(begin).as_secs_f64().max(0.001);
        let megabytes = f64::from(u32::try_from(size * rounds / 1000)?) / 1e3;
        writeln!(out, "{name:24} {:8.1} MB/s {found:8} found", megabytes / spent)?;
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    report("reading", &mut |text, scratch| Doc::read(text, false, scratch).groups().len())?;
    report("reading words", &mut |text, scratch| Doc::read(text, true, scratch).tokens().len())?;
    for entry in REGISTRY {
        let recogniser = (entry.build)();
        let words = recogniser.kinds().meets(Kinds::WORDS);
        report(entry.name, &mut |text, scratch| {
            let doc = Doc::read(text, words, scratch);
            let mut findings = Vec::new();
            recogniser.find(&doc, &mut findings);
            findings.len()
        })?;
    }
    let patterns = Kind::ALL.iter().copied().filter(|kind| !Kinds::WORDS.has(*kind)).collect::<Kinds>();
    let scrubber = Scrubber::new(Policy::Tag).with_kinds(patterns);
    report("all patterns", &mut |text, scratch| scrubber.see(text, scratch).len())?;
    let scrubber = Scrubber::new(Policy::Tag).with_kinds(Kinds::ALL);
    report("everything", &mut |text, scratch| scrubber.see(text, scratch).len())?;
    let scrubber = Scrubber::new(Policy::Tag);
    report("default", &mut |text, scratch| scrubber.see(text, scratch).len())?;
    report("rewriting default", &mut |text, _| scrubber.record().text(text).len())?;
    let scrubber = Scrubber::new(Policy::Tag).with_kinds(Kinds::ALL);
    report("rewriting everything", &mut |text, _| scrubber.record().text(text).len())?;
    Ok(())
}

/// Returns the CPU time that this process has used, as Linux tells it; elsewhere the time of day does.
fn cpu() -> Result<Duration, Box<dyn std::error::Error>> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/schedstat") else {
        return Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?);
    };
    let nanoseconds = stat.split(' ').next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}
