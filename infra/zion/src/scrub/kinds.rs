//! What is looked for, as a table: from the registry and its cases, so that it says what the code does.

use std::collections::BTreeMap;

use pii::recognisers::REGISTRY;
use pii::{Kind, Kinds};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    clean: String,
}

/// A line for each kind, Markdown: its word, what it is, its label in the public sets, who looks for it, an example.
pub(crate) fn table() -> String {
    let cases = cases();
    let mut rows = vec![
        "| kind | what | label | by default | recognisers | example |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for &kind in Kind::ALL {
        let seekers: Vec<&str> = REGISTRY
            .iter()
            .filter(|entry| (entry.build)().kinds().has(kind))
            .map(|entry| entry.name)
            .collect();
        let by_default = if Kinds::DEFAULT.has(kind) { "yes" } else { "" };
        let example =
            cases.get(kind.as_str()).map(|case| format!("`{}` → `{}`", cell(&case.text), cell(&case.clean)));
        rows.push(format!(
            "| {kind} | {} | {} | {by_default} | {} | {} |",
            kind.summary(),
            kind.label(),
            seekers.join(", "),
            example.unwrap_or_default()
        ));
    }
    rows.join("\n")
}

/// For each kind the first case in which it is replaced, and nothing else is.
fn cases() -> BTreeMap<&'static str, Case> {
    let mut first: BTreeMap<&'static str, Case> = BTreeMap::new();
    let cases = REGISTRY.iter().filter_map(|entry| toml::from_str::<Cases>(entry.cases).ok());
    for case in cases.flat_map(|cases| cases.case) {
        let tags: Vec<&Kind> =
            Kind::ALL.iter().filter(|kind| case.clean.contains(&format!("[{kind}]"))).collect();
        if let [kind] = tags.as_slice() {
            first.entry(kind.as_str()).or_insert(case);
        }
    }
    first
}

/// Fit for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('`', "'").replace('\n', "⏎").replace('\t', "⇥").replace('\r', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row_that_says_what_it_is() {
        let table = table();
        for &kind in Kind::ALL {
            let start = format!("| {kind} | {} |", kind.summary());
            assert_eq!(table.lines().filter(|line| line.starts_with(&start)).count(), 1, "{kind}");
        }
        let email = table.lines().find(|line| line.starts_with("| email |")).unwrap();
        assert!(email.contains("| yes | email") && email.contains("[email]"), "{email}");
    }
}
