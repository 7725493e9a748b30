/// A bit an example, in the dataset's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    bytes: Vec<u8>,
    length: u64,
}

impl Bits {
    /// Takes bits as [`Bits::bytes`] gave them.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { length: bytes.len() as u64 * 8, bytes }
    }

    /// Appends a bit.
    pub fn push(&mut self, bit: bool) {
        if self.length.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let (true, Some(last)) = (bit, self.bytes.last_mut()) {
            *last |= 1 << (self.length % 8);
        }
        self.length += 1;
    }

    /// Returns bit `at`; false behind the end.
    pub fn get(&self, at: u64) -> bool {
        let byte = usize::try_from(at / 8).ok().and_then(|byte| self.bytes.get(byte));
        byte.is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }

    /// Counts the bits that are set.
    pub fn ones(&self) -> u64 {
        self.bytes.iter().map(|byte| u64::from(byte.count_ones())).sum()
    }

    /// Fills the last byte up: the next bit begins a new one.
    pub fn end_byte(&mut self) {
        self.length = self.bytes.len() as u64 * 8;
    }

    /// Returns the bits, the lowest of each byte first.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back_in_their_order() {
        let wanted: Vec<bool> = (0..21_u32).map(|n| n.is_multiple_of(3)).collect();
        let mut bits = Bits::default();
        for bit in &wanted {
            bits.push(*bit);
        }
        bits.end_byte();
        bits.push(true);
        assert_eq!((bits.bytes().len(), bits.ones()), (4, 8));
        let again = Bits::from_bytes(bits.bytes().to_vec());
        let read = |bits: &Bits| (0..21).map(|at| bits.get(at)).collect::<Vec<_>>();
        assert_eq!((read(&bits), read(&again)), (wanted.clone(), wanted));
        assert!(again.get(24) && !again.get(25) && !again.get(1_000));
    }
}
