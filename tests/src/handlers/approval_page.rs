//! The page behind the link of a notice, and what it keeps to itself.

use jiff::SignedDuration;
use stage::approval_file::{Answer, Question, TaskToken};
use stage::arrows::AskEvent;
use stage::{ErrorName, keys};
use store::{Memory, get_json};

use super::approval::{ADDRESS, World, late};
use super::run::{RUN, now};

#[tokio::test]
async fn what_is_no_link_of_ours_is_answered_plainly_and_tells_nothing() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let link = w.operators.link();
    let with =
        |run: &str, key: &str| vec![("run".to_owned(), run.to_owned()), ("key".to_owned(), key.to_owned())];
    let other = "0".repeat(64);
    let strange =
        [with(RUN, &other), with("run-9", &link[1].1), with("../x", &other), with(RUN, "x"), Vec::new()];
    let mut told = Vec::new();
    for query in &strange {
        for (method, form) in [("GET", None), ("POST", Some("by=Ann&answer=approve"))] {
            let page = w.browse(method, query, form, now()).await;
            assert_eq!(page.status_code, 404, "{query:?}");
            told.push(page.body);
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "the same whatever is wrong");
    let page = w.browse("DELETE", &link, None, now()).await;
    assert_eq!((page.status_code, page.headers["allow"].as_str()), (405, "GET, HEAD, POST"));
    let long = format!("by=Ann&answer=approve&reason={}", "x".repeat(9_000));
    for (form, status, words) in [
        (Some(long.as_str()), 413, "longer"),
        (None, 415, "something else than a form"),
        (Some("by=Ann"), 400, "Choose whether"),
        (Some("by=Ann&answer=perhaps"), 400, "Choose whether"),
        (Some("answer=approve"), 400, "the name of whoever"),
        (Some("by=Ann&answer=refuse"), 400, "needs a reason"),
    ] {
        let page = w.browse("POST", &link, form, now()).await;
        assert_eq!(page.status_code, status, "{words}");
        assert!(page.body.contains(words), "«{words}» is not in: {}", page.body);
    }
    assert!(w.decision().await.is_none() && w.workflow.sent().is_empty());
}

#[tokio::test]
async fn what_somebody_writes_is_text_on_the_page() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let link = w.operators.link();
    let hostile = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27";
    let page = w.browse("POST", &link, Some(&format!("by={hostile}&answer=refuse")), now()).await;
    assert_eq!(page.status_code, 400);
    assert!(
        !page.body.contains("<script") && page.body.contains("&lt;script&gt;"),
        "kept in the form, as text"
    );
    let form = format!("by={hostile}&answer=refuse&reason={hostile}");
    let page = w.browse("POST", &link, Some(&form), now()).await;
    assert!(page.status_code == 200 && !page.body.contains("<script"), "{}", page.body);
    assert!(page.body.contains("Refused by &lt;script&gt;"), "{}", page.body);
}

#[tokio::test]
async fn neither_the_link_s_secret_nor_the_token_is_in_anything_that_is_shown() {
    let w = World::of(|_| {}).await;
    let asked = w.ask("token-secret").await.unwrap();
    let (link, (_, text)) = (w.operators.link(), w.operators.last());
    let nonce = &link[1].1;
    assert!(!text.contains("token-secret"));
    for (key, _, body) in w.store.objects() {
        let body = String::from_utf8_lossy(&body);
        assert!(!body.contains(nonce.as_str()), "{key} holds the link");
        assert!(key == keys::question(RUN) || !body.contains("token-secret"), "{key} holds the token");
    }
    let question: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    let pages = [
        w.browse("GET", &link, None, now()).await,
        w.browse("POST", &link, Some("by=Ann&answer=refuse&reason=no"), now()).await,
    ];
    let shown = format!("{asked:?} {question:?} {:?} {pages:?}", w.workflow.causes());
    assert!(!shown.contains(nonce.as_str()) && !shown.contains("token-secret"), "{shown}");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_none() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let link = w.operators.link();
    let before = w.browse("GET", &link, None, late() - SignedDuration::from_secs(1)).await;
    assert!(before.body.contains("<form"));
    let page = w.browse("GET", &link, None, late()).await;
    assert!(page.body.contains("Nobody answered in time") && !page.body.contains("<form"), "{}", page.body);
    let page = w.browse("POST", &link, Some("by=Ann&answer=approve"), late()).await;
    assert!(page.body.contains("Nobody answered in time"), "{}", page.body);
    assert!(w.decision().await.is_none());
    // Should the workflow still wait, it does not any more.
    assert_eq!(w.workflow.sent(), [("token-1".to_owned(), "ApprovalExpired".to_owned())]);
    let error = w.say(Answer::Approve, "Ann", "", late()).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ApprovalExpired);
    assert_eq!(w.submit().await.unwrap_err().name(), ErrorName::ApprovalMissing);
}

#[tokio::test]
async fn one_answer_stands_whoever_gives_another() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let link = w.operators.link();
    let (first, second) = tokio::join!(
        w.browse("POST", &link, Some("by=Ann&answer=approve"), now()),
        w.browse("POST", &link, Some("by=Bob&answer=refuse&reason=no"), now())
    );
    let by = w.decision().await.unwrap().by;
    for page in [first, second, w.browse("GET", &link, None, now()).await] {
        assert_eq!(page.status_code, 200);
        assert!(page.body.contains(&format!("by {by} on")), "{}", page.body);
    }
    assert_eq!(w.workflow.sent().len(), 1, "the workflow is told once");
    let told = w.say(Answer::Refuse, "Cyd", "no", late()).await.unwrap();
    assert_eq!((told.decision.by, told.delivered), (by, false), "an answer stands when it would be too late");
}

/// Names that Step Functions takes for an execution, and that an address or a page would read otherwise.
const ODD: [&str; 6] =
    ["läuft+größer=1", "it's(over)!", "a@b.c..d", "日本語", "plus+and+plus", "\u{202e}backwards\u{202c}"];

/// Lets a run have another name: in the keys and inside of what lies there.
async fn renamed(store: &Memory, name: &str) -> (Memory, String) {
    let renamed = Memory::default();
    for (key, class, body) in store.objects() {
        let body = match std::str::from_utf8(&body) {
            Ok(text) if key == keys::plan(RUN) => text.replace(RUN, name).into(),
            _ => body,
        };
        store::Put::put(&renamed, &key.replace(RUN, name), body, class).await.unwrap();
    }
    let plan = store::Get::get(&renamed, &keys::plan(name)).await.unwrap();
    let mut manifest: stage::manifest::Manifest = get_json(&renamed, &keys::manifest(name)).await.unwrap();
    manifest.plan_sha256 = records::digest::sha256(&plan);
    let bytes = store::put_json(&renamed, &keys::manifest(name), &manifest).await.unwrap();
    (renamed, records::digest::sha256(&bytes))
}

#[tokio::test]
async fn the_link_of_a_run_with_an_odd_name_opens_its_question() {
    for name in ODD {
        let mut w = World::of(|_| {}).await;
        let (store, manifest_sha256) = renamed(&w.store, name).await;
        w.store = store;
        w.workflow.wait("token-1");
        let (token, url) = (TaskToken::new("token-1"), ADDRESS.to_owned());
        let event = AskEvent { run: name.to_owned(), manifest_sha256, token, url };
        let told = approve::Audience { operators: &w.operators, alerts: &w.alerts, bucket: "b" };
        approve::ask(event, now(), &w.store, &w.project, &told, &w.workflow).await.unwrap();
        let (_, text) = w.operators.last();
        let address = text.lines().find(|address| address.starts_with(ADDRESS)).unwrap();
        let safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.~:/?=&%+*".contains(letter);
        assert!(address.chars().all(safe), "mail programs end links at other letters: {address}");
        let link = w.operators.link();
        let page = w.browse("GET", &link, None, now()).await;
        assert_eq!(page.status_code, 200, "{address}");
        let shown = name.replace('\'', "&#x27;").replace('=', "&#x3d;");
        assert!(page.body.contains(name) || page.body.contains(&shown), "{name}: {}", page.body);
        let page = w.browse("POST", &link, Some("by=Ann&answer=approve"), now()).await;
        assert!(page.body.contains("The run goes on."), "{}", page.body);
    }
}

/// What must not come alive, nor tear the page apart.
const HOSTILE: &str = "</td></p><script>document.title = 'taken'</script><img src=x onerror=alert(1)>\u{202e}sdrawkcab & \"quoted\" {{ 7 * 7 }}";

/// A question in which everything that comes from outside is hostile, and long.
async fn hostile(w: &World) {
    w.ask("token-1").await.unwrap();
    let mut question: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    let facts = &mut question.facts;
    facts.model = format!("zion-{HOSTILE}");
    facts.base_model = "Donaudampfschiff".repeat(20);
    facts.replaces = Some(HOSTILE.to_owned());
    facts.features = vec![HOSTILE.to_owned(), "<b>bold</b>".to_owned()];
    facts.recipe = "<a href=\"javascript:alert(1)\" style=\"position:fixed\">recipe</a>".to_owned();
    facts.report_key = "runs/]]><!-- a comment that never ends".to_owned();
    (facts.rows, facts.train, facts.most_usd) = (123_456_789, 98_765_432, 1_234_567.891);
    question.run = "it's(ödd)+名前=1@\u{202e}x".to_owned();
    // The link names the one, an answer is recorded under the other.
    for run in [RUN, &question.run] {
        store::put_json(&w.store, &keys::question(run), &question).await.unwrap();
    }
}

#[tokio::test]
async fn hostile_facts_are_text_in_every_state_of_the_page() {
    let w = World::of(|_| {}).await;
    hostile(&w).await;
    let link = w.operators.link();
    let told = "%3Cimg+src%3Dx+onerror%3Dalert(1)%3E%22%27%E2%80%AE+Ann";
    let mut pages = vec![
        ("open", w.browse("GET", &link, None, now()).await),
        ("again", w.browse("POST", &link, Some(&format!("by={told}&answer=refuse")), now()).await),
        ("expired", w.browse("GET", &link, None, late()).await),
        ("nothing", w.browse("GET", &[], None, now()).await),
    ];
    let refusal = format!("by={told}&answer=refuse&reason={told}+{}", "no".repeat(200));
    pages.push(("refused", w.browse("POST", &link, Some(&refusal), now()).await));
    // `make look` shows them in a browser.
    let folder = zion::local::paths::root().unwrap().join("target/approval");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, page) in &pages {
        for alive in ["<script", "<img", "<a ", "<b>", "<!--"] {
            assert!(!page.body.contains(alive), "{name}: «{alive}» in {}", page.body);
        }
        let words = match *name {
            "open" => "May it be trained?",
            "again" => "a refusal needs a reason",
            "expired" => "Nobody answered in time",
            "refused" => "Refused by &lt;img",
            _ => "opens nothing",
        };
        assert!(page.body.contains(words), "{name}: {}", page.body);
        assert!(*name == "nothing" || page.body.contains("{{ 7 * 7 }}"), "{name}: {}", page.body);
        std::fs::write(folder.join(format!("{name}.json")), serde_json::to_vec(page).unwrap()).unwrap();
    }
}
