//! The texts: as many as asked for, mixed, the same from one run to the next.
//!
//! A file of records: the length as four bytes, then the text. It is read as a stream, so that the measuring process
//! holds little of it.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use crate::error::{Context as _, Error, Result};
use crate::sample::{self, Sample};

/// Rows of the sample that are made; a larger corpus repeats them.
const ROWS: u64 = 6_000;

/// What was written.
pub(super) struct Corpus {
    pub(super) bytes: u64,
    pub(super) texts: u64,
    /// What it was made from, for people.
    pub(super) sources: Vec<String>,
}

/// Writes at least so many bytes of texts.
pub(super) fn write(path: &Path, bytes: u64, labelled: Option<&Path>) -> Result<Corpus> {
    let mut texts = sample::texts(Sample::of(ROWS));
    let mut sources = vec![format!("{} of the sample", texts.len())];
    if let Some(folder) = labelled {
        let known = texts.len();
        for part in ["dev", "train"] {
            texts.extend(self::labelled(&folder.join(part))?);
        }
        sources.push(format!("{} of the labelled sets", texts.len() - known));
    }
    texts.shuffle(&mut ChaCha8Rng::seed_from_u64(sample::SEED));
    let file = File::create(path).context("write the corpus")?;
    let mut out = BufWriter::new(file);
    let (mut written, mut count) = (0, 0);
    for text in texts.iter().cycle() {
        let length = u32::try_from(text.len()).context("write the corpus")?;
        out.write_all(&length.to_le_bytes()).context("write the corpus")?;
        out.write_all(text.as_bytes()).context("write the corpus")?;
        written += text.len() as u64;
        count += 1;
        if written >= bytes {
            break;
        }
    }
    out.flush().context("write the corpus")?;
    Ok(Corpus { bytes: written, texts: count, sources })
}

fn labelled(folder: &Path) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Line {
        text: String,
    }
    let entries = folder.read_dir().context(format!("read {}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let lines = std::fs::read_to_string(&file).context(format!("read {}", file.display()))?;
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let line: Line = serde_json::from_str(line).context(format!("read {}", file.display()))?;
            texts.push(line.text);
        }
    }
    Ok(texts)
}

/// Reads a corpus, some texts at a time.
pub(super) struct Reader(BufReader<File>);

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self> {
        Ok(Self(BufReader::new(File::open(path).context("open the corpus")?)))
    }

    /// Reads the next texts, about so many bytes of them; none at the end.
    pub(super) fn next(&mut self, bytes: usize) -> Result<Vec<String>> {
        let (mut texts, mut read) = (Vec::new(), 0);
        while read < bytes {
            let mut length = [0; 4];
            if self.0.read_exact(&mut length).is_err() {
                break;
            }
            let mut text = vec![0; u32::from_le_bytes(length) as usize];
            self.0.read_exact(&mut text).context("read the corpus")?;
            read += text.len();
            texts.push(String::from_utf8(text).map_err(|_| Error::new("the corpus is no text"))?);
        }
        Ok(texts)
    }
}
