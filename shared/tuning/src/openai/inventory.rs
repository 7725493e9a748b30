//! Everything there is.

use serde_json::Value;
use stage::StageError;

use super::OpenAi;
use super::jobs::{a_hundred, job};
use crate::job::Told;
use crate::provider::{Inventory, Marked, Stored};
use crate::wire::FineTuningJob;

impl Inventory for OpenAi {
    async fn jobs(&self) -> Result<Told<Marked>, StageError> {
        let mut found: Vec<FineTuningJob> = Vec::new();
        let keep = |job: FineTuningJob| {
            // A host that turns pages while jobs are made repeats some.
            if !found.iter().any(|known| known.id == job.id) {
                found.push(job);
            }
            true
        };
        let segments = ["fine_tuning", "jobs"];
        let listed = self.pages("listing all jobs", &segments, a_hundred, |job| &job.id, keep).await?;
        let mut told = Told { items: Vec::new(), more: listed.more, unreadable: listed.left_out };
        let marked = |mut wire: FineTuningJob| -> Result<Marked, StageError> {
            let texts = wire.metadata.take().unwrap_or_default().into_iter();
            let marks = texts.filter_map(|(key, value)| match value {
                Value::String(text) => Some((key, text)),
                _ => None,
            });
            Ok(Marked { marks: marks.collect(), job: job(wire)? })
        };
        for wire in found {
            // One that can't be read keeps nobody from seeing the others.
            match marked(wire) {
                Ok(job) => told.items.push(job),
                Err(_) => told.unreadable += 1,
            }
        }
        Ok(told)
    }

    async fn files(&self) -> Result<Told<Stored>, StageError> {
        self.stored().await
    }
}
