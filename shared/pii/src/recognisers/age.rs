//! Ages in years.
//!
//! Finds `34 years old`, `34-year-old`, `aged 34`, `Age: 34` and what other languages write (`34 ans`, `34 Jahre alt`,
//! `34 años`), where a bare number of years stands as a statement of its own in the head of a record or behind a verb
//! that is used for ages. Leaves years of experience and of contracts, limits (`18 years or older`), and the age of
//! companies and things as far as the word behind it tells. Source: general knowledge.

use super::Recogniser;
use super::view::View;
use crate::lexicon::Classes;
use crate::{Doc, Finding, Kind, Kinds};

struct Age;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Age)
}

/// Where a record's head ends, in bytes.
const HEAD: u32 = 1500;

impl Recogniser for Age {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Age])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let view = View::of(doc);
        for field in doc.fields().iter().filter(|field| field.kind == Kind::Age) {
            let at = view.token_at(field.start);
            if is_age(view, at) && !is_open(view, at + 1) {
                let last = at + 1 + usize::from(view.has(at + 1, Classes::YEARS));
                push(view, at, last, 0.9, "age.label", findings);
            }
        }
        for (at, token) in doc.tokens_of(Classes::AGE.with(Classes::YEARS)) {
            if token.classes.meets(Classes::AGE) {
                word_first(view, at, findings);
            } else {
                years(view, at, findings);
            }
        }
    }
}

/// Says whether a number stands there that an age may be.
fn is_age(view: View<'_>, at: usize) -> bool {
    let digits = view.digits(at);
    (1..=2).contains(&digits) && view.str(at) != "0" && !view.str(at).starts_with('0')
        || digits == 3 && ("100"..="119").contains(&view.str(at))
}

/// Says whether what follows makes a limit or a range of an age.
fn is_open(view: View<'_>, at: usize) -> bool {
    matches!(
        view.str(at),
        "+" | "%" | "or" | "and" | "to" | "bis" | "oder" | "ou" | "o" | "months" | "weeks" | "days"
    ) || matches!(view.str(at), "-" | "–" | "/") && view.digits(at + 1) > 0
        || matches!(view.str(at), "." | ",") && view.is_joined(at + 1) && view.digits(at + 1) > 0
}

/// `aged 34`, `Age 29`, `at the age of 34`.
fn word_first(view: View<'_>, at: usize, findings: &mut Vec<Finding>) {
    let mut here = at + 1;
    while here < at + 3 && matches!(view.str(here), ":" | "of" | "de" | "von" | "di" | "." | "=" | "is") {
        here += 1;
    }
    if !is_age(view, here) || is_open(view, here + 1) {
        return;
    }
    let is_limit = (at.saturating_sub(3)..at).any(|word| is_limit(view.str(word)));
    if is_limit {
        return;
    }
    let is_aged = matches!(view.str(at), "aged" | "Aged" | "âgé" | "âgée");
    let score = if here == at + 1 && (is_aged || view.is_name(at)) { 0.85 } else { 0.65 };
    // `Age 29` says nothing else.
    let first = if here == at + 1 && view.is_name(at) { at } else { here };
    let last = here + 1 + usize::from(view.has(here + 1, Classes::YEARS));
    push(view, first, last, score, "age.word", findings);
}

/// Words in front of a limit or a span of time.
fn is_limit(word: &str) -> bool {
    matches!(
        word,
        "under"
            | "over"
            | "above"
            | "below"
            | "least"
            | "most"
            | "than"
            | "minimum"
            | "maximum"
            | "min"
            | "max"
            | "between"
            | "until"
            | "drinking"
            | "legal"
            | "ab"
            | "über"
            | "unter"
            | "mindestens"
            | "seit"
            | "vor"
            | "nach"
            | "depuis"
            | "pendant"
            | "après"
            | "plus"
            | "moins"
            | "dans"
            | "il"
            | "durant"
            | "desde"
            | "hace"
            | "durante"
            | "más"
            | "menos"
            | "da"
            | "per"
            | "oltre"
            | "há"
            | "mais"
            | "sinds"
            | "meer"
            | "sedan"
            | "siden"
            | "över"
            | "over_"
            | "ponad"
            | "od"
    )
}

/// A number of years: `34 years old`, `34-year-old`, `34 ans`.
fn years(view: View<'_>, at: usize, findings: &mut Vec<Finding>) {
    let Some(mut number) = at.checked_sub(1) else { return };
    if view.is_mark(number, "-") && number > 0 {
        number -= 1;
    }
    if !is_age(view, number)
        || number > 0
            && view.is_joined(number)
            && !matches!(view.str(number - 1), "(" | "," | "." | "*" | "\"")
    {
        return;
    }
    let before = number.checked_sub(1).map_or("", |before| view.str(before));
    if (number.saturating_sub(2)..number).any(|word| is_limit(view.str(word)))
        || matches!(before, "-" | "–" | "to" | "or") && number > 1 && view.digits(number - 2) > 0
    {
        return;
    }
    let mut last = at + 1;
    if view.is_mark(last, "-") && view.is_joined(last) {
        last += 1;
    }
    let word = view.str(at);
    let is_old = matches!(view.str(last), "old" | "alt" | "gammal" | "gammel" | "gamall" | "oud" | "young")
        || word.chars().count() > 4
            && !matches!(
                word,
                "years"
                    | "jahre"
                    | "jahren"
                    | "Jahre"
                    | "Jahren"
                    | "vuotta"
                    | "rokov"
                    | "godina"
                    | "godine"
                    | "Years"
                    | "aastat"
            );
    if is_old {
        let last =
            if matches!(view.str(last), "old" | "alt" | "gammal" | "gammel" | "gamall" | "oud" | "young") {
                last + 1
            } else {
                at + 1
            };
        if is_thing(view, last)
            || matches!(view.str(last), "or" | "and")
                && matches!(view.str(last + 1), "older" | "above" | "over" | "younger" | "under" | "up")
        {
            return;
        }
        push(view, number, last, 0.85, "age.years_old", findings);
        return;
    }
    if !("15"..="99").contains(&view.str(number)) || view.digits(number) != 2 {
        return;
    }
    // `y a 34 ans`, `tengo 34 años`, `ho 34 anni`, `jag är 34 år`.
    let is_verb = matches!(
        before,
        "ai" | "âgé"
            | "âgée"
            | "tengo"
            | "tiene"
            | "ho"
            | "tenho"
            | "tem"
            | "mam"
            | "bin"
            | "ben"
            | "är"
            | "er"
            | "olen"
            | "am"
            | "je_"
            | "mám"
            | "imam"
    );
    let is_ended = view.is_end(last);
    let is_apart =
        number == 0 || view.is_break(number - 1) || matches!(before, "," | "(" | "·" | "|" | "-" | "–" | "•");
    let is_experience =
        matches!(view.str(last), "'" | "d" | "de" | "of" | "di") || view.str(last).starts_with("d'");
    if is_experience || matches!(word, "year" | "years" | "yr" | "yrs" | "Years") {
        return;
    }
    if is_verb {
        push(view, number, last, 0.7, "age.verb", findings);
    } else if is_ended && is_apart && view.tokens[number].start < HEAD && !view.has(last + 1, Classes::YEARS)
    {
        push(view, number, last, 0.65, "age.apart", findings);
    }
}

/// What grows old and is no person.
fn is_thing(view: View<'_>, at: usize) -> bool {
    let name = view.str(at).to_lowercase();
    let things = [
        "company",
        "firm",
        "business",
        "startup",
        "organization",
        "organisation",
        "brand",
        "chain",
        "building",
        "house",
        "car",
        "truck",
        "vehicle",
        "code",
        "codebase",
        "system",
        "software",
        "application",
        "app",
        "platform",
        "tradition",
        "institution",
        "tree",
        "wine",
        "whisky",
        "whiskey",
        "scotch",
        "record",
        "case",
        "cold",
        "technology",
        "bug",
        "server",
        "laptop",
        "computer",
        "machine",
        "family-owned",
        "bank",
        "agency",
        "hotel",
        "restaurant",
        "church",
        "school",
        "university",
        "magazine",
        "newspaper",
        "project",
        "program",
        "programme",
        "legacy",
        "home",
        "law",
        "policy",
        "mystery",
    ];
    things.contains(&name.as_str())
}

fn push(
    view: View<'_>,
    first: usize,
    last: usize,
    score: f32,
    rule: &'static str,
    findings: &mut Vec<Finding>,
) {
    findings.push(view.finding(Kind::Age, (first, last), score, rule));
}
