//! SHA-256 in hex.

use sha2::{Digest as _, Sha256};

/// A running SHA-256 that counts what it is given.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    hash: Sha256,
    bytes: u64,
}

impl Digest {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Bytes added so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the hash.
    pub fn finish(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

/// Hashes one value.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_published_vector() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), expected);
        let mut running = Digest::default();
        running.update(b"a");
        running.update(b"bc");
        assert_eq!((running.bytes(), running.finish().as_str()), (3, expected));
    }
}
