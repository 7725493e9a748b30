//! Universities and schools.
//!
//! Finds a keyword (*University*, *Universität*, *École*, *yliopisto*, *Lycée*) with the capitalised words around it and
//! the small words between them (*Universidad Nacional Autónoma de México*, *William & Mary College*), words built with
//! one (*Goethegymnasium*, *Turun-yliopisto*), initials in brackets behind it, labelled values, and some that are
//! known by one word (*MIT*, *INSEAD*). Leaves keywords without a name (*high school diploma*, *university degree*),
//! hospitals, presses and boards of a university, and institutes that teach nobody. The words are general knowledge.

mod columns;
mod section;

use super::Recogniser;
use super::name_rules::Reader;
use super::places;
use super::view::View;
use crate::lexicon::Classes;
use crate::tokens::{Case, TokenKind};
use crate::{Doc, Finding, Kind, Kinds};

struct School;

/// Words and marks of a name on either side of its keyword, at most.
const REACH: usize = 10;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(School)
}

impl Recogniser for School {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::School])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let reader = Reader::new(doc);
        let known = findings.len();
        let mut behind = 0;
        for at in 0..reader.tokens.len() {
            if at < behind {
                continue;
            }
            let token = reader.tokens[at];
            let is_keyword = token.classes.meets(Classes::SCHOOL);
            let may_be_built = token.is_capital() && (token.end - token.start) as usize >= SHORTEST_BUILT;
            if !is_keyword && !may_be_built && !token.classes.meets(Classes::SCHOOL_NAME) {
                continue;
            }
            let found = if is_keyword || may_be_built && is_built(reader.word(at)) {
                named(reader, at, !is_keyword)
            } else if token.classes.meets(Classes::SCHOOL_NAME) && token.is_capital() {
                match token.case {
                    // *MIT License*
                    Case::Upper
                        if matches!(reader.word(at + 1), "License" | "Licence" | "license" | "licence") =>
                    {
                        None
                    }
                    Case::Upper => {
                        if let Some(first) = spelled(reader, at) {
                            push(findings, reader.range(first, at - 1), 0.85);
                        }
                        // *NTNU Bergen*
                        let view = View { text: reader.text, tokens: reader.tokens };
                        let town = places::at(view, at + 1).filter(|_| reader.gap(at + 1) == 1);
                        let last = town.map_or(at + 1, |(_, last)| last);
                        Some((at, last, 0.75))
                    }
                    // *Sciences Po Rennes*
                    _ if reader.word(at) == "Po" => (at > 0 && reader.word(at - 1) == "Sciences")
                        .then(|| (at - 1, right(reader, at + 1), 0.85)),
                    // *Mit* and *Usc* are words of other languages.
                    _ if reader.word(at).len() >= 6 => Some((at, at + 1, 0.6)),
                    _ => None,
                }
            } else {
                None
            };
            if let Some((first, last, score)) = found {
                push(findings, reader.range(first, last), score);
                columns::find(reader, first, last, findings);
                behind = initials(reader, last, score.min(0.8), findings).max(last);
            }
        }
        for field in doc.fields().iter().filter(|field| field.kind == Kind::School && !field.is_loose) {
            let first = reader.token_at(field.start as usize);
            let last = reader.token_at(field.end as usize);
            let end = (first..last.min(first + REACH)).find(|&at| reader.is(at, ",") || reader.is(at, "("));
            let end = end.unwrap_or(last.min(first + REACH));
            if end > first && reader.tokens[first].is_capital() {
                push(findings, reader.range(first, end), 0.75);
            }
        }
        section::find(reader, known, findings);
    }
}

/// Returns where the name begins whose initials stand in brackets at `at`: *Fundação Brás Cubano (FBC)*.
fn spelled(reader: Reader<'_>, at: usize) -> Option<usize> {
    let bracket = at.checked_sub(1).filter(|&mark| reader.is(mark, "(") && reader.is(at + 1, ")"))?;
    let mut initials = reader.word(at).chars().rev().peekable();
    let mut first = bracket;
    while first > 0 && reader.gap(first) <= 1 && bracket - first < REACH {
        let before = first - 1;
        if is_part(reader, before) {
            initials.next_if(|initial| reader.word(before).starts_with(*initial))?;
        } else if !is_link(reader, before) {
            break;
        }
        first = before;
        if initials.peek().is_none() {
            return Some(first);
        }
    }
    None
}

fn push(findings: &mut Vec<Finding>, range: (usize, usize), score: f32) {
    findings.push(Finding { kind: Kind::School, start: range.0, end: range.1, score, rule: "school.name" });
}

/// Bytes of the shortest word that is built with a keyword.
const SHORTEST_BUILT: usize = 9;

/// Says whether a word is built with a keyword: *Fernuniversität*, *Kathedralskolan*.
fn is_built(word: &str) -> bool {
    const ENDS: [&str; 14] = [
        "gymnasium",
        "gymnasiet",
        "universität",
        "universiteit",
        "universitet",
        "hochschule",
        "hogeschool",
        "högskola",
        "skolan",
        "skola",
        "koulu",
        "opisto",
        "college",
        "institutet",
    ];
    ENDS.iter().any(|end| word.ends_with(end))
}

/// Says whether the token is part of the school's name: a capitalised word, but for degrees and what stands beside.
fn is_part(reader: Reader<'_>, at: usize) -> bool {
    reader.tokens.get(at).is_some_and(|token| {
        token.kind == TokenKind::Word && token.is_capital() && !token.classes.meets(Classes::DEGREE)
    })
}

fn is_link(reader: Reader<'_>, at: usize) -> bool {
    reader.tokens.get(at).is_some_and(|token| {
        token.kind == TokenKind::Word && token.classes.meets(Classes::SCHOOL_LINK) && !token.is_capital()
    }) || reader.is(at, "&")
}

/// Small words in front of a keyword that belong to the school's name.
fn links_back(word: &str) -> bool {
    matches!(word, "of" | "&" | "and" | "de" | "du" | "del" | "for" | "och" | "og" | "és" | "και" | "și")
        || word == "videregående"
        || matches!(word, "lyseon" | "normaali" | "suomalainen")
        || word.contains("teknisk")
        || word.contains("teknillinen")
        || word.contains("naturvitenskapelige")
}

/// Words that name no school of their own.
fn is_generic(word: &str) -> bool {
    const GENERIC: [&str; 26] = [
        "High",
        "Middle",
        "Primary",
        "Secondary",
        "Elementary",
        "Business",
        "Law",
        "Graduate",
        "Medical",
        "Junior",
        "Senior",
        "Public",
        "Private",
        "Online",
        "Summer",
        "Night",
        "Grammar",
        "Boarding",
        "Community",
        "State",
        "The",
        "Old",
        "My",
        "Our",
        "A",
        "Technical",
    ];
    GENERIC.contains(&word)
}

/// Reads the name around the keyword at `at`.
fn named(reader: Reader<'_>, at: usize, is_built: bool) -> Option<(usize, usize, f32)> {
    let keyword = reader.tokens[at];
    let first = left(reader, at);
    let last = right(reader, at + 1);
    // A keyword in lower case has its name before it, as in the north, or is a word of its own.
    if !keyword.is_capital() && first == at {
        return None;
    }
    let word = reader.word(at);
    let own = (first..last).filter(|&place| {
        place != at
            && reader.tokens[place].is_capital()
            && !reader.tokens[place].classes.meets(Classes::SCHOOL)
            && !is_generic(reader.word(place))
    });
    let own_left = own.clone().filter(|&place| place < at).count();
    let own = own.count();
    let next = reader.word(last);
    // *University Hospital*, *School Board*, *University degree*
    let is_other = reader.gap(last) == 1
        && reader.tokens.get(last).is_some_and(|token| token.classes.meets(Classes::DEGREE))
        && matches!(
            next,
            "Hospital" | "Hospitals" | "Press" | "Library" | "Board" | "District" | "Bookstore"
        );
    let of_hospital = first > 0
        && (first.saturating_sub(4)..first).any(|at| {
            matches!(
                reader.word(at),
                "hospitalier" | "Hospitalier" | "Hôpital" | "Hospital" | "Klinikum" | "CHU"
            ) && reader.gap(first) <= 1
        });
    // *École Polytechnique*: two keywords.
    let is_whole = last - first == 2
        && (first..last)
            .all(|at| reader.tokens[at].is_capital() && reader.tokens[at].classes.meets(Classes::SCHOOL));
    if is_other || of_hospital || own == 0 && !is_built && !is_whole {
        return None;
    }
    let lower = word.to_lowercase();
    let score = match lower.as_str() {
        "uni" if reader.word(at + 1) == "of" && keyword.is_capital() => 0.85,
        // *III LO im. …*, *Lincoln HS*
        "lo" => {
            let is_roman = at > 0 && reader.word(at - 1).bytes().all(|byte| b"IVX".contains(&byte));
            if keyword.case == Case::Upper && is_roman { 0.8 } else { return None }
        }
        "hs" => {
            if keyword.case == Case::Upper && own_left > 0 && last == at + 1 {
                0.7
            } else {
                return None;
            }
        }
        // An institute or an academy may be anything; one of technology teaches.
        "institute" | "institut" | "instituto" | "istituto" | "academy" | "akademia" | "akademie"
        | "akademi" | "institutet" | "accademia" | "academia" | "academie" | "académie" | "učení" => {
            let teaches = (first..last).any(|at| {
                let word = reader.word(at);
                ["Tech", "Tecno", "Tecnol", "Poly", "Manage", "Scien", "Art", "Institutet", "Mines"]
                    .iter()
                    .any(|start| word.starts_with(start))
            });
            if teaches { 0.8 } else { 0.4 }
        }
        // *School of Informatics* is a part of one.
        "school" | "schule" | "skola" | "skole" | "facultad" | "fakultät" if own_left == 0 => 0.45,
        "tu" | "ku" | "vu" | "uc" | "uni" | "bits" | "nit" | "eth" | "nui" | "iit" | "iim" | "iut"
        | "tafe" | "rwth" | "iiit" | "iuav" | "epfl" | "insa" | "iae" | "cnam" | "ies" | "cifp" | "ceip"
        | "itis" | "ipsia" | "htl" | "htw" | "haw" | "etec" | "fatec" | "cefet" | "senai" | "puc"
        | "jntu" | "fh" | "th" | "iep" | "imt" | "enseeiht" | "ensam" | "ecam" | "estaca" | "spš" | "soš"
        | "osz" => {
            if keyword.case == Case::Upper && last > at + 1 && reader.gap(at + 1) == 1 {
                0.8
            } else {
                return None;
            }
        }
        _ => 0.96,
    };
    Some((first, last, score))
}

/// Goes back over the words in front of the keyword.
fn left(reader: Reader<'_>, at: usize) -> usize {
    let mut first = at;
    let mut place = at;
    for _ in 0..REACH {
        let gap = reader.gap(place);
        let Some(before) = place.checked_sub(1) else { break };
        // *Heinrich-von-Stephan-Schule*
        let is_particle = gap == 0
            && reader.is(place, "-")
            && reader.gap(before) == 0
            && reader.tokens[before].classes.meets(Classes::PARTICLE);
        // *King's College*, *Eton's College*
        let joins = gap == 0 && (reader.is(before, "-") || reader.is(before, "'"));
        let is_possessive = gap <= 1 && matches!(reader.word(before), "s") && before > 0 && reader.is(before - 1, "'")
                // *Girls' School*
                || gap == 1 && reader.is(before, "'") && before > 0 && reader.word(before - 1).ends_with('s');
        // *No. 2 High School*
        let is_number = gap == 1 && number(reader, before) && before > 0 && {
            let word = if reader.is(before - 1, ".") { before.saturating_sub(2) } else { before - 1 };
            matches!(reader.word(word), "No" | "Nr" | "no" | "nr" | "n")
        };
        let is_stop = gap == 1 && reader.is(before, ".") && before > 0 && reader.word(before - 1).len() <= 2;
        if gap <= 1 && is_part(reader, before) {
            first = before;
        } else if !(joins
            || is_possessive
            || is_stop
            || is_number
            || is_particle
            || gap <= 1 && links_back(reader.word(before)))
        {
            break;
        }
        place = before;
    }
    // *the University*, *at King's College*
    while first < at && matches!(reader.word(first), "The" | "At" | "In" | "From" | "My") {
        first += 1;
    }
    first
}

/// Says whether a number of a school stands there: *No. 2*.
fn number(reader: Reader<'_>, at: usize) -> bool {
    reader.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Number && token.end - token.start <= 3)
}

/// Returns the token behind a name in quotes: *Liceo "A. Manzoni"*.
fn quoted(reader: Reader<'_>, at: usize) -> Option<usize> {
    let close = match reader.word(at) {
        "\"" | "„" => "\"",
        "«" => "»",
        _ => return None,
    };
    let end = (at + 2..at + 9).find(|&end| reader.is(end, close))?;
    let is_name = (at + 1..end).all(|at| reader.tokens[at].is_capital() || reader.is(at, "."));
    (reader.gap(at) == 1 && is_name).then_some(end + 1)
}

/// Goes on over the words behind the keyword.
fn right(reader: Reader<'_>, at: usize) -> usize {
    let mut last = at;
    let mut has_of = false;
    let goes_on = |at: usize| matches!(reader.word(at), "de" | "di" | "da" | "do" | "del" | "della" | "des");
    for place in at..at + REACH {
        let gap = reader.gap(place);
        let is_short_number = place > at
            && reader
                .tokens
                .get(place)
                .is_some_and(|token| token.kind == TokenKind::Number && token.end - token.start <= 2);
        if gap == 1 && is_short_number {
            return place + 1;
        }
        if let Some(end) = quoted(reader, place) {
            return end;
        }
        if gap <= 1 && is_part(reader, place) && (gap == 1 || place > at) {
            last = place + 1;
            continue;
        }
        let is_stop = reader.is(place, ".") && reader.word(place - 1).len() <= 3;
        let joins = gap == 0 && (reader.is(place, "-") || reader.is(place, "'") || is_stop);
        // *… of Science and Technology* is one, *Yale College and the …* two.
        let is_and =
            matches!(reader.word(place), "and" | "&" | "und" | "et" | "y" | "e" | "och" | "og" | "ja" | "en");
        if !(joins || gap <= 1 && is_link(reader, place)) || is_and && !has_of && !goes_on(place + 1) {
            break;
        }
        has_of |= !joins && !is_and || goes_on(place + 1);
    }
    last
}

/// Reads initials in brackets behind a school's name; returns the token behind them.
fn initials(reader: Reader<'_>, at: usize, score: f32, findings: &mut Vec<Finding>) -> usize {
    if !reader.is(at, "(") {
        return at;
    }
    let Some(end) = (at + 2..at + 7).find(|&at| reader.is(at, ")")) else { return at };
    let words = (at + 1..end).filter(|&at| reader.tokens[at].kind == TokenKind::Word);
    let mut words = words.peekable();
    let is_short = words.peek().is_some_and(|&at| {
        matches!(reader.tokens[at].case, Case::Upper | Case::Mixed)
            && (2..=8).contains(&reader.word(at).len())
    });
    let has_number = (at + 1..end).any(|at| reader.tokens[at].kind == TokenKind::Number);
    if is_short && !has_number {
        push(findings, reader.range(at + 1, end), score);
        return end + 1;
    }
    at
}
