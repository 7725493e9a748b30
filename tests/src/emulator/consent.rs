//! People who take their consent back while a run is under way: none of their text is learnt from.

use serde_json::{Value, json};
use stage::approval_file::{Decision, Way};
use stage::arrows::Assembled;
use stage::manifest::Manifest;
use stage::upload_file::UploadFile;
use stage::{ErrorName, keys};

use super::approval::{asked, never_approved};
use super::evidence::SIDES;
use super::full::first;
use super::kills::until;
use super::say;
use super::world::{Ended, World};

const RECIPE: &str = "zion-resume-enhancer";
/// What reads consent again asks for keys alone.
const KEYS: &str = "/rest/v1/resumes?select=id%2Czion_consent*";
/// Long enough for a statement between two steps, whatever the machine is busy with.
const DELAY_MS: u64 = 700;

/// Somebody whose résumé has a word in it that nobody else uses.
struct Person {
    id: String,
    word: &'static str,
}

impl Person {
    /// Takes the `number`th person with a résumé that may be used, and puts the word into all of theirs.
    async fn with_word(w: &World, number: usize, word: &'static str) -> Self {
        let people = "select distinct r.user_id::text from resumes r join profiles p on p.id = r.user_id
            where not p.training_opt_out and r.summary ~ '\\S' order by 1";
        let id = w.texts(people).await[number].clone();
        w.sql(&format!(
            "update resumes set summary = summary || ' We keep a {word} orchard.' where user_id = '{id}'"
        ))
        .await;
        Self { id, word }
    }

    async fn opts_out(&self, w: &World) {
        w.sql(&format!("update profiles set training_opt_out = true where id = '{}'", self.id)).await;
    }

    /// Whether an object of a run holds the word.
    async fn in_objects(&self, w: &World, run: &str, folder: &str) -> bool {
        for key in w.keys(&format!("runs/{run}/{folder}/")).await {
            if String::from_utf8_lossy(&w.bytes(&key).await).contains(self.word) {
                return true;
            }
        }
        false
    }
}

/// What `zion` answers an operator, who has what the stack's outputs name.
pub(super) async fn zion(w: &World, arguments: &[&str]) -> Value {
    let (sandbox, output) = (w.stack.sandbox(), |name: &str| w.stack.output(name).unwrap().to_owned());
    let mut command = tokio::process::Command::new(w.stack.root().join("target/debug/zion"));
    command.args(arguments).arg("--json").env_clear();
    command.envs(w.stack.emulator().environment());
    command.env("BUCKET", output("Bucket")).env("SUBJECT_KEY_SECRET", output("SubjectKeySecret"));
    command.env("SUPABASE_URL", sandbox.url()).env("SUPABASE_KEY_SECRET", output("SupabaseKeySecret"));
    let answer = command.output().await.unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// Which of the runs saw somebody, and what became of them.
async fn seen_by(w: &World, person: &Person, run: &str) -> Option<Value> {
    let found = zion(w, &["who", &person.id]).await;
    assert!(found["searched"].as_u64().unwrap() >= 8 && found["unanswered"] == json!([]), "{found}");
    found["seen"].as_array().unwrap().iter().find(|seen| seen["run"] == run).cloned()
}

pub(crate) async fn withdrawn(w: &World) {
    w.sql("create temp table kept as select id, summary from resumes").await;
    after_export(w).await;
    after_assemble(w).await;
    after_approval(w).await;
    after_the_first_file(w).await;
    reconciled(w).await;
    w.sql(
        "update resumes r set summary = k.summary from kept k where k.id = r.id and k.summary is distinct from r.summary;
         drop table kept",
    )
    .await;
}

/// Models that learnt from people before they opted out are named, with counts; the last one has nobody of them.
async fn reconciled(w: &World) {
    let found = zion(w, &["reconcile"]).await;
    let runs = found["runs"].as_array().unwrap();
    let last = runs.iter().find(|run| run["run"] == "withdrawn-in-upload").unwrap();
    assert_eq!((&last["people"], &last["sources"]["resumes"]["withdrawn"]), (&json!(0), &json!(0)), "{last}");
    let older = runs
        .iter()
        .filter(|run| run["recipe"] == RECIPE && run["sources"]["resumes"]["withdrawn"] != json!(0));
    let older: Vec<_> = older.collect();
    assert!(!older.is_empty(), "{found}");
    for run in older {
        assert!(run["people"].as_u64() >= Some(1) && run["model"]["name"].is_string(), "{run}");
        assert_eq!(run["sources"]["resumes"]["deleted"], 0, "{run}");
        assert!(run.get("gone").is_none(), "counts alone: {run}");
    }
    assert_eq!(found["unanswered"], json!([]));
}

/// Slows the requests down by which consent is read again: what happens before the first of them is answered counts.
async fn slowly(w: &World, run: &str) -> zion::local::Execution {
    w.calm().await;
    let delay = json!({"kind": "delay", "ms": DELAY_MS});
    w.set_faults(json!([{"method": "GET", "path": KEYS, "fault": delay}])).await;
    w.start(run, json!({"recipe": RECIPE})).await
}

async fn after_export(w: &World) {
    let run = "withdrawn-after-export";
    let person = Person::with_word(w, 3, "plumvarnish").await;
    let execution = slowly(w, run).await;
    until("everything is exported", async || {
        w.stack.object(&keys::export_parts(run)).await.unwrap().is_some()
    })
    .await;
    person.opts_out(w).await;
    let ended = w.end(execution).await;
    assert!(person.in_objects(w, run, "export").await, "{run}: the search bites");
    without(w, &ended, &person, 1).await;
}

async fn after_assemble(w: &World) {
    let run = "withdrawn-after-assemble";
    let person = Person::with_word(w, 30, "larkthimble").await;
    let execution = slowly(w, run).await;
    until("the dataset is assembled", async || w.stack.object(&keys::manifest(run)).await.unwrap().is_some())
        .await;
    let first = w.bytes(&keys::manifest(run)).await;
    assert!(person.in_objects(w, run, "dataset").await, "{run}: they are in it at first");
    person.opts_out(w).await;
    let ended = w.end(execution).await;
    without(w, &ended, &person, 2).await;
    let upload: UploadFile = w.stack.document(&keys::upload(run)).await.unwrap().unwrap();
    assert!(upload.given_up.contains(&records::digest::sha256(&first)), "{run}: {upload:?}");
}

/// They opt out while an operator thinks: the answer holds for the dataset without them, and nobody is asked again.
async fn after_approval(w: &World) {
    let run = "withdrawn-after-approval";
    let person = Person::with_word(w, 45, "quillhammock").await;
    never_approved(w, RECIPE).await;
    let execution = w.start_unapproved(run, json!({"recipe": RECIPE})).await;
    let question = asked(w, run).await;
    assert!(person.in_objects(w, run, "dataset").await, "{run}: they are in it at first");
    person.opts_out(w).await;
    // As in the Lambda console.
    let event = json!({"do": "answer", "run": run, "answer": "approve", "by": "Ann Lee"});
    let told = w.stack.invoke("approve", &event).await.unwrap();
    assert_eq!((told.function_error, &told.payload["delivered"]), (None, &json!(true)), "{run}");
    let ended = w.end(execution).await;
    without(w, &ended, &person, 2).await;
    let last: Assembled = ended.left("assembled");
    assert_ne!(last.manifest_sha256, question.manifest_sha256, "{run}: the operator saw another dataset");
    let decision: Decision = ended.left("approved");
    assert_eq!((decision.by.as_str(), decision.how), ("Ann Lee", Way::Earlier), "{run}");
    assert_eq!(decision.manifest_sha256, last.manifest_sha256, "{run}");
    assert_eq!(asked(w, run).await.manifest_sha256, question.manifest_sha256, "{run}: asked once");
}

/// They opt out when one file is at the provider already.
async fn after_the_first_file(w: &World) {
    let run = "withdrawn-in-upload";
    let person = Person::with_word(w, 60, "gravelmoth").await;
    let execution = slowly(w, run).await;
    let refuse = json!({"kind": "status", "status": 503});
    w.set_faults(json!([{"method": "POST", "path": "/v1/files", "skip": 1, "times": 1, "fault": refuse}]))
        .await;
    until("the training file is uploaded", async || {
        let upload: Option<UploadFile> = w.stack.document(&keys::upload(run)).await.unwrap();
        upload.is_some_and(|upload| upload.training_file.is_some())
    })
    .await;
    person.opts_out(w).await;
    let ended = w.end(execution).await;
    without(w, &ended, &person, 2).await;
    let asked = w.asked().await;
    let deleted = |asked: &&Value| {
        asked["method"] == "DELETE" && asked["path"].as_str().unwrap().starts_with("/v1/files/")
    };
    assert!(asked.iter().any(|asked| deleted(&asked)), "{run}: the file is taken back");
}

/// The run has succeeded, its manifest counts them, and their word is nowhere behind the clean parts.
async fn without(w: &World, ended: &Ended, person: &Person, assembled: usize) {
    let run = &ended.run;
    assert!(ended.outcome.succeeded(), "{run}: {:?}", ended.outcome);
    let manifest: Manifest = w.stack.document(&keys::manifest(run)).await.unwrap().unwrap();
    let counts = &manifest.counts;
    let written: u64 = SIDES.iter().map(|side| manifest.outputs[*side].lines).sum();
    assert_eq!(
        counts.examples,
        written + counts.withdrawn + counts.duplicates + counts.near_duplicates + counts.too_long,
        "{run}"
    );
    let query = "select id::text from resumes where summary ~ '\\S' and user_id =";
    let theirs = w.texts(&format!("{query} '{}'", person.id)).await.len() as u64;
    assert_eq!(counts.withdrawn, theirs, "{run}: all of theirs and nobody else's");
    let source = manifest.consent.unwrap().sources["resumes"];
    assert_eq!((source.withdrawn, source.usable), (theirs, counts.examples - theirs), "{run}");

    assert!(person.in_objects(w, run, "scrubbed").await, "{run}: the search bites");
    assert!(!person.in_objects(w, run, "dataset").await, "{run}: their text is in the dataset");
    let mut files = 0;
    for file in w.files().await {
        let sent = w.content(&file).await;
        assert!(!sent.contains(person.word), "{run}: their text is at the provider: {file}");
        files += usize::from(file["filename"].as_str().unwrap().starts_with(&format!("{run}-")));
    }
    assert_eq!((files, w.jobs(run).await.len()), (2, 1), "{run}: files and jobs");

    let history = w.histories(&ended.execution.arn).await;
    let entered = |event: &&Value| event["stateEnteredEventDetails"]["name"] == "Assemble";
    assert_eq!(history.iter().filter(entered).count(), assembled, "{run}: turns of Assemble");
    let withdrawn = &ended.outcome.output["withdrawn"];
    match assembled {
        1 => assert!(withdrawn.is_null(), "{run}: {withdrawn}"),
        _ => assert_eq!(withdrawn["Error"], ErrorName::ConsentChanged.as_str(), "{run}"),
    }
    assert_eq!(seen_by(w, person, run).await, None, "{run}: whoever was taken out was not seen");
    let seen = seen_by(w, person, &first(RECIPE)).await.unwrap_or_else(|| panic!("{run}: seen before"));
    assert_eq!(seen["tables"]["resumes"].as_u64().map(|count| count >= 1), Some(true), "{seen}");
    assert_eq!(seen["model"]["name"], "zion-resume-enhancer-v1", "{seen}");
    let row = w.version(run).await.unwrap();
    let last: Assembled = ended.left("assembled");
    assert_eq!(row["dataset_sha256"], last.manifest_sha256, "{run}: the model learnt from the last dataset");
    say(&format!("         {run}: {theirs} of {} examples taken out, {assembled} turn(s)", counts.examples));
}
