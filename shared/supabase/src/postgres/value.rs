//! A row of `COPY`'s binary form as JSON.
//!
//! The server sends values as they are and this side writes the JSON: `row_to_json` costs the server twice as much as
//! reading the rows (measured, see `infra/zion/BENCHMARKS.md`).

use super::shape::Column;
use crate::pages::one_line;

/// What a column's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Two bytes.
    Int2,
    /// Four bytes.
    Int4,
    /// Eight bytes.
    Int8,
    /// One byte.
    Bool,
    /// Sixteen bytes.
    Uuid,
    /// A text, or a word of an enum.
    Text,
    /// A number's text, which may be `NaN`.
    Numeric,
    /// JSON.
    Json,
    /// JSON behind a byte that says its version.
    Jsonb,
    /// An array of any number of dimensions.
    Array(Box<Self>),
}

/// Bytes that are not what the column's type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// Appends a row as one line. `fields` are the bytes behind the count of columns.
pub(super) fn row(
    columns: &[Column],
    end: &str,
    mut fields: &[u8],
    lines: &mut Vec<u8>,
) -> Result<(), Broken> {
    let mut open = b'{';
    for column in columns {
        lines.push(std::mem::replace(&mut open, b','));
        lines.extend_from_slice(column.name.as_bytes());
        field(&column.form, &mut fields, lines)?;
    }
    if !fields.is_empty() {
        return Err(Broken);
    }
    lines.extend_from_slice(end.as_bytes());
    lines.push(b'\n');
    Ok(())
}

/// Takes a length and that many bytes.
fn field(form: &Form, bytes: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    let length = int4(bytes)?;
    if length == -1 {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    let length = usize::try_from(length).map_err(|_| Broken)?;
    let (value, rest) = bytes.split_at_checked(length).ok_or(Broken)?;
    *bytes = rest;
    write(form, value, out)
}

fn write(form: &Form, value: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    match form {
        Form::Int2 => json(&i16::from_be_bytes(value.try_into().map_err(|_| Broken)?), out),
        Form::Int4 => json(&i32::from_be_bytes(value.try_into().map_err(|_| Broken)?), out),
        Form::Int8 => json(&i64::from_be_bytes(value.try_into().map_err(|_| Broken)?), out),
        Form::Bool => {
            let [value] = value else { return Err(Broken) };
            out.extend_from_slice(if *value == 0 { b"false" } else { b"true" });
            Ok(())
        }
        Form::Uuid => uuid(value, out),
        Form::Text => {
            // What most bytes of a row pass through; the same text as `serde_json`'s.
            json_escape_simd::escape_into(std::str::from_utf8(value).map_err(|_| Broken)?, out);
            Ok(())
        }
        Form::Numeric => {
            // As the server decides it: what is no number of JSON is a string.
            let number = matches!(value, [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..]);
            if number { raw(value, out) } else { write(&Form::Text, value, out) }
        }
        Form::Json => raw(value, out),
        Form::Jsonb => raw(value.split_first().ok_or(Broken)?.1, out),
        Form::Array(item) => array(item, value, out),
    }
}

fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Broken> {
    serde_json::to_writer(out, value).map_err(|_| Broken)
}

fn raw(value: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    let held = out.len();
    out.extend_from_slice(std::str::from_utf8(value).map_err(|_| Broken)?.as_bytes());
    one_line(&mut out[held..]);
    Ok(())
}

fn uuid(value: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    if value.len() != 16 {
        return Err(Broken);
    }
    out.push(b'"');
    for (at, byte) in value.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    out.push(b'"');
    Ok(())
}

/// Dimensions, whether there are nulls, the items' type, then each dimension's length and lower bound, then the items.
fn array(item: &Form, mut value: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    let dimensions = usize::try_from(int4(&mut value)?).map_err(|_| Broken)?;
    let (_nulls, _kind) = (int4(&mut value)?, int4(&mut value)?);
    // The server's own most.
    if dimensions > 6 {
        return Err(Broken);
    }
    let mut lengths = Vec::with_capacity(dimensions);
    for _ in 0..dimensions {
        lengths.push(int4(&mut value)?);
        int4(&mut value)?;
    }
    if lengths.is_empty() {
        out.extend_from_slice(b"[]");
    } else {
        items(item, &lengths, &mut value, out)?;
    }
    if value.is_empty() { Ok(()) } else { Err(Broken) }
}

fn items(item: &Form, lengths: &[i32], value: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    let Some((length, inner)) = lengths.split_first() else {
        return field(item, value, out);
    };
    out.push(b'[');
    for at in 0..*length {
        if at > 0 {
            out.push(b',');
        }
        items(item, inner, value, out)?;
    }
    out.push(b']');
    Ok(())
}

fn int4(bytes: &mut &[u8]) -> Result<i32, Broken> {
    let (value, rest) = bytes.split_first_chunk().ok_or(Broken)?;
    *bytes = rest;
    Ok(i32::from_be_bytes(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_texts_as_serde_json_does() {
        let odd: String = ('\0'..='\u{a0}').chain("\u{2028}\u{feff}é漢👩‍🚀\u{10ffff}".chars()).collect();
        let plain = "x".repeat(100);
        // Each character at each place of a vector, behind and before others.
        let texts = odd.chars().flat_map(|c| (0..70).map(move |at| (c, at))).map(|(c, at)| {
            let (before, behind) = plain.split_at(at);
            format!("{before}{c}{behind}{c}")
        });
        for text in texts.chain([odd.clone(), odd.repeat(40), String::new(), plain.repeat(1_000)]) {
            let mut line = b"{".to_vec();
            write(&Form::Text, text.as_bytes(), &mut line).unwrap();
            assert_eq!(
                String::from_utf8(line).unwrap(),
                format!("{{{}", serde_json::to_string(&text).unwrap())
            );
        }
        assert_eq!(write(&Form::Text, b"\xff", &mut Vec::new()), Err(Broken));
    }
}
