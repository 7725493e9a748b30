//! One run without the state machine: the same events to the same functions, as many at once.
//!
//! The workflow itself would wait for an operator above the recipe's budget, and end above the largest file that a provider
//! takes whole. Here the plan is amended before the export: the budget is lifted, and the provider takes files in parts.

use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use stage::arrows::{
    AssembleEvent, Assembled, ExportEvent, Exported, Gathered, JobState, PartRef, PlanEvent, Planned, Polled,
    PromoteEvent, Promoted, ScrubEvent, Scrubbed, StatusEvent, SubmitEvent, Submitted, UploadEvent,
};
use stage::keys;
use stage::plan_file::PlanFile;

use super::meter::{Meter, Work};
use super::rounded;
use crate::error::{Context as _, Error, Result};
use crate::local::Stack;

/// `MaxConcurrency` of the state machine's two maps.
const SLICES_AT_ONCE: usize = 4;
const PARTS_AT_ONCE: usize = 8;
/// Parts that are scrubbed at least, some of them again: sixteen a process. The heap of a process that lives over many
/// parts has its final size after about twelve; a small table alone would show the first of them.
const WARM: usize = PARTS_AT_ONCE * 16;

/// One stage's work.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) stage: &'static str,
    pub(super) seconds: f64,
    pub(super) invocations: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    #[serde(flatten)]
    pub(super) work: Work,
}

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub(super) struct Done {
    pub(super) steps: Vec<Step>,
    /// Ranges the table was cut into.
    pub(super) slices: u64,
    /// Objects the run left.
    pub(super) objects: u64,
}

impl Done {
    /// Notes what `function` has done since it was last asked.
    async fn step(
        &mut self,
        meter: &mut Meter<'_>,
        (stage, function): (&'static str, &str),
        begun: Instant,
        (invocations, rows, bytes): (u64, u64, u64),
    ) -> Result<()> {
        let seconds = rounded(begun.elapsed().as_secs_f64());
        let work = meter.since_last(function).await?;
        self.steps.push(Step { stage, seconds, invocations, rows, bytes, work });
        Ok(())
    }
}

/// Runs the recipe over whatever is in the tables. `told` is called with each stage before it begins.
///
/// # Errors
/// When a function fails: with its named error.
pub(super) async fn run(
    stack: &Stack,
    recipe: &str,
    mut meter: Meter<'_>,
    mut told: impl FnMut(&str),
) -> Result<Done> {
    let run = format!("bench-{}", Timestamp::now().as_millisecond());
    let mut done = Done::default();
    let assembled = dataset(stack, (&run, recipe), &mut meter, &mut done, &mut told).await?;
    finish(stack, &run, &assembled, &mut meter, &mut done, told).await?;
    done.objects = stack.objects(&format!("runs/{run}/")).await?.len() as u64;
    Ok(done)
}

/// Runs everything up to the dataset.
///
/// # Errors
/// When a function fails: with its named error.
pub(super) async fn dataset(
    stack: &Stack,
    (run, recipe): (&str, &str),
    meter: &mut Meter<'_>,
    done: &mut Done,
    told: &mut impl FnMut(&str),
) -> Result<Assembled> {
    told("plan");
    let begun = Instant::now();
    let planned = plan(stack, run, recipe).await?;
    done.step(meter, ("plan", "plan"), begun, (1, planned.rows, 0)).await?;
    done.slices = planned.slices.len() as u64;

    told("export");
    let begun = Instant::now();
    let slices = planned.slices.iter().map(|slice| export(stack, run, slice));
    let exported: Vec<(u64, Exported)> =
        stream::iter(slices).buffer_unordered(SLICES_AT_ONCE).try_collect().await?;
    let rows = exported.iter().map(|(_, slice)| slice.rows).sum();
    let bytes = exported.iter().map(|(_, slice)| slice.bytes).sum();
    let counts = (exported.iter().map(|(turns, _)| turns).sum(), rows, bytes);
    done.step(meter, ("export", "export"), begun, counts).await?;

    told("gather");
    let begun = Instant::now();
    let gathered: Gathered = call(stack, "export", &ExportEvent::Gather { run: run.to_owned() }).await?;
    done.step(meter, ("gather", "export"), begun, (1, gathered.rows, 0)).await?;

    told("scrub");
    let begun = Instant::now();
    let parts = parts(stack, &gathered.parts_key).await?;
    let scrubbed = scrub(stack, run, &parts).await?;
    let rows = scrubbed.iter().map(|part| part.rows).sum();
    done.step(meter, ("scrub", "scrub"), begun, (parts.len() as u64, rows, gathered.bytes)).await?;
    told("scrub again, until its processes are warm");
    let again: Vec<PartRef> = parts.iter().cycle().take(WARM).skip(parts.len()).cloned().collect();
    scrub(stack, run, &again).await?;
    let _not_the_runs = meter.since_last("scrub").await?;

    told("assemble");
    let begun = Instant::now();
    let assembled: Assembled = call(stack, "assemble", &AssembleEvent { run: run.to_owned() }).await?;
    let sides = [&assembled.train, &assembled.validation, &assembled.holdout];
    let rows = scrubbed.iter().map(|part| part.examples).sum();
    let counts = (1, rows, sides.iter().map(|side| side.bytes).sum());
    done.step(meter, ("assemble", "assemble"), begun, counts).await?;

    Ok(assembled)
}

/// What comes after the dataset.
async fn finish(
    stack: &Stack,
    run: &str,
    assembled: &Assembled,
    meter: &mut Meter<'_>,
    done: &mut Done,
    mut told: impl FnMut(&str),
) -> Result<()> {
    told("upload");
    let begun = Instant::now();
    let sent = [&assembled.train, &assembled.validation];
    let sent = (1, sent.iter().map(|side| side.lines).sum(), sent.iter().map(|side| side.bytes).sum());
    let event = SubmitEvent { run: run.to_owned(), manifest_sha256: assembled.manifest_sha256.clone() };
    let event = UploadEvent::Submit(event);
    let submitted: Submitted = call(stack, "upload", &event).await?;
    done.step(meter, ("upload", "upload"), begun, sent).await?;

    told("status");
    let begun = Instant::now();
    let event = StatusEvent {
        run: run.to_owned(),
        job: submitted.job.clone(),
        submitted_at: submitted.submitted_at,
        deadline: submitted.deadline,
        provider: submitted.provider.clone(),
        host: submitted.host.clone(),
    };
    let mut polls = 0;
    let mut turn = tokio::time::interval(Duration::from_millis(250));
    let polled = loop {
        turn.tick().await;
        polls += 1;
        let polled: Polled = call(stack, "status", &event).await?;
        if polled.state == JobState::Trained {
            break polled;
        }
    };
    done.step(meter, ("status", "status"), begun, (polls, 0, 0)).await?;

    told("promote");
    let begun = Instant::now();
    let event = PromoteEvent::Promote {
        run: run.to_owned(),
        job: submitted.job,
        model: polled.model.unwrap_or_default(),
        trained_tokens: polled.trained_tokens,
        approval: None,
    };
    let _promoted: Promoted = call(stack, "promote", &event).await?;
    done.step(meter, ("promote", "promote"), begun, (1, 0, 0)).await
}

/// Plans, then lifts the limits that a benchmark is not about.
async fn plan(stack: &Stack, run: &str, recipe: &str) -> Result<Planned> {
    let event =
        PlanEvent { run: run.to_owned(), started_at: Timestamp::now(), input: json!({"recipe": recipe}) };
    let planned: Planned = call(stack, "plan", &event).await?;
    let key = keys::plan(run);
    let read = stack.document::<PlanFile>(&key).await?;
    let mut plan = read.ok_or_else(|| Error::new(format!("plan left no {key}")))?;
    let client = stack.database().await?;
    let row = client.query_one("select name from model_versions where run_id = $1", &[&run]).await;
    plan.model = Some(row.context("ask for the registered version")?.get(0));
    plan.recipe.price.max_usd = f64::MAX;
    plan.approval = stage::approval_file::Planned::default();
    plan.recipe.provider.uploads = true;
    plan.limits.max_file_bytes = u64::MAX;
    let body = serde_json::to_vec_pretty(&plan).context("write the plan")?;
    let put = stack.s3().put_object().bucket(stack.output("Bucket")?).key(&key);
    put.body(ByteStream::from(body)).send().await.context(format!("write {key}"))?;
    Ok(planned)
}

/// Exports one slice, however many turns it takes.
async fn export(stack: &Stack, run: &str, slice: &stage::arrows::SliceRef) -> Result<(u64, Exported)> {
    let event = ExportEvent::Slice { run: run.to_owned(), slice: slice.clone() };
    let mut turns = 0;
    loop {
        turns += 1;
        let exported: Exported = call(stack, "export", &event).await?;
        if !exported.more {
            return Ok((turns, exported));
        }
    }
}

/// The list of parts, as the Distributed Map reads it.
async fn parts(stack: &Stack, key: &str) -> Result<Vec<PartRef>> {
    let list = stack.object(key).await?.unwrap_or_default();
    let parts = serde_json::Deserializer::from_slice(&list).into_iter().collect::<Result<_, _>>();
    parts.context(format!("parse {key}"))
}

async fn scrub(stack: &Stack, run: &str, parts: &[PartRef]) -> Result<Vec<Scrubbed>> {
    let events = parts.iter().map(|part| ScrubEvent { run: run.to_owned(), part: part.clone() });
    let scrubbed = events.map(async |event| call(stack, "scrub", &event).await);
    stream::iter(scrubbed).buffer_unordered(PARTS_AT_ONCE).try_collect().await
}

/// Calls a function, and takes what it answers for what the workflow would.
pub(super) async fn call<T: DeserializeOwned>(
    stack: &Stack,
    function: &str,
    event: &impl Serialize,
) -> Result<T> {
    let event = serde_json::to_value(event).context(format!("write the event of {function}"))?;
    let invoked = stack.invoke(function, &event).await?;
    if invoked.function_error.is_some() {
        let part = |name: &str| invoked.payload[name].as_str().unwrap_or("unknown").to_owned();
        let text = format!("{function} failed: {}: {}", part("errorType"), part("errorMessage"));
        return Err(Error::new(text));
    }
    serde_json::from_value(invoked.payload).context(format!("read the answer of {function}"))
}
