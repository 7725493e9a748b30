//! The clean pair, and the line a provider learns from.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::jsonl::{Line, problem};
use crate::near::{self, BANDS};

/// A scrubbed prompt and completion, with where it came from as keyed hashes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The recipe's source.
    pub source: String,
    /// The row's key, as a keyed hash.
    pub key: String,
    /// The row's subject, as a keyed hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What is split by in the subject's place, as a keyed hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the model is asked.
    pub prompt: String,
    /// What the model should answer.
    pub completion: String,
}

impl Example {
    /// Numbers by which repeated examples are found: the first is the content's, the others are those of [`near::bands`].
    pub const DIGESTS: usize = 1 + BANDS;

    /// Returns the numbers by which repeated examples are found.
    pub fn digests(&self) -> [u64; Self::DIGESTS] {
        let mut digests = [self.content(); Self::DIGESTS];
        digests[1..].copy_from_slice(&near::bands(&self.prompt, &self.completion));
        digests
    }

    /// Identifies prompt and completion; equal texts are duplicates wherever they came from.
    pub fn content(&self) -> u64 {
        let hash = Sha256::new()
            .chain_update((self.prompt.len() as u64).to_be_bytes())
            .chain_update(&self.prompt)
            .chain_update(&self.completion)
            .finalize();
        hash.iter().take(8).fold(0, |value, byte| (value << 8) | u64::from(*byte))
    }

    /// Who is asked about later: the subject, or the row where nobody is named. Whatever the split goes by.
    pub fn person(&self) -> &str {
        self.subject.as_deref().unwrap_or(&self.key)
    }

    /// What is kept on one side of the split: the recipe's group, the subject, or the row where neither is named.
    pub fn group(&self) -> &str {
        self.group.as_deref().or(self.subject.as_deref()).unwrap_or(&self.key)
    }

    /// Returns role and text of each chat message.
    pub fn messages<'a>(&'a self, system: &'a str) -> [(&'static str, &'a str); 3] {
        [("system", system), ("user", &self.prompt), ("assistant", &self.completion)]
    }

    /// Renders the line that providers of the chat format learn from.
    ///
    /// # Errors
    /// Never for text; the type is that of the serialiser.
    pub fn chat_line(&self, system: &str) -> Result<Vec<u8>, serde_json::Error> {
        #[derive(Serialize)]
        struct Message<'a> {
            role: &'a str,
            content: &'a str,
        }
        #[derive(Serialize)]
        struct Chat<'a> {
            messages: [Message<'a>; 3],
        }
        let messages = self.messages(system).map(|(role, content)| Message { role, content });
        let mut line = serde_json::to_vec(&Chat { messages })?;
        line.push(b'\n');
        Ok(line)
    }

    /// Reads the texts of such a line; whose they are it does not say.
    ///
    /// # Errors
    /// What is wrong with it, without its text.
    pub fn of_chat_line(line: &Line<'_>) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Chat {
            messages: [Message; 3],
        }
        #[derive(Deserialize)]
        struct Message {
            content: String,
        }
        let Line::Whole(line) = line else { return Err("a line is too long".to_owned()) };
        let Chat { messages: [_, prompt, completion] } =
            serde_json::from_slice(line).map_err(|error| format!("a line is {}", problem(&error)))?;
        Ok(Self {
            source: String::new(),
            key: String::new(),
            subject: None,
            group: None,
            prompt: prompt.content,
            completion: completion.content,
        })
    }
}

/// Even a scrubbed text is nobody's business in a log.
impl fmt::Debug for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Example")
            .field("source", &self.source)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(prompt: &str, completion: &str) -> Example {
        Example {
            source: "s".to_owned(),
            key: "k".to_owned(),
            subject: None,
            group: None,
            prompt: prompt.to_owned(),
            completion: completion.to_owned(),
        }
    }

    #[test]
    fn a_person_is_found_by_subject_and_not_by_what_the_split_goes_by() {
        let row = Example { group: Some("company".to_owned()), ..example("a", "b") };
        assert_eq!((row.person(), row.group()), ("k", "company"));
        let named = Example { subject: Some("s".to_owned()), ..row };
        assert_eq!((named.person(), named.group()), ("s", "company"));
    }

    #[test]
    fn where_the_prompt_ends_matters() {
        assert_ne!(example("ab", "c").content(), example("a", "bc").content());
        assert_eq!(
            example("ab", "c").content(),
            Example { key: "other".to_owned(), ..example("ab", "c") }.content()
        );
    }

    #[test]
    fn a_chat_line_is_one_line() {
        let line = example("two\nlines", "\"quoted\"").chat_line("be kind").unwrap();
        let expected = r#"{"messages":[{"role":"system","content":"be kind"},{"role":"user","content":"two\nlines"},{"role":"assistant","content":"\"quoted\""}]}"#;
        assert_eq!(String::from_utf8(line).unwrap(), format!("{expected}\n"));
    }
}
