//! A slice that an earlier run has read: what has changed since is read, everything else is taken over.
//!
//! The earlier parts are gone through one by one. Of the keys in a part's range the source is asked which there are and
//! may be used, in order: they are the new part's lines. A key's line is its row where the row may have changed since, or
//! is new, or may be used again; else it is the key alone, and `scrub` takes over what the row became then. So a row
//! that is gone is left out, one that came is found whatever its time says, and an incremental run's parts hold the same
//! rows as those of a run that reads everything.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use records::digest::sha256;
use records::recipe::Source;
use records::row::{self, Row};
use stage::arrows::{Carried, SliceRef};
use stage::export_file::{ExportCursor, ExportPart};
use stage::plan_file::{Since, Slice};
use stage::{Deadline, ErrorName, StageError, keys};
use store::{Class, Find, List, Put, find_json, put_json};
use supabase::{KeyPages, Range, Rows, Scan as _, Window};

use crate::{RESERVE, Sizes};

/// A slice, and what is needed to go through it.
pub(crate) struct Changed<'a, S, R> {
    pub(crate) run: &'a str,
    pub(crate) since: &'a Since,
    pub(crate) from: Timestamp,
    pub(crate) source: &'a Source,
    pub(crate) slice: &'a Slice,
    pub(crate) asked: &'a SliceRef,
    pub(crate) sizes: Sizes,
    pub(crate) store: &'a S,
    pub(crate) rows: &'a R,
}

/// How a slice was left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It is at its end.
    Done,
    /// There was no more time.
    More,
    /// What the earlier run had of it is lost: what is not written yet is to be read as in any other slice.
    Lost,
}

/// Rows that one step may read again: a table whose rows all changed, and grew, must fit in memory and in the time of a call.
const MOST_KEYS: usize = 10_000;

/// The rows of a part that may have changed, by their keys.
type Fresh = HashMap<String, Vec<u8>>;

/// The keys of a part's rows in the earlier run; none where it is lost, and all its rows are read.
type Known = Option<HashSet<String>>;

impl<S: Find + List + Put, R: Rows> Changed<'_, S, R> {
    /// Goes on behind the cursor, which is written after each part.
    pub(crate) async fn export(
        &self,
        deadline: Deadline,
        cursor: &mut ExportCursor,
        cursor_key: &str,
    ) -> Result<Left, StageError> {
        let Self { since, source, slice, .. } = self;
        let key = keys::export_cursor(&since.run, &source.name, slice.slice);
        let earlier: Option<ExportCursor> = find_json(self.store, &key).await?;
        let parts = earlier.map(|earlier| earlier.parts).unwrap_or_default();
        if parts.is_empty() || parts.iter().any(|part| part.last.is_none()) {
            return Ok(Left::Lost);
        }
        let clean = self.clean().await?;
        while let Some(part) = parts.get(cursor.earlier.parts) {
            if deadline.remaining() <= RESERVE {
                return Ok(Left::More);
            }
            let number = u32::try_from(cursor.earlier.parts).unwrap_or(u32::MAX);
            let known = self.known(number, &clean).await?;
            let had = known.as_ref().map_or(0, HashSet::len);
            let is_last = cursor.earlier.parts + 1 == parts.len();
            let end = if is_last { slice.up_to.as_deref() } else { part.last.as_deref() };
            loop {
                let after = cursor.after.clone().or_else(|| slice.after.clone());
                let most = (had * 2 + self.sizes.more_keys).min(MOST_KEYS);
                let (listed, whole) = self.list(Range::of(source, after.as_deref(), end), most).await?;
                let last = if whole { end.map(str::to_owned) } else { listed.last().cloned() };
                let fresh = self
                    .fresh(&listed, known.as_ref(), Range::of(source, after.as_deref(), last.as_deref()))
                    .await?;
                self.write(number, &listed, known.as_ref(), fresh, last.clone(), cursor).await?;
                cursor.after = last;
                if whole {
                    break;
                }
                put_json(self.store, cursor_key, cursor).await?;
                if deadline.remaining() <= RESERVE {
                    return Ok(Left::More);
                }
            }
            cursor.earlier.parts += 1;
            cursor.earlier.rows += had as u64;
            put_json(self.store, cursor_key, cursor).await?;
        }
        Ok(Left::Done)
    }

    /// Lists what the earlier run has left of the slice's clean parts.
    async fn clean(&self) -> Result<HashSet<String>, StageError> {
        let Self { since, source, slice, .. } = self;
        let mut clean = HashSet::new();
        for folder in [keys::scrubbed_slice, keys::quarantine_slice] {
            clean.extend(self.store.list(&folder(&since.run, &source.name, slice.slice)).await?);
        }
        Ok(clean)
    }

    /// Reads the keys of the rows that an earlier part had; none where they, or what became of the rows, are lost.
    async fn known(&self, part: u32, clean: &HashSet<String>) -> Result<Known, StageError> {
        let Self { since, source, slice, .. } = self;
        let of = |key: fn(&str, &str, u32, u32) -> String| key(&since.run, &source.name, slice.slice, part);
        if [keys::scrubbed_part, keys::scrubbed_digests, keys::scrubbed_report]
            .into_iter()
            .any(|key| !clean.contains(&of(key)))
        {
            return Ok(None);
        }
        let (keys, unusable) =
            (self.lines(of(keys::row_keys)).await?, self.lines(of(keys::unusable_keys)).await?);
        let (Some(mut known), Some(unusable)) = (keys, unusable) else { return Ok(None) };
        // Why a row could not be used is in the quarantine alone.
        if !unusable.is_empty() && !clean.contains(&of(keys::quarantine_part)) {
            return Ok(None);
        }
        known.extend(unusable);
        Ok(Some(known))
    }

    /// Reads a list of keys; none where it is lost.
    async fn lines(&self, key: String) -> Result<Known, StageError> {
        let lines = self.store.find(&key).await?;
        let lines = lines.as_deref().and_then(|lines| std::str::from_utf8(lines).ok());
        Ok(lines.map(|lines| lines.lines().filter_map(row::text).collect()))
    }

    /// Lists the keys of a range whose rows may be used, and says whether these are all: no more than `most`, or some
    /// more.
    async fn list(&self, range: Range<'_>, most: usize) -> Result<(Vec<String>, bool), StageError> {
        let (mut pages, mut listed) = (KeyPages::new(self.rows, range), Vec::new());
        while listed.len() < most && !pages.is_done() {
            listed.extend(pages.read().await?);
        }
        Ok((listed, pages.is_done()))
    }

    /// Reads the rows that may have changed: those of the window, those without a time, and those that are not known.
    async fn fresh(
        &self,
        listed: &[String],
        known: Option<&HashSet<String>>,
        range: Range<'_>,
    ) -> Result<Fresh, StageError> {
        let mut fresh = Fresh::new();
        let is_known = |key: &str| known.is_some_and(|known| known.contains(key));
        let from = self.from.to_string();
        let any = known.is_some_and(|known| !known.is_empty());
        if let (Some(cursor), true) = (self.source.cursor.as_deref(), any) {
            for window in [Window::Since { cursor, from: &from }, Window::Never { cursor }] {
                self.scan(Range { window, ..range }, |_| true, &mut fresh).await?;
            }
        }
        let unknown: Vec<usize> = (0..listed.len())
            .filter(|at| !is_known(&listed[*at]) && !fresh.contains_key(&listed[*at]))
            .collect();
        for near in unknown.chunk_by(|one, next| next - one <= self.sizes.near) {
            let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
            let after = first.checked_sub(1).map(|before| listed[before].as_str()).or(range.after);
            let range = Range::of(self.source, after, Some(&listed[*last]));
            self.scan(range, |key| !is_known(key), &mut fresh).await?;
        }
        Ok(fresh)
    }

    /// Reads a range and keeps the rows that are wanted, each as it was seen last.
    async fn scan(
        &self,
        range: Range<'_>,
        wanted: impl Fn(&str) -> bool,
        fresh: &mut Fresh,
    ) -> Result<(), StageError> {
        let (mut scan, mut lines) = (self.rows.scan(range), Vec::new());
        while scan.read(&mut lines).await? > 0 {
            for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let key = Row::parse(line).ok().and_then(|row| row.text(&self.source.key));
                let key = key.ok_or_else(|| {
                    let text = format!("a row of {} has no {}", self.source.table, self.source.key);
                    StageError::new(ErrorName::SourceRefused, text)
                })?;
                if wanted(&key) {
                    fresh.insert(key, line.to_vec());
                }
            }
            lines.clear();
        }
        Ok(())
    }

    /// Writes a part: a line for each listed key whose row is at hand, here or in the earlier part.
    async fn write(
        &self,
        earlier: u32,
        listed: &[String],
        known: Option<&HashSet<String>>,
        mut fresh: Fresh,
        last: Option<String>,
        cursor: &mut ExportCursor,
    ) -> Result<(), StageError> {
        let Self { run, since, asked, .. } = self;
        let mut lines = Vec::new();
        let again = cursor.parts.iter().any(|it| it.carried.as_ref().is_some_and(|it| it.part == earlier));
        let run_before = since.run.clone();
        let mut carried =
            Carried { run: run_before, slice: self.slice.slice, part: earlier, read: 0, known: 0, again };
        let mut rows = 0;
        for key in listed {
            let was_there = known.is_some_and(|known| known.contains(key));
            if let Some(row) = fresh.remove(key) {
                carried.read += 1;
                lines.extend(row);
            } else if was_there {
                serde_json::to_writer(&mut lines, key)
                    .map_err(|error| StageError::internal("a key cannot be written").caused_by(error))?;
            } else {
                // It went, or was taken back, since its key was listed.
                continue;
            }
            lines.push(b'\n');
            rows += 1;
            carried.known += u64::from(was_there);
        }
        if rows == 0 {
            return Ok(());
        }
        let number = u32::try_from(cursor.parts.len()).unwrap_or(u32::MAX);
        let key = keys::export_part(run, &asked.table, asked.slice, number);
        let (bytes, sha256) = (lines.len() as u64, sha256(&lines));
        self.store.put(&key, lines.into(), Class::Raw).await?;
        tracing::info!(
            export.part = key,
            export.rows = rows,
            export.read = carried.read,
            size_bytes = bytes,
            "part written"
        );
        let carried = known.map(|_| carried);
        cursor.parts.push(ExportPart { key, rows, bytes, sha256, last, carried });
        Ok(())
    }
}
