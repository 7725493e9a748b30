//! The workflow against the arrows, the errors and its own golden graph.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use regex::Regex;
use serde_json::{Map, Value, json};
use stage::ErrorName;
use stage::approval_file::Why;
use stage::arrows;

use super::{path, text};

fn workflow() -> Value {
    serde_json::from_str(&text("infra/workflow.asl.json")).unwrap()
}

/// Calls `each` with every state, inner ones of Maps too, by name.
fn states(machine: &Value, each: &mut impl FnMut(&str, &Value)) {
    for (name, state) in machine["States"].as_object().unwrap() {
        each(name, state);
        if let Some(inner) = state.get("ItemProcessor") {
            states(inner, each);
        }
    }
}

fn names(rules: &Value) -> Vec<String> {
    let rules = rules.as_array().into_iter().flatten();
    let names = rules.flat_map(|rule| rule["ErrorEquals"].as_array().unwrap());
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_workflow_knows_exactly_our_errors_and_the_platform_s() {
    let mut ours = BTreeSet::new();
    states(&workflow(), &mut |_, state| {
        for name in names(&state["Retry"]).into_iter().chain(names(&state["Catch"])) {
            if !["States.", "Lambda.", "Runtime.", "Sandbox."]
                .iter()
                .any(|platform| name.starts_with(platform))
            {
                ours.insert(name);
            }
        }
    });
    let expected: BTreeSet<_> = ErrorName::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(ours, expected);
}

#[test]
fn every_task_retries_what_can_pass_and_ends_recorded() {
    let mut inner_tasks_of_export = 0;
    states(&workflow(), &mut |name, state| {
        if state["Type"] != "Task" {
            return;
        }
        // An operator's time is the recipe's.
        let limit = if name == "Approve" { "TimeoutSecondsPath" } else { "TimeoutSeconds" };
        assert!(state[limit].is_u64() || state[limit].is_string(), "{name} has no time limit");
        let retried = names(&state["Retry"]);
        for error in ErrorName::ALL {
            let daily = name == "Upload" && error == ErrorName::DailyLimit;
            assert_eq!(
                retried.contains(&error.to_string()),
                daily || error.is_retryable(),
                "{name}: {error}"
            );
        }
        for rule in state["Retry"].as_array().unwrap() {
            if rule["ErrorEquals"] == json!([ErrorName::DailyLimit.as_str()]) {
                // A day, evenly: nobody else waits for the same limit.
                assert_eq!(
                    rule["IntervalSeconds"].as_u64().unwrap() * rule["MaxAttempts"].as_u64().unwrap(),
                    86_400
                );
                continue;
            }
            assert_eq!(rule["JitterStrategy"], "FULL", "{name}");
            assert!(rule["BackoffRate"].as_f64().unwrap() > 1.0, "{name}");
        }
        // A slice's error becomes its Map's, which has the Catch.
        if name == "ExportSlice" {
            inner_tasks_of_export += 1;
            return;
        }
        assert!(names(&state["Catch"]).contains(&"States.ALL".to_owned()), "{name} has a way out unrecorded");
    });
    assert_eq!(inner_tasks_of_export, 1);
}

/// What hangs says nothing of the job, which is paid for, or of a dataset that somebody has approved.
#[test]
fn who_hangs_or_is_away_behind_an_approved_dataset_is_waited_for_by_the_hour() {
    let workflow = workflow();
    for name in ["Upload", "Status", "Promote"] {
        let retriers = workflow["States"][name]["Retry"].as_array().unwrap();
        for error in [
            "Throttled",
            "Unavailable",
            "Sandbox.Timedout",
            "States.Timeout",
            "Lambda.TooManyRequestsException",
        ] {
            let mut rules = retriers.iter();
            let rule = rules.find(|rule| rule["ErrorEquals"].as_array().unwrap().contains(&json!(error)));
            let rule = rule.unwrap_or_else(|| panic!("{name} does not try again what fails as {error}"));
            let number = |field: &str| rule[field].as_f64().unwrap();
            let longest = (0..rule["MaxAttempts"].as_i64().unwrap()).map(|attempt| {
                let grown =
                    number("IntervalSeconds") * number("BackoffRate").powi(attempt.try_into().unwrap());
                grown.min(number("MaxDelaySeconds"))
            });
            // Of each wait the half, by its jitter.
            let hours = longest.sum::<f64>() / 2.0 / 3_600.0;
            assert!((4.0..6.0).contains(&hours), "{name}: {error} for {hours} h");
        }
    }
}

/// A function's own name for what went wrong comes before the platform's.
#[test]
fn a_task_outlives_its_function_and_its_function_all_tries_of_a_call() {
    let template = text("template.yaml");
    let timeout = |function: &str| -> u64 {
        let resource = super::resource(&template, function);
        let line = resource.lines().find_map(|line| line.trim().strip_prefix("Timeout: ")).unwrap();
        line.parse().unwrap()
    };
    let mut tasks = 0;
    states(&workflow(), &mut |name, state| {
        let called = state["Resource"].as_str().and_then(|it| it.strip_prefix("${")?.strip_suffix("Arn}"));
        let (Some(function), Some(limit)) = (called, state["TimeoutSeconds"].as_u64()) else { return };
        assert_eq!(limit, timeout(function) + 30, "{name}");
        tasks += 1;
    });
    assert_eq!(tasks, 10);
    // Six tries of half a minute, and at most ten seconds between two: see `supabase`.
    assert!(timeout("Promote") >= 6 * 30 + 5 * 10);
}

/// Another try would be another question, and another three days.
#[test]
fn nobody_is_asked_twice_because_nobody_answered() {
    let approve = workflow()["States"]["Approve"].clone();
    assert!(!names(&approve["Retry"]).contains(&"States.Timeout".to_owned()));
    assert_eq!(
        approve["Catch"][0],
        json!({"ErrorEquals": ["States.Timeout"], "ResultPath": "$.failure", "Next": "Expired"})
    );
    let expired = &workflow()["States"]["Expired"];
    assert_eq!(expired["Parameters"]["Error"], ErrorName::ApprovalExpired.as_str());
}

/// What a rule sends when a run has ended is an event of its function, whichever way it ended.
#[test]
fn every_event_that_a_rule_sends_is_one_that_its_function_takes() {
    let template = text("template.yaml");
    let mut sent = 0;
    for line in template.lines().filter_map(|line| line.trim().strip_prefix("InputTemplate: '")) {
        for ended in ["FAILED", "ABORTED", "TIMED_OUT"] {
            let event = line.trim_end_matches('\'').replace("<run>", "run-1").replace("<ended>", ended);
            let event: Value = serde_json::from_str(&event).unwrap();
            let problem = match event["do"].as_str().unwrap() {
                "clear" => taken::<arrows::UploadEvent>(event),
                "fail" => taken::<arrows::PromoteEvent>(event),
                other => panic!("no function is asked to {other}"),
            };
            assert_eq!(problem, None, "{ended}");
            sent += 1;
        }
    }
    assert_eq!(sent, 6, "two rules");
    // However it ends, both hear of it: a run that fails while the database is away would be called running for ever.
    for rule in ["RunEnded", "RunStopped"] {
        let rule = super::resource(&template, rule);
        assert!(rule.contains("status: [FAILED, ABORTED, TIMED_OUT]"), "{rule}");
    }
    let hourly = template.lines().filter_map(|line| line.trim().strip_prefix("Input: '"));
    let hourly: Vec<_> = hourly.filter(|line| line.contains("\"do\"")).collect();
    let event: Value = serde_json::from_str(hourly[0].trim_end_matches('\'')).unwrap();
    assert_eq!((hourly.len(), taken::<arrows::UploadEvent>(event)), (1, None));
}

#[test]
fn the_longest_deadline_of_a_job_ends_before_the_workflow_does() {
    let limit = workflow()["TimeoutSeconds"].as_u64().unwrap();
    let longest = u64::from(records::recipe::MOST_DEADLINE_HOURS) * 3_600;
    let asked = u64::from(records::recipe::MOST_APPROVAL_HOURS) * 3_600;
    // A day for a provider that takes no more jobs, half a day for the steps before and behind the job.
    assert!(longest + asked + 36 * 3_600 <= limit, "{longest} s and {asked} s of {limit} s");
    // The keys by which consent is read before the upload live for seven days.
    assert!(asked + 36 * 3_600 < 7 * 86_400);
    // Whoever sweeps takes a run for dead only when its execution can't be alive, with half a day for clocks and its end's event.
    assert!(upload::LONGEST_RUN.as_secs() >= i64::try_from(limit).unwrap() + 12 * 3_600);
    // A turn of poll, choice and wait is nine events, five minutes apart; an execution may have 25,000.
    assert!(longest / 300 * 9 < 20_000);
}

/// One answer of each step, as the workflow keeps it.
fn accumulated() -> Value {
    let side = arrows::Side { lines: 1, bytes: 1, sha256: "s".to_owned(), md5: Some("m".to_owned()) };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let slice = arrows::SliceRef { table: "t".to_owned(), slice: 0 };
    let text = || "x".to_owned();
    json!({
        "run": "r", "slice": slice, "part": {},
        "planned": arrows::Planned { run: text(), recipe: text(), purpose: text(), dry_run: true, model: Some(text()),
            slices: vec![slice.clone()], reading: None, rows: 1, opted_out: 0, plan_key: text(), plan_sha256: text(),
            estimate: arrows::Estimate { examples: 1, tokens: 1, usd: 1.0 }, approval: vec![Why::FirstRun] },
        "exported": arrows::Exported { table: text(), slice: 0, more: true, parts: 1, rows: 1, left_out: 0, bytes: 1 },
        "gathered": arrows::Gathered { run: text(), parts_key: text(), parts: 1, rows: 1, left_out: 0, bytes: 1 },
        "scrubbed": arrows::Scrubbed { table: text(), slice: 0, part: 0, rows: 1, examples: 1, quarantined: 0,
            found: std::collections::BTreeMap::new() },
        "assembled": arrows::Assembled { run: text(), manifest_key: text(), manifest_sha256: text(), report_key: text(), train: side.clone(),
            validation: side.clone(), holdout: side, duplicates: 0, quarantined: 0, tokens: 1, usd: 1.0,
            approval: arrows::Approval { needed: true, why: vec![Why::FirstRun], hours: 1, seconds: 3_600 } },
        "submitted": arrows::Submitted { run: text(), job: text(), file: text(), submitted_at: now, deadline: now,
            provider: records::recipe::Provider::default(), host: Some(text()), approval: None },
        "polled": arrows::Polled { state: arrows::JobState::Trained, provider_status: text(), progress: None, wait_seconds: 60,
            model: Some(text()), trained_tokens: Some(1) },
        "promoted": arrows::Promoted { run: text(), id: text(), name: text(), purpose: text(), version: 1, previous: None },
        "recorded": arrows::Recorded { error: text(), cause: text() },
        "failure": {"Error": "x", "Cause": "x"},
        "unrecorded": {"Error": "x", "Cause": "x"},
    })
}

fn read_paths(value: &Value, paths: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("$.") => paths.push(text.clone()),
        Value::String(text) if text.starts_with("States.") => {
            // The context object's paths begin with two dollars.
            let inside = Regex::new(r"[^$](\$\.[\w.]+)").unwrap();
            paths.extend(inside.captures_iter(text).map(|path| path[1].to_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| read_paths(item, paths)),
        Value::Object(fields) => {
            for (name, field) in fields {
                // Where an answer is put is not read.
                if name != "ResultPath" && name != "States" && name != "Comment" {
                    read_paths(field, paths);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_that_the_workflow_reads_is_a_field_of_its_arrow() {
    let state = accumulated();
    let mut count = 0;
    states(&workflow(), &mut |name, definition| {
        let mut paths = Vec::new();
        read_paths(definition, &mut paths);
        for path in paths {
            let pointer = path.trim_start_matches('$').replace('.', "/");
            assert!(state.pointer(&pointer).is_some(), "{name} reads {path}, which no arrow has");
            count += 1;
        }
    });
    assert!(count > 20, "only {count} paths were seen");
}

#[test]
fn every_event_that_the_workflow_sends_is_one_that_its_function_takes() {
    let state = accumulated();
    let mut sent = 0;
    states(&workflow(), &mut |name, definition| {
        let Some(parameters) = definition.get("Parameters") else { return };
        let called = match parameters.get("FunctionName") {
            Some(function) => function,
            None if definition["Type"] == "Task" => &definition["Resource"],
            None => return,
        };
        let parameters = parameters.get("Payload").unwrap_or(parameters).as_object().unwrap();
        let event: Map<_, _> = parameters.iter().map(|(field, value)| filled(&state, field, value)).collect();
        let event = Value::Object(event);
        let problem = match called.as_str().unwrap() {
            "${PlanArn}" => taken::<arrows::PlanEvent>(event),
            "${ExportArn}" => taken::<arrows::ExportEvent>(event),
            "${ScrubArn}" => None, // A part comes from the list, not from the state.
            "${AssembleArn}" => taken::<arrows::AssembleEvent>(event),
            "${ApproveArn}" => taken::<arrows::ApproveEvent>(event),
            "${UploadArn}" => taken::<arrows::UploadEvent>(event),
            "${StatusArn}" => taken::<arrows::StatusEvent>(event),
            "${PromoteArn}" => taken::<arrows::PromoteEvent>(event),
            other => panic!("{name} calls {other}"),
        };
        assert_eq!(problem, None, "{name}");
        sent += 1;
    });
    assert_eq!(sent, 11, "tasks of the workflow");
}

fn filled(state: &Value, field: &str, value: &Value) -> (String, Value) {
    let Some(field) = field.strip_suffix(".$") else { return (field.to_owned(), value.clone()) };
    let path = value.as_str().unwrap();
    let value = match path {
        "$$.Execution.Name" => json!("run"),
        "$$.Execution.StartTime" => json!("2026-11-22T10:00:00.000Z"),
        "$$.Execution.Input" => json!({}),
        "$$.Task.Token" => json!("token"),
        path => state.pointer(&path.trim_start_matches('$').replace('.', "/")).cloned().unwrap(),
    };
    (field.to_owned(), value)
}

fn taken<T: serde::de::DeserializeOwned>(event: Value) -> Option<String> {
    serde_json::from_value::<T>(event).err().map(|error| error.to_string())
}

/// Where each state leads, one line a state: a change of flow is a difference in review.
fn graph(machine: &Value, indent: usize, lines: &mut String) {
    for (name, state) in machine["States"].as_object().unwrap() {
        let mut next: Vec<String> = Vec::new();
        next.extend(state["Next"].as_str().map(str::to_owned));
        for choice in state["Choices"].as_array().into_iter().flatten() {
            next.push(format!("{} ?", choice["Next"].as_str().unwrap()));
        }
        next.extend(state["Default"].as_str().map(|name| format!("{name} otherwise")));
        for rule in state["Catch"].as_array().into_iter().flatten() {
            let errors = names(&json!([rule])).join(" ");
            next.push(format!("{} on {errors}", rule["Next"].as_str().unwrap()));
        }
        writeln!(lines, "{:indent$}{name} ({})", "", state["Type"].as_str().unwrap()).unwrap();
        for next in next {
            writeln!(lines, "{:indent$}  -> {next}", "").unwrap();
        }
        if let Some(inner) = state.get("ItemProcessor") {
            graph(inner, indent + 4, lines);
        }
    }
}

#[test]
fn the_graph_is_the_golden_one() {
    let mut lines = String::new();
    graph(&workflow(), 0, &mut lines);
    let golden = path("tests/golden/workflow.txt");
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    if lines != expected {
        let fresh = golden.with_extension("fresh.txt");
        std::fs::write(&fresh, &lines).unwrap();
        panic!(
            "the graph has changed: compare {} with the golden file, and replace it if the change is meant",
            fresh.display()
        );
    }
}
