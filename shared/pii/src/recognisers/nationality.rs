//! Nationalities and citizenships.
//!
//! Finds labelled values (*Nationality: British / Irish*), a word of nationality beside *citizen*, *national*,
//! *passport holder* (*Canadian citizen*, *nationalité française*), and one in a line that describes a person in a few
//! words (*Brazilian, married, 34 years*). Leaves words of nationality elsewhere: languages (*English (fluent)*),
//! kitchens, markets. The words are general knowledge.

use super::Recogniser;
use super::name_rules::Reader;
use super::personal::{self, Says};
use crate::fields::Field;
use crate::lexicon::Classes;
use crate::tokens::TokenKind;
use crate::{Doc, Finding, Kind, Kinds};

struct Nationality;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Nationality)
}

impl Recogniser for Nationality {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Nationality])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let reader = Reader::new(doc);
        for field in doc.fields().iter().filter(|field| field.kind == Kind::Nationality) {
            labelled(reader, *field, findings);
        }
        let known = Classes::DEMONYM.with(Classes::COUNTRY);
        for (at, token) in doc.tokens_of(known) {
            let is_demonym = token.classes.meets(Classes::DEMONYM);
            // *British / Nigerian citizen*, *British and Irish national*
            let mut next = at + 1;
            while next < at + 5
                && (reader.is(next, "/")
                    || matches!(
                        reader.word(next),
                        "and" | "&" | "or" | "-" | "och" | "og" | "und" | "et" | "y" | "e" | "ja" | "oraz"
                    )
                    || reader.tokens.get(next).is_some_and(|token| token.classes.meets(known)))
            {
                next += 1;
            }
            let is_before = says_citizen(reader.word(next))
                || matches!(reader.word(next), "passport" | "Passport")
                    && matches!(reader.word(next + 1), "holder" | "Holder");
            let is_behind = is_demonym && at > 0 && says_nationality(reader.word(at - 1));
            // The university of a nation is none: *German national team*.
            let is_other =
                matches!(reader.word(next + 1), "team" | "anthem" | "park" | "holiday" | "bank" | "library");
            if (is_before || is_behind)
                && !is_other
                && (is_demonym || reader.word(next).starts_with(['c', 'C']))
            {
                push(findings, reader.range(at, at + 1), 0.9, "nationality.stated");
            }
        }
        for (at, _) in doc.tokens_of(Classes::DEMONYM) {
            said(reader, at, findings);
        }
        personal::lines(doc, Classes::DEMONYM, |pieces, _| {
            if personal::is_mixed(pieces) {
                for &(_, first, last) in pieces.iter().filter(|piece| piece.0 == Says::Nationality) {
                    push(findings, reader.range(first, last), 0.8, "nationality.line");
                }
            }
        });
    }
}

/// Words for a citizen and a citizenship, behind a word of nationality.
fn says_citizen(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "citizen"
            | "citizens"
            | "national"
            | "nationals"
            | "citizenship"
            | "nationality"
            | "staatsbürger"
            | "staatsbürgerin"
            | "staatsangehöriger"
            | "staatsangehörige"
            | "staatsbürgerschaft"
            | "staatsangehörigkeit"
            | "medborgare"
            | "statsborger"
            | "kansalainen"
            | "kansalaisuus"
            | "obywatel"
            | "obywatelka"
            | "obywatelstwo"
            | "nationaliteit"
            | "medborgarskap"
            | "statsborgerskab"
            | "statsborgerskap"
            | "vatandaşı"
            | "állampolgár"
            | "občan"
            | "občanka"
            | "občanství"
            | "cetățean"
    )
}

/// The same in front of it.
fn says_nationality(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "nationalité"
            | "nationality"
            | "nacionalidad"
            | "nacionalidade"
            | "nazionalità"
            | "cittadinanza"
            | "nationaliteit"
            | "nationalität"
            | "obywatelstwo"
            | "staatsangehörigkeit"
            | "citoyenneté"
            | "citoyen"
            | "citoyenne"
            | "ciudadano"
            | "ciudadana"
            | "ciudadanía"
            | "cidadão"
            | "cidadã"
            | "cidadania"
            | "cittadino"
            | "cittadina"
            | "cetățenie"
            | "občanství"
            | "statsborger"
            | "medborgarskap"
            | "kansalaisuus"
            | "příslušnost"
            | "príslušnosť"
            | "uyruğu"
            | "állampolgárság"
            | "statsborgerskab"
            | "statsborgerskap"
    )
}

/// *I am Irish*, *soy español*, *a 41-year-old New Zealander*: who somebody is, where the sentence does not go on with what
/// else is of that country.
fn said(reader: Reader<'_>, at: usize, findings: &mut Vec<Finding>) {
    let first = at - usize::from(at > 0 && reader.gap(at) == 1 && personal::is_half(reader.word(at - 1)));
    let word = |back: usize| first.checked_sub(back).map_or("", |at| reader.word(at));
    let article = usize::from(matches!(word(1), "a" | "an" | "en" | "ein" | "eine" | "originally" | "een"));
    let before = word(1 + article).to_lowercase();
    let is_mine = personal::is_am(&before) || matches!(before.as_str(), "i'm" | "old");
    let goes_on = reader.tokens.get(at + 1).is_some_and(|token| token.kind == TokenKind::Word)
        && !matches!(
            reader.word(at + 1),
            "and"
                | "with"
                | "but"
                | "living"
                | "based"
                | "by"
                | "married"
                | "who"
                | "y"
                | "et"
                | "und"
                | "e"
                | "og"
                | "och"
        );
    if is_mine && !goes_on && !reader.is(at + 1, "-") {
        push(findings, reader.range(first, at + 1), 0.7, "nationality.said");
    }
}

fn labelled(reader: Reader<'_>, field: Field, findings: &mut Vec<Finding>) {
    let first = reader.token_at(field.start as usize);
    let last = reader.token_at(field.end as usize).min(first + 7);
    let mut end = first;
    while end < last {
        let token = reader.tokens[end];
        let joins = ["/", "-", "&", "'", ","].iter().any(|mark| reader.is(end, mark));
        let stops =
            matches!(reader.word(end).to_ascii_lowercase().as_str(), "citizen" | "national" | "citizenship");
        // *T.C.*
        let is_cut = reader.is(end, ".") && end > first && reader.word(end - 1).chars().count() == 1;
        if stops || !(token.kind == TokenKind::Word || joins || is_cut) {
            break;
        }
        end += 1;
    }
    while end > first && reader.tokens[end - 1].kind == TokenKind::Mark {
        end -= 1;
    }
    if end > first {
        let known = Classes::DEMONYM.with(Classes::COUNTRY);
        let is_known = (first..end).any(|at| reader.tokens[at].classes.meets(known));
        push(findings, reader.range(first, end), if is_known { 0.97 } else { 0.75 }, "nationality.label");
    }
}

fn push(findings: &mut Vec<Finding>, range: (usize, usize), score: f32, rule: &'static str) {
    findings.push(Finding { kind: Kind::Nationality, start: range.0, end: range.1, score, rule });
}
