//! Lines out of a stream of bytes.

/// Cuts chunks of bytes into lines, holding back at most one line.
///
/// A line longer than the limit is reported once and skipped, so that memory stays bounded whatever is fed.
#[derive(Debug)]
pub struct Lines {
    held: Vec<u8>,
    limit: usize,
    skipping: bool,
}

/// One line, without its line break.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A whole line.
    Whole(&'a [u8]),
    /// A line longer than the limit; its bytes are gone.
    TooLong,
}

impl Lines {
    /// Creates a cutter for lines of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { held: Vec::new(), limit, skipping: false }
    }

    /// Feeds one chunk and calls `each` for every line that it ends.
    ///
    /// # Errors
    /// The first error of `each`; the rest of the chunk is lost then.
    pub fn feed<E>(
        &mut self,
        mut chunk: &[u8],
        mut each: impl FnMut(Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = (&chunk[..end], &chunk[end + 1..]);
            chunk = rest;
            if std::mem::take(&mut self.skipping) || self.held.len() + line.len() > self.limit {
                self.held.clear();
                each(Line::TooLong)?;
            } else if self.held.is_empty() {
                each(Line::Whole(line))?;
            } else {
                self.held.extend_from_slice(line);
                let held = std::mem::take(&mut self.held);
                each(Line::Whole(&held))?;
            }
        }
        if self.skipping || self.held.len() + chunk.len() > self.limit {
            self.skipping = true;
            self.held.clear();
        } else {
            self.held.extend_from_slice(chunk);
        }
        Ok(())
    }

    /// Ends the stream: calls `each` for a last line without a line break.
    ///
    /// # Errors
    /// The error of `each`.
    pub fn finish<E>(self, mut each: impl FnMut(Line<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.skipping {
            each(Line::TooLong)
        } else if self.held.is_empty() {
            Ok(())
        } else {
            each(Line::Whole(&self.held))
        }
    }
}

/// Says where JSON broke without quoting it: serde's own message may hold the value.
pub fn problem(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Io => "unreadable",
        serde_json::error::Category::Syntax => "not JSON",
        serde_json::error::Category::Data => "another shape than expected",
        serde_json::error::Category::Eof => "cut short",
    };
    format!("{kind} at column {}", error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&str], limit: usize) -> Vec<String> {
        let mut seen = Vec::new();
        let mut each = |line: Line<'_>| -> Result<(), ()> {
            seen.push(match line {
                Line::Whole(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Line::TooLong => "<too long>".to_owned(),
            });
            Ok(())
        };
        let mut lines = Lines::new(limit);
        for chunk in chunks {
            lines.feed(chunk.as_bytes(), &mut each).unwrap();
        }
        lines.finish(&mut each).unwrap();
        seen
    }

    #[test]
    fn joins_lines_that_chunks_cut() {
        assert_eq!(cut(&["a\nb", "b\n", "\ncc"], 9), ["a", "bb", "", "cc"]);
    }

    #[test]
    fn every_way_to_cut_gives_the_same_lines() {
        let text = "one\ntwo\n\nthree-long-line\nfour";
        for at in 0..text.len() {
            assert_eq!(cut(&[&text[..at], &text[at..]], 10), cut(&[text], 10), "cut at {at}");
        }
    }

    #[test]
    fn a_line_over_the_limit_is_reported_once_and_skipped() {
        assert_eq!(cut(&["aaaa", "aaaa", "aaaa\nb\n"], 6), ["<too long>", "b"]);
        assert_eq!(cut(&["aaaaaaaaa"], 6), ["<too long>"]);
    }
}
