//! Hardware addresses.
//!
//! Finds six pairs of hexadecimal digits with colons or dashes between, and three fours with dots (IEEE 802, and the form
//! of Cisco's devices). Leaves the addresses of nobody, all ones and all zeros, and mixed separators.

use super::Recogniser;
use crate::{Doc, Finding, Kind, Kinds};

struct Mac;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Mac)
}

impl Recogniser for Mac {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Mac])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        look(doc, doc.marks(b':'), 2, findings);
        look(doc, memchr::memchr_iter(b'-', doc.bytes()), 2, findings);
        look(doc, doc.marks(b'.'), 4, findings);
    }
}

/// Looks for addresses whose first separator stands at one of `places`, in order.
fn look(doc: &Doc<'_>, places: impl Iterator<Item = usize>, width: usize, findings: &mut Vec<Finding>) {
    let bytes = doc.bytes();
    let mut done = 0;
    for at in places {
        // Most separators end at the first look: the next one stands a group further.
        if bytes.get(at + width + 1) != Some(&bytes[at]) || at < done + width {
            continue;
        }
        let start = at - width;
        let end = start + (12 / width) * (width + 1) - 1;
        let Some(address) = bytes.get(start..end) else { continue };
        let is_address = address.chunks(width + 1).all(|group| {
            group[..width].iter().all(u8::is_ascii_hexdigit)
                && group.get(width).is_none_or(|byte| *byte == bytes[at])
        });
        let is_nobodys = address.iter().all(|&byte| byte == b'0' || byte == bytes[at])
            || address.iter().all(|&byte| byte.eq_ignore_ascii_case(&b'f') || byte == bytes[at]);
        let goes_on = |byte: Option<&u8>, next: Option<&u8>| {
            byte == Some(&bytes[at]) && next.is_some_and(u8::is_ascii_hexdigit)
        };
        let is_part = goes_on(bytes.get(end), bytes.get(end + 1))
            || (start > 1 && goes_on(bytes.get(start - 1), bytes.get(start - 2)));
        if is_address && !is_nobodys && !is_part && !doc.is_glued(start, end) {
            let rule = if width == 2 { "mac.pairs" } else { "mac.fours" };
            findings.push(Finding { kind: Kind::Mac, start, end, score: 0.97, rule });
            done = end;
        }
    }
}
