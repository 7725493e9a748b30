//! Marital status, and the family stated with it.
//!
//! Finds labelled values (*Familienstand: verheiratet, zwei Kinder*), a word of marital status in a line that describes a
//! person in a few words, or alone on its line, with the children counted behind it, and statements of the family (*I
//! am married with two kids*, *my wife and our three children*). Leaves such words elsewhere (*single page*, *separated
//! by commas*). The words are general knowledge.

use super::Recogniser;
use super::name_rules::Reader;
use super::personal::{self, Says};
use crate::fields::Field;
use crate::lexicon::Classes;
use crate::tokens::TokenKind;
use crate::{Doc, Finding, Kind, Kinds};

struct MaritalStatus;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(MaritalStatus)
}

impl Recogniser for MaritalStatus {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::MaritalStatus])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let reader = Reader::new(doc);
        for field in doc.fields().iter().filter(|field| field.kind == Kind::MaritalStatus) {
            labelled(reader, *field, findings);
        }
        let known = Classes::MARITAL.with(Classes::FAMILY);
        for (at, token) in doc.tokens_of(known) {
            stated(reader, at, token.classes.meets(Classes::MARITAL), findings);
        }
        personal::lines(doc, Classes::MARITAL, |pieces, all| {
            for (place, &(says, first, last)) in pieces.iter().enumerate() {
                // Alone on its line, or in a cell of it.
                let is_cell = (reader.begins_line(first) || reader.gap(first) >= 3)
                    && (reader.is_break(last) || reader.gap(last) >= 3);
                let is_alone = pieces.len() < 2;
                if says != Says::MaritalStatus
                    || is_alone && (all > 1 && !is_cell || is_ambiguous(reader.word(first)))
                {
                    continue;
                }
                let with_children = pieces.get(place + 1).filter(|piece| {
                    piece.0 == Says::Else && reader.tokens[piece.2 - 1].classes.meets(Classes::FAMILY)
                });
                let last = with_children.map_or(last, |piece| piece.2);
                let score = if pieces.len() >= 2 { 0.85 } else { 0.65 };
                push(findings, reader.range(first, last), score, "marital_status.line");
            }
        });
    }
}

/// Words that mean much else, alone on a line.
fn is_ambiguous(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "single"
            | "separated"
            | "engaged"
            | "partnered"
            | "gift"
            | "libero"
            | "stato"
            | "getrennt"
            | "enlig"
            | "separado"
            | "separada"
            | "separato"
            | "gescheiden"
            | "panna"
            | "wolny"
            | "wolna"
            | "dul"
    )
}

fn labelled(reader: Reader<'_>, field: Field, findings: &mut Vec<Finding>) {
    let first = reader.token_at(field.start as usize);
    let last = reader.token_at(field.end as usize).min(first + 14);
    let end = (first..last)
        .find(|&at| [".", ";", "(", "·"].iter().any(|mark| reader.is(at, mark)) || reader.is_break(at));
    let end = end.unwrap_or(last);
    if end > first {
        let tells = |at: usize| {
            let token = reader.tokens[at];
            token.classes.meets(Classes::MARITAL.with(Classes::FAMILY)) || token.kind == TokenKind::Number
        };
        let score = if (first..end).any(tells) { 0.97 } else { 0.6 };
        push(findings, reader.range(first, end), score, "marital_status.label");
    }
}

/// *married with two kids*, *my wife and our three kids*, *I am married*
fn stated(reader: Reader<'_>, at: usize, is_status: bool, findings: &mut Vec<Finding>) {
    let before = at.checked_sub(1).map_or("", |before| reader.word(before)).to_lowercase();
    let mut end = at + 1;
    let mut next = end;
    while next < at + 6
        && reader.tokens.get(next).is_some_and(|token| {
            token.kind == TokenKind::Number || token.kind == TokenKind::Word || reader.is(next, ",")
        })
    {
        if reader.tokens[next].classes.meets(Classes::FAMILY) {
            end = next + 1;
            break;
        }
        next += 1;
    }
    let has_family = end > at + 1;
    let joins = matches!(
        reader.word(at + 1).to_lowercase().as_str(),
        "with"
            | "and"
            | ","
            | "mit"
            | "und"
            | "avec"
            | "et"
            | "con"
            | "y"
            | "e"
            | "com"
            | "met"
            | "en"
            | "med"
            | "och"
            | "og"
            | "ja"
            | "z"
            | "i"
    );
    if is_status {
        let is_mine = personal::is_am(&before) || matches!(before.as_str(), "m" | "estoy" | "happily");
        if is_mine && !matches!(reader.word(at + 1), "to" | "in" | "page" | "by" | "from")
            || has_family && joins
        {
            let last = if has_family && joins { end } else { at + 1 };
            push(findings, reader.range(at, last), 0.75, "marital_status.stated");
        }
    } else if matches!(
        before.as_str(),
        "my" | "meine" | "meiner" | "mon" | "ma" | "mi" | "mia" | "minha" | "mijn" | "min"
    ) && matches!(
        reader.word(at),
        "wife"
            | "husband"
            | "spouse"
            | "Frau"
            | "Ehefrau"
            | "Mann"
            | "Ehemann"
            | "épouse"
            | "mari"
            | "esposa"
            | "esposo"
            | "marido"
            | "moglie"
            | "vrouw"
            | "fru"
            | "kone"
    ) {
        let last = if has_family && joins { end } else { at + 1 };
        push(findings, reader.range(at - 1, last), 0.6, "marital_status.stated");
    }
}

fn push(findings: &mut Vec<Finding>, range: (usize, usize), score: f32, rule: &'static str) {
    findings.push(Finding { kind: Kind::MaritalStatus, start: range.0, end: range.1, score, rule });
}
