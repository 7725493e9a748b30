//! The JSON body of a change. Postgres reads the text itself, so numbers stay exact.

use super::catalog::Table;
use super::error::ApiError;
use super::sql::{self, Sql};
use axum::http::{Method, StatusCode};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A parsed body: its text and the columns it names.
#[derive(Debug)]
pub(crate) struct Payload {
    text: String,
    many: bool,
    rows: usize,
    /// Columns written.
    pub(crate) keys: Vec<String>,
}

type Row<'a> = BTreeMap<String, &'a RawValue>;

impl Payload {
    /// Reads an object, or an array of objects with the same keys.
    pub(crate) fn parse(body: &[u8], columns: Option<&[String]>) -> Result<Self, ApiError> {
        let text = if body.is_empty() { "{}" } else { std::str::from_utf8(body).unwrap_or_default() };
        let many = text.trim_start().starts_with('[');
        let rows: Vec<Row<'_>> = if many {
            serde_json::from_str(text)
        } else {
            serde_json::from_str(text).map(|row: Row<'_>| vec![row])
        }
        .map_err(|_| ApiError::body("Empty or invalid json"))?;
        let keys: Vec<String> = match columns {
            Some(columns) => columns.to_vec(),
            None => rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default(),
        };
        if columns.is_none() && rows.iter().any(|row| !row.keys().eq(keys.iter())) {
            return Err(ApiError::body("All object keys must match"));
        }
        Ok(Self { text: text.to_owned(), many, rows: rows.len(), keys })
    }

    /// Whether it is an empty array, or an update of no column.
    pub(crate) fn changes_nothing(&self, method: &Method) -> bool {
        self.rows == 0 || (*method == Method::PATCH && self.keys.is_empty())
    }

    /// The body as a row source with the columns' types. With `defaults` a key missing in a row
    /// takes the column's default instead of null.
    pub(crate) fn record(
        &self,
        sql: &mut Sql,
        table: &str,
        columns: &Table,
        defaults: bool,
    ) -> Result<String, ApiError> {
        let (mut types, mut given) = (Vec::new(), Vec::new());
        for key in &self.keys {
            let Some(column) = columns.columns.get(key) else {
                let message = format!("Could not find the '{key}' column of '{table}' in the schema cache");
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "PGRST204", message));
            };
            types.push(format!("{} {}", sql::name(key), column.kind));
            if let Some(default) = column.default.as_ref().filter(|_| defaults) {
                given.push(format!("{}, {default}", sql::literal(key)));
            }
        }
        if types.is_empty() {
            return Ok(String::new());
        }
        let (types, body) = (types.join(", "), sql.bind(self.text.clone()));
        if !given.is_empty() {
            let rows = if self.many {
                format!("{body}::jsonb")
            } else {
                format!("jsonb_build_array({body}::jsonb)")
            };
            return Ok(format!(
                "jsonb_array_elements({rows}) AS _e(row), \
                 LATERAL jsonb_to_record(jsonb_build_object({}) || _e.row) AS _({types})",
                given.join(", ")
            ));
        }
        let function = if self.many { "json_to_recordset" } else { "json_to_record" };
        Ok(format!("{function}({body}::json) AS _({types})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wants_the_same_keys_in_every_row() {
        assert_eq!(Payload::parse(br#"[{"b":1,"a":2},{"a":1,"b":2}]"#, None).unwrap().keys, ["a", "b"]);
        assert!(Payload::parse(br#"[{"a":1},{"b":2}]"#, None).is_err());
        assert!(Payload::parse(br#"[{"a":1},{"b":2}]"#, Some(&["a".into(), "b".into()])).is_ok());
        assert!(Payload::parse(b"5", None).is_err());
        assert!(Payload::parse(b"[]", None).unwrap().changes_nothing(&Method::POST));
    }
}
