//! Comma-separated values. A record of which no cell changes is left byte for byte, quotes and line ends too.

use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder, Terminator, WriterBuilder};

use super::block::{Desk, Place};
use super::input::{Block, Source, breaks};
use super::tally::Withheld;
use crate::error::{Error, Result};

/// What the header says.
#[derive(Debug)]
pub(super) struct Columns {
    delimiter: u8,
    names: Vec<String>,
    /// Which columns are scrubbed, by their place; all when there are none.
    chosen: Option<Vec<bool>>,
}

impl Columns {
    /// Reads the header.
    pub(super) fn of(bytes: &[u8], source: &Source) -> Result<Self> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let delimiter = delimiter(bytes);
        let mut header = ByteRecord::new();
        let mut reader = reader(bytes, delimiter);
        reader
            .read_byte_record(&mut header)
            .map_err(|error| Error::new(format!("{}: {error}", source.name)))?;
        let names: Vec<String> =
            header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        if let Some(field) = source.fields.iter().find(|field| !names.contains(field)) {
            let error = Error::new(format!("{} has no column {field:?}", source.name));
            return Err(error.hint(format!("it has {}", names.join(", "))));
        }
        let chosen = (!source.fields.is_empty())
            .then(|| names.iter().map(|name| source.fields.contains(name)).collect());
        Ok(Self { delimiter, names, chosen })
    }

    fn is_chosen(&self, at: usize) -> bool {
        // A cell beyond the header has no name: it is scrubbed unless columns were chosen.
        self.chosen.as_ref().is_none_or(|chosen| chosen.get(at).copied().unwrap_or(false))
    }

    fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }
}

/// The mark that the header has most of, outside quotes.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut counts = [0; 4];
    let marks = [b',', b';', b'\t', b'|'];
    let mut is_quoted = false;
    for byte in bytes {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if is_quoted => {}
            _ => counts.iter_mut().zip(marks).for_each(|(count, mark)| *count += usize::from(*byte == mark)),
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    marks.into_iter().zip(counts).find(|(_, count)| *count == most).map_or(b',', |(mark, _)| mark)
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes)
}

/// Scrubs a block of whole records: the cells of each are one record.
pub(super) fn block(desk: &mut Desk<'_>, source: &Source, block: &Block, bytes: &[u8]) {
    let Some(columns) = block.columns.as_ref().map(Arc::as_ref) else { return };
    let mut reader = reader(bytes, columns.delimiter);
    let mut record = ByteRecord::new();
    let (mut done, mut line) = (0, block.line);
    while let Ok(true) = reader.read_byte_record(&mut record) {
        // The reader stops behind the first character of a line end of two, and passes over empty lines.
        let mut end = position(&reader);
        if bytes[..end].ends_with(b"\r") && bytes[end..].starts_with(b"\n") {
            end += 1;
        }
        let raw = &bytes[done..end];
        let lead = raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (lead, raw) = raw.split_at(lead);
        desk.copy(lead);
        line += breaks(lead);
        desk.tally.records += 1;
        // The header is scrubbed too, in case it is none; its words say nothing of themselves.
        let names = if line == 1 { None } else { Some(columns) };
        match cells(desk, source, (columns, names), line, &record) {
            Ok(None) => desk.copy(raw),
            Ok(Some(cells)) => match written(&cells, columns.delimiter, raw) {
                Some(text) => desk.copy(&text),
                None => desk.withhold(line, Withheld::Unclean),
            },
            Err(why) => desk.withhold(line, why),
        }
        line += breaks(raw);
        done = end;
    }
    desk.copy(&bytes[done..]);
}

fn position(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

/// Scrubs the cells of a record; answers all of them when one has changed.
fn cells(
    desk: &mut Desk<'_>,
    source: &Source,
    (columns, names): (&Columns, Option<&Columns>),
    line: u64,
    record: &ByteRecord,
) -> Result<Option<Vec<String>>, Withheld> {
    let all: Vec<&str> =
        record.iter().map(std::str::from_utf8).collect::<Result<_, _>>().map_err(|_| Withheld::NotUtf8)?;
    let chosen: Vec<usize> = (0..all.len()).filter(|at| columns.is_chosen(*at)).collect();
    let texts: Vec<&str> = chosen.iter().map(|at| all[*at]).collect();
    let place = |at: &usize| {
        let field = names.map_or("", |columns| columns.name(*at));
        Place { file: &source.name, line, field }
    };
    let places: Vec<Place<'_>> = chosen.iter().map(place).collect();
    let clean = desk.texts(&texts, &places)?;
    if clean.iter().all(Option::is_none) {
        return Ok(None);
    }
    let mut cells: Vec<String> = all.into_iter().map(str::to_owned).collect();
    for (at, clean) in chosen.into_iter().zip(clean) {
        if let Some(clean) = clean {
            cells[at] = clean;
        }
    }
    Ok(Some(cells))
}

/// The record with the line end it had; quotes where a cell needs them.
fn written(cells: &[String], delimiter: u8, raw: &[u8]) -> Option<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(Terminator::Any(b'\n'))
        .flexible(true)
        .from_writer(Vec::new());
    writer.write_record(cells).ok()?;
    let mut text = writer.into_inner().ok()?;
    text.truncate(text.len().saturating_sub(1));
    let ends: [&[u8]; 3] = [b"\r\n", b"\n", b"\r"];
    let end: &[u8] = ends.into_iter().find(|end| raw.ends_with(end)).unwrap_or_default();
    text.extend_from_slice(end);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_delimiter() {
        assert_eq!(delimiter(b"a,b;c,d\n;;;;;"), b',');
        assert_eq!(delimiter(b"a;\"b,,,,\";c\n"), b';');
        assert_eq!(delimiter(b"a\tb\n"), b'\t');
        assert_eq!(delimiter(b"alone\n"), b',');
    }

    #[test]
    fn a_record_keeps_its_line_end() {
        let cells = ["a,b".to_owned(), "[email]".to_owned()];
        assert_eq!(written(&cells, b',', b"x\r\n").unwrap(), b"\"a,b\",[email]\r\n");
        assert_eq!(written(&cells, b';', b"x").unwrap(), b"a,b;[email]");
    }
}
