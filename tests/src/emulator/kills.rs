//! `kill -9` of handlers in the middle of their work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stage::export_file::ExportCursor;
use stage::upload_file::UploadFile;
use zion::local::Execution;

use super::evidence::is_raw_part;
use super::world::World;
use super::{processes, say};

const RECIPE: &str = "zion-job-generator";
/// Processor time, in hundredths of a second, after which a process is surely at work.
const AT_WORK: u64 = 15;

/// Long adverts, so that one slice makes two parts and a part takes seconds; the people and their data stay the same.
const LONG: &str = "insert into job_posts (owner_id, title, description, location, skills, status)
    select owner_id, concat(title, ' ', id), repeat(description || E'\\n\\n', 40), location, skills, 'published'
    from job_posts where title is not null and description ~ '\\S' order by id limit 420";
const SHORT: &str = "delete from job_posts where length(description) > 12000";

pub(crate) async fn each_long_step(w: &World) {
    w.sql(LONG).await;
    w.succeed("undisturbed", RECIPE).await;
    let wanted = w.dataset("undisturbed").await;
    assert_eq!(parts(w, "undisturbed").await, 2, "one slice of two parts");

    export(w, "killed-in-export").await;
    assert_eq!(w.dataset("killed-in-export").await, wanted, "killed in export: the same dataset");
    let query = "select t.id::text from job_posts t join profiles p on p.id = t.owner_id
        where t.status = 'published' and not p.training_opt_out";
    let mut rows = w.texts(query).await;
    rows.sort();
    assert_eq!(w.exported("killed-in-export", "job_posts").await, rows, "no row lost, none twice");

    for (run, function) in [("killed-in-scrub", "scrub"), ("killed-in-assemble", "assemble")] {
        at_its_work(w, run, function).await;
        assert_eq!(w.dataset(run).await, wanted, "{run}: the same dataset");
    }
    upload(w, "killed-in-upload").await;
}

async fn parts(w: &World, run: &str) -> usize {
    w.keys(&format!("runs/{run}/export/job_posts/")).await.iter().filter(|key| is_raw_part(key)).count()
}

/// Kills the export twice: before its first part is written, and behind its first cursor.
async fn export(w: &World, run: &str) {
    w.calm().await;
    let pages = "/rest/v1/job_posts?*";
    w.set_faults(json!([{"method": "GET", "path": pages, "fault": {"kind": "delay", "ms": 1_000}}])).await;
    let before = processes::of(w, "export");
    let execution = w.start(run, json!({"recipe": RECIPE})).await;
    let key = stage::keys::export_cursor(run, "job_posts", 0);

    until("two pages have been read", async || page_requests(w).await >= 2).await;
    assert_eq!(w.stack.object(&key).await.unwrap(), None, "no part is written yet");
    let (first, _) = processes::busiest(w, "export", &before).unwrap();
    processes::kill(first).await;

    let before = processes::of(w, "export");
    until("the first part is written", async || w.stack.object(&key).await.unwrap().is_some()).await;
    let cursor: ExportCursor = w.stack.document(&key).await.unwrap().unwrap();
    assert_eq!((cursor.parts.len(), cursor.done), (1, false), "in the middle of the second part");
    let (second, _) = processes::busiest(w, "export", &before).unwrap();
    processes::kill(second).await;
    assert_ne!(first, second);
    w.calm().await;

    let ended = w.end(execution).await;
    assert!(ended.outcome.succeeded(), "{run}: {:?}", ended.outcome);
    let died = deaths(w, &ended.execution).await;
    assert_eq!(died, 2, "both deaths were seen and the step repeated");
    let after: ExportCursor = w.stack.document(&key).await.unwrap().unwrap();
    assert_eq!(after.parts[0], cursor.parts[0], "the part that was written stays");
    say(&format!("         export: processes {first} and {second} killed, {died} retries by the workflow"));
}

/// Pages of a bounded slice that have been answered since the log was cleared.
async fn page_requests(w: &World) -> usize {
    let asked = w.asked().await;
    let page = |asked: &&Value| {
        let path = asked["path"].as_str().unwrap_or_default();
        path.contains("order=id.asc") && path.contains("id=lte.")
    };
    asked.iter().filter(page).count()
}

/// Freezes a process at work, looks that it is not done, and kills it.
async fn at_its_work(w: &World, run: &str, function: &str) {
    let before = processes::of(w, function);
    let execution = w.start(run, json!({"recipe": RECIPE})).await;
    let pid = at_work(w, function, &before, None).await.unwrap();
    processes::freeze(pid);
    let written = w.keys(&format!("runs/{run}/")).await;
    let reports = written.iter().filter(|key| key.ends_with(".report.json")).count();
    assert!(function != "scrub" || reports < 2, "{run}: both parts are done");
    assert!(!written.contains(&stage::keys::manifest(run)), "{run}: the dataset is done");
    processes::kill(pid).await;
    let ended = w.end(execution).await;
    assert!(ended.outcome.succeeded(), "{run}: {:?}", ended.outcome);
    assert_eq!(deaths(w, &ended.execution).await, 1, "{run}: its death was seen and the step repeated");
    say(&format!("         {function}: process {pid} killed at work, one retry by the workflow"));
}

/// Kills the upload while it waits for the answer to the paid call.
async fn upload(w: &World, run: &str) {
    let jobs = "/v1/fine_tuning/jobs";
    let delay = json!({"kind": "delay", "ms": 2_000});
    w.set_faults(json!([{"method": "POST", "path": jobs, "times": 1, "fault": delay}])).await;
    let before = processes::of(w, "upload");
    let execution = w.start(run, json!({"recipe": "zion-support"})).await;
    let key = stage::keys::upload(run);
    until("the job is being asked for", async || {
        let upload: Option<UploadFile> = w.stack.document(&key).await.unwrap();
        upload.is_some_and(|upload| upload.creating)
    })
    .await;
    let (pid, _) = processes::busiest(w, "upload", &before).unwrap();
    processes::kill(pid).await;
    let ended = w.end(execution).await;
    assert!(ended.outcome.succeeded(), "{run}: {:?}", ended.outcome);
    assert_eq!(deaths(w, &ended.execution).await, 1, "{run}: its death was seen and the step repeated");
    assert_eq!(w.jobs(run).await.len(), 1, "{run}: one paid job");
    let files = w.files().await;
    let ours = files.iter().filter(|file| file["filename"].as_str().unwrap().starts_with(run)).count();
    assert_eq!(ours, 2, "{run}: no file twice");
    say(&format!("         upload: process {pid} killed before the provider's answer, one job"));
}

/// The third death of the same part ends the run, by the name of what happened and not of the Map's threshold.
pub(crate) async fn every_time(w: &World) {
    let run = "killed-every-time";
    let execution = w.start(run, json!({"recipe": RECIPE})).await;
    let mut killed = 0;
    let mut before = processes::of(w, "scrub");
    while let Some(pid) = at_work(w, "scrub", &before, Some(&execution)).await {
        processes::kill(pid).await;
        killed += 1;
        before = processes::of(w, "scrub");
    }
    let ended = w.end(execution).await;
    w.sql(SHORT).await;
    assert!((3..=6).contains(&killed), "{killed} processes were killed");
    assert_eq!(ended.outcome.status, "FAILED");
    assert_eq!(ended.outcome.error.as_deref(), Some("Runtime.ExitError"), "{:?}", ended.outcome.cause);
    let row = w.version(run).await.unwrap();
    assert_eq!(
        (&row["training_status"], &row["error_name"]),
        (&json!("failed"), &json!("Runtime.ExitError"))
    );
    assert!(row["error_message"].as_str().is_some_and(|message| message.len() > 20), "{row}");
    say(&format!("         after {killed} kills: {}", row["error_message"]));
}

/// Waits for a process that has been at work since `before`; none when the execution ends first.
async fn at_work(
    w: &World,
    function: &str,
    before: &BTreeMap<u32, u64>,
    execution: Option<&Execution>,
) -> Option<u32> {
    let begun = Instant::now();
    let mut turn = tokio::time::interval(Duration::from_millis(4));
    for number in 1_u64.. {
        turn.tick().await;
        if let Some((pid, ticks)) = processes::busiest(w, function, before)
            && ticks >= AT_WORK
        {
            return Some(pid);
        }
        if let Some(execution) = execution
            && number.is_multiple_of(50)
            && w.stack.outcome(execution).await.unwrap().status != "RUNNING"
        {
            return None;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{function} did not come to work");
    }
    None
}

/// Tries that ended with the death of the process.
async fn deaths(w: &World, execution: &Execution) -> usize {
    let events = w.histories(&execution.arn).await;
    let death = |event: &&Value| event["taskFailedEventDetails"]["error"] == "Runtime.ExitError";
    events.iter().filter(death).count()
}

pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    let mut turn = tokio::time::interval(Duration::from_millis(15));
    while !holds().await {
        turn.tick().await;
        assert!(begun.elapsed() < Duration::from_mins(1), "waited for: {what}");
    }
}
