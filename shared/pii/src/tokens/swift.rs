//! Words of ASCII, eight bytes at a time.
//!
//! How long a word is can't be foretold, so no branch may depend on it: a word's letters are told apart all at once, and
//! as many of them as there are go into its key.

use super::{Case, Token, TokenKind, of_word, plain};
use crate::lexicon;

/// A word has at most as many bytes; a longer one is read letter by letter.
const LONGEST: usize = 16;

/// A one in each byte, and the highest bit of each.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// What the bytes of a piece are, as the highest bit of each.
#[derive(Clone, Copy)]
struct Piece {
    /// The bytes, capitals as small letters.
    folded: u64,
    upper: u64,
    lower: u64,
    digit: u64,
    /// How many bytes of a word it begins with.
    len: usize,
}

impl Piece {
    #[inline]
    fn read(bytes: [u8; 8]) -> Self {
        let bytes = u64::from_le_bytes(bytes);
        let low = bytes & !HIGH;
        // No sum reaches the next byte.
        let is_from = |first: u8| (low + ONES * u64::from(0x80 - first)) & !bytes & HIGH;
        let upper = is_from(b'A') & !is_from(b'Z' + 1);
        let lower = is_from(b'a') & !is_from(b'z' + 1);
        let digit = is_from(b'0') & !is_from(b'9' + 1);
        let ends = !(upper | lower | digit) & HIGH;
        let len = ends.trailing_zeros() as usize / 8;
        // What stands in front of the first end.
        let inside = ends.wrapping_sub(1) & !ends;
        Self {
            folded: bytes | (upper & inside) >> 2,
            upper: upper & inside,
            lower: lower & inside,
            digit: digit & inside,
            len,
        }
    }

    /// Extends the key by its letters and digits.
    #[inline]
    fn key(self, mut key: u64) -> u64 {
        for (at, byte) in self.folded.to_le_bytes().into_iter().enumerate() {
            let longer = lexicon::key_with(key, byte);
            key = if at < self.len { longer } else { key };
        }
        key
    }
}

/// The case of a word, by whether it has capitals (1), small letters (2), and one capital alone in front (4).
const CASES: [Case; 8] =
    [Case::None, Case::Upper, Case::Lower, Case::Mixed, Case::None, Case::Title, Case::Lower, Case::Title];

/// Appends the word or number at `start` and returns where it ends; nothing when it is long, at the text's end, or goes on
/// with an apostrophe or a letter beyond ASCII.
///
/// The token is written where it stays: put together elsewhere and copied, it would be waited for.
#[inline]
pub(super) fn read(bytes: &[u8], start: usize, tokens: &mut Vec<Token>) -> Option<usize> {
    let block = bytes[start..].first_chunk::<{ LONGEST + 1 }>()?;
    let [first, second] = [0, 8].map(|at| {
        let mut piece = [0; 8];
        piece.copy_from_slice(&block[at..at + 8]);
        piece
    });
    let piece = Piece::read(first);
    let (mut upper, mut lower, mut digit, mut len) = (piece.upper, piece.lower, piece.digit, piece.len);
    let mut key = piece.key(lexicon::KEY);
    if len == 8 {
        let piece = Piece::read(second);
        // A bit lower, so that a capital there is not taken for the first letter.
        upper |= piece.upper >> 1;
        lower |= piece.lower;
        digit |= piece.digit;
        key = piece.key(key);
        len += piece.len;
    }
    let behind = block[len];
    if len == LONGEST && behind.is_ascii_alphanumeric() || behind == b'\'' || !behind.is_ascii() {
        return None;
    }
    let end = start + len;
    if upper | lower == 0 {
        tokens.push(plain(TokenKind::Number, start, end));
        return Some(end);
    }
    let case =
        CASES[usize::from(upper != 0) | usize::from(lower != 0) << 1 | usize::from(upper == 0x80) << 2];
    tokens.push(of_word(start, end, case, digit != 0, true, key));
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to write a word of up to 18 letters, beside everything that may stand behind it.
    #[test]
    fn words_are_read_as_they_are_letter_by_letter() {
        let mut read = 0;
        for len in 1..=18_usize {
            for pattern in 0..3_usize.pow(5) {
                let letter = |at: usize| {
                    let place = u8::try_from(at % 26).unwrap();
                    // The first, the second, the last, what the first piece ends with and what the next begins with.
                    let which = match at {
                        0 => 1,
                        1 => 3,
                        7 => 9,
                        8 => 27,
                        _ if at + 1 == len => 81,
                        _ => 1,
                    };
                    match pattern / which % 3 {
                        0 => char::from(b'a' + place),
                        1 => char::from(b'Z' - place),
                        _ => char::from(b'0' + place % 10),
                    }
                };
                let word: String = (0..len).map(letter).collect();
                for behind in [" ", "-", "'", "'s x", "é", "@", "[", "`", "{", "/", ":", "\n", "\u{7f}"] {
                    let text = format!("{word}{behind}{}", " ".repeat(LONGEST + 1));
                    let mut tokens = Vec::new();
                    if let Some(end) = super::read(text.as_bytes(), 0, &mut tokens) {
                        assert_eq!((tokens[0], end), crate::tokens::word(&text, 0), "{text}");
                        read += 1;
                    }
                }
            }
        }
        assert!(read > 30_000, "{read}");
    }
}
