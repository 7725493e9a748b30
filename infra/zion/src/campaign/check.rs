//! What must be true behind every run, read from the provider and the bucket.

use records::digest::sha256;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use stage::keys;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use store::{Memory, find_json, get_json};
use url::Url;

use super::run::Outcome;
use super::world::KEY;
use crate::error::{Context as _, Result};

/// The provider, past all faults.
pub(crate) struct Sight<'a> {
    pub(crate) client: &'a Client,
    /// `http://127.0.0.1:port`
    pub(crate) origin: Url,
}

impl Sight<'_> {
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Vec<u8>> {
        let url = self.origin.join(path).context("name an address")?;
        let mut request = self.client.request(method, url).bearer_auth(KEY);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.context("ask the sandbox")?;
        Ok(answer.bytes().await.context("read the sandbox")?.into())
    }

    pub(crate) async fn json(&self, path: &str) -> Result<Value> {
        let body = self.ask(Method::GET, path, None).await?;
        serde_json::from_slice(&body).context("read the sandbox's JSON")
    }

    /// Ends everything that goes wrong; how many requests were hit.
    pub(crate) async fn calm(&self) -> Result<u64> {
        self.ask(Method::DELETE, "/_sandbox/faults", None).await?;
        let calm = json!({"listed_after_ms": 0, "files_ready_after_ms": 0, "ignore_filters": false,
            "odd_items": false, "cancel_next_job": false});
        self.ask(Method::POST, "/_sandbox/provider", Some(calm)).await?;
        let asked = self.json("/_sandbox/requests").await?;
        let hit = |entry: &&Value| !entry["fault"].is_null();
        Ok(asked.as_array().into_iter().flatten().filter(hit).count() as u64)
    }

    /// Lets another stack have a file and a job on the same account, for a run of the same name.
    pub(crate) async fn move_in(&self, run: &str, bytes: Vec<u8>) -> Result<Stranger> {
        let name = format!("{run}-train-0123456789abcdef.jsonl");
        let form = Form::new().text("purpose", "fine-tune").part("file", Part::bytes(bytes).file_name(name));
        let url = self.origin.join("/v1/files").context("name an address")?;
        let sent = self.client.post(url).bearer_auth(KEY).multipart(form).send().await;
        let file: Value = sent.context("send a file")?.json().await.context("read a file")?;
        let job = json!({"model": "openai/gpt-oss-20b", "training_file": file["id"],
            "metadata": {"zion_run": run, "zion_manifest_sha256": "another", "zion_key": "another"}});
        let job = self.ask(Method::POST, "/v1/fine_tuning/jobs", Some(job)).await?;
        let job: Value = serde_json::from_slice(&job).context("read a job")?;
        let text = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
        Ok(Stranger { file: text(&file), job: text(&job) })
    }
}

/// What another stack has on the account.
pub(crate) struct Stranger {
    file: String,
    job: String,
}

/// What a run has to show.
pub(crate) struct Shown<'a> {
    pub(crate) run: &'a str,
    pub(crate) outcome: &'a Outcome,
    pub(crate) store: &'a Memory,
    pub(crate) keeps_files: bool,
    pub(crate) stranger: &'a Stranger,
}

/// How many jobs a run has asked for, and what is wrong.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) jobs: u64,
    pub(crate) violations: Vec<String>,
}

fn is_final(job: &Value) -> bool {
    ["succeeded", "failed", "cancelled"].iter().any(|word| job["status"] == *word)
}

/// Looks at everything.
pub(crate) async fn check(shown: &Shown<'_>, sight: &Sight<'_>) -> Result<Found> {
    let mut found = Found::default();
    let listed = |list: Value| list["data"].as_array().cloned().unwrap_or_default();
    let jobs = listed(sight.json("/v1/fine_tuning/jobs?limit=100").await?);
    let files = listed(sight.json("/v1/files?purpose=fine-tune").await?);
    let uploads = listed(sight.json("/_sandbox/uploads").await?);
    let mut wrong = |what: String| found.violations.push(what);

    let (theirs, ours): (Vec<_>, Vec<_>) =
        jobs.iter().partition(|job| job["id"] == shown.stranger.job.as_str());
    if theirs.len() != 1 || theirs[0]["status"] == "cancelled" {
        wrong("another stack's job was cancelled".to_owned());
    }
    if !files.iter().any(|file| file["id"] == shown.stranger.file.as_str()) {
        wrong("another stack's file was deleted".to_owned());
    }
    let lives = |job: &&&Value| job["status"] != "cancelled" && job["status"] != "failed";
    let living: Vec<_> = ours.iter().filter(lives).collect();
    match shown.outcome {
        Outcome::Trained(job) => {
            let ids: Vec<_> = living.iter().filter_map(|job| job["id"].as_str()).collect();
            if ids != [job.as_str()] {
                wrong(format!("{} live jobs and not the one that was waited for", ids.len()));
            }
        }
        Outcome::Failed(_) | Outcome::Stopped => {
            if living.iter().any(|job| !is_final(job)) {
                wrong("a job goes on behind its run's end".to_owned());
            }
            // One that was trained before the end stays: it is paid for.
            if living.len() > 1 {
                wrong(format!("{} jobs were paid for", living.len()));
            }
        }
    }
    if let Outcome::Failed(name) = shown.outcome
        && ["Internal", "DatasetRejected"].contains(&name.as_str())
    {
        wrong(format!("the run failed as {name}"));
    }
    let used: Vec<_> =
        living.iter().flat_map(|job| [&job["training_file"], &job["validation_file"]]).collect();
    for file in files.iter().filter(|file| file["id"] != shown.stranger.file.as_str()) {
        if !(shown.keeps_files
            && (used.contains(&&file["id"]) || !matches!(shown.outcome, Outcome::Trained(_))))
        {
            wrong(format!("a file is left: {}", file["filename"]));
        }
    }
    if uploads.iter().any(|upload| upload["status"] == "pending") {
        wrong("an upload is left open".to_owned());
    }
    let inside = async {
        let plan: PlanFile = get_json(shown.store, &keys::plan(shown.run)).await?;
        let manifest: Manifest = get_json(shown.store, &keys::manifest(shown.run)).await?;
        let record: Option<UploadFile> = find_json(shown.store, &keys::upload(shown.run)).await?;
        let hash = sha256(&store::Get::get(shown.store, &keys::manifest(shown.run)).await?);
        Ok::<_, stage::StageError>((plan, manifest, record.unwrap_or_default(), hash))
    };
    let (plan, manifest, record, hash) = inside.await.context("read the run")?;
    let key = ours.first().map(|job| job["metadata"]["zion_key"].clone()).unwrap_or_default();
    for job in &ours {
        let given_up =
            job["metadata"]["zion_manifest_sha256"].as_str().is_some_and(|it| record.given_up.contains(it));
        if given_up {
            wrong("a job learns from a dataset that was given up".to_owned());
        }
        let expected = json!({"zion_run": shown.run, "zion_manifest_sha256": hash, "zion_key": key});
        if job["metadata"] != expected || key.as_str().is_none_or(|key| key.len() != 64) {
            wrong(format!("a job's metadata: {}", job["metadata"]));
        }
        let epochs = &job["method"]["supervised"]["hyperparameters"]["n_epochs"];
        if job["model"] != plan.recipe.model.base.as_str() || *epochs != 3 {
            wrong(format!("a job is made of {} in {epochs} epochs", job["model"]));
        }
        for (side, file) in [("train", &job["training_file"]), ("validation", &job["validation_file"])] {
            let id = file.as_str().unwrap_or_default();
            let there = sight.ask(Method::GET, &format!("/_sandbox/files/{id}"), None).await?;
            if manifest.outputs.get(side).is_none_or(|output| output.sha256 != sha256(&there)) {
                wrong(format!("a job's {side} file is not the manifest's"));
            }
        }
    }
    found.jobs = ours.len() as u64;
    Ok(found)
}
