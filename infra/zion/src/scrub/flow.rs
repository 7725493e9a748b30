//! Blocks through threads, and out in order.
//!
//! The reader may be at most a few blocks ahead of the writer: memory is bounded whatever the file's size, and however
//! long one block takes.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};

use super::block::{Done, Worker};
use super::input::{Block, Blocks, Source};
use super::tally::Tally;
use crate::error::{Context as _, Error, Result};

/// Blocks under way for each thread: one that is worked on, one that waits, and two that are done out of order.
const UNDER_WAY: usize = 4;
/// A smaller file is done before a person looks.
const WORTH_PROGRESS: u64 = 32 << 20;

/// Scrubs one file.
///
/// # Errors
/// When it can't be read, or the output can't be written.
pub(super) fn run(
    worker: &Worker<'_>,
    source: &Source,
    threads: usize,
    out: &mut dyn Write,
) -> Result<Tally> {
    let (reader, size) = source.open()?;
    let progress = progress(size, source);
    let mut blocks = Blocks::new(source, reader);
    let (places, free) = sync_channel::<()>(threads * UNDER_WAY);
    let (jobs, waiting) = sync_channel::<Block>(threads);
    let (results, done) = sync_channel::<Done>(threads);
    // Owned by the threads alone: with the last of them it goes, and the reader is told.
    let waiting = Arc::new(Mutex::new(waiting));
    let tally = thread::scope(|scope| {
        for _ in 0..threads {
            let (waiting, results) = (Arc::clone(&waiting), results.clone());
            scope.spawn(move || work(worker, source, &waiting, &results));
        }
        drop((waiting, results));
        let reading = scope.spawn(move || -> Result<()> {
            while let Some(block) = blocks.next()? {
                // Either end has gone when the writer has failed: it says why.
                if places.send(()).is_err() || jobs.send(block).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let written = write(&done, &free, progress.as_ref(), out);
        // What waits for the writer must not wait for ever.
        drop((done, free));
        reading.join().map_err(|_| Error::new("the reader stopped"))??;
        written
    })?;
    if let Some(bar) = progress {
        bar.finish_and_clear();
    }
    Ok(tally)
}

fn work(worker: &Worker<'_>, source: &Source, waiting: &Mutex<Receiver<Block>>, results: &SyncSender<Done>) {
    loop {
        let block = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(block) = block else { return };
        if results.send(worker.block(source, &block)).is_err() {
            return;
        }
    }
}

fn write(
    done: &Receiver<Done>,
    free: &Receiver<()>,
    progress: Option<&ProgressBar>,
    out: &mut dyn Write,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut early = BTreeMap::new();
    let mut next = 0;
    for result in done {
        early.insert(result.index, result);
        while let Some(result) = early.remove(&next) {
            out.write_all(&result.out).context("write the output")?;
            if let Some(bar) = progress {
                bar.inc(result.tally.bytes);
            }
            tally.add(result.tally);
            next += 1;
            // The block's place is free; the reader sent one for each.
            free.recv().ok();
        }
    }
    if !early.is_empty() {
        return Err(Error::new("a thread stopped"));
    }
    out.flush().context("write the output")?;
    Ok(tally)
}

/// Only where somebody looks at it, and nothing else is written to the same terminal.
fn progress(size: Option<u64>, source: &Source) -> Option<ProgressBar> {
    let size = size.filter(|size| *size >= WORTH_PROGRESS)?;
    if !std::io::stderr().is_terminal() || std::io::stdout().is_terminal() {
        return None;
    }
    let bar = ProgressBar::new(size).with_message(source.name.clone());
    let style = "{msg} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    // A template that does not parse leaves the default one.
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    Some(bar)
}
