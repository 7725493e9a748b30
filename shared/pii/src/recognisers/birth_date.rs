//! Dates of birth.
//!
//! Finds the date behind a label (*Date of birth*, *Geburtsdatum*), and the one near a word that says that someone was
//! born: `born on 3 May 1990`, `née à Lyon le 3 mai 1990`, `geb. 3.5.1990`, `Jahrgang 1982`. Dates are numeric, ISO or
//! worded in two dozen languages, with or without a day. Leaves every other date, ranges, and what is no person's birth
//! as far as it can be told (`a company born in 2015` is doubtful). Source: general knowledge of forms and of languages.

use super::Recogniser;
use super::dates::{self, Date, Precision};
use super::view::View;
use crate::lexicon::Classes;
use crate::{Doc, Finding, Kind, Kinds};

struct BirthDate;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(BirthDate)
}

/// Tokens between a word that says *born* and the date.
const FARTHEST: usize = 12;

impl Recogniser for BirthDate {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::BirthDate])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let view = View::of(doc);
        for field in doc.fields().iter().filter(|field| field.kind == Kind::BirthDate) {
            let first = view.token_at(field.start);
            let last = view.token_at(field.end);
            if let Some((from, date)) = first_date(view, first, last.min(first + FARTHEST)) {
                push(view, from, date.last, 0.95, "birth_date.label", findings);
            } else if first < last && last - first <= 6 && view.digits(first) > 0 {
                push(view, first, last, 0.6, "birth_date.label", findings);
            }
        }
        for (at, _) in doc.tokens_of(Classes::BIRTH) {
            near(view, at, findings);
        }
        // `*3.5.1990 in Köln`, as Germans write it; a bullet has a space behind it.
        let behind_star = |at: &usize| *at > 0 && doc.bytes()[*at - 1] == b'*';
        for start in doc.groups().iter().map(|group| group.start as usize).filter(behind_star) {
            let at = view.tokens.partition_point(|token| (token.start as usize) < start);
            if view.digits(at) > 0
                && let Some(date) = dates::at(view, at).filter(|date| date.precision == Precision::Day)
            {
                push(view, at, date.last, 0.6, "birth_date.star", findings);
            }
        }
    }
}

/// Returns the first date between two places.
fn first_date(view: View<'_>, first: usize, last: usize) -> Option<(usize, Date)> {
    (first..last).find_map(|at| dates::at(view, at).map(|date| (at, date)))
}

/// Looks for the date near a word that says that someone was born.
fn near(view: View<'_>, at: usize, findings: &mut Vec<Finding>) {
    let word = view.str(at);
    // The alliance is no birth, and neither is the word in a tag or a name with underscores.
    if word == "NATO" || view.is_mark(at + 1, "_") || at > 0 && view.is_mark(at - 1, "_") {
        return;
    }
    let is_cut = view.is_mark(at + 1, ".");
    // `ur.` and `f.` are such words only when they are cut.
    if word.chars().count() <= 3
        && !is_cut
        && !matches!(word, "né" | "née" | "Né" | "Née" | "dob" | "DOB" | "NÉ" | "NÉE")
    {
        return;
    }
    // `s. 12.8.1979` is Finnish, `b. 1990` English; a letter cut short is much else in a sentence.
    let is_letter = matches!(word, "b" | "s" | "n" | "B" | "S" | "N");
    if is_letter && at > 0 && view.is_word(at - 1) && !view.is_name(at - 1) {
        return;
    }
    let is_long = |date: Date| word.eq_ignore_ascii_case("b") || date.precision == Precision::Day;
    let found = ahead(view, at).filter(|&(from, date)| !is_letter || from == at + 2 && is_long(date));
    if is_letter && found.is_none() {
        return;
    }
    if let Some((from, date)) = found {
        let is_touching = from <= at + 3;
        let (score, rule) = match date.precision {
            Precision::Day if is_touching || !word.eq_ignore_ascii_case("birth") => (0.92, "birth_date.born"),
            Precision::Day | Precision::Month => (0.8, "birth_date.born"),
            Precision::Year if is_range(view, date.last) => return,
            Precision::Year if is_person(view, at, from) => (0.7, "birth_date.year"),
            Precision::Year => (0.4, "birth_date.year"),
        };
        // `Born 1991` and `Jahrgang 1982` say nothing else.
        let first = if date.precision == Precision::Year && from == at + 1 { at } else { from };
        push(view, first, date.last, score, rule, findings);
        return;
    }
    // `wurde am 3.5.1990 in Köln geboren`, `1990 doğumlu`.
    let start = at.saturating_sub(8);
    for from in (start..at).rev() {
        if view.is_break(from) || matches!(view.str(from), ";" | "!" | "?" | "|" | "[") {
            break;
        }
        let Some(date) = dates::at(view, from).filter(|date| date.last <= at) else { continue };
        if date.precision == Precision::Day
            || date.last == at && date.precision == Precision::Year && word.starts_with('d')
        {
            // A number of the date may look like a shorter one: take the one that begins first.
            let first = (from.saturating_sub(4)..from)
                .find(|&first| dates::at(view, first).is_some_and(|other| other.last == date.last));
            push(view, first.unwrap_or(from), date.last, 0.8, "birth_date.born", findings);
            return;
        }
    }
}

/// Returns the first date behind a word, if the sentence does not end in front of it.
fn ahead(view: View<'_>, at: usize) -> Option<(usize, Date)> {
    for here in at + 1..at + 1 + FARTHEST {
        if (view.is_break(here) || view.is_apart(here)) && here > at + 2
            || matches!(view.str(here), ";" | "!" | "?" | "|" | "[")
        {
            return None;
        }
        if view.is_mark(here, ".")
            && here > at + 1
            && !view.is_joined(here + 1)
            && view.tokens.get(here - 1).is_some_and(|token| token.end - token.start > 3)
        {
            return None;
        }
        if let Some(date) = dates::at(view, here) {
            return Some((here, date));
        }
        // A number that is no date: `born to 2 parents`.
        if view.digits(here) > 0 && here > at + 4 {
            return None;
        }
    }
    None
}

fn is_range(view: View<'_>, last: usize) -> bool {
    matches!(view.str(last), "-" | "–" | "to" | "bis" | "/")
        && (view.digits(last + 1) > 0 || view.is_word(last + 1))
}

/// Says whether a year belongs to a person: a statement of its own, or a person in front of it.
fn is_person(view: View<'_>, at: usize, from: usize) -> bool {
    if from > at + 5 {
        return false;
    }
    let before = at.checked_sub(1);
    let Some(before) = before else { return true };
    if !view.is_word(before) {
        return !view.is_mark(before, "-");
    }
    if matches!(view.str(before), "I" | "he" | "she" | "He" | "She" | "who") {
        return true;
    }
    let is_verb = matches!(
        view.str(before),
        "was"
            | "am"
            | "is"
            | "were"
            | "'m"
            | "bin"
            | "wurde"
            | "ist"
            | "est"
            | "suis"
            | "è"
            | "sono"
            | "er"
            | "är"
            | "jeg"
    );
    is_verb
        && before > 0
        && (matches!(
            view.str(before - 1),
            "I" | "he" | "she" | "He" | "She" | "who" | "ich" | "er" | "sie" | "Ich" | "je" | "Je"
        ) || view.is_name(before - 1) && view.str(before - 1) != "It")
}

fn push(
    view: View<'_>,
    first: usize,
    last: usize,
    score: f32,
    rule: &'static str,
    findings: &mut Vec<Finding>,
) {
    findings.push(view.finding(Kind::BirthDate, (first, last), score, rule));
}
