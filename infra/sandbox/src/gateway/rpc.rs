//! `POST /rpc/{function}`: named arguments from the JSON body.

use super::answer::{Form, respond};
use super::catalog::{Function, Kind};
use super::database::{begin, texts};
use super::error::ApiError;
use super::request::Call;
use super::sql::{self, Sql};
use super::window::Window;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// Answers a function call.
pub(crate) async fn call(call: &Call<'_>, name: &str) -> Result<Response, ApiError> {
    let form = Form::new(call.headers)?;
    let window = Window::new(&call.query, call.headers, call.max_rows)?;
    let body = if call.body.is_empty() { "{}" } else { std::str::from_utf8(call.body).unwrap_or_default() };
    let given: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(body);
    if serde_json::from_str::<&RawValue>(body).is_err() {
        return Err(ApiError::body("Empty or invalid json"));
    }
    // A body that is no object can only be the one unnamed json argument.
    let keys: BTreeSet<&str> =
        given.as_ref().map(|g| g.keys().map(String::as_str).collect()).unwrap_or_default();
    let function = call.database.lookup(|catalog| catalog.function(name, &keys).cloned()).await?;
    let (statement, count) = render(call, name, &function, &keys, body, window);
    let mut client = call.database.client().await?;
    let transaction = begin(&mut client, &call.who, false).await?;
    if function.kind == Kind::Void {
        let failed = |e| ApiError::database(&e, &call.who.role);
        transaction.execute(&statement.text, &statement.params()).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        return Ok(respond(StatusCode::NO_CONTENT, form, None, None, call.prefer));
    }
    let rows = texts(&transaction, &statement, &call.who.role).await?;
    let total = match (call.prefer.count, function.set) {
        (Some(_), true) => {
            texts(&transaction, &count, &call.who.role).await?.first().and_then(|n| n.parse().ok())
        }
        (Some(_), false) => Some(rows.len() as u64),
        (None, _) => None,
    };
    let (status, range) = window.answer(rows.len() as u64, total)?;
    let body = match (&rows[..], function.set) {
        ([one], false) => one.clone(),
        _ => form.body(&rows)?,
    };
    transaction.commit().await.map_err(|e| ApiError::database(&e, &call.who.role))?;
    Ok(respond(status, form, Some(body), Some(&range), call.prefer))
}

/// The call's statement, and the one that counts its rows.
fn render(
    call: &Call<'_>,
    name: &str,
    function: &Function,
    given: &BTreeSet<&str>,
    body: &str,
    window: Window,
) -> (Sql, Sql) {
    let source = |sql: &mut Sql| {
        let (arguments, from) = arguments(sql, function, given, body);
        let called = format!("\"public\".{}({arguments})", sql::name(name));
        match function.kind {
            Kind::Void | Kind::Scalar => format!("(SELECT {called} AS pgrst_scalar{from}) AS pgrst_call"),
            Kind::Row => {
                let from = if from.is_empty() { " FROM ".to_owned() } else { format!("{from}, LATERAL ") };
                format!("(SELECT pgrst_row.*{from}{called} AS pgrst_row) AS {}", sql::name(name))
            }
        }
    };
    let mut sql = Sql::default();
    let of = source(&mut sql);
    match function.kind {
        Kind::Void | Kind::Scalar => {
            sql.text = format!("SELECT to_json(pgrst_call.pgrst_scalar)::text FROM {of}");
            sql::window(&mut sql, window);
        }
        Kind::Row => {
            sql.push("SELECT row_to_json(_r)::text FROM (");
            sql::rows(&mut sql, &of, name, &call.query, &[]);
            sql::filters(&mut sql, name, &call.query, &[]);
            sql::order(&mut sql, name, &call.query);
            sql::window(&mut sql, window);
            sql.push(") _r");
        }
    }
    let mut count = Sql::default();
    let of = source(&mut count);
    count.push("SELECT count(*)::text FROM (");
    sql::matches(&mut count, &of, name, &call.query, &[]);
    if function.kind == Kind::Row {
        sql::filters(&mut count, name, &call.query, &[]);
    }
    count.push(") _c");
    (sql, count)
}

/// The argument list, and the `FROM` that brings the body's values.
fn arguments(sql: &mut Sql, function: &Function, given: &BTreeSet<&str>, body: &str) -> (String, String) {
    if function.takes_body() {
        let kind = &function.args[0].1;
        return (format!("{}::{kind}", sql.bind(body)), String::new());
    }
    if given.is_empty() {
        return (String::new(), String::new());
    }
    let used = || function.args.iter().filter(|(name, _)| given.contains(name.as_str()));
    let list: Vec<String> =
        used().map(|(name, _)| format!("{0} := pgrst_args.{0}", sql::name(name))).collect();
    let types: Vec<String> = used().map(|(name, kind)| format!("{} {kind}", sql::name(name))).collect();
    let from = format!(" FROM json_to_record({}::json) AS pgrst_args({})", sql.bind(body), types.join(", "));
    (list.join(", "), from)
}
