use records::example::Example;

use super::samples::shown;
use super::*;

fn example(source: &str, prompt: &str, completion: &str) -> Example {
    Example {
        source: source.to_owned(),
        key: "k".to_owned(),
        subject: None,
        group: None,
        prompt: prompt.to_owned(),
        completion: completion.to_owned(),
    }
}

#[test]
fn samples_are_the_same_in_whatever_order_examples_come() {
    let all: Vec<_> = (0..50).map(|at| example(["a", "b"][at % 2], "q", &format!("answer {at}"))).collect();
    let drawn = |examples: &mut dyn Iterator<Item = &Example>| {
        let mut samples = Samples::default();
        examples.for_each(|example| samples.add(example));
        serde_json::to_string(&samples.list()).unwrap()
    };
    let there = drawn(&mut all.iter());
    assert_eq!(there, drawn(&mut all.iter().rev()));
    assert_eq!(there.matches("\"source\":\"a\"").count(), 3);
    assert_eq!(there.matches("\"source\":\"b\"").count(), 3);
}

#[test]
fn what_is_not_to_be_seen_is_named_and_long_texts_end() {
    assert_eq!(shown("a\u{202e}b\u{0}c\u{feff}\u{ffff}", 9), "a[U+202E]b[U+0000]c[U+FEFF][U+FFFF]");
    assert_eq!(shown("two\nlines\tand 👩\u{200d}⚕️, سلام", 99), "two\nlines\tand 👩\u{200d}⚕️, سلام");
    assert_eq!(shown("abc", 3), "abc");
    assert_eq!(shown("abcd", 3), "abc…");
}
