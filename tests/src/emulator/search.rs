//! Everything the runs have left is searched for what must not be there.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};

use super::evidence::is_raw_part;
use super::full::first;
use super::say;
use super::world::{World, answered};

/// One text that was left somewhere.
struct Left {
    place: String,
    text: String,
    /// Holds examples: where the rewriting of names is measured, not required.
    examples: bool,
}

/// Values to search for, all at once.
struct Wanted {
    kind: &'static str,
    values: Regex,
}

impl Wanted {
    fn new(kind: &'static str, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| regex::escape(value.as_ref())).collect();
        assert!(!values.is_empty(), "no {kind} to search for");
        let values = regex::RegexBuilder::new(&values.join("|")).size_limit(1 << 28).build().unwrap();
        Self { kind, values }
    }

    /// Where a value was found, told without the value.
    fn found(&self, left: &Left) -> Option<String> {
        let at = self.values.find(&left.text)?;
        Some(format!("{} in {} at byte {}", self.kind, left.place, at.start()))
    }
}

pub(crate) async fn everything(w: &World) {
    let planted = &w.planted;
    let data = [
        Wanted::new("a planted e-mail address", &planted.emails),
        Wanted::new("a planted telephone number", &planted.phones),
        Wanted::new("the mark of somebody who opted out", &planted.opted_out),
    ];
    let secrets = Wanted::new("a secret", secrets(w).await);
    let names = Wanted::new("a planted name", &planted.names);
    let (left, raw) = (left(w).await, raw(w).await);

    let mut found: Vec<String> = Vec::new();
    for left in &left {
        found.extend(data.iter().chain([&secrets]).filter_map(|wanted| wanted.found(left)));
        found.extend(Some(&names).filter(|_| !left.examples).and_then(|names| names.found(left)));
    }
    // Raw rows hold what their authors wrote; who opted out was never read, and no secret belongs there.
    for raw in &raw {
        found.extend([&data[2], &secrets].into_iter().filter_map(|wanted| wanted.found(raw)));
    }
    let bytes: usize = left.iter().map(|left| left.text.len()).sum();
    say(&format!("         searched {} texts of {} MB", left.len(), bytes >> 20));
    // The same search, on what really holds such values.
    for wanted in [&data[0], &data[1], &names] {
        assert!(raw.iter().any(|raw| wanted.found(raw).is_some()), "the search for {} bites", wanted.kind);
    }
    let rows =
        "select concat(description) from job_posts union all select concat(question) from support_logs";
    for (wanted, text) in [(&data[2], w.texts(rows).await.join("\n")), (&secrets, w.stack.postgres().url())] {
        let known = Left { place: "a place that holds one".to_owned(), text, examples: false };
        assert!(wanted.found(&known).is_some(), "the search for {} bites", wanted.kind);
    }
    measure(&names, &left, &raw);
    assert!(found.is_empty(), "{} places: {}", found.len(), found[..found.len().min(12)].join("; "));
}

/// Prints which share of the planted names the scrubber has found, in the recipes' first runs.
fn measure(names: &Wanted, left: &[Left], raw: &[Left]) {
    let count = |texts: &[Left], place: &str| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for text in texts.iter().filter(|left| left.place.contains(place)) {
            for name in names.values.find_iter(&text.text) {
                *counts.entry(name.as_str().to_owned()).or_default() += 1;
            }
        }
        counts
    };
    for recipe in ["zion-job-generator", "zion-resume-enhancer", "zion-support"] {
        let run = first(recipe);
        let (before, after) =
            (count(raw, &format!("runs/{run}/")), count(left, &format!("runs/{run}/scrubbed/")));
        let (all, kept) = (before.values().sum::<usize>(), after.values().sum::<usize>());
        let found = 100 - 100 * kept / all.max(1);
        say(&format!(
            "         {recipe}: {found}% of {all} mentions of planted names are rewritten; {} of {} people's names are left somewhere",
            after.len(),
            before.len()
        ));
    }
}

/// Every secret of the stack.
pub(super) async fn secrets(w: &World) -> BTreeSet<String> {
    let subject = json!({"SecretId": w.stack.output("SubjectKeySecret").unwrap()});
    let subject =
        w.stack.emulator().call("secretsmanager", "secretsmanager.GetSecretValue", &subject).await.unwrap();
    let keys = w.stack.sandbox().keys();
    let database = w.stack.postgres().url();
    let password = database.split_once("postgres:").unwrap().1.split_once('@').unwrap().0;
    let subject = subject["SecretString"].as_str().unwrap();
    let secrets = [&keys.secret, &keys.provider, &keys.jwt_secret, subject, password];
    assert!(secrets.iter().all(|secret| secret.len() >= 32), "all of them are set");
    secrets.into_iter().map(str::to_owned).collect()
}

/// Raw rows: the parts of the exports.
async fn raw(w: &World) -> Vec<Left> {
    let mut raw = Vec::new();
    for key in w.keys("runs/").await.into_iter().filter(|key| is_raw_part(key)) {
        raw.push(Left { text: text(&w.bytes(&key).await), place: key, examples: true });
    }
    assert!(raw.len() > 10);
    raw
}

/// Not every object is text: hashes of examples are bytes.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything else: logs, states, histories, objects, the provider's files, rows, configuration.
async fn left(w: &World) -> Vec<Left> {
    let mut left = Vec::new();
    let mut note = |place: String, text: String| {
        let examples = place.contains("/scrubbed/") && !place.ends_with(".report.json")
            || place.contains("/dataset/")
            || place.starts_with("file ");
        left.push(Left { place, text, examples });
    };
    let logs = w.stack.logs().await.unwrap();
    for name in ["plan", "export", "scrub", "assemble", "upload", "status", "promote", "sunset"] {
        let group = format!("/aws/lambda/{}", w.stack.function(name));
        let log = logs.iter().find(|log| log.name == group).unwrap_or_else(|| panic!("{group} is missing"));
        assert!(log.text.contains("stage done") && log.text.contains("REPORT"), "{group}");
    }
    for log in logs {
        note(format!("log {}", log.name), log.text);
    }
    let executions = w.executions().await;
    let parents = executions.iter().filter(|one| one["mapRunArn"].is_null()).count();
    assert!(parents >= 20 && executions.len() > parents + 20, "{parents} of {}", executions.len());
    for execution in executions {
        let arn = execution["executionArn"].as_str().unwrap().to_owned();
        let history = w.histories(&arn).await;
        assert!(history.len() >= 2, "{arn}: {history:?}");
        let history = Value::Array(history);
        note(format!("state of {arn}"), format!("{execution}\n{}", strings(&execution)));
        note(format!("history of {arn}"), format!("{history}\n{}", strings(&history)));
    }
    for key in w.keys("runs/").await.into_iter().filter(|key| !is_raw_part(key)) {
        let body = text(&w.bytes(&key).await);
        note(key, body);
    }
    for file in w.files().await {
        let body = w.content(&file).await;
        note(format!("file {file}"), body);
    }
    for table in ["model_versions", "model_promotions"] {
        let rows = w.texts(&format!("select to_jsonb(t)::text from public.{table} t")).await;
        note(format!("table {table}"), rows.join("\n"));
    }
    let jobs = answered(w.provider(Method::GET, "fine_tuning/jobs?limit=100")).await;
    note("jobs of the provider".to_owned(), jobs);
    note("command lines of all processes".to_owned(), command_lines());
    let functions = answered(w.emulator("2015-03-31/functions/")).await;
    assert!(functions.contains("SUPABASE_KEY_SECRET"), "the functions' settings are in it");
    note("settings of the functions".to_owned(), functions);
    left
}

/// A command line can be read by everyone on the machine.
fn command_lines() -> String {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ") + "\n").collect()
}

/// All texts in a JSON value, unescaped, those of JSON inside a text too.
fn strings(value: &Value) -> String {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => strings(&inner),
            _ => format!("{text}\n"),
        },
        Value::Array(items) => items.iter().map(strings).collect(),
        Value::Object(fields) => fields.values().map(strings).collect(),
        _ => String::new(),
    }
}
