//! Runs that read what has changed alone, against runs that read everything.

mod cases;
mod schedules;

use export::Sizes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stage::arrows::{
    AssembleEvent, Assembled, ExportAnswer, ExportEvent, PartRef, PlanEvent, Planned, ScrubEvent,
};
use stage::manifest::{Manifest, Reading};
use stage::{ErrorName, StageError, keys};
use store::{Failing, Memory, get_json, get_lines};
use supabase::{Models as _, Window};

use super::fakes::{Project, Tuner};
use super::run::{key, time};

/// The recipe with `[incremental]`: a lag of a minute and an overlap of an hour.
const RECIPE: &str = "zion-gpt";
/// Says whether a row is in a window; its time is a text, or null.
pub(super) fn inside(row: &Value, window: Window<'_>) -> bool {
    match window {
        Window::All => true,
        Window::Since { cursor, from } => {
            let from: Timestamp = from.parse().unwrap();
            row[cursor].as_str().is_some_and(|time| time.parse::<Timestamp>().unwrap() >= from)
        }
        Window::Never { cursor } => row[cursor].is_null(),
    }
}

fn start() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// A store, a source and its time.
struct World {
    store: Memory,
    project: Project,
    tuner: Tuner,
    sizes: Sizes,
    started_at: Timestamp,
}

impl World {
    fn new(rows: u64) -> Self {
        let mut project = Project::new(300).with_job_posts(rows);
        for row in project.tables.get_mut("job_posts").unwrap() {
            row["updated_at"] = json!("2026-11-01T00:00:00Z");
        }
        project.now = Some(start());
        for table in ["job_posts", "resumes", "support_logs"] {
            let columns = project.types.as_mut().unwrap().entry(table.to_owned()).or_default();
            columns.insert("updated_at".to_owned(), "timestamp with time zone".to_owned());
        }
        let sizes = Sizes { part_bytes: 4_000, more_keys: 5, near: 3 };
        Self { store: Memory::default(), project, tuner: Tuner::default(), sizes, started_at: start() }
    }

    fn posts(&mut self) -> &mut Vec<Value> {
        self.project.tables.get_mut("job_posts").unwrap()
    }

    fn post(&mut self, id: u64) -> &mut Value {
        self.posts().iter_mut().find(|row| row["id"] == id).unwrap()
    }

    /// Lets time pass.
    fn wait(&mut self, minutes: i64) {
        let length = SignedDuration::from_mins(minutes);
        self.project.now = self.project.now.map(|now| now + length);
        self.started_at += length;
    }

    fn time(&self) -> Value {
        json!(self.project.now.unwrap().to_string())
    }

    async fn plan(&self, run: &str, input: Value) -> Result<Planned, StageError> {
        let (run, project) = (run.to_owned(), &self.project);
        let event = PlanEvent { run, started_at: self.started_at, input };
        plan::handle(event, RECIPE, "h", &self.store, project, project, &self.tuner).await
    }

    /// Exports all slices; a call fails behind so many uses of the store and is made again.
    async fn export(
        &mut self,
        planned: &Planned,
        mut calls: impl FnMut() -> usize,
        mut meanwhile: impl FnMut(&mut Self),
    ) -> Result<(), StageError> {
        for slice in &planned.slices {
            loop {
                let failing = Failing::after(calls(), &self.store);
                let event = ExportEvent::Slice { run: planned.run.clone(), slice: slice.clone() };
                match export::handle_with(event, time(), self.sizes, &failing, &self.project).await {
                    Ok(ExportAnswer::Slice(slice)) if !slice.more => break,
                    Ok(_) => {}
                    Err(error) if error.name() == ErrorName::Unavailable => {}
                    Err(error) => return Err(error),
                }
                meanwhile(self);
            }
            meanwhile(self);
        }
        let event = ExportEvent::Gather { run: planned.run.clone() };
        export::handle(event, time(), &self.store, &self.project).await.map(|_| ())
    }

    /// Everything behind the export, up to the dataset.
    async fn finish(&self, run: &str) -> Result<Assembled, StageError> {
        for part in get_lines::<PartRef>(&self.store, &keys::export_parts(run)).await? {
            scrub::handle(ScrubEvent { run: run.to_owned(), part }, &self.store, &key()).await?;
        }
        let event = AssembleEvent { run: run.to_owned() };
        assemble::handle(event, self.started_at, &self.store, &self.project).await
    }

    async fn run(&mut self, run: &str, input: Value) -> Result<Assembled, StageError> {
        let planned = self.plan(run, input).await?;
        self.export(&planned, || usize::MAX, |_| ()).await?;
        self.finish(run).await
    }

    /// The run's model goes live.
    async fn succeed(&self, run: &str) {
        self.project.promote(run, &format!("model-{run}"), &json!({}), "").await.unwrap();
    }

    async fn manifest(&self, run: &str) -> Manifest {
        get_json(&self.store, &keys::manifest(run)).await.unwrap()
    }

    async fn reading(&self, run: &str) -> Reading {
        self.manifest(run).await.reading.unwrap()
    }

    /// The notes of a run that reads everything.
    async fn notes(&mut self, run: &str) -> String {
        self.run(run, json!({})).await.unwrap();
        let reading = self.reading(run).await;
        assert_eq!((reading.plan.since, reading.kept, reading.gone), (None, 0, 0), "{run}");
        reading.plan.notes.join("; ")
    }

    /// Holds a run's dataset to one that reads everything at the same time: the same bytes, the same people.
    async fn same_as_full(&mut self, run: &str, context: &str) {
        let full = format!("{run}-full");
        self.run(&full, json!({"full": true})).await.unwrap();
        let (ours, theirs) = (self.manifest(run).await, self.manifest(&full).await);
        assert_eq!(ours.outputs, theirs.outputs, "{context}");
        assert_eq!(ours.quarantined, theirs.quarantined, "{context}");
        assert_eq!(ours.counts, theirs.counts, "{context}");
        assert_eq!(ours.lengths, theirs.lengths, "{context}");
        let lineage = |manifest: &Manifest| manifest.lineage.as_ref().unwrap().sha256.clone();
        assert_eq!(lineage(&ours), lineage(&theirs), "{context}");
        assert_eq!(ours.consent.unwrap().sha256, theirs.consent.unwrap().sha256, "{context}");
        self.project.fail(&full, "Internal", "only to compare with").await.unwrap();
    }
}

/// What each function of an incremental run touches.
pub(crate) async fn touched() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let mut world = World::new(300);
    world.run("a", json!({})).await.unwrap();
    world.succeed("a").await;
    let seen = |world: &World| world.store.touched().len();
    let mut steps = Vec::new();
    let mut from = seen(&world);
    let planned = world.plan("b", json!({})).await.unwrap();
    steps.push(("plan", world.store.touched().split_off(from)));
    from = seen(&world);
    world.export(&planned, || usize::MAX, |_| ()).await.unwrap();
    steps.push(("export", world.store.touched().split_off(from)));
    let parts = get_lines::<PartRef>(&world.store, &keys::export_parts("b")).await.unwrap();
    from = seen(&world);
    for part in parts {
        scrub::handle(ScrubEvent { run: "b".to_owned(), part }, &world.store, &key()).await.unwrap();
    }
    steps.push(("scrub", world.store.touched().split_off(from)));
    steps
}
