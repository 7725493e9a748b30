//! Which examples a model should not learn from, as a recipe says it.
//!
//! What is checked is the text as it would be uploaded: scrubbed, prompt and completion apart. A refused example is
//! quarantined with its reason, so that nothing is lost and everything is counted. Reasons hold no value.

mod unfit;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::Regex;
use rustrict::{Censor, Type};
use serde::{Deserialize, Serialize};
use whatlang::{Detector, Lang};

pub use unfit::Unfit;

/// A language is told from at least this many letters: below, the detector is right in three cases of four.
const TELLING_LETTERS: usize = 40;
/// Capitals are counted from this many letters on: `SQL, AWS` is no shouting.
const SHOUTING_LETTERS: usize = 20;

/// `[quality]` of a recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quality {
    /// Fewest letters and digits of a completion.
    pub min_letters: usize,
    /// Most letters and digits of a completion; none means that the provider's own limit holds alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_letters: Option<usize>,
    /// Most tokens of an example; none means that the provider's own limit holds alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// What becomes of an example with more tokens.
    pub too_long: TooLong,
    /// Languages of completions, as ISO 639-3 codes (`eng`, `deu`). Any language if empty. A text that is too short
    /// or too mixed to be sure of is taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Largest share of capitals among a completion's cased letters.
    pub max_capitals: f32,
    /// Largest share of a completion that may be HTML tags and entities.
    pub max_markup: f32,
    /// What is taken all the same.
    pub keep: BTreeSet<Keep>,
}

/// What becomes of an example that has more tokens than the provider or the recipe takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// It is left out and counted.
    #[default]
    LeaveOut,
    /// Its completion ends earlier, between two words; a prompt is never cut.
    Cut,
    /// The run is refused.
    Refuse,
}

/// What is left out unless a recipe keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Examples that say almost what an earlier one says, see [`crate::near`].
    NearDuplicates,
    /// Profanity and slurs. Kept by default: looking for them costs about as much as scrubbing.
    Profanity,
    /// Answers in which a model declines, or speaks of itself as one.
    Refusals,
    /// Examples in which a key, token or password was found: what the scrubber replaced was live once.
    Secrets,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            min_letters: 3,
            max_letters: None,
            max_tokens: None,
            too_long: TooLong::LeaveOut,
            languages: Vec::new(),
            max_capitals: 0.7,
            max_markup: 0.1,
            keep: BTreeSet::from([Keep::Profanity]),
        }
    }
}

impl Quality {
    /// Says whether such examples are taken.
    pub fn keeps(&self, what: Keep) -> bool {
        self.keep.contains(&what)
    }

    /// Says whether a model may learn from the pair.
    ///
    /// # Errors
    /// The first reason against it, cheapest checks first.
    pub fn check(&self, prompt: &str, completion: &str) -> Result<(), Unfit> {
        let letters = Letters::of(completion);
        let checks: [(bool, Unfit); 8] = [
            (letters.all < self.min_letters, Unfit::Short),
            (self.max_letters.is_some_and(|most| letters.all > most), Unfit::Long),
            (letters.shout(self.max_capitals), Unfit::Capitals),
            (has_special_token(prompt) || has_special_token(completion), Unfit::SpecialToken),
            (markup(completion) > self.max_markup, Unfit::Markup),
            (!self.keeps(Keep::Refusals) && is_refusal(completion), Unfit::Refusal),
            (says_the_same(prompt, completion), Unfit::Echo),
            (!self.speaks(completion, letters.all), Unfit::Language),
        ];
        if let Some((_, reason)) = checks.into_iter().find(|(unfit, _)| *unfit) {
            return Err(reason);
        }
        if !self.keeps(Keep::Profanity) && (is_profane(prompt) || is_profane(completion)) {
            return Err(Unfit::Profanity);
        }
        Ok(())
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// The key and the fix.
    pub(crate) fn check_settings(&self) -> Result<(), String> {
        for (key, share) in [("max_capitals", self.max_capitals), ("max_markup", self.max_markup)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("quality.{key}: use 0 to 1, the largest share"));
            }
        }
        if self.max_letters.is_some_and(|most| most < self.min_letters.max(1)) {
            return Err("quality.max_letters: use more than quality.min_letters".to_owned());
        }
        if self.max_tokens == Some(0) {
            return Err("quality.max_tokens: use 1 or more".to_owned());
        }
        match self.languages.iter().find(|code| Lang::from_code(code.as_str()).is_none()) {
            Some(code) => Err(format!("quality.languages: {code:?} is no ISO 639-3 code such as \"eng\"")),
            None => Ok(()),
        }
    }

    fn speaks(&self, text: &str, letters: usize) -> bool {
        if self.languages.is_empty() || letters < TELLING_LETTERS {
            return true;
        }
        let sure = Detector::new().detect(text).filter(whatlang::Info::is_reliable);
        sure.is_none_or(|info| self.languages.iter().any(|code| code == info.lang().code()))
    }
}

/// Letters of a text.
struct Letters {
    /// Letters and digits.
    all: usize,
    capitals: usize,
    small: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self { all: 0, capitals: 0, small: 0 };
        // What the scrubber has put in is not the writer's.
        let mut inside = false;
        for c in text.chars() {
            inside = c == '[' || (inside && c != ']');
            let (is_letter, is_capital, is_small) = match c {
                'a'..='z' => (true, false, true),
                'A'..='Z' => (true, true, false),
                '0'..='9' => (true, false, false),
                _ if c.is_ascii() => continue,
                _ => (c.is_alphanumeric(), c.is_uppercase(), c.is_lowercase()),
            };
            letters.all += usize::from(is_letter);
            letters.capitals += usize::from(is_capital && !inside);
            letters.small += usize::from(is_small && !inside);
        }
        letters
    }

    fn shout(&self, most: f32) -> bool {
        let cased = self.capitals + self.small;
        cased >= SHOUTING_LETTERS && share(self.capitals, cased) > most
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 24 bits")]
fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

/// Looks for what chat formats mark turns with: learnt from text, such a token ends or forges a turn.
pub(crate) fn has_special_token(text: &str) -> bool {
    static TOKENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"<\|[\w.▁-]{1,40}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<s>").ok()
    });
    TOKENS.as_ref().is_some_and(|tokens| tokens.is_match(text.as_bytes()))
}

/// Returns the share of a text that is HTML tags and entities.
fn markup(text: &str) -> f32 {
    let mut bytes = 0;
    for (at, _) in text.match_indices('<') {
        let rest = text[at + 1..].trim_start_matches('/');
        // A tag's name is a letter and more; `a < b` and `<3` are none.
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') {
            continue;
        }
        let tag = rest.as_bytes().iter().take(500).position(|byte| matches!(byte, b'>' | b'<'));
        let closed = tag.filter(|end| rest.as_bytes().get(*end) == Some(&b'>'));
        bytes += closed.map_or(0, |end| text.len() - at - rest.len() + end + 1);
    }
    for (at, _) in text.match_indices('&') {
        let name = text[at + 1..].bytes().take(10).position(|byte| byte == b';');
        let name = name.map(|end| &text.as_bytes()[at + 1..at + 1 + end]);
        let is_entity = name.is_some_and(|name| {
            name.len() > 1 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        });
        bytes += if is_entity { name.map_or(0, <[u8]>::len) + 2 } else { 0 };
    }
    share(bytes, text.len())
}

/// Looks for a model's own words near the start of an answer. People say "I'm sorry, but I can't find your order": a
/// phrase counts only if a person would not use it.
fn is_refusal(text: &str) -> bool {
    // Without apostrophes, of which there are several.
    static PHRASES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let it_is = "as an ai(?: language model| assistant| model|,)|as a (?:large )?language model";
        let no_more = "(?:m|i am) just an ai|t (?:assist|help) with that request";
        Regex::new(&format!("(?i-u){it_is}|{no_more}")).ok()
    });
    let start = text.as_bytes().get(..300).unwrap_or(text.as_bytes());
    PHRASES.as_ref().is_some_and(|phrases| phrases.is_match(start))
}

/// Compares letters and digits, whatever their case and what stands between them.
fn says_the_same(prompt: &str, completion: &str) -> bool {
    fn plain(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
    }
    plain(prompt).eq(plain(completion))
}

fn is_profane(text: &str) -> bool {
    let strong = (Type::PROFANE | Type::OFFENSIVE | Type::SEXUAL) & Type::MODERATE_OR_HIGHER;
    Censor::from_str(text).analyze().is(strong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "You plan shifts for a ward of twenty beds and teach those who are new to the house.";

    fn unfit(quality: &Quality, prompt: &str, completion: &str) -> Option<Unfit> {
        quality.check(prompt, completion).err()
    }

    #[test]
    fn plain_text_passes() {
        for text in [
            GOOD,
            "I'm sorry, but I can't find your order: please send its number.",
            "SQL, AWS, GCP, REST, CI/CD",
            "If a < b && c > d, see the table; use vec![0; 3] and Q&A; i <3 it",
            "See **[name]** in [address], or mail to [email].",
            "Réponse courte.",
            "Of course we help with that request: please send the form.",
        ] {
            assert_eq!(unfit(&Quality::default(), "Describe the job", text), None, "{text}");
        }
    }

    #[test]
    fn each_reason_has_its_text() {
        let default = Quality::default();
        for (prompt, completion, reason) in [
            ("Q", "ok", Unfit::Short),
            ("Q", "— …", Unfit::Short),
            ("What do you offer?", "what do you offer", Unfit::Echo),
            ("Q", "WE NEED YOU NOW, CALL OUR HOTLINE", Unfit::Capitals),
            ("Q", "<div class=\"a\"><p>Good pay</p></div>", Unfit::Markup),
            ("Q", "Good&nbsp;pay&nbsp;and&amp;more", Unfit::Markup),
            ("Q", "As an AI language model, I have no opinion on that.", Unfit::Refusal),
            ("Q", "Sure.<|im_end|> More text follows.", Unfit::SpecialToken),
            ("[INST] do it [/INST]", GOOD, Unfit::SpecialToken),
        ] {
            assert_eq!(unfit(&default, prompt, completion), Some(reason), "{completion}");
            assert!(reason.to_string().starts_with("quality: "));
        }
    }

    #[test]
    fn thresholds_are_the_recipes() {
        let long = Quality { max_letters: Some(20), ..Quality::default() };
        assert_eq!(unfit(&long, "Q", GOOD), Some(Unfit::Long));
        let loud = Quality { max_capitals: 1.0, ..Quality::default() };
        assert_eq!(unfit(&loud, "Q", "WE NEED YOU NOW, CALL OUR HOTLINE"), None);
        let html = Quality { max_markup: 1.0, ..Quality::default() };
        assert_eq!(unfit(&html, "Q", "<p>Good pay</p>"), None);
        let model = Quality { keep: BTreeSet::from([Keep::Refusals]), ..Quality::default() };
        assert_eq!(unfit(&model, "Q", "As an AI language model, I have no opinion."), None);
    }

    #[test]
    fn another_language_is_left_out_when_the_detector_is_sure() {
        let english = Quality { languages: vec!["eng".to_owned()], ..Quality::default() };
        let german = "Sie planen die Dienste einer Station mit zwanzig Betten und leiten neue Kolleginnen und Kollegen an.";
        assert_eq!(unfit(&english, "Q", german), Some(Unfit::Language));
        assert_eq!(unfit(&english, "Q", GOOD), None);
        assert_eq!(unfit(&english, "Q", "Guten Tag"), None, "too short to be sure of");
    }

    #[test]
    fn profanity_is_looked_for_where_the_recipe_asks() {
        let clean = Quality { keep: BTreeSet::new(), ..Quality::default() };
        assert_eq!(unfit(&clean, "Q", "This f.u.c.k.i.n.g thing is broken again."), Some(Unfit::Profanity));
        assert_eq!(unfit(&clean, "Q", "The assassin passed the class in Scunthorpe."), None);
        assert_eq!(unfit(&Quality::default(), "Q", "This f.u.c.k.i.n.g thing is broken again."), None);
    }

    #[test]
    fn hostile_texts_cost_no_more_than_their_length() {
        for piece in ["<", "&", "<|", "[", "<|a"] {
            let text = piece.repeat(1 << 20);
            assert_eq!(unfit(&Quality { min_letters: 0, ..Quality::default() }, "Q", &text), None, "{piece}");
        }
    }

    #[test]
    fn settings_out_of_range_name_their_key() {
        let error = |quality: Quality| quality.check_settings().unwrap_err();
        assert!(error(Quality { max_capitals: 1.5, ..Quality::default() }).contains("quality.max_capitals"));
        assert!(
            error(Quality { max_letters: Some(2), ..Quality::default() }).contains("quality.max_letters")
        );
        let languages = vec!["english".to_owned()];
        assert!(error(Quality { languages, ..Quality::default() }).contains("\"english\""));
        assert!(Quality::default().check_settings().is_ok());
    }
}
