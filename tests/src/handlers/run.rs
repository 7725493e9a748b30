//! A whole run, step by step, as the workflow would take it.

use std::time::Duration;

use jiff::Timestamp;
use records::jsonl::Lines;
use records::recipe::Recipe;
use records::subject::SubjectKey;
use serde_json::json;
use stage::approval_file::{Answer, Decision, Way};
use stage::arrows::{
    AssembleEvent, Assembled, ExportAnswer, ExportEvent, Exported, Gathered, PartRef, PlanEvent, Planned,
    ScrubEvent, Scrubbed, SliceRef, SubmitEvent, Submitted,
};
use stage::plan_file::PlanFile;
use stage::{Deadline, StageError};
use store::{Find, Get, List, Memory, Put, Swap};
use tuning::{Clean, Files, Jobs, Watch};

use super::fakes::{Project, Tuner};

pub(crate) const RUN: &str = "run-1";

/// A minute more than `export` keeps back.
pub(crate) fn time() -> Deadline {
    Deadline::after(Duration::from_mins(15))
}

pub(crate) fn key() -> SubjectKey {
    SubjectKey::new(b"0123456789abcdef0123456789abcdef").unwrap()
}

pub(crate) async fn plan(
    recipe: &str,
    store: &(impl Get + Find + List + Put),
    project: &Project,
    tuner: &Tuner,
) -> Result<Planned, StageError> {
    plan_of(RUN, json!({"recipe": recipe}), store, project, tuner).await
}

pub(crate) async fn plan_of(
    run: &str,
    input: serde_json::Value,
    store: &(impl Get + Find + List + Put),
    project: &Project,
    tuner: &Tuner,
) -> Result<Planned, StageError> {
    let started_at = "2026-11-22T10:00:00Z".parse().unwrap();
    let event = PlanEvent { run: run.to_owned(), started_at, input };
    plan::handle(event, "zion-job-generator", "provider.example", store, project, project, tuner).await
}

pub(crate) async fn slice(
    slice: &SliceRef,
    store: &(impl Get + Find + List + Put),
    project: &Project,
) -> Result<Exported, StageError> {
    let event = ExportEvent::Slice { run: RUN.to_owned(), slice: slice.clone() };
    match export::handle(event, time(), store, project).await? {
        ExportAnswer::Slice(answer) => Ok(answer),
        ExportAnswer::Gather(_) => unreachable!("a slice was asked for"),
    }
}

pub(crate) async fn gather(
    store: &(impl Get + Find + List + Put),
    project: &Project,
) -> Result<Gathered, StageError> {
    match export::handle(ExportEvent::Gather { run: RUN.to_owned() }, time(), store, project).await? {
        ExportAnswer::Gather(answer) => Ok(answer),
        ExportAnswer::Slice(_) => unreachable!("all slices were asked for"),
    }
}

pub(crate) async fn parts(store: &Memory) -> Vec<PartRef> {
    let list = store.get(&stage::keys::export_parts(RUN)).await.unwrap();
    list.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

pub(crate) async fn scrub(part: PartRef, store: &(impl Get + Put)) -> Result<Scrubbed, StageError> {
    scrub::handle(ScrubEvent { run: RUN.to_owned(), part }, store, &key()).await
}

/// The clock of the steps that note a time.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T11:00:00Z".parse().unwrap()
}

pub(crate) async fn assemble(
    store: &(impl Get + Find + Put),
    project: &Project,
) -> Result<Assembled, StageError> {
    assemble::handle(AssembleEvent { run: RUN.to_owned() }, now(), store, project).await
}

/// Leaves what an operator's answer leaves.
async fn approve(manifest_sha256: &str, store: &impl Put) -> Result<(), StageError> {
    let decision = Decision {
        run: RUN.to_owned(),
        manifest_sha256: manifest_sha256.to_owned(),
        answer: Answer::Approve,
        by: "Ann Lee".to_owned(),
        reason: String::new(),
        at: now(),
        how: Way::Function,
        most_usd: 1e12,
    };
    let key = stage::keys::decision(RUN, manifest_sha256);
    store::put_json(store, &key, &decision).await.map(drop)
}

/// Uploads a dataset that an operator has approved.
pub(crate) async fn upload(
    manifest_sha256: &str,
    store: &(impl Get + Find + Put + Swap),
    project: &Project,
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<Submitted, StageError> {
    approve(manifest_sha256, store).await?;
    submit(manifest_sha256, store, project, provider).await
}

pub(crate) async fn submit(
    manifest_sha256: &str,
    store: &(impl Get + Find + Put + Swap),
    project: &Project,
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<Submitted, StageError> {
    let event = SubmitEvent { run: RUN.to_owned(), manifest_sha256: manifest_sha256.to_owned() };
    upload::handle(event, now(), "bucket", store, project, project, provider).await
}

/// Lets the plan's recipe pin the hold-out of a run.
pub(crate) async fn pin(store: &Memory, run: &str) {
    let mut plan: PlanFile = store::get_json(store, &stage::keys::plan(RUN)).await.unwrap();
    plan.recipe.split.holdout_of = Some(run.to_owned());
    store::put_json(store, &stage::keys::plan(RUN), &plan).await.unwrap();
}

/// Everything up to the clean parts.
pub(crate) async fn clean(
    store: &Memory,
    project: &Project,
    tuner: &Tuner,
) -> Result<(Planned, Gathered), StageError> {
    clean_by(|_| (), store, project, tuner).await
}

/// As [`clean`], by another recipe than the shipped one.
pub(crate) async fn clean_by(
    change: impl FnOnce(&mut Recipe),
    store: &Memory,
    project: &Project,
    tuner: &Tuner,
) -> Result<(Planned, Gathered), StageError> {
    let planned = plan("zion-job-generator", store, project, tuner).await?;
    let mut file: PlanFile = store::get_json(store, &stage::keys::plan(RUN)).await?;
    change(&mut file.recipe);
    store::put_json(store, &stage::keys::plan(RUN), &file).await?;
    for asked in &planned.slices {
        while slice(asked, store, project).await?.more {}
    }
    let gathered = gather(store, project).await?;
    for part in parts(store).await {
        scrub(part, store).await?;
    }
    Ok((planned, gathered))
}

/// Everything up to the submitted job.
pub(crate) async fn all(
    store: &Memory,
    project: &Project,
    tuner: &Tuner,
) -> Result<(Planned, Gathered, Assembled, Submitted), StageError> {
    let (planned, gathered) = clean(store, project, tuner).await?;
    let assembled = assemble(store, project).await?;
    let submitted = upload(&assembled.manifest_sha256, store, project, tuner).await?;
    Ok((planned, gathered, assembled, submitted))
}

pub(crate) fn lines(bytes: &[u8]) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cut = Lines::new(1 << 20);
    let mut each = |line: records::jsonl::Line<'_>| -> Result<(), ()> {
        if let records::jsonl::Line::Whole(line) = line {
            seen.push(String::from_utf8(line.to_vec()).unwrap());
        }
        Ok(())
    };
    cut.feed(bytes, &mut each).unwrap();
    cut.finish(&mut each).unwrap();
    seen
}

#[tokio::test]
async fn counts_add_up_from_the_rows_to_the_sides() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(2_600), Tuner::default());
    let (planned, gathered, assembled, submitted) = all(&store, &project, &tuner).await.unwrap();
    assert_eq!((planned.rows, planned.opted_out), (2_340, 260));
    assert_eq!((gathered.rows, gathered.left_out), (2_340, 260));
    // Of 2,600 rows every thirteenth has no text; of those every tenth is opted out anyway.
    assert_eq!(assembled.quarantined, 180);
    let sides = [&assembled.train, &assembled.validation, &assembled.holdout];
    let written: u64 = sides.iter().map(|side| side.lines).sum();
    assert_eq!(written + assembled.duplicates + assembled.quarantined, gathered.rows);
    assert!(sides.iter().all(|side| side.lines > 50), "{assembled:?}");
    assert_eq!(submitted.job, "job-0");
    assert_eq!(project.version(RUN)["status"], "running");
}

#[tokio::test]
async fn a_page_that_the_server_cuts_short_loses_no_row() {
    for max_rows in [1, 7, 1_000, 100_000] {
        let (store, project, tuner) =
            (Memory::default(), Project::new(max_rows).with_job_posts(500), Tuner::default());
        let (_, gathered, ..) = all(&store, &project, &tuner).await.unwrap();
        assert_eq!(gathered.rows, 450, "pages of {max_rows}");
    }
}

#[tokio::test]
async fn what_reaches_the_provider_holds_no_one_who_opted_out_and_nobody_s_address() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(2_600), Tuner::default());
    all(&store, &project, &tuner).await.unwrap();
    let files = tuner.files.lock().unwrap();
    let names: Vec<_> = files.iter().map(|(spec, _)| spec.name.clone()).collect();
    assert_eq!(names.len(), 2, "training and validation, never the hold-out: {names:?}");
    let text: String = files.iter().map(|(_, body)| String::from_utf8(body.clone()).unwrap()).collect();
    assert!(text.contains("[email]") && text.contains("[phone]"));
    for id in 1..=2_600 {
        assert!(!text.contains(&format!("ann{id}@")), "the address of post {id}");
        assert!(id % 10 != 0 || !text.contains(&format!("Post {id}.")), "post {id} is opted out");
    }
    let example: serde_json::Value = serde_json::from_str(&lines(text.as_bytes())[0]).unwrap();
    let roles: Vec<_> =
        example["messages"].as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant"]);
}

#[tokio::test]
async fn raw_rows_alone_are_marked_to_expire_in_days() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(600), Tuner::default());
    all(&store, &project, &tuner).await.unwrap();
    for (key, class, body) in store.objects() {
        let lists = [".cursor.json", "/counts.jsonl", "/parts.jsonl"];
        let raw = key.contains("/export/") && !lists.iter().any(|list| key.ends_with(list));
        // What points to doubtful text goes when the rows go.
        let raw_or_like_it = raw || key.contains("/review/") || key.contains("/keys/");
        assert_eq!(class == store::Class::Raw, raw_or_like_it, "{key}");
        let holds_rows = String::from_utf8_lossy(&body).contains("@example.com");
        assert_eq!(holds_rows, raw, "{key}");
    }
}

#[tokio::test]
async fn a_dry_run_registers_nothing_and_says_what_it_would_cost() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(2_600), Tuner::default());
    let event =
        PlanEvent { run: RUN.to_owned(), started_at: Timestamp::UNIX_EPOCH, input: json!({"dry_run": true}) };
    let planned =
        plan::handle(event, "zion-job-generator", "h", &store, &project, &project, &tuner).await.unwrap();
    assert_eq!(planned.model, None);
    assert!(project.version(RUN).is_null());
    assert!(planned.estimate.tokens > 100_000 && planned.estimate.usd > 0.0, "{:?}", planned.estimate);
    // Within a tenth of what the whole table really comes to, repeated posts among it: a sample shows few of those.
    let (_, _, assembled, _) = all(&store, &project, &tuner).await.unwrap();
    let written = assembled.train.lines + assembled.validation.lines + assembled.holdout.lines;
    let tokens = assembled.tokens * (written + assembled.duplicates) / written;
    let difference = tokens.abs_diff(planned.estimate.tokens);
    assert!(difference * 10 < tokens, "{} against {tokens}", planned.estimate.tokens);
}
