use std::collections::BTreeMap;
use std::fmt::Write as _;

use records::example::Example;
use serde::Serialize;

/// Samples of one source, and the characters of one text that are shown.
const MOST: usize = 3;
const LONGEST: usize = 700;

/// Some examples of each source: those of the smallest hashes, which are no others than would be drawn by lot.
#[derive(Debug, Default)]
pub(crate) struct Samples(BTreeMap<String, BTreeMap<u64, Sample>>);

/// One example, as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    source: String,
    prompt: String,
    completion: String,
}

impl Samples {
    /// Adds an example, if it is one of those that are shown.
    pub(crate) fn add(&mut self, example: &Example) {
        let content = example.content();
        if !self.0.contains_key(&example.source) {
            self.0.insert(example.source.clone(), BTreeMap::new());
        }
        let Some(samples) = self.0.get_mut(&example.source) else { return };
        let greatest = samples.last_key_value().map(|(content, _)| *content);
        if samples.len() >= MOST && greatest.is_some_and(|greatest| content > greatest) {
            return;
        }
        let sample = Sample {
            source: example.source.clone(),
            prompt: shown(&example.prompt, LONGEST),
            completion: shown(&example.completion, LONGEST),
        };
        samples.insert(content, sample);
        if samples.len() > MOST {
            samples.pop_last();
        }
    }

    pub(super) fn list(&self) -> Vec<&Sample> {
        self.0.values().flat_map(BTreeMap::values).collect()
    }
}

/// Returns the start of a text, with what is not to be seen named: a character that turns the direction of a line around
/// would let a text look like another.
pub(super) fn shown(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for c in text.chars().take(longest) {
        if is_unseen(c) {
            // Writing to a `String` cannot fail.
            let _infallible = write!(shown, "[U+{:04X}]", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters, marks of direction, and characters without width but for those that join letters and pictures.
fn is_unseen(c: char) -> bool {
    match c {
        '\n' | '\t' | '\u{200c}' | '\u{200d}' => false,
        '\u{00ad}'
        | '\u{061c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        // No characters at all: HTML takes none of them.
        c if u32::from(c) & 0xfffe == 0xfffe => true,
        c => c.is_control(),
    }
}
