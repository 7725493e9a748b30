//! Wallets' addresses.
//!
//! | form | checked by |
//! |---|---|
//! | `Base58Check`: Bitcoin, Litecoin, Dogecoin, Dash, Zcash, Tron, Ripple | the first four bytes of a double SHA-256 |
//! | bech32, bech32m: `bc1…`, `ltc1…`, `addr1…`, `cosmos1…` and others | its checksum (BIP 173, BIP 350) |
//! | `0x` and 40 hexadecimal digits: Ethereum and its kin | the capitals, where both cases are used (EIP-55) |
//! | Stellar `G…` | CRC-16 |
//! | Monero `4…`, `8…`, Solana | the form, Solana's where words about wallets stand near |
//!
//! Leaves hashes: hexadecimal digits without `0x`, and whatever fails its checksum.

use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use super::Recogniser;
use crate::topics::{Context, Topics};
use crate::{Doc, Finding, Kind, Kinds};

/// Lengths of addresses.
const SHORTEST: usize = 25;
const LONGEST: usize = 120;

struct Crypto;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Crypto)
}

impl Recogniser for Crypto {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Crypto])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let bytes = doc.bytes();
        let mut done = 0;
        for group in doc.groups() {
            let at = group.start as usize;
            if at < done {
                continue;
            }
            let back = bytes[done..at]
                .iter()
                .rev()
                .take(LONGEST)
                .take_while(|byte| byte.is_ascii_alphanumeric())
                .count();
            let ahead = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let (start, end) = (at - back, at + ahead);
            done = end;
            if !(SHORTEST..=LONGEST).contains(&(end - start)) || doc.is_glued(start, end) {
                continue;
            }
            let named = || {
                let context = Context::read(doc.text(), start, end);
                context.near.with(context.after).meets(Topics::CRYPTO)
            };
            if let Some((score, rule)) = judge(&bytes[start..end], named) {
                findings.push(Finding { kind: Kind::Crypto, start, end, score, rule });
            }
        }
    }
}

fn judge(word: &[u8], named: impl Fn() -> bool) -> Option<(f32, &'static str)> {
    if word.starts_with(b"0x") {
        let is_address = word.len() == 42 && word[2..].iter().all(u8::is_ascii_hexdigit);
        let is_nobodys = word[2..].windows(2).all(|pair| pair[0] == pair[1]);
        let score = match capitals(&word[2..]) {
            Some(true) => 0.99,
            None => 0.93,
            // Copied by hand, or by a program that knows nothing of the sum.
            Some(false) => 0.7,
        };
        return (is_address && !is_nobodys).then_some((score, "crypto.hex"));
    }
    if is_bech32(word) {
        return Some((0.99, "crypto.bech32"));
    }
    if word.len() == 56 && word[0] == b'G' && is_stellar(word) {
        return Some((0.98, "crypto.stellar"));
    }
    match (word[0], word.len()) {
        (
            b'1' | b'3' | b'L' | b'M' | b'D' | b'A' | b'9' | b'X' | b't' | b'T' | b'2' | b'm' | b'n',
            25..=35,
        ) if is_base58check(word, BITCOIN) => Some((0.99, "crypto.base58")),
        (b'r', 25..=35) if is_base58check(word, RIPPLE) => Some((0.99, "crypto.base58")),
        (b'4' | b'8', 95 | 106) if is_base58(word) && is_mixed(word) => Some((0.95, "crypto.monero")),
        (_, 40..=44) if is_base58(word) && is_mixed(word) && named() => Some((0.75, "crypto.named")),
        _ => None,
    }
}

/// Says whether the capitals among the digits are those of the hash (EIP-55); nothing where there is but one case.
fn capitals(digits: &[u8]) -> Option<bool> {
    let has = |is: fn(&u8) -> bool| digits.iter().any(is);
    if !has(u8::is_ascii_uppercase) || !has(u8::is_ascii_lowercase) {
        return None;
    }
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    Some(digits.iter().enumerate().all(|(place, digit)| {
        let half = hash[place / 2] >> if place % 2 == 0 { 4 } else { 0 } & 15;
        digit.is_ascii_digit() || digit.is_ascii_uppercase() == (half > 7)
    }))
}

const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

fn is_base58(word: &[u8]) -> bool {
    word.iter().all(|byte| BITCOIN.contains(byte))
}

fn is_mixed(word: &[u8]) -> bool {
    word.iter().any(u8::is_ascii_digit)
        && word.iter().any(u8::is_ascii_uppercase)
        && word.iter().any(u8::is_ascii_lowercase)
}

/// Twenty-five bytes (twenty-six for Zcash), the last four of which are the hash's first.
fn is_base58check(word: &[u8], alphabet: &[u8; 58]) -> bool {
    const MOST: usize = 26;
    let mut bytes = [0u8; MOST];
    for sign in word {
        let Some(place) = alphabet.iter().position(|known| known == sign) else { return false };
        let mut carry = u32::try_from(place).unwrap_or(0);
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    [1, 0].into_iter().any(|skipped| {
        let (body, sum) = bytes[skipped..].split_at(MOST - skipped - 4);
        Sha256::digest(Sha256::digest(body))[..4] == *sum
    })
}

/// A name, `1`, and signs of thirty-two whose polynomial is the one of either version.
fn is_bech32(word: &[u8]) -> bool {
    const SIGNS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const STEPS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let Some(split) = word.iter().rposition(|byte| *byte == b'1') else { return false };
    let is_mixed_case = word.iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase);
    if !(2..=20).contains(&split)
        || word.len() - split < 30
        || is_mixed_case
        || word[..split].iter().any(u8::is_ascii_digit)
    {
        return false;
    }
    let mut sum: u32 = 1;
    let mut take = |value: u32| {
        let top = sum >> 25;
        sum = (sum & 0x1ff_ffff) << 5 ^ value;
        for (bit, step) in STEPS.iter().enumerate() {
            if top >> bit & 1 == 1 {
                sum ^= step;
            }
        }
    };
    let name = word[..split].iter().map(u8::to_ascii_lowercase);
    name.clone().for_each(|byte| take(u32::from(byte >> 5)));
    take(0);
    name.for_each(|byte| take(u32::from(byte & 31)));
    for byte in &word[split + 1..] {
        let Some(value) = SIGNS.iter().position(|known| *known == byte.to_ascii_lowercase()) else {
            return false;
        };
        take(u32::try_from(value).unwrap_or(0));
    }
    sum == 1 || sum == 0x2bc8_30a3
}

/// Thirty-five bytes in base 32, the last two a CRC-16 of the others.
fn is_stellar(word: &[u8]) -> bool {
    let mut bytes = [0u8; 35];
    let (mut bits, mut held, mut at) = (0u32, 0u32, 0);
    for sign in word {
        let value = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'2'..=b'7' => sign - b'2' + 26,
            _ => return false,
        };
        bits = (bits << 5 | u32::from(value)) & 0xffff;
        held += 5;
        if held >= 8 && at < bytes.len() {
            held -= 8;
            bytes[at] = (bits >> held & 0xff) as u8;
            at += 1;
        }
    }
    let mut crc = 0u16;
    for byte in &bytes[..33] {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
        }
    }
    crc.to_le_bytes() == bytes[33..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_a_checksum() {
        // The examples of EIP-55.
        for address in [
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        ] {
            assert_eq!(capitals(address.as_bytes()), Some(true), "{address}");
            assert_eq!(capitals(address.replacen('C', "c", 1).as_bytes()), Some(false), "{address}");
            assert_eq!(capitals(address.to_lowercase().as_bytes()), None);
        }
    }

    #[test]
    fn addresses_are_told_by_their_checksums() {
        for address in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
        ] {
            assert!(judge(address.as_bytes(), || false).is_some(), "{address}");
            // One other sign, and the sum is wrong.
            let mut slip = address.as_bytes().to_vec();
            slip[12] = if slip[12] == b'z' || slip[12] == b'Z' {
                b'2'
            } else if slip[12] == b'3' {
                b'4'
            } else {
                b'3'
            };
            assert!(judge(&slip, || false).is_none(), "{}", String::from_utf8_lossy(&slip));
        }
    }
}
