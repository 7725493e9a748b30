//! Runs of letters and digits that have the shape of a known number, however they are grouped.
//!
//! ```text
//! AA 12 34 56 B   →   letters and digits AA123456B, groups 2-2-2-2-1, separator ' ', shape AA999999A
//! ```
//!
//! The recognisers of numbers hang on this list: each says the shapes it knows, and of a text only what has one of them
//! is kept, with the words around. The cost is bounded for each run of digits, whatever stands around it.

use std::cell::OnceCell;
use std::sync::LazyLock;

use crate::numbers::Group;
use crate::topics::Context;

/// Most letters and digits of a code.
pub(crate) const LONGEST: usize = 20;
/// Most groups of a code.
const GROUPS: usize = 8;

/// What may be a number that means somebody.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
    /// Letters and digits in all.
    pub(crate) len: usize,
    /// Which of them are digits: the first is bit 0.
    pub(crate) digits: u32,
    /// How many each group has: four bits a group, the last one lowest.
    pub(crate) groups: u32,
    /// What stands between the groups: a byte, 0 if there is one group, `*` if it varies.
    pub(crate) separator: u8,
    /// Whether the text is nothing else.
    pub(crate) is_alone: bool,
    /// What the words around are about, once somebody asked: of most codes the check digits are wrong.
    context: OnceCell<Context>,
}

/// The letters and digits of a code, letters in upper case.
#[derive(Clone, Copy)]
pub(crate) struct Compact {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Compact {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Code {
    /// Returns its letters and digits.
    pub(crate) fn compact(&self, text: &str) -> Compact {
        let mut compact = Compact { bytes: [0; LONGEST], len: 0 };
        let bytes = text.as_bytes()[self.start..self.end].iter().filter(|byte| byte.is_ascii_alphanumeric());
        for byte in bytes.take(LONGEST) {
            compact.bytes[compact.len] = byte.to_ascii_uppercase();
            compact.len += 1;
        }
        compact
    }

    /// Returns what the words around are about.
    pub(crate) fn context(&self, text: &str) -> &Context {
        self.context.get_or_init(|| Context::read(text, self.start, self.end))
    }

    /// Says whether all are digits.
    pub(crate) fn is_numeric(&self) -> bool {
        self.digits.count_ones() as usize == self.len
    }
}

/// A shape as it is written in the tables: `9` is a digit, `A` a letter, `X` either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) len: usize,
    /// Places that must be digits, and those that may be.
    must: u32,
    may: u32,
}

impl Shape {
    pub(crate) const fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut shape = Self { len: bytes.len(), must: 0, may: 0 };
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'9' => {
                    shape.must |= 1 << at;
                    shape.may |= 1 << at;
                }
                b'X' => shape.may |= 1 << at,
                _ => {}
            }
            at += 1;
        }
        shape
    }

    pub(crate) const fn has(self, len: usize, digits: u32) -> bool {
        self.len == len && digits & self.must == self.must && digits & !self.may == 0
    }
}

/// All known shapes by length.
static SHAPES: LazyLock<[Vec<Shape>; LONGEST + 1]> = LazyLock::new(|| {
    let mut shapes = [const { Vec::new() }; LONGEST + 1];
    for shape in crate::recognisers::shapes() {
        let known: &mut Vec<Shape> = &mut shapes[shape.len];
        if !known.contains(&shape) {
            known.push(shape);
        }
    }
    shapes
});

/// The lengths, a bit each, at which all may be digits: most codes are told by it.
static NUMERIC: LazyLock<u32> = LazyLock::new(|| {
    let is_numeric = |len: usize| SHAPES[len].iter().any(|shape| shape.has(len, (1 << len) - 1));
    (0..=LONGEST).filter(|len| is_numeric(*len)).fold(0, |lengths, len| lengths | 1 << len)
});

/// Says whether a code has one of the shapes.
fn is_known(code: &Code) -> bool {
    if code.is_numeric() {
        return *NUMERIC >> code.len & 1 == 1;
    }
    SHAPES[code.len].iter().any(|shape| shape.has(code.len, code.digits))
}

/// Length of the shortest of them.
static SHORTEST: LazyLock<usize> =
    LazyLock::new(|| SHAPES.iter().take_while(|shapes| shapes.is_empty()).count());

/// One word of letters and digits.
#[derive(Clone, Copy, Default)]
struct Part {
    start: usize,
    end: usize,
    /// The byte in front that joins it to the part before; 0 for the first.
    joint: u8,
}

/// Reads the codes that hang on `groups`.
pub(crate) fn read(text: &str, groups: &[Group], codes: &mut Vec<Code>) {
    codes.clear();
    let bytes = text.as_bytes();
    let trimmed = text.trim_ascii();
    let alone = (text.len() - text.trim_ascii_start().len(), trimmed.len());
    let mut done = 0;
    for group in groups {
        let (start, end) = (group.start as usize, group.end as usize);
        if start < done {
            continue;
        }
        let word = word(bytes, start, end);
        done = word.end;
        if word.end - word.start > LONGEST
            || is_letter_before(text, word.start)
            || is_letter_at(text, word.end)
        {
            continue;
        }
        from_word(text, word, alone, codes);
    }
}

/// Tries every run of parts that begins with the word, or with a short word of letters in front of it.
fn from_word(text: &str, word: Part, alone: (usize, usize), codes: &mut Vec<Code>) {
    let bytes = text.as_bytes();
    let mut parts = [Part::default(); GROUPS + 1];
    let mut count = 1;
    let mut total = word.end - word.start;
    parts[1] = word;
    while count < GROUPS {
        let last = parts[count];
        let Some(next) = next_part(bytes, last, count == 1) else { break };
        total += next.end - next.start;
        if total > LONGEST {
            break;
        }
        count += 1;
        parts[count] = next;
    }
    let first = match part_before(bytes, word) {
        Some(before) => {
            parts[0] = before;
            parts[1].joint = bytes[word.start - 1];
            0
        }
        None => 1,
    };
    // Years, amounts, numbers of pages: most runs of digits are shorter than any number that is known.
    let most = parts[first..=count].iter().map(|part| part.end - part.start).sum::<usize>();
    if most < *SHORTEST {
        return;
    }
    for from in first..=1 {
        if !begins(bytes, &parts[from..=count]) {
            continue;
        }
        let mut code = Code {
            start: parts[from].start,
            end: 0,
            len: 0,
            digits: 0,
            groups: 0,
            separator: 0,
            is_alone: false,
            context: OnceCell::new(),
        };
        for (place, part) in parts[from..=count].iter().enumerate() {
            if place > 0 {
                code.separator =
                    if code.separator == 0 || code.separator == part.joint { part.joint } else { b'*' };
            }
            let size = part.end - part.start;
            if code.len + size > LONGEST {
                break;
            }
            for byte in &bytes[part.start..part.end] {
                code.digits |= u32::from(byte.is_ascii_digit()) << code.len;
                code.len += 1;
            }
            #[expect(clippy::cast_possible_truncation, reason = "a group is at most twenty long")]
            let nibble = size.min(15) as u32;
            code.groups = code.groups << 4 | nibble;
            code.end = part.end;
            let next = parts[from..=count].get(place + 1);
            if !is_date(bytes, &code) && ends(bytes, &code, *part, next) && is_known(&code) {
                code.is_alone = (code.start, code.end - code.start) == alone;
                codes.push(code.clone());
            }
        }
    }
}

/// Returns the word of letters and digits around a run of digits.
fn word(bytes: &[u8], start: usize, end: usize) -> Part {
    let back =
        bytes[..start].iter().rev().take(LONGEST + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let ahead = bytes[end..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    Part { start: start - back, end: end + ahead, joint: 0 }
}

/// Returns the part behind one separator, if it may belong to the same number: digits, or letters written as a code.
fn next_part(bytes: &[u8], last: Part, is_first: bool) -> Option<Part> {
    let mut joint = *bytes.get(last.end)?;
    if !matches!(joint, b' ' | b'-' | b'.' | b'/' | b'_' | b':' | b'(' | b'+') {
        return None;
    }
    let mut start = last.end + 1;
    // A check digit in parentheses, a dash with spaces around.
    if joint == b' ' && bytes.get(start).is_some_and(|byte| b"-/(".contains(byte)) {
        joint = bytes[start];
        start += 1;
        if joint != b'(' && bytes.get(start) == Some(&b' ') {
            start += 1;
        }
    }
    let len = bytes[start..].iter().take(LONGEST + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let part = &bytes[start..start + len];
    if len == 0 || len > LONGEST {
        return None;
    }
    let has_digit = part.iter().any(u8::is_ascii_digit);
    let is_code = has_digit
        || (joint != b' ' && len <= 6)
        || len == 1
        || (len <= 3 && part.iter().all(u8::is_ascii_uppercase))
        || (is_first && len <= 3 && last.end - last.start <= 2);
    is_code.then_some(Part { start, end: start + len, joint })
}

/// Returns the short word of letters in front, if it may be a part of the number.
fn part_before(bytes: &[u8], word: Part) -> Option<Part> {
    let joint = *bytes[..word.start].last()?;
    if !matches!(joint, b' ' | b'-' | b'.' | b'/') {
        return None;
    }
    let end = word.start - 1;
    let len = bytes[..end].iter().rev().take(7).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let part = &bytes[end - len..end];
    let is_upper = part.iter().all(u8::is_ascii_uppercase);
    let is_code = (1..=6).contains(&len) && (is_upper || (len <= 2 && word.end - word.start <= 2));
    let is_glued =
        end > len && (bytes[end - len - 1].is_ascii_alphanumeric() || bytes[end - len - 1] >= 0x80);
    (is_code && !is_glued).then_some(Part { start: end - len, end, joint: 0 })
}

/// Dates and spans of years: `03/2019`, `1.2.2019`, `2019-02-01`, `2018 - 2020`.
fn is_date(bytes: &[u8], code: &Code) -> bool {
    let is_year = |at: usize| bytes[at..].starts_with(b"19") || bytes[at..].starts_with(b"20");
    match code.groups {
        0x44 => is_year(code.start) && is_year(code.end - 4),
        0x24 | 0x14 | 0x224 | 0x124 | 0x214 | 0x114 => is_year(code.end - 4),
        0x42 | 0x41 | 0x422 | 0x421 | 0x412 | 0x411 => is_year(code.start),
        _ => false,
    }
}

/// Says whether a number may begin here: not in the middle of a longer one.
fn begins(bytes: &[u8], parts: &[Part]) -> bool {
    let start = parts[0].start;
    let Some(&before) = bytes[..start].last() else { return true };
    if before == b'+' {
        return false;
    }
    if matches!(before, b' ' | b'-' | b'.' | b'/' | b':' | b',') {
        let Some(&digit) = bytes[..start - 1].last() else { return true };
        // Joined to digits as its own groups are joined: its beginning is cut off.
        if digit.is_ascii_digit() {
            // Behind a country's calling code.
            let front = &bytes[..start - 1];
            let code = front.iter().rev().take(4).take_while(|byte| byte.is_ascii_digit()).count();
            if front[..front.len() - code].ends_with(b"+") {
                return false;
            }
            return before == b' ' && parts.get(1).is_none_or(|part| part.joint != b' ')
                || before == b':' && parts[0].end - start > 4;
        }
    }
    true
}

/// Says whether a number may end here.
fn ends(bytes: &[u8], code: &Code, part: Part, next: Option<&Part>) -> bool {
    match bytes.get(part.end) {
        Some(b'_') => return false,
        Some(b'-' | b'.' | b'/' | b':' | b',') if bytes.get(part.end + 1).is_some_and(u8::is_ascii_digit) => {
            return false;
        }
        _ => {}
    }
    // Groups that go on as they began are one number.
    next.is_none_or(|next| {
        let goes_on = code.separator == b' ' && next.end - next.start == part.end - part.start;
        !bytes[next.start].is_ascii_digit() || (next.joint == b' ' && !goes_on)
    })
}

fn is_letter_before(text: &str, at: usize) -> bool {
    text[..at]
        .chars()
        .next_back()
        .is_some_and(|c| c == '_' || (!c.is_ascii() && c.is_alphanumeric() && !is_particle(c)))
}

fn is_letter_at(text: &str, at: usize) -> bool {
    text[at..]
        .chars()
        .next()
        .is_some_and(|c| c == '_' || (!c.is_ascii() && c.is_alphanumeric() && !is_particle(c)))
}

/// Scripts without spaces put words right behind and before a number.
fn is_particle(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}
