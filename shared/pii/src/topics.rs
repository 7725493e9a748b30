//! What the words around a number say it is.
//!
//! A number whose form and check digits many other numbers share is told by what stands near it: *Passport no.:*, *mon
//! NAS*, *är mitt personnummer*. The words are data (`topics.txt`), a section a topic. The words in front count by how
//! near they stand: a label stands right before the number with nothing but fillers between (*Passport no. is*).

mod phrases;
mod word;

use phrases::PHRASES;
use word::{START, Word, is_letter, is_unspaced, step};

/// A set of topics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Topics(u32);

/// Declares the topics: their names, and their sections in the file.
macro_rules! topics {
    ($($name:ident = $section:literal,)*) => {
        #[expect(clippy::upper_case_acronyms, reason = "only numbers the topics")]
        enum Place { $($name,)* }

        impl Topics {
            $(pub(crate) const $name: Self = Self(1 << Place::$name as u32);)*

            fn section(word: &str) -> Option<Self> {
                match word { $($section => Some(Self::$name),)* _ => None }
            }
        }
    };
}

topics! {
    FILLER = "filler", SSN = "ssn", TAX = "tax", NATIONAL = "national", HEALTH = "health", PASSPORT = "passport",
    LICENCE = "licence", VEHICLE = "vehicle", BANK = "bank", ROUTING = "routing", CARD = "card", IBAN = "iban",
    BIC = "bic", MEMBER = "member", PHONE = "phone", OTHER = "other", IP = "ip", VERSION = "version", MAC = "mac",
    IMEI = "imei", CRYPTO = "crypto",
}

impl Topics {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What the words around a number are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Context {
    /// Right in front of it, with fillers between at most.
    pub(crate) label: Topics,
    /// In front of it on the line, up to the number before.
    pub(crate) near: Topics,
    /// In front of it on the line, beyond the number before.
    pub(crate) far: Topics,
    /// Behind it on the line, up to the next number.
    pub(crate) after: Topics,
    /// Whether *no.* or a hash stands right in front.
    pub(crate) is_numbered: bool,
    /// Whether the label is written as one: with a colon, a hash, *no.*, *number* between.
    pub(crate) is_marked: bool,
}

/// Bytes that are looked at in front of and behind a number.
const BEFORE: usize = 96;
const AFTER: usize = 48;
/// Letters of the longest word.
const LONGEST_WORD: usize = 28;
/// Words of the longest phrase.
const PHRASE: usize = 5;
/// Words that are looked at in front of a number.
const WORDS: usize = 9;

/// Extends a hash by a word and a space.
fn extend(hash: u64, word: &[u8]) -> u64 {
    word.iter().chain(b" ").fold(hash, |hash, byte| step(hash, *byte))
}

impl Context {
    /// Reads what is around `start..end` of `text`.
    pub(crate) fn read(text: &str, start: usize, end: usize) -> Self {
        let mut context = Self::before(text, start);
        context.read_after(text, end);
        context
    }

    /// Reads what is in front of `start`.
    pub(crate) fn before(text: &str, start: usize) -> Self {
        let mut context = Self::default();
        context.read_before(text, start);
        context
    }

    fn read_before(&mut self, text: &str, start: usize) {
        let mut from = start.saturating_sub(BEFORE);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let window = &text[from..start];
        let mut words = [Word::read(""); WORDS];
        // Whether a phrase that ends before this word would still be the label.
        let mut gap_is_filler = [true; WORDS + 1];
        let mut count = 0;
        let mut is_beyond = false;
        let mut is_above = false;
        let mut breaks = 0;
        let mut marks = false;
        let mut rest = window;
        let mut follows = b' ';
        while count < WORDS {
            let mut trimmed = rest;
            while let Some(c) = trimmed.chars().next_back().filter(|c| !is_letter(*c)) {
                match c {
                    '\n' => breaks += 1,
                    ' ' => {}
                    _ => {
                        marks |= matches!(c, ':' | '#' | '=' | '|' | '\t' | '№' | '°');
                        follows = u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b':');
                    }
                }
                trimmed = &trimmed[..trimmed.len() - c.len_utf8()];
            }
            // The line above counts only for a number that begins its line.
            if trimmed.is_empty()
                || breaks > usize::from(count == 0 && window.trim_end_matches([' ', '\t']).ends_with('\n'))
            {
                break;
            }
            if breaks == 1 {
                breaks = 0;
                is_above = true;
                if trimmed.len() > 40 + trimmed.rfind('\n').unwrap_or(0) {
                    break;
                }
            }
            let at = last_word(trimmed);
            let raw = &trimmed[at..];
            rest = &trimmed[..at];
            let word = Word::read(raw);
            words[count] = word;
            if count == 0 {
                self.is_numbered = window.ends_with(['#', '№'])
                    || is_number_word(word.bytes())
                    || word.bytes() == b"n"
                    || raw == "º";
            }
            let is_value = word.has_digit && word.len >= 4;
            is_beyond |= is_value;
            let (topics, gap) = self.phrases(&words[..=count], raw, follows, &gap_is_filler);
            let said = topics;
            if is_beyond {
                self.far.add(said);
            } else {
                // The line above only labels.
                if !is_above {
                    self.near.add(said);
                }
                if gap {
                    self.is_marked |= marks || is_number_word(words[0].bytes());
                    self.label.add(said);
                }
            }
            count += 1;
            gap_is_filler[count] =
                gap_is_filler[count - 1] && !is_value && topics_of(&word).meets(Topics::FILLER);
            follows = b' ';
        }
    }

    /// Returns what the phrases that begin with the last of `words` are about, and whether one of them is the label. The
    /// words stand in reverse.
    #[expect(clippy::unused_self, reason = "reads beside what it fills")]
    fn phrases(&self, words: &[Word], raw: &str, follows: u8, gap_is_filler: &[bool]) -> (Topics, bool) {
        let last = words.len() - 1;
        let mut topics = Topics::NONE;
        let mut is_label = false;
        let mut hash = START;
        for length in 1..=PHRASE.min(words.len()) {
            let word = &words[last + 1 - length];
            hash = if length == 1 { word.phrase() } else { extend(hash, word.bytes()) };
            let known = PHRASES.get(hash);
            let mut said = known.unwrap_or_default();
            if length == 1 {
                if said.is_none() {
                    said = inflected(word, raw);
                }
                // A short word is a label only if it is written as one.
                if word.len <= 3 && !word.is_upper && !b":#=|\t./".contains(&follows) {
                    let is_numbered = last > 0 && is_number_word(words[last - 1].bytes());
                    if !is_numbered && !said.meets(Topics::FILLER.with(Topics::OTHER).with(Topics::VERSION)) {
                        said = Topics::NONE;
                    }
                }
            }
            let said = Topics(said.0 & !Topics::FILLER.0);
            if !said.is_none() {
                topics.add(said);
                is_label |= gap_is_filler[last + 1 - length];
            }
            // No phrase begins so.
            if known.is_none() {
                break;
            }
        }
        (topics, is_label)
    }

    fn read_after(&mut self, text: &str, end: usize) {
        let mut to = end.saturating_add(AFTER).min(text.len());
        while !text.is_char_boundary(to) {
            to -= 1;
        }
        let window = &text[end..to];
        let window = &window[..window.find('\n').unwrap_or(window.len())];
        // What the last words may be the beginning of, by how many they are.
        let mut hashes = [None; PHRASE];
        let words = window.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty());
        for (place, raw) in words.take(7).enumerate() {
            let word = Word::read(raw);
            if word.has_digit && word.len >= 4 {
                break;
            }
            hashes.copy_within(0..PHRASE - 1, 1);
            hashes[0] = Some(START);
            for (length, hash) in hashes.iter_mut().enumerate().take(place + 1) {
                let Some(front) = *hash else { continue };
                let whole = if length == 0 { word.phrase() } else { extend(front, word.bytes()) };
                let known = PHRASES.get(whole);
                *hash = known.map(|_| whole);
                let mut said = known.unwrap_or_default();
                if length == 0 && said.is_none() {
                    said = inflected(&word, raw);
                }
                if length > 0 || word.len > 3 || word.is_upper {
                    self.after.add(Topics(said.0 & !Topics::FILLER.0));
                }
            }
        }
    }
}

/// Says whether a phrase, or a form of it, ends in this word of ASCII letters.
pub(crate) fn ends_label(word: &[u8]) -> bool {
    let mut hash = START;
    let mut hashes = [0; LONGEST_WORD];
    for (place, byte) in word.iter().enumerate().take(LONGEST_WORD) {
        hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3);
        hashes[place] = (hash ^ u64::from(b' ')).wrapping_mul(0x0100_0000_01b3);
    }
    let len = word.len().min(LONGEST_WORD);
    // The word itself, and what it may be an inflected form of.
    (len.saturating_sub(4)..len).any(|last| PHRASES.endings.contains(&hashes[last]))
}

fn topics_of(word: &Word) -> Topics {
    PHRASES.get(word.phrase()).unwrap_or_default()
}

/// Returns where the word begins that the text ends with.
fn last_word(text: &str) -> usize {
    let mut start = text.len();
    while let Some(c) = text[..start].chars().next_back().filter(|c| is_letter(*c)) {
        start -= c.len_utf8();
    }
    start
}

/// *No.*, *number*: what makes a label of the word in front of it.
fn is_number_word(word: &[u8]) -> bool {
    matches!(word, b"no" | b"nr" | b"number" | b"num" | b"nummer" | b"numero" | b"id")
}

/// Returns the topics of a word without its ending, or of what stands in it where nothing is put between words.
fn inflected(word: &Word, raw: &str) -> Topics {
    if word.has_digit {
        return Topics::NONE;
    }
    if !raw.is_ascii() && raw.chars().any(is_unspaced) {
        let known = PHRASES.unspaced.iter().filter(|(phrase, _)| raw.contains(phrase.as_str()));
        return known.fold(Topics::NONE, |all, (_, topics)| all.with(*topics));
    }
    word.stems()
        .filter_map(|stem| PHRASES.get(stem))
        .find(|said| !said.is_none() && !said.meets(Topics::FILLER))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str) -> Context {
        let start = text.find('[').unwrap();
        let end = text.find(']').unwrap();
        let bare = format!("{}{}{}", &text[..start], &text[start + 1..end], &text[end + 1..]);
        Context::read(&bare, start, end - 1)
    }

    #[test]
    fn a_label_stands_right_in_front() {
        for (text, topic) in [
            ("Passport No.: [X1]", Topics::PASSPORT),
            ("my passport number is [X1]", Topics::PASSPORT),
            ("N° de sécurité sociale: [X1]", Topics::NATIONAL),
            ("Numéro de permis OIIQ : [X1]", Topics::HEALTH),
            ("Codice fiscale\t[X1]", Topics::TAX),
            ("AHV-Nr. | [X1]", Topics::NATIONAL),
            ("driver's license number is [X1]", Topics::LICENCE),
            ("Passport Number\n[X1]", Topics::PASSPORT),
            ("여권번호는 [X1]", Topics::PASSPORT),
            ("BSN: [X1]", Topics::NATIONAL),
            ("APICS CSCP (Certificate ID: [X1]", Topics::MEMBER),
        ] {
            assert!(around(text).label.meets(topic), "{text}: {:?}", around(text));
        }
    }

    #[test]
    fn what_is_farther_is_near_or_far() {
        let context = around("The SSN was lost by somebody, [X1]");
        assert!(!context.label.meets(Topics::SSN) && context.near.meets(Topics::SSN));
        let context = around("SSN 123-45-6789 then [X1]");
        assert!(!context.near.meets(Topics::SSN) && context.far.meets(Topics::SSN));
        assert!(around("[X1] is my passport number").after.meets(Topics::PASSPORT));
        assert_eq!(around("Passport\nHe went [X1]"), Context::default());
    }

    #[test]
    fn short_words_are_labels_only_if_written_so() {
        assert!(around("we run [X1]").label.is_none());
        assert!(around("RUN [X1]").label.meets(Topics::TAX));
        assert!(around("run: [X1]").label.meets(Topics::TAX));
    }

    #[test]
    fn every_phrase_is_plain_and_short_enough() {
        for line in include_str!("topics.txt").lines().filter(|line| !line.starts_with(['#', '['])) {
            for phrase in line.split(',').map(str::trim) {
                assert!(phrase.split(' ').count() <= PHRASE, "{phrase}");
                for word in phrase.split(' ') {
                    assert_eq!(Word::read(word).bytes(), word.as_bytes(), "{phrase}");
                }
            }
        }
    }
}
