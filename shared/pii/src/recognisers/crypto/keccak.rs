//! Keccak-256, as Ethereum hashes (the padding before the standard's): for the checksum in an address' capitals.

const ROUNDS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];
const TURNS: [u32; 24] =
    [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];
const LANES: [usize; 24] =
    [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];

/// Bytes of a block.
const RATE: usize = 136;

/// Returns the hash of a text of less than a block.
pub(super) fn keccak256(text: &[u8]) -> [u8; 32] {
    let mut block = [0u8; RATE];
    let len = text.len().min(RATE - 1);
    block[..len].copy_from_slice(&text[..len]);
    block[len] = 1;
    block[RATE - 1] |= 0x80;
    let mut state = [0u64; 25];
    for (lane, bytes) in state.iter_mut().zip(block.chunks_exact(8)) {
        *lane = bytes.iter().rev().fold(0, |lane, byte| lane << 8 | u64::from(*byte));
    }
    for round in ROUNDS {
        permute(&mut state, round);
    }
    let mut hash = [0; 32];
    for (bytes, lane) in hash.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
    hash
}

fn permute(state: &mut [u64; 25], round: u64) {
    let mut parity = [0u64; 5];
    for (x, sum) in parity.iter_mut().enumerate() {
        *sum = (0..5).fold(0, |sum, y| sum ^ state[x + 5 * y]);
    }
    for x in 0..5 {
        let turned = parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1);
        for y in 0..5 {
            state[x + 5 * y] ^= turned;
        }
    }
    let mut held = state[1];
    for (&lane, &turn) in LANES.iter().zip(&TURNS) {
        held = std::mem::replace(&mut state[lane], held.rotate_left(turn));
    }
    for y in 0..5 {
        let row: [u64; 5] = std::array::from_fn(|x| state[x + 5 * y]);
        for x in 0..5 {
            state[x + 5 * y] = row[x] ^ (!row[(x + 1) % 5] & row[(x + 2) % 5]);
        }
    }
    state[0] ^= round;
}

#[cfg(test)]
mod tests {
    use super::keccak256;

    #[test]
    fn hashes_as_the_reference_does() {
        let begins = |text: &str| u64::from_be_bytes(keccak256(text.as_bytes())[..8].try_into().unwrap());
        assert_eq!(begins(""), 0xc5d2_4601_86f7_233c);
        assert_eq!(begins("abc"), 0x4e03_657a_ea45_a94f);
    }
}
