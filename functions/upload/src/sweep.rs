//! What runs have left at the provider and nobody waits for.
//!
//! A run that ends is cleared at once, by its event. What escapes that is found here, hourly: a second job that no list showed
//! in time, a file whose answer was lost, a run whose clearing failed each time it was tried.
//!
//! A mode of `upload` and not of `status`: what a run has asked for stands in its record, which `upload` alone may write.

use std::collections::BTreeSet;
use std::ops::Deref;

use jiff::{SignedDuration, Timestamp};
use stage::arrows::{ClearEvent, Ended, Left, SweepEvent, Swept};
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Find, Get, List, Put, Swap, find_json, get_json};
use tuning::{Clean, Files, Host, Inventory, Jobs, Marked, Stored, Told, Watch};

use crate::record::Record;
use crate::{clear, files};

/// No execution lives longer: `TimeoutSeconds` of the workflow, and a day.
pub const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(11 * 24);

/// A run that was found clean for so long is not looked for any more: no list shows a job that late. So a provider that is
/// taken out of the stack is asked for nothing.
const CLEAN_FOR: SignedDuration = SignedDuration::from_hours(6);

/// The runs of this stack.
struct Runs {
    names: BTreeSet<String>,
    /// Those that have come as far as their upload.
    read: Vec<Run>,
    /// Those whose record could not be read.
    failed: Vec<String>,
}

/// A run that has come as far as its upload.
struct Run {
    name: String,
    record: UploadFile,
    host: Host,
    ended: bool,
    /// Its execution can't be alive any more.
    too_old: bool,
}

/// Lists what the runs of this stack have left at the provider and nobody waits for, and removes it if asked to.
///
/// A live run loses nothing that it may still use: of a run that has its job, other jobs of the same dataset and other copies of
/// the files; of a run whose job has ended, the files; of a run that has ended without a model, everything but a trained
/// model. A job or a file is a run's when the run's own record says that it was asked for. A run of which nothing has been left
/// for hours is passed over from then on.
///
/// # Errors
/// `Unavailable` when the store's list could not be read, or when something could not be looked at or removed: it is still
/// there, and the rest has been seen to. So it is where the provider's list was cut off, or where a run was planned for another host
/// than `provider` connects to.
pub async fn sweep<P, T>(
    event: SweepEvent,
    now: Timestamp,
    store: &(impl Get + Find + List + Put + Swap),
    provider: impl AsyncFn(&str, &Host) -> Result<P, StageError>,
) -> Result<Swept, StageError>
where
    P: Deref<Target = T>,
    T: Files + Jobs + Watch + Clean + Inventory,
{
    let Runs { names: known, read: mut runs, mut failed } = runs(now, store).await?;
    let mut swept = Swept { removed: event.remove, ..Swept::default() };
    // Recipes may name different accounts.
    while let Some(first) = runs.first() {
        let host = first.host.clone();
        let (those, others): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.host == host);
        runs = others;
        let account = async || {
            let account = provider(&those[0].name, &host).await?;
            Ok((account.jobs().await?, account.files().await?))
        };
        let (jobs, stored) = match account().await {
            Ok(account) => account,
            Err(error) => {
                let name = &those[0].name;
                note(name, &error);
                failed.push(format!("{name} and {} more of its provider's", those.len() - 1));
                continue;
            }
        };
        let whole = [note_missing("jobs", &jobs), note_missing("files", &stored)] == [true, true];
        if jobs.more || stored.more {
            failed.push(format!("whatever is behind the end of what {} listed", host.words()));
        }
        let (jobs, stored) = (jobs.items, stored.items);
        add_unknown(&mut swept.unknown, &known, &jobs, &stored);
        for mut run in those {
            run.ended |= run.too_old && !run.has_its_end(&jobs);
            let left = match run.left(&jobs, &stored, store).await {
                Ok(left) => left,
                Err(error) => {
                    note(&run.name, &error);
                    failed.push(run.name);
                    continue;
                }
            };
            let unclear = run.ended && !run.record.cleared;
            if left.is_empty() && !unclear {
                let over =
                    if run.ended { run.record.cleared } else { run.has_its_end(&jobs) && run.is_settled() };
                if event.remove && whole && over && run.record.clean_since.is_none() {
                    run.note_clean(Some(now), store).await;
                }
                continue;
            }
            match run.is_searched(store).await {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    note(&run.name, &error);
                    failed.push(run.name);
                    continue;
                }
            }
            let removed = async || {
                let own = provider(&run.name, &host).await?;
                run.remove(&left, now, store, &*own).await
            };
            if event.remove
                && let Err(error) = removed().await
            {
                note(&run.name, &error);
                failed.push(run.name.clone());
            }
            if event.remove && run.record.clean_since.is_some() {
                run.note_clean(None, store).await;
            }
            if !left.is_empty() {
                tracing::warn!(
                    run = run.name,
                    left.jobs = left.jobs.join(" "),
                    left.files = left.files.join(" "),
                    left.uploads = left.uploads.join(" "),
                    left.removed = event.remove,
                    "a run has left something at the provider"
                );
                swept.left.insert(run.name, left);
            }
        }
    }
    if failed.is_empty() {
        return Ok(swept);
    }
    let text =
        format!("what these runs have left at the provider could not be removed: {}", failed.join(", "));
    Err(StageError::new(ErrorName::Unavailable, text))
}

fn note(run: &str, error: &StageError) {
    tracing::error!(run, error.name = %error.name(), error.message = error.chain(), "something may be left");
}

async fn runs(now: Timestamp, store: &(impl Get + Find + List)) -> Result<Runs, StageError> {
    let mut runs = Runs { names: BTreeSet::new(), read: Vec::new(), failed: Vec::new() };
    for folder in store.list(keys::RUNS).await? {
        let Some(name) = folder.strip_prefix(keys::RUNS).and_then(|name| name.strip_suffix('/')) else {
            continue;
        };
        match run(name, now, store).await {
            Ok(Found::Run(run)) => runs.read.push(*run),
            Ok(Found::Clean) => {}
            Ok(Found::Nothing) => continue,
            Err(error) => {
                note(name, &error);
                runs.failed.push(name.to_owned());
            }
        }
        runs.names.insert(name.to_owned());
    }
    Ok(runs)
}

/// What there is of a run.
enum Found {
    /// It has not come as far as its upload.
    Nothing,
    /// Nothing of it has been at the provider for hours.
    Clean,
    /// It may have left something.
    Run(Box<Run>),
}

async fn run(name: &str, now: Timestamp, store: &(impl Get + Find)) -> Result<Found, StageError> {
    let Some(record) = find_json::<UploadFile>(store, &keys::upload(name)).await? else {
        return Ok(Found::Nothing);
    };
    let ended = store.find(&keys::ended(name)).await?.is_some();
    let clean = record.clean_since.is_some_and(|since| now.duration_since(since) > CLEAN_FOR);
    if clean && (record.cleared || !ended) {
        return Ok(Found::Clean);
    }
    // The plan is older, and so expires first.
    let plan: PlanFile = match get_json(store, &keys::plan(name)).await {
        Err(error) if error.name() == ErrorName::Internal => return Ok(Found::Nothing),
        plan => plan?,
    };
    let too_old = now.duration_since(plan.started_at) > LONGEST_RUN;
    let host = Host { provider: plan.recipe.provider, name: plan.host };
    Ok(Found::Run(Box::new(Run { name: name.to_owned(), record, host, ended, too_old })))
}

impl Run {
    /// Says whether the run has a job, and the job is not among those that go on.
    fn has_its_end(&self, jobs: &[Marked]) -> bool {
        let goes_on = |id: &str| jobs.iter().any(|job| job.job.id == id && !job.job.status.is_final());
        self.record.job.as_ref().is_some_and(|job| !goes_on(&job.id))
    }

    /// What of the account is this run's, and not needed.
    async fn left(&self, jobs: &[Marked], stored: &[Stored], store: &impl Find) -> Result<Left, StageError> {
        let record = &self.record;
        let mark = |job: &Marked, key: &str| job.marks.get(key).cloned().unwrap_or_default();
        let ours = |job: &&Marked| {
            mark(job, "zion_run") == self.name && mark(job, "zion_manifest_sha256") == record.manifest_sha256
        };
        let known = record.job.as_ref().map(|job| job.id.as_str());
        let is_known = |job: &&Marked| known == Some(job.job.id.as_str());
        let needed = |job: &&Marked| !self.ended && (known.is_none() || is_known(job));
        let open = jobs.iter().filter(ours).filter(|job| !job.job.status.is_final() && !needed(job));
        let jobs_left = open.map(|job| job.job.id.clone()).collect();

        let over = self.ended || jobs.iter().filter(is_known).any(|job| job.job.status.is_final());
        let in_use = [&record.training_file, &record.validation_file];
        let files_left = stored.iter().filter(|file| {
            let ours = record.sent.get(&file.name) == Some(&file.bytes);
            let used = known.is_none() || in_use.iter().any(|id| id.as_ref() == Some(&file.id));
            let kept = self.host.provider.keep_files && in_use.iter().any(|id| id.as_ref() == Some(&file.id));
            ours && if over { !kept } else { !used }
        });
        let files_left = files_left.map(|file| file.id.clone()).collect();
        let uploads =
            if self.ended && !record.cleared { files::open(&self.name, store).await? } else { Vec::new() };
        Ok(Left { jobs: jobs_left, files: files_left, uploads })
    }

    /// Writes down since when nothing is left, or that something was found. What can't be written is written by the next look.
    async fn note_clean(&self, since: Option<Timestamp>, store: &impl Swap) {
        let noted = async {
            if let Some(mut record) = Record::take(&self.name, store).await? {
                record.file.clean_since = since;
                record.save(store).await?;
            }
            Ok::<_, StageError>(())
        };
        if let Err(error) = noted.await {
            note(&self.name, &error);
        }
    }

    /// Says whether the job that the run has is the only one that it can have.
    fn is_settled(&self) -> bool {
        self.record.job.is_some() && (self.record.settled || self.record.asked < 2)
    }

    /// Says whether the run's job is still the one that was read, and no other one is looked for: a run that has not ended
    /// may be choosing among its jobs.
    async fn is_searched(&self, store: &impl Find) -> Result<bool, StageError> {
        if self.ended {
            return Ok(true);
        }
        let there = find_json::<UploadFile>(store, &keys::upload(&self.name)).await?;
        Ok(there.is_some_and(|there| there.job == self.record.job && (there.settled || there.asked < 2)))
    }

    async fn remove(
        &self,
        left: &Left,
        now: Timestamp,
        store: &(impl Get + Find + Put + Swap),
        provider: &(impl Files + Jobs + Watch + Clean),
    ) -> Result<(), StageError> {
        // First what is seen, because the run's own doubt may last; and all of it, whatever the provider keeps.
        let mut failed = None;
        for job in &left.jobs {
            failed = failed.or(clear::cancel(job, provider).await.err());
        }
        for file in &left.files {
            failed = failed.or(provider.delete_file(file).await.err());
        }
        if self.ended && !self.record.cleared {
            failed = failed.or(self.clear(now, store, provider).await.err());
        }
        failed.map_or(Ok(()), Err)
    }

    async fn clear(
        &self,
        now: Timestamp,
        store: &(impl Get + Find + Put + Swap),
        provider: &(impl Files + Jobs + Watch + Clean),
    ) -> Result<(), StageError> {
        let event = ClearEvent { run: self.name.clone(), ended: Ended::TimedOut };
        match Record::take(&self.name, store).await? {
            Some(record) => clear::clear(event, record, now, store, provider).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Says aloud what was not read of a list; whether that is nothing.
fn note_missing<T>(what: &str, told: &Told<T>) -> bool {
    let whole = !told.more && told.unreadable == 0;
    if !whole {
        tracing::warn!(
            list = what,
            list.goes_on = told.more,
            list.unreadable = told.unreadable,
            "the provider's list was not read whole"
        );
    }
    whole
}

/// Adds what looks like a run's, but of none that this stack knows.
fn add_unknown(unknown: &mut Left, known: &BTreeSet<String>, jobs: &[Marked], stored: &[Stored]) {
    for Marked { job, marks } in jobs {
        let stranger = marks.get("zion_run").is_some_and(|run| !known.contains(run));
        if stranger && !job.status.is_final() && !unknown.jobs.contains(&job.id) {
            unknown.jobs.push(job.id.clone());
        }
    }
    for file in stored {
        let stranger = files::run_of(&file.name).is_some_and(|run| !known.contains(run));
        if stranger && !unknown.files.contains(&file.id) {
            unknown.files.push(file.id.clone());
        }
    }
}
