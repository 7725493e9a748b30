//! People who take their consent back while a run is under way.

use std::cell::Cell;

use consent::Consent;
use futures_util::TryStreamExt as _;
use stage::arrows::PartRef;
use stage::manifest::{Consented, Manifest};
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Class, Get as _, Memory, Put as _, get_json};
use supabase::{Page, Range, Rows};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, assemble, clean, parts, plan, upload};

/// Owns the posts 7, 104, 201 and so on; of 2,000 posts 17 that were not opted out and have a text.
const OWNER: &str = "owner-7";

fn world(max_rows: usize) -> (Memory, Project, Tuner) {
    (Memory::default(), Project::new(max_rows).with_job_posts(2_000), Tuner::default())
}

async fn manifest(store: &Memory) -> Manifest {
    get_json(store, &keys::manifest(RUN)).await.unwrap()
}

/// How many of the owner's posts a text holds.
fn posts(text: &str) -> usize {
    (7..2_000).step_by(97).filter(|id| text.contains(&format!("Post {id}."))).count()
}

fn theirs(text: &str) -> bool {
    posts(text) > 0
}

async fn dataset(store: &Memory) -> String {
    let mut text = String::new();
    for side in ["train", "validation", "holdout"] {
        text += std::str::from_utf8(&store.get(&keys::dataset(RUN, side)).await.unwrap()).unwrap();
    }
    text
}

/// The funnel's last step: what was built is in the dataset or counted as left out.
fn adds_up(manifest: &Manifest) -> bool {
    let counts = &manifest.counts;
    let written: u64 = manifest.outputs.values().map(|side| side.lines).sum();
    let sources = &manifest.consent.as_ref().unwrap().sources;
    let withdrawn: u64 = sources.values().map(|source| source.withdrawn).sum();
    let usable: u64 = sources.values().map(|source| source.usable).sum();
    counts.rows == counts.examples + counts.quarantined
        && counts.examples
            == written + counts.withdrawn + counts.duplicates + counts.near_duplicates + counts.too_long
        && (counts.withdrawn, counts.examples) == (withdrawn, withdrawn + usable)
        && manifest.members.as_ref().unwrap().lines == written
}

#[tokio::test]
async fn who_opts_out_after_the_export_is_not_in_the_dataset() {
    for max_rows in [1, 7, 300, 10_000] {
        let (store, mut project, tuner) = world(max_rows);
        clean(&store, &project, &tuner).await.unwrap();
        project.opt_out(OWNER);
        let assembled = assemble(&store, &project).await.unwrap();
        assert!(!theirs(&dataset(&store).await), "pages of {max_rows}");
        let manifest = manifest(&store).await;
        assert!(adds_up(&manifest), "{manifest:?}");
        assert_eq!(manifest.counts.withdrawn, 17);
        let counted = manifest.consent.unwrap().sources["job_posts"];
        assert_eq!(counted, Consented { usable: manifest.counts.examples - 17, withdrawn: 17 });
        upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap();
        assert!(!theirs(&tuner.texts()));
    }
}

#[tokio::test]
async fn a_row_that_was_deleted_is_withdrawn_wherever_it_stood() {
    let (store, mut project, tuner) = world(300);
    clean(&store, &project, &tuner).await.unwrap();
    // The first one, the last one, and two behind one another in the middle.
    project
        .tables
        .get_mut("job_posts")
        .unwrap()
        .retain(|row| ![1, 801, 802, 1_999].contains(&row["id"].as_u64().unwrap()));
    assemble(&store, &project).await.unwrap();
    let (manifest, text) = (manifest(&store).await, dataset(&store).await);
    assert!(adds_up(&manifest) && manifest.counts.withdrawn == 4, "{:?}", manifest.counts);
    for id in [1, 801, 802, 1_999] {
        assert!(!text.contains(&format!("Post {id}.")), "{id}");
    }
    assert!(text.contains("Post 2.") && text.contains("Post 803."));
}

#[tokio::test]
async fn consent_is_read_in_pages_and_not_row_by_row() {
    let (store, project, tuner) = world(1_000);
    clean(&store, &project, &tuner).await.unwrap();
    assemble(&store, &project).await.unwrap();
    assert_eq!(parts(&store).await.len(), 1);
    assert_eq!(*project.key_requests.lock().unwrap(), 2, "1,800 rows by pages of 1,000");
}

/// A source that takes its time, the longer the lower the keys, and knows how many ask at once.
struct Slow<'a> {
    project: &'a Project,
    now: Cell<usize>,
    most: Cell<usize>,
}

impl Rows for Slow<'_> {
    async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
        self.project.page(range, limit).await
    }

    async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
        self.now.set(self.now.get() + 1);
        self.most.set(self.most.get().max(self.now.get()));
        let first = range.after.map_or(0, |key| key.parse::<usize>().unwrap());
        for _ in 0..40 - first / 50 {
            tokio::task::yield_now().await;
        }
        self.now.set(self.now.get() - 1);
        self.project.keys(range, limit).await
    }

    async fn count(&self, range: Range<'_>, consented: bool) -> Result<u64, StageError> {
        self.project.count(range, consented).await
    }

    async fn bounds(&self, range: Range<'_>) -> Result<Option<(String, String)>, StageError> {
        self.project.bounds(range).await
    }
}

#[tokio::test]
async fn a_few_parts_are_asked_for_at_once_and_answered_in_their_order() {
    let (store, mut project, tuner) = world(7);
    plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    let plan: PlanFile = get_json(&store, &keys::plan(RUN)).await.unwrap();
    let (mut parts, mut wanted) = (Vec::new(), Vec::new());
    project.tables.get_mut("job_posts").unwrap().retain(|row| row["id"].as_u64().unwrap() % 17 != 3);
    for part in 0..20_u32 {
        // The sixth had no example at all.
        let keys: Vec<u32> = (part * 100 + 1..=part * 100 + 100).filter(|_| part != 5).collect();
        let lines = keys.iter().map(u32::to_string).collect::<Vec<_>>().join("\n");
        let (table, key) = ("job_posts".to_owned(), keys::row_keys(RUN, "job_posts", 0, part));
        store.put(&key, lines.into(), Class::Raw).await.unwrap();
        parts.push(PartRef { table, slice: 0, part, key: String::new(), rows: 0, bytes: 0, carried: None });
        // Every tenth is opted out.
        wanted.push(keys.iter().map(|key| key % 10 != 0 && key % 17 != 3).collect::<Vec<_>>());
    }
    let slow = Slow { project: &project, now: Cell::default(), most: Cell::default() };
    let read: Vec<Vec<bool>> = Consent::new(&plan, &store, &slow).of(&parts).try_collect().await.unwrap();
    assert_eq!(read, wanted);
    assert_eq!(slow.most.get(), 4);
    // A part whose keys are lost is an error, whatever the others say.
    store.remove(&keys::row_keys(RUN, "job_posts", 0, 7));
    let error = Consent::new(&plan, &store, &slow).of(&parts).try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.chain().contains("00000-00007"), "{}", error.chain());
}

#[tokio::test]
async fn more_than_the_recipe_allows_stops_the_run() {
    let (store, mut project, tuner) = world(300);
    clean(&store, &project, &tuner).await.unwrap();
    for owner in 11..21 {
        project.opt_out(&format!("owner-{owner}"));
    }
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ConsentDrifted);
    for word in ["job_posts", "gates.max_withdrawn_percent allows 5", "examples may not be used"] {
        assert!(error.chain().contains(word), "{}", error.chain());
    }
    assert!(!store.keys().contains(&keys::manifest(RUN)));
}

#[tokio::test]
async fn who_opts_out_after_the_dataset_was_made_is_taken_out_before_a_byte_is_uploaded() {
    let (store, mut project, tuner) = world(300);
    clean(&store, &project, &tuner).await.unwrap();
    let first = assemble(&store, &project).await.unwrap();
    let inside = posts(&dataset(&store).await);
    assert!(inside > 0, "they are in it at first");
    project.opt_out(OWNER);
    let error = upload(&first.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ConsentChanged, "{}", error.chain());
    assert!(error.chain().starts_with(&format!("{inside} examples")), "{}", error.chain());
    assert!(tuner.files.lock().unwrap().is_empty() && tuner.jobs.lock().unwrap().is_empty());
    let again = assemble(&store, &project).await.unwrap();
    assert_ne!(again.manifest_sha256, first.manifest_sha256);
    upload(&again.manifest_sha256, &store, &project, &tuner).await.unwrap();
    assert!(!theirs(&tuner.texts()) && tuner.texts().contains("Care for people"));
    let manifest = manifest(&store).await;
    assert!(adds_up(&manifest) && manifest.counts.withdrawn == 17);
    let recorded: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert!(recorded.given_up.contains(&first.manifest_sha256) && recorded.consent_read_at.is_some());
}

#[tokio::test]
async fn a_file_that_was_uploaded_before_they_opted_out_is_deleted() {
    for uploads in [0, 1] {
        let (store, mut project, tuner) = world(300);
        clean(&store, &project, &tuner).await.unwrap();
        let first = assemble(&store, &project).await.unwrap();
        *tuner.uploads_left.lock().unwrap() = Some(uploads);
        let error = upload(&first.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::Unavailable, "{}", error.chain());
        assert_eq!(theirs(&tuner.texts()), uploads > 0, "the training file arrived");
        project.opt_out(OWNER);
        let error = upload(&first.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::ConsentChanged);
        assert_eq!(tuner.texts(), "", "what had been uploaded is taken back");
        let broken_off = tuner.deleted.lock().unwrap().iter().filter(|id| id.starts_with("upload-")).count();
        assert_eq!(broken_off, uploads as usize + 1, "and so is the upload that was broken off");
        let again = assemble(&store, &project).await.unwrap();
        upload(&again.manifest_sha256, &store, &project, &tuner).await.unwrap();
        assert!(!theirs(&tuner.texts()) && tuner.jobs.lock().unwrap().len() == 1);
    }
}

#[tokio::test]
async fn who_is_not_in_the_dataset_does_not_hold_it_up() {
    let (store, mut project, tuner) = world(300);
    // Equal texts: the first one is in the dataset, the other ones are left out.
    for row in project.tables.get_mut("job_posts").unwrap() {
        if row["owner_id"] == OWNER || row["owner_id"] == "owner-8" {
            (row["title"], row["description"]) = ("Cook".into(), "We cook for many people.".into());
        }
    }
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    project.opt_out("owner-8");
    upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap();
}

#[tokio::test]
async fn a_source_that_does_not_come_to_rest_ends_the_run() {
    let (store, mut project, tuner) = world(300);
    clean(&store, &project, &tuner).await.unwrap();
    let mut names = Vec::new();
    for owner in 11..15 {
        let assembled = assemble(&store, &project).await.unwrap();
        project.opt_out(&format!("owner-{owner}"));
        // The answer may be lost: asked again about the same dataset, it counts once.
        for _ in 0..2 {
            names
                .push(upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err().name());
        }
    }
    assert_eq!(names[..6], [ErrorName::ConsentChanged; 6]);
    assert_eq!(names[6..], [ErrorName::ConsentDrifted; 2]);
    assert!(tuner.files.lock().unwrap().is_empty() && tuner.jobs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn consent_is_read_again_behind_a_refusal_that_proves_there_is_no_job() {
    for refused in [ErrorName::DailyLimit, ErrorName::Throttled, ErrorName::ProviderRefused] {
        let (store, mut project, tuner) = world(300);
        *tuner.refuse_jobs.lock().unwrap() = Some(refused);
        assert_eq!(all(&store, &project, &tuner).await.unwrap_err().name(), refused);
        project.opt_out(OWNER);
        let recorded: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
        let error = upload(&recorded.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::ConsentChanged, "{refused}");
        assert!(tuner.jobs.lock().unwrap().is_empty(), "{refused}");
    }
}

#[tokio::test]
async fn a_job_that_may_have_been_asked_for_is_not_asked_for_again() {
    let (store, mut project, tuner) = world(300);
    *tuner.lose_answers.lock().unwrap() = 1;
    let error = all(&store, &project, &tuner).await.unwrap_err();
    assert!(error.name().is_retryable(), "{error}");
    project.opt_out(OWNER);
    let recorded: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    let submitted = upload(&recorded.manifest_sha256, &store, &project, &tuner).await.unwrap();
    assert_eq!((submitted.job.as_str(), tuner.jobs.lock().unwrap().len()), ("job-0", 1));
    // Another dataset is not paid for beside it.
    assemble(&store, &project).await.unwrap();
    let sha256 = records::digest::sha256(&store.get(&keys::manifest(RUN)).await.unwrap());
    assert_eq!(
        upload(&sha256, &store, &project, &tuner).await.unwrap_err().name(),
        ErrorName::DatasetRejected
    );
}

#[tokio::test]
async fn the_snapshot_tells_who_may_be_used_and_names_nobody() {
    let (store, mut project, tuner) = world(300);
    clean(&store, &project, &tuner).await.unwrap();
    let before = assemble(&store, &project).await.unwrap();
    let first = manifest(&store).await.consent.unwrap();
    assert_eq!(first.read_at, super::run::now());
    assert_eq!(assemble(&store, &project).await.unwrap(), before, "read again, it is the same");
    project.opt_out(OWNER);
    assemble(&store, &project).await.unwrap();
    assert_ne!(manifest(&store).await.consent.unwrap().sha256, first.sha256);
    let text = store.get(&keys::manifest(RUN)).await.unwrap();
    assert!(!String::from_utf8_lossy(&text).contains("owner-"));
}
