//! Telephone numbers that are spelled out: *plus four four, seven seven double oh, nine …*.

use crate::lexicon::Classes;
use crate::tokens::TokenKind;
use crate::{Doc, Finding, Kind};

/// Digits of a number, at least and at most.
const LEAST: usize = 7;
const MOST: usize = 15;

pub(super) fn find(doc: &Doc<'_>, findings: &mut Vec<Finding>) {
    if !doc.has_token_of(Classes::DIGIT_WORD) {
        return;
    }
    let tokens = doc.tokens();
    let is_digit = |at: usize| tokens[at].classes.meets(Classes::DIGIT_WORD);
    let mut at = 0;
    while at < tokens.len() {
        if !is_digit(at) {
            at += 1;
            continue;
        }
        let (mut end, mut next, mut digits) = (at, at, 0);
        let mut seen: Vec<u64> = Vec::new();
        while next < tokens.len() && digits <= MOST + 1 {
            let word = tokens[next].text(doc.text());
            match tokens[next].kind {
                TokenKind::Word if is_digit(next) => {
                    let is_repeat = ["double", "triple"].iter().any(|it| word.eq_ignore_ascii_case(it));
                    digits +=
                        if is_repeat { 1 + usize::from(word.eq_ignore_ascii_case("triple")) } else { 1 };
                    seen.push(tokens[next].key);
                    end = next + 1;
                }
                // A new sentence is another number.
                TokenKind::Mark
                    if next == end
                        && (matches!(word, "," | "-" | "–")
                            || word == "."
                                && tokens.get(next + 1).is_none_or(|token| !token.is_capital())) => {}
                _ => break,
            }
            next += 1;
        }
        // Who counts says each once.
        let said = seen.len();
        seen.sort_unstable();
        seen.dedup();
        let has_plus = at > 0 && tokens[at - 1].text(doc.text()).eq_ignore_ascii_case("plus");
        if (LEAST..=MOST).contains(&digits) && seen.len() < said {
            let first = at - usize::from(has_plus);
            let score = if has_plus || digits >= 9 { 0.9 } else { 0.7 };
            let (start, end) = (tokens[first].start as usize, tokens[end - 1].end as usize);
            findings.push(Finding { kind: Kind::Phone, start, end, score, rule: "phone.spoken" });
        }
        at = end.max(at + 1);
    }
}
