//! `POST`, `PATCH` and `DELETE` of a table.

use super::answer::{Form, respond};
use super::catalog::Table;
use super::database::{begin, texts};
use super::error::ApiError;
use super::payload::Payload;
use super::request::Call;
use super::select::Item;
use super::sql::{self, Join, Sql};
use super::window::content_range;
use axum::http::{Method, StatusCode};
use axum::response::Response;

/// Answers a change.
pub(crate) async fn write(call: &Call<'_>, table: &str) -> Result<Response, ApiError> {
    let form = Form::new(call.headers)?;
    let payload = match *call.method {
        Method::DELETE => None,
        _ => Some(Payload::parse(call.body, call.query.columns.as_deref())?),
    };
    let wants_rows = call.prefer.rows == Some(true);
    if payload.as_ref().is_some_and(|p| p.changes_nothing(call.method)) {
        return Ok(finish(call, form, &[], 0, wants_rows));
    }
    let statement = call
        .database
        .lookup(|catalog| {
            let columns = catalog.table(table)?;
            let joins = Join::all(catalog, table, &call.query)?;
            render(call, table, columns, &joins, payload.as_ref(), wants_rows)
        })
        .await?;
    let mut client = call.database.client().await?;
    let transaction = begin(&mut client, &call.who, false).await?;
    let failed = |e| ApiError::database(&e, &call.who.role);
    let (rows, changed) = if wants_rows {
        let rows = texts(&transaction, &statement, &call.who.role).await?;
        let changed = rows.len() as u64;
        (rows, changed)
    } else {
        let changed = transaction.execute(&statement.text, &statement.params()).await.map_err(failed)?;
        (vec![], changed)
    };
    if form == Form::Object && changed != 1 {
        // Dropping the transaction rolls the change back, as PostgREST does.
        return Err(ApiError::not_single(usize::try_from(changed).unwrap_or(usize::MAX)));
    }
    transaction.commit().await.map_err(failed)?;
    Ok(finish(call, form, &rows, changed, wants_rows))
}

fn finish(call: &Call<'_>, form: Form, rows: &[String], changed: u64, wants_rows: bool) -> Response {
    let status = match (call.method, wants_rows) {
        (&Method::POST, _) => StatusCode::CREATED,
        (_, true) => StatusCode::OK,
        (_, false) => StatusCode::NO_CONTENT,
    };
    let total = call.prefer.count.map(|_| changed);
    let shown = if *call.method == Method::PATCH { changed } else { 0 };
    let body = if wants_rows { form.body(rows).ok() } else { None };
    respond(status, form, body, Some(&content_range(0, shown, total)), call.prefer)
}

fn render(
    call: &Call<'_>,
    table: &str,
    columns: &Table,
    joins: &[Join<'_>],
    payload: Option<&Payload>,
    wants_rows: bool,
) -> Result<Sql, ApiError> {
    let target = format!("\"public\".{}", sql::name(table));
    let mut sql = Sql::new(if wants_rows { "WITH pgrst_source AS (" } else { "" });
    match payload {
        None => sql.push(&format!("DELETE FROM {target}")),
        Some(payload) => {
            let record = payload.record(&mut sql, table, columns, call.prefer.defaults)?;
            let names: Vec<String> = payload.keys.iter().map(|k| sql::name(k)).collect();
            if *call.method == Method::PATCH {
                let set: Vec<String> = names.iter().map(|n| format!("{n} = _src.{n}")).collect();
                sql.push(&format!(
                    "UPDATE {target} SET {} FROM (SELECT * FROM {record}) AS _src",
                    set.join(", ")
                ));
            } else if names.is_empty() {
                sql.push(&format!("INSERT INTO {target} DEFAULT VALUES"));
            } else {
                let names = names.join(", ");
                sql.push(&format!("INSERT INTO {target} ({names}) SELECT {names} FROM {record}"));
                sql.push(&conflict(call, columns, &payload.keys));
            }
        }
    }
    if *call.method != Method::POST {
        if !call.query.filters.iter().any(|(on, _)| on.is_none()) {
            return Err(unfiltered(call.method));
        }
        sql::filters(&mut sql, table, &call.query, &[]);
    }
    if wants_rows {
        sql.push(&format!(
            " RETURNING {}) SELECT row_to_json(_r)::text FROM (",
            returning(table, call, joins)
        ));
        sql::rows(&mut sql, &format!("pgrst_source AS {}", sql::name(table)), table, &call.query, joins);
        sql.push(") _r");
    }
    Ok(sql)
}

/// The columns the answer needs: only these have to be readable.
fn returning(table: &str, call: &Call<'_>, joins: &[Join<'_>]) -> String {
    let mut names: Vec<String> = Vec::new();
    for item in &call.query.select {
        match item {
            Item::All => return format!("{}.*", sql::name(table)),
            Item::Column { column, .. } => names.push(sql::column(table, column)),
            Item::Embed(_) => {}
        }
    }
    names.extend(joins.iter().flat_map(Join::local).map(|c| sql::column(table, c)));
    names.sort();
    names.dedup();
    names.join(", ")
}

fn conflict(call: &Call<'_>, columns: &Table, keys: &[String]) -> String {
    let Some(merge) = call.prefer.merge else {
        return String::new();
    };
    let on = call.query.on_conflict.as_ref().unwrap_or(&columns.primary_key);
    if on.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = on.iter().map(|c| sql::name(c)).collect();
    let set: Vec<String> = keys.iter().map(|k| format!("{0} = EXCLUDED.{0}", sql::name(k))).collect();
    if merge {
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", quoted.join(", "), set.join(", "))
    } else {
        format!(" ON CONFLICT ({}) DO NOTHING", quoted.join(", "))
    }
}

/// The hosted service loads pg-safeupdate for its API roles.
fn unfiltered(method: &Method) -> ApiError {
    let word = if *method == Method::DELETE { "DELETE" } else { "UPDATE" };
    ApiError::new(StatusCode::BAD_REQUEST, "21000", format!("{word} requires a WHERE clause"))
}
