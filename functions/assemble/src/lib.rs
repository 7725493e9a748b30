//! The dataset: of those who agree, deduplicated, split, validated, and a manifest that proves it.

mod boilerplate;
mod dataset;
mod duplicates;
mod lineage;
mod measure;
mod pinned;
mod reading;
mod recall;
mod report;
mod side;
mod sides;
mod slices;
mod usable;

use std::collections::BTreeMap;

use consent::Bits;
use jiff::Timestamp;
use records::digest::sha256;
use records::jsonl::Lines;
use records::recipe::Bill;
use records::split::SideName;
use stage::arrows::{Approval, AssembleEvent, Assembled, PartRef};
use stage::lineage_file::LineageIndex;
use stage::manifest::{Consent, LONGEST_LINE, Manifest, Object, Slice};
use stage::plan_file::PlanFile;
use stage::scrub_file::ScrubReport;
use stage::{ErrorName, StageError, approval_file, keys};
use store::{
    Body as _, Class, Find, Get, Put, Writer, find_json, get_json, get_lines, put_canonical, put_json,
};
use supabase::Rows;

use crate::dataset::{Dataset, Place};
use crate::duplicates::Duplicates;
use crate::pinned::Pinned;
use crate::sides::Sides;
use crate::usable::Usable;

/// Reads consent again, merges the clean parts in the plan's order and writes the sides of the dataset, streaming.
///
/// # Errors
/// `SourceRefused`, `ConsentUnreadable` and `ConsentDrifted`; `TooFewExamples`, `DatasetRejected`,
/// `ResidualPersonalData`, `ScrubRecallTooLow` and `BudgetExceeded`; `CountsDiffer` when a part is not what its report
/// says; `Throttled` and `Unavailable`.
pub async fn handle(
    event: AssembleEvent,
    now: Timestamp,
    store: &(impl Get + Find + Put),
    rows: &impl Rows,
) -> Result<Assembled, StageError> {
    let inputs = Inputs::read(&event.run, store).await?;
    let usable = Usable::read(&inputs.plan, &inputs.parts, &inputs.reports, store, rows).await?;
    // On the heap: it is sixteen kilobytes of state and more.
    let mut assembled = Box::pin(make(inputs, usable, now, store)).await?;
    wait_with_the_first(&mut assembled.approval, &event.run, now, store).await?;
    Ok(assembled)
}

/// Makes the dataset of a run once more, of those whose consent was found when it was made: the same objects go to
/// `store`, if they still come out the same.
///
/// # Errors
/// As [`handle`], but for the source; `DatasetRejected` when what consent was found is not what the manifest says.
pub async fn again(run: &str, store: &(impl Get + Find + Put)) -> Result<Assembled, StageError> {
    let manifest: Manifest = get_json(store, &keys::manifest(run)).await?;
    let no_consent = || {
        let text = format!("what consent was found for run {run} is not what its manifest says");
        StageError::new(ErrorName::DatasetRejected, text)
    };
    let consent = manifest.consent.ok_or_else(no_consent)?;
    let bits = store.get(&keys::withdrawn(run)).await?;
    if sha256(&bits) != consent.withdrawn.sha256 {
        return Err(no_consent());
    }
    let inputs = Inputs { moved: Some(manifest.moved), ..Inputs::read(run, store).await? };
    let usable = Usable::found(Bits::from_bytes(bits.into()), &inputs.parts, &inputs.reports);
    Box::pin(make(inputs, usable, consent.read_at, store)).await
}

/// What the steps before have left.
struct Inputs {
    plan: PlanFile,
    plan_sha256: String,
    parts: Vec<PartRef>,
    reports: Vec<ScrubReport>,
    /// Their counts by slice.
    slices: Vec<Slice>,
    /// Names the key that their hashes are under.
    subject_key: String,
    /// The groups that were moved to another side; none where that is still to be found out.
    moved: Option<BTreeMap<String, SideName>>,
}

impl Inputs {
    async fn read(run: &str, store: &impl Get) -> Result<Self, StageError> {
        let plan_bytes = store.get(&keys::plan(run)).await?;
        let plan: PlanFile = serde_json::from_slice(&plan_bytes).map_err(|error| {
            StageError::internal(format!("plan.json is {}", records::jsonl::problem(&error)))
        })?;
        let parts: Vec<PartRef> = get_lines(store, &keys::export_parts(run)).await?;
        let mut reports = Vec::new();
        for part in &parts {
            let key = keys::scrubbed_report(run, &part.table, part.slice, part.part);
            reports.push(get_json::<ScrubReport>(store, &key).await?);
        }
        let subject_key = one_scrubber(&parts, &reports)?;
        let counts = get_lines(store, &keys::export_counts(run)).await?;
        let slices = slices::reconcile(counts, &parts, &reports)?;
        Ok(Self { plan, plan_sha256: sha256(&plan_bytes), parts, reports, slices, subject_key, moved: None })
    }
}

async fn make(
    inputs: Inputs,
    usable: Usable,
    now: Timestamp,
    store: &(impl Get + Find + Put),
) -> Result<Assembled, StageError> {
    let Inputs { plan, plan_sha256, parts, reports, slices, subject_key, moved } = inputs;
    let run = plan.run.clone();
    let scrubber = plan.recipe.scrub.scrubber(None);
    let examples = reports.iter().map(|report| report.examples).sum();
    let reading = reading::reading(&plan, &slices, &reports)?;
    let pinned = Pinned::read(&plan, &subject_key, &scrubber, store).await?;
    let numbers = pinned.as_ref().map(Pinned::numbers).unwrap_or_default();
    let duplicates = Duplicates::mark(&run, &parts, examples, &usable, numbers, store).await?;
    let sides = if let Some(moved) = moved {
        Sides::found(&plan, moved)
    } else {
        let from = (parts.as_slice(), reports.as_slice());
        Sides::choose(&plan, from, &usable, &duplicates, &subject_key, store).await?
    };
    let mut dataset = Dataset::new(&plan, store, &scrubber, &usable, &duplicates, (pinned, &sides))?;
    let mut inputs = Vec::new();
    for (part, report) in parts.iter().zip(reports) {
        inputs.push(merge(&run, part, report, store, &mut dataset).await?);
    }
    let closed = dataset.close(store).await?;
    let recall = recall::measured(&closed.planted, &plan.recipe.scrub.floors())?;
    let train = closed.sides.get(&SideName::Train).map_or(0, |side| side.lines);
    let bill = plan.recipe.bill(train, closed.measures.training);
    affordable(&plan, &bill)?;
    let consent = consent(&run, now, &usable, closed.snapshot, store).await?;
    let read_at = consent.read_at;
    let lineage = closed.records.write(subject_key).await?;
    let (boilerplate, shared) = closed.measures.passages.finish();
    let manifest = Manifest {
        schema: 1,
        run: run.clone(),
        recipe: plan.recipe.name.clone(),
        recipe_sha256: plan.recipe_sha256.clone(),
        plan_sha256,
        code_version: stage::CODE.to_owned(),
        scrubber_version: pii::VERSION.to_owned(),
        split_seed: plan.recipe.split.seed,
        holdout_percent: Some(plan.recipe.split.holdout_percent),
        moved: sides.moved().clone(),
        pinned: closed.pinned,
        consent: Some(consent),
        reading,
        counts: closed.counts.clone(),
        slices,
        quarantined: closed.quarantined,
        found: closed.found,
        doubtful: closed.doubtful,
        recall,
        boilerplate,
        lengths: closed.measures.lengths,
        sides: closed.measures.sides,
        training_tokens: closed.measures.training.counted,
        billed_tokens: bill.tokens.counted,
        usd: bill.usd,
        bill: Some(bill),
        inputs,
        outputs: closed
            .sides
            .iter()
            .map(|(side, object)| (side.as_str().to_owned(), object.clone()))
            .collect(),
        members: Some(closed.members),
        lineage: Some(lineage.clone()),
    };
    let manifest_key = keys::manifest(&run);
    let bytes = put_canonical(store, &manifest_key, &manifest).await?;
    let manifest_sha256 = sha256(&bytes);
    let page = report::page(&manifest, &manifest_sha256, &plan, &closed.measures.samples, &shared)?;
    let report_key = keys::report(&run);
    store.put(&report_key, page.into_bytes().into(), Class::Derived).await?;
    let index = LineageIndex {
        schema: 1,
        run: run.clone(),
        recipe: manifest.recipe.clone(),
        manifest_sha256: manifest_sha256.clone(),
        read_at,
        lineage,
    };
    put_json(store, &keys::lineage_index(&run), &index).await?;
    let side = |name: SideName| closed.sides.get(&name).cloned().unwrap_or_default();
    Ok(Assembled {
        run,
        manifest_key,
        manifest_sha256,
        report_key,
        train: side(SideName::Train),
        validation: side(SideName::Validation),
        holdout: side(SideName::Holdout),
        duplicates: closed.counts.duplicates + closed.counts.near_duplicates,
        quarantined: closed.counts.quarantined,
        tokens: bill.tokens.counted,
        usd: bill.usd,
        approval: approval(&plan, &manifest),
    })
}

/// In seconds: long enough for `approve` to hand on an answer that covers the dataset, or to say itself that the time is over.
const SHORTEST_WAIT: u64 = 300;

/// Lets a later question of the run wait until its first one expires, and no longer.
async fn wait_with_the_first(
    approval: &mut Approval,
    run: &str,
    now: Timestamp,
    store: &impl Find,
) -> Result<(), StageError> {
    if let Some(until) = find_json::<Timestamp>(store, &keys::question_until(run)).await? {
        let left = u64::try_from(until.duration_since(now).as_secs()).unwrap_or_default();
        approval.seconds = left.min(approval.seconds).max(SHORTEST_WAIT);
    }
    Ok(())
}

/// Says whether an operator is asked before the dataset is paid for.
fn approval(plan: &PlanFile, manifest: &Manifest) -> Approval {
    let why = approval_file::why(plan, approval_file::most_usd(manifest));
    let hours = plan.recipe.approval.hours;
    Approval { needed: !why.is_empty(), why, hours, seconds: u64::from(hours) * 3_600 }
}

/// Refuses parts that different versions of the scrubber have made, as a deployment in mid-run leaves them, or that were
/// hashed under different keys: a person would be two. Returns the key's name.
fn one_scrubber(parts: &[PartRef], reports: &[ScrubReport]) -> Result<String, StageError> {
    let key = reports.first().map(|report| report.subject_key.clone()).unwrap_or_default();
    let other = parts.iter().zip(reports).find(|(_, report)| report.subject_key != key);
    if let Some((part, _)) = other {
        let text = format!(
            "part {:05}-{:05} of {} was hashed under another key than the first part: the subject key was rotated, start a new run",
            part.slice, part.part, part.table
        );
        return Err(StageError::new(ErrorName::DatasetRejected, text));
    }
    let other = parts.iter().zip(reports).find(|(_, report)| report.scrubber_version != pii::VERSION);
    let Some((part, report)) = other else { return Ok(key) };
    let text = format!(
        "part {:05}-{:05} of {} was scrubbed by version {:?}, this is version {:?}: start a new run",
        part.slice,
        part.part,
        part.table,
        report.scrubber_version,
        pii::VERSION
    );
    Err(StageError::new(ErrorName::DatasetRejected, text))
}

/// Refuses a dataset that may cost more than the recipe's hard limit: the plan's estimate came from a sample.
fn affordable(plan: &PlanFile, bill: &Bill) -> Result<(), StageError> {
    let price = format!(
        "training costs {:.2} to {:.2} USD for {} to {} tokens in {} epochs",
        bill.least_usd, bill.most_usd, bill.tokens.least, bill.tokens.most, bill.epochs
    );
    approval_file::not_above_the_limit(plan, bill.most_usd, &price)
}

/// Keeps what was found, so that the dataset can be made again, and dates the snapshot: a step that is repeated and finds what it found keeps the time, and so the manifest's bytes.
async fn consent(
    run: &str,
    now: Timestamp,
    usable: &Usable,
    sha256: String,
    store: &(impl Find + Put),
) -> Result<Consent, StageError> {
    let mut withdrawn = Writer::new(store, keys::withdrawn(run), Class::Derived);
    withdrawn.lines_at_once(usable.bits().bytes(), usable.bits().ones()).await?;
    let withdrawn = withdrawn.close().await?.into_object(keys::withdrawn(run));
    let before = store.find(&keys::manifest(run)).await?;
    let before = before.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok()?.consent);
    let read_at = before.filter(|before| before.sha256 == sha256).map_or(now, |before| before.read_at);
    Ok(Consent { read_at, sha256, sources: usable.sources().clone(), withdrawn })
}

/// Adds one clean part, and checks it against its report while it passes.
async fn merge(
    run: &str,
    part: &PartRef,
    report: ScrubReport,
    store: &(impl Get + Put),
    dataset: &mut Dataset<'_, impl Put>,
) -> Result<Object, StageError> {
    let key = keys::scrubbed_part(run, &part.table, part.slice, part.part);
    let mut body = store.open(&key).await?;
    let mut lines = Lines::new(LONGEST_LINE);
    let mut digest = records::digest::Digest::default();
    let mut count = 0;
    let mut examples = Vec::new();
    let mut each = |line: records::jsonl::Line<'_>, examples: &mut Vec<_>| {
        count += 1;
        examples.push((count, dataset::parse(&key, count, &line)?));
        Ok(())
    };
    while let Some(chunk) = body.chunk().await? {
        digest.update(&chunk);
        lines.feed(&chunk, |line| each(line, &mut examples))?;
        for (line, example) in examples.drain(..) {
            dataset.add(&example, Place { key: &key, line }).await?;
        }
    }
    lines.finish(|line| each(line, &mut examples))?;
    for (line, example) in examples.drain(..) {
        dataset.add(&example, Place { key: &key, line }).await?;
    }
    drop(body);
    dataset.end_part().await?;
    let (bytes, sha256) = (digest.bytes(), digest.finish());
    if sha256 != report.sha256 || count != report.examples || report.rows != part.rows {
        let text = format!("{key} is not what its report says: start a new run");
        return Err(StageError::new(ErrorName::CountsDiffer, text));
    }
    dataset.report(report);
    Ok(Object { key, lines: count, bytes, sha256 })
}
