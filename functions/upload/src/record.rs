//! What a run has written of its upload, and who may write it.

use jiff::Timestamp;
use stage::upload_file::{Lease, UploadFile};
use stage::{ErrorName, StageError, keys};
use store::{Swap, Version, look_json, swap_json};

/// `upload.json` in the hands of one attempt.
///
/// Two attempts of one run can be at work at once: the workflow gives up one that still lives, or the run is stopped and
/// cleared meanwhile. Each takes the record over from whoever had it, and every write is over the state that it knows, so
/// the earlier one stops at its next write.
pub struct Record {
    run: String,
    version: Option<Version>,
    /// What is written with the next [`Record::save`].
    pub(crate) file: UploadFile,
}

impl Record {
    /// Takes the record over, if there is one.
    pub(crate) async fn take(run: &str, store: &impl Swap) -> Result<Option<Self>, StageError> {
        let Some((file, version)) = look_json(store, &keys::upload(run)).await? else {
            return Ok(None);
        };
        let mut record = Self { run: run.to_owned(), version: Some(version), file };
        record.hold(store).await?;
        Ok(Some(record))
    }

    /// Begins the record of a run that has none.
    pub(crate) async fn begin(run: &str, file: UploadFile, store: &impl Swap) -> Result<Self, StageError> {
        let mut record = Self { run: run.to_owned(), version: None, file };
        record.hold(store).await?;
        Ok(record)
    }

    async fn hold(&mut self, store: &impl Swap) -> Result<(), StageError> {
        let Lease { number, until, .. } = self.file.lease;
        let holder = format!("{:016x}", rand::random::<u64>());
        self.file.lease = Lease { number: number + 1, holder, until };
        self.save(store).await
    }

    /// Writes the record.
    ///
    /// # Errors
    /// `Unavailable` when another attempt has taken it over: this one must stop.
    pub(crate) async fn save(&mut self, store: &impl Swap) -> Result<(), StageError> {
        let written = swap_json(store, &keys::upload(&self.run), self.version.as_ref(), &self.file).await?;
        if written.is_none() {
            let text = format!("another attempt at the upload of run {} has taken over", self.run);
            return Err(StageError::new(ErrorName::Unavailable, text));
        }
        self.version = written;
        Ok(())
    }

    /// Says what the record holds by now, whoever wrote it.
    pub(crate) async fn now_there(&self, store: &impl Swap) -> Result<Option<UploadFile>, StageError> {
        let there = look_json(store, &keys::upload(&self.run)).await?;
        Ok(there.map(|(file, _)| file))
    }

    /// Until when a call for the job may be on its way; never before `now`.
    pub(crate) fn quiet_from(&self, now: Timestamp) -> Timestamp {
        self.file.lease.until.map_or(now, |until| until.max(now))
    }
}
