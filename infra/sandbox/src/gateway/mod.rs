//! Supabase's REST gateway over a real `PostgreSQL`.
//!
//! The gateway's key rules come first ([`keys`]), then what `PostgREST` does: the query string is
//! parsed ([`query`], [`filter`], [`select`], [`order`]), rendered as one statement ([`sql`]) and run in
//! a transaction with the caller's role ([`database`]), so grants, row-level security and timeouts
//! are Postgres's own.

mod answer;
mod catalog;
mod database;
mod error;
mod filter;
mod jwt;
mod keys;
mod order;
mod payload;
mod prefer;
mod query;
mod read;
mod request;
mod rpc;
mod select;
mod sql;
mod window;
mod write;

use crate::cli::Cli;
use crate::start::StartError;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use catalog::Catalog;
use database::Database;
use error::ApiError;
use keys::Keys;
use prefer::Prefer;
use query::Query;
use request::Call;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

struct Gateway {
    database: Database,
    keys: Keys,
    max_rows: u64,
}

/// The routes of `/rest/v1`.
pub(crate) async fn router(cli: &Cli) -> Result<Router, StartError> {
    let gateway = Gateway {
        database: Database::connect(&cli.database_url).await?,
        keys: Keys::new(&cli.secret_key, cli.publishable_key.as_deref(), cli.jwt_secret.as_deref()),
        max_rows: cli.max_rows,
    };
    Ok(Router::new()
        .route("/rest/v1", any(root))
        .route("/rest/v1/", any(root))
        .route("/rest/v1/{table}", any(table))
        .route("/rest/v1/rpc/{function}", any(function))
        .route("/rest/v1/{table}/{*more}", any(no_path))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(gateway)))
}

async fn root(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    answer(&gateway, request, Target::Root).await
}

async fn table(State(gateway): State<Arc<Gateway>>, Path(name): Path<String>, request: Request) -> Response {
    answer(&gateway, request, Target::Table(&name)).await
}

async fn function(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    answer(&gateway, request, Target::Function(&name)).await
}

async fn no_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "PGRST125", "Invalid path specified in request URL")
}

#[derive(Clone, Copy)]
enum Target<'a> {
    Root,
    Table(&'a str),
    Function(&'a str),
}

async fn answer(gateway: &Gateway, request: Request, target: Target<'_>) -> Response {
    let head = request.method() == Method::HEAD;
    let response = handle(gateway, request, target).await.unwrap_or_else(ApiError::into_response);
    if head { response.map(|_| Body::empty()) } else { response }
}

async fn handle(gateway: &Gateway, request: Request, target: Target<'_>) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    // The gateway asks for a key before PostgREST parses anything.
    let query_key = query.as_ref().ok().and_then(|q| q.apikey.as_deref());
    let who = gateway.keys.principal(&parts.headers, query_key, now())?;
    let body: Bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|_| ApiError::body("The request body could not be read"))?;
    schema(&parts.headers)?;
    let call = Call {
        database: &gateway.database,
        max_rows: gateway.max_rows,
        who,
        method: &parts.method,
        headers: &parts.headers,
        query: query?,
        prefer: Prefer::new(&parts.headers),
        body: &body,
    };
    match (target, parts.method.as_str()) {
        (Target::Root, "GET" | "HEAD") => describe(&call).await,
        (Target::Table(name), "GET" | "HEAD") => read::read(&call, name).await,
        (Target::Table(name), "POST" | "PATCH" | "DELETE") => write::write(&call, name).await,
        (Target::Function(name), "POST") => rpc::call(&call, name).await,
        (_, method) => {
            let message = format!("Unsupported HTTP method: {method}");
            Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "PGRST117", message))
        }
    }
}

/// A short form of the API description `PostgREST` serves at its root: the names of the tables, their columns and types,
/// and where a column's foreign key leads.
async fn describe(call: &Call<'_>) -> Result<Response, ApiError> {
    let description = call.database.lookup(|catalog| Ok(description(catalog))).await?;
    Ok(axum::Json(description).into_response())
}

fn description(catalog: &Catalog) -> Value {
    let tables = &catalog.tables;
    let paths: Map<_, _> = tables.keys().map(|name| (format!("/{name}"), json!({}))).collect();
    let property = |table: &str, column: &str, format: &str| match catalog.leads_to(table, column) {
        Some((to, of)) => {
            let note =
                format!("Note:\nThis is a Foreign Key to `{to}.{of}`.<fk table='{to}' column='{of}'/>");
            json!({"format": format, "description": note})
        }
        None => json!({"format": format}),
    };
    let definition = |name: &String, table: &catalog::Table| {
        let columns = table.columns.iter();
        let columns: Map<_, _> =
            columns.map(|(column, it)| (column.clone(), property(name, column, &it.format))).collect();
        (name.clone(), json!({"type": "object", "properties": columns}))
    };
    let definitions: Map<_, _> = tables.iter().map(|(name, table)| definition(name, table)).collect();
    json!({"swagger": "2.0", "paths": paths, "definitions": definitions})
}

/// Only `public` is exposed.
fn schema(headers: &axum::http::HeaderMap) -> Result<(), ApiError> {
    for name in [
        header::HeaderName::from_static("accept-profile"),
        header::HeaderName::from_static("content-profile"),
    ] {
        match headers.get(name).and_then(|v| v.to_str().ok()) {
            None | Some("public") => {}
            Some(other) => {
                let message = format!("Invalid schema: {other}");
                return Err(ApiError::new(StatusCode::NOT_ACCEPTABLE, "PGRST106", message)
                    .hint("Only the following schemas are exposed: public"));
            }
        }
    }
    Ok(())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
