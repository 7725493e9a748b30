//! The grammar: named rules of alternatives, read from the text files in `data/`.
//!
//! ```text
//! == greeting            a rule; a label after the name marks whatever it writes
//! Hello {@p.first},      one alternative a line; `%3 ` before it makes it three times as likely
//! | how are you?         a line with a bar goes on with the alternative above it
//! == greeting.de         the same rule for records in German
//! ```
//!
//! `{rule}` writes a rule, `{rule?30}` three times of ten, `{rule*2-5|, }` two to five times with a comma between, `{^rule}` `{_rule}`
//! `{~rule}` `{!rule}` in upper case, in lower case, capitalised, each word capitalised, `{=x rule}` writes and remembers, `{$x}` writes what was remembered;
//! `{@p1.first}` is a form of a person's name, `{#num 1 9}` a made-up value, `[a|b]` one of several. `\` keeps the next
//! character as it is; `\n`, `\t` and `\s` are a line break, a tab and a space.

use std::collections::HashMap;

use crate::error::Error;
use crate::person::FORMS;
use crate::piece::LABELS;
use crate::values::VALUES;

/// What an alternative is made of.
#[derive(Debug)]
pub(crate) enum Node {
    Text(String),
    Rule(Call),
    Remember(String, usize),
    Recall(String),
    Person { slot: String, form: String },
    Value { name: String, arguments: Vec<String> },
    OneOf(Vec<Vec<Self>>),
}

/// A rule written some number of times.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) family: usize,
    pub(crate) case: Case,
    /// Out of a hundred.
    pub(crate) chance: u32,
    pub(crate) times: (usize, usize),
    pub(crate) between: String,
}

/// What happens to the letters of what a rule writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Kept,
    Upper,
    Lower,
    Capitalised,
    Title,
}

/// The alternatives of one rule in one language.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) label: Option<&'static str>,
    pub(crate) alternatives: Vec<Vec<Node>>,
    /// Running sums of the alternatives' weights.
    pub(crate) weights: Vec<u32>,
}

/// A rule in the languages it has.
#[derive(Debug, Default)]
pub(crate) struct Family {
    name: String,
    plain: Option<Rule>,
    languages: Vec<(String, Rule)>,
}

impl Family {
    /// The rule for a language, or the one for all.
    pub(crate) fn rule(&self, language: &str) -> Option<&Rule> {
        let own = self.languages.iter().find(|(code, _)| code == language).map(|(_, rule)| rule);
        own.or(self.plain.as_ref()).or_else(|| self.languages.first().map(|(_, rule)| rule))
    }
}

/// All rules.
#[derive(Debug, Default)]
pub struct Grammar {
    pub(crate) families: Vec<Family>,
    index: HashMap<String, usize>,
}

/// Language codes that a rule's name may end in.
pub(crate) const LANGUAGES: [&str; 20] = [
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "ro", "hu", "id",
    "hi", "hr", "ca",
];

impl Grammar {
    /// Reads rules from texts of the form in the module's head.
    ///
    /// # Errors
    /// [`Error::Grammar`] with the line that cannot be read, or the name of a rule that is used and not there.
    pub fn read(files: &[(&str, &str)]) -> Result<Self, Error> {
        let mut grammar = Self::default();
        for (file, text) in files {
            grammar.file(text).map_err(|(line, what)| Error::Grammar(format!("{file}:{line}: {what}")))?;
        }
        match grammar.families.iter().find(|family| family.plain.is_none() && family.languages.is_empty()) {
            Some(family) => Err(Error::Grammar(format!("rule {} is used but not written", family.name))),
            None => Ok(grammar),
        }
    }

    /// The number of a rule.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    fn family(&mut self, name: &str) -> usize {
        if let Some(known) = self.index.get(name) {
            return *known;
        }
        self.families.push(Family { name: name.to_owned(), ..Family::default() });
        self.index.insert(name.to_owned(), self.families.len() - 1);
        self.families.len() - 1
    }

    fn file(&mut self, text: &str) -> Result<(), (usize, String)> {
        let mut header: Option<(usize, String)> = None;
        let mut alternatives: Vec<(usize, String)> = Vec::new();
        for (line, content) in text.lines().enumerate() {
            let line = line + 1;
            if let Some(name) = content.strip_prefix("== ") {
                self.close(header.take(), &alternatives)?;
                alternatives.clear();
                header = Some((line, name.trim().to_owned()));
            } else if let Some(more) = content.strip_prefix("| ").or_else(|| (content == "|").then_some("")) {
                let (_, last) = alternatives.last_mut().ok_or((line, "nothing to go on with".to_owned()))?;
                last.push('\n');
                last.push_str(more);
            } else if !content.trim().is_empty() && !content.starts_with("# ") {
                alternatives.push((line, content.to_owned()));
            }
        }
        self.close(header, &alternatives)
    }

    fn close(
        &mut self,
        header: Option<(usize, String)>,
        lines: &[(usize, String)],
    ) -> Result<(), (usize, String)> {
        let Some((at, header)) = header else { return Ok(()) };
        let mut words = header.split_whitespace();
        let name = words.next().unwrap_or_default();
        let label = match words.next() {
            Some(word) => Some(
                LABELS
                    .iter()
                    .copied()
                    .find(|label| *label == word)
                    .ok_or((at, format!("no label {word}")))?,
            ),
            None => None,
        };
        let mut rule = Rule { label, alternatives: Vec::new(), weights: Vec::new() };
        for (line, text) in lines {
            let (weight, body) = weighted(text);
            let nodes = Reader { grammar: self, rest: body }.sequence(&[]).map_err(|what| (*line, what))?;
            rule.alternatives.push(nodes);
            rule.weights.push(rule.weights.last().copied().unwrap_or(0) + weight);
        }
        if rule.alternatives.is_empty() {
            return Err((at, format!("rule {name} has no alternative")));
        }
        let (base, language) = match name.rsplit_once('.') {
            Some((base, code)) if LANGUAGES.contains(&code) => (base, Some(code)),
            _ => (name, None),
        };
        let number = self.family(base);
        let family = &mut self.families[number];
        let place = match language {
            None => family.plain.as_mut(),
            Some(code) => family.languages.iter_mut().find(|(known, _)| known == code).map(|(_, rule)| rule),
        };
        // A rule written in two files has the alternatives of both.
        if let Some(known) = place {
            let sum = known.weights.last().copied().unwrap_or(0);
            known.alternatives.append(&mut rule.alternatives);
            known.weights.extend(rule.weights.iter().map(|weight| weight + sum));
        } else if let Some(code) = language {
            family.languages.push((code.to_owned(), rule));
        } else {
            family.plain = Some(rule);
        }
        Ok(())
    }
}

fn weighted(text: &str) -> (u32, &str) {
    let weight = text.strip_prefix('%').and_then(|rest| rest.split_once(' '));
    weight.and_then(|(number, body)| Some((number.parse().ok()?, body))).unwrap_or((1, text))
}

struct Reader<'a, 't> {
    grammar: &'a mut Grammar,
    rest: &'t str,
}

impl Reader<'_, '_> {
    /// Reads nodes until one of `stops`, which is left in place, or the end.
    fn sequence(&mut self, stops: &[char]) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        let mut text = String::new();
        while let Some(character) = self.rest.chars().next() {
            if stops.contains(&character) {
                break;
            }
            self.rest = &self.rest[character.len_utf8()..];
            match character {
                '\\' => text.push(self.escaped()),
                '{' => {
                    flush(&mut text, &mut nodes);
                    let (inside, rest) = self.rest.split_once('}').ok_or("a brace is not closed")?;
                    self.rest = rest;
                    nodes.push(self.reference(inside)?);
                }
                '[' => {
                    flush(&mut text, &mut nodes);
                    nodes.push(self.choice()?);
                }
                _ => text.push(character),
            }
        }
        flush(&mut text, &mut nodes);
        Ok(nodes)
    }

    fn escaped(&mut self) -> char {
        let Some(character) = self.rest.chars().next() else { return '\\' };
        self.rest = &self.rest[character.len_utf8()..];
        match character {
            'n' => '\n',
            't' => '\t',
            's' => ' ',
            other => other,
        }
    }

    fn choice(&mut self) -> Result<Node, String> {
        let mut ways = Vec::new();
        loop {
            ways.push(self.sequence(&['|', ']'])?);
            let last = self.rest.starts_with(']');
            self.rest = self.rest.get(1..).ok_or("a bracket is not closed")?;
            if last {
                return Ok(Node::OneOf(ways));
            }
        }
    }

    fn reference(&mut self, inside: &str) -> Result<Node, String> {
        if let Some(person) = inside.strip_prefix('@') {
            let (slot, form) = person.split_once('.').unwrap_or((person, "full"));
            if !FORMS.contains(&form) {
                return Err(format!("{inside}: no such form of a name"));
            }
            return Ok(Node::Person { slot: slot.to_owned(), form: form.to_owned() });
        }
        if let Some(value) = inside.strip_prefix('#') {
            let mut words = value.split_whitespace().map(str::to_owned);
            let name = words.next().unwrap_or_default();
            if !VALUES.contains(&name.as_str()) {
                return Err(format!("{inside}: no such value"));
            }
            return Ok(Node::Value { name, arguments: words.collect() });
        }
        if let Some(name) = inside.strip_prefix('$') {
            return Ok(Node::Recall(name.to_owned()));
        }
        if let Some(both) = inside.strip_prefix('=') {
            let (name, rule) = both.split_once(' ').ok_or_else(|| format!("{inside}: a name and a rule"))?;
            return Ok(Node::Remember(name.to_owned(), self.grammar.family(rule)));
        }
        let (case, rest) = match inside.chars().next() {
            Some('^') => (Case::Upper, &inside[1..]),
            Some('_') => (Case::Lower, &inside[1..]),
            Some('~') => (Case::Capitalised, &inside[1..]),
            Some('!') => (Case::Title, &inside[1..]),
            _ => (Case::Kept, inside),
        };
        let (rest, between) = rest.split_once('|').unwrap_or((rest, ""));
        let (rest, times) = match rest.split_once('*') {
            None => (rest, (1, 1)),
            Some((rest, range)) => (rest, range_of(range).ok_or_else(|| format!("{inside}: how often?"))?),
        };
        let (name, chance) = match rest.split_once('?') {
            None => (rest, 100),
            Some((name, "")) => (name, 50),
            Some((name, share)) => (name, share.parse().map_err(|_| format!("{inside}: a share"))?),
        };
        if name.is_empty() || name.contains(|c: char| !(c.is_ascii_alphanumeric() || "._".contains(c))) {
            return Err(format!("{inside}: not a rule's name"));
        }
        let between = between.replace("\\n", "\n").replace("\\t", "\t").replace("\\s", " ");
        Ok(Node::Rule(Call { family: self.grammar.family(name), case, chance, times, between }))
    }
}

fn range_of(range: &str) -> Option<(usize, usize)> {
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (low <= high).then_some((low, high))
}

fn flush(text: &mut String, nodes: &mut Vec<Node>) {
    if !text.is_empty() {
        nodes.push(Node::Text(std::mem::take(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_alternatives_weights_and_languages() {
        let grammar = Grammar::read(&[(
            "t",
            "== a\n%3 one {b*1-2|, }\ntwo [x|y]\n| more\n== b TOOL\nJira\n== b.de\nRad\n",
        )])
        .unwrap();
        let a = grammar.families[grammar.find("a").unwrap()].rule("en").unwrap();
        assert_eq!(a.weights, [3, 4]);
        let b = &grammar.families[grammar.find("b").unwrap()];
        assert_eq!((b.rule("en").unwrap().label, b.rule("de").unwrap().label), (Some("TOOL"), None));
    }

    #[test]
    fn names_the_rule_that_is_missing_and_the_line_that_is_wrong() {
        let missing = Grammar::read(&[("t", "== a\n{b}\n")]).unwrap_err().to_string();
        assert!(missing.contains("rule b"), "{missing}");
        let wrong = Grammar::read(&[("t", "== a\nok\n{b\n")]).unwrap_err().to_string();
        assert!(wrong.contains("t:3"), "{wrong}");
    }
}
