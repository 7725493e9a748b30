//! Writes a record from the grammar.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use crate::grammar::{Call, Case, Grammar, Node};
use crate::names::Names;
use crate::person::Person;
use crate::piece::Piece;

/// Rules inside rules, at most: a rule that leads back to itself ends here.
const DEEPEST: usize = 40;

/// One record being written.
pub(crate) struct Writer<'a> {
    grammar: &'a Grammar,
    names: &'a Names,
    pub(crate) language: &'a str,
    pub(crate) rng: &'a mut ChaCha8Rng,
    pub(crate) out: Piece,
    people: Vec<(String, Person)>,
    memory: Vec<(String, Piece)>,
    /// Labels that are open: what is inside one is not labelled again.
    open: usize,
    depth: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(
        grammar: &'a Grammar,
        names: &'a Names,
        language: &'a str,
        rng: &'a mut ChaCha8Rng,
    ) -> Self {
        Self {
            grammar,
            names,
            language,
            rng,
            out: Piece::default(),
            people: Vec::new(),
            memory: Vec::new(),
            open: 0,
            depth: 0,
        }
    }

    /// Writes a rule by its name; nothing when there is none.
    pub(crate) fn rule(&mut self, name: &str) {
        if let Some(family) = self.grammar.find(name) {
            self.family(family);
        }
    }

    fn family(&mut self, family: usize) {
        let grammar = self.grammar;
        let Some(rule) = grammar.families.get(family).and_then(|family| family.rule(self.language)) else {
            return;
        };
        let total = rule.weights.last().copied().unwrap_or(0);
        if total == 0 || self.depth >= DEEPEST {
            return;
        }
        let point = self.rng.random_range(0..total);
        let chosen = rule.weights.partition_point(|sum| *sum <= point);
        let Some(nodes) = rule.alternatives.get(chosen) else { return };
        self.depth += 1;
        match rule.label {
            Some(label) => self.labelled(label, |writer| writer.nodes(nodes)),
            None => self.nodes(nodes),
        }
        self.depth -= 1;
    }

    /// Writes something under a label, unless it is already under one.
    pub(crate) fn labelled(&mut self, label: &'static str, write: impl FnOnce(&mut Self)) {
        let start = self.out.text.len();
        self.open += 1;
        write(self);
        self.open -= 1;
        if self.open == 0 {
            self.out.mark_from(start, label);
        }
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.text.push_str(text),
                Node::Rule(call) => self.call(call),
                Node::Person { slot, form } => self.person(slot, form),
                Node::Value { name, arguments } => self.value(name, arguments),
                Node::OneOf(ways) => {
                    let way = self.rng.random_range(0..ways.len());
                    self.nodes(&ways[way]);
                }
                Node::Remember(name, family) => {
                    let piece = self.aside(|writer| writer.family(*family));
                    self.out_append(&piece);
                    self.memory.retain(|(known, _)| known != name);
                    self.memory.push((name.clone(), piece));
                }
                Node::Recall(name) => {
                    if let Some((_, piece)) = self.memory.iter().find(|(known, _)| known == name) {
                        let piece = piece.clone();
                        self.out_append(&piece);
                    }
                }
            }
        }
    }

    fn call(&mut self, call: &Call) {
        if call.chance < 100 && self.rng.random_range(0..100) >= call.chance {
            return;
        }
        let times = self.rng.random_range(call.times.0..=call.times.1);
        for turn in 0..times {
            if turn > 0 {
                self.out.text.push_str(&call.between);
            }
            if call.case == Case::Kept {
                self.family(call.family);
                continue;
            }
            let piece = self.aside(|writer| writer.family(call.family));
            let piece = match call.case {
                Case::Upper => piece.upper(),
                Case::Lower => piece.lower(),
                Case::Title => piece.title(),
                Case::Capitalised | Case::Kept => piece.capitalised(),
            };
            self.out_append(&piece);
        }
    }

    /// Writes to a piece of its own.
    fn aside(&mut self, write: impl FnOnce(&mut Self)) -> Piece {
        let whole = std::mem::take(&mut self.out);
        write(self);
        std::mem::replace(&mut self.out, whole)
    }

    fn out_append(&mut self, piece: &Piece) {
        if self.open == 0 {
            self.out.append(piece);
        } else {
            self.out.text.push_str(&piece.text);
        }
    }

    /// The person of a slot: made up when first asked for; the slot `p` is somebody new each time.
    pub(crate) fn somebody(&mut self, slot: &str) -> Person {
        if let Some((_, person)) = self.people.iter().find(|(known, _)| known == slot) {
            return person.clone();
        }
        let person = Person::made_up(self.names, self.language, self.rng);
        if slot != "p" {
            self.people.push((slot.to_owned(), person.clone()));
        }
        person
    }

    fn person(&mut self, slot: &str, form: &str) {
        let person = self.somebody(slot);
        if let Some(name) = person.form(form, self.rng) {
            self.labelled("PERSON", |writer| writer.out.text.push_str(&name));
        }
    }
}
