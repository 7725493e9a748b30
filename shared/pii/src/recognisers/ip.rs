//! Addresses of the internet protocol.
//!
//! Finds four numbers up to 255 with dots between and IPv6 addresses in every form (RFC 4291), also with a port, a zone or
//! a prefix length behind. Leaves version and section numbers, doubts addresses that name nobody: loopback, unspecified,
//! broadcast, masks, and documentation's are found as any; private ones (RFC 1918) score lower.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Recogniser;
use crate::topics::{Context, Topics};
use crate::{Doc, Finding, Kind, Kinds};

/// Longest IPv6 address that is read, with an IPv4 address at its end.
const LONGEST: usize = 46;

struct Ip;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Ip)
}

impl Recogniser for Ip {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Ip])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        for chain in doc.chains().iter().filter(|chain| chain.last - chain.first >= 4) {
            let groups = doc.chain(*chain);
            for four in groups.windows(4) {
                let (start, end) = (four[0].start as usize, four[3].end as usize);
                if end - start <= 15 {
                    findings.extend(v4(doc, start, end));
                }
            }
        }
        let mut done = 0;
        for at in doc.marks(b':') {
            if at < done {
                continue;
            }
            let Some((start, end)) = run(doc.bytes(), at) else { continue };
            done = end;
            findings.extend(v6(doc, start, end));
        }
    }
}

fn v4(doc: &Doc<'_>, start: usize, end: usize) -> Option<Finding> {
    let bytes = doc.bytes();
    // The standard library refuses numbers above 255 and leading zeros.
    let address: Ipv4Addr = doc.text()[start..end].parse().ok()?;
    let before = bytes[..start].last();
    let is_glued = doc.is_glued(start, end)
        || before.is_some_and(|byte| {
            b".-".contains(byte) && start > 1 && bytes[start - 2].is_ascii_alphanumeric()
        })
        || (bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric))
        || (bytes.get(end) == Some(&b'-') && bytes.get(end + 1).is_some_and(u8::is_ascii_alphabetic));
    if is_glued || (before == Some(&b':') && start > 1 && bytes[start - 2] == b':') {
        return None;
    }
    let octets = address.octets();
    let context = Context::read(doc.text(), start, end);
    let is_named = context.near.meets(Topics::IP);
    // 1.2.3.4 is a section as often as an address; a first number below ten is rare in addresses.
    let is_small = octets.iter().all(|&octet| octet < 20) && !address.is_private();
    let is_nobodys = address.is_loopback() || address.is_unspecified() || is_mask(octets);
    let score = if context.label.meets(Topics::VERSION) && !context.label.meets(Topics::IP) {
        0.1
    } else if is_nobodys || (context.near.meets(Topics::VERSION) && !is_named) {
        0.3
    } else if is_small {
        if is_named { 0.7 } else { 0.4 }
    } else if address.is_private() || address.is_link_local() {
        if is_named { 0.8 } else { 0.6 }
    } else {
        0.95
    };
    let end = end + prefix_length(bytes, end, 32);
    Some(Finding { kind: Kind::Ip, start, end, score, rule: "ip.v4" })
}

/// Returns the length of `/24` behind an address.
fn prefix_length(bytes: &[u8], end: usize, most: u32) -> usize {
    if bytes.get(end) != Some(&b'/') {
        return 0;
    }
    let digits = bytes[end + 1..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let bits =
        bytes[end + 1..end + 1 + digits].iter().fold(0, |bits, byte| bits * 10 + u32::from(byte - b'0'));
    let ends = bytes.get(end + 1 + digits).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'/');
    if (1..=3).contains(&digits) && bits <= most && ends { digits + 1 } else { 0 }
}

/// 255.255.255.0 and its like: ones, then zeros.
fn is_mask(octets: [u8; 4]) -> bool {
    octets[0] == 255
        && u32::from_be_bytes(octets).count_zeros() == u32::from_be_bytes(octets).trailing_zeros()
}

/// Returns the run of hexadecimal digits, colons and dots around a colon, if two colons are in it.
fn run(bytes: &[u8], colon: usize) -> Option<(usize, usize)> {
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':' || *byte == b'.';
    // A time, a label, a scheme: most colons end here.
    let next = *bytes.get(colon + 1)?;
    if next != b':' && !next.is_ascii_hexdigit() {
        return None;
    }
    let back = bytes[..colon].iter().rev().take(5).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let ahead = bytes[colon..].iter().take(LONGEST + 2).take_while(|byte| is_part(byte)).count();
    let (start, mut end) = (colon - back, colon + ahead);
    while bytes[end - 1] == b'.' || (bytes[end - 1] == b':' && bytes[end - 2] != b':') {
        end -= 1;
    }
    let has_two = bytes[start..end].iter().filter(|&&byte| byte == b':').nth(1).is_some();
    (has_two && end - start <= LONGEST).then_some((start, end))
}

fn v6(doc: &Doc<'_>, start: usize, end: usize) -> Option<Finding> {
    let bytes = doc.bytes();
    let text = &doc.text()[start..end];
    let address: Ipv6Addr = text.parse().ok()?;
    let is_glued = doc.is_glued(start, end)
        || bytes[..start].last().is_some_and(|byte| b":.".contains(byte))
        || (bytes.get(end) == Some(&b':')
            && bytes.get(end + 1).is_some_and(|byte| byte.is_ascii_hexdigit() || *byte == b':'));
    if is_glued {
        return None;
    }
    let zone = match bytes.get(end) {
        Some(b'%') => {
            1 + bytes[end + 1..].iter().take(16).take_while(|byte| byte.is_ascii_alphanumeric()).count()
        }
        _ => 0,
    };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let groups = text.split(':').filter(|group| !group.is_empty()).count();
    let is_named = Context::read(doc.text(), start, end).near.meets(Topics::IP);
    // `::` stands between names in several languages, whose names may be hexadecimal: `dead::beef`.
    let score = if address.is_unspecified() || address.is_loopback() {
        0.3
    } else if groups < 3 && digits == 0 {
        if is_named { 0.6 } else { 0.1 }
    } else if groups < 2 && !is_named {
        0.55
    } else {
        0.95
    };
    let end = end + zone;
    let end = end + prefix_length(bytes, end, 128);
    Some(Finding { kind: Kind::Ip, start, end, score, rule: "ip.v6" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_ones_then_zeros() {
        let masks = (8..=32).map(|ones| (u32::MAX << (32 - ones)).to_be_bytes());
        assert!(masks.clone().all(is_mask));
        assert!(!is_mask([255, 0, 255, 0]) && !is_mask([254, 0, 0, 0]) && !is_mask([10, 0, 0, 1]));
    }
}
