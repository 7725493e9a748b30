//! Rows over a connection to the database itself.
//!
//! | module | holds |
//! |---|---|
//! | `address` | the secret: connection string and certificate authority |
//! | `session` | one connection and its settings |
//! | `shape` | a source's types, and its relation to consent |
//! | `sql` | the statements |
//! | `scan` | pages of rows, each one `COPY` |
//! | `copy`, `value` | the binary form, as JSON |
//! | `refusal` | what the database's errors mean |
//!
//! It needs a connection of its own for as long as it reads: the session pooler (port 5432) or the database itself.
//! `COPY` prepares a statement by name, which a transaction pooler would lose; its port is refused.

mod address;
mod copy;
mod refusal;
mod scan;
mod session;
mod shape;
mod sql;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use backon::Retryable as _;
use jiff::Timestamp;
use records::recipe::Source;
use secrecy::{ExposeSecret as _, SecretString};
use stage::plan_file::Counted;
use stage::schema_file::Tables;
use stage::{ErrorName, StageError};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use self::address::Address;
use self::refusal::failed;
use self::scan::CopyScan;
use self::session::Session;
use self::shape::Shape;
use crate::patience::patience;
use crate::refusal::Asked;
use crate::rows::{Page, Range, Rows, Scan, type_name};

/// A project's database. Nothing is connected before the first question; one connection serves one question at a time.
pub struct Postgres {
    address: Address,
    session: Mutex<Option<Arc<Session>>>,
    shapes: Mutex<BTreeMap<(String, String, String), Arc<Shape>>>,
}

impl Postgres {
    /// Reads the secret: the session pooler's connection string, and below it, in PEM, the certificate of the authority
    /// that signed the server's (Supabase has one of its own).
    ///
    /// # Errors
    /// `SourceRefused` when it is no connection string, names the transaction pooler or would go without TLS.
    pub fn new(secret: &SecretString) -> Result<Self, StageError> {
        Ok(Self {
            address: Address::parse(secret.expose_secret())?,
            session: Mutex::default(),
            shapes: Mutex::default(),
        })
    }

    fn asked<'a>(&'a self, source: &'a Source, consented: bool) -> Asked<'a> {
        let consent = Some(&source.consent).filter(|_| consented);
        Asked { what: &source.table, consent, role: self.address.user() }
    }

    /// Returns the connection, a new one if there is none that works.
    async fn session(&self, asked: Asked<'_>) -> Result<Arc<Session>, StageError> {
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.as_ref().filter(|session| !session.is_closed()) {
            return Ok(session.clone());
        }
        let connected = async {
            let session = self.address.connect().await?;
            session.set_up().await?;
            Ok(session)
        };
        let session = Arc::new(connected.await.map_err(|error: Error| failed(error, asked))?);
        Ok(kept.insert(session).clone())
    }

    /// Asks until it is answered, with patience. Every question may be repeated: all of them only read.
    async fn ask<T>(
        &self,
        asked: Asked<'_>,
        question: impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, StageError> {
        let once = async || {
            let session = self.session(asked).await?;
            question(&session.client).await.map_err(|error| failed(error, asked))
        };
        once.retry(patience())
            .when(|error: &StageError| error.name().is_retryable())
            .notify(|error, wait| warn(asked.what, error, wait))
            .await
    }

    /// Returns the rows of a statement, as texts.
    async fn rows(&self, asked: Asked<'_>, sql: &str) -> Result<Vec<SimpleQueryRow>, StageError> {
        let answer = self.ask(asked, async |client| client.simple_query(sql).await).await?;
        let rows = answer.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Returns the one row of a statement.
    async fn row(&self, asked: Asked<'_>, sql: &str) -> Result<Vec<Option<String>>, StageError> {
        let row = self.rows(asked, sql).await?.into_iter().next();
        let row = row.ok_or_else(|| StageError::internal(format!("{} answered no row", asked.what)))?;
        Ok((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
    }

    /// Returns what a source's rows look like; asked once a source.
    async fn shape(&self, source: &Source) -> Result<Arc<Shape>, StageError> {
        // Two sources may differ by the way to consent alone.
        let consent = format!("{:?}", source.consent);
        let (describe, catalogue) = (sql::describe(source), sql::catalogue(source));
        let looks = (describe, catalogue, consent);
        let mut shapes = self.shapes.lock().await;
        if let Some(shape) = shapes.get(&looks) {
            return Ok(shape.clone());
        }
        let shape = Arc::new(self.look(source, &looks.0, &looks.1).await?);
        shapes.insert(looks, shape.clone());
        Ok(shape)
    }

    async fn look(&self, source: &Source, describe: &str, catalogue: &str) -> Result<Shape, StageError> {
        let asked = self.asked(source, true);
        let types = self
            .ask(asked, async |client| {
                let statement = client.prepare(describe).await?;
                Ok(statement.columns().iter().map(|column| column.type_().clone()).collect::<Vec<_>>())
            })
            .await?;
        let catalogue = self.row(asked, catalogue).await?;
        let catalogue = catalogue.into_iter().next().flatten().unwrap_or_default();
        let catalogue = serde_json::from_str(&catalogue)
            .map_err(|_| StageError::internal("the catalogue answered another shape"))?;
        Shape::new(source, &types, &catalogue)
    }
}

/// Reads counts.
fn numbers<const N: usize>(source: &Source, row: Vec<Option<String>>) -> Result<[u64; N], StageError> {
    let numbers: Option<Vec<u64>> = row.into_iter().map(|number| number?.parse().ok()).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(|| {
        let text = format!("{} answered without a count", source.table);
        StageError::new(ErrorName::SourceRefused, text)
    })
}

fn warn(what: &str, error: &StageError, wait: Duration) {
    tracing::warn!(
        source.asked = what,
        error.message = error.chain(),
        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        "trying again"
    );
}

impl Rows for Postgres {
    async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
        let mut scan = CopyScan::first(self, range, limit);
        let mut lines = Vec::new();
        while scan.read(&mut lines).await? > 0 {}
        Ok(Page::of_lines(&lines))
    }

    fn scan<'a>(&'a self, range: Range<'a>) -> impl Scan + 'a {
        CopyScan::all(self, range)
    }

    async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
        let shape = self.shape(range.source).await?;
        let rows = self.rows(self.asked(range.source, true), &sql::keys(&shape, range, limit)).await?;
        Ok(rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect())
    }

    async fn reach_consent(&self, source: &Source) -> Result<(), StageError> {
        self.shape(source).await.map(|_| ())
    }

    async fn count(&self, range: Range<'_>, consented: bool) -> Result<u64, StageError> {
        let shape = self.shape(range.source).await?;
        let asked = self.asked(range.source, consented);
        let row = self.row(asked, &sql::count(&shape, range, consented)).await?;
        numbers(range.source, row).map(|[count]| count)
    }

    async fn counts(&self, range: Range<'_>) -> Result<Counted, StageError> {
        let shape = self.shape(range.source).await?;
        let row = self.row(self.asked(range.source, true), &sql::counts(&shape, range)).await?;
        numbers(range.source, row).map(|[rows, consented]| Counted { rows, consented })
    }

    async fn now(&self, source: &Source) -> Result<Option<Timestamp>, StageError> {
        let row = self.row(self.asked(source, false), sql::now()).await?;
        let microsecond = row.into_iter().next().flatten().and_then(|text| text.parse().ok());
        Ok(microsecond.and_then(|microsecond| Timestamp::from_microsecond(microsecond).ok()))
    }

    async fn tables(&self, names: &[&str]) -> Result<Option<Tables>, StageError> {
        let asked = Asked { what: "the catalogue", consent: None, role: self.address.user() };
        let mut tables = Tables::new();
        for row in self.rows(asked, &sql::types(names)).await? {
            if let [Some(table), Some(column), Some(kind)] = [0, 1, 2].map(|at| row.get(at)) {
                let columns = tables.entry(table.to_owned()).or_default();
                columns.insert(column.to_owned(), type_name(kind));
            }
        }
        Ok(Some(tables))
    }

    async fn bounds(&self, range: Range<'_>) -> Result<Option<(String, String)>, StageError> {
        let shape = self.shape(range.source).await?;
        let row = self.row(self.asked(range.source, false), &sql::bounds(&shape, range)).await?;
        let mut edges = row.into_iter();
        Ok(edges.next().flatten().zip(edges.next().flatten()))
    }

    async fn cuts(&self, source: &Source, rows: u64, pieces: u64) -> Result<Vec<String>, StageError> {
        if pieces < 2 {
            return Ok(Vec::new());
        }
        let shape = self.shape(source).await?;
        let cuts = self.rows(self.asked(source, false), &sql::cuts(&shape, source, rows, pieces)).await?;
        Ok(cuts.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect())
    }
}
