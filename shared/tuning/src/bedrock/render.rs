//! The dataset's chat lines in the forms that Bedrock's base models take.

use std::borrow::Cow;

use records::recipe::Format;
use serde::{Deserialize, Serialize};
use stage::StageError;

/// A line of the dataset.
#[derive(Deserialize)]
struct Chat<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize, Serialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    content: Cow<'a, str>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

impl<'a> Text<'a> {
    fn new(text: Cow<'a, str>) -> Self {
        Self { text: unreserved(text) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Conversation<'a> {
    schema_version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Text<'a>>,
    messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: Cow<'a, str>,
    content: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Messages<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Cow<'a, str>>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct Pair<'a> {
    prompt: String,
    completion: Cow<'a, str>,
}

/// Renders one line of the dataset, its line break included.
///
/// # Errors
/// `Internal` when the line is none of the dataset's; its text is not quoted.
pub(super) fn line(format: Format, line: &[u8]) -> Result<Vec<u8>, StageError> {
    let not_ours = |problem: String| StageError::internal(format!("a line of the dataset is {problem}"));
    let chat: Chat<'_> =
        serde_json::from_slice(line).map_err(|error| not_ours(records::jsonl::problem(&error)))?;
    let (system, turns): (Vec<_>, Vec<_>) = chat.messages.into_iter().partition(|it| it.role == "system");
    let mut system = system.into_iter().map(|message| message.content);
    let rendered = match format {
        Format::Conversation => serde_json::to_vec(&Conversation {
            schema_version: "bedrock-conversation-2024",
            system: system.map(Text::new).collect(),
            messages: turns
                .into_iter()
                .map(|it| Turn { role: it.role, content: [Text::new(it.content)] })
                .collect(),
        }),
        Format::Messages => serde_json::to_vec(&Messages { system: system.next(), messages: turns }),
        Format::Pairs => {
            let [asked, answered] =
                <[Message<'_>; 2]>::try_from(turns).map_err(|_| not_ours("no pair".to_owned()))?;
            let prompt = match system.next() {
                Some(system) if !system.is_empty() => format!("{system}\n\n{}", asked.content),
                _ => asked.content.into_owned(),
            };
            serde_json::to_vec(&Pair { prompt, completion: answered.content })
        }
    };
    let mut rendered = rendered.map_err(|error| not_ours(records::jsonl::problem(&error)))?;
    rendered.push(b'\n');
    Ok(rendered)
}

/// Nova's own: a job over a dataset with one of these fails, says AWS's guide, and its published check of datasets
/// looks for them in every text.
const ROLES: [&str; 5] = ["system", "user", "bot", "assistant", "thought"];
const MARKS: [&str; 4] = ["[eos]", "<image>", "<video>", "<unk>"];

/// Takes reserved words apart so that they read the same: `User:` becomes `User :`, `[EOS]` becomes `(EOS)`.
fn unreserved(text: Cow<'_, str>) -> Cow<'_, str> {
    let ends_with = |text: &str, word: &str| {
        let from = text.len().checked_sub(word.len());
        from.and_then(|from| text.get(from..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    let begins_with =
        |text: &str, word: &str| text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
    let (mut rendered, mut copied) = (String::new(), 0);
    for (at, _) in text.match_indices([':', '[', '<']) {
        if at < copied {
            continue;
        }
        let (before, rest) = text.split_at(at);
        if rest.starts_with(':') {
            if ROLES.iter().any(|role| ends_with(before, role)) {
                rendered.push_str(&text[copied..at]);
                rendered.push(' ');
                copied = at;
            }
        } else if let Some(mark) = MARKS.iter().find(|mark| begins_with(rest, mark)) {
            rendered.push_str(&text[copied..at]);
            rendered.push('(');
            rendered.push_str(&rest[1..mark.len() - 1]);
            rendered.push(')');
            copied = at + mark.len();
        }
    }
    if copied == 0 {
        return text;
    }
    rendered.push_str(&text[copied..]);
    Cow::Owned(rendered)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"messages":[{"role":"system","content":"be kind"},{"role":"user","content":"two\nlines"},{"role":"assistant","content":"\"so\""}]}"#;

    fn rendered(format: Format, text: &str) -> String {
        String::from_utf8(line(format, text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn each_form_is_as_its_guide_shows_it() {
        for (format, expected) in [
            (
                Format::Conversation,
                r#"{"schemaVersion":"bedrock-conversation-2024","system":[{"text":"be kind"}],"messages":[{"role":"user","content":[{"text":"two\nlines"}]},{"role":"assistant","content":[{"text":"\"so\""}]}]}"#,
            ),
            (
                Format::Messages,
                r#"{"system":"be kind","messages":[{"role":"user","content":"two\nlines"},{"role":"assistant","content":"\"so\""}]}"#,
            ),
            (Format::Pairs, r#"{"prompt":"be kind\n\ntwo\nlines","completion":"\"so\""}"#),
        ] {
            assert_eq!(rendered(format, LINE), format!("{expected}\n"));
        }
    }

    #[test]
    fn a_prompt_without_a_system_s_text_stands_alone() {
        let line = LINE.replace(r#"{"role":"system","content":"be kind"},"#, "");
        assert!(
            rendered(Format::Conversation, &line)
                .starts_with(r#"{"schemaVersion":"bedrock-conversation-2024","messages""#)
        );
        assert!(rendered(Format::Messages, &line).starts_with(r#"{"messages""#));
        assert!(rendered(Format::Pairs, &line).starts_with(r#"{"prompt":"two"#));
    }

    #[test]
    fn words_that_nova_keeps_for_itself_are_taken_apart() {
        for (text, expected) in [
            ("User: hi\nASSISTANT: yes", "User : hi\nASSISTANT : yes"),
            ("see <image> and [EOS][eos]", "see (image) and (EOS)(eos)"),
            ("the superuser: a robot: thoughts: <b> [x]", "the superuser : a robot : thoughts: <b> [x]"),
            ("über: ü:user:", "über: ü:user :"),
            ("nothing at all", "nothing at all"),
            (":<image", ":<image"),
        ] {
            assert_eq!(unreserved(Cow::Borrowed(text)), expected);
        }
        let line = LINE.replace("two", "User: two");
        assert!(rendered(Format::Conversation, &line).contains("User : two"));
        assert!(rendered(Format::Messages, &line).contains("User: two"));
    }

    #[test]
    fn a_line_that_is_none_is_not_quoted() {
        for (format, text) in [
            (Format::Pairs, r#"{"messages":[{"role":"user","content":"private"}]}"#),
            (Format::Messages, r#"{"private":1}"#),
        ] {
            let error = line(format, text.as_bytes()).unwrap_err().chain();
            assert!(error.contains("a line of the dataset") && !error.contains("private"), "{error}");
        }
    }
}
