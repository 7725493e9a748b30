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

/// Bytes that are looked at together: their answers fill one word.
const BLOCK: usize = 64;

/// Says which bytes of a block are digits or may be marks, a bit each. Each comparison is done for many bytes at once:
/// no branch and no call may stand in the loop.
fn seen(block: &[u8; BLOCK]) -> u64 {
    let mut flags = [0; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        // From the full stop to the colon stand the slash and the digits, too.
        *flag = u8::from(byte.wrapping_sub(b'.') <= b':' - b'.')
            | u8::from(byte.wrapping_sub(b'<') <= b'=' - b'<')
            | u8::from(*byte == b'@')
            | u8::from(*byte == b'(')
            | u8::from(*byte == b'[')
            | u8::from(*byte == b'{')
            | u8::from(*byte == b'_')
            | u8::from(*byte == b'#')
            | u8::from(*byte == b'\t');
    }
    let mut bits = 0;
    for (place, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        // Each of eight bytes is 0 or 1: the product gathers them in its highest byte.
        bits |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * place);
    }
    bits
}

impl Numbers {
    /// Reads `bytes`, at most 4 GiB.
    #[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.groups.clear();
        self.chains.clear();
        self.marks.clear();
        // Where the last run of digits ends.
        let mut done = 0;
        for from in (0..bytes.len()).step_by(BLOCK) {
            let bits = if let Some(block) = bytes[from..].first_chunk() {
                seen(block)
            } else {
                let mut block = [0; BLOCK];
                block[..bytes.len() - from].copy_from_slice(&bytes[from..]);
                seen(&block)
            };
            let mut bits = behind(bits, done, from);
            while bits != 0 {
                let at = from + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                match bytes[at] {
                    b'0'..=b'9' => {
                        done = at + 1;
                        while bytes.get(done).is_some_and(u8::is_ascii_digit) {
                            done += 1;
                        }
                        self.group(bytes, Group { start: at as u32, end: done as u32 });
                        bits = behind(bits, done, from);
                    }
                    b'.' if !(at > 0
                        && is_inner(bytes[at - 1])
                        && bytes.get(at + 1).is_some_and(|byte| is_inner(*byte))) => {}
                    byte => self.marks.push(Mark { at: at as u32, byte }),
                }
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer groups than bytes")]
    fn group(&mut self, bytes: &[u8], group: Group) {
        let place = self.groups.len() as u32;
        let digits = group.end - group.start;
        if let (Some(chain), Some(before)) = (self.chains.last_mut(), self.groups.last()) {
            let between = &bytes[before.end as usize..group.start as usize];
            if between.len() <= 3
                && between.iter().all(|byte| matches!(byte, b' ' | b'.' | b'-' | b'/' | b'(' | b')'))
            {
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

/// Clears the bits of a block, which begins at `from`, in front of `done`.
fn behind(bits: u64, done: usize, from: usize) -> u64 {
    match done.saturating_sub(from) {
        0 => bits,
        left @ 1..BLOCK => bits >> left << left,
        _ => 0,
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

    /// What stands across two blocks is read as if there were none.
    #[test]
    fn every_byte_is_seen_wherever_a_block_ends() {
        for byte in 0..=255 {
            let is_mark = b"@:=/([{<_#\t".contains(&byte);
            for at in 0..3 * BLOCK {
                let mut bytes = vec![b' '; 3 * BLOCK];
                bytes[at] = byte;
                let mut numbers = Numbers::default();
                numbers.read(&bytes);
                assert_eq!(numbers.marks.len(), usize::from(is_mark), "{byte} at {at}");
                assert_eq!(numbers.groups.len(), usize::from(byte.is_ascii_digit()), "{byte} at {at}");
            }
        }
        for digits in [1, 5, BLOCK, 2 * BLOCK + 1] {
            for at in 0..2 * BLOCK {
                let text = [&vec![b'a'; at][..], &vec![b'7'; digits], b".a"].concat();
                let mut numbers = Numbers::default();
                numbers.read(&text);
                assert_eq!(numbers.groups.len(), 1);
                assert_eq!((numbers.groups[0].start as usize, numbers.groups[0].digits()), (at, digits));
                assert_eq!(numbers.marks.len(), 1);
            }
        }
    }
}
