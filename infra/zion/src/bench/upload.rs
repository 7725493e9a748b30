//! How fast a large dataset reaches the provider, in how much memory, against the official SDK on the same server.
//!
//! A small run makes a real dataset, whose training file is then written again and again until it is large. The function
//! reads it from the emulator's S3. So does the SDK, by way of a file, as a function of one's own would; and once more both
//! have the file already, which spares them that way.
//!
//! - `adapter` ours from the file

mod adapter;

use std::path::{Path, PathBuf};
use std::time::Instant;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use records::digest::{Digest, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stage::arrows::{Side, SubmitEvent, Submitted, UploadEvent};
use stage::keys;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::meter::Meter;
use super::run::{self, Done, call};
use super::watch::{Peak, Watch};
use super::{binaries, rounded, watch};
use crate::error::{Context as _, Error, Result};
use crate::local::{Build, Options, Stack, paths};
use crate::sample::{self, Sample};
use crate::term::{self, Board};

const RECIPE: &str = "zion-job-generator";
/// What the handler may take, in MiB.
const MOST_MIB: f64 = 128.0;
/// All upload so often, in turn; the fastest counts: what is slower was disturbed.
const ROUNDS: u32 = 2;
/// Rows of the small run.
const ROWS: u64 = 2_000;
/// How the large object is written.
const PART: usize = 64 << 20;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Upload {
    /// Size of the training file, in MB
    #[arg(long, default_value_t = 2_000)]
    megabytes: u64,
    /// A Python environment with the emulator; any below .local otherwise
    #[arg(long, value_name = "FOLDER")]
    environment: Option<PathBuf>,
    /// A Python environment with the official SDK
    #[arg(long, value_name = "FOLDER", default_value = ".local/peers")]
    peers: PathBuf,
}

/// One upload.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Took {
    bytes: u64,
    seconds: f64,
    /// Processor time of the process that uploads: on AWS its share of a core is what it has.
    core_seconds: f64,
    /// Of the function it is known at the end; of the adapter, which runs in the benchmark's own process, never.
    peak_mib: f64,
}

impl Took {
    fn mb_per_second(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = self.bytes as f64 / 1e6 / self.seconds.max(0.001);
        rounded(rate)
    }
}

/// The ways, in the order in which they take turns.
const WAYS: [&str; 4] = [
    "upload, from S3, parts at once",
    "the official SDK, from S3",
    "our adapter, from disk",
    "the official SDK, from disk",
];

#[derive(Serialize)]
struct Answer {
    bench: &'static str,
    bytes: u64,
    upload_seconds: f64,
    upload_mb_per_s: f64,
    upload_core_seconds: f64,
    upload_peak_mib: f64,
    within_128_mib: bool,
    sdk_from_s3_seconds: f64,
    sdk_from_s3_mb_per_s: f64,
    sdk_from_s3_core_seconds: f64,
    sdk_from_s3_peak_mib: f64,
    adapter_from_disk_seconds: f64,
    adapter_from_disk_mb_per_s: f64,
    adapter_from_disk_core_seconds: f64,
    sdk_from_disk_seconds: f64,
    sdk_from_disk_mb_per_s: f64,
    sdk_from_disk_core_seconds: f64,
    sdk_from_disk_peak_mib: f64,
    read_alone_mb_per_s: f64,
    upload_to_sdk_from_s3: f64,
    upload_to_sdk_from_disk: f64,
    adapter_to_sdk_from_disk: f64,
}

impl Upload {
    /// Measures and prints.
    ///
    /// # Errors
    /// When the stack can't be started, the function fails, or the SDK is missing.
    pub(super) async fn run(&self) -> Result<()> {
        let root = paths::root()?;
        binaries::packaged(&root)?;
        let python = self.peers.join("bin/python");
        if !python.is_file() {
            return Err(
                Error::new(format!("{} is missing", python.display())).hint("run `make bench BENCH=upload`")
            );
        }
        let mut board = Board::default();
        let options =
            Options { environment: self.environment.clone(), build: Build::Release, ..Options::default() };
        let stack = Stack::up(&options, |step| board.event(step)).await?;
        let watch = Watch::of(stack.emulator().child().id());
        let run = format!("bench-{}", Timestamp::now().as_millisecond());
        let file = stack.folder().join("train.jsonl");
        let (manifest_sha256, md5) = self.dataset(&stack, &watch, (&run, &file), &mut board).await?;
        let event = SubmitEvent { run: run.clone(), manifest_sha256 };
        let event = UploadEvent::Submit(event);
        let mut ways: [Vec<Took>; 4] = Default::default();
        let (mut reads, fetched) = (Vec::new(), stack.folder().join("fetched.jsonl"));
        let source = [stack.output("Bucket")?.to_owned(), keys::dataset(&run, "train")];
        let script = root.join("tests/peers/uploader.py");
        let sdk = async |file: &Path, source: &[String]| sdk(&stack, &python, &script, file, source).await;
        for round in 1..=ROUNDS {
            board.event(&format!("read it from S3 alone, round {round} of {ROUNDS}"));
            reads.push(read(&stack, &run).await?);
            let mut told = |way: &str| board.event(&format!("{way}, round {round} of {ROUNDS}"));
            for (at, way) in WAYS.iter().enumerate() {
                told(way);
                ways[at].push(match at {
                    0 => upload(&stack, &watch, &run, &event).await?,
                    1 => sdk(&fetched, &source).await?,
                    2 => adapter::upload(&stack, &file, md5.as_deref()).await?,
                    _ => sdk(&file, &[]).await?,
                });
            }
        }
        board.finish();
        let peak = needed(&stack, &watch).bytes;
        let mut took = ways.map(|way| fastest(&way));
        took[0].peak_mib = rounded(watch::mib(peak));
        print(took, fastest(&reads))
    }

    /// Makes a dataset whose training file is large; returns the manifest's hash and the file's MD5.
    async fn dataset(
        &self,
        stack: &Stack,
        watch: &Watch,
        (run, file): (&str, &Path),
        board: &mut Board,
    ) -> Result<(String, Option<String>)> {
        let none = Sample { resumes: 0, support_logs: 0, seo_contents: 0, ..Sample::of(ROWS) };
        sample::load(&stack.database().await?, Sample { job_posts: ROWS, ..none }, false).await?;
        let (mut meter, mut done) = (Meter::new(stack, watch), Done::default());
        let mut told = |stage: &str| board.event(&format!("a small run: {stage}"));
        run::dataset(stack, (run, RECIPE), &mut meter, &mut done, &mut told).await?;
        board.event(&format!("write its training file until it has {} MB", term::number(self.megabytes)));
        let key = keys::dataset(run, "train");
        let small = read_all(stack, &key).await?;
        let times = (self.megabytes * 1_000_000).div_ceil(small.len() as u64);
        let side = grow(stack, &key, file, &small, times).await?;
        // As JSON: all that is not the training file stays as it was.
        let key = keys::manifest(run);
        let manifest = read_all(stack, &key).await?;
        let mut manifest: Value = serde_json::from_slice(&manifest).context("read the manifest")?;
        let train = &mut manifest["outputs"]["train"];
        let lines = train["lines"].as_u64().unwrap_or_default() * times;
        let md5 = side.md5.clone();
        *train = serde_json::to_value(Side { lines, ..side }).context("describe the training file")?;
        let body = serde_json::to_vec(&manifest).context("write the manifest")?;
        let sha = sha256(&body);
        let put = stack.s3().put_object().bucket(stack.output("Bucket")?).key(&key);
        put.body(ByteStream::from(body)).send().await.context("write the manifest")?;
        Ok((sha, md5))
    }
}

async fn read_all(stack: &Stack, key: &str) -> Result<Vec<u8>> {
    stack.object(key).await?.ok_or_else(|| Error::new(format!("{key} is missing")))
}

/// Writes `small` so many times, to the store and to a file; how many lines that makes is left open.
async fn grow(stack: &Stack, key: &str, file: &Path, small: &[u8], times: u64) -> Result<Side> {
    let bucket = stack.output("Bucket")?;
    let begun = stack.s3().create_multipart_upload().bucket(bucket).key(key).send().await;
    let upload = begun.context(format!("begin {key}"))?.upload_id.unwrap_or_default();
    let mut out = File::create(file).await.context("create the file for the SDK")?;
    let (mut digest, mut md5, mut part, mut parts) = (Digest::default(), Md5::new(), Vec::new(), Vec::new());
    for turn in 1..=times {
        part.extend_from_slice(small);
        if part.len() < PART && turn < times {
            continue;
        }
        digest.update(&part);
        md5.update(&part);
        out.write_all(&part).await.context("write the file for the SDK")?;
        let number = i32::try_from(parts.len() + 1).context("count the parts")?;
        let sent = stack.s3().upload_part().bucket(bucket).key(key).upload_id(&upload).part_number(number);
        let sent = sent.body(ByteStream::from(std::mem::take(&mut part))).send().await;
        let tag = sent.context(format!("write {key}"))?.e_tag;
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(tag).build());
    }
    out.flush().await.context("write the file for the SDK")?;
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = stack.s3().complete_multipart_upload().bucket(bucket).key(key).upload_id(&upload);
    complete.multipart_upload(parts).send().await.context(format!("complete {key}"))?;
    let (bytes, md5) = (digest.bytes(), Some(hex::encode(md5.finalize())));
    Ok(Side { lines: 0, bytes, sha256: digest.finish(), md5 })
}

/// Reads the training file from the emulator's S3 and forgets it: no upload from there can be faster.
async fn read(stack: &Stack, run: &str) -> Result<Took> {
    let begun = Instant::now();
    let get = stack.s3().get_object().bucket(stack.output("Bucket")?).key(keys::dataset(run, "train"));
    let mut body = get.send().await.context("read the training file")?.body;
    let mut bytes = 0;
    while let Some(chunk) = body.next().await {
        bytes += chunk.context("read the training file")?.len() as u64;
    }
    Ok(Took { bytes, seconds: begun.elapsed().as_secs_f64(), ..Took::default() })
}

/// What the function's process has needed so far.
fn needed(stack: &Stack, watch: &Watch) -> Peak {
    watch.peaks().get(&stack.function("upload")).copied().unwrap_or_default()
}

/// Calls the function, from its first look at the store to the job it answers.
async fn upload(stack: &Stack, watch: &Watch, run: &str, event: &UploadEvent) -> Result<Took> {
    let (begun, before) = (Instant::now(), needed(stack, watch));
    let submitted: Submitted = call(stack, "upload", event).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let core_seconds = needed(stack, watch).cpu_seconds() - before.cpu_seconds();
    let manifest = read_all(stack, &keys::manifest(run)).await?;
    let manifest: Value = serde_json::from_slice(&manifest).context("read the manifest")?;
    let sides = ["train", "validation"];
    let bytes = sides.iter().filter_map(|side| manifest["outputs"][side]["bytes"].as_u64()).sum();
    forget(stack, run, &submitted).await?;
    Ok(Took { bytes, seconds, core_seconds, ..Took::default() })
}

/// Takes the job and the files back, and what the run remembers of them: the next round uploads anew.
async fn forget(stack: &Stack, run: &str, submitted: &Submitted) -> Result<()> {
    let http = stage::http::client().context("set up HTTP")?;
    let (url, key) = (stack.sandbox().provider_url(), &stack.sandbox().keys().provider);
    let job = format!("{url}/fine_tuning/jobs/{}", submitted.job);
    let ask = async |request: reqwest::RequestBuilder| -> Result<Value> {
        let answer = request.bearer_auth(key).send().await.context("ask the provider")?;
        answer.json().await.context("read the provider's answer")
    };
    ask(http.post(format!("{job}/cancel"))).await?;
    let files = ask(http.get(format!("{url}/files"))).await?;
    for file in files["data"].as_array().into_iter().flatten().filter_map(|file| file["id"].as_str()) {
        ask(http.delete(format!("{url}/files/{file}"))).await?;
    }
    for object in stack.objects(&format!("runs/{run}/upload")).await? {
        let delete = stack.s3().delete_object().bucket(stack.output("Bucket")?).key(&object.key);
        delete.send().await.context(format!("delete {}", object.key))?;
    }
    Ok(())
}

/// The official SDK's own upload in parts of a file, which is first fetched from there where a bucket and a key are given.
async fn sdk(stack: &Stack, python: &Path, script: &Path, file: &Path, source: &[String]) -> Result<Took> {
    let mut command = Command::new(python);
    command.arg("-B").arg(script).arg(file).args(source).kill_on_drop(true);
    command.envs(stack.emulator().environment());
    command.env("PROVIDER_URL", stack.sandbox().provider_url());
    command.env("PROVIDER_KEY", &stack.sandbox().keys().provider);
    let output = command.output().await.context("run the SDK")?;
    let last = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().last().unwrap_or_default().to_owned();
    if !output.status.success() {
        return Err(Error::new(format!("the SDK failed: {}", last(&output.stderr))));
    }
    serde_json::from_str(&last(&output.stdout)).context("read the SDK's figures")
}

fn fastest(all: &[Took]) -> Took {
    let first = Took { seconds: f64::INFINITY, ..Took::default() };
    all.iter().fold(first, |best, took| if took.seconds < best.seconds { *took } else { best })
}

fn print(took: [Took; 4], read: Took) -> Result<()> {
    term::line(&format!(
        "{:<34} {:>14} {:>9} {:>8} {:>8} {:>9}",
        "", "bytes", "seconds", "MB/s", "core s", "peak MiB"
    ));
    for (way, took) in WAYS.iter().zip(took) {
        let peak = if took.peak_mib > 0.0 { format!("{:.1}", took.peak_mib) } else { String::new() };
        let line = format!(
            "{way:<34} {:>14} {:>9.2} {:>8.1} {:>8.2} {peak:>9}",
            term::number(took.bytes),
            took.seconds,
            took.mb_per_second(),
            took.core_seconds,
        );
        term::line(line.trim_end());
    }
    let [ours, from_s3, adapter, from_disk] = took;
    let to = |ours: Took, sdk: Took| rounded(ours.mb_per_second() / sdk.mb_per_second().max(0.001));
    let (to_s3, to_disk, like) = (to(ours, from_s3), to(ours, from_disk), to(adapter, from_disk));
    let alone = read.mb_per_second();
    term::line(&format!(
        "both from S3: {to_s3:.2} of the SDK; both from disk: {like:.2}; ours from S3, the SDK's from disk: {to_disk:.2}"
    ));
    term::line(&format!("the object alone leaves the emulator's S3 at {alone:.1} MB/s"));
    let answer = Answer {
        bench: "upload",
        bytes: ours.bytes,
        upload_seconds: rounded(ours.seconds),
        upload_mb_per_s: ours.mb_per_second(),
        upload_core_seconds: rounded(ours.core_seconds),
        upload_peak_mib: ours.peak_mib,
        // A function that was never seen is no proof.
        within_128_mib: ours.peak_mib > 0.0 && ours.peak_mib <= MOST_MIB,
        sdk_from_s3_seconds: rounded(from_s3.seconds),
        sdk_from_s3_mb_per_s: from_s3.mb_per_second(),
        sdk_from_s3_core_seconds: from_s3.core_seconds,
        sdk_from_s3_peak_mib: from_s3.peak_mib,
        adapter_from_disk_seconds: rounded(adapter.seconds),
        adapter_from_disk_mb_per_s: adapter.mb_per_second(),
        adapter_from_disk_core_seconds: rounded(adapter.core_seconds),
        sdk_from_disk_seconds: rounded(from_disk.seconds),
        sdk_from_disk_mb_per_s: from_disk.mb_per_second(),
        sdk_from_disk_core_seconds: from_disk.core_seconds,
        sdk_from_disk_peak_mib: from_disk.peak_mib,
        read_alone_mb_per_s: alone,
        upload_to_sdk_from_s3: to_s3,
        upload_to_sdk_from_disk: to_disk,
        adapter_to_sdk_from_disk: like,
    };
    term::line(&serde_json::to_string(&answer).context("write the figures")?);
    Ok(())
}
