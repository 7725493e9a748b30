//! A word as phrases are compared: in lower case, without accents.

/// Letters of a word that are compared.
const LETTERS: usize = 28;

/// Scripts that put no spaces between words: Thai, kana, Han, Hangul.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// A word in lower case without accents, cut to what is compared.
#[derive(Clone, Copy)]
pub(super) struct Word {
    letters: [u8; LETTERS],
    pub(super) len: usize,
    pub(super) is_upper: bool,
    pub(super) has_digit: bool,
    /// The hash of its letters, and those of its letters without the last one, two, three.
    hash: u64,
    cuts: [u64; 3],
}

/// The hash of nothing.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Extends a hash by a byte (FNV-1a).
pub(super) const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

impl Word {
    pub(super) fn read(text: &str) -> Self {
        let mut word = Self {
            letters: [0; LETTERS],
            len: 0,
            is_upper: true,
            has_digit: false,
            hash: START,
            cuts: [START; 3],
        };
        if text.is_ascii() {
            for byte in text.bytes() {
                word.is_upper &= !byte.is_ascii_lowercase();
                word.has_digit |= byte.is_ascii_digit();
                word.push(&[byte.to_ascii_lowercase()]);
            }
            return word;
        }
        for c in text.chars() {
            word.is_upper &= !c.is_lowercase();
            word.has_digit |= c.is_ascii_digit();
            if c.is_ascii() {
                word.push(&[c.to_ascii_lowercase() as u8]);
            } else if let Some(plain) = plain(c) {
                word.push(plain.as_bytes());
            } else {
                for lower in c.to_lowercase() {
                    word.push(lower.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        word
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.len + bytes.len() <= LETTERS {
            self.letters[self.len..self.len + bytes.len()].copy_from_slice(bytes);
            self.len += bytes.len();
            for byte in bytes {
                self.cuts = [self.hash, self.cuts[0], self.cuts[1]];
                self.hash = step(self.hash, *byte);
            }
        }
    }

    /// Returns the hash of the word as a phrase.
    pub(super) fn phrase(&self) -> u64 {
        step(self.hash, b' ')
    }

    /// Returns the hashes of what it may be an inflected form of: the word without its last letters, the longest first.
    pub(super) fn stems(&self) -> impl Iterator<Item = u64> + use<> {
        let most = match self.len {
            0..=5 => 0,
            6 | 7 => 1,
            _ => 3,
        };
        self.cuts.into_iter().take(most).map(|hash| step(hash, b' '))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.letters[..self.len]
    }
}

/// Returns a Latin letter without its accent.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'À'..='Å' | 'ā' | 'ă' | 'ą' | 'Ā' | 'Ă' | 'Ą' | 'ª' => "a",
        'ç' | 'Ç' | 'ć' | 'č' | 'Ć' | 'Č' => "c",
        'ď' | 'đ' | 'Ď' | 'Đ' => "d",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "e",
        'ğ' | 'Ğ' => "g",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'į' | 'ı' | 'İ' | 'Ī' | 'Į' => "i",
        'ķ' | 'Ķ' => "k",
        'ł' | 'ļ' | 'ľ' | 'Ł' | 'Ļ' | 'Ľ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' | 'Ñ' | 'Ń' | 'Ň' | 'Ņ' => "n",
        'ò'..='ö' | 'ø' | 'Ò'..='Ö' | 'Ø' | 'ő' | 'Ő' | 'º' => "o",
        'ř' | 'Ř' => "r",
        'ś' | 'ş' | 'š' | 'ș' | 'Ś' | 'Ş' | 'Š' | 'Ș' => "s",
        'ť' | 'ț' | 'ţ' | 'Ť' | 'Ț' | 'Ţ' => "t",
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'ů' | 'ű' | 'ų' | 'Ū' | 'Ů' | 'Ű' | 'Ų' => "u",
        'ý' | 'Ý' => "y",
        'ź' | 'ż' | 'ž' | 'Ź' | 'Ż' | 'Ž' => "z",
        'ß' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        // Accents that are characters of their own.
        '\u{300}'..='\u{36f}' => "",
        'ά' => "α",
        _ => return None,
    })
}

pub(super) fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}' | '\u{e31}'..='\u{e4e}')
}
