//! A scan over pages: what a source does that can only be asked for so many rows at a time.
//!
//! Each page begins behind the last key of the one before, so a key that several rows share would lose those that a page
//! ends between. Rows and keys come sorted: two that are equal are neighbours, and refused. What a page ends with, where
//! there may be more, is left to the next one, which begins with it: neighbours then share a page.

use records::recipe::Source;
use records::row;
use serde_json::value::RawValue;
use stage::{ErrorName, StageError};

use crate::rows::{Page, Range, Rows, Scan};

/// Asked for at first, and at most twice as many as came last: rows of megabytes are met a few at a time.
const FIRST_PAGE_ROWS: u64 = 10;
/// Asked for at once, at most. A server that allows fewer answers fewer, silently.
const MOST_PAGE_ROWS: u32 = 5_000;
/// A page should be about this long.
const PAGE_BYTES: u64 = 4 << 20;
/// A page should not be longer than this if all of its rows are as long as the longest of late.
const MOST_PAGE_BYTES: u64 = 32 << 20;

/// Reads a range page by page, each behind the last key of the one before, until a page is empty.
pub(crate) struct Pages<'a, R> {
    rows: &'a R,
    range: Range<'a>,
    last: Option<String>,
    most: u32,
    longest_page: usize,
    longest_row: u64,
    last_rows: u64,
    seen_rows: u64,
    seen_bytes: u64,
}

impl<'a, R: Rows> Pages<'a, R> {
    pub(crate) fn new(rows: &'a R, range: Range<'a>) -> Self {
        Self {
            rows,
            range,
            last: None,
            most: MOST_PAGE_ROWS,
            longest_page: 0,
            longest_row: 0,
            last_rows: 0,
            seen_rows: 0,
            seen_bytes: 0,
        }
    }

    /// As many rows as make a page, by the length of those seen.
    fn limit(&self) -> u32 {
        let mean = self.seen_bytes.checked_div(self.seen_rows).unwrap_or_default();
        let rows = (PAGE_BYTES / mean.max(1)).min(MOST_PAGE_BYTES / self.longest_row.max(1));
        let rows = rows.min((self.last_rows * 2).max(FIRST_PAGE_ROWS));
        u32::try_from(rows).unwrap_or(self.most).clamp(1, self.most)
    }
}

impl<R: Rows> Scan for Pages<'_, R> {
    async fn read(&mut self, lines: &mut Vec<u8>) -> Result<u64, StageError> {
        let range = Range { after: self.last.as_deref().or(self.range.after), ..self.range };
        let limit = self.limit();
        let page = self.rows.page(range, limit).await?;
        let mut rows = page.rows()?;
        let key = |row: &&RawValue| row::column(row.get().as_bytes(), &range.source.key);
        let mut keys: Vec<String> =
            rows.iter().map(key).collect::<Option<_>>().ok_or_else(|| stuck(range.source))?;
        end_page(range, &mut keys, limit, &mut self.longest_page)?;
        self.last_rows = rows.len() as u64;
        rows.truncate(keys.len());
        let Some(last) = keys.pop() else { return Ok(0) };
        self.last = Some(last);
        let held = lines.len();
        // What was seen of late counts.
        (self.longest_row, self.seen_rows, self.seen_bytes) =
            (self.longest_row / 2, self.seen_rows / 2, self.seen_bytes / 2);
        for row in &rows {
            append(lines, row);
            self.longest_row = self.longest_row.max(row.get().len() as u64);
        }
        let read = rows.len() as u64;
        self.seen_rows += read;
        self.seen_bytes += (lines.len() - held) as u64;
        Ok(read)
    }
}

/// Reads the first rows of a range: so many, or fewer where they are long.
///
/// # Errors
/// As [`Rows::page`]; `SourceRefused` when two rows have one key.
pub async fn first(rows: &impl Rows, range: Range<'_>, most: u32) -> Result<Page, StageError> {
    let (mut pages, mut lines) = (Pages::new(rows, range), Vec::new());
    pages.most = most;
    while pages.most > 0 && (lines.len() as u64) < PAGE_BYTES {
        let read = pages.read(&mut lines).await?;
        if read == 0 {
            break;
        }
        pages.most -= u32::try_from(read).unwrap_or(pages.most).min(pages.most);
    }
    Ok(Page::of_lines(&lines))
}

/// Keys asked for at once: about 200 KB of UUIDs. A server that allows fewer answers fewer, silently.
const PAGE_KEYS: u32 = 5_000;

/// Reads the keys of a range whose rows may be used, page by page.
pub struct KeyPages<'a, R> {
    rows: &'a R,
    range: Range<'a>,
    last: Option<String>,
    longest: usize,
    done: bool,
}

impl<'a, R: Rows> KeyPages<'a, R> {
    /// Nothing is asked yet.
    pub fn new(rows: &'a R, range: Range<'a>) -> Self {
        Self { rows, range, last: None, longest: 0, done: false }
    }

    /// Says whether these were all keys: there are no more, or the last one is where the range ends.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Returns the next keys, in order; none is the end.
    ///
    /// # Errors
    /// `SourceRefused` when two rows have one key; else as [`Rows::keys`].
    pub async fn read(&mut self) -> Result<Vec<String>, StageError> {
        if self.done {
            return Ok(Vec::new());
        }
        let range = Range { after: self.last.as_deref().or(self.range.after), ..self.range };
        let mut keys = self.rows.keys(range, PAGE_KEYS).await?;
        end_page(range, &mut keys, PAGE_KEYS, &mut self.longest)?;
        self.last = keys.last().cloned();
        self.done = keys.is_empty() || self.last.as_deref() == self.range.up_to;
        Ok(keys)
    }
}

/// Of shorter pages no row is read twice: they are short because their rows are long.
const WORTH_IT: usize = 20;

/// Refuses a key that two rows of a page share, or that was asked from, and leaves the last one to the next page where
/// there may be more: as many came as were asked for, or as the server has sent at most.
fn end_page(
    range: Range<'_>,
    keys: &mut Vec<String>,
    limit: u32,
    longest: &mut usize,
) -> Result<(), StageError> {
    if range.after.is_some_and(|after| keys.iter().any(|key| key == after)) {
        return Err(stuck(range.source));
    }
    if shares_key(keys) {
        return Err(not_unique(range.source));
    }
    let rows = keys.len();
    let is_full = u32::try_from(rows) == Ok(limit) || (*longest > 0 && rows >= *longest);
    *longest = rows.max(*longest);
    if is_full && rows >= WORTH_IT && range.up_to != keys.last().map(String::as_str) {
        keys.pop();
    }
    Ok(())
}

/// Says whether two of some sorted keys are one.
pub(crate) fn shares_key(keys: &[String]) -> bool {
    keys.windows(2).any(|two| two[0] == two[1])
}

/// Names a table whose rows cannot be told apart.
pub(crate) fn not_unique(source: &Source) -> StageError {
    let (table, key) = (&source.table, &source.key);
    let text = format!(
        "rows of {table} cannot be told apart by {key}: it must be unique and not null; name the primary key in the recipe"
    );
    StageError::new(ErrorName::SourceRefused, text)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::source;

    /// Rows by their keys, of which the server sends so many at once.
    struct Served(Vec<u32>, usize);

    impl Served {
        fn of(&self, range: Range<'_>, limit: u32) -> Vec<String> {
            let bound = |text: Option<&str>| text.map(|text| text.parse::<u32>().unwrap());
            let (after, up_to) = (bound(range.after), bound(range.up_to));
            let keys = self.0.iter().filter(|key| {
                after.is_none_or(|after| **key > after) && up_to.is_none_or(|up_to| **key <= up_to)
            });
            keys.take(self.1.min(limit as usize)).map(u32::to_string).collect()
        }
    }

    impl Rows for Served {
        async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
            let lines: Vec<_> = self.of(range, limit).iter().map(|key| format!("{{\"id\":{key}}}")).collect();
            Ok(Page::of_lines(lines.join("\n").as_bytes()))
        }

        async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
            Ok(self.of(range, limit))
        }

        async fn count(&self, _: Range<'_>, _: bool) -> Result<u64, StageError> {
            unreachable!("nothing is counted")
        }

        async fn bounds(&self, _: Range<'_>) -> Result<Option<(String, String)>, StageError> {
            unreachable!("no bound is asked for")
        }
    }

    /// The keys of a range as its rows and as its keys are read.
    async fn read(served: &Served, up_to: Option<&str>) -> Result<Vec<String>, StageError> {
        let source = source();
        let range = Range::of(&source, None, up_to);
        let (mut pages, mut keys) = (KeyPages::new(served, range), Vec::new());
        let listed = async {
            while !pages.is_done() {
                keys.extend(pages.read().await?);
            }
            Ok::<_, StageError>(keys)
        };
        let listed = listed.await;
        let (mut scan, mut lines) = (served.scan(range), Vec::new());
        let scanned = async {
            while scan.read(&mut lines).await? > 0 {}
            Ok::<_, StageError>(())
        };
        let scanned = scanned.await.map(|()| {
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(|line| row::column(line, "id").unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(listed.as_ref().ok(), scanned.as_ref().ok());
        scanned.and(listed)
    }

    #[tokio::test]
    async fn every_row_is_read_once_whatever_a_page_holds() {
        for rows in [0, 1, 2, 99, 100, 101, 250] {
            let keys: Vec<u32> = (1..=rows).collect();
            let wanted: Vec<String> = keys.iter().map(u32::to_string).collect();
            for most in [1, 2, 3, 50, 100, 1_000] {
                let served = Served(keys.clone(), most);
                assert_eq!(read(&served, None).await.unwrap(), wanted, "{rows} by {most}");
                let last = rows.to_string();
                assert_eq!(read(&served, Some(&last)).await.unwrap(), wanted, "{rows} by {most}");
            }
        }
    }

    #[tokio::test]
    async fn a_key_that_two_rows_share_is_refused_also_where_a_page_ends_between_them() {
        // The server sends 40 at once, and the first page cannot know it; the first one of rows is too short.
        for first in (1..=160).filter(|first| ![10, 40].contains(first)) {
            let mut keys: Vec<u32> = (1..=160).collect();
            keys.insert(first as usize, first);
            let error = read(&Served(keys, 40), None).await.unwrap_err();
            assert_eq!(error.name(), ErrorName::SourceRefused, "{first}");
            assert!(error.chain().contains("unique"), "{}", error.chain());
        }
    }

    /// Rows of which the middle third are long, and what was asked for at once.
    struct Uneven(std::cell::RefCell<Vec<(u32, usize)>>);

    impl Rows for Uneven {
        async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
            let after = range.after.map_or(0, |after| after.parse::<u32>().unwrap());
            let rows = (after + 1..=3_000).take(limit.min(1_000) as usize);
            let length = |key: &u32| if (1_001..=1_100).contains(key) { 1 << 20 } else { 1_000 };
            let lines: Vec<_> = rows
                .map(|key| format!("{{\"id\":{key},\"text\":\"{}\"}}", "x".repeat(length(&key))))
                .collect();
            let body = lines.join("\n").into_bytes();
            self.0.borrow_mut().push((limit, body.len()));
            Ok(Page::of_lines(&body))
        }

        async fn keys(&self, _: Range<'_>, _: u32) -> Result<Vec<String>, StageError> {
            unreachable!("no key is read")
        }

        async fn count(&self, _: Range<'_>, _: bool) -> Result<u64, StageError> {
            unreachable!("nothing is counted")
        }

        async fn bounds(&self, _: Range<'_>) -> Result<Option<(String, String)>, StageError> {
            unreachable!("no bound is asked for")
        }
    }

    #[tokio::test]
    async fn rows_that_are_long_are_asked_for_a_few_at_a_time() {
        let (source, uneven) = (source(), Uneven(std::cell::RefCell::default()));
        let long = Range::of(&source, Some("1000"), None);
        let (mut scan, mut lines) = (uneven.scan(long), Vec::new());
        while scan.read(&mut lines).await.unwrap() > 0 {
            lines.clear();
        }
        let pages = uneven.0.take();
        assert!(pages.iter().all(|(_, bytes)| *bytes <= 33 << 20), "{pages:?}");
        assert!(pages.iter().any(|(limit, _)| *limit >= 1_000), "and short ones are many again: {pages:?}");
        for (one, next) in pages.iter().zip(&pages[1..]) {
            assert!(next.0 <= (one.0 * 2).max(10), "{pages:?}");
        }
        let page = first(&uneven, long, 200).await.unwrap();
        assert_eq!(page.rows().unwrap().len(), 10, "long enough for a sample");
        let page = first(&uneven, Range::of(&source, Some("1100"), None), 200).await.unwrap();
        assert_eq!(page.rows().unwrap().len(), 200);
    }

    #[tokio::test]
    async fn a_server_that_does_not_move_on_is_refused() {
        /// Every page is the first.
        struct Stuck;
        impl Rows for Stuck {
            async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
                Served((1..=500).collect(), 40).page(Range { after: None, ..range }, limit).await
            }

            async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
                Served((1..=500).collect(), 40).keys(Range { after: None, ..range }, limit).await
            }

            async fn count(&self, _: Range<'_>, _: bool) -> Result<u64, StageError> {
                unreachable!("nothing is counted")
            }

            async fn bounds(&self, _: Range<'_>) -> Result<Option<(String, String)>, StageError> {
                unreachable!("no bound is asked for")
            }
        }
        let source = source();
        let mut pages = KeyPages::new(&Stuck, Range::all(&source));
        assert_eq!(pages.read().await.unwrap().len(), 40);
        assert!(pages.read().await.unwrap_err().chain().contains("does not move on"));
        let (mut scan, mut lines) = (Stuck.scan(Range::all(&source)), Vec::new());
        assert_eq!(scan.read(&mut lines).await.unwrap(), 10);
        assert!(scan.read(&mut lines).await.unwrap_err().chain().contains("does not move on"));
    }
}
