//! The town a person lives in or was born in.
//!
//! Finds what stands behind *Location*, *Wohnort*, *Ciudad*; a place that fills a cell of a record's head beside its
//! contact data (`+44 … | Leeds, United Kingdom`); the place of birth beside a date of birth; the place in front of the
//! date at the end of a letter (`Napoli, 12/03/2025`); and, less surely, `lives in Leeds`. Leaves the towns of jobs,
//! which stand beside years or employers. Source: general knowledge of résumés and letters.

mod head;

use super::Recogniser;
use super::dates::{self, Precision};
use super::places::{self, Place};
use super::view::View;
use crate::lexicon::Classes;
use crate::{Doc, Finding, Kind, Kinds};

struct Location;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Location)
}

/// Where a record's head ends, in bytes.
const HEAD: usize = 1200;

impl Recogniser for Location {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Location])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let view = View::of(doc);
        for field in doc.fields().iter().filter(|field| field.kind == Kind::Location) {
            let at = view.token_at(field.start);
            let end = view.token_at(field.end);
            let last = place_end(view, at).min(end);
            if last > at {
                let last = last + usize::from(last < end && (4..=6).contains(&view.digits(last)));
                let label = view.text[field.label as usize..field.start as usize].to_lowercase();
                let is_any = [
                    "location",
                    "place",
                    "ort",
                    "lugar",
                    "luogo",
                    "localidad",
                    "city",
                    "ciudad",
                    "ville",
                    "stadt",
                ]
                .iter()
                .any(|any| label.trim_start_matches(['*', '-', ' ']).starts_with(any));
                // `by` is a town in Norway, and much else elsewhere.
                let is_short = label.chars().filter(|c| c.is_alphabetic()).count() <= 2
                    && places::at(view, at).is_none();
                let is_edge = (field.start as usize) < HEAD || field.end as usize + 400 > view.text.len();
                let score = match (is_short, is_edge || !is_any) {
                    (true, _) => 0.3,
                    (_, true) => 0.85,
                    _ => 0.45,
                };
                push(view, at, last, score, "location.label", findings);
            }
        }
        head::find(doc, view, findings);
        for (at, token) in doc.tokens_of(Classes::HOME.with(Classes::BIRTH)) {
            if token.classes.meets(Classes::HOME) {
                home(view, at, findings);
            } else {
                birth(view, at, findings);
            }
        }
        signature(view, findings);
    }
}

/// Returns the end of a place with its region and country: `Leeds, United Kingdom`, `Montréal (Québec)`.
fn place_end(view: View<'_>, at: usize) -> usize {
    let mut end = match places::at(view, at) {
        Some((_, last)) if view.is_name(at) => last.max(view.name_end(at, 3).min(last + 1)),
        _ => view.name_end(at, 4),
    };
    if end == at {
        return at;
    }
    for _ in 0..3 {
        let is_bracket = view.is_mark(end, "(");
        if !(view.is_mark(end, ",") || is_bracket) {
            break;
        }
        let next = match places::at(view, end + 1) {
            Some((_, last)) if view.is_name(end + 1) => last,
            _ => view.name_end(end + 1, 3),
        };
        // *Zwolle, Nederlandse nationaliteit*
        // … nor the next label: *Bursa, Staatsang.: türkisch*.
        let is_label = view.is_mark(next, ":") || view.is_mark(next, ".") && view.is_mark(next + 1, ":");
        let is_other = is_label || view.has(end + 1, Classes::DEMONYM) && places::at(view, end + 1).is_none();
        if next == end + 1 || is_bracket && !view.is_mark(next, ")") || is_other {
            break;
        }
        end = next + usize::from(is_bracket);
    }
    end
}

/// Says whether one of the parts is a place that is known: the first a town, or the last a country, region or state.
fn is_known(view: View<'_>, first: usize, last: usize) -> bool {
    let comma = (first..last).find(|&at| view.is_mark(at, ",") || view.is_mark(at, "("));
    match (places::at(view, first), comma) {
        (Some((_, end)), None) => end == last,
        (Some((Place::Town, end)), Some(comma)) => end == comma,
        (_, Some(comma)) => {
            let place =
                places::at(view, comma + 1).map(|(place, _)| place).filter(|place| *place != Place::Town);
            let final_comma = (first..last).rev().find(|&at| view.is_mark(at, ","));
            let end = places::before(view, last)
                .filter(|&(_, start)| Some(start) == final_comma.map(|mark| mark + 1));
            place.is_some()
                || end.is_some_and(|(place, _)| place != Place::Town)
                || view.is_upper(comma + 1) && comma + 2 == last && view.str(comma + 1).len() == 2
        }
        (None, None) => false,
    }
}

/// `lives in Leeds`, `based in Lisbon, Portugal`, `bor i Malmö`.
fn home(view: View<'_>, at: usize, findings: &mut Vec<Finding>) {
    // `Tokyo-based`.
    if at > 1 && view.is_mark(at - 1, "-") && view.is_joined(at) {
        let first = view.name_start(at - 1, 3);
        if places::before(view, at - 1).is_some() {
            let score = if view.is_end(at + 1) { 0.6 } else { 0.3 };
            push(view, first, at - 1, score, "location.home", findings);
        }
        return;
    }
    let mut here = at + 1;
    // Work from home is told by the place it is done from; in a place, it is the employer's.
    let is_remote = is_remote(view.str(at));
    while is_remote && here < at + 3 && is_from(view.str(here)) {
        here += 1;
    }
    while !is_remote
        && here < at + 4
        && (matches!(
            view.str(here),
            "in" | "at"
                | "near"
                | "i"
                | "w"
                | "v"
                | "we"
                | "en"
                | "à"
                | "a"
                | "em"
                | "på"
                | "te"
                | "outside"
                | "and"
                | "working"
                | "au"
                | "aux"
                | "στην"
                | "в"
                | "у"
        ))
    {
        here += 1;
    }
    if here == at + 1 || !view.is_name(here) || view.digits(here) > 0 {
        return;
    }
    let last = place_end(view, here);
    let is_place = is_known(view, here, last) || places::at(view, here).is_some();
    let before = at.checked_sub(1).map_or("", |before| view.str(before));
    let is_own = at == 0
        || !view.is_word(at - 1)
        || matches!(
            before,
            "I" | "am"
                | "currently"
                | "now"
                | "he"
                | "she"
                | "He"
                | "She"
                | "who"
                | "och"
                | "og"
                | "und"
                | "and"
                | "y"
                | "e"
                | "et"
                | "i"
                | "ich"
                | "Ich"
                | "je"
                | "manager"
                | "engineer"
                | "developer"
                | "designer"
                | "consultant"
        )
        || view.is_name(at) && view.is_word(at);
    // Firms are based and located somewhere, people live there.
    let lives = !matches!(view.str(at), "based" | "Based" | "resident" | "vis" | "vit" | "basé" | "basée");
    let score = match (is_own, is_place) {
        (true, true) => 0.65,
        (false, true) if lives => 0.6,
        (true, false) => 0.5,
        (false, false) if lives && view.is_end(last) => 0.5,
        (false, true) => 0.45,
        (false, false) => 0.3,
    };
    push(view, here, last, score, "location.home", findings);
}

fn is_remote(word: &str) -> bool {
    const REMOTE: [&str; 21] = [
        "natural",
        "native",
        "originaire",
        "originario",
        "originaria",
        "oriundo",
        "oriunda",
        "remote",
        "remotely",
        "fjernarbeid",
        "hjemmefra",
        "distans",
        "homeoffice",
        "télétravail",
        "teletrabajo",
        "teletrabalho",
        "thuiswerkend",
        "zdalnie",
        "etänä",
        "commuting",
        "working",
    ];
    let word = word.to_lowercase();
    REMOTE.contains(&word.as_str())
}

fn is_from(word: &str) -> bool {
    matches!(
        word,
        "from"
            | "fra"
            | "di"
            | "från"
            | "aus"
            | "depuis"
            | "desde"
            | "de"
            | "da"
            | "vanuit"
            | "z"
            | "ze"
            | "out"
            | "of"
    )
}

/// The place beside a date of birth: `born in Leeds on`, `Nata a Brescia il`, `geb. 1.2.1990 in Köln`.
fn birth(view: View<'_>, at: usize, findings: &mut Vec<Finding>) {
    // `'s`, `b`: such a letter says so only when it is cut short.
    if view.str(at).chars().nth(1).is_none() && !(view.is_mark(at + 1, ".") && view.is_joined(at + 1)) {
        return;
    }
    let mut here = at + 1;
    while here < at + 10 && !view.is_break(here) {
        if let Some(date) = dates::at(view, here) {
            here = date.last;
            let is_year = date.precision == Precision::Year;
            // *7 de noviembre de 1990 (Donostia)*, *12.8.1979 Kuopiossa*
            let is_bracket = view.is_mark(here, "(");
            let first = here + usize::from(is_bracket || view.is_mark(here, ","));
            if view.is_name(first) && view.digits(first) == 0 && !view.is_apart(first) {
                let last = place_end(view, first);
                let is_known = places::at(view, first).is_some_and(|(_, end)| end <= last);
                // *12.8.1979 Kuopiossa* is *in Kuopio*.
                let is_inside =
                    ["ssa", "ssä", "lla", "llä"].iter().any(|end| view.str(last - 1).ends_with(end));
                let is_closed = is_bracket && view.is_mark(last, ")") && (!is_year || is_known);
                if is_closed || (is_known || is_inside) && view.is_end(last) {
                    let score = if is_known { 0.75 } else { 0.6 };
                    push(view, first, last, score, "location.birth", findings);
                    return;
                }
            }
            continue;
        }
        let is_in = matches!(
            view.str(here),
            "in" | "at" | "à" | "a" | "w" | "v" | "en" | "em" | "i" | "te" | "ve" | "в" | "у" | "στην"
        );
        if is_in && view.is_name(here + 1) && !view.has(here + 1, Classes::MONTH) {
            let last = place_end(view, here + 1);
            let is_known = places::at(view, here + 1).is_some();
            push(view, here + 1, last, if is_known { 0.75 } else { 0.6 }, "location.birth", findings);
            return;
        }
        // *Lugar y fecha de nac. Arequipa, 4 de enero de 1991*
        if view.is_name(here) && !view.has(here, Classes::MONTH) {
            let last = place_end(view, here);
            let is_touching = here == at + 1 && dates::at(view, last).is_some();
            let date = dates::at(view, last + 1).filter(|date| date.precision == Precision::Day);
            if is_touching || view.is_mark(last, ",") && date.is_some() {
                push(view, here, last, 0.7, "location.birth", findings);
            }
            return;
        }
        if view.is_name(here) || matches!(view.str(here), "is" | "was" | "[" | ")") {
            return;
        }
        here += 1;
    }
}

/// The place and date under a letter: `Napoli, 12/03/2025`, `Berlin, im Mai 2025`.
fn signature(view: View<'_>, findings: &mut Vec<Finding>) {
    let from = view.text.len().saturating_sub(600);
    let mut at = view.tokens.partition_point(|token| (token.start as usize) < from);
    while at < view.tokens.len() {
        let is_start = at == 0 || view.is_break(at - 1);
        if is_start && view.is_name(at) && !view.has(at, Classes::MONTH) {
            let name = view.name_end(at, 3);
            if view.is_mark(name, ",") {
                let mut here = name + 1;
                while here < name + 3
                    && matches!(
                        view.str(here),
                        "den" | "le" | "il" | "im" | "em" | "dnia" | "the" | "a" | "on" | "lì" | "am" | "li"
                    )
                {
                    here += 1;
                }
                let date = dates::at(view, here).filter(|date| date.precision > Precision::Year);
                let is_closed = |last: usize| {
                    last >= view.tokens.len()
                        || view.is_break(last)
                        || view.is_apart(last)
                        || view.is_mark(last, "-") && !view.is_joined(last) && !view.is_mark(last + 1, "-")
                };
                if date.is_some_and(|date| is_closed(date.last)) {
                    push(view, at, name, 0.75, "location.signature", findings);
                }
            }
        }
        at += 1;
    }
}

fn push(
    view: View<'_>,
    first: usize,
    last: usize,
    score: f32,
    rule: &'static str,
    findings: &mut Vec<Finding>,
) {
    if first >= last {
        return;
    }
    findings.push(view.finding(Kind::Location, (first, last), score, rule));
}
