//! Speakers of a chat whose names are no words of a name: `[12:01] raj.p: yes`, `<marek> ok`, `12:05 - marek: thanks`.
//!
//! Speakers come back: a line counts only where at least two lines of the text are written so, and a program that logs
//! says what happened, not who said it.

use std::iter;

use super::{Reader, finding};
use crate::anchors::Anchor;
use crate::tokens::TokenKind;
use crate::{Doc, Finding};

/// Tokens of a line that are looked at, and those of a speaker.
const LONGEST_HEAD: usize = 24;
const LONGEST_SPEAKER: usize = 6;

pub(super) fn find(doc: &Doc<'_>, reader: Reader<'_>, findings: &mut Vec<Finding>) {
    let starts = iter::once(0).chain(doc.anchors(Anchor::Break).map(|at| at + 1));
    let said: Vec<_> =
        starts.filter(|&at| !reader.is_break(at)).filter_map(|at| speaker(reader, at)).collect();
    if said.len() < 2 {
        return;
    }
    for (first, last) in said {
        let is_joined = (first + 1..last).any(|at| reader.is(at, ".") || reader.is(at, "_"));
        findings.push(finding(reader.range(first, last), if is_joined { 0.7 } else { 0.6 }, "name.speaker"));
    }
}

/// Returns the speaker of the line that begins at `start`.
fn speaker(reader: Reader<'_>, start: usize) -> Option<(usize, usize)> {
    let timed = time(reader, start);
    let at = timed.unwrap_or(start);
    // `<marek> ok`
    if reader.is(at, "<") {
        let last = (at + 1..at + 1 + LONGEST_SPEAKER).find(|&at| reader.is(at, ">"))?;
        let is_name = last > at + 1 && may_speak(reader, at + 1, last) && reader.gap(last + 1) >= 1;
        return (is_name && !reader.is_break(last + 1)).then_some((at + 1, last));
    }
    let at = timed?;
    let last = (at + 1..at + 1 + LONGEST_SPEAKER).find(|&at| reader.is(at, ":"))?;
    (may_speak(reader, at, last) && reader.gap(last) == 0 && reader.gap(last + 1) >= 1).then_some((at, last))
}

/// Returns the token behind the time a line begins with: `[12:01]`, `12:05 -`, `[3/5/2024, 12:05]`. Seconds are a log's.
fn time(reader: Reader<'_>, start: usize) -> Option<usize> {
    let is_bracketed = reader.is(start, "[") || reader.is(start, "(");
    let mut at = start + usize::from(is_bracketed);
    let is_number = |at: usize| reader.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Number);
    if !is_number(at) {
        return None;
    }
    let mut colons = 0;
    for _ in 0..LONGEST_HEAD {
        let is_part = is_number(at)
            || [":", "/", ".", ","].iter().any(|mark| reader.is(at, mark))
            || reader.is(at, "-") && !is_bracketed && is_number(at + 1)
            || matches!(reader.word(at), "AM" | "PM" | "am" | "pm");
        if !is_part {
            break;
        }
        colons += usize::from(reader.is(at, ":"));
        at += 1;
    }
    if colons != 1 {
        return None;
    }
    if is_bracketed {
        return (reader.is(at, "]") || reader.is(at, ")")).then_some(at + 1);
    }
    reader.is(at, "-").then_some(at + 1)
}

/// Says whether the tokens may name who speaks: one word, or several that a dot or an underscore joins.
fn may_speak(reader: Reader<'_>, first: usize, last: usize) -> bool {
    const NOBODY: [&str; 34] = [
        "error",
        "warn",
        "warning",
        "info",
        "debug",
        "trace",
        "fatal",
        "critical",
        "notice",
        "system",
        "server",
        "client",
        "kernel",
        "bot",
        "admin",
        "agent",
        "user",
        "customer",
        "visitor",
        "guest",
        "support",
        "operator",
        "assistant",
        "root",
        "cron",
        "nginx",
        "systemd",
        "note",
        "todo",
        "update",
        "status",
        "me",
        "you",
        "time",
    ];
    let word = reader.word(first).to_lowercase();
    let is_joined = (first + 1..last).all(|at| {
        reader.gap(at) == 0
            && (reader.tokens[at].kind != TokenKind::Mark
                || reader.is(at, ".")
                || reader.is(at, "_")
                || reader.is(at, "-"))
    });
    reader.tokens[first].kind == TokenKind::Word
        && is_joined
        && (2..=24).contains(&word.chars().count())
        && !NOBODY.contains(&word.as_str())
}
