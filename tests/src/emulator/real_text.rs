//! Text that nobody wrote for a test, when it lies beside the repository.

use regex::Regex;
use stage::arrows::{Assembled, Gathered, Promoted};
use stage::manifest::Manifest;
use zion::sample::{Kind, load_labelled};

use super::evidence::SIDES;
use super::say;
use super::world::{Ended, World};

pub(crate) async fn runs(w: &World) {
    let folder = w.stack.root().join("../shared/pii/train");
    let (resumes, mails) = (folder.join("dotin-resumes.jsonl"), folder.join("cerec-enron.jsonl"));
    if !resumes.is_file() || !mails.is_file() {
        say("         not run: ../shared/pii is not there");
        return;
    }
    w.sql("truncate public.profiles, public.seo_contents cascade; delete from public.support_logs").await;
    let loaded = [
        load_labelled(&w.database, &resumes, Kind::Resumes).await.unwrap(),
        load_labelled(&w.database, &mails, Kind::SupportLogs).await.unwrap(),
    ];
    for (recipe, rows) in [
        ("zion-resume-enhancer", loaded[0]),
        ("zion-support", loaded[1]),
        ("zion-gpt", loaded[0] + loaded[1]),
    ] {
        let ended = w.succeed(&format!("real-{recipe}"), recipe).await;
        report(w, recipe, rows, &ended).await;
    }
    for log in w.stack.logs().await.unwrap() {
        assert!(!address().is_match(&log.text), "an e-mail address in {}", log.name);
    }
}

/// Whatever looks like an address, by a rule that is not the scrubber's.
fn address() -> Regex {
    Regex::new(r"[\w.+-]+@[\w-]+\.[\w.-]*\w").unwrap()
}

async fn report(w: &World, recipe: &str, rows: u64, ended: &Ended) {
    let run = &ended.run;
    let gathered: Gathered = ended.left("gathered");
    assert_eq!(gathered.rows, rows, "{run}: every text is a row");
    let assembled: Assembled = ended.left("assembled");
    let manifest: Manifest = w.stack.document(&assembled.manifest_key).await.unwrap().unwrap();
    let mut written = 0;
    for side in SIDES {
        let text = String::from_utf8(w.bytes(&stage::keys::dataset(run, side)).await).unwrap();
        assert!(!address().is_match(&text), "{run}: an e-mail address in {side}");
        written += text.lines().count() as u64;
    }
    let counts = &manifest.counts;
    assert_eq!(
        rows,
        written + counts.quarantined + counts.duplicates + counts.near_duplicates + counts.too_long,
        "{run}"
    );
    let promoted: Promoted = ended.left("promoted");
    assert_eq!(w.live(&promoted.purpose).await, Some(promoted.name.clone()));
    say(&format!(
        "         {recipe}: {rows} texts, {} quarantined, {} duplicates, {} train / {} validation / {} hold-out, found {:?}, {} tokens billed, {} is live",
        counts.quarantined,
        counts.duplicates,
        assembled.train.lines,
        assembled.validation.lines,
        assembled.holdout.lines,
        manifest.found,
        manifest.billed_tokens,
        promoted.name
    ));
}
