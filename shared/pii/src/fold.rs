//! Reads text as a person sees it: one space, one dash, one apostrophe, one set of digits and of letters.
//!
//! Recognisers look at plain forms only. What writers, word processors and those who hide from filters use instead is
//! folded first: no-break and thin spaces, typographic dashes and apostrophes, fullwidth and mathematical letters,
//! digits of other scripts, `＠`; soft hyphens, zero-width and direction marks vanish. Offsets are mapped back, so the
//! text itself is never changed by it.

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// A folded text and the way back.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    text: String,
    /// Where the distance between the two texts changes: (offset in the folded text, offset in the original).
    steps: Vec<(u32, u32)>,
}

impl Fold {
    /// Folds `original`; says whether that changed it.
    pub(crate) fn read(&mut self, original: &str) -> bool {
        self.text.clear();
        self.steps.clear();
        let bytes = original.as_bytes();
        let mut copied = 0;
        let mut at = 0;
        while at < bytes.len() {
            // Most text is ASCII, which stands for itself: it is passed over many bytes at a time.
            if let Some(block) = bytes[at..].first_chunk::<BLOCK>()
                && block.iter().fold(0, |all, byte| all | byte) < 0x80
            {
                at += BLOCK;
                continue;
            }
            if bytes[at] < 0x80 {
                at += bytes[at..].iter().take(BLOCK).take_while(|byte| byte.is_ascii()).count();
                continue;
            }
            let Some(c) = original[at..].chars().next() else { break };
            let width = c.len_utf8();
            if let Some(plain) = plain(c) {
                self.text.push_str(&original[copied..at]);
                self.push(plain, at, width);
                copied = at + width;
            }
            at += width;
        }
        if copied == 0 {
            return false;
        }
        self.text.push_str(&original[copied..]);
        true
    }

    /// Returns the folded text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns where a range of the folded text stands in the original, on characters' boundaries.
    pub(crate) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        // A range ends behind its last character: marks that vanished behind it stay outside.
        (self.offset(start), if end > start { self.offset_of_end(end) } else { self.offset(end) })
    }

    fn push(&mut self, plain: Plain, at: usize, width: usize) {
        let folded = self.text.len();
        if let Plain::As(c) = plain {
            self.text.push(c);
        }
        let grown = self.text.len();
        // The character itself begins where it began; what follows begins behind it.
        self.steps.push((offset(folded), offset(at)));
        self.steps.push((offset(grown), offset(at + width)));
    }

    fn offset(&self, folded: usize) -> usize {
        let step = self.steps.partition_point(|&(from, _)| from as usize <= folded);
        self.shifted(step, folded)
    }

    fn offset_of_end(&self, folded: usize) -> usize {
        // The end of a folded character is the end of the original one; of the steps at this offset, the first counts
        // unless it is the end of the character itself.
        let step = self.steps.partition_point(|&(from, _)| (from as usize) < folded);
        match self.steps.get(step) {
            Some(&(from, original)) if from as usize == folded => original as usize,
            _ => self.shifted(step, folded),
        }
    }

    fn shifted(&self, step: usize, folded: usize) -> usize {
        match step.checked_sub(1).map(|last| self.steps[last]) {
            Some((from, original)) => original as usize + (folded - from as usize),
            None => folded,
        }
    }
}

/// Offsets are 32 bits: a record is at most a few megabytes, and [`Doc`](crate::Doc) refuses longer text.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy)]
enum Plain {
    As(char),
    Nothing,
}

/// Returns what stands for `c`, if it is not plain.
fn plain(c: char) -> Option<Plain> {
    let code = u32::from(c);
    let letter = |from: u32, first: char| char::from_u32(u32::from(first) + code - from).map(Plain::As);
    match code {
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => Some(Plain::As(' ')),
        0xad
        | 0x61c
        | 0x200b..=0x200f
        | 0x202a..=0x202e
        | 0x2060..=0x2064
        | 0x2066..=0x2069
        | 0xfe00..=0xfe0f
        | 0xfeff => Some(Plain::Nothing),
        0x2010..=0x2015 | 0x2212 | 0xfe58 | 0xfe63 => Some(Plain::As('-')),
        0x2018..=0x201b | 0x2bc | 0x2b9 | 0x2032 | 0xb4 => Some(Plain::As('\'')),
        0x201c..=0x201f | 0x2033 => Some(Plain::As('"')),
        0x2024 => Some(Plain::As('.')),
        0xfe6b => Some(Plain::As('@')),
        // Fullwidth forms stand in the order of ASCII.
        0xff01..=0xff5e => letter(0xff01, '!'),
        0x1d7ce..=0x1d7ff => letter(code - (code - 0x1d7ce) % 10, '0'),
        0x1d400..=0x1d6a3 => {
            let place = (code - 0x1d400) % 52;
            letter(code - place % 26, if place < 26 { 'A' } else { 'a' })
        }
        0x24b6..=0x24cf => letter(0x24b6, 'A'),
        0x24d0..=0x24e9 => letter(0x24d0, 'a'),
        _ => {
            DIGITS.iter().find(|&&zero| (zero..zero + 10).contains(&code)).and_then(|&zero| letter(zero, '0'))
        }
    }
}

/// The zeros of other scripts' decimal digits that stand in everyday text.
const DIGITS: [u32; 16] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
    0x1040,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut fold = Fold::default();
        if fold.read(text) { fold.text().to_owned() } else { text.to_owned() }
    }

    #[test]
    fn what_looks_alike_reads_alike() {
        assert_eq!(folded("ann＠ｅｘａｍｐｌｅ．com"), "ann@example.com");
        assert_eq!(folded("٠١٢ ۰۱۲ ०१२ ０１２ 𝟎𝟏𝟐"), "012 012 012 012 012");
        assert_eq!(folded("020\u{a0}7946\u{2011}0018"), "020 7946-0018");
        assert_eq!(folded("O’Brien"), "O'Brien");
        assert_eq!(folded("an\u{200b}n@exam\u{ad}ple.com"), "ann@example.com");
        assert_eq!(folded("𝐀𝐧𝐧 Ⓛⓔⓔ"), "Ann Lee");
    }

    #[test]
    fn letters_of_other_languages_stay() {
        let mut fold = Fold::default();
        assert!(!fold.read("Łódź, Ærø, Ελλάδα, 東京 • 😀"));
    }

    #[test]
    fn ranges_find_their_way_back() {
        let original = "Ö\u{a0}an\u{200b}n＠b.com\u{200b} x";
        let mut fold = Fold::default();
        assert!(fold.read(original));
        let found = fold.text().find("ann@b.com").unwrap();
        let (start, end) = fold.original(found, found + 9);
        assert_eq!(&original[start..end], "an\u{200b}n＠b.com");
        let last = fold.text().len();
        assert_eq!(fold.original(last - 1, last), (original.len() - 1, original.len()));
    }
}
