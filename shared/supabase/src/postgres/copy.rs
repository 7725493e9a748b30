//! The framing of `COPY`'s binary form: a head, rows, an end.

use super::shape::Shape;
use super::value::{self, Broken};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// The signature, flags, and the length of an extension.
const HEAD: usize = SIGNATURE.len() + 8;
const END: i16 = -1;

/// Cuts a stream into rows, wherever its messages end.
#[derive(Debug, Default)]
pub(super) struct Copy {
    held: Vec<u8>,
    begun: bool,
    ended: bool,
    rows: u64,
    /// The last row's key, of a view: nothing else says that it is its own.
    key: Vec<u8>,
    shared: bool,
}

/// What stands at the beginning of some bytes.
enum Next {
    /// A row of that many bytes.
    Row(usize),
    End,
    /// Not all of it is there.
    Cut,
}

impl Copy {
    /// Rows so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Says whether nothing is missing: the end was there, and nothing before it is left.
    pub(super) fn is_whole(&self) -> bool {
        self.ended
    }

    /// Says whether two rows of a view had one key.
    pub(super) fn has_shared_key(&self) -> bool {
        self.shared
    }

    /// Takes the next message and appends the rows that it ends.
    pub(super) fn feed(&mut self, shape: &Shape, message: &[u8], lines: &mut Vec<u8>) -> Result<(), Broken> {
        // A server sends a row a message; something in between might cut them otherwise.
        let held = std::mem::take(&mut self.held);
        let joined = if held.is_empty() { Vec::new() } else { [&held, message].concat() };
        let mut rest = if held.is_empty() { message } else { joined.as_slice() };
        if !self.begun {
            let Some((begin, behind)) = rest.split_at_checked(HEAD) else {
                self.held = rest.to_vec();
                return Ok(());
            };
            // No flag and no extension is known.
            if !begin.starts_with(SIGNATURE) || begin[SIGNATURE.len()..] != [0; 8] {
                return Err(Broken);
            }
            (rest, self.begun) = (behind, true);
        }
        while !rest.is_empty() {
            match next(rest, shape.columns.len())? {
                Next::Row(length) => {
                    let (row, behind) = rest.split_at(length);
                    value::row(&shape.columns, &shape.end, &row[2..], lines)?;
                    if !shape.is_table {
                        self.compare(&row[2..]);
                    }
                    (rest, self.rows) = (behind, self.rows + 1);
                }
                Next::End => {
                    self.ended = rest.len() == 2;
                    return if self.ended { Ok(()) } else { Err(Broken) };
                }
                Next::Cut => {
                    self.held = rest.to_vec();
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Copy {
    /// Compares the key, which is the first column, with that of the row before.
    fn compare(&mut self, fields: &[u8]) {
        let Some((length, value)) = fields.split_first_chunk() else { return };
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or_default();
        let key = value.get(..length).unwrap_or_default();
        self.shared |= self.rows > 0 && key == self.key;
        key.clone_into(&mut self.key);
    }
}

fn next(bytes: &[u8], columns: usize) -> Result<Next, Broken> {
    let Some((count, mut rest)) = bytes.split_first_chunk() else { return Ok(Next::Cut) };
    let count = i16::from_be_bytes(*count);
    if count == END {
        return Ok(Next::End);
    }
    if usize::try_from(count) != Ok(columns) {
        return Err(Broken);
    }
    for _ in 0..columns {
        let Some((length, value)) = rest.split_first_chunk() else { return Ok(Next::Cut) };
        let length = usize::try_from(i32::from_be_bytes(*length).max(0)).map_err(|_| Broken)?;
        let Some(behind) = value.get(length..) else { return Ok(Next::Cut) };
        rest = behind;
    }
    Ok(Next::Row(bytes.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::shape::Column;
    use super::super::value::Form;
    use super::*;

    fn shape() -> Shape {
        let column =
            |name: &str, form| Column { name: format!("\"{name}\":"), expression: String::new(), form };
        Shape {
            columns: vec![column("key", Form::Int8), column("text", Form::Text), column("json", Form::Json)],
            end: "}".to_owned(),
            key_type: String::new(),
            is_table: true,
            is_timed: false,
            relation: Vec::new(),
        }
    }

    fn field(value: Option<&[u8]>) -> Vec<u8> {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
        [&length.to_be_bytes(), value.unwrap_or_default()].concat()
    }

    /// Three rows as a server would send them.
    fn stream() -> Vec<u8> {
        let mut bytes = [SIGNATURE, &[0; 8]].concat();
        for (key, text, json) in [
            (1_i64, Some("a\n\"b\" \u{1}"), Some("{\n\"x\":\r1.10}")),
            (2, None, None),
            (3, Some(""), Some("null")),
        ] {
            bytes.extend(3_i16.to_be_bytes());
            bytes.extend(field(Some(&key.to_be_bytes())));
            bytes.extend(field(text.map(str::as_bytes)));
            bytes.extend(field(json.map(str::as_bytes)));
        }
        bytes.extend(END.to_be_bytes());
        bytes
    }

    const LINES: &str = concat!(
        r#"{"key":1,"text":"a\n\"b\" \u0001","json":{ "x": 1.10}}"#,
        "\n",
        r#"{"key":2,"text":null,"json":null}"#,
        "\n",
        r#"{"key":3,"text":"","json":null}"#,
        "\n"
    );

    #[test]
    fn every_way_to_cut_a_stream_gives_the_same_lines() {
        let (shape, bytes) = (shape(), stream());
        for at in 0..=bytes.len() {
            for piece in [1, 7, bytes.len()] {
                let (mut copy, mut lines) = (Copy::default(), Vec::new());
                let (first, rest) = bytes.split_at(at);
                for message in std::iter::once(first).chain(rest.chunks(piece)) {
                    assert!(!copy.is_whole() || message.is_empty());
                    copy.feed(&shape, message, &mut lines).unwrap();
                }
                assert!(copy.is_whole());
                assert_eq!((copy.rows(), std::str::from_utf8(&lines).unwrap()), (3, LINES), "{at} {piece}");
            }
        }
        assert!(LINES.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    }

    #[test]
    fn bytes_of_another_form_are_refused() {
        let whole = stream();
        for (at, byte) in [(0, b'X'), (14, 1), (20, 9), (24, 7)] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            let (mut copy, mut lines) = (Copy::default(), Vec::new());
            let refused = copy.feed(&shape(), &bytes, &mut lines).is_err();
            // A length that is wrong may run past the end.
            assert!(refused || !copy.is_whole(), "{at}");
        }
    }
}
