//! A function's role grants what the function does, and no more.

use std::collections::BTreeSet;

use records::recipe::Provider;
use regex::Regex;
use serde_json::json;
use stage::approval_file::{Answer, TaskToken, Way};
use stage::arrows::{AnswerEvent, AskEvent, ClearEvent, Ended, PlanEvent, StatusEvent};
use stage::plan_file::PlanFile;
use store::Memory;
use tuning::JobStatus;

use super::{resource, text};
use crate::handlers::changed;
use crate::handlers::fakes::{Operators, Project, Tuner, Waiting};
use crate::handlers::run::{self, parts, plan};
use crate::handlers::sunset::Offer;

/// One action on one pattern of keys.
type Grant = (&'static str, String);

fn granted(template: &str, function: &str) -> BTreeSet<Grant> {
    let role = resource(template, &format!("{}Role", capital(function)));
    let (key, prefix) = (
        Regex::new(r"\$\{Bucket\.Arn\}/(\S+)").unwrap(),
        Regex::new(r#""((?:runs/|recipes/|lineage/|sunset)[^"]*)"#).unwrap(),
    );
    let any = Regex::new(r"s3:(\w+|\*)").unwrap();
    let mut grants = BTreeSet::new();
    for statement in role.split("- Sid:") {
        for (action, pattern) in [("s3:GetObject", &key), ("s3:PutObject", &key), ("s3:ListBucket", &prefix)]
        {
            let allowed = Regex::new(&format!(r"{action}\b")).unwrap().is_match(statement);
            let patterns = pattern.captures_iter(statement).map(|found| found[1].to_owned());
            grants.extend(patterns.filter(|_| allowed).map(|pattern| (action, pattern)));
        }
        let tags = statement.contains("s3:PutObjectTagging");
        let raw = ["export", "keys", "review"].iter().any(|it| statement.contains(&format!("/{it}/*")));
        assert!(!tags || raw, "{function} tags what is not raw");
        for action in any.find_iter(statement) {
            let known = [
                "s3:GetObject",
                "s3:PutObject",
                "s3:PutObjectTagging",
                "s3:AbortMultipartUpload",
                "s3:ListBucket",
                "s3:prefix",
            ];
            assert!(known.contains(&action.as_str()), "{function} may {}", action.as_str());
        }
    }
    grants
}

fn capital(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

fn matches(pattern: &str, key: &str) -> bool {
    let pattern = regex::escape(pattern).replace(r"\*", ".*");
    Regex::new(&format!("^{pattern}$")).unwrap().is_match(key)
}

fn actions(port: &str) -> &'static [&'static str] {
    match port {
        "Get" => &["s3:GetObject"],
        "Find" => &["s3:GetObject", "s3:ListBucket"],
        "List" => &["s3:ListBucket"],
        _ => &["s3:PutObject"],
    }
}

/// Runs every step and returns what each touched.
async fn touched() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default());
    let mut seen = 0;
    let mut since = |store: &Memory| {
        let touched = store.touched().split_off(seen);
        seen += touched.len();
        touched
    };
    let planned = plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    let mut steps = vec![("plan", since(&store))];
    for asked in &planned.slices {
        run::slice(asked, &store, &project).await.unwrap();
    }
    run::gather(&store, &project).await.unwrap();
    steps.push(("export", since(&store)));
    let parts = parts(&store).await;
    since(&store);
    for part in parts {
        run::scrub(part, &store).await.unwrap();
    }
    steps.push(("scrub", since(&store)));
    let assembled = run::assemble(&store, &project).await.unwrap();
    let mut by_assemble = since(&store);
    // A recipe may pin a hold-out, which is read then: here its own.
    run::pin(&store, run::RUN).await;
    since(&store);
    let planned: PlanFile = store::get_json(&store, &stage::keys::plan(run::RUN)).await.unwrap();
    since(&store);
    let recipe = (planned.recipe.clone(), planned.recipe_sha256.clone());
    let event = PlanEvent { run: "pinned".to_owned(), started_at: run::now(), input: json!({}) };
    plan::handle_with(event, recipe, "h", &store, &project, &project, &tuner).await.unwrap();
    steps[0].1.extend(since(&store));
    let pinned = run::assemble(&store, &project).await.unwrap();
    assert_eq!(pinned.holdout, assembled.holdout);
    let assembled = pinned;
    by_assemble.extend(since(&store));
    steps.push(("assemble", by_assemble));
    // Asked, answered, and asked again about the dataset without somebody.
    let (operators, workflow) = (Operators::default(), Waiting::default());
    let ask = async |manifest_sha256: &str| {
        let event = AskEvent {
            run: run::RUN.to_owned(),
            manifest_sha256: manifest_sha256.to_owned(),
            token: TaskToken::new("token"),
            url: "https://example.com/".to_owned(),
        };
        workflow.wait("token");
        let told = approve::Audience { operators: &operators, alerts: &operators, bucket: "b" };
        approve::ask(event, run::now(), &store, &project, &told, &workflow).await.unwrap()
    };
    assert!(ask(&assembled.manifest_sha256).await.waits);
    let event = AnswerEvent {
        run: run::RUN.to_owned(),
        answer: Answer::Approve,
        by: "Ann".to_owned(),
        reason: String::new(),
        manifest_sha256: None,
    };
    approve::answer(event, Way::Function, run::now(), &store, &workflow).await.unwrap();
    assert!(!ask(&assembled.manifest_sha256).await.waits);
    steps.push(("approve", since(&store)));
    run::submit(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap();
    let event = ClearEvent { run: run::RUN.to_owned(), ended: Ended::Aborted };
    let left = upload::left(&event, &store).await.unwrap().unwrap();
    upload::clear(event, left, run::now(), &store, &tuner).await.unwrap();
    let event = stage::arrows::SweepEvent { remove: true };
    upload::sweep(event, run::now(), &store, async |_, _| Ok(&tuner)).await.unwrap();
    steps.push(("upload", since(&store)));
    let event = stage::arrows::PromoteEvent::Promote {
        run: run::RUN.to_owned(),
        job: "job-0".to_owned(),
        model: "m".to_owned(),
        trained_tokens: None,
        approval: None,
    };
    promote::handle(event, &store, &project).await.unwrap();
    steps.push(("promote", since(&store)));
    *tuner.status.lock().unwrap() = JobStatus::Succeeded { model: "m".to_owned() };
    let event = StatusEvent {
        run: run::RUN.to_owned(),
        job: "job-0".to_owned(),
        submitted_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        deadline: "2026-11-23T10:00:00Z".parse().unwrap(),
        provider: Provider::default(),
        host: None,
    };
    status::handle(event, "2026-11-22T10:05:00Z".parse().unwrap(), &store, &tuner).await.unwrap();
    steps.push(("status", since(&store)));
    // What an incremental run touches beside.
    for (function, more) in changed::touched().await {
        let step = steps.iter_mut().find(|(name, _)| *name == function).unwrap();
        step.1.extend(more);
    }
    let (name, connect) =
        (|_: &Provider| "provider.example".to_owned(), async |_: &Provider| Ok(Offer::default()));
    sunset::handle(run::now(), &store, &project, name, connect, &Operators::default()).await.unwrap();
    steps.push(("sunset", since(&store)));
    steps
}

#[tokio::test]
async fn a_role_grants_exactly_what_its_function_touches() {
    let template = text("template.yaml");
    for (function, touched) in touched().await {
        let granted = granted(&template, function);
        let mut used = BTreeSet::new();
        for (port, key) in &touched {
            for action in actions(port) {
                let grant =
                    granted.iter().find(|(granted, pattern)| granted == action && matches(pattern, key));
                used.insert(grant.unwrap_or_else(|| panic!("{function} needs {action} on {key}")).clone());
            }
        }
        assert_eq!(used, granted, "{function} may do more than it does");
    }
}

#[test]
fn a_role_reads_exactly_the_secrets_that_its_main_names() {
    let template = text("template.yaml");
    for function in
        ["plan", "export", "scrub", "assemble", "approve", "upload", "status", "promote", "sunset"]
    {
        let role = resource(&template, &format!("{}Role", capital(function)));
        let main = text(&format!("functions/{function}/src/main.rs"));
        for (secret, field) in [
            ("SupabaseKeySecret", "supabase_key_secret"),
            ("DatabaseUrlSecret", "database_url_secret"),
            ("ProviderKeySecret", "provider_key_secret"),
            ("SubjectKeySecret", "subject_key_secret"),
        ] {
            assert_eq!(role.contains(secret), main.contains(field), "{function}: {secret}");
        }
    }
}
