//! One raw row, its values as the database wrote them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

/// A row of JSON values that were never turned into floating point.
pub struct Row(BTreeMap<String, Box<RawValue>>);

impl Row {
    /// Parses one line.
    ///
    /// # Errors
    /// When the line is not one JSON object.
    pub fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line).map(Self)
    }

    /// Returns a column's JSON text.
    pub fn raw(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(|value| value.get())
    }

    /// Returns a column as plain text: a string unquoted, a number as it stands. None for null or a missing column.
    pub fn text(&self, column: &str) -> Option<String> {
        self.raw(column).and_then(text)
    }

    /// Iterates over columns and their JSON text, by name.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(column, value)| (column.as_str(), value.get()))
    }
}

/// Returns a JSON text as plain text: a string unquoted, a number as it stands. None for null.
pub fn text(raw: &str) -> Option<String> {
    match raw {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        text => Some(text.to_owned()),
    }
}

/// Rows hold personal data: columns are shown, values are not.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let row =
            Row::parse(br#"{"id":9007199254740993,"pay":12345678901234567890.12345,"x":null}"#).unwrap();
        assert_eq!(row.text("id").as_deref(), Some("9007199254740993"));
        assert_eq!(row.text("pay").as_deref(), Some("12345678901234567890.12345"));
        assert_eq!(row.text("x"), None);
    }

    #[test]
    fn does_not_print_values() {
        let row = Row::parse(br#"{"email":"ann.lee@example.com"}"#).unwrap();
        assert_eq!(format!("{row:?}"), r#"{"email"}"#);
    }
}
