//! Everything there is.

use serde_json::Value;
use stage::StageError;

use super::OpenAi;
use super::jobs::job;
use crate::provider::{Inventory, Marked, Stored};
use crate::wire::FineTuningJob;

impl Inventory for OpenAi {
    async fn jobs(&self) -> Result<Vec<Marked>, StageError> {
        let mut found: Vec<FineTuningJob> = Vec::new();
        let keep = |job: FineTuningJob| {
            // A host that turns pages while jobs are made repeats some.
            if !found.iter().any(|known| known.id == job.id) {
                found.push(job);
            }
            true
        };
        self.pages("listing all jobs", &["fine_tuning", "jobs"], |it| it, |job| &job.id, keep).await?;
        let marked = |mut wire: FineTuningJob| {
            let texts = wire.metadata.take().unwrap_or_default().into_iter();
            let marks = texts.filter_map(|(key, value)| match value {
                Value::String(text) => Some((key, text)),
                _ => None,
            });
            Ok(Marked { marks: marks.collect(), job: job(wire)? })
        };
        found.into_iter().map(marked).collect()
    }

    async fn files(&self) -> Result<Vec<Stored>, StageError> {
        self.stored().await
    }
}
