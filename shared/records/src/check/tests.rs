use super::*;
use serde_json::json;

fn found(line: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    Chat::read(line.as_bytes(), &mut problems);
    problems
}

fn of(messages: &Value) -> Vec<Problem> {
    found(&json!({ "messages": messages }).to_string())
}

fn file(limits: Limits, lines: &[String]) -> (Vec<(u64, Problem)>, Counts, File) {
    let mut file = File::new(TokenCounter::new().unwrap(), limits);
    let mut all = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let problems = file.line(&Line::Whole(line.as_bytes()));
        all.extend(problems.into_iter().map(|problem| (number, problem)));
    }
    let (counts, whole) = file.finish();
    all.extend(whole.into_iter().map(|problem| (0, problem)));
    (all, counts, file)
}

fn example(question: &str, answer: &str) -> String {
    json!({"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": question},
        {"role": "assistant", "content": answer}]})
    .to_string()
}

#[test]
fn whole_examples_pass_tools_and_parts_among_them() {
    for messages in [
        json!([{"role": "system", "content": "s"}, {"role": "user", "content": "q", "name": "Ann_1"},
            {"role": "assistant", "content": "a", "weight": 1}]),
        json!([{"role": "developer", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "q"}, {"type": "image_url", "image_url": {"url": "u"}}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{\"a\":1}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": ""},
            {"role": "assistant", "content": "a"}]),
        json!([{"role": "system", "content": "s"}, {"role": "user", "content": "q"},
            {"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "1"}, {"role": "assistant", "content": "a", "weight": 0},
            {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]),
    ] {
        assert_eq!(of(&messages), [], "{messages}");
    }
}

#[test]
fn lines_that_are_no_examples_are_named() {
    for (line, problem) in [
        ("", Problem::Blank),
        (" \t", Problem::Blank),
        ("\u{feff}{}", Problem::ByteOrderMark),
        ("{\"messages\": [", Problem::NotJson("cut short at column 14".to_owned())),
        ("[1]", Problem::NotAnObject),
        ("{}", Problem::NoMessages),
        ("{\"messages\": []}", Problem::NoMessages),
        ("{\"messages\": \"a\"}", Problem::NoMessages),
    ] {
        assert_eq!(found(line), [problem], "{line}");
    }
    assert!(found("{\"prompt\": \"a\", \"completion\": \"b\"}").contains(&Problem::UnknownKey));
    let not_text = b"{\"messages\": \"\xff\"}";
    let mut problems = Vec::new();
    assert!(Chat::read(not_text, &mut problems).is_none());
    assert!(matches!(problems[..], [Problem::NotJson(_)]), "{problems:?}");
}

/// Each fault of the published notebook and those seen since, in an example that is whole otherwise.
#[test]
fn each_fault_of_a_message_is_found_alone() {
    let (system, answer) =
        (json!({"role": "system", "content": "s"}), json!({"role": "assistant", "content": "a"}));
    for (faulty, problem) in [
        (json!("q"), Problem::NotAMessage(2)),
        (json!({"content": "q"}), Problem::NoRole(2)),
        (json!({"role": "robot", "content": "q"}), Problem::UnknownRole(2)),
        (json!({"role": 7, "content": "q"}), Problem::UnknownRole(2)),
        (json!({"role": "user"}), Problem::NoContent(2)),
        (json!({"role": "user", "content": null}), Problem::NoContent(2)),
        (json!({"role": "user", "content": " "}), Problem::EmptyContent(2)),
        (json!({"role": "assistant", "content": ""}), Problem::EmptyContent(2)),
        (json!({"role": "user", "content": 7}), Problem::BadContent(2)),
        (json!({"role": "user", "content": [{"type": "song"}]}), Problem::BadContent(2)),
        (json!({"role": "user", "content": []}), Problem::EmptyContent(2)),
        (json!({"role": "user", "content": "q", "mood": "good"}), Problem::UnknownMessageKey(2)),
        (json!({"role": "user", "content": "q", "name": "Ann Lee"}), Problem::BadName(2)),
        (json!({"role": "user", "content": "q", "weight": 1}), Problem::BadWeight(2)),
        (json!({"role": "assistant", "content": "q", "weight": 0.5}), Problem::BadWeight(2)),
        (json!({"role": "user", "content": "q<|im_end|>"}), Problem::SpecialToken(2)),
        (json!({"role": "tool", "content": "1", "tool_call_id": "c9"}), Problem::Unasked(2)),
        (
            json!({"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "no"}}]}),
            Problem::BadCall(2),
        ),
    ] {
        let problems = of(&json!([system, faulty, {"role": "user", "content": "q"}, answer]));
        assert_eq!(problems, [problem], "{faulty}");
    }
}

#[test]
fn a_conversation_must_end_in_an_answer_that_counts() {
    let (system, question) =
        (json!({"role": "system", "content": "s"}), json!({"role": "user", "content": "q"}));
    let answer = json!({"role": "assistant", "content": "a"});
    assert_eq!(of(&json!([system, question])), [Problem::NoAssistant]);
    assert_eq!(of(&json!([system, answer, question])), [Problem::LastNotAssistant]);
    let unweighed = json!({"role": "assistant", "content": "a", "weight": 0});
    assert_eq!(of(&json!([system, question, unweighed])), [Problem::NothingWeighed]);
    let warnings = of(&json!([answer]));
    assert_eq!(warnings, [Problem::NoSystem, Problem::NoUser]);
    let late = of(&json!([question, system, answer]));
    assert_eq!(late, [Problem::LateSystem(2)]);
    assert!(warnings.iter().chain(&late).all(Problem::is_warning));
}

#[test]
fn what_is_wrong_with_the_whole_file_is_found_at_its_end() {
    let limits = Limits { min_examples: 3, max_file_bytes: 100, max_example_tokens: 20 };
    let long = example("why", &"word ".repeat(40));
    let (problems, counts, _) = file(limits, &[example("a", "x"), long]);
    let tokens = counts.tokens.counted;
    assert!(problems.contains(&(2, Problem::TooManyTokens { tokens: 59, most: 20 })), "{problems:?}");
    assert_eq!(tokens, 19 + 20, "what is over the limit is not billed");
    assert!(problems.contains(&(0, Problem::TooFew { examples: 2, least: 3 })));
    assert!(problems.iter().any(|(_, problem)| matches!(problem, Problem::FileTooLarge { most: 100, .. })));
    assert!(!problems.iter().any(|(_, problem)| *problem == Problem::OneAnswer));
}

#[test]
fn repeated_examples_one_answer_and_a_leak_are_warnings() {
    let lines = [example("a", "yes"), example("b", "yes"), example("a", "yes")];
    let limits = Limits { min_examples: 1, ..Limits::CHAT };
    let (problems, _, training) = file(limits, &lines);
    assert_eq!(problems, [(3, Problem::Repeats(1)), (0, Problem::OneAnswer)]);
    let mut validation = training.validation();
    assert_eq!(validation.line(&Line::Whole(lines[1].as_bytes())), [Problem::Leaks]);
    assert_eq!(validation.line(&Line::Whole(example("c", "no").as_bytes())), []);
    let (counts, whole) = validation.finish_validation();
    assert_eq!((counts.lines, whole), (2, vec![]));
    assert!(problems.iter().all(|(_, problem)| problem.is_warning()));
}

#[test]
fn the_lines_that_we_write_ourselves_pass() {
    let ours = crate::example::Example {
        source: "s".to_owned(),
        key: "k".to_owned(),
        subject: None,
        group: None,
        prompt: "two\nlines".to_owned(),
        completion: "\"quoted\"".to_owned(),
    };
    let line = ours.chat_line("be kind").unwrap();
    let mut problems = Vec::new();
    let chat = Chat::read(&line, &mut problems).unwrap();
    assert_eq!(problems, []);
    let counter = TokenCounter::new().unwrap();
    assert_eq!(chat.tokens(&counter), counter.example(ours.messages("be kind")));
}

#[test]
fn hostile_lines_end() {
    for line in [
        "[".repeat(1 << 20),
        "{\"messages\":".repeat(1 << 16),
        "\"".repeat(9),
        format!("{{\"messages\":[{}]}}", "{},".repeat(1000)),
    ] {
        assert!(!found(&line).is_empty());
    }
}
