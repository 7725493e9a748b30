//! Compares what a model finds with what is labelled.

use pii::names::join::Name;
use pii::names::model::Model;
use pii::names::tag::Tagger;

use crate::data::Labelled;

/// Counts of names: labelled, found, right.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts {
    gold: u32,
    found: u32,
    found_right: u32,
    gold_touched: u32,
    gold_hidden: u32,
    exact: u32,
    /// Probability of each finding, and whether it touches a labelled name.
    pub(crate) calls: Vec<(f32, bool)>,
    /// What was missed, and what was found and is no name, as lines to read.
    pub(crate) shown: Vec<String>,
}

impl Counts {
    /// Tags a text and counts.
    pub(crate) fn see(&mut self, model: &Model, tagger: &mut Tagger, text: &Labelled) {
        let mut names = Vec::new();
        tagger.find(model, &text.text, &text.tokens, &mut names);
        let touches = |name: &Name, &(start, end): &(usize, usize)| name.start < end && start < name.end;
        for name in &names {
            self.calls.push((name.probability, text.names.iter().any(|gold| touches(name, gold))));
        }
        names.retain(|name| name.probability >= model.threshold);
        self.gold += count(&text.names);
        self.found += count(&names);
        for name in &names {
            self.found_right += u32::from(text.names.iter().any(|gold| touches(name, gold)));
        }
        let mut show = |sign: &str, (start, end): (usize, usize)| {
            let (before, behind) =
                (text.text[..start].chars().rev().take(30), text.text[end..].chars().take(30));
            let before: String = before.collect::<Vec<_>>().into_iter().rev().collect();
            let line = format!("{sign} {before}[{}]{}", &text.text[start..end], behind.collect::<String>());
            self.shown.push(line.replace('\n', "⏎"));
        };
        for name in names.iter().filter(|name| !text.names.iter().any(|gold| touches(name, gold))) {
            show("false", (name.start, name.end));
        }
        for &gold in text.names.iter().filter(|gold| !names.iter().any(|name| touches(name, gold))) {
            show("missed", gold);
        }
        for gold in &text.names {
            self.gold_touched += u32::from(names.iter().any(|name| touches(name, gold)));
            self.gold_hidden +=
                u32::from(names.iter().any(|name| name.start <= gold.0 && gold.1 <= name.end));
            self.exact += u32::from(names.iter().any(|name| (name.start, name.end) == *gold));
        }
    }

    /// Returns precision and recall (touching), F1, F2, the share of names hidden whole, and of those with the same ends.
    pub(crate) fn line(&self) -> String {
        let share = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
        let (p, r) = (share(self.found_right, self.found), share(self.gold_touched, self.gold));
        let f = |b: f64| (1.0 + b * b) * p * r / (b * b * p + r).max(1e-9);
        format!(
            "gold {:5}  found {:5}  P {p:5.1}  R {r:5.1}  F1 {:5.1}  F2 {:5.1}  hidden {:5.1}  exact {:5.1}",
            self.gold,
            self.found,
            f(1.0),
            f(2.0),
            share(self.gold_hidden, self.gold),
            share(self.exact, self.gold)
        )
    }
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
