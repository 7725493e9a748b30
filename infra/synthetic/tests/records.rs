//! Made-up records as a reader sees them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

use std::collections::{BTreeMap, BTreeSet};

use synthetic::{Generator, LABELS, Names, Record};

fn records(seed: u64, count: u64) -> Vec<Record> {
    let generator = Generator::new(Names::built_in(), seed).unwrap();
    (0..count).map(|number| generator.record(number)).collect()
}

fn text_of(record: &Record, span: &synthetic::Span) -> String {
    record.text.chars().skip(span.start).take(span.end - span.start).collect()
}

#[test]
fn the_same_seed_gives_the_same_records_and_another_seed_others() {
    assert_eq!(records(7, 300), records(7, 300));
    assert_ne!(records(7, 20), records(8, 20));
    let generator = Generator::new(Names::built_in(), 7).unwrap();
    assert_eq!(generator.record(250), records(7, 300)[250]);
}

#[test]
fn spans_are_in_order_apart_and_trimmed() {
    for record in records(1, 3000) {
        let mut last = 0;
        let length = record.text.chars().count();
        for span in &record.spans {
            assert!(span.start >= last && span.start < span.end && span.end <= length, "{record:?}");
            assert!(LABELS.contains(&span.label));
            let text = text_of(&record, span);
            assert_eq!(text, text.trim(), "{}", record.id);
            last = span.end;
        }
    }
}

#[test]
fn a_labelled_text_looks_like_its_label() {
    let mut seen = BTreeSet::new();
    for record in records(2, 3000) {
        for span in &record.spans {
            let text = text_of(&record, span);
            seen.insert(span.label);
            match span.label {
                "EMAIL" => assert!(text.contains('@') || text.to_lowercase().contains("at"), "{text}"),
                "PHONE" => assert!(text.chars().filter(char::is_ascii_digit).count() >= 7, "{text}"),
                "PERSON" | "ORG" | "TITLE" => assert!(text.chars().any(char::is_alphabetic), "{text}"),
                "DATE" => assert!(text.chars().any(|c| c.is_ascii_digit()), "{text}"),
                _ => {}
            }
        }
    }
    for label in [
        "PERSON", "EMAIL", "PHONE", "ADDRESS", "LOCATION", "ORG", "SCHOOL", "TITLE", "TOOL", "URL", "DATE",
        "ID",
    ] {
        assert!(seen.contains(label), "{label}");
    }
}

/// Whole names are rare enough that one standing unlabelled is one that was forgotten.
#[test]
fn every_whole_name_is_labelled_wherever_it_stands() {
    for record in records(3, 3000) {
        let characters: Vec<char> = record.text.chars().collect();
        let names: BTreeSet<String> = record
            .spans
            .iter()
            .filter(|span| span.label == "PERSON")
            .map(|span| text_of(&record, span))
            .filter(|name| name.split(' ').count() > 1 && name.chars().count() > 10)
            .collect();
        for name in names {
            let letters: Vec<char> = name.chars().collect();
            for (at, window) in characters.windows(letters.len()).enumerate() {
                let over = |span: &synthetic::Span| span.start < at + letters.len() && at < span.end;
                assert!(window != letters || record.spans.iter().any(over), "{name}: {}", record.text);
            }
        }
    }
}

#[test]
fn every_sort_of_text_and_every_language_comes_up() {
    let mut sorts: BTreeMap<String, usize> = BTreeMap::new();
    let mut languages = BTreeSet::new();
    for record in records(4, 3000) {
        *sorts.entry(record.id.split('-').nth(1).unwrap_or_default().to_owned()).or_default() += 1;
        languages.insert(record.lang);
        assert!(!record.text.trim().is_empty(), "{}", record.id);
        assert!(
            !record.text.contains(['{', '}']) || record.text.contains("\":"),
            "a brace is left: {}",
            record.text
        );
    }
    assert!(sorts.len() >= 14 && sorts.values().all(|count| *count > 10), "{sorts:?}");
    assert!(languages.len() >= 12, "{languages:?}");
}
