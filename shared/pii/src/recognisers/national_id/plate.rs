//! Number plates behind a word for one: they tell the holder, and have no form of their own.

use crate::topics::{Context, Topics};
use crate::{Doc, Finding, Kind};

/// Letters and digits of a plate, at least and at most, and its parts.
const LEAST: usize = 4;
const MOST: usize = 9;
const MOST_PARTS: usize = 3;

pub(super) fn find(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    let mut done = 0;
    for group in doc.groups() {
        let at = group.start as usize;
        if at < done || group.end - group.start > 5 {
            continue;
        }
        let Some((start, end)) = extent(doc.bytes(), at, done) else { continue };
        done = end;
        let context = Context::before(doc.text(), start);
        let is_other = context.label.meets(Topics::OTHER.with(Topics::PHONE));
        if context.label.meets(Topics::VEHICLE) && !is_other {
            let score = if context.is_marked { 0.85 } else { 0.65 };
            findings.push(Finding { kind: Kind::NationalId, start, end, score, rule: "id.plate" });
        }
    }
}

/// Returns the parts around a run of digits: `AB51 CDE`, `34 ABC 1234`, `7ABC123`.
fn extent(bytes: &[u8], at: usize, done: usize) -> Option<(usize, usize)> {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let parts_back =
        |from: usize| bytes[done..from].iter().rev().take(MOST).take_while(|b| is_part(**b)).count();
    let mut start = at - parts_back(at);
    // A part of letters in front: `B MW 1234`.
    for _ in 1..MOST_PARTS {
        if start < done + 2 || !matches!(bytes[start - 1], b' ' | b'-') {
            break;
        }
        let letters = parts_back(start - 1);
        let part = &bytes[start - 1 - letters..start - 1];
        if !(1..=3).contains(&letters)
            || !part.iter().all(u8::is_ascii_uppercase)
            || part == b"ID"
            || part == b"NO"
        {
            break;
        }
        start -= letters + 1;
    }
    let mut end = at;
    for part in 0..MOST_PARTS {
        let from = end + usize::from(part > 0);
        let size = bytes[from.min(bytes.len())..].iter().take(MOST).take_while(|b| is_part(**b)).count();
        if size == 0 || part > 0 && (size > 4 || !matches!(bytes[end], b' ' | b'-')) {
            break;
        }
        end = from + size;
        if end == bytes.len() {
            break;
        }
    }
    let signs = bytes[start..end].iter().filter(|byte| is_part(**byte)).count();
    let letters = bytes[start..end].iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let is_glued = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    let is_plate = (LEAST..=MOST).contains(&signs)
        && (1..signs).contains(&letters)
        && !is_glued(bytes[..start].last())
        && !is_glued(bytes.get(end));
    is_plate.then_some((start, end))
}
