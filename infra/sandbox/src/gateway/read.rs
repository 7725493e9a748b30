//! `GET` and `HEAD` of a table.

use super::answer::{Form, respond};
use super::database::{begin, texts};
use super::error::ApiError;
use super::request::Call;
use super::sql::{self, Join, Sql};
use super::window::Window;
use axum::response::Response;

/// Answers a read.
pub(crate) async fn read(call: &Call<'_>, table: &str) -> Result<Response, ApiError> {
    let window = Window::new(&call.query, call.headers, call.max_rows)?;
    let form = Form::new(call.headers)?;
    let (page, count) = call
        .database
        .lookup(|catalog| {
            catalog.table(table)?;
            let joins = Join::all(catalog, table, &call.query)?;
            let source = format!("\"public\".{}", sql::name(table));
            Ok(statements(call, &source, table, &joins, window))
        })
        .await?;
    let mut client = call.database.client().await?;
    let transaction = begin(&mut client, &call.who, true).await?;
    let rows = texts(&transaction, &page, &call.who.role).await?;
    let total = match call.prefer.count {
        Some(_) => texts(&transaction, &count, &call.who.role).await?.first().and_then(|n| n.parse().ok()),
        None => None,
    };
    transaction.commit().await.map_err(|e| ApiError::database(&e, &call.who.role))?;
    let (status, range) = window.answer(rows.len() as u64, total)?;
    let body = form.body(&rows)?;
    Ok(respond(status, form, Some(body), Some(&range), call.prefer))
}

/// The page's statement and its count's.
pub(crate) fn statements(
    call: &Call<'_>,
    source: &str,
    table: &str,
    joins: &[Join<'_>],
    window: Window,
) -> (Sql, Sql) {
    let mut page = Sql::new("SELECT row_to_json(_r)::text FROM (");
    sql::rows(&mut page, source, table, &call.query, joins);
    sql::filters(&mut page, table, &call.query, joins);
    sql::order(&mut page, table, &call.query);
    sql::window(&mut page, window);
    page.push(") _r");
    let mut count = Sql::new("SELECT count(*)::text FROM (");
    sql::matches(&mut count, source, table, &call.query, joins);
    sql::filters(&mut count, table, &call.query, joins);
    count.push(") _c");
    (page, count)
}
