//! One request, taken apart.

use super::database::Database;
use super::keys::Principal;
use super::prefer::Prefer;
use super::query::Query;
use axum::http::{HeaderMap, Method};

/// A request to a table or function.
pub(crate) struct Call<'a> {
    /// Where it runs.
    pub(crate) database: &'a Database,
    /// The server's cap.
    pub(crate) max_rows: u64,
    /// Who asks.
    pub(crate) who: Principal,
    /// HTTP method.
    pub(crate) method: &'a Method,
    /// Its headers.
    pub(crate) headers: &'a HeaderMap,
    /// Its query string.
    pub(crate) query: Query,
    /// Its preferences.
    pub(crate) prefer: Prefer,
    /// Its body.
    pub(crate) body: &'a [u8],
}
