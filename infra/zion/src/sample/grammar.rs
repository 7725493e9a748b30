//! Prose from sentence lists. A line of a grammar file is one way to say something; its slots are filled with facts
//! of the document, with numbers, or with lines of other sections.
//!
//! `{name}` a fact, else a line of section `name`; `{field.task}` the section of the document's line of work;
//! `{cap:…}` with a capital; `{an:…}` behind its article; `{n:2-9}` a number. `\n` starts a new line. A section
//! whose name ends with `*` is one comma-separated list.

use std::collections::HashMap;
use std::fmt::Write as _;

use rand::Rng;
use rand::seq::IndexedRandom as _;

/// How a slot's text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Capital,
    Article,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Slot(Form, String),
    Number(u32, u32),
}

/// The sections of some grammar files, parsed once.
#[derive(Debug, Default)]
pub(super) struct Grammar {
    sections: HashMap<String, Vec<Vec<Piece>>>,
}

/// What is fixed within one document: the same person, role and company wherever they are mentioned.
#[derive(Debug, Default)]
pub(super) struct Facts {
    known: Vec<(&'static str, String, bool)>,
    field: &'static str,
    /// Lines the document has already, by address: nobody says the same thing twice.
    said: Vec<usize>,
}

impl Facts {
    /// No facts yet, for a document about the line of work `field`.
    pub(super) fn about(field: &'static str) -> Self {
        Self { known: Vec::with_capacity(24), field, said: Vec::new() }
    }

    /// Adds a fact; an earlier one of the same name wins.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.known.push((name, value.into(), false));
    }

    /// The facts that found their way into a text.
    pub(super) fn used(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.known.iter().filter(|(_, _, used)| *used).map(|(name, value, _)| (*name, value.as_str()))
    }

    /// The line of work.
    pub(super) fn field(&self) -> &'static str {
        self.field
    }

    /// The value of a fact, used or not.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.known.iter().find(|fact| fact.0 == name).map(|fact| fact.1.as_str())
    }
}

impl Grammar {
    /// Parses grammar files.
    pub(super) fn parse(files: &[&str]) -> Self {
        let mut grammar = Self::default();
        for file in files {
            let mut section = String::new();
            let mut list = false;
            for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
                if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    list = name.ends_with('*');
                    name.trim_end_matches('*').clone_into(&mut section);
                } else {
                    let lines = grammar.sections.entry(section.clone()).or_default();
                    if list {
                        lines.extend(line.split(", ").map(pieces));
                    } else {
                        lines.push(pieces(line));
                    }
                }
            }
        }
        grammar
    }

    /// Writes a random line of `section` to `out`. A section that is not there writes nothing: a test keeps the
    /// files complete.
    pub(super) fn write(&self, section: &str, facts: &mut Facts, random: &mut impl Rng, out: &mut String) {
        if let Some(part) = section.strip_prefix("field.") {
            let section = format!("{}.{part}", facts.field);
            return self.write(&section, facts, random, out);
        }
        let Some(lines) = self.sections.get(section) else {
            return;
        };
        let mut chosen = lines.choose(random);
        for _ in 0..4 {
            if chosen.is_some_and(|line| facts.said.contains(&address(line))) {
                chosen = lines.choose(random);
            }
        }
        if let Some(line) = chosen {
            facts.said.push(address(line));
            self.write_line(line, facts, random, out);
        }
    }

    /// Writes the line of `section` at `place`, counted round: sections of one length belong together line by line.
    pub(super) fn write_at(
        &self,
        (section, place): (&str, usize),
        facts: &mut Facts,
        random: &mut impl Rng,
        out: &mut String,
    ) {
        let lines = self.sections.get(section).map(Vec::as_slice).unwrap_or_default();
        if let Some(line) = lines.iter().cycle().nth(place) {
            self.write_line(line, facts, random, out);
        }
    }

    /// A random line of `section` as a text of its own.
    pub(super) fn text(&self, section: &str, facts: &mut Facts, random: &mut impl Rng) -> String {
        let mut out = String::new();
        self.write(section, facts, random, &mut out);
        out
    }

    /// Writes `count` different lines of `section`, each followed by `end`.
    pub(super) fn write_some(
        &self,
        (section, count, end): (&str, usize, &str),
        facts: &mut Facts,
        random: &mut impl Rng,
        out: &mut String,
    ) {
        let Some(lines) = self.sections.get(section) else {
            return;
        };
        let chosen: Vec<&Vec<Piece>> = lines.choose_multiple(random, count).collect();
        for line in chosen {
            self.write_line(line, facts, random, out);
            out.push_str(end);
        }
    }

    fn write_line(&self, line: &[Piece], facts: &mut Facts, random: &mut impl Rng, out: &mut String) {
        for piece in line {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Number(low, high) => {
                    // Writing to a String cannot fail.
                    write!(out, "{}", random.random_range(*low..=*high)).ok();
                }
                Piece::Slot(form, name) => self.write_slot(*form, name, facts, random, out),
            }
        }
    }

    fn write_slot(&self, form: Form, name: &str, facts: &mut Facts, random: &mut impl Rng, out: &mut String) {
        // The article depends on the word behind it: remember the place, write the word, then look at it.
        let start = out.len();
        if let Some(fact) = facts.known.iter_mut().find(|fact| fact.0 == name) {
            fact.2 = true;
            out.push_str(&fact.1);
        } else {
            self.write(name, facts, random, out);
        }
        match form {
            Form::Plain => {}
            Form::Capital => capitalise(out, start),
            Form::Article => {
                let vowel = out[start..].starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']);
                out.insert_str(start, if vowel { "an " } else { "a " });
            }
        }
    }
}

fn address(line: &[Piece]) -> usize {
    line.as_ptr().addr()
}

fn capitalise(text: &mut String, start: usize) {
    if let Some(first) = text[start..].chars().next() {
        let upper: String = first.to_uppercase().collect();
        text.replace_range(start..start + first.len_utf8(), &upper);
    }
}

fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((before, slot, after)) = rest
        .split_once('{')
        .and_then(|(before, rest)| rest.split_once('}').map(|(slot, after)| (before, slot, after)))
    {
        if !before.is_empty() {
            pieces.push(Piece::Text(before.replace("\\n", "\n")));
        }
        pieces.push(slot_of(slot));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.replace("\\n", "\n")));
    }
    pieces
}

fn slot_of(slot: &str) -> Piece {
    match slot.split_once(':') {
        Some(("n", range)) => {
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let low = low.parse().unwrap_or(0);
            Piece::Number(low, high.parse().unwrap_or(low).max(low))
        }
        Some(("cap", name)) => Piece::Slot(Form::Capital, name.to_owned()),
        Some(("an", name)) => Piece::Slot(Form::Article, name.to_owned()),
        _ => Piece::Slot(Form::Plain, slot.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn fills_facts_numbers_articles_and_other_sections() {
        let grammar = Grammar::parse(&[
            "# words\n[greet]\nHi {name}, {an:role} of {n:7-7}:\\n{cap:field.task}.\n[nursing.task*]\nvisit patients",
        ]);
        let mut facts = Facts::about("nursing");
        facts.set("name", "Ada Larch");
        facts.set("role", "Engineer");
        facts.set("phone", "not mentioned");
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let text = grammar.text("greet", &mut facts, &mut random);
        assert_eq!(text, "Hi Ada Larch, an Engineer of 7:\nVisit patients.");
        assert_eq!(facts.used().map(|(name, _)| name).collect::<Vec<_>>(), ["name", "role"]);
    }
}
