//! `zion verify`: what a run's objects say, and what they are.

use jiff::SignedDuration;
use stage::keys;
use stage::manifest::Manifest;
use store::{Class, Get as _, Memory, Put as _};
use zion::verify::{Report, report};

use super::fakes::{Project, Tuner};
use super::run::{RUN, assemble, clean, now, upload};

/// A run in which somebody opts out after the export, up to the job.
async fn submitted() -> Memory {
    let (store, mut project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default());
    clean(&store, &project, &tuner).await.unwrap();
    project.opt_out("owner-7");
    let assembled = assemble(&store, &project).await.unwrap();
    upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap();
    store
}

async fn changed(key: &str, change: impl FnOnce(String) -> String) -> Report {
    let store = submitted().await;
    let before = String::from_utf8(store.get(key).await.unwrap().to_vec()).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after, "the test changes nothing in {key}");
    store.put(key, after.into(), Class::Derived).await.unwrap();
    report(RUN, now(), &store).await.unwrap()
}

#[tokio::test]
async fn an_untouched_run_holds_and_nothing_is_written() {
    let store = submitted().await;
    let before = store.objects();
    let report = report(RUN, now(), &store).await.unwrap();
    assert!(report.differs.is_empty(), "{:#?}", report.differs);
    for what in [
        "train.jsonl",
        "validation.jsonl",
        "holdout.jsonl",
        "members.bits",
        "withdrawn.bits",
        "lineage",
        "quarantine/",
        "report.html",
    ] {
        assert!(report.held.iter().any(|line| line.contains(what)), "{what}: {:#?}", report.held);
    }
    assert!(report.held.iter().any(|line| line.starts_with("made again")), "{:#?}", report.held);
    assert!(before == store.objects(), "verifying leaves the bucket as it was");
    let manifest: Manifest = store::get_json(&store, &keys::manifest(RUN)).await.unwrap();
    assert!(manifest.counts.withdrawn > 0, "somebody opted out, or the test shows less than it says");
}

#[tokio::test]
async fn what_was_changed_is_named() {
    let train = keys::dataset(RUN, "train");
    let report = changed(&train, |text| text.replacen("Bonn", "Köln", 1)).await;
    assert!(report.differs.iter().all(|line| line.contains("train.jsonl")), "{:#?}", report.differs);
    assert!(report.differs.iter().any(|line| line.contains("sha256")));

    let count = "\"duplicates\":0";
    let report = changed(&keys::manifest(RUN), |text| text.replacen(count, "\"duplicates\":5", 1)).await;
    let expected = "made again, counts.duplicates: the manifest says 5, it comes to 0";
    assert!(report.differs.iter().any(|line| line == expected), "{:#?}", report.differs);
    assert!(
        report.differs.iter().any(|line| line.starts_with("the uploaded manifest")),
        "another was uploaded"
    );

    let report = changed(&keys::plan(RUN), |text| text.replacen("\"epochs\": 3", "\"epochs\": 4", 1)).await;
    for field in ["plan_sha256", "billed_tokens"] {
        assert!(report.differs.iter().any(|line| line.contains(field)), "{field}: {:#?}", report.differs);
    }

    let clean = keys::scrubbed_part(RUN, "job_posts", 0, 0);
    let report = changed(&clean, |text| text.replacen("Bonn", "Köln", 1)).await;
    assert!(
        report.differs.iter().any(|line| line.contains("is not what its report says")),
        "{:#?}",
        report.differs
    );

    let lineage = keys::lineage(RUN, "a");
    let report = changed(&lineage, |text| text.replacen("train", "holdout", 1)).await;
    assert!(report.differs.iter().all(|line| line.starts_with("lineage sha256")), "{:#?}", report.differs);
    assert_eq!(report.differs.len(), 1);

    let report = changed(&keys::report(RUN), |page| page.replacen("Samples", "Sample", 1)).await;
    assert_eq!(report.differs, [format!("made again, {} is another page", keys::report(RUN))]);

    let quarantine = keys::quarantine_part(RUN, "job_posts", 0, 0);
    let report = changed(&quarantine, |text| text.split_once('\n').unwrap().1.to_owned()).await;
    assert!(report.differs[0].starts_with("lines in quarantine/"), "{:#?}", report.differs);
}

#[tokio::test]
async fn what_has_expired_is_told_from_what_was_changed() {
    let after = |days: i64| now() + SignedDuration::from_hours(24 * days);
    let clean = keys::scrubbed_part(RUN, "job_posts", 0, 0);
    for (key, stays) in [(keys::export_parts(RUN), 7), (clean, 90), (keys::dataset(RUN, "holdout"), 90)] {
        let store = submitted().await;
        store.remove(&key);
        // Too young to have expired: somebody has taken it away.
        let early = report(RUN, after(stays - 1), &store).await.unwrap();
        assert!(early.expired.is_empty() && !early.differs.is_empty(), "{key}: {early:#?}");
        let late = report(RUN, after(stays), &store).await.unwrap();
        assert!(late.differs.is_empty(), "{key}: {:#?}", late.differs);
        assert!(late.expired[0].starts_with(&key), "{:#?}", late.expired);
        assert!(late.expired.last().unwrap().contains("cannot be made again"), "{:#?}", late.expired);
        assert!(late.held.iter().any(|line| line.contains("train.jsonl sha256")), "the rest is compared");
    }

    // The lineage outlasts everything else of a run, and says how old it was.
    let store = submitted().await;
    store.remove(&keys::manifest(RUN));
    assert!(report(RUN, after(80), &store).await.unwrap_err().chain().contains("has no manifest"));
    store.remove(&keys::plan(RUN));
    let gone = report(RUN, after(91), &store).await.unwrap();
    assert!(gone.differs.is_empty() && gone.expired[0].contains("manifest.json"), "{gone:#?}");
}

#[tokio::test]
async fn the_list_of_parts_stays_as_long_as_the_parts() {
    let store = submitted().await;
    let objects = store.objects();
    let class = |key: String| objects.iter().find(|(name, ..)| *name == key).map(|(_, class, _)| *class);
    assert_eq!(class(keys::export_parts(RUN)), Some(Class::Derived));
    assert_eq!(class(keys::scrubbed_part(RUN, "job_posts", 0, 0)), Some(Class::Derived));
}
