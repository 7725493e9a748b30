//! The strings of a line of JSON: those that change are written anew, everything else is left byte for byte, numbers and
//! spaces too.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::block::{Desk, Place};
use super::input::Source;
use super::tally::Withheld;

/// A string's place in the line, quotes included, and the names that lead to it.
struct Text {
    range: Range<usize>,
    path: String,
}

/// Scrubs a line: its strings are one record.
pub(super) fn line(desk: &mut Desk<'_>, source: &Source, number: u64, line: &str) -> Result<(), Withheld> {
    let _valid: IgnoredAny = serde_json::from_str(line).map_err(|_| Withheld::NotJson)?;
    let texts = texts(line, &source.fields);
    let decoded: Vec<String> =
        texts.iter().map(|text| decode(&line[text.range.clone()])).collect::<Result<_, _>>()?;
    let given: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let places: Vec<Place<'_>> =
        texts.iter().map(|text| Place { file: &source.name, line: number, field: &text.path }).collect();
    let clean = desk.texts(&given, &places)?;
    let mut at = 0;
    for (text, clean) in texts.iter().zip(clean) {
        let Some(clean) = clean else { continue };
        desk.copy(&line.as_bytes()[at..text.range.start]);
        let encoded = serde_json::to_string(&clean).map_err(|_| Withheld::NotJson)?;
        desk.copy(encoded.as_bytes());
        at = text.range.end;
    }
    desk.copy(&line.as_bytes()[at..]);
    Ok(())
}

fn decode(quoted: &str) -> Result<String, Withheld> {
    // Half of a surrogate pair is JSON, but no text.
    serde_json::from_str(quoted).map_err(|_| Withheld::NotUtf8)
}

/// Finds the strings that are values, in a line that is known to be JSON. Lists are no part of a path.
fn texts(line: &str, fields: &[String]) -> Vec<Text> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    // For each open object or list: how much of the path is its own, and whether it has names.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut path = String::new();
    let (mut at, mut is_name) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            byte @ (b'{' | b'[') => {
                open.push((path.len(), byte == b'{'));
                is_name = byte == b'{';
            }
            b'}' | b']' => {
                open.pop();
                path.truncate(open.last().map_or(0, |(length, _)| *length));
            }
            b',' => {
                let (length, is_object) = open.last().copied().unwrap_or_default();
                path.truncate(length);
                is_name = is_object;
            }
            b'"' => {
                let end = end_of_string(bytes, at);
                if is_name {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&decode(&line[at..end]).unwrap_or_default());
                    is_name = false;
                } else if is_chosen(&path, fields) {
                    found.push(Text { range: at..end, path: path.clone() });
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A field stands for all that is in it.
fn is_chosen(path: &str, fields: &[String]) -> bool {
    let holds = |field: &String| {
        path.strip_prefix(field.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    fields.is_empty() || fields.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, fields: &[&str]) -> Vec<(String, String)> {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        texts(line, &fields).into_iter().map(|text| (text.path, line[text.range].to_owned())).collect()
    }

    #[test]
    fn strings_are_told_by_their_paths() {
        let line = r#"{"a":"1","b":{"c":["2",{"d":"3"}],"e\"":"4 \" ] }"},"f":5,"g":[["6"]]}"#;
        let all = found(line, &[]);
        let paths: Vec<&str> = all.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["a", "b.c", "b.c.d", "b.e\"", "g"]);
        assert_eq!(found(line, &["b.c"]).len(), 2);
        assert_eq!(found(line, &["b"]).len(), 3);
        assert_eq!(found(r#"["x", {"y": "z"}]"#, &["y"]), [("y".to_owned(), "\"z\"".to_owned())]);
        assert_eq!(found(r#" "alone" "#, &[]), [(String::new(), "\"alone\"".to_owned())]);
    }
}
