//! Rows of a range, page by page, each page one `COPY`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, Sleeper as _, TokioSleeper};
use futures_util::StreamExt as _;
use records::row::Row;
use stage::{ErrorName, StageError};
use tokio::time::timeout;
use tokio_postgres::CopyOutStream;

use super::copy::Copy;
use super::refusal::failed;
use super::session::Session;
use super::shape::Shape;
use super::{Postgres, sql};
use crate::pages::{not_unique, stuck};
use crate::patience::patience;
use crate::rows::{Range, Scan};

/// One statement reads so many rows: some seconds, so that no statement lives as long as a slice and holds old rows.
const PAGE_ROWS: u32 = 50_000;
/// One read appends about so much.
const READ_BYTES: usize = 256 << 10;
/// Longer than the statement timeout: the first row of a page may have to be looked for.
const SILENCE: Duration = Duration::from_mins(6);

/// A scan. What is under way ends with it.
pub(super) struct CopyScan<'a> {
    database: &'a Postgres,
    range: Range<'a>,
    page_rows: u32,
    only: bool,
    last: Option<String>,
    page: Option<Page>,
    done: bool,
}

/// One statement's rows.
struct Page {
    session: Arc<Session>,
    stream: Pin<Box<CopyOutStream>>,
    copy: Copy,
}

impl<'a> CopyScan<'a> {
    /// Reads all rows of the range.
    pub(super) fn all(database: &'a Postgres, range: Range<'a>) -> Self {
        Self::new(database, range, PAGE_ROWS, false)
    }

    /// Reads its first rows.
    pub(super) fn first(database: &'a Postgres, range: Range<'a>, rows: u32) -> Self {
        Self::new(database, range, rows, true)
    }

    fn new(database: &'a Postgres, range: Range<'a>, page_rows: u32, only: bool) -> Self {
        Self { database, range, page_rows, only, last: None, page: None, done: false }
    }

    /// Appends rows until there are enough, the page ends or it breaks: then what came before counts.
    async fn fill(&mut self, lines: &mut Vec<u8>) -> Result<u64, StageError> {
        let shape = self.database.shape(self.range.source).await?;
        let mut page = match self.page.take() {
            Some(page) => page,
            None => self.open(&shape).await?,
        };
        let (begun, held) = (page.copy.rows(), lines.len());
        while lines.len() - held < READ_BYTES {
            match timeout(SILENCE, page.stream.next()).await {
                Ok(Some(Ok(message))) => {
                    page.copy.feed(&shape, &message, lines).map_err(|_| {
                        StageError::internal(format!("{} came in an unknown form", self.range.source.table))
                    })?;
                    if page.copy.has_shared_key() {
                        page.session.close();
                        return Err(not_unique(self.range.source));
                    }
                }
                Ok(None) if !page.copy.is_whole() => {
                    let text = format!("{} broke off", self.range.source.table);
                    return broken(&page, begun, StageError::new(ErrorName::Unavailable, text));
                }
                Ok(None) => {
                    // One statement sees one state of the table: fewer than asked for are all.
                    self.done = self.only || page.copy.rows() < u64::from(self.page_rows);
                    return Ok(page.copy.rows() - begun);
                }
                Ok(Some(Err(error))) => {
                    let error = failed(error, self.database.asked(self.range.source, true));
                    return broken(&page, begun, error);
                }
                Err(_) => {
                    let text = format!("{} sent nothing for minutes", self.range.source.table);
                    return broken(&page, begun, StageError::new(ErrorName::Unavailable, text));
                }
            }
        }
        let rows = page.copy.rows() - begun;
        self.page = Some(page);
        Ok(rows)
    }

    async fn open(&self, shape: &Shape) -> Result<Page, StageError> {
        let range = Range { after: self.last.as_deref().or(self.range.after), ..self.range };
        let asked = self.database.asked(range.source, true);
        let session = self.database.session(asked).await?;
        let sql = sql::page(shape, range, self.page_rows);
        let stream = timeout(SILENCE, session.client.copy_out(&sql)).await;
        match stream {
            Ok(Ok(stream)) => Ok(Page { session, stream: Box::pin(stream), copy: Copy::default() }),
            Ok(Err(error)) => Err(failed(error, asked)),
            Err(_) => {
                session.close();
                let text = format!("{} got no answer for minutes", range.source.table);
                Err(StageError::new(ErrorName::Unavailable, text))
            }
        }
    }

    /// Reads the key of the last line.
    fn behind(&self, lines: &[u8]) -> Result<String, StageError> {
        let line = lines.strip_suffix(b"\n").unwrap_or(lines);
        let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let key = Row::parse(line).ok().and_then(|row| row.text(&self.range.source.key));
        let before = self.last.as_deref().or(self.range.after);
        key.filter(|key| Some(key.as_str()) != before).ok_or_else(|| stuck(self.range.source))
    }
}

/// Gives a page up. Rows that were read count; without any the failure does.
fn broken(page: &Page, begun: u64, error: StageError) -> Result<u64, StageError> {
    page.session.close();
    let rows = page.copy.rows() - begun;
    if rows == 0 || !error.name().is_retryable() { Err(error) } else { Ok(rows) }
}

impl Scan for CopyScan<'_> {
    async fn read(&mut self, lines: &mut Vec<u8>) -> Result<u64, StageError> {
        let held = lines.len();
        let mut waits = patience().build();
        while !self.done {
            match self.fill(lines).await {
                // A page may end exactly where a read did.
                Ok(0) => {}
                Ok(rows) => {
                    self.last = Some(self.behind(&lines[held..])?);
                    return Ok(rows);
                }
                Err(error) => {
                    lines.truncate(held);
                    let wait = waits.next().filter(|_| error.name().is_retryable());
                    let Some(wait) = wait else { return Err(error) };
                    super::warn(&self.range.source.table, &error, wait);
                    TokioSleeper.sleep(wait).await;
                }
            }
        }
        Ok(0)
    }
}

impl Drop for CopyScan<'_> {
    fn drop(&mut self) {
        if let Some(page) = &self.page {
            // The server would send the rest of the page first.
            page.session.close();
        }
    }
}
