//! What is read, what is taken over, and when everything is read.

use jiff::SignedDuration;
use serde_json::json;
use stage::arrows::{PartRef, ScrubEvent};
use stage::export_file::ExportCursor;
use stage::manifest::{Reading, Recall};
use stage::plan_file::{PlanFile, Since};
use stage::scrub_file::Quarantined;
use stage::{ErrorName, keys};
use store::{get_json, get_lines, put_json};

use super::{World, start};

#[tokio::test]
async fn what_has_changed_is_read_and_the_rest_is_taken_over() {
    let mut world = World::new(600);
    world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    world.wait(24 * 60);
    let now = world.time();
    // One row has another text, one came, one went, one was taken back, one was given, and one only seems to have changed.
    (world.post(101)["description"], world.post(101)["updated_at"]) = (json!("Another text."), now.clone());
    let mut new = world.post(102).clone();
    (new["id"], new["description"], new["updated_at"]) = (json!(601), json!("A new one."), now.clone());
    world.posts().push(new);
    world.posts().retain(|row| row["id"] != 103);
    world.post(104)["opted_out"] = json!(true);
    world.post(110)["opted_out"] = json!(false);
    world.post(105)["updated_at"] = now;
    let planned = world.plan("b", json!({})).await.unwrap();
    assert!(
        planned
            .reading
            .unwrap()
            .starts_with("what has changed since 2026-11-22T08:59:00Z, beside what run a")
    );
    world.run("b", json!({})).await.unwrap();
    let reading = world.reading("b").await;
    let Reading { read, kept, replaced, unchanged, gone, .. } = reading;
    // 540 of 600 may be used at first.
    assert_eq!((read, replaced, unchanged, gone), (4, 2, 1, 2), "two were there, one came and one was given");
    assert_eq!(kept, 540 - replaced - gone);
    assert_eq!(world.manifest("b").await.counts.rows, kept + read);
    world.same_as_full("b", "after a day").await;
    let report = zion::verify::report("b", super::super::run::now(), &world.store).await.unwrap();
    assert!(report.differs.is_empty() && report.held.len() > 10, "{:#?}", report.differs);
    // The page says so too.
    let page =
        String::from_utf8(store::Get::get(&world.store, &keys::report("b")).await.unwrap().to_vec()).unwrap();
    assert!(
        page.contains("Incremental since 2026-11-22T08:59:00Z: 4 rows read, 536 taken over from run a."),
        "{page}"
    );
}

#[tokio::test]
async fn nothing_has_changed_and_nothing_is_read() {
    let mut world = World::new(300);
    let first = world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    world.wait(600);
    let second = world.run("b", json!({})).await.unwrap();
    assert_eq!(
        (first.train, first.validation, first.holdout),
        (second.train, second.validation, second.holdout)
    );
    let reading = world.reading("b").await;
    assert_eq!((reading.read, reading.kept, reading.gone), (0, 270, 0));
    for (kind, recall) in world.manifest("b").await.recall {
        let then = Recall { earlier: recall.planted, ..world.manifest("a").await.recall[&kind] };
        assert_eq!(recall, then, "measured then");
    }
}

#[tokio::test]
async fn a_run_that_failed_is_not_gone_on_from() {
    let mut world = World::new(300);
    assert_eq!(world.notes("a").await, "no run of this recipe has succeeded before");
    assert_eq!(world.notes("b").await, "no run of this recipe has succeeded before");
    world.succeed("a").await;
    world.wait(600);
    world.run("c", json!({})).await.unwrap();
    assert_eq!(world.reading("c").await.plan.since.unwrap().run, "a");
    world.wait(600);
    // It has read changes that its failure must not swallow.
    world.run("d", json!({})).await.unwrap();
    let since = world.reading("d").await.plan.since.unwrap();
    assert_eq!((since.run.as_str(), since.number), ("a", 1));
}

#[tokio::test]
async fn whatever_is_lost_or_other_than_it_was_means_a_full_run() {
    let mut world = World::new(300);
    world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    world.wait(60);
    let plan: PlanFile = get_json(&world.store, &keys::plan("a")).await.unwrap();
    let manifest = world.manifest("a").await;
    let change = |plan: &dyn Fn(&mut PlanFile), of: &PlanFile| {
        let mut changed = of.clone();
        plan(&mut changed);
        changed
    };
    let plans: [(&str, PlanFile); 5] = [
        ("the recipe has changed since run a", change(&|it| it.recipe_sha256 = "other".to_owned(), &plan)),
        (
            "the tables have changed since run a",
            change(&|it| it.reading.as_mut().unwrap().tables_sha256 = Some("other".to_owned()), &plan),
        ),
        ("run a did not note when it began to read", change(&|it| it.reading = None, &plan)),
        (
            "run a is too old: the keys of its rows have expired",
            change(&|it| it.started_at -= SignedDuration::from_hours(34 * 24), &plan),
        ),
        ("one run of 10 reads everything", {
            let mut earlier = plan.clone();
            let since = Since {
                run: "z".to_owned(),
                first: "z".to_owned(),
                number: 9,
                sources: [("job_posts".to_owned(), start())].into(),
            };
            earlier.reading.as_mut().unwrap().since = Some(since);
            earlier
        }),
    ];
    for (at, (note, plan)) in plans.into_iter().enumerate() {
        put_json(&world.store, &keys::plan("a"), &plan).await.unwrap();
        assert_eq!(world.notes(&format!("plan-{at}")).await, note);
    }
    put_json(&world.store, &keys::plan("a"), &json!({"run": "a"})).await.unwrap();
    assert_eq!(world.notes("no-plan").await, "what run a has left is lost");
    put_json(&world.store, &keys::plan("a"), &plan).await.unwrap();
    for (at, version) in ["code", "scrubber"].into_iter().enumerate() {
        let mut other = manifest.clone();
        let field = if at == 0 { &mut other.code_version } else { &mut other.scrubber_version };
        *field = "0.0.0".to_owned();
        put_json(&world.store, &keys::manifest("a"), &other).await.unwrap();
        assert_eq!(world.notes(version).await, "run a was made by another version");
    }
    put_json(&world.store, &keys::manifest("a"), &manifest).await.unwrap();
    let now = world.project.now.take();
    assert_eq!(world.notes("no-time").await, "the source does not tell its time");
    world.project.now = now;
    for (at, (input, note)) in [
        (json!({"full": true}), "the input asks for it"),
        (json!({"accept_schema": true}), "the tables have changed, and are accepted as they are"),
    ]
    .into_iter()
    .enumerate()
    {
        let planned = world.plan(&format!("asked-{at}"), input).await.unwrap();
        assert_eq!(planned.reading.unwrap(), format!("everything: {note}"));
    }
    world.run("b", json!({})).await.unwrap();
    assert_eq!(world.reading("b").await.kept, 270, "as it was, it is gone on from");
    // Planned again it reads the same, whatever has succeeded meanwhile.
    let before = world.reading("b").await.plan;
    world.succeed("b").await;
    world.wait(600);
    world.plan("b", json!({})).await.unwrap();
    let again: PlanFile = get_json(&world.store, &keys::plan("b")).await.unwrap();
    assert_eq!(again.reading, Some(before));
}

#[tokio::test]
async fn a_source_without_a_time_is_read_whole_and_says_so() {
    for (kind, note) in [
        (None, "there is no job_posts.updated_at"),
        (Some("text"), "job_posts.updated_at is text, not a timestamp or a date"),
    ] {
        let mut world = World::new(300);
        let columns = world.project.types.as_mut().unwrap().get_mut("job_posts").unwrap();
        columns.remove("updated_at");
        columns.extend(kind.map(|kind| ("updated_at".to_owned(), kind.to_owned())));
        world.run("a", json!({})).await.unwrap();
        world.succeed("a").await;
        world.run("b", json!({})).await.unwrap();
        let reading = world.reading("b").await;
        assert_eq!((reading.read, reading.kept), (270, 0));
        assert!(reading.plan.notes.contains(&format!("job_posts is read whole: {note}")), "{reading:?}");
        world.same_as_full("b", note).await;
    }
}

#[tokio::test]
async fn a_time_without_a_zone_begins_a_day_earlier() {
    let mut world = World::new(300);
    let columns = world.project.types.as_mut().unwrap().get_mut("job_posts").unwrap();
    columns.insert("updated_at".to_owned(), "timestamp without time zone".to_owned());
    world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    let planned = world.plan("b", json!({})).await.unwrap();
    assert!(planned.reading.unwrap().contains("since 2026-11-21T08:59:00Z"));
}

#[tokio::test]
async fn a_table_that_has_more_than_doubled_is_read_whole() {
    let mut world = World::new(200);
    world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    let last = world.post(200).clone();
    let more = (201..50_600).map(|id| {
        let mut row = last.clone();
        row["id"] = json!(id);
        row
    });
    let more: Vec<_> = more.collect();
    world.posts().extend(more);
    let planned = world.plan("b", json!({})).await.unwrap();
    let reading = planned.reading.unwrap();
    assert!(
        reading.starts_with("everything: job_posts is read whole: most of its rows are new; "),
        "{reading}"
    );
    assert!(reading.ends_with("support_logs is read whole: it had no rows before"), "{reading}");
}

#[tokio::test]
async fn keys_that_are_lost_in_mid_run_mean_rows_that_are_read() {
    for lost in [keys::row_keys("a", "job_posts", 0, 1), keys::unusable_keys("a", "job_posts", 0, 1)] {
        let mut world = World::new(300);
        world.run("a", json!({})).await.unwrap();
        world.succeed("a").await;
        let part = "runs/a/export/job_posts/00000.cursor.json";
        let cursor: ExportCursor = get_json(&world.store, part).await.unwrap();
        let planned = world.plan("b", json!({})).await.unwrap();
        world.store.remove(&lost);
        world.export(&planned, || usize::MAX, |_| ()).await.unwrap();
        world.finish("b").await.unwrap();
        assert_eq!(world.reading("b").await.read, cursor.parts[1].rows);
        world.same_as_full("b", &lost).await;
        // Without its cursor the whole slice is read.
        world.run("c", json!({})).await.unwrap();
        let planned = world.plan("d", json!({})).await.unwrap();
        world.store.remove(part);
        world.export(&planned, || usize::MAX, |_| ()).await.unwrap();
        world.finish("d").await.unwrap();
        assert_eq!((world.reading("d").await.read, world.reading("d").await.kept), (270, 0));
    }
}

#[tokio::test]
async fn clean_parts_that_are_lost_mean_rows_that_are_read() {
    for lost in [keys::scrubbed_part, keys::scrubbed_digests, keys::scrubbed_report, keys::quarantine_part] {
        let lost = lost("a", "job_posts", 0, 1);
        let mut world = World::new(300);
        world.run("a", json!({})).await.unwrap();
        world.succeed("a").await;
        let cursor = keys::export_cursor("a", "job_posts", 0);
        let cursor: ExportCursor = get_json(&world.store, &cursor).await.unwrap();
        assert!(cursor.parts.len() > 2 && world.store.keys().contains(&lost), "{lost}");
        world.store.remove(&lost);
        world.run("b", json!({})).await.unwrap();
        let Reading { read, kept, .. } = world.reading("b").await;
        assert_eq!((read, kept), (cursor.parts[1].rows, 270 - read), "{lost}");
        let manifest = world.manifest("b").await;
        let carried = manifest.slices[0].counts.carried.unwrap();
        assert_eq!((carried.kept, carried.read), (kept, read), "they add up to what was written");
        world.same_as_full("b", &lost).await;
    }
}

#[tokio::test]
async fn clean_parts_that_are_lost_behind_the_export_are_refused_with_the_way_out() {
    for lost in [keys::scrubbed_part, keys::scrubbed_digests, keys::scrubbed_report, keys::quarantine_part] {
        let lost = lost("a", "job_posts", 0, 1);
        let mut world = World::new(300);
        world.run("a", json!({})).await.unwrap();
        world.succeed("a").await;
        let planned = world.plan("b", json!({})).await.unwrap();
        world.export(&planned, || usize::MAX, |_| ()).await.unwrap();
        world.store.remove(&lost);
        let error = world.finish("b").await.unwrap_err();
        assert_eq!(error.name(), ErrorName::CountsDiffer, "{}", error.chain());
        assert!(error.chain().contains(&lost), "{}", error.chain());
        assert!(error.chain().contains(r#"{"full": true}"#), "{}", error.chain());
    }
}

#[tokio::test]
async fn what_earlier_runs_planted_is_told_apart_and_counts_once() {
    let mut world = World::new(600);
    world.project.max_rows = 10;
    let all = std::mem::take(world.posts());
    world.posts().extend(all.iter().filter(|row| row["id"].as_u64().unwrap() % 4 == 0).cloned());
    world.run("a", json!({})).await.unwrap();
    let first = world.manifest("a").await.recall;
    assert!(!first.is_empty() && first.values().all(|it| it.planted > 0 && it.earlier == 0));
    world.succeed("a").await;
    world.wait(600);
    // Each part of the first run becomes several: rows come between its own.
    *world.posts() = all;
    world.run("b", json!({})).await.unwrap();
    let (reading, second) = (world.reading("b").await, world.manifest("b").await.recall);
    assert!(reading.kept > 100 && reading.read > 300, "{reading:?}");
    let parts = get_lines::<PartRef>(&world.store, &keys::export_parts("b")).await.unwrap();
    let again = parts.iter().filter(|part| part.carried.as_ref().is_some_and(|it| it.again));
    assert!(again.count() > 2, "{parts:#?}");
    for (kind, recall) in &second {
        assert_eq!(recall.earlier, first[kind].planted, "{kind}");
        assert!(recall.planted > recall.earlier, "{kind}");
    }
    // Nothing is read: all of it was measured before.
    world.succeed("b").await;
    world.wait(600);
    world.run("c", json!({})).await.unwrap();
    for (kind, recall) in world.manifest("c").await.recall {
        let Recall { planted, found, .. } = second[&kind];
        assert_eq!((recall.planted, recall.earlier, recall.found), (planted, planted, found), "{kind}");
    }
    let page = store::Get::get(&world.store, &keys::report("c")).await.unwrap();
    assert!(String::from_utf8(page.to_vec()).unwrap().contains("by earlier runs, when they scrubbed"));
    // Everything is read again: nothing of what was measured before counts.
    world.succeed("c").await;
    world.wait(600);
    let now = world.time();
    for row in world.posts() {
        row["updated_at"] = now.clone();
    }
    world.run("d", json!({})).await.unwrap();
    assert_eq!(world.reading("d").await.kept, 0);
    assert!(world.manifest("d").await.recall.values().all(|it| it.planted > 0 && it.earlier == 0));
}

#[tokio::test]
async fn a_row_that_was_quarantined_before_is_pointed_to_as_taken_over() {
    let mut world = World::new(300);
    world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    world.wait(600);
    let now = world.time();
    world.post(13)["updated_at"] = now;
    world.run("b", json!({})).await.unwrap();
    let mut seen = Vec::new();
    for part in get_lines::<PartRef>(&world.store, &keys::export_parts("b")).await.unwrap() {
        let raw = store::Get::get(&world.store, &part.key).await.unwrap();
        let raw: Vec<&str> = std::str::from_utf8(&raw).unwrap().lines().collect();
        let key = keys::quarantine_part("b", "job_posts", part.slice, part.part);
        for pointer in get_lines::<Quarantined>(&world.store, &key).await.unwrap_or_default() {
            assert_eq!(pointer.part, part.key);
            let line = raw[usize::try_from(pointer.line).unwrap() - 1];
            // The row itself, or its key alone.
            assert_eq!(line.starts_with('"'), pointer.taken_over, "{line}");
            seen.push(pointer.taken_over);
        }
    }
    let read = seen.iter().filter(|taken_over| !**taken_over).count();
    assert_eq!(
        (read, seen.len()),
        (1, usize::try_from(world.manifest("b").await.counts.quarantined).unwrap())
    );
}

#[tokio::test]
async fn what_was_hashed_under_another_key_is_refused_with_the_way_out() {
    let mut world = World::new(300);
    world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    let planned = world.plan("b", json!({})).await.unwrap();
    world.export(&planned, || usize::MAX, |_| ()).await.unwrap();
    let part = get_lines::<PartRef>(&world.store, &keys::export_parts("b")).await.unwrap().remove(0);
    let other = records::subject::SubjectKey::new(b"another key of enough bytes").unwrap();
    let event = ScrubEvent { run: "b".to_owned(), part };
    let error = scrub::handle(event, &world.store, &other).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert!(error.chain().contains(r#"{"full": true}"#), "{}", error.chain());
}
