//! Names of schools that a line's end or a column's edge cuts: *Universidad / Brenteriana*, *Otto-Brenner- / Universität*.

use super::super::name_rules::Reader;
use super::{is_part, push, right};
use crate::Finding;
use crate::lexicon::Classes;

/// Tokens on a line that are looked at.
const LONGEST_LINE: usize = 60;

/// Looks for what goes on in the line below the name from `first` to `last`, or begins in the line above.
pub(super) fn find(reader: Reader<'_>, first: usize, last: usize, findings: &mut Vec<Finding>) {
    let Some(cell) = cell_start(reader, first) else { return };
    let column = column(reader, cell);
    let ends_cell = reader.is_break(last) || reader.gap(last) >= 3;
    let is_open = ends_cell
        && (matches!(reader.word(last - 1), "-" | "of" | "de" | "di" | "für" | "for")
            || reader.tokens[last - 1].classes.meets(Classes::SCHOOL) && leads(reader.word(last - 1)));
    if is_open
        && let Some(below) = below(reader, last, column)
        && is_part(reader, below)
        && !reader.tokens[below].classes.meets(Classes::SCHOOL)
        && !is_heading(reader, below)
    {
        let end = right(reader, below + 1).max(below + 1);
        push(findings, reader.range(below, end), 0.7);
    }
    if first == cell
        && let Some((start, end)) = above(reader, first, column)
    {
        push(findings, reader.range(start, end), 0.75);
    }
}

/// Words behind which the name stands in their languages.
fn leads(word: &str) -> bool {
    const LEADING: [&str; 24] = [
        "universidad",
        "universidade",
        "université",
        "università",
        "universitat",
        "universitatea",
        "universiteit",
        "uniwersytet",
        "universität",
        "hochschule",
        "politechnika",
        "politecnico",
        "politécnica",
        "instituto",
        "istituto",
        "escuela",
        "escola",
        "école",
        "lycée",
        "liceo",
        "colegio",
        "colégio",
        "collège",
        "faculdade",
    ];
    LEADING.contains(&word.to_lowercase().as_str())
}

/// Returns the first token of the cell that `at` stands in.
fn cell_start(reader: Reader<'_>, at: usize) -> Option<usize> {
    (at.saturating_sub(LONGEST_LINE)..=at).rev().find(|&at| reader.begins_line(at) || reader.gap(at) >= 3)
}

/// Returns in which column of its line a token stands.
fn column(reader: Reader<'_>, at: usize) -> usize {
    let before = &reader.text[..reader.tokens[at].start as usize];
    before
        .bytes()
        .rev()
        .take(400)
        .take_while(|byte| *byte != b'\n')
        .filter(|byte| byte & 0xc0 != 0x80)
        .count()
}

/// Returns the token below the line of `at` that stands in the column.
fn below(reader: Reader<'_>, at: usize, wanted: usize) -> Option<usize> {
    let end = (at..reader.tokens.len().min(at + LONGEST_LINE)).find(|&at| reader.is_break(at))?;
    // An empty line ends what stands above it.
    let breaks = reader.word(end).bytes().filter(|byte| *byte == b'\n').count();
    let line = end + 1..reader.tokens.len().min(end + 1 + LONGEST_LINE);
    if breaks > 1 {
        return None;
    }
    line.take_while(|&at| !reader.is_break(at))
        .find(|&at| (at == end + 1 || reader.gap(at) >= 3) && column(reader, at) == wanted)
}

/// Returns a name's beginning that ends in a hyphen in the line above, in the column of its cell.
fn above(reader: Reader<'_>, at: usize, wanted: usize) -> Option<(usize, usize)> {
    let end = (at.saturating_sub(LONGEST_LINE)..at).rev().find(|&at| reader.is_break(at))?;
    let mut start = end;
    let mut cut = None;
    while start > 0 && end - start < LONGEST_LINE && !reader.is_break(start - 1) {
        start -= 1;
        let is_hyphen = reader.is(start, "-") && reader.gap(start) == 0;
        if is_hyphen && (start + 1 == end || reader.gap(start + 1) >= 3) {
            cut = Some(start + 1);
        }
        let is_cell = reader.begins_line(start) || reader.gap(start) >= 3;
        if is_cell && cut.is_some() {
            break;
        }
    }
    let cut = cut?;
    if column(reader, start) > wanted + 2 || wanted > column(reader, cut - 1) {
        return None;
    }
    let mut first = cut - 1;
    while first > start && (is_part(reader, first - 1) || reader.is(first - 1, "-")) && reader.gap(first) == 0
    {
        first -= 1;
    }
    (first < cut - 1).then_some((first, cut))
}

/// Says whether the line is a heading: one word of capitals.
fn is_heading(reader: Reader<'_>, at: usize) -> bool {
    let word = reader.word(at);
    word.chars().count() > 3 && word.chars().all(char::is_uppercase)
}
