//! Names behind labels.

use super::{Reader, finding};
use crate::fields::Field;
use crate::tokens::Case;
use crate::{Doc, Finding, Kind};

/// Words of a value that are looked at for a list of names.
const MOST_TOKENS: usize = 4_000;

pub(super) fn find(doc: &Doc<'_>, reader: Reader<'_>, findings: &mut Vec<Finding>) {
    for field in doc.fields().iter().filter(|field| field.kind == Kind::Name) {
        let first = reader.token_at(field.start as usize);
        let last = reader.token_at(field.end as usize).min(first + MOST_TOKENS);
        if !list(reader, *field, first, last, findings) && !field.is_loose {
            bare(reader, first, last, findings);
        }
    }
}

/// Reads the names of a value: one, or several as *Lee, Ann; Moss, Bo*. Says whether there was any.
fn list(reader: Reader<'_>, field: Field, first: usize, last: usize, findings: &mut Vec<Finding>) -> bool {
    let from = findings.len();
    let mut at = first;
    while at < last {
        let start = reader.skip_titles(at);
        // *Ann Lee/HOU/ECT*: units follow.
        let is_unit = field.is_loose && at > first && reader.is(at - 1, "/");
        let name = reader.name(start).filter(|_| !is_unit).filter(|name| name.last <= last);
        let Some(name) = name else {
            // Only a list goes on behind what is no name.
            match (at..last).find(|&at| reader.is(at, ";") || reader.is(at, ",") || reader.is(at, ">")) {
                Some(next) if field.is_loose => at = next + 1,
                _ => break,
            }
            continue;
        };
        let mut end = name.last;
        // *Lee, Ann B.*: the surname first.
        if reader.is(end, ",")
            && name.words <= 3
            && let Some(given) = reader.name(end + 1)
            && given.last <= last
            && given.words <= 3
            && (name.words == 1 || given.words == 1 || !field.is_loose)
        {
            end = given.last;
        }
        let words = name.words + name.initials + usize::from(end > name.last);
        let is_whole = end == last
            || [",", ";", "(", "<", "/", "|", "-", "[", "\"", "'", ">"]
                .iter()
                .any(|mark| reader.is(end, mark))
            || reader.gap(end) > 2;
        let score = match (field.is_loose, is_whole, words) {
            (false, true, 2..) => 0.95,
            (false, true, _) => 0.85,
            (true, true, 2..) => 0.8,
            (false, false, 2..) => 0.7,
            (true, true, _) | (false, false, _) => 0.55,
            (true, false, _) => 0.45,
        };
        findings.push(finding(reader.range(name.first, end), score, "name.label"));
        at = end;
        if !field.is_loose && !reader.is(at, ";") && !reader.is(at, "/") && !reader.is(at, ",") {
            break;
        }
        match (at..last.min(at + 24))
            .find(|&at| reader.is(at, ";") || reader.is(at, ",") || reader.is(at, "/"))
        {
            Some(next) => at = next + 1,
            None => break,
        }
    }
    findings.len() > from
}

/// A value that begins with a name in lower case, or in a script without case, up to a mark or the value's end.
fn bare(reader: Reader<'_>, first: usize, last: usize, findings: &mut Vec<Finding>) {
    let Some((end, words)) = reader.plain(first, last) else { return };
    let has_no_case = reader.tokens[first..end].iter().all(|token| token.case == Case::None);
    if words >= 2 || has_no_case {
        findings.push(finding(reader.range(first, end), 0.7, "name.label"));
    }
}
