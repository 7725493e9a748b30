//! Names of people: by the trained tagger, and by simple rules.
//!
//! The tagger ([`names`](crate::names)) finds what its table of weights takes for a name, wherever it stands; its scores
//! are shares of right findings on texts kept aside. The rules find capitalised words behind a title (*Mr*, *Dr*), behind a label (*Name:*, *Contact:*), in a greeting (*Dear*,
//! *Hi*) or below a closing (*Regards,*); words behind *my name is*, *I am* and *this is* when the name has two words;
//! and two or three capitalised words of which the first is a common given name. Leaves names that nothing announces
//! and whose given name is not in the list to the tagger.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{Recogniser, pattern};
use crate::names::model::Model;
use crate::names::tag::{Name as Tagged, Tagger};
use crate::{Doc, Finding, Kind, Kinds};

/// The table that `infra/tagger` trained.
#[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::from_bytes(include_bytes!("../names/model.bin")).expect("constant model"));

thread_local! {
    /// What is kept between texts: sums of weights for each form of a word, which depend on the model alone.
    static TAGGER: RefCell<(Tagger, Vec<Tagged>)> = RefCell::default();
}

struct Name {
    anchors: Vec<Anchor>,
    given: HashSet<&'static str>,
}

/// Something that announces a name right behind it.
struct Anchor {
    before: Regex,
    /// Fewest words: one is enough behind a title, not behind *I am*.
    words: usize,
    /// The name must end its line, as in a signature.
    whole_line: bool,
    score: f32,
    rule: &'static str,
}

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    let anchor = |before: &str, words, whole_line, score, rule| Anchor {
        before: pattern(before),
        words,
        whole_line,
        score,
        rule,
    };
    Box::new(Name {
        anchors: vec![
            anchor(&format!(r"\b(?:{})\.? ", TITLES.join("|")), 1, false, 0.85, "name.title"),
            anchor(
                r"(?i)\b(?:(?:full |first |last |candidate |contact |reference )?name|contact(?: person)?|recruiter|hiring manager|supervisor|reported by|signed|attn|candidate|from|to|cc)[ \t]*:[ \t]*",
                1,
                false,
                0.8,
                "name.label",
            ),
            anchor(
                r"(?m)(?:^|[.!?>] ?)(?:Dear|Hi|Hello|Hey|Thanks|Thank you|Cheers),? ",
                1,
                false,
                0.8,
                "name.greeting",
            ),
            anchor(
                r"(?im)^[ \t]*(?:(?:kind |best |warm |many )?(?:regards|wishes)|sincerely(?: yours)?|yours (?:truly|sincerely|faithfully)|thanks|thank you|cheers|best),?[ \t]*\r?\n\s*",
                1,
                true,
                0.85,
                "name.signature",
            ),
            anchor(
                r"(?i)\b(?:my name is|my name's|i am|i'm|this is|ask for|speak (?:to|with)|talk to|contact|reach|signed by) ",
                2,
                false,
                0.75,
                "name.introduced",
            ),
        ],
        given: include_str!("given_names.txt").lines().filter(|line| !line.starts_with('#')).collect(),
    })
}

impl Recogniser for Name {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Name])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let text = doc.text();
        TAGGER.with_borrow_mut(|(tagger, names)| {
            names.clear();
            tagger.find(&MODEL, text, doc.tokens(), names);
            findings.extend(
                names
                    .iter()
                    .map(|name| finding(name.start, name.end, MODEL.score(name.probability), "name.tagger")),
            );
        });
        for anchor in &self.anchors {
            for found in anchor.before.find_iter(text) {
                let name = Run::read(text, found.end());
                let rest = &text[name.end..];
                // A title is no name; the rule for titles sees what stands behind it.
                if name.words.first().is_some_and(|&(start, end)| TITLES.contains(&&text[start..end])) {
                    continue;
                }
                let ends_line = rest.trim_start_matches([' ', '\t', '.', ',']).starts_with(['\n', '\r'])
                    || rest.trim().is_empty();
                if name.words.len() >= anchor.words && (ends_line || !anchor.whole_line) {
                    findings.push(finding(found.end(), name.end, anchor.score, anchor.rule));
                }
            }
        }
        let mut at = 0;
        while let Some(run) = Run::next(text, at) {
            at = run.end.max(run.start + 1);
            while !text.is_char_boundary(at) {
                at += 1;
            }
            if let Some((start, end)) = self.known(text, &run.words) {
                findings.push(finding(start, end, 0.7, "name.given"));
            }
        }
    }
}

impl Name {
    /// Returns the range from the first common given name over the word behind it; over two when an initial is between.
    fn known(&self, text: &str, words: &[(usize, usize)]) -> Option<(usize, usize)> {
        let given =
            |&(start, end): &(usize, usize)| self.given.contains(text[start..end].to_lowercase().as_str());
        let first = words.iter().position(given)?;
        let initial = words.get(first + 1).is_some_and(|&(start, end)| text[start..end].chars().count() == 1);
        let last = words.get(first + if initial { 2 } else { 1 })?;
        Some((words[first].0, last.1))
    }
}

fn finding(start: usize, end: usize, score: f32, rule: &'static str) -> Finding {
    Finding { kind: Kind::Name, start, end, score, rule }
}

/// Up to five capitalised words behind one another.
struct Run {
    start: usize,
    end: usize,
    words: Vec<(usize, usize)>,
}

/// Words that stand before names and are none.
const TITLES: [&str; 14] =
    ["Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof", "Sir", "Madam", "Herr", "Frau", "Señor", "Señora", "Mme"];

/// Words that stand inside names in lower case.
const PARTICLES: [&str; 14] =
    ["de", "da", "del", "della", "van", "von", "der", "den", "la", "le", "bin", "al", "di", "dos"];

impl Run {
    const MOST_WORDS: usize = 5;

    /// Finds the next run at or behind `from` that begins at a word's start.
    fn next(text: &str, from: usize) -> Option<Self> {
        let mut inside = text[..from].chars().next_back().is_some_and(char::is_alphanumeric);
        for (at, c) in text[from..].char_indices() {
            if c.is_uppercase() && !inside {
                return Some(Self::read(text, from + at));
            }
            inside = c.is_alphanumeric();
        }
        None
    }

    /// Reads the run that begins at `start`; empty when no capitalised word stands there.
    fn read(text: &str, start: usize) -> Self {
        let mut run = Self { start, end: start, words: Vec::new() };
        let mut at = start;
        while run.words.len() < Self::MOST_WORDS {
            let Some(end) = word(text, at) else { break };
            run.words.push((at, end));
            run.end = end;
            // An initial keeps its full stop.
            at = end;
            if text[at..].starts_with('.') && text[run.words[run.words.len() - 1].0..end].chars().count() == 1
            {
                at += 1;
            }
            let Some(next) = text[at..].strip_prefix([' ', '\u{a0}']) else {
                break;
            };
            at = text.len() - next.len();
            for particle in PARTICLES {
                if let Some(rest) = text[at..].strip_prefix(particle).and_then(|rest| rest.strip_prefix(' '))
                {
                    at = text.len() - rest.len();
                }
            }
        }
        run
    }
}

/// Returns the end of the capitalised word at `at`, with inner hyphens and apostrophes.
fn word(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if !rest.chars().next()?.is_uppercase() {
        return None;
    }
    let mut end = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let joint = matches!(c, '-' | '\'' | '\u{2019}')
            && chars.peek().is_some_and(|(_, next)| next.is_alphabetic());
        // Combining marks are not alphabetic, yet part of the letter before them.
        let mark = ('\u{300}'..='\u{36f}').contains(&c);
        if !(c.is_alphabetic() || joint || mark) {
            break;
        }
        end = offset + c.len_utf8();
    }
    Some(at + end)
}
