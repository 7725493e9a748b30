//! One slice, part by part.

use memchr::{memchr, memchr_iter};
use records::digest::sha256;
use records::recipe::Source;
use records::row::Row;
use stage::arrows::{Exported, SliceRef};
use stage::export_file::{ExportCursor, ExportPart};
use stage::plan_file::{PlanFile, Slice};
use stage::{Deadline, ErrorName, StageError, keys};
use store::{Class, Find, Get, List, Put, find_json, get_json, put_json};
use supabase::{Range, Rows, Scan};

use crate::changed::{Changed, Left};
use crate::{RESERVE, Sizes};

/// Room for what a read appends beyond the size of a part.
const MORE_BYTES: usize = 1 << 20;

/// Exports a slice until it is done or time runs out.
///
/// A part is written before the cursor that names it, and the cursor before the next part is begun: a handler killed
/// anywhere reads again what the cursor does not name, and writes it under the same name.
pub(crate) async fn export(
    run: &str,
    asked: &SliceRef,
    deadline: Deadline,
    sizes: Sizes,
    store: &(impl Get + Find + List + Put),
    rows: &impl Rows,
) -> Result<Exported, StageError> {
    let plan: PlanFile = get_json(store, &keys::plan(run)).await?;
    let (source, slice) = find(&plan, asked)?;
    let cursor_key = keys::export_cursor(run, &asked.table, asked.slice);
    let mut cursor: ExportCursor = find_json(store, &cursor_key).await?.unwrap_or_default();
    if !cursor.done && deadline.remaining() <= RESERVE {
        return Err(StageError::internal(format!(
            "export needs a time limit well above {} s",
            RESERVE.as_secs()
        )));
    }
    let mut left = Left::Lost;
    if let (false, true, Some((since, from))) = (cursor.done, slice.earlier, plan.since(&source.name)) {
        let changed = Changed { run, since, from, source, slice, asked, sizes, store, rows };
        left = Box::pin(changed.export(deadline, &mut cursor, &cursor_key)).await?;
        if left == Left::Done {
            reconcile(&plan, source, slice, &mut cursor, rows).await?;
            cursor.done = true;
            put_json(store, &cursor_key, &cursor).await?;
        }
    }
    if !cursor.done && left == Left::Lost {
        let after = cursor.after.clone().or_else(|| slice.after.clone());
        let range = Range::of(source, after.as_deref(), slice.up_to.as_deref());
        let mut reader = Reader::new(rows.scan(range), sizes.part_bytes);
        let target = Target { run, source, asked, store };
        let mut part = reader.part(deadline).await?;
        while !reader.is_over(deadline) {
            // The next part is read while this one is written.
            let (next, written) =
                tokio::join!(reader.part(deadline), target.write(part, &mut cursor, &cursor_key));
            written?;
            part = next?;
        }
        target.write_part(part, &mut cursor).await?;
        cursor.done = reader.is_done();
        if cursor.done {
            reconcile(&plan, source, slice, &mut cursor, rows).await?;
        }
        put_json(store, &cursor_key, &cursor).await?;
    }
    Ok(Exported {
        table: asked.table.clone(),
        slice: asked.slice,
        more: !cursor.done,
        parts: cursor.parts.len() as u64,
        rows: cursor.rows(),
        left_out: cursor.left_out(),
        bytes: cursor.bytes(),
    })
}

fn find<'a>(plan: &'a PlanFile, asked: &SliceRef) -> Result<(&'a Source, &'a Slice), StageError> {
    let slice = plan.slices.iter().find(|slice| slice.source == asked.table && slice.slice == asked.slice);
    plan.recipe.source(&asked.table).zip(slice).ok_or_else(|| {
        StageError::internal(format!("the plan has no slice {} of {}", asked.slice, asked.table))
    })
}

/// Cuts a scan into parts.
struct Reader<S> {
    scan: S,
    part_bytes: usize,
    held: Vec<u8>,
    /// Rows that came in, as the source told them apart.
    read: u64,
    /// Lines that left in a part.
    left: u64,
    ended: bool,
}

impl<S: Scan> Reader<S> {
    fn new(scan: S, part_bytes: usize) -> Self {
        Self { scan, part_bytes, held: Vec::new(), read: 0, left: 0, ended: false }
    }

    /// Says whether every row has left in a part.
    fn is_done(&self) -> bool {
        self.ended && self.held.is_empty()
    }

    /// Says whether the last part is read: there are no more rows, or there is no more time for them.
    fn is_over(&self, deadline: Deadline) -> bool {
        self.is_done() || deadline.remaining() <= RESERVE
    }

    /// Reads the lines of the next part. It is smaller than others only when it is the last.
    async fn part(&mut self, deadline: Deadline) -> Result<Vec<u8>, StageError> {
        let part = self.cut(deadline).await?;
        self.left += memchr_iter(b'\n', &part).count() as u64;
        let lines = self.left + memchr_iter(b'\n', &self.held).count() as u64;
        if lines == self.read {
            return Ok(part);
        }
        let text = format!("{} rows were read and make {lines} lines: report this as a defect", self.read);
        Err(StageError::new(ErrorName::CountsDiffer, text))
    }

    async fn cut(&mut self, deadline: Deadline) -> Result<Vec<u8>, StageError> {
        self.held.reserve((self.part_bytes + MORE_BYTES).saturating_sub(self.held.len()));
        loop {
            if let Some(end) = end(&self.held, self.part_bytes) {
                let rest = self.held.split_off(end);
                return Ok(std::mem::replace(&mut self.held, rest));
            }
            if self.ended || deadline.remaining() <= RESERVE {
                return Ok(std::mem::take(&mut self.held));
            }
            let rows = self.scan.read(&mut self.held).await?;
            self.read += rows;
            self.ended = rows == 0;
        }
    }
}

/// Finds the end of the line that makes a part large enough.
fn end(lines: &[u8], part_bytes: usize) -> Option<usize> {
    let from = part_bytes - 1;
    memchr(b'\n', lines.get(from..)?).map(|at| from + at + 1)
}

/// Where parts go.
struct Target<'a, P> {
    run: &'a str,
    source: &'a Source,
    asked: &'a SliceRef,
    store: &'a P,
}

impl<P: Put> Target<'_, P> {
    /// Writes a part, then the cursor that names it.
    async fn write(
        &self,
        lines: Vec<u8>,
        cursor: &mut ExportCursor,
        cursor_key: &str,
    ) -> Result<(), StageError> {
        self.write_part(lines, cursor).await?;
        put_json(self.store, cursor_key, cursor).await.map(|_| ())
    }

    async fn write_part(&self, lines: Vec<u8>, cursor: &mut ExportCursor) -> Result<(), StageError> {
        if lines.is_empty() {
            return Ok(());
        }
        let after = self.last_key(&lines)?;
        let number = u32::try_from(cursor.parts.len()).unwrap_or(u32::MAX);
        let key = keys::export_part(self.run, &self.asked.table, self.asked.slice, number);
        let rows = memchr_iter(b'\n', &lines).count() as u64;
        let (bytes, sha256) = (lines.len() as u64, sha256(&lines));
        self.store.put(&key, lines.into(), Class::Raw).await?;
        tracing::info!(export.part = key, export.rows = rows, size_bytes = bytes, "part written");
        let last = Some(after.clone());
        cursor.parts.push(ExportPart { key, rows, bytes, sha256, last, carried: None });
        cursor.after = Some(after);
        Ok(())
    }

    /// Reads the key of the last row, behind which the next part begins.
    fn last_key(&self, lines: &[u8]) -> Result<String, StageError> {
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        let last = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let key = Row::parse(last).ok().and_then(|row| row.text(&self.source.key));
        key.ok_or_else(|| {
            let text = format!("a row of {} has no {}", self.source.table, self.source.key);
            StageError::new(ErrorName::SourceRefused, text)
        })
    }
}

/// Compares what was written with what the database counts, now and when the run was planned.
async fn reconcile(
    plan: &PlanFile,
    source: &Source,
    slice: &Slice,
    cursor: &mut ExportCursor,
    rows: &impl Rows,
) -> Result<(), StageError> {
    let range = Range::of(source, slice.after.as_deref(), slice.up_to.as_deref());
    let counted = rows.counts(range).await?;
    let (written, consented) = (cursor.rows(), counted.consented);
    let planned = slice.counted.map_or(consented, |planned| planned.consented);
    cursor.counted = Some(counted);
    let gates = &plan.recipe.gates;
    if gates.allow_moved(written, consented) && gates.allow_left(written, planned) {
        return Ok(());
    }
    let text = format!(
        "slice {} of {}: {written} rows were written, the database counts {consented} and counted {planned} when the run was planned; rows moved while they were read: start again, or raise gates.max_moved_percent, and gates.max_withdrawn_percent for what went since the plan",
        slice.slice, slice.source
    );
    Err(StageError::new(ErrorName::CountsDiffer, text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PART_BYTES: usize = 8 << 20;

    /// Rows that come in pieces of so many lines.
    struct Pieces(Vec<Vec<u8>>);

    impl Scan for Pieces {
        async fn read(&mut self, lines: &mut Vec<u8>) -> Result<u64, StageError> {
            let piece = self.0.pop().unwrap_or_default();
            lines.extend(&piece);
            Ok(memchr_iter(b'\n', &piece).count() as u64)
        }
    }

    async fn parts(lines: &[Vec<u8>], a_piece: usize) -> Vec<Vec<u8>> {
        let pieces = lines.chunks(a_piece).rev().map(<[_]>::concat).collect();
        let mut reader = Reader::new(Pieces(pieces), PART_BYTES);
        let time = Deadline::after(Duration::from_mins(15));
        let mut parts = Vec::new();
        while parts.is_empty() || !reader.is_over(time) {
            parts.push(reader.part(time).await.unwrap());
        }
        parts
    }

    #[tokio::test]
    async fn parts_end_at_the_same_rows_however_they_come_in() {
        let lines: Vec<Vec<u8>> =
            (0..2_500).map(|n: usize| [vec![b'x'; 1 + n * 7 % 20_000], b"\n".to_vec()].concat()).collect();
        let expected = parts(&lines, 1).await;
        assert_eq!(expected.concat(), lines.concat());
        let (last, full) = expected.split_last().unwrap();
        assert!(full.len() >= 2 && !last.is_empty());
        for part in full {
            assert!((PART_BYTES..PART_BYTES + 20_001).contains(&part.len()) && part.ends_with(b"\n"));
        }
        for a_piece in [3, 100, 1_999, 2_500] {
            assert!(parts(&lines, a_piece).await == expected, "{a_piece} lines a read");
        }
        // Also behind a part that was written before.
        let behind = memchr_iter(b'\n', &full[0]).count();
        assert!(parts(&lines[behind..], 10).await == expected[1..]);
    }
}
