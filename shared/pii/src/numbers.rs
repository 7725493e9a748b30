//! Digits and marks of a text, found in one pass over its bytes.

/// A run of ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Group {
    /// Returns how many digits it has.
    pub fn digits(self) -> usize {
        (self.end - self.start) as usize
    }
}

/// Groups behind one another with at most three of ` `, `.`, `-`, `/`, `(`, `)` between: what may be one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// Its groups' places in the list of groups.
    pub first: u32,
    /// One past its last group's place.
    pub last: u32,
    /// Digits in all.
    pub digits: u32,
}

/// A byte that something may hang on: `@ : = / ( [ { < _ #`, a tab, and a full stop between two letters or digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where it stands.
    pub at: u32,
    /// Which it is.
    pub byte: u8,
}

/// The lists, kept between texts so that reading one allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) groups: Vec<Group>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) marks: Vec<Mark>,
}

const DIGIT: u8 = 1;
const MARK: u8 = 2;
const DOT: u8 = 3;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        classes[digit as usize] = DIGIT;
        digit += 1;
    }
    let marks = b"@:=/([{<_#\t";
    let mut at = 0;
    while at < marks.len() {
        classes[marks[at] as usize] = MARK;
        at += 1;
    }
    classes[b'.' as usize] = DOT;
    classes
};

impl Numbers {
    /// Reads `bytes`, at most 4 GiB.
    #[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.groups.clear();
        self.chains.clear();
        self.marks.clear();
        let mut at = 0;
        while at < bytes.len() {
            match CLASSES[bytes[at] as usize] {
                0 => {}
                DIGIT => {
                    let start = at;
                    while at < bytes.len() && bytes[at].is_ascii_digit() {
                        at += 1;
                    }
                    self.group(bytes, Group { start: start as u32, end: at as u32 });
                    continue;
                }
                DOT if !(at > 0
                    && is_inner(bytes[at - 1])
                    && bytes.get(at + 1).is_some_and(|b| is_inner(*b))) => {}
                _ => self.marks.push(Mark { at: at as u32, byte: bytes[at] }),
            }
            at += 1;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer groups than bytes")]
    fn group(&mut self, bytes: &[u8], group: Group) {
        let place = self.groups.len() as u32;
        let digits = group.end - group.start;
        if let (Some(chain), Some(before)) = (self.chains.last_mut(), self.groups.last()) {
            let between = &bytes[before.end as usize..group.start as usize];
            if between.len() <= 3 && between.iter().all(|byte| b" .-/()".contains(byte)) {
                chain.last = place + 1;
                chain.digits += digits;
                self.groups.push(group);
                return;
            }
        }
        self.groups.push(group);
        self.chains.push(Chain { first: place, last: place + 1, digits });
    }
}

/// Letters, digits, and any byte of a character beyond ASCII.
fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_may_be_one_number_make_a_chain() {
        let mut numbers = Numbers::default();
        numbers.read(b"call (212) 555-0123, or 4111 1111 in 2019. a.b@c");
        let digits: Vec<_> =
            numbers.chains.iter().map(|chain| (chain.last - chain.first, chain.digits)).collect();
        assert_eq!(digits, [(3, 10), (2, 8), (1, 4)]);
        let marks: Vec<_> = numbers.marks.iter().map(|mark| mark.byte).collect();
        assert_eq!(marks, b"(.@");
    }
}
