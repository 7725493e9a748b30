//! Which files, in which format, cut into blocks of whole records.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::table::Columns;
use crate::error::{Context as _, Error, Result};

/// What a block holds unless a record is longer. Large enough to be worth a thread's turn, small enough for a cache.
const BLOCK: usize = 256 << 10;
/// A text is one record with itself up to here: longer ones are cut between paragraphs.
const TEXT_BLOCK: usize = 1 << 20;
/// A longer record is refused: with it memory would have no bound.
const LONGEST: usize = 64 << 20;
/// A longer line of text is cut between words.
const LONGEST_LINE: usize = 8 << 20;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text, whatever its lines are
    Text,
    /// One JSON value a line
    Jsonl,
    /// Comma-separated values with a header; semicolons, tabs and bars are told by it
    Csv,
}

/// One file.
#[derive(Debug)]
pub(super) struct Source {
    /// As the person named it; `-` is standard input.
    pub(super) path: PathBuf,
    /// For messages.
    pub(super) name: String,
    pub(super) format: Format,
    /// Paths or columns; all when there are none.
    pub(super) fields: Arc<[String]>,
}

impl Source {
    pub(super) fn new(path: &Path, format: Option<Format>, fields: &[String]) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let told = match extension.as_str() {
            "jsonl" | "ndjson" => Format::Jsonl,
            "csv" | "tsv" => Format::Csv,
            _ => Format::Text,
        };
        let format = format.unwrap_or(told);
        let name =
            if path == Path::new("-") { "(standard input)".to_owned() } else { path.display().to_string() };
        if format == Format::Text && !fields.is_empty() {
            let error = Error::new(format!("{name} is read as text, which has no fields"));
            return Err(error.hint("say what it is: --format jsonl or --format csv"));
        }
        Ok(Self { path: path.to_path_buf(), name, format, fields: fields.into() })
    }

    /// Opens it; answers its size too, where it has one.
    pub(super) fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>)> {
        if self.path == Path::new("-") {
            return Ok((Box::new(io::stdin()), None));
        }
        let file = File::open(&self.path).context(format!("open {}", self.name))?;
        let known = file.metadata().context(format!("open {}", self.name))?;
        if known.is_dir() {
            return Err(Error::new(format!("{} is a folder", self.name)).hint("name the files in it"));
        }
        Ok((Box::new(file), known.is_file().then_some(known.len())))
    }
}

/// Whole records of one file.
pub(super) struct Block {
    /// Its place among the file's blocks.
    pub(super) index: u64,
    /// The number of its first line, from 1.
    pub(super) line: u64,
    pub(super) bytes: Vec<u8>,
    /// The columns of a CSV file.
    pub(super) columns: Option<Arc<Columns>>,
}

/// Cuts a file into blocks.
pub(super) struct Blocks<'a> {
    source: &'a Source,
    reader: Box<dyn Read + Send>,
    rest: Vec<u8>,
    has_ended: bool,
    index: u64,
    line: u64,
    columns: Option<Arc<Columns>>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(source: &'a Source, reader: Box<dyn Read + Send>) -> Self {
        Self { source, reader, rest: Vec::new(), has_ended: false, index: 0, line: 1, columns: None }
    }

    /// Returns the next block, none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Block>> {
        let mut wanted = if self.source.format == Format::Text { TEXT_BLOCK } else { BLOCK };
        let cut = loop {
            self.fill(wanted)?;
            if self.index == 0 {
                self.refuse_utf_16()?;
            }
            if self.has_ended {
                break self.rest.len();
            }
            if let Some(cut) = self.cut() {
                break cut;
            }
            if wanted >= LONGEST {
                let what =
                    format!("{}: line {} is longer than {} MiB", self.source.name, self.line, LONGEST >> 20);
                return Err(
                    Error::new(what).hint("is it one record a line, or a CSV with a quote that never ends?")
                );
            }
            wanted *= 2;
        };
        if cut == 0 {
            return Ok(None);
        }
        let rest = self.rest.split_off(cut);
        let bytes = std::mem::replace(&mut self.rest, rest);
        if self.source.format == Format::Csv && self.columns.is_none() {
            self.columns = Some(Arc::new(Columns::of(&bytes, self.source)?));
        }
        let block = Block { index: self.index, line: self.line, bytes, columns: self.columns.clone() };
        self.index += 1;
        self.line += breaks(&block.bytes);
        Ok(Some(block))
    }

    fn fill(&mut self, wanted: usize) -> Result<()> {
        let missing = wanted.saturating_sub(self.rest.len());
        let mut reader = self.reader.by_ref().take(missing as u64);
        let read = reader.read_to_end(&mut self.rest).context(format!("read {}", self.source.name))?;
        self.has_ended = read < missing;
        Ok(())
    }

    fn refuse_utf_16(&self) -> Result<()> {
        if self.rest.starts_with(&[0xff, 0xfe]) || self.rest.starts_with(&[0xfe, 0xff]) {
            let error = Error::new(format!("{} is UTF-16", self.source.name));
            return Err(error.hint("convert it first: iconv -f UTF-16 -t UTF-8"));
        }
        Ok(())
    }

    /// Where the last whole record of what was read ends.
    fn cut(&self) -> Option<usize> {
        let bytes = &self.rest;
        let last_line = bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        match self.source.format {
            Format::Jsonl => last_line,
            Format::Csv => last_record(bytes),
            Format::Text => last_paragraph(bytes)
                .or(last_line)
                .or_else(|| (bytes.len() >= LONGEST_LINE).then(|| last_word(bytes))),
        }
    }
}

/// How many lines end.
#[expect(
    clippy::naive_bytecount,
    reason = "it is compiled to vector code, and is no part of what takes time"
)]
pub(super) fn breaks(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// A line break outside quotes ends a record: inside, the quotes before it are odd in number.
fn last_record(bytes: &[u8]) -> Option<usize> {
    let (mut is_quoted, mut last) = (false, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => last = Some(at + 1),
            _ => {}
        }
    }
    last
}

/// The last empty line of the second half.
fn last_paragraph(bytes: &[u8]) -> Option<usize> {
    let half = bytes.len() / 2;
    let tail = &bytes[half..];
    let is_break = |pair: &[u8]| pair == b"\n\n" || pair == b"\n\r";
    let at = tail.windows(2).rposition(is_break)? + half + 1;
    let line = bytes[at..].iter().position(|byte| *byte == b'\n')?;
    Some(at + line + 1)
}

/// Behind the last space of the second half, or where a character begins.
fn last_word(bytes: &[u8]) -> usize {
    let half = bytes.len() / 2;
    if let Some(space) = bytes[half..].iter().rposition(u8::is_ascii_whitespace) {
        return half + space + 1;
    }
    let begins = bytes.iter().rposition(|byte| byte & 0xc0 != 0x80);
    begins.filter(|at| *at > half).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_outside_quotes() {
        assert_eq!(last_record(b"a,b\n\"x\ny\",1\n\"open\n"), Some(12));
        assert_eq!(last_record(b"\"open\nstill"), None);
    }

    #[test]
    fn text_is_cut_between_paragraphs_then_words_then_characters() {
        assert_eq!(last_paragraph(b"one\ntwo\n\nthree\n\nfour\nfive"), Some(16));
        assert_eq!(last_paragraph(b"a\r\n\r\n"), Some(5));
        assert_eq!(last_paragraph(b"one\ntwo\nthree"), None);
        assert_eq!(last_word(b"one two"), 4);
        assert_eq!(last_word("ééé".as_bytes()), 4);
    }
}
