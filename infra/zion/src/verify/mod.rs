//! `zion verify`: whether a run's dataset is what its manifest says, by making it again.
//!
//! The function that made the dataset makes it once more from the clean parts, on a bucket that forgets what is
//! written: duplicates, split, tokens, price, recall and every hash come out of the same code. The manifest that it
//! ends with is compared with the one in the bucket, field by field, and the objects in the bucket with their hashes.

mod shadow;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use jiff::Timestamp;
use records::digest::{Digest, sha256};
use serde_json::Value;
use stage::lineage_file::LineageIndex;
use stage::manifest::{Manifest, Object};
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{StageError, keys};
use store::{Body as _, Find, Get, S3, find_json};

use self::shadow::Shadow;
use crate::error::{Context as _, Result};
use crate::term;

/// How long the bucket's lifecycle keeps what comes with the raw rows, and everything else of a run: as in template.yaml.
const RAW_DAYS: i64 = 7;
const RUN_DAYS: i64 = 90;

/// Makes a run's dataset again and says what differs from its manifest
#[derive(Args)]
pub struct Verify {
    /// The run: the name of the execution
    run: String,
    /// The stack's bucket, as its output `Bucket` names it
    #[arg(long, env = "BUCKET")]
    bucket: String,
}

impl Verify {
    /// Prints what was compared; the exit code is 1 when anything differs, or is not there any more to be compared.
    ///
    /// # Errors
    /// When the bucket can't be read, or the run has no manifest.
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let report = report(&self.run, Timestamp::now(), &S3::new(self.bucket).await).await;
        let report = report.context(format!("verify run {}", self.run))?;
        for line in &report.held {
            term::line(&format!("holds    {line}"));
        }
        for line in &report.differs {
            term::line(&format!("differs  {line}"));
        }
        for line in &report.expired {
            term::line(&format!("expired  {line}"));
        }
        let proven = report.differs.is_empty() && report.expired.is_empty();
        Ok(if proven { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What was compared. Holds names, counts and hashes, no text.
#[derive(Debug, Default)]
pub struct Report {
    /// What is as the manifest says.
    pub held: Vec<String>,
    /// What is not.
    pub differs: Vec<String>,
    /// What nobody can say any more: the bucket's lifecycle has removed it.
    pub expired: Vec<String>,
}

impl Report {
    fn compare(&mut self, what: &str, says: &impl ToString, is: &impl ToString) {
        let (says, is) = (says.to_string(), is.to_string());
        if says == is {
            self.held.push(format!("{what}: {is}"));
        } else {
            self.differs.push(format!("{what}: the manifest says {says}, it is {is}"));
        }
    }
}

/// Makes the dataset again and compares.
///
/// # Errors
/// `Internal` when the run has no manifest; `Unavailable`.
pub async fn report(run: &str, now: Timestamp, bucket: &(impl Get + Find)) -> Result<Report, StageError> {
    let mut report = Report::default();
    let Some(bytes) = bucket.find(&keys::manifest(run)).await? else {
        return match gone(&keys::manifest(run), now, bucket).await? {
            Some(expired) => Ok(Report { expired: vec![expired], ..report }),
            None => Err(StageError::internal(format!("run {run} has no manifest: it has made no dataset"))),
        };
    };
    let manifest: Manifest = store::get_json(bucket, &keys::manifest(run)).await?;
    for object in objects(&manifest, run) {
        match measure(&object.key, bucket).await {
            Ok(found) => {
                report.compare(&format!("{} sha256", object.key), &object.sha256, &found.sha256);
                report.compare(&format!("{} bytes", object.key), &object.bytes, &found.bytes);
            }
            Err(error) => match gone(&object.key, now, bucket).await? {
                Some(expired) => report.expired.push(expired),
                None => report.differs.push(error.chain()),
            },
        }
    }
    if let Some(says) = &manifest.lineage {
        match lineage(run, says.digits, bucket).await {
            Ok(sha256) => report.compare("lineage sha256", &says.sha256, &sha256),
            Err(error) => report.differs.push(error.chain()),
        }
    }
    for key in [keys::plan(run), keys::export_parts(run), keys::export_counts(run), keys::report(run)] {
        report.expired.extend(gone(&key, now, bucket).await?);
    }
    if report.expired.is_empty() {
        quarantine(&manifest, run, bucket, &mut report).await?;
        again(run, &bytes, bucket, &mut report).await;
    } else {
        report.expired.push("the dataset cannot be made again: what it was made of has expired".to_owned());
    }
    if let Some(upload) = find_json::<UploadFile>(bucket, &keys::upload(run)).await? {
        report.compare("the uploaded manifest", &sha256(&bytes), &upload.manifest_sha256);
    }
    Ok(report)
}

/// Every object the manifest names.
fn objects(manifest: &Manifest, run: &str) -> Vec<Object> {
    let sides = manifest.outputs.iter().map(|(name, side)| Object {
        key: keys::dataset(run, name),
        lines: side.lines,
        bytes: side.bytes,
        sha256: side.sha256.clone(),
    });
    let consent = manifest.consent.iter().map(|consent| consent.withdrawn.clone());
    let pinned = manifest.pinned.iter().map(|pinned| pinned.object.clone());
    let members = manifest.members.iter().cloned().chain(pinned);
    manifest.inputs.iter().cloned().chain(sides).chain(members).chain(consent).collect()
}

/// Says that an object is not there because of its age; none where it is there, or should be.
///
/// Its run says how old that is: by its plan, or by its lineage, which outlasts the plan.
async fn gone(key: &str, now: Timestamp, bucket: &impl Find) -> Result<Option<String>, StageError> {
    if bucket.find(key).await?.is_some() {
        return Ok(None);
    }
    let run = key.trim_start_matches(keys::RUNS).split('/').next().unwrap_or_default();
    let plan: Option<PlanFile> = find_json(bucket, &keys::plan(run)).await?;
    let begun = if let Some(plan) = plan {
        Some(plan.started_at)
    } else {
        let index: Option<LineageIndex> = find_json(bucket, &keys::lineage_index(run)).await?;
        index.map(|index| index.read_at)
    };
    let days = begun.map_or(0, |begun| now.duration_since(begun).as_hours() / 24);
    let stays = if key.contains("/export/") { RAW_DAYS } else { RUN_DAYS };
    Ok((days >= stays).then(|| format!("{key}: objects like it stay for {stays} days")))
}

struct Measured {
    bytes: u64,
    sha256: String,
}

async fn measure(key: &str, bucket: &impl Get) -> Result<Measured, StageError> {
    let mut digest = Digest::default();
    let mut body = bucket.open(key).await?;
    while let Some(chunk) = body.chunk().await? {
        digest.update(&chunk);
    }
    Ok(Measured { bytes: digest.bytes(), sha256: digest.finish() })
}

/// Hashes all objects of the lineage, in the order of their prefixes.
async fn lineage(run: &str, digits: usize, bucket: &impl Get) -> Result<String, StageError> {
    let mut digest = Digest::default();
    for prefix in 0..16_u64.pow(u32::try_from(digits).unwrap_or(u32::MAX)) {
        let key = keys::lineage(run, &format!("{prefix:0digits$x}"));
        let mut body = bucket.open(&key).await?;
        while let Some(chunk) = body.chunk().await? {
            digest.update(&chunk);
        }
    }
    Ok(digest.finish())
}

/// Counts the pointers to what could not be used.
async fn quarantine(
    manifest: &Manifest,
    run: &str,
    bucket: &impl Find,
    report: &mut Report,
) -> Result<(), StageError> {
    let mut lines = 0;
    for input in &manifest.inputs {
        let key = input.key.replacen(&format!("runs/{run}/scrubbed/"), &format!("runs/{run}/quarantine/"), 1);
        let bytes = bucket.find(&key).await?.unwrap_or_default();
        lines += memchr::memchr_iter(b'\n', &bytes).count();
    }
    report.compare("lines in quarantine/", &manifest.counts.quarantined, &lines);
    Ok(())
}

/// Makes the dataset again. That it can't be made is a difference too: it was made once.
async fn again(run: &str, says: &[u8], bucket: &(impl Get + Find), report: &mut Report) {
    let shadow = Shadow::new(bucket, [keys::manifest(run), keys::report(run)]);
    if let Err(error) = assemble::again(run, &shadow).await {
        report.differs.push(format!("made again, it ends as {}", error.chain()));
        return;
    }
    let mut documents = shadow.into_documents();
    page(run, documents.remove(&keys::report(run)).unwrap_or_default(), bucket, report).await;
    let document = documents.remove(&keys::manifest(run)).unwrap_or_default();
    let fields = |bytes: &[u8]| {
        let mut fields = BTreeMap::new();
        flatten(String::new(), &serde_json::from_slice(bytes).unwrap_or_default(), &mut fields);
        fields
    };
    let (says, is) = (fields(says), fields(&document));
    let none = String::from("nothing");
    let names: BTreeSet<_> = says.keys().chain(is.keys()).collect();
    let count = names.len();
    let before = report.differs.len();
    for name in names {
        let (says, is) = (says.get(name).unwrap_or(&none), is.get(name).unwrap_or(&none));
        if says != is {
            report.differs.push(format!("made again, {name}: the manifest says {says}, it comes to {is}"));
        }
    }
    if report.differs.len() == before {
        report.held.push(format!("made again: {count} fields of the manifest"));
    }
}

/// Compares the page for people with the one that was made again.
async fn page(run: &str, again: Bytes, bucket: &impl Get, report: &mut Report) {
    let key = keys::report(run);
    match bucket.get(&key).await {
        Ok(page) if page == again => report.held.push(format!("made again: {key}")),
        Ok(_) => report.differs.push(format!("made again, {key} is another page")),
        Err(error) => report.differs.push(error.chain()),
    }
}

/// Lists a document's values by their path.
fn flatten(path: String, value: &Value, fields: &mut BTreeMap<String, String>) {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| flatten(join(name), value, fields)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| flatten(join(&at.to_string()), value, fields));
        }
        value => {
            fields.insert(path, value.to_string());
        }
    }
}
