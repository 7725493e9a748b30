//! Names of people, by the trained tagger.
//!
//! The tagger ([`names`](crate::names)) finds what its table of weights takes for a name, wherever it stands; its scores
//! are shares of right findings on texts kept aside. What announces a name is the business of
//! [`name_rules`](super::name_rules).

use std::cell::RefCell;
use std::sync::LazyLock;

use super::Recogniser;
use crate::lexicon::Classes;
use crate::names::join::Name as Tagged;
use crate::names::model::Model;
use crate::names::tag::Tagger;
use crate::tokens::{Case, Token, TokenKind};
use crate::{Doc, Finding, Kind, Kinds};

/// The table that `infra/tagger` trained.
#[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::from_bytes(include_bytes!("../names/model.bin")).expect("constant model"));

thread_local! {
    /// What is kept between texts: sums of weights for each form of a word, which depend on the model alone.
    static TAGGER: RefCell<(Tagger, Vec<Tagged>)> = RefCell::default();
}

struct Name;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Name)
}

impl Recogniser for Name {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Name])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        TAGGER.with_borrow_mut(|(tagger, names)| {
            names.clear();
            tagger.find(&MODEL, doc.text(), doc.tokens(), names);
            findings.extend(names.iter().filter(|name| may_be_name(doc, name)).map(|name| Finding {
                kind: Kind::Name,
                start: name.start,
                end: name.end,
                score: MODEL.score(name.probability),
                rule: "name.tagger",
            }));
        });
    }
}

/// Says whether a word of it can be part of a name: labels, headings, posts and forms of address can't.
fn may_be_name(doc: &Doc<'_>, name: &Tagged) -> bool {
    let fields = doc.fields();
    let behind = fields.partition_point(|field| (field.start as usize) < name.end);
    if fields.get(behind).is_some_and(|field| field.label as usize <= name.start) {
        return false;
    }
    if is_name_of_a_thing(doc.before(name.start, 32)) || is_birthplace(doc, name) {
        return false;
    }
    let tokens = doc.tokens();
    let first = tokens.partition_point(|token| (token.start as usize) < name.start);
    if is_tool(doc, first, name.end) || is_employer(doc, first, name.end) {
        return false;
    }
    let inside = tokens[first..].iter().take_while(|token| (token.end as usize) <= name.end);
    // *mai* is a month, *Mai* may be a person.
    let is_month = |token: &Token| token.case == Case::Lower && token.classes.meets(Classes::MONTH);
    let is_other = Classes::NOT_NAME.with(Classes::TITLE).with(Classes::PARTICLE);
    inside
        .filter(|token| token.kind == TokenKind::Word)
        .any(|token| !token.classes.meets(is_other) && !is_month(token))
}

/// Tokens to either side in which another tool makes one of a word.
const BESIDE: usize = 12;

/// Says whether the word is a tool's name among tools.
fn is_tool(doc: &Doc<'_>, at: usize, end: usize) -> bool {
    let tokens = doc.tokens();
    let is_tool = |token: &Token| token.classes.meets(Classes::TOOL) && token.is_capital();
    let inside = tokens[at..].iter().take_while(|token| (token.end as usize) <= end);
    let mut words = inside.filter(|token| token.kind == TokenKind::Word).peekable();
    words.peek().is_some()
        && words.all(|token| is_tool(token) || !token.is_capital())
        && tokens[at.saturating_sub(BESIDE)..tokens.len().min(at + BESIDE)]
            .iter()
            .any(|token| is_tool(token) && (token.start < tokens[at].start || token.end as usize > end))
}

/// Says whether it is an employer: *at Stanley Morgan (2013-2018)*.
fn is_employer(doc: &Doc<'_>, at: usize, end: usize) -> bool {
    let (tokens, text) = (doc.tokens(), doc.text());
    let word = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |token| token.text(text));
    let behind = at + tokens[at..].iter().take_while(|token| (token.end as usize) <= end).count();
    let is_year = |at: usize| {
        tokens.get(at).is_some_and(|token| token.kind == TokenKind::Number) && word(Some(at)).len() == 4
    };
    let is_dated = word(Some(behind)) == "("
        && is_year(behind + 1)
        && word(Some(behind + 2)) == "-"
        && word(Some(behind + 3)) != ")";
    let joins = matches!(
        word(at.checked_sub(1)),
        "at" | "bei"
            | "chez"
            | "en"
            | "på"
            | "bij"
            | "hos"
            | "presso"
            | "em"
            | "na"
            | "w"
            | "for"
            | ","
            | "&"
            | "'"
    );
    is_dated && joins
}

/// Says whether it is a word alone in brackets behind a date's digits: *born 3/5/1990 (Huesca)*.
fn is_birthplace(doc: &Doc<'_>, name: &Tagged) -> bool {
    let text = doc.text();
    let date = doc.before(name.start, 16).strip_suffix(" (");
    date.is_some_and(|date| date.ends_with(|c: char| c.is_ascii_digit()) && date.contains(['/', '.', '-']))
        && text[name.end..].starts_with(')')
        && !text[name.start..name.end].contains(' ')
}

/// Says whether a label in front announces the name of a thing: *File name:*.
fn is_name_of_a_thing(before: &str) -> bool {
    let Some(label) = before.trim_end().strip_suffix(':') else { return false };
    let mut words = label.rsplit(' ');
    let is_name = words.next().is_some_and(|word| word.eq_ignore_ascii_case("name"));
    is_name && words.next().is_some_and(|word| THINGS.iter().any(|thing| thing.eq_ignore_ascii_case(word)))
}

/// What has a name and is no person.
const THINGS: [&str; 20] = [
    "file", "product", "host", "domain", "project", "company", "business", "brand", "server", "class",
    "function", "variable", "model", "package", "event", "team", "course", "school", "bank", "table",
];
