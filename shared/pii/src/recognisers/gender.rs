//! Statements of gender.
//!
//! Finds labelled values (*Geschlecht: weiblich*), pronouns as they are stated (*she/her*, *he/him/his*) and a word of
//! gender in a line that describes a person in a few words (*Female, 34 years*). Leaves words of gender elsewhere, and
//! what grammars and forms write with a slash (*his/her*, *m/f/d* of a job post). The words are general knowledge.

use super::Recogniser;
use super::name_rules::Reader;
use super::personal::{self, Says};
use crate::lexicon::Classes;
use crate::tokens::TokenKind;
use crate::{Doc, Finding, Kind, Kinds};

struct Gender;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Gender)
}

impl Recogniser for Gender {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Gender])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let reader = Reader::new(doc);
        for field in doc.fields().iter().filter(|field| field.kind == Kind::Gender) {
            let first = reader.token_at(field.start as usize);
            let last = reader.token_at(field.end as usize).min(first + 5);
            let is_part = |at: &usize| {
                let token = reader.tokens[*at];
                token.kind == TokenKind::Word || reader.is(*at, "/") || reader.is(*at, "-")
            };
            let end = first + (first..last).take_while(is_part).count();
            if end > first {
                let is_known = (first..end).any(|at| {
                    reader.tokens[at].classes.meets(Classes::GENDER) || is_pronoun(reader.word(at))
                });
                // *Sex: …* may be anything else.
                let score = if is_known { 0.95 } else { 0.4 };
                push(findings, reader.range(first, end), score, "gender.label");
            }
        }
        for at in doc.marks(b'/') {
            let at = reader.token_at(at);
            if at == 0 || !is_subject(reader.word(at - 1)) || !is_pronoun(reader.word(at + 1)) {
                continue;
            }
            let goes_on = reader.is(at + 2, "/") && is_pronoun(reader.word(at + 3));
            // *he/she* is a way to write, *he/him* a statement.
            if !is_subject(reader.word(at + 1)) || goes_on {
                let last = if goes_on { at + 4 } else { at + 2 };
                push(findings, reader.range(at - 1, last), 0.9, "gender.pronouns");
            }
        }
        personal::lines(doc, Classes::GENDER, |pieces, _| {
            if personal::is_mixed(pieces) {
                for &(_, first, last) in pieces.iter().filter(|piece| piece.0 == Says::Gender) {
                    push(findings, reader.range(first, last), 0.75, "gender.line");
                }
            }
        });
    }
}

fn is_subject(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "he" | "she"
            | "they"
            | "ze"
            | "xe"
            | "er"
            | "sie"
            | "il"
            | "elle"
            | "iel"
            | "él"
            | "ella"
            | "elle's"
            | "hij"
            | "zij"
            | "hen"
            | "han"
            | "hon"
            | "hän"
    )
}

fn is_pronoun(word: &str) -> bool {
    is_subject(word)
        || matches!(
            word.to_lowercase().as_str(),
            "him"
                | "his"
                | "her"
                | "hers"
                | "them"
                | "theirs"
                | "their"
                | "zir"
                | "hir"
                | "xem"
                | "ihm"
                | "ihr"
                | "lui"
                | "honom"
                | "henne"
                | "ham"
                | "hende"
                | "hem"
                | "haar"
                | "hun"
                | "any"
        )
}

fn push(findings: &mut Vec<Finding>, range: (usize, usize), score: f32, rule: &'static str) {
    findings.push(Finding { kind: Kind::Gender, start: range.0, end: range.1, score, rule });
}
