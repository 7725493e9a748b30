//! One raw row, its values as the database wrote them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
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

    /// Returns the texts of a column, a list's or an object's each by itself: strings unquoted, numbers as they stand,
    /// names of members not.
    pub fn texts(&self, column: &str) -> Vec<String> {
        let Some(raw) = self.raw(column) else { return Vec::new() };
        // What is nested too deeply is one text, as it stands.
        let nested = if raw.starts_with(['[', '{']) { serde_json::from_str(raw).ok() } else { None };
        let Some(nested) = nested else { return text(raw).into_iter().collect() };
        let mut texts = Vec::new();
        leaves(&nested, &mut texts);
        texts
    }

    /// Iterates over columns and their JSON text, by name.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(column, value)| (column.as_str(), value.get()))
    }
}

fn leaves(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, texts)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Returns one column of a line as plain text, without keeping the others. None where the line is no row, has no such
/// column, or that is null.
pub fn column(line: &[u8], column: &str) -> Option<String> {
    let mut json = serde_json::Deserializer::from_slice(line);
    Wanted(column).deserialize(&mut json).ok()?.and_then(|raw| text(raw.get()))
}

/// The one column that is kept.
struct Wanted<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut columns: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = columns.next_key::<Cow<'de, str>>()? {
            if name == self.0 {
                found = Some(columns.next_value()?);
            } else {
                columns.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
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
    fn one_column_is_read_as_among_all() {
        let lines: [&[u8]; 6] = [
            br#"{"id":9007199254740993,"text":"a,\"id\":5"}"#,
            br#"{"a":{"id":[1]},"id":"x\ny","id":"the last"}"#,
            br#"{"\u0069d":7}"#,
            br#"{"id":null}"#,
            br#"{"text":1}"#,
            br"[1]",
        ];
        for line in lines {
            let whole = Row::parse(line).ok().and_then(|row| row.text("id"));
            assert_eq!(column(line, "id"), whole, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn every_leaf_is_a_text_of_its_own() {
        let texts = |json: &str| Row::parse(format!("{{\"x\":{json}}}").as_bytes()).unwrap().texts("x");
        assert_eq!(texts(r#"["Ann Lee","Bo\nDe",null,7]"#), ["Ann Lee", "Bo\nDe", "7"]);
        assert_eq!(
            texts(r#"{"name":{"first":"Ann"},"phone":491701234567,"ok":true}"#),
            ["Ann", "491701234567"]
        );
        assert_eq!(texts("\"[Ann]\""), ["[Ann]"]);
        assert_eq!(texts("18446744073709551616"), ["18446744073709551616"]);
        assert_eq!(texts("null"), [""; 0]);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(texts(&deep), [deep]);
    }

    #[test]
    fn does_not_print_values() {
        let row = Row::parse(br#"{"email":"ann.lee@example.com"}"#).unwrap();
        assert_eq!(format!("{row:?}"), r#"{"email"}"#);
    }
}
