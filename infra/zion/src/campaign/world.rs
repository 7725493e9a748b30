//! What a run begins with: a dataset that the real steps have made, once, and that each run gets under its own name.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use records::digest::sha256;
use records::recipe;
use records::subject::SubjectKey;
use secrecy::SecretString;
use serde_json::json;
use stage::arrows::{AssembleEvent, ExportAnswer, ExportEvent, PartRef, PlanEvent, ScrubEvent};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::{Deadline, StageError, http, keys};
use store::{Class, Memory, Put as _, get_json, get_lines};
use tuning::OpenAi;
use url::Url;

use super::source::Source;
use crate::error::{Context as _, Result};

/// Of the same length as every run's name, so that sizes stay.
const TEMPLATE: &str = "campaign-00000000000000000000";
pub(crate) const KEY: &str = "sk-campaign";
pub(crate) const BEGAN: &str = "2026-11-22T10:00:00Z";

/// The objects of a run that has come as far as its upload.
pub(crate) struct Template {
    objects: Vec<(String, Class, Bytes)>,
}

/// One run's own.
pub(crate) struct Begun {
    pub(crate) run: String,
    pub(crate) store: Memory,
    pub(crate) manifest_sha256: String,
}

pub(crate) fn began() -> Timestamp {
    BEGAN.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The adapter, as a recipe speaks to a host.
pub(crate) fn provider(
    client: &reqwest::Client,
    base: &Url,
    host: &recipe::Provider,
) -> std::result::Result<OpenAi, StageError> {
    // So small that the dataset is several parts.
    Ok(OpenAi::new(client.clone(), base, SecretString::from(KEY), host)?.with_part_bytes(8_000))
}

impl Template {
    /// Lets plan, export, scrub and assemble work, over tables in memory.
    pub(crate) async fn make(base: &Url) -> Result<Self> {
        Self::made(base).await.context("make the dataset of the campaign")
    }

    async fn made(base: &Url) -> std::result::Result<Self, StageError> {
        let (store, source) = (Memory::default(), Source::new(ChaCha8Rng::seed_from_u64(0), 0));
        let provider = provider(&http::client()?, base, &recipe::Provider::default())?;
        let run = TEMPLATE.to_owned();
        let input = json!({"recipe": "zion-job-generator"});
        let event = PlanEvent { run: run.clone(), started_at: began(), input };
        let planned =
            plan::handle(event, "zion-job-generator", "h", &store, &source, &source, &provider).await?;
        let time = || Deadline::after(Duration::from_mins(15));
        for slice in planned.slices {
            loop {
                let event = ExportEvent::Slice { run: run.clone(), slice: slice.clone() };
                match export::handle(event, time(), &store, &source).await? {
                    ExportAnswer::Slice(exported) if exported.more => {}
                    _ => break,
                }
            }
        }
        export::handle(ExportEvent::Gather { run: run.clone() }, time(), &store, &source).await?;
        let key = SubjectKey::new(b"0123456789abcdef0123456789abcdef")
            .map_err(|error| StageError::internal("the key is none").caused_by(error))?;
        let parts: Vec<PartRef> = get_lines(&store, &keys::export_parts(&run)).await?;
        for part in parts {
            scrub::handle(ScrubEvent { run: run.clone(), part }, &store, &key).await?;
        }
        assemble::handle(AssembleEvent { run }, began(), &store, &source).await?;
        Ok(Self { objects: store.objects() })
    }

    /// Begins a run of its own, with a provider that is spoken to in its own way.
    pub(crate) async fn begin(
        &self,
        number: u64,
        host: recipe::Provider,
    ) -> std::result::Result<Begun, StageError> {
        let run = format!("campaign-{number:020}");
        let store = Memory::default();
        for (key, class, body) in &self.objects {
            let renamed = match std::str::from_utf8(body) {
                Ok(text) if text.contains(TEMPLATE) => text.replace(TEMPLATE, &run).into(),
                _ => body.clone(),
            };
            store.put(&key.replace(TEMPLATE, &run), renamed, *class).await?;
        }
        let mut plan: PlanFile = get_json(&store, &keys::plan(&run)).await?;
        plan.recipe.provider = host;
        // Nobody is asked: what an answer changes is not what is attacked here.
        plan.approval.first_run = false;
        let planned = store::put_json(&store, &keys::plan(&run), &plan).await?;
        // The manifest is that of this plan: nothing else is uploaded.
        let mut manifest: Manifest = get_json(&store, &keys::manifest(&run)).await?;
        manifest.plan_sha256 = sha256(&planned);
        let manifest = store::put_canonical(&store, &keys::manifest(&run), &manifest).await?;
        Ok(Begun { run, manifest_sha256: sha256(&manifest), store })
    }
}
