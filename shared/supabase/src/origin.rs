//! Where a deployment reads rows: one of the two adapters.

use jiff::Timestamp;
use records::recipe::Source;
use secrecy::SecretString;
use stage::StageError;
use stage::plan_file::Counted;
use stage::schema_file::Tables;

use crate::rows::{Page, Range, Rows, Scan};
use crate::{Gateway, Postgres};

/// A source of rows. Both give the same rows; the database is several times as fast, the gateway needs a key alone.
pub enum Origin {
    /// Over the REST gateway.
    Rest(Gateway),
    /// Over a connection to the database.
    Postgres(Box<Postgres>),
}

impl Origin {
    /// Takes the database where a deployment has its address, the gateway otherwise.
    ///
    /// # Errors
    /// As [`Postgres::new`].
    pub fn new(gateway: &Gateway, database: Option<&SecretString>) -> Result<Self, StageError> {
        match database {
            Some(address) => Ok(Self::Postgres(Box::new(Postgres::new(address)?))),
            None => Ok(Self::Rest(gateway.clone())),
        }
    }
}

impl Rows for Origin {
    async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
        match self {
            Self::Rest(rows) => rows.page(range, limit).await,
            Self::Postgres(rows) => rows.page(range, limit).await,
        }
    }

    fn scan<'a>(&'a self, range: Range<'a>) -> impl Scan + 'a {
        match self {
            Self::Rest(rows) => Either::Rest(rows.scan(range)),
            Self::Postgres(rows) => Either::Postgres(rows.scan(range)),
        }
    }

    async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
        match self {
            Self::Rest(rows) => rows.keys(range, limit).await,
            Self::Postgres(rows) => rows.keys(range, limit).await,
        }
    }

    async fn reach_consent(&self, source: &Source) -> Result<(), StageError> {
        match self {
            Self::Rest(rows) => rows.reach_consent(source).await,
            Self::Postgres(rows) => rows.reach_consent(source).await,
        }
    }

    async fn count(&self, range: Range<'_>, consented: bool) -> Result<u64, StageError> {
        match self {
            Self::Rest(rows) => rows.count(range, consented).await,
            Self::Postgres(rows) => rows.count(range, consented).await,
        }
    }

    async fn counts(&self, range: Range<'_>) -> Result<Counted, StageError> {
        match self {
            Self::Rest(rows) => rows.counts(range).await,
            Self::Postgres(rows) => rows.counts(range).await,
        }
    }

    async fn now(&self, source: &Source) -> Result<Option<Timestamp>, StageError> {
        match self {
            Self::Rest(rows) => rows.now(source).await,
            Self::Postgres(rows) => rows.now(source).await,
        }
    }

    async fn tables(&self, names: &[&str]) -> Result<Option<Tables>, StageError> {
        match self {
            Self::Rest(rows) => rows.tables(names).await,
            Self::Postgres(rows) => rows.tables(names).await,
        }
    }

    async fn bounds(&self, range: Range<'_>) -> Result<Option<(String, String)>, StageError> {
        match self {
            Self::Rest(rows) => rows.bounds(range).await,
            Self::Postgres(rows) => rows.bounds(range).await,
        }
    }

    async fn cuts(&self, source: &Source, rows: u64, pieces: u64) -> Result<Vec<String>, StageError> {
        match self {
            Self::Rest(origin) => origin.cuts(source, rows, pieces).await,
            Self::Postgres(origin) => origin.cuts(source, rows, pieces).await,
        }
    }
}

/// A scan of either.
enum Either<R, P> {
    Rest(R),
    Postgres(P),
}

impl<R: Scan, P: Scan> Scan for Either<R, P> {
    async fn read(&mut self, lines: &mut Vec<u8>) -> Result<u64, StageError> {
        match self {
            Self::Rest(scan) => scan.read(lines).await,
            Self::Postgres(scan) => scan.read(lines).await,
        }
    }
}
