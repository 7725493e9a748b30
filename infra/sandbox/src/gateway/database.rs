//! Connections, transactions in the caller's role, and the schema cache.

use super::catalog::Catalog;
use super::error::ApiError;
use super::keys::Principal;
use super::sql::Sql;
use crate::start::StartError;
use axum::http::StatusCode;
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Transaction};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::{IsolationLevel, NoTls};

/// Requests served at once; more wait for a connection.
const CONNECTIONS: usize = 16;
/// What the hosted API allows its roles: 3 s for anon, 8 s for the others.
const ANON_TIMEOUT_MS: &str = "3000";
const TIMEOUT_MS: &str = "8000";

/// The database behind the gateway.
pub(crate) struct Database {
    pool: Pool,
    catalog: Mutex<Option<Arc<Catalog>>>,
}

impl Database {
    /// Connects once, so that a wrong address is noticed at the start.
    pub(crate) async fn connect(url: &str) -> Result<Self, StartError> {
        // The driver's own message may quote the address with its password.
        let config = url
            .parse::<tokio_postgres::Config>()
            .map_err(|_| StartError::Database("the URL can't be parsed".to_owned()))?;
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|e| StartError::Database(e.to_string()))?;
        let client = pool.get().await.map_err(|e| StartError::Database(causes(&e)))?;
        drop(client);
        Ok(Self { pool, catalog: Mutex::new(None) })
    }

    /// A connection of its own.
    pub(crate) async fn client(&self) -> Result<Client, ApiError> {
        Ok(self.pool.get().await?)
    }

    /// Looks something up in the schema cache; when it is missing, once more in a fresh one.
    pub(crate) async fn lookup<T>(
        &self,
        find: impl Fn(&Arc<Catalog>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let cached = self.catalog.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(found) = cached.as_ref().and_then(|catalog| find(catalog).ok()) {
            return Ok(found);
        }
        let fresh = Arc::new(self.read_catalog().await?);
        *self.catalog.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh.clone());
        find(&fresh)
    }

    async fn read_catalog(&self) -> Result<Catalog, ApiError> {
        let client = self.client().await?;
        let row =
            client.query_one(Catalog::SQL, &[]).await.map_err(|e| ApiError::database(&e, "postgres"))?;
        serde_json::from_str(row.get(0)).map_err(|e| {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            ApiError::new(status, "PGRST002", "Could not query the database for the schema cache.")
                .details(e.to_string())
        })
    }
}

/// Opens a transaction with the caller's role and claims. Everything set is local to it.
pub(crate) async fn begin<'a>(
    client: &'a mut Client,
    who: &Principal,
    read_only: bool,
) -> Result<Transaction<'a>, ApiError> {
    // Repeatable read for reads: rows and their count come from one snapshot.
    let level = if read_only { IsolationLevel::RepeatableRead } else { IsolationLevel::ReadCommitted };
    let fail = |e| ApiError::database(&e, &who.role);
    let transaction =
        client.build_transaction().isolation_level(level).read_only(read_only).start().await.map_err(fail)?;
    let timeout = if who.role == "anon" { ANON_TIMEOUT_MS } else { TIMEOUT_MS };
    let claims = who.claims.to_string();
    transaction
        .query_one(
            "SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true), \
             set_config('statement_timeout', $3, true), \
             set_config('search_path', '\"public\", \"extensions\"', true)",
            &[&who.role, &claims, &timeout],
        )
        .await
        .map_err(fail)?;
    Ok(transaction)
}

/// Runs a statement whose one column is JSON text.
pub(crate) async fn texts(
    transaction: &Transaction<'_>,
    sql: &Sql,
    role: &str,
) -> Result<Vec<String>, ApiError> {
    let rows = transaction.query(&sql.text, &sql.params()).await.map_err(|e| ApiError::database(&e, role))?;
    Ok(rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_else(|| "null".to_owned())).collect())
}

/// An error with its causes, innermost last.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
