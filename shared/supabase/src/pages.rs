//! A scan over pages: what a source does that can only be asked for so many rows at a time.

use records::recipe::Source;
use records::row::Row;
use serde_json::value::RawValue;
use stage::{ErrorName, StageError};

use crate::rows::{Range, Rows, Scan};

/// Asked for at first: enough to learn how long rows are, few enough to hold whatever their length.
const FIRST_PAGE_ROWS: u32 = 100;
/// Asked for at once, at most. A server that allows fewer answers fewer, silently.
const MOST_PAGE_ROWS: u32 = 5_000;
/// A page should be about this long.
const PAGE_BYTES: u64 = 4 << 20;

/// Reads a range page by page, each behind the last key of the one before, until a page is empty.
pub(crate) struct Pages<'a, R> {
    rows: &'a R,
    range: Range<'a>,
    last: Option<String>,
    seen_rows: u64,
    seen_bytes: u64,
}

impl<'a, R: Rows> Pages<'a, R> {
    pub(crate) fn new(rows: &'a R, range: Range<'a>) -> Self {
        Self { rows, range, last: None, seen_rows: 0, seen_bytes: 0 }
    }

    /// As many rows as make a page, by the length of those seen.
    fn limit(&self) -> u32 {
        let length = self.seen_bytes.checked_div(self.seen_rows);
        let rows = length.map_or(u64::from(FIRST_PAGE_ROWS), |length| PAGE_BYTES / length.max(1));
        u32::try_from(rows).unwrap_or(MOST_PAGE_ROWS).clamp(1, MOST_PAGE_ROWS)
    }
}

impl<R: Rows> Scan for Pages<'_, R> {
    async fn read(&mut self, lines: &mut Vec<u8>) -> Result<u64, StageError> {
        let range = Range { after: self.last.as_deref().or(self.range.after), ..self.range };
        let page = self.rows.page(range, self.limit()).await?;
        let rows = page.rows()?;
        let Some(last) = rows.last() else { return Ok(0) };
        self.last = Some(moved_on(range, last)?);
        let held = lines.len();
        for row in &rows {
            append(lines, row);
        }
        let read = rows.len() as u64;
        self.seen_rows += read;
        self.seen_bytes += (lines.len() - held) as u64;
        Ok(read)
    }
}

/// Reads the key of the last row, which must not be the one that was asked from.
fn moved_on(range: Range<'_>, row: &RawValue) -> Result<String, StageError> {
    let key = Row::parse(row.get().as_bytes()).ok().and_then(|row| row.text(&range.source.key));
    key.filter(|key| Some(key.as_str()) != range.after).ok_or_else(|| stuck(range.source))
}

/// Names a table whose scan would never end.
pub(crate) fn stuck(source: &Source) -> StageError {
    let (table, key) = (&source.table, &source.key);
    let text = format!("{table} does not move on by its key {key}: it must be unique and not null");
    StageError::new(ErrorName::SourceRefused, text)
}

/// Appends a row as one line. A `json` column keeps its line breaks: outside of strings they are white space, inside
/// they are escaped.
fn append(lines: &mut Vec<u8>, row: &RawValue) {
    let held = lines.len();
    lines.extend_from_slice(row.get().as_bytes());
    one_line(&mut lines[held..]);
    lines.push(b'\n');
}

/// Turns the line breaks of a JSON text into spaces.
pub(crate) fn one_line(json: &mut [u8]) {
    if json.contains(&b'\n') || json.contains(&b'\r') {
        for byte in json.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
    }
}
